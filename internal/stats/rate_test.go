package stats_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/stats"
)

// Wilson's bounds are the shares that the score test just does not refuse: |p - share| = z·sqrt(share·(1-share)/n).
func TestARateHasWilsonsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Int64Range(1, 1_000_000).Draw(t, "of")
		part := rapid.Int64Range(0, of).Draw(t, "part")
		r := stats.NewRate("bounce", part, of)
		if r.Low > r.Value || r.High < r.Value {
			t.Fatalf("%v is not between %v and %v", r.Value, r.Low, r.High)
		}
		for _, bound := range []float64{r.Low, r.High} {
			if bound == 0 || bound == 1 {
				continue
			}
			distance, allowed := math.Abs(r.Value-bound), 1.959964*math.Sqrt(bound*(1-bound)/float64(of))
			if math.Abs(distance-allowed) > 1e-9 {
				t.Fatalf("%d of %d: %v is %v away, want %v", part, of, bound, distance, allowed)
			}
		}
	})
}

// R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
func TestWilsonsBoundsAreThoseThatArePublished(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part, of  int64
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		r := stats.NewRate("bounce", c.part, c.of)
		if math.Abs(r.Low-c.low) > 0.00005 || math.Abs(r.High-c.high) > 0.00005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.part, c.of, r.Low, r.High, c.low, c.high)
		}
	}
}

func TestARateAlarmsOnlyWhereThereIsEnough(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		part, of int64
		want     stats.Level
	}{
		{"bounce", 1, 10, stats.Fine},
		{"bounce", 100, 1000, stats.Warn},
		{"bounce", 150, 1000, stats.Severe},
		{"bounce", 0, 0, stats.Fine},
		{"complaint", 1, 100, stats.Warn},
		{"complaint", 1, 1000, stats.Fine},
		{"complaint", 20, 1000, stats.Severe},
		{"open", 1000, 1000, stats.Fine},
	} {
		if got := stats.NewRate(c.name, c.part, c.of).Level; got != c.want {
			t.Errorf("%s %d of %d: %s, want %s", c.name, c.part, c.of, got, c.want)
		}
	}
}

func TestWhatSaysNothingOfReceptionIsInNoRate(t *testing.T) {
	t.Parallel()
	cell := func(n event.Name, c stats.Class, unique int64) stats.Cell {
		return stats.Cell{Name: n, Class: c, Count: stats.Count{N: unique, Unique: unique}}
	}
	cells := []stats.Cell{
		cell(event.EmailSent, stats.Plain, 100), cell(event.EmailSent, stats.Aside, 50),
		cell(event.EmailDelivery, stats.Plain, 80), cell(event.EmailDelivery, stats.Aside, 50),
		cell(event.EmailBounce, stats.HardBounce, 10), cell(event.EmailBounce, stats.SoftBounce, 5),
		cell(event.EmailBounce, stats.Aside, 40), cell(event.EmailComplaint, stats.Plain, 2),
		cell(event.EmailComplaint, stats.MildComplaint, 30), cell(event.EmailComplaint, stats.OfCandidates, 30),
		cell(event.EmailOpen, stats.ByHuman, 20), cell(event.EmailOpen, stats.ByMachine, 60),
	}
	got := map[string][2]int64{}
	for _, r := range stats.Rates(cells) {
		got[r.Name] = [2]int64{r.Part, r.Of}
	}
	want := map[string][2]int64{
		"delivery": {80, 100}, "bounce": {10, 100}, "complaint": {2, 80}, "open": {20, 80}, "click": {0, 80}, "unsubscribe": {0, 80},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r := stats.Rates(cells[2:])[0]; r.Of != 95 {
		t.Errorf("where nobody said sent, %d messages were, want those delivered and bounced", r.Of)
	}
}

func TestADelayFallsIntoTheBucketThatEndsAtOrAfterIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-1000, 1<<40).Draw(t, "ms")
		b := stats.DelayBucket(ms)
		if end := stats.DelayEnd(b).Milliseconds(); end+1 < ms {
			t.Fatalf("%d ms is in bucket %d, which ends at %d ms", ms, b, end)
		}
		if b > 0 {
			if end := stats.DelayEnd(b - 1).Milliseconds(); end > ms {
				t.Fatalf("%d ms is in bucket %d, though the one before ends at %d ms", ms, b, end)
			}
		}
	})
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	buckets := map[int64]int64{3: 50, 10: 40, 20: 10}
	for share, want := range map[float64]int64{0.5: 3, 0.51: 10, 0.9: 10, 0.99: 20, 0: 3} {
		if got := stats.Quantile(buckets, share); got != want {
			t.Errorf("%v: bucket %d, want %d", share, got, want)
		}
	}
	if got := stats.Quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestLinkOf(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://Shop.test/Sale?u=ann#top":                              "https://shop.test/Sale",
		"https://shop.test/summer-sale-2026-best-deals/":                "https://shop.test/summer-sale-2026-best-deals/",
		"https://shop.test/orders/123456/items/7":                       "https://shop.test/orders/:id/items/7",
		"https://app.test/u/4f870c1e-8a37-4cce-ba5f-e97755e91577":       "https://app.test/u/:id",
		"https://app.test/c/eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIxMjM0NTY3OD": "https://app.test/c/:id",
		"mailto:ann@acme.test?subject=x":                                "mailto:ann@acme.test",
		"::not a url?x":                                                 "::not a url",
		"":                                                              "",
	} {
		e := event.Event{Name: event.EmailClick, Click: &event.Engagement{URL: url}}
		if got := stats.LinkOf(&e); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
	if got := stats.LinkOf(&event.Event{Name: event.EmailOpen, Click: &event.Engagement{URL: "https://a.test"}}); got != "" {
		t.Errorf("an open has the link %q", got)
	}
}

func FuzzLinkOf(f *testing.F) {
	f.Add("https://shop.test/a/123456?x#y")
	f.Fuzz(func(t *testing.T, url string) {
		e := event.Event{Name: event.EmailClick, Click: &event.Engagement{URL: url}}
		once := stats.LinkOf(&e)
		if len(once) > 400 {
			t.Fatalf("%d bytes", len(once))
		}
		e.Click.URL = once
		if twice := stats.LinkOf(&e); once != "" && twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}
