package store_test

import (
	"fmt"
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
			_, err := s.BeginApproval(t.Context(), store.Approval{
				Code: code, By: "key_1", Operation: "remove", Subject: "con_" + code, ExpiresAt: at.Add(time.Minute),
			}, act(at, "key_1"))
			done(err)
		}
		want := store.Approval{Code: "ONE", By: "key_1", Operation: "remove", Subject: "con_ONE"}
		take := func(want store.Approval, now time.Time) bool {
			_, used, err := s.TakeApproval(t.Context(), store.DefaultProject, want, now)
			done(err)
			return used
		}
		if take(want, at) {
			t.Error("it was used before a person approved it")
		}
		if a, err := s.WaitingApproval(t.Context(), store.DefaultProject, "ONE", at); err != nil || a.Subject != "con_ONE" || a.By != "key_1" {
			t.Errorf("what waits is %+v, %v", a, err)
		}
		a, err := s.Approve(t.Context(), "ONE", act(at, "cli"))
		done(err)
		if a.Subject != "con_ONE" || a.ApprovedBy != "cli" || !a.ExpiresAt.Equal(at.Add(time.Minute)) {
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

func TestWhatProgramsAskForIsListedUntilItIsDoneRefusedOrOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		at := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
		act := func(now time.Time, by string) store.Act {
			return store.Act{At: now, Project: store.DefaultProject, By: by, Door: "mcp", Operation: "x", Note: "why"}
		}
		ask := func(code, by, subject string, now time.Time) (string, error) {
			a, err := s.BeginApproval(t.Context(), store.Approval{
				Code: code, By: by, Operation: "remove", Subject: subject, AskedAt: now, ExpiresAt: now.Add(15 * time.Minute),
			}, act(now, by))
			return a.Code, err
		}
		done := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		done(nil, s.CreateKey(t.Context(), store.Key{
			ID: "key_1", Project: store.DefaultProject, Name: "assistant", Kind: store.SecretKey, CreatedAt: at,
		}, act(at, "cli")))
		listed := func(now time.Time) (codes string) {
			list, err := s.Approvals(t.Context(), store.DefaultProject, now)
			done(nil, err)
			for _, a := range list {
				codes += a.Code + " " + a.ByName + " " + a.ApprovedBy + ";"
			}
			return codes
		}
		for i, code := range []string{"A", "B", "C"} {
			done(ask(code, "key_1", "con_"+code, at.Add(time.Duration(i)*time.Second)))
		}
		later := at.Add(10 * time.Minute)
		if code, err := ask("D", "key_1", "con_A", later); err != nil || code != "A" {
			t.Errorf("who asks again gets %s, %v", code, err)
		}
		done(s.Approve(t.Context(), "B", act(later, "cli")))
		done(s.Refuse(t.Context(), "C", act(later, "cli")))
		if got := listed(later); got != "B assistant cli;A assistant ;" {
			t.Errorf("listed %s", got)
		}
		if got := listed(at.Add(16 * time.Minute)); got != "A assistant ;" {
			t.Errorf("later: listed %s", got)
		}
		for name, err := range map[string]error{
			"approve what was refused": func() error { _, err := s.Approve(t.Context(), "C", act(later, "cli")); return err }(),
			"refuse what was approved": func() error { _, err := s.Refuse(t.Context(), "B", act(later, "cli")); return err }(),
			"refuse nothing":           func() error { _, err := s.Refuse(t.Context(), "Z", act(later, "cli")); return err }(),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Approve(t.Context(), "A", act(later, "key_1")); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the key that asked approved: %v", err)
		}
		if got := listed(later); got != "B assistant cli;A assistant ;" {
			t.Errorf("after the key that asked tried: %s", got)
		}
		want := store.Approval{Code: "C", By: "key_1", Operation: "remove", Subject: "con_C"}
		if a, used, err := s.TakeApproval(t.Context(), store.DefaultProject, want, later); err != nil || !used || !a.Refused {
			t.Errorf("a refusal is told as %+v %t %v", a, used, err)
		}
	})
}

func TestAProgramThatAsksForMoreThanAPersonCanLookAtIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		at := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
		ask := func(by string, n int) error {
			_, err := s.BeginApproval(t.Context(), store.Approval{
				Code: fmt.Sprint(by, n), By: by, Operation: "remove", Subject: fmt.Sprint("con_", n), AskedAt: at, ExpiresAt: at.Add(time.Minute),
			}, store.Act{At: at, Project: store.DefaultProject, By: by, Door: "mcp", Operation: "x"})
			return err
		}
		for n := range 20 {
			if err := ask("key_1", n); err != nil {
				t.Fatal(err)
			}
		}
		if err := ask("key_1", 20); !fault.Is(err, fault.RateLimited) {
			t.Errorf("the 21st: %v", err)
		}
		if err := ask("key_2", 0); err != nil {
			t.Errorf("another key: %v", err)
		}
	})
}
