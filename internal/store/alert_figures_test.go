package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/source"
	"tidings/internal/store"
)

func TestRefusedRequestsAreCountedBySourceSinceAnHour(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		a, b := newFeed(t, s, "a"), newFeed(t, s, "b")
		refused := func(f *feed, code string, n int64, at time.Time, why string) source.Refusal {
			src, err := s.Source(t.Context(), store.DefaultProject, f.src.ID)
			noError(t, err)
			return source.Refusal{SourceRef: src.Ref, Code: code, Count: n, LastAt: at, LastMessage: why}
		}
		noError(t, s.AddRefusals(t.Context(), []source.Refusal{
			refused(a, "bad_signature", 3, start, "it does not fit"), refused(a, "wrong_topic", 4, start.Add(-30*time.Minute), "another topic"),
			refused(a, "bad_signature", 50, start.Add(-3*time.Hour), "long ago"),
		}))
		noError(t, s.AddRefusals(t.Context(), []source.Refusal{refused(a, "bad_signature", 2, start.Add(time.Minute), "the newest")}))
		got, err := s.RefusedSince(t.Context(), store.DefaultProject, start.Add(-time.Hour))
		noError(t, err)
		want := []store.RefusedRequests{
			{ID: a.src.ID, Name: "a", ByCode: map[string]int64{"bad_signature": 5, "wrong_topic": 4}, Last: "the newest"},
			{ID: b.src.ID, Name: "b", ByCode: map[string]int64{}},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestWhenSourcesToldSomethingIsKnownByTheHour(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		f, quiet := newFeed(t, s, "a"), newFeed(t, s, "b")
		for _, at := range []time.Duration{0, 30 * time.Minute, 5 * time.Hour} {
			f.commit(f.entry(fact{name: event.EmailDelivery, message: fmt.Sprint(at), to: "ann@acme.test", at: at}))
		}
		got, err := s.SourcePulses(t.Context(), store.DefaultProject)
		noError(t, err)
		if len(got) != 2 || got[0].ID != f.src.ID || len(got[0].Hours) == 0 || got[0].LastReceiptAt.IsZero() || got[1].ID != quiet.src.ID ||
			len(got[1].Hours) != 0 || !got[1].LastReceiptAt.IsZero() {
			t.Errorf("%+v", got)
		}
	})
}

func TestHowEndpointsDoIsKnownWithWhatWasGivenUp(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		b.hold("node")
		sent := b.begin("node", "", 1, 2)
		health := dispatch.Health{Failing: start, Row: 2, Problem: "503", LastFailure: start}
		b.step("node", func(s *dispatch.Step) {
			s.Health = health
			for i := range sent {
				s.Ended = append(s.Ended, dispatch.Ended{
					Ref: sent[i].Ref, State: dispatch.Dead, Outcome: dispatch.Outcome{At: start, Status: 503, Problem: "503"},
				})
			}
		})
		for since, dead := range map[time.Time]int64{start.Add(-time.Hour): 2, start.Add(time.Hour): 0} {
			got, err := b.EndpointPulses(t.Context(), store.DefaultProject, since)
			noError(t, err)
			want := []store.EndpointPulse{{ID: b.endpoint.ID, Name: "ours", Health: health, Dead: dead}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		}
	})
}

func TestSuppressionsAreCountedInWindowsThatEndNow(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		f := newFeed(t, s, "a")
		for i, at := range []time.Duration{-time.Minute, -2 * time.Hour, -25 * time.Hour, -26 * time.Hour, -50 * time.Hour, time.Hour} {
			f.commit(f.entry(fact{
				name: event.EmailBounce, message: fmt.Sprint(i), to: fmt.Sprintf("p%d@acme.test", i), at: at,
				change: func(d *event.Draft) {
					d.Bounce = &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user"}
				},
			}))
		}
		got, err := s.SuppressionsBefore(t.Context(), store.DefaultProject, start, 24*time.Hour, 4)
		noError(t, err)
		if d := cmp.Diff([]int64{2, 2, 1, 0}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}
