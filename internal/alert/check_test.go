package alert_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"tidings/internal/alert"
)

func TestARuleIsRefusedForAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	for _, c := range []struct {
		name string
		rule alert.Rule
		want string
	}{
		{"nothing", alert.Rule{}, "name kind"},
		{"no kind that there is", alert.Rule{Name: "a", Kind: "moon"}, "kind"},
		{"a name of two lines", alert.Rule{Name: "a\nb", Kind: alert.Silence}, "name"},
		{"a name that is too long", alert.Rule{Name: long, Kind: alert.Silence}, "name"},
		{
			"all of a rate", alert.Rule{
				Name: "a", Kind: alert.BounceRate, By: "moon", Window: "10m", Hold: "30d", Warn: 2, Severe: -1, Below: math.NaN(), Least: -1,
			}, "by window hold warn severe below severe least",
		},
		{"severe below warn", alert.Rule{Name: "a", Kind: alert.BounceRate, Warn: 0.2, Severe: 0.1}, "severe"},
		{"below above warn", alert.Rule{Name: "a", Kind: alert.BounceRate, Below: 0.06}, "below"},
		{"hours of a domain", alert.Rule{Name: "a", Kind: alert.BounceRate, By: alert.ByDomain, Window: "6h"}, "window"},
		{"a surge over a week", alert.Rule{Name: "a", Kind: alert.Suppressions, Window: "7d"}, "window"},
		{
			"thresholds of silence",
			alert.Rule{Name: "a", Kind: alert.Silence, By: "source", Window: "1d", Warn: 1, Least: 2},
			"by window warn least",
		},
		{"a channel without a name", alert.Rule{Name: "a", Kind: alert.Silence, Channels: []string{"b", ""}}, "channels[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, wrong := alert.Compile(c.rule)
			var places []string
			for _, p := range wrong {
				places = append(places, p.At)
			}
			if got := strings.Join(places, " "); got != c.want {
				t.Errorf("wrong at %s, want %s: %v", got, c.want, wrong)
			}
		})
	}
}

func TestEveryProjectHasRulesForEveryKindThatSayWhatProvidersDo(t *testing.T) {
	t.Parallel()
	kinds := make(map[alert.Kind]*alert.Live)
	names := make(map[string]bool)
	for _, x := range alert.Usual() {
		if kinds[x.Kind] == nil {
			kinds[x.Kind] = x
		}
		if names[x.Name] || !alert.IsUsual(x.ID) || !x.BuiltIn {
			t.Errorf("%+v", x)
		}
		names[x.Name] = true
	}
	for _, k := range alert.Kinds() {
		if kinds[k] == nil {
			t.Errorf("none is of %s", k)
		}
		if alert.Remedy(k) == "" {
			t.Errorf("nobody knows what to do about %s", k)
		}
	}
	b, c := kinds[alert.BounceRate], kinds[alert.ComplaintRate]
	if b.Warn != 0.05 || b.Severe != 0.10 || b.Below != 0.04 || c.Warn != 0.001 || c.Severe != 0.003 {
		t.Errorf("bounces %v, %v, %v; complaints %v, %v", b.Warn, b.Severe, b.Below, c.Warn, c.Severe)
	}
	if b.Every != 5*time.Minute || kinds[alert.Refusals].Every != time.Minute || b.Hold != time.Hour {
		t.Errorf("looked at every %s and %s, held for %s", b.Every, kinds[alert.Refusals].Every, b.Hold)
	}
}

// What is stored is what was said: defaults may get better.
func TestARuleIsStoredWithoutItsDefaults(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Name: "a", Kind: alert.BounceRate})
	raw, err := json.Marshal(x.Rule)
	if err != nil || string(raw) != `{"name":"a","kind":"bounce_rate","by":"project"}` {
		t.Errorf("%s, %v", raw, err)
	}
}
