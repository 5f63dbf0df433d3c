package alert_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/alert"
	"tidings/internal/stats"
)

var start = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

func compile(t interface{ Fatal(args ...any) }, r alert.Rule) *alert.Live {
	if r.Name == "" {
		r.Name = "rule"
	}
	x, wrong := alert.Compile(r)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return x
}

func rate(name string, part, of int64) *alert.Figures {
	f := alert.RateFigures(stats.NewRate(name, part, of), 100)
	return &f
}

func TestLevels(t *testing.T) {
	t.Parallel()
	bounces, complaints := alert.Rule{Kind: alert.BounceRate}, alert.Rule{Kind: alert.ComplaintRate}
	for _, c := range []struct {
		name    string
		rule    alert.Rule
		figures *alert.Figures
		want    stats.Level
	}{
		{"one of ten is too few", bounces, rate("bounce", 1, 10), stats.Fine},
		{"all of 99 are too few", bounces, rate("bounce", 99, 99), stats.Fine},
		{"all of 100", bounces, rate("bounce", 100, 100), stats.Severe},
		{"6 of 100 may be chance", bounces, rate("bounce", 6, 100), stats.Fine},
		{"600 of 10,000 are none", bounces, rate("bounce", 600, 10_000), stats.Warn},
		{"just at the threshold may be chance", bounces, rate("bounce", 500, 10_000), stats.Fine},
		{"720 of 5,310", bounces, rate("bounce", 720, 5_310), stats.Severe},
		{"a threshold of one's own", alert.Rule{Kind: alert.BounceRate, Warn: 0.01}, rate("bounce", 150, 10_000), stats.Warn},
		{"one complaint of 500", complaints, rate("complaint", 1, 500), stats.Fine},
		{"20 complaints of 10,000", complaints, rate("complaint", 20, 10_000), stats.Warn},
		{"60 complaints of 10,000", complaints, rate("complaint", 60, 10_000), stats.Severe},
		{"silent", alert.Rule{Kind: alert.Silence}, &alert.Figures{Silent: true}, stats.Severe},
		{"not silent", alert.Rule{Kind: alert.Silence}, &alert.Figures{}, stats.Fine},
		{"nine refused", alert.Rule{Kind: alert.Refusals}, &alert.Figures{Count: 9}, stats.Fine},
		{"ten refused", alert.Rule{Kind: alert.Refusals}, &alert.Figures{Count: 10}, stats.Warn},
		{"a hundred refused", alert.Rule{Kind: alert.Refusals}, &alert.Figures{Count: 100}, stats.Severe},
		{
			"failing for a while",
			alert.Rule{Kind: alert.EndpointFailing},
			&alert.Figures{Since: start.Add(-14 * time.Minute)},
			stats.Fine,
		},
		{
			"failing for long",
			alert.Rule{Kind: alert.EndpointFailing},
			&alert.Figures{Since: start.Add(-15 * time.Minute)},
			stats.Warn,
		},
		{
			"failing for an hour",
			alert.Rule{Kind: alert.EndpointFailing},
			&alert.Figures{Since: start.Add(-time.Hour)},
			stats.Severe,
		},
		{"given up", alert.Rule{Kind: alert.EndpointFailing}, &alert.Figures{Disabled: true}, stats.Severe},
		{"a dead letter", alert.Rule{Kind: alert.EndpointFailing}, &alert.Figures{Count: 1}, stats.Warn},
		{"few suppressions", alert.Rule{Kind: alert.Suppressions}, &alert.Figures{Count: 19}, stats.Fine},
		{"many where there were none", alert.Rule{Kind: alert.Suppressions}, &alert.Figures{Count: 20}, stats.Warn},
		{"as many as usual", alert.Rule{Kind: alert.Suppressions}, &alert.Figures{Count: 200, Usual: 150}, stats.Fine},
		{"three times the usual", alert.Rule{Kind: alert.Suppressions}, &alert.Figures{Count: 450, Usual: 150}, stats.Warn},
		{"ten times the usual", alert.Rule{Kind: alert.Suppressions}, &alert.Figures{Count: 1500, Usual: 150}, stats.Severe},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := compile(t, c.rule)
			if got := x.Level(c.figures, start); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if c.want != stats.Fine && x.Clear(c.figures) {
				t.Error("it is clear all the same")
			}
		})
	}
}

// drawn is a course of looks: how long after the one before, and what was seen.
type drawn struct {
	after   time.Duration
	figures *alert.Figures
}

