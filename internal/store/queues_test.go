package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

func TestANodesNoteOfAQueueReplacesTheOneBeforeAndIsForgottenWithTheNode(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		note := func(node string, after time.Duration, code string) source.QueueNote {
			t.Helper()
			n := source.QueueNote{SourceRef: f.src.Ref, Node: node, NotedAt: start.Add(after), ReceivedAt: start.Add(after - time.Second)}
			if code != "" {
				n.FailedAt, n.Code, n.Message = start.Add(after), code, "receive: no"
			}
			if err := s.NoteQueue(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		expect := func(after time.Duration, want ...source.QueueNote) {
			t.Helper()
			h, err := s.SourceHealth(t.Context(), f.src.Ref, start.Add(after))
			if diff := cmp.Diff(want, h.Queues); diff != "" || err != nil {
				t.Errorf("after %v: %v %s", after, err, diff)
			}
			all, err := s.SourcesHealth(t.Context(), store.DefaultProject, start.Add(after))
			if diff := cmp.Diff(want, all[f.src.Ref].Queues); diff != "" || err != nil {
				t.Errorf("in the list after %v: %v %s", after, err, diff)
			}
		}
		expect(0)
		a := note("a", 0, "queue_missing")
		b := note("b", time.Second, "")
		expect(time.Second, a, b)
		a = note("a", 2*time.Second, "")
		expect(2*time.Second, a, b)
		expect(2*time.Minute+time.Second, a)
		a = note("a", 3*time.Minute, "")
		expect(2*time.Second, a)
		if err := s.ForgetQueue(t.Context(), f.src.Ref, "a"); err != nil {
			t.Fatal(err)
		}
		expect(2 * time.Second)
	})
}

func TestOnlyEnabledSourcesWithAQueueAreReadAndAQueueByOneOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		const queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/q"
		s := open()
		one, two := newFeed(t, s, "one").src, newFeed(t, s, "two").src
		act := store.Act{At: start, By: "test", Door: "test", Operation: "change"}
		read := func() (ids []string) {
			t.Helper()
			list, err := s.QueueSources(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, src := range list {
				ids = append(ids, src.ID)
			}
			return ids
		}
		if ids := read(); ids != nil {
			t.Errorf("read are %v", ids)
		}
		one.Settings.Queue, two.Settings.Queue = queue, queue
		if err := s.UpdateSource(t.Context(), one, act); err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateSource(t.Context(), two, act); !fault.Is(err, fault.Conflict) {
			t.Errorf("a queue that is taken: %v", err)
		}
		two.Settings.Queue += "2"
		if err := s.UpdateSource(t.Context(), two, act); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{one.ID, two.ID}, read()); diff != "" {
			t.Error(diff)
		}
		one, err := s.Source(t.Context(), store.DefaultProject, one.ID)
		if err != nil {
			t.Fatal(err)
		}
		one.DisabledAt = start
		if err := s.UpdateSource(t.Context(), one, act); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{two.ID}, read()); diff != "" {
			t.Error(diff)
		}
	})
}
