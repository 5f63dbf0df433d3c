package app

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/control"
	"tidings/internal/job"
	"tidings/internal/store"
)

// retainEvery is the pause between two runs of retention.
const retainEvery = time.Hour

// A version that counts what older ones did not leaves a note with its migration; the work is done beside intake.
const (
	recountKind    = "recount"
	recountEvery   = time.Hour
	recountTimeout = 6 * time.Hour
)

func (a *App) recount(ctx context.Context, _ job.Job) error {
	due, err := a.store.RecountDue(ctx)
	if err != nil || !due {
		return err
	}
	a.log.InfoContext(ctx, "statistics are counted anew after an upgrade; until that is done they are incomplete")
	r, err := a.store.Recount(ctx, control.ByServer(time.Now(), "recount"), nil)
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "statistics were counted anew", "events", r.Events, "messages", r.Messages, "counters", r.Counters)
	return nil
}

// A replay that fails goes on where it was, after pauses that grow: twenty tries are about four hours.
const (
	replayTries   = 20
	replayTimeout = 6 * time.Hour
)

func (a *App) replay(ctx context.Context, j job.Job) error {
	return a.control.RunReplay(ctx, string(j.Payload), j.Attempt >= replayTries)
}

// background runs the durable and periodic work of a server. It ends with ctx, once what runs then has ended.
func (a *App) background(ctx context.Context) error {
	runner, err := a.runner()
	if err != nil {
		return err
	}
	lasting := context.WithoutCancel(ctx)
	runner.Start(lasting)
	<-ctx.Done()
	lasting, cancel := context.WithTimeout(lasting, a.config.ShutdownTimeout.Std())
	defer cancel()
	return runner.Stop(lasting)
}

// runner knows every kind of job.
func (a *App) runner() (*job.Runner, error) {
	retention := job.Retention{Retain: a.retain, Now: time.Now, Log: a.log}
	r, err := job.NewRunner(job.Options{
		Store: a.store,
		Handlers: map[string]job.Handler{
			job.RetentionKind: retention.Handler(),
			store.ReplayKind:  {Run: a.replay, MaxAttempts: replayTries, Timeout: replayTimeout, Interruptible: true},
			recountKind:       {Run: a.recount, Timeout: recountTimeout, Concurrency: 1, Interruptible: true},
		},
		Periodic: []job.Every{
			{Kind: job.RetentionKind, Interval: retainEvery}, {Kind: recountKind, Interval: recountEvery},
		},
		Log: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the runner of jobs: %w", err)
	}
	return r, nil
}

func (a *App) retain(ctx context.Context, now time.Time) (job.Pass, error) {
	removed, err := a.store.Retain(ctx, now)
	return job.Pass(removed), err
}
