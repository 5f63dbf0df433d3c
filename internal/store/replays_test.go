package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/store"
)

func TestAReplayIsOneAtATimeKeepsItsPlaceAndEndsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(), f.entry())
		act := func(operation string) store.Act {
			return store.Act{At: start, By: "key_1", Door: "api", Operation: operation}
		}
		q := store.ReplayQuery{
			Project: store.DefaultProject, Source: f.src.ID, From: start, To: start.Add(time.Hour), OnlyProblems: true,
		}
		made, err := s.CreateReplay(t.Context(), q, true, act("startReplay"))
		if err != nil {
			t.Fatal(err)
		}
		q.Newest = 2
		want := store.ReplayRun{Ref: made.Ref, ID: "rpl_1", Query: q, DryRun: true, By: "key_1", CreatedAt: start}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Error(diff)
		}
		_, err = s.CreateReplay(t.Context(), q, false, act("startReplay"))
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), made.ID) {
			t.Errorf("a second one: %v", err)
		}
		jobs, err := s.ClaimJobs(t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: store.ReplayKind, Limit: 5}}, Limit: 5, Lease: "l", Now: start.Add(time.Hour), Until: start.Add(2 * time.Hour),
		})
		if err != nil || len(jobs) != 1 || string(jobs[0].Payload) != made.ID {
			t.Errorf("jobs %+v, %v", jobs, err)
		}

		run := made
		run.State, run.StartedAt, run.Place, run.Total, run.Done, run.Problem = store.ReplayRunning, start.Add(time.Second), 1, 2, 1, "busy"
		run.Sums = store.ReplaySums{Receipts: 1, Unreadable: 2, Problems: 3, New: 4, Known: 5, Upgraded: 6, Conflicts: 7, Expired: 8}
		if goesOn, err := s.SaveReplay(t.Context(), run); err != nil || !goesOn {
			t.Fatalf("goes on: %t, %v", goesOn, err)
		}
		run.Query.After = run.Place
		again := open()
		found, err := again.RunningReplay(t.Context(), made.ID)
		if diff := cmp.Diff(run, found); diff != "" || err != nil {
			t.Errorf("after a restart: %v %s", err, diff)
		}

		cancelled, err := s.CancelReplay(t.Context(), store.DefaultProject, made.ID, act("cancelReplay"))
		if err != nil || cancelled.State != store.ReplayCancelled || !cancelled.EndedAt.Equal(start) || cancelled.Sums != run.Sums {
			t.Errorf("cancelled %+v, %v", cancelled, err)
		}
		run.Done = 2
		if goesOn, err := s.SaveReplay(t.Context(), run); err != nil || goesOn {
			t.Errorf("a cancelled one goes on: %t, %v", goesOn, err)
		}
		if _, err := s.CancelReplay(t.Context(), store.DefaultProject, made.ID, act("cancelReplay")); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second cancel: %v", err)
		}
		if found, err = s.Replay(t.Context(), store.DefaultProject, made.ID); err != nil || found.Done != 1 {
			t.Errorf("found %+v, %v", found, err)
		}

		second, err := s.CreateReplay(t.Context(), store.ReplayQuery{Project: store.DefaultProject}, false, act("startReplay"))
		if err != nil {
			t.Fatal(err)
		}
		second.State, second.EndedAt = store.ReplayDone, start.Add(time.Minute)
		if goesOn, err := s.SaveReplay(t.Context(), second); err != nil || goesOn {
			t.Errorf("one that is done goes on: %t, %v", goesOn, err)
		}
		page, err := s.ListReplays(t.Context(), store.DefaultProject, 0, 1)
		if err != nil || len(page.Replays) != 1 || page.Replays[0].ID != second.ID || page.Replays[0].State.String() != "done" {
			t.Errorf("page %+v, %v", page, err)
		}
		page, err = s.ListReplays(t.Context(), store.DefaultProject, page.Next, 1)
		if err != nil || len(page.Replays) != 1 || page.Replays[0].ID != made.ID || page.Next != 0 {
			t.Errorf("second page %+v, %v", page, err)
		}
		for _, id := range []string{"rpl_zz", "x", ""} {
			if _, err := s.Replay(t.Context(), store.DefaultProject, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
		n, err := s.Count(t.Context(), `SELECT count(*) FROM audit WHERE operation IN ('startReplay', 'cancelReplay') AND by = 'key_1'`)
		if err != nil || n != 3 {
			t.Errorf("%d acts in the audit log, %v", n, err)
		}
		n, err = s.Count(t.Context(), `SELECT count(*) FROM audit WHERE operation = 'startReplay' AND subject = $1`, second.ID)
		if err != nil || n != 1 {
			t.Errorf("%d acts of the second replay, %v", n, err)
		}
	})
}

func TestAKeptReceiptIsFoundAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		for range 3 {
			f.commit(f.entry())
		}
		x, err := s.KeptReceipt(t.Context(), store.DefaultProject, "rcp_2")
		if err != nil || x.Ref != 2 || string(x.Keep) != "src_one-2" || x.Source.ID != f.src.ID {
			t.Errorf("receipt %+v, %v", x, err)
		}
		for _, id := range []string{"rcp_4", "2", "rcp_-1"} {
			if _, err := s.KeptReceipt(t.Context(), store.DefaultProject, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}
