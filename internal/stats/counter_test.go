package stats_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/stats"
)

func TestClassOf(t *testing.T) {
	t.Parallel()
	judged := func(n event.Name, v event.Verdict) event.Event {
		return event.Event{Name: n, Automation: &event.Automation{Verdict: v}}
	}
	candidates := judged(event.EmailOpen, event.Human)
	candidates.Attribution = event.Candidates
	candidateComplaint := event.Event{Name: event.EmailComplaint, Attribution: event.Candidates}
	for _, c := range []struct {
		name  string
		event event.Event
		want  stats.Class
	}{
		{"a person's open", judged(event.EmailOpen, event.Human), stats.ByHuman},
		{"a machine's open", judged(event.EmailOpen, event.Machine), stats.ByMachine},
		{"a proxy's open", judged(event.EmailOpen, event.Proxy), stats.ByProxy},
		{"nobody knows whose open", judged(event.EmailOpen, event.Unsure), stats.ByUnknown},
		{"an open without a verdict", event.Event{Name: event.EmailOpen}, stats.ByUnknown},
		{"an open with a verdict of the future", judged(event.EmailOpen, "ghost"), stats.ByUnknown},
		{"a machine's click", judged(event.EmailClick, event.Machine), stats.ByMachine},
		{"a click without a verdict", event.Event{Name: event.EmailClick}, stats.ByUnknown},
		{"a delivery", event.Event{Name: event.EmailDelivery}, stats.Plain},
		{"a delivery with a verdict", judged(event.EmailDelivery, event.Machine), stats.Plain},
		{"a custom event", event.Event{Name: "invoice.paid"}, stats.Plain},
		{"a candidates' open", candidates, stats.OfCandidates},
		{"a candidates' complaint", candidateComplaint, stats.OfCandidates},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := stats.ClassOf(&c.event); got != c.want {
				t.Errorf("class %d, want %d", got, c.want)
			}
		})
	}
}

func TestVerdictIsTheInverseOfClassOf(t *testing.T) {
	t.Parallel()
	for _, v := range []event.Verdict{event.Human, event.Machine, event.Proxy, event.Unsure} {
		e := event.Event{Name: event.EmailOpen, Automation: &event.Automation{Verdict: v}}
		if got := stats.ClassOf(&e).Verdict(); got != v {
			t.Errorf("%q came back as %q", v, got)
		}
	}
	for _, c := range []stats.Class{stats.Plain, stats.OfCandidates, stats.HardBounce, stats.MildComplaint + 1, 255} {
		if got := c.Verdict(); got != "" {
			t.Errorf("class %d has the verdict %q, want none", c, got)
		}
	}
}

func TestBucketsAreHoursAndDaysOfUTC(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CEST", 2*60*60)
	for _, c := range []struct {
		name      string
		at        time.Time
		hour, day int64
	}{
		{"the first instant", time.UnixMilli(0), 0, 0},
		{"the last millisecond of an hour", time.UnixMilli(3_599_999), 0, 0},
		{"the first millisecond of an hour", time.UnixMilli(3_600_000), 1, 0},
		{"the last millisecond of a day", time.UnixMilli(86_399_999), 23, 0},
		{"the first millisecond of a day", time.UnixMilli(86_400_000), 24, 1},
		{"a millisecond before 1970", time.UnixMilli(-1), -1, -1},
		{"an hour before 1970", time.UnixMilli(-3_600_000), -1, -1},
		{"more than an hour before 1970", time.UnixMilli(-3_600_001), -2, -1},
		{"a day before 1970", time.UnixMilli(-86_400_000), -24, -1},
		{"more than a day before 1970", time.UnixMilli(-86_400_001), -25, -2},
		{"before the clocks change", time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC), 492_984, 20_541},
		{"after the clocks change", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), 492_985, 20_541},
		{"a zone does not matter", time.Date(2026, 3, 30, 1, 0, 0, 0, berlin), 493_007, 20_541},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var tally stats.Tally
			one := stats.Count{N: 1, Unique: 1, Any: 1}
			d := stats.Dims{Name: 3, Template: 4, Workflow: 5, Domain: 6}
			tally.Add(d, stats.ByProxy, stats.Point{At: c.at.UnixMilli(), Source: 2}, one)
			want := map[stats.Key]stats.Count{
				{Kind: stats.BySource, Dim: 2, Name: 3, Class: stats.ByProxy, Bucket: c.hour}:  one,
				{Kind: stats.ByTemplate, Dim: 4, Name: 3, Class: stats.ByProxy, Bucket: c.day}: one,
				{Kind: stats.ByWorkflow, Dim: 5, Name: 3, Class: stats.ByProxy, Bucket: c.day}: one,
				{Kind: stats.ByDomain, Dim: 6, Name: 3, Class: stats.ByProxy, Bucket: c.day}:   one,
			}
			if diff := cmp.Diff(want, tally.Counts()); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADimensionThatTheEventDoesNotHaveIsNotCounted(t *testing.T) {
	t.Parallel()
	var tally stats.Tally
	tally.Add(stats.Dims{Name: 3}, stats.Plain, stats.Point{}, stats.Count{N: 1})
	want := map[stats.Key]stats.Count{{Kind: stats.BySource, Name: 3}: {N: 1}}
	if diff := cmp.Diff(want, tally.Counts()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

func TestOfTwoPointsExactlyOneIsBeforeUnlessTheyAreEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.Custom(func(t *rapid.T) stats.Point {
			small := rapid.Int64Range(-1, 1)
			return stats.Point{At: small.Draw(t, "at"), Source: small.Draw(t, "source")}
		})
		p, q := point.Draw(t, "p"), point.Draw(t, "q")
		if p == q && (p.Before(q) || q.Before(p)) || p != q && p.Before(q) == q.Before(p) {
			t.Errorf("%+v before %+v: %v, and back: %v", p, q, p.Before(q), q.Before(p))
		}
	})
}

// addition is one call of Tally.Add.
type addition struct {
	dims  stats.Dims
	class stats.Class
	point stats.Point
	count stats.Count
}

func drawAdditions(t *rapid.T, label string) []addition {
	small := rapid.Int64Range(0, 2)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) addition {
		return addition{
			dims:  stats.Dims{Name: small.Draw(t, "name"), Template: small.Draw(t, "template")},
			class: stats.Class(small.Draw(t, "class")),
			point: stats.Point{At: small.Draw(t, "hour") * 3_600_000, Source: small.Draw(t, "source")},
			count: stats.Count{N: small.Draw(t, "n") - 1, Unique: small.Draw(t, "unique") - 1},
		}
	}), 0, 12).Draw(t, label)
}

func tallyOf(additions []addition) *stats.Tally {
	var t stats.Tally
	for _, a := range additions {
		t.Add(a.dims, a.class, a.point, a.count)
	}
	return &t
}

func TestTalliesAddUpAndCancelOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawAdditions(t, "a"), drawAdditions(t, "b")
		both := tallyOf(a)
		both.Merge(tallyOf(b))
		if diff := cmp.Diff(tallyOf(append(b, a...)).Counts(), both.Counts()); diff != "" {
			t.Errorf("merged (-want +got):\n%s", diff)
		}
		both.Subtract(tallyOf(b))
		if diff := cmp.Diff(tallyOf(a).Counts(), both.Counts()); diff != "" {
			t.Errorf("taken back (-want +got):\n%s", diff)
		}
		for key, c := range both.Counts() {
			if c.IsZero() {
				t.Errorf("a counter that came out even is left in: %+v", key)
			}
		}
		both.Subtract(tallyOf(a))
		if left := both.Counts(); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})
}
