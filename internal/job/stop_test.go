package job_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/job"
)

func TestStopWaitsForWhatRunsAndClaimsNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got record
		r := b.start(func(o *job.Options) {
			handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
				elapse(20 * time.Second)
				got.add("%s", j.Payload)
				return nil
			}})(o)
			o.Workers = 1
		})
		b.enqueue(job.NewJob{Payload: []byte("1")}, job.NewJob{Payload: []byte("2")})
		elapse(2 * time.Second)
		if err := b.stop(r, time.Minute); err != nil {
			t.Error(err)
		}
		if list := b.waiting(); got.String() != "1" || len(list) != 1 || list[0].Attempt != 1 {
			t.Errorf("ran %q, and there is left %+v", &got, list)
		}
	})
}

func TestStopCancelsWhatTakesTooLongAndThatCostsNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			handler job.Handler
			want    time.Duration
		}{
			"a handler that is waited for": {job.Handler{}, 10 * time.Second},
			"one that may be interrupted":  {job.Handler{Interruptible: true}, 0},
		} {
			b := newBench(t)
			test.handler.Run = func(ctx context.Context, _ job.Job) error {
				<-ctx.Done()
				return ctx.Err()
			}
			r := b.start(handle(test.handler))
			b.enqueue(job.NewJob{})
			elapse(2 * time.Second)
			began := time.Now()
			if err := b.stop(r, 10*time.Second); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != test.want {
				t.Errorf("%s: it took %s to stop, want %s", name, took, test.want)
			}
			if list := b.waiting(); len(list) != 1 || list[0].Attempt != 1 {
				t.Errorf("%s: left %+v", name, list)
			}
		}
	})
}

func TestStopGivesUpOnAHandlerThatDoesNotListenAndItsJobRunsAfterItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got record
		deaf := job.Handler{Run: func(_ context.Context, j job.Job) error {
			got.add("%d", j.Attempt)
			if j.Attempt == 1 {
				elapse(3 * time.Minute)
			}
			return nil
		}}
		r := b.start(handle(deaf))
		b.enqueue(job.NewJob{})
		elapse(2 * time.Second)
		if err := b.stop(r, 10*time.Second); err == nil {
			t.Error("no error about the handler that still runs")
		}
		r.Start(t.Context())
		elapse(30 * time.Second)
		if got.String() != "1" {
			t.Errorf("attempts %s before the lease ended", &got)
		}
		elapse(4 * time.Minute)
		synctest.Wait()
		if got.String() != "1 2" {
			t.Errorf("attempts %s", &got)
		}
	})
}

func TestTheEndOfItsContextEndsARunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		r, err := job.NewRunner(job.Options{Store: b.store, Handlers: map[string]job.Handler{
			"work": {Run: func(ctx context.Context, _ job.Job) error { <-ctx.Done(); return ctx.Err() }},
		}})
		if err != nil {
			t.Fatal(err)
		}
		b.enqueue(job.NewJob{})
		ctx, cancel := context.WithCancel(t.Context())
		r.Start(ctx)
		elapse(2 * time.Second)
		cancel()
		synctest.Wait()
		if list := b.waiting(); len(list) != 1 || list[0].Attempt != 1 {
			t.Errorf("left %+v", list)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStartAndStopMayComeInAnyOrderAndNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, err := job.NewRunner(job.Options{Store: b.store, Handlers: map[string]job.Handler{
		"work": {Run: func(context.Context, job.Job) error { return nil }},
	}, Periodic: []job.Every{{Kind: "work", Interval: time.Millisecond}}, Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	r.Wake()
	if err := r.Stop(t.Context()); err != nil {
		t.Errorf("stop before start: %v", err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 25 {
				ctx, cancel := context.WithCancel(t.Context())
				r.Start(ctx)
				if i == 0 {
					cancel()
				}
				r.Wake()
				if err := r.Stop(context.Background()); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	group.Wait()
	for range 2 {
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