func drawLooks(t *rapid.T) []drawn {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) drawn {
		of := rapid.SampledFrom([]int64{0, 50, 1000, 20_000}).Draw(t, "of")
		part := int64(float64(of) * rapid.SampledFrom([]float64{0, 0.03, 0.045, 0.06, 0.2}).Draw(t, "share"))
		after := rapid.SampledFrom([]time.Duration{
			time.Minute, 5 * time.Minute, 5 * time.Minute, -time.Hour, 0, 24 * time.Hour, 10 * 365 * 24 * time.Hour,
		}).Draw(t, "after")
		return drawn{after, rate("bounce", part, of)}
	}), 1, 60).Draw(t, "looks")
}

func TestAnAlertEndsOnlyAfterLooksThatFoundItClearForAsLongAsItsRuleSays(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Kind: alert.BounceRate, Hold: "30m"})
	least := int(x.Hold / (2 * x.Every)) // one look counts as no more
	rapid.Check(t, func(t *rapid.T) {
		var s alert.State
		now, good := start, 0
		for _, look := range drawLooks(t) {
			now = now.Add(look.after)
			was := s
			var change alert.Change
			s, change = alert.Judge(x, look.figures, was, now)
			level := x.Level(look.figures, now)
			switch change {
			case alert.Raised:
				if was.Raised() || level == stats.Fine {
					t.Fatalf("raised from %+v at %s", was, level)
				}
			case alert.Escalated:
				if was.Level != stats.Warn || level != stats.Severe || s.Since != was.Since {
					t.Fatalf("escalated from %+v to %+v at %s", was, s, level)
				}
			case alert.Resolved:
				if good < least || !x.Clear(look.figures) || s.Raised() {
					t.Fatalf("over after %d clear looks", good)
				}
			default:
				if was.Raised() != s.Raised() || was.Level != s.Level {
					t.Fatalf("from %+v to %+v without a word", was, s)
				}
				if !was.Raised() && level != stats.Fine {
					t.Fatalf("%s was not raised", level)
				}
			}
			if good++; !x.Clear(look.figures) || change == alert.Raised {
				good = 0
			}
		}
	})
}

func TestAFigureThatGoesUpAndDownAboutAThresholdIsToldOnce(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Kind: alert.BounceRate})
	var s alert.State
	var told []alert.Change
	for i := range 24 * 60 {
		part := int64(600)
		if i%20 < 10 { // for less than the hour that it must hold
			part = 300
		}
		var change alert.Change
		if s, change = alert.Judge(x, rate("bounce", part, 10_000), s, start.Add(time.Duration(i)*time.Minute)); change != "" {
			told = append(told, change)
		}
	}
	if len(told) != 1 || told[0] != alert.Raised {
		t.Errorf("told %v", told)
	}
}

func TestAnAlertThatIsClearIsOverWhenItHeldLongEnough(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Kind: alert.BounceRate})
	s, _ := alert.Judge(x, rate("bounce", 600, 10_000), alert.State{}, start)
	for i := 5; ; i += 5 {
		var change alert.Change
		if s, change = alert.Judge(x, rate("bounce", 300, 10_000), s, start.Add(time.Duration(i)*time.Minute)); change == alert.Resolved {
			if i != 65 {
				t.Errorf("over after %d minutes, want an hour after the first clear look", i)
			}
			return
		}
		if i > 200 {
			t.Fatal("it is never over")
		}
	}
}

func TestASourceThatTellsAgainIsNotSilentAtOnce(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Kind: alert.Silence})
	s, change := alert.Judge(x, &alert.Figures{Silent: true}, alert.State{}, start)
	if change != alert.Raised || s.Level != stats.Severe {
		t.Fatalf("%s: %+v", change, s)
	}
	if _, change = alert.Judge(x, &alert.Figures{}, s, start.Add(time.Minute)); change != alert.Resolved {
		t.Errorf("%q", change)
	}
}

func TestWhatWouldHaveBeenIsWhatWasSeen(t *testing.T) {
	t.Parallel()
	x := compile(t, alert.Rule{Kind: alert.BounceRate})
	parts := []int64{100, 100, 700, 700, 1500, 200, 200, 200, 900}
	steps := make([]alert.Step, len(parts))
	for i, part := range parts {
		steps[i] = alert.Step{At: start.Add(time.Duration(i) * time.Hour), Figures: *rate("bounce", part, 10_000)}
	}
	got := alert.Replay(x, alert.Subject{Key: "welcome"}, steps, time.Hour)
	if len(got) != 2 || got[0].Level != stats.Severe || got[0].RaisedAt != steps[2].At || got[0].ResolvedAt != steps[6].At ||
		got[0].Figures.Part != 700 || got[1].RaisedAt != steps[8].At || !got[1].ResolvedAt.IsZero() || got[1].Level != stats.Warn {
		t.Errorf("%+v", got)
	}
}
