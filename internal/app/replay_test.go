package app_test

import (
	"testing"
	"time"

	"tidings/internal/app"
	"tidings/internal/control"
	"tidings/internal/store"
)

func TestAReplayRunsInTheBackgroundAcrossARestart(t *testing.T) {
	o := options(t)
	a, stop := start(t, o)
	sum := takeInSimulated(t, a)
	who := control.Actor{Project: store.DefaultProject, By: "test", Door: "cli"}
	run, err := a.Control().StartReplay(t.Context(), who, control.ReplayFilter{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	a, stop = start(t, o)
	run = ended(t, a, who, run.ID)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if run.State != store.ReplayDone || run.Done != run.Total || run.Sums.Known < sum.Events || run.Sums.New != 0 {
		t.Errorf("the replay ended as %+v, want all of %d events known", run, sum.Events)
	}
}

// ended waits for the end of a replay.
func ended(t *testing.T, a *app.App, who control.Actor, id string) store.ReplayRun {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		run, err := a.Control().ReplayRun(t.Context(), who, id)
		if err != nil {
			t.Fatal(err)
		}
		if !run.EndedAt.IsZero() {
			return run
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the replay does not end: %+v", run)
		}
	}
}
