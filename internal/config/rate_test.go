package config_test

import (
	"testing"
	"time"

	"tidings/internal/config"
)

func TestARateIsWrittenAsCountAndTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Rate{
		"120/1m": {Count: 120, Each: time.Minute}, "1/90s": {Count: 1, Each: 90 * time.Second}, "5/1d": {Count: 5, Each: 24 * time.Hour}, "0": {},
	} {
		var got config.Rate
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is read as %+v, %v, want %+v", text, got, err, want)
		}
		var again config.Rate
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != want {
			t.Errorf("%q is written as %s, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "5", "/1m", "5/", "0/1m", "-1/1m", "5/0", "5/-1m", "1000001/1m", "5/1m/1m", "x/1m", "5/m"} {
		var got config.Rate
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v, want an error", text, got)
		}
	}
}
