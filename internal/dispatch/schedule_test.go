package dispatch_test

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/dispatch"
)

func TestTriesGoOnForThreeDaysAndThenEnd(t *testing.T) {
	t.Parallel()
	for name, random := range map[string]float64{"shortest": 0, "middling": 0.5, "longest": 1} {
		first := signedAt
		at, tries := first, 1
		for {
			due, ok := dispatch.Again(tries, at, first, dispatch.DefaultFor, time.Time{}, random)
			if !ok {
				break
			}
			if !due.After(at) {
				t.Fatalf("%s: try %d is due %v after the one before", name, tries+1, due.Sub(at))
			}
			if at, tries = due, tries+1; tries > 1_000_000 {
				t.Fatalf("%s: no end", name)
			}
		}
		if at != first.Add(dispatch.DefaultFor) {
			t.Errorf("%s: the last try is after %v", name, at.Sub(first))
		}
		if random == 1 && (tries < 18 || tries > 25) {
			t.Errorf("%d tries", tries)
		}
	}
}

// Whatever the numbers are, a try is not before its pause, never before the receiver wants it while there is time, and never after the end.
func TestATryIsWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		try := rapid.IntRange(-1, 100).Draw(t, "try")
		within := time.Duration(rapid.Int64Range(int64(time.Minute), int64(dispatch.MaxFor)).Draw(t, "within"))
		failed := signedAt.Add(time.Duration(rapid.Int64Range(0, int64(2*within)).Draw(t, "failed")))
		var after time.Time
		if rapid.Bool().Draw(t, "asked") {
			after = failed.Add(time.Duration(rapid.Int64Range(0, int64(6*time.Hour)).Draw(t, "after")))
		}
		due, ok := dispatch.Again(try, failed, signedAt, within, after, rapid.Float64Range(0, 1).Draw(t, "random"))
		end := signedAt.Add(within)
		switch {
		case !ok && failed.Before(end):
			t.Fatal("given up before the end")
		case ok && (!due.After(failed) || due.After(end)):
			t.Fatalf("due %v, failed %v, end %v", due, failed, end)
		case ok && due.Before(after) && due != end:
			t.Fatal("earlier than it was asked for")
		}
	})
}

func TestRetryAfterIsSecondsOrATimeAndNothingElse(t *testing.T) {
	t.Parallel()
	now := signedAt
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "86400": 6 * time.Hour, "2147483647": 6 * time.Hour,
		now.Add(time.Hour).Format(http.TimeFormat):   time.Hour,
		now.AddDate(1, 0, 0).Format(http.TimeFormat): 6 * time.Hour,
		"Monday, 04-May-26 10:30:00 GMT":             30 * time.Minute,
		now.Add(-time.Hour).Format(http.TimeFormat):  -1,
		"": -1, "-5": -1, "1.5": -1, "soon": -1, "99999999999999999999": -1, "120, 240": -1, " 120": -1,
	} {
		got := dispatch.RetryAfter(text, now, dispatch.MaxRetryAfter)
		if want < 0 && !got.IsZero() || want >= 0 && got != now.Add(want) {
			t.Errorf("%q: %v, want %v later", text, got, want)
		}
	}
}
