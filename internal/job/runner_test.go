package job_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/store"
)

func TestAJobThatIsAnnouncedRunsAtOnceAndIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got record
		r := b.start(func(o *job.Options) {
			handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
				got.add("%s/%d", j.Payload, j.Attempt)
				return nil
			}})(o)
			o.Poll = time.Hour
		})
		synctest.Wait()
		began := time.Now()
		b.enqueue(job.NewJob{Payload: []byte("now")}, job.NewJob{Payload: []byte("tomorrow"), DueAt: began.Add(24 * time.Hour)})
		r.Wake()
		synctest.Wait()
		if got.String() != "now/1" || !time.Now().Equal(began) {
			t.Errorf("after the wake-up %q ran in %s", &got, time.Since(began))
		}
		elapse(25 * time.Hour)
		synctest.Wait()
		if got.String() != "now/1 tomorrow/1" {
			t.Errorf("after a day %q ran", &got)
		}
		if list := b.waiting(); len(list) != 0 {
			t.Errorf("left over: %+v", list)
		}
	})
}

func TestAFailingJobIsTriedAsOftenAsItMayAndThenParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got record
		began := time.Now()
		b.start(handle(job.Handler{MaxAttempts: 5, Run: func(_ context.Context, j job.Job) error {
			got.add("%d", j.Attempt)
			return errors.New("no answer")
		}}))
		b.enqueue(job.NewJob{Payload: []byte("p")})
		elapse(time.Minute)
		synctest.Wait()
		if got.String() != "1 2 3 4 5" {
			t.Errorf("attempts %s", &got)
		}
		list := b.parked()
		if len(list) != 1 || list[0].Problem != "no answer" || list[0].Attempt != 5 {
			t.Fatalf("parked: %+v", list)
		}
		// Pauses of up to 1, 2, 4 and 8 seconds, each seen at the next poll.
		if took := list[0].DueAt.Sub(began); took > 21*time.Second {
			t.Errorf("it was parked after %s", took)
		}
		if again, last := b.log.count("tried again"), b.log.count("is parked"); again != 4 || last != 1 {
			t.Errorf("%d attempts and %d parked jobs in the log", again, last)
		}
	})
}

func TestOneAttemptIsEnoughForAnErrorThatCancels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		cause := errors.New("the contact is erased")
		if !errors.Is(job.Cancel(cause), cause) || job.Cancel(nil) != nil {
			t.Error("Cancel changes the error")
		}
		b.start(handle(job.Handler{Run: func(context.Context, job.Job) error { return job.Cancel(cause) }}))
		b.enqueue(job.NewJob{})
		elapse(2 * time.Second)
		synctest.Wait()
		if list := b.parked(); len(list) != 1 || list[0].Attempt != 1 || list[0].Problem != cause.Error() {
			t.Errorf("parked: %+v", list)
		}
	})
}

func TestAPanicIsAFailedAttemptWithItsStackInOneLineOfTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start(handle(job.Handler{MaxAttempts: 1, Run: func(context.Context, job.Job) error {
			panic("no such template")
		}}))
		b.enqueue(job.NewJob{}, job.NewJob{})
		elapse(2 * time.Second)
		synctest.Wait()
		list := b.parked()
		if len(list) != 2 || !strings.HasPrefix(list[0].Problem, "panic: no such template") {
			t.Errorf("parked: %+v", list)
		}
		if n := b.log.count("stack="); n != 2 || b.log.count("runner_test.go") != 2 {
			t.Errorf("%d stacks in the log of two panics", n)
		}
	})
}

func TestAHandlerHasItsTimeAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		began := time.Now()
		b.start(handle(job.Handler{MaxAttempts: 1, Timeout: 3 * time.Minute, Run: func(ctx context.Context, _ job.Job) error {
			<-ctx.Done()
			return ctx.Err()
		}}))
		b.enqueue(job.NewJob{})
		elapse(4 * time.Minute)
		synctest.Wait()
		list := b.parked()
		if len(list) != 1 || list[0].Problem != context.DeadlineExceeded.Error() {
			t.Fatalf("parked: %+v", list)
		}
		if took := list[0].DueAt.Sub(began); took < 3*time.Minute || took > 3*time.Minute+2*time.Second {
			t.Errorf("it ended after %s", took)
		}
	})
}

func TestUrgentJobsGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var order record
		for i := range 9 {
			b.enqueue(job.NewJob{Priority: job.Priority(1 - i%3)})
		}
		b.start(func(o *job.Options) {
			handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
				order.add("%d", j.Priority)
				return nil
			}})(o)
			o.Workers = 1
		})
		synctest.Wait()
		if got := order.String(); got != "-1 -1 -1 0 0 0 1 1 1" {
			t.Errorf("order %s", got)
		}
	})
}

func TestAKindKeepsToItsConcurrencyAndLeavesTheRestToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for range 6 {
			b.enqueue(job.NewJob{Kind: "narrow", Priority: job.Urgent}, job.NewJob{})
		}
		var now, most [2]atomic.Int64
		count := func(i int) job.Handler {
			return job.Handler{Run: func(context.Context, job.Job) error {
				most[i].Store(max(most[i].Load(), now[i].Add(1)))
				elapse(time.Second)
				now[i].Add(-1)
				return nil
			}}
		}
		b.start(func(o *job.Options) {
			narrow := count(0)
			narrow.Concurrency = 2
			o.Workers, o.Handlers = 5, map[string]job.Handler{"narrow": narrow, "work": count(1)}
		})
		elapse(2500 * time.Millisecond)
		if most[0].Load() != 2 || most[1].Load() != 3 {
			t.Errorf("at once ran %d of the narrow kind and %d of the other, want 2 and 3", most[0].Load(), most[1].Load())
		}
		elapse(time.Minute)
		if list := b.waiting(); len(list) != 0 {
			t.Errorf("%d jobs did not run", len(list))
		}
	})
}

func TestALeaseIsExtendedWhileAHandlerRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var runs record
		options := func(o *job.Options) {
			handle(job.Handler{Timeout: time.Hour, Run: func(_ context.Context, j job.Job) error {
				runs.add("%d", j.Attempt)
				elapse(30 * time.Minute)
				return nil
			}})(o)
			o.Poll = 30 * time.Second
		}
		b.start(options)
		b.start(options)
		b.enqueue(job.NewJob{})
		elapse(time.Hour)
		synctest.Wait()
		if runs.String() != "1" {
			t.Errorf("a job of half an hour, with a lease of a minute, ran: %s", &runs)
		}
	})
}

// trouble is a store whose calls fail as a test says; everything else is real.
type trouble struct {
	*store.Store
	extend, settle func() error
}

func (s *trouble) ExtendLease(ctx context.Context, lease string, until time.Time, refs []int64) ([]int64, error) {
	if s.extend != nil {
		if err := s.extend(); err != nil {
			return nil, err
		}
	}
	return s.Store.ExtendLease(ctx, lease, until, refs)
}

func (s *trouble) SettleJobs(ctx context.Context, lease string, outcomes []job.Outcome) error {
	if s.settle != nil {
		if err := s.settle(); err != nil {
			return err
		}
	}
	return s.Store.SettleJobs(ctx, lease, outcomes)
}

var errDown = fault.New(fault.Unavailable, "database", "the database is down")

func TestAHandlerIsToldWhenItsLeaseIsLostAndAnotherOneDoesTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got record
		cut := &trouble{Store: b.store, extend: func() error { return errDown }}
		b.enqueue(job.NewJob{})
		b.start(func(o *job.Options) {
			handle(job.Handler{Run: func(ctx context.Context, j job.Job) error {
				<-ctx.Done()
				got.add("cut off in attempt %d: %v;", j.Attempt, context.Cause(ctx))
				// Long enough for the other one to take it before there is a result.
				elapse(10 * time.Second)
				return ctx.Err()
			}})(o)
			o.Store, o.Poll = cut, time.Hour
		})
		elapse(30 * time.Second)
		b.start(handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
			got.add("done in attempt %d", j.Attempt)
			return nil
		}}))
		elapse(time.Minute)
		synctest.Wait()
		// Both are due at the moment the lease ends, in either order, and each once.
		for _, want := range []string{"cut off in attempt 1: the lease on the job ended;", "done in attempt 2"} {
			if strings.Count(got.String(), want) != 1 {
				t.Errorf("got  %s\nwant %s, once", &got, want)
			}
		}
		if b.log.count("a job's result was not stored") != 1 {
			t.Error("the late result is not in the log")
		}
	})
}

func TestAResultWaitsForTheDatabaseAndTheJobRunsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var runs record
		var failures atomic.Int64
		down := &trouble{Store: b.store, settle: func() error {
			if failures.Add(1) <= 3 {
				return errDown
			}
			return nil
		}}
		b.start(func(o *job.Options) {
			handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
				runs.add("%s", j.Payload)
				return nil
			}})(o)
			o.Store = down
		})
		b.enqueue(job.NewJob{Payload: []byte("once")})
		elapse(time.Minute)
		synctest.Wait()
		if list := b.waiting(); runs.String() != "once" || len(list) != 0 || failures.Load() != 4 {
			t.Errorf("ran %q, %d tries to store it, left %+v", &runs, failures.Load(), list)
		}
	})
}

func TestAResultThatIsRefusedDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.enqueue(job.NewJob{Payload: []byte("stolen")}, job.NewJob{Payload: []byte("1")}, job.NewJob{Payload: []byte("2")})
		b.start(handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
			if string(j.Payload) == "stolen" {
				b.claimFarAhead(1)
			}
			elapse(time.Second)
			return nil
		}}))
		elapse(5 * time.Second)
		synctest.Wait()
		if n := b.log.count("a job's result was not stored"); n != 1 {
			t.Errorf("%d results were refused, want one", n)
		}
		if list := b.waiting(); len(list) != 1 || string(list[0].Payload) != "stolen" {
			t.Errorf("left over: %+v", list)
		}
	})
}

func TestAJobThatKillsItsWorkersIsParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.enqueue(job.NewJob{})
		for range 3 {
			if n := len(b.waiting()); n != 1 {
				t.Fatalf("%d claimed", n)
			}
		}
		elapse(1001 * time.Hour)
		var runs record
		b.start(handle(job.Handler{MaxAttempts: 3, Run: func(context.Context, job.Job) error {
			runs.add("run")
			return nil
		}}))
		elapse(time.Minute)
		synctest.Wait()
		if list := b.parked(); runs.len() != 0 || len(list) != 1 || list[0].Problem != "no worker stored a result in 3 attempts" {
			t.Errorf("ran %q, parked %+v", &runs, list)
		}
	})
}

func TestEveryIntervalOneOfTwoNodesRunsPeriodicWorkAndARestartIsNotEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var runs record
		options := func(o *job.Options) {
			handle(job.Handler{MaxAttempts: 1, Run: func(_ context.Context, j job.Job) error {
				runs.add("%s", j.Key)
				if runs.len()%2 == 0 {
					return errors.New("every second turn fails")
				}
				return nil
			}})(o)
			o.Periodic = []job.Every{{Kind: "work", Interval: time.Hour}}
			o.Poll = 5 * time.Minute
		}
		first := b.start(options)
		b.start(options)
		elapse(10*time.Hour + 30*time.Minute)
		if n := runs.len(); n != 11 {
			t.Errorf("%d turns in ten hours and a half, want 11", n)
		}
		if err := b.stop(first, time.Minute); err != nil {
			t.Error(err)
		}
		first.Start(t.Context())
		elapse(10 * time.Minute)
		if n := runs.len(); n != 11 {
			t.Errorf("%d turns after a restart, want none more", n)
		}
		elapse(10 * time.Hour)
		synctest.Wait()
		if n := runs.len(); n != 21 {
			t.Errorf("%d turns after twenty hours, want 21", n)
		}
		if list := b.parked(); len(list) != 1 {
			t.Errorf("%d dead letters of the same work, want the newest alone", len(list))
		}
	})
}

func TestOptionsThatCantWorkAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := job.NewRunner(job.Options{
		Workers: -1, Lease: -1, Handlers: map[string]job.Handler{"idle": {}, "less": {Timeout: -1}},
		Periodic: []job.Every{{Kind: "nobody", Interval: time.Hour}, {Kind: "idle"}},
	})
	for _, want := range []string{
		"no store", "-1 workers", "lease for -1ns", `"idle" does nothing`, `"less" has a limit below zero`,
		`"nobody" has no handler`, `"idle" has the interval 0s`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, without %q", err, want)
		}
	}
}

func TestRunnersThatShareAStoreRunEveryJobOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const n = 500
	var lock sync.Mutex
	seen, all := map[int64]int{}, make(chan struct{})
	for i := range n {
		b.enqueue(job.NewJob{Priority: job.Priority(i%3 - 1)})
	}
	for range 2 {
		b.start(handle(job.Handler{Run: func(_ context.Context, j job.Job) error {
			lock.Lock()
			defer lock.Unlock()
			if seen[j.Ref]++; len(seen) == n && seen[j.Ref] == 1 {
				close(all)
			}
			return nil
		}}))
	}
	<-all
	lock.Lock()
	defer lock.Unlock()
	for ref, times := range seen {
		if times != 1 {
			t.Errorf("job %d ran %d times", ref, times)
		}
	}
}
