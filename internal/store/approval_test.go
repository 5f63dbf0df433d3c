package store_test

import (
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
)

func TestAnApprovalIsGoodOnceForItsKeyAndItsTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		done := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		at := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
		act := func(now time.Time, by string) store.Act {
			return store.Act{At: now, Project: store.DefaultProject, By: by, Door: "mcp", Operation: "approve"}
		}
		for _, code := range []string{"ONE", "LATE"} {
			done(s.BeginApproval(t.Context(), store.Approval{
				Code: code, By: "key_1", Operation: "remove", Subject: "con_1", ExpiresAt: at.Add(time.Minute),
			}, act(at, "key_1")))
		}
		want := store.Approval{Code: "ONE", By: "key_1", Operation: "remove", Subject: "con_1"}
		take := func(want store.Approval, now time.Time) bool {
			_, used, err := s.TakeApproval(t.Context(), store.DefaultProject, want, now)
			done(err)
			return used
		}
		if take(want, at) {
			t.Error("it was used before a person approved it")
		}
		if a, err := s.WaitingApproval(t.Context(), store.DefaultProject, "ONE", at); err != nil || a.Subject != "con_1" || a.By != "key_1" {
			t.Errorf("what waits is %+v, %v", a, err)
		}
		a, err := s.Approve(t.Context(), "ONE", act(at, "cli"))
		done(err)
		if a.Subject != "con_1" || a.ApprovedBy != "cli" || !a.ExpiresAt.Equal(at.Add(time.Minute)) {
			t.Errorf("approved %+v", a)
		}
		for name, err := range map[string]error{
			"twice": func() error { _, err := s.Approve(t.Context(), "ONE", act(at, "cli")); return err }(),
			"late":  func() error { _, err := s.Approve(t.Context(), "LATE", act(at.Add(time.Minute), "cli")); return err }(),
			"look":  func() error { _, err := s.WaitingApproval(t.Context(), store.DefaultProject, "ONE", at); return err }(),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := want
		other.By = "key_2"
		if take(other, at) || take(want, at.Add(time.Minute)) {
			t.Error("another key, or one that came late, used it")
		}
		if !take(want, at) || take(want, at) {
			t.Error("it is good exactly once")
		}
	})
}
