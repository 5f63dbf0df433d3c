package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/store"
)

// jobBench is a store with a clock for jobs.
type jobBench struct {
	t testing.TB
	*store.Store
	now time.Time
}

func onBothJobs(t *testing.T, run func(t *testing.T, b *jobBench)) {
	t.Helper()
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		b := &jobBench{t: t, now: start}
		b.Store = open(func(o *store.Options) { o.Now = func() time.Time { return b.now } })
		run(t, b)
	})
}

func (b *jobBench) enqueue(jobs ...job.NewJob) int {
	b.t.Helper()
	n, err := b.Enqueue(b.t.Context(), jobs)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// claim claims jobs of the kinds a and b for a minute.
func (b *jobBench) claim(lease string, limit int) []job.Job {
	b.t.Helper()
	list, err := b.ClaimJobs(b.t.Context(), job.ClaimQuery{
		Rooms: []job.Room{{Kind: "a", Limit: limit}, {Kind: "b", Limit: limit}}, Limit: limit,
		Lease: lease, Now: b.now, Until: b.now.Add(time.Minute),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func (b *jobBench) settle(lease string, outcomes ...job.Outcome) {
	b.t.Helper()
	if err := b.SettleJobs(b.t.Context(), lease, outcomes); err != nil {
		b.t.Fatal(err)
	}
}

func (b *jobBench) dump() []string {
	b.t.Helper()
	list, _, err := b.DumpJobs(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// wantConflict runs something that must change nothing.
func (b *jobBench) wantConflict(what string, err error, before []string) {
	b.t.Helper()
	if !fault.Is(err, fault.Conflict) {
		b.t.Errorf("%s: error %v, want a conflict", what, err)
	}
	if diff := cmp.Diff(before, b.dump()); diff != "" {
		b.t.Errorf("%s changed something:\n%s", what, diff)
	}
}

func payloads(list []job.Job) string {
	var names []string
	for _, j := range list {
		names = append(names, string(j.Payload))
	}
	return strings.Join(names, " ")
}

func named(name, kind string, change ...func(*job.NewJob)) job.NewJob {
	j := job.NewJob{Kind: kind, Payload: []byte(name)}
	for _, c := range change {
		c(&j)
	}
	return j
}

func key(k string) func(*job.NewJob)            { return func(j *job.NewJob) { j.Key = k } }
func priority(p job.Priority) func(*job.NewJob) { return func(j *job.NewJob) { j.Priority = p } }
func (b *jobBench) in(d time.Duration) func(*job.NewJob) {
	return func(j *job.NewJob) { j.DueAt = b.now.Add(d) }
}

func TestJobsAreClaimedByPriorityThenByWhenTheyAreDue(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(
			named("later", "a", priority(job.Later), b.in(-time.Hour)),
			named("second", "a", b.in(-time.Minute)),
			named("third", "b"),
			named("first", "b", b.in(-time.Hour)),
			named("urgent", "a", priority(job.Urgent)),
			named("future", "a", priority(job.Urgent), b.in(time.Millisecond)),
			named("unknown", "c"),
		)
		if got := payloads(b.claim("x", 2)); got != "urgent first" {
			t.Errorf("the first two: %s", got)
		}
		if got := payloads(b.claim("x", 100)); got != "second third later" {
			t.Errorf("the others: %s", got)
		}
		b.now = b.now.Add(time.Millisecond)
		list := b.claim("x", 100)
		if len(list) != 1 {
			t.Fatalf("after a millisecond: %s", payloads(list))
		}
		want := job.Job{
			Kind: "a", Priority: job.Urgent, DueAt: b.now, Attempt: 1, Payload: []byte("future"), CreatedAt: start,
		}
		if diff := cmp.Diff(want, list[0], cmpopts.IgnoreFields(job.Job{}, "Ref")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAClaimKeepsToTheRoomOfEachKind(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		var jobs []job.NewJob
		for i := range 150 {
			jobs = append(jobs, named(fmt.Sprint("a", i), "a"), named(fmt.Sprint("b", i), "b", b.in(time.Nanosecond)))
		}
		if n := b.enqueue(jobs...); n != 300 {
			t.Fatalf("%d added", n)
		}
		list, err := b.ClaimJobs(t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: "a", Limit: 3}, {Kind: "b", Limit: 0}, {Kind: "c", Limit: 9}}, Limit: 10,
			Lease: "x", Now: b.now, Until: b.now.Add(time.Minute),
		})
		if err != nil || payloads(list) != "a0 a1 a2" {
			t.Errorf("%s, error %v", payloads(list), err)
		}
		if n := len(b.claim("y", 600)); n != 297 {
			t.Errorf("%d others claimed", n)
		}
	})
}

func TestAJobIsNotAddedWhileTheSameWorkWaits(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		if n := b.enqueue(named("1", "a", key("k")), named("2", "a", key("k")), named("3", "b", key("k")),
			named("4", "a"), named("5", "a")); n != 4 {
			t.Errorf("%d of five added, two of which are the same work", n)
		}
		if n := b.enqueue(named("6", "a", key("k"))); n != 0 {
			t.Error("a second job of the same kind and key was added")
		}
		first := b.claim("x", 100)
		if got := payloads(first); got != "4 5 1 3" {
			t.Errorf("claimed %s", got)
		}
		if n := b.enqueue(named("7", "a", key("k")), named("8", "a", key("k"))); n != 1 {
			t.Errorf("%d added while one of the key runs and none waits", n)
		}
		b.settle("x", job.Outcome{Ref: first[2].Ref})
		if n := b.enqueue(named("9", "a", key("k"))); n != 0 {
			t.Error("added while one waits, after another one ended")
		}
	})
}

func TestAJobThatMustBeAloneIsNotAddedWhileOneRunsEither(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		alone := func(j *job.NewJob) { j.Key, j.Alone = "k", true }
		if n := b.enqueue(named("0", "a"), named("1", "a", alone), named("2", "a", alone)); n != 2 {
			t.Errorf("%d added, want two", n)
		}
		list := b.claim("x", 100)
		if n := b.enqueue(named("3", "a"), named("4", "a", alone), named("5", "b", alone)); n != 2 {
			t.Errorf("%d added, want the two others", n)
		}
		b.settle("x", job.Outcome{Ref: list[1].Ref, Next: []job.NewJob{named("6", "a", alone)}})
		if n := b.enqueue(named("7", "a", alone)); n != 0 {
			t.Error("added beside the next turn")
		}
		if got := payloads(b.claim("x", 100)); got != "3 5 6" {
			t.Errorf("claimed %s", got)
		}
	})
}

func TestAJobWhoseWorkerDiedRunsAgainExactlyWhenItsLeaseEnds(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(named("1", "a", key("k")))
		dead := b.claim("dead", 1)
		b.enqueue(named("2", "a", key("k"), b.in(time.Hour)))
		b.now = b.now.Add(time.Minute - time.Millisecond)
		if list := b.claim("y", 10); len(list) != 0 {
			t.Fatalf("claimed before the lease ended: %s", payloads(list))
		}
		b.now = b.now.Add(time.Millisecond)
		list := b.claim("y", 10)
		if payloads(list) != "1" || list[0].Attempt != 2 || list[0].Ref != dead[0].Ref {
			t.Fatalf("after the lease: %+v", list)
		}
		before := b.dump()
		b.wantConflict("done by the dead", b.SettleJobs(t.Context(), "dead", []job.Outcome{{Ref: list[0].Ref}}), before)
		b.settle("y", job.Outcome{Ref: list[0].Ref})
		if list := b.dump(); len(list) != 1 {
			t.Errorf("left over: %q", list)
		}
	})
}

func TestAnOutcomeUnderALostLeaseChangesNothing(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(named("mine", "a"), named("theirs", "a"), named("waiting", "b", b.in(time.Hour)))
		mine := b.claim("me", 1)[0].Ref
		theirs := b.claim("them", 1)[0].Ref
		before := b.dump()
		for ending := job.Done; ending <= job.Parked; ending++ {
			b.wantConflict(fmt.Sprint("ending ", ending), b.SettleJobs(t.Context(), "me", []job.Outcome{
				{Ref: mine, Next: []job.NewJob{named("next", "a")}}, {Ref: theirs, Ending: ending, At: b.now},
			}), before)
		}
		b.wantConflict("a job that is gone", b.SettleJobs(t.Context(), "me", []job.Outcome{{Ref: 1 << 40}}), before)

		until := b.now.Add(time.Hour)
		lost, err := b.ExtendLease(t.Context(), "me", until, []int64{theirs, mine, 1 << 40})
		if diff := cmp.Diff([]int64{theirs, 1 << 40}, lost); err != nil || diff != "" {
			t.Errorf("lost, error %v: %s", err, diff)
		}
		b.now = b.now.Add(2 * time.Minute)
		if got := payloads(b.claim("you", 10)); got != "theirs" {
			t.Errorf("after two minutes %s was claimed, want only what was not extended", got)
		}
	})
}

func TestAFailedJobWaitsWithItsProblemAndAReleasedOneKeepsItsAttempts(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(named("1", "a"))
		ref := b.claim("x", 1)[0].Ref
		due := b.now.Add(3 * time.Second)
		b.settle("x", job.Outcome{Ref: ref, Ending: job.Retried, At: due, Problem: "no\x00answer\xff" + strings.Repeat("é", 2000)})
		b.now = due.Add(-time.Millisecond)
		if list := b.claim("x", 1); len(list) != 0 {
			t.Fatal("claimed before its pause was over")
		}
		b.now = due
		j := b.claim("x", 1)[0]
		if j.Ref != ref || j.Attempt != 2 || len(j.Problem) > 2000 || !strings.HasPrefix(j.Problem, "no\uFFFDanswer\uFFFDé") {
			t.Errorf("the second attempt: %+v", j)
		}
		b.settle("x", job.Outcome{Ref: ref, Ending: job.Released, At: b.now, Problem: "stopped"})
		if j := b.claim("y", 1)[0]; j.Attempt != 2 || j.Problem != "stopped" {
			t.Errorf("after the release: %+v", j)
		}
	})
}

func TestAFailedJobBecomesOneWithTheSameWorkThatWaits(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(named("old", "a", key("k")))
		old := b.claim("x", 1)[0]
		b.enqueue(named("new", "a", key("k")))
		b.settle("x", job.Outcome{Ref: old.Ref, Ending: job.Retried, At: b.now.Add(time.Minute), Problem: "down"})
		if list := b.claim("x", 10); len(list) != 0 {
			t.Fatalf("%s did not wait for the pause", payloads(list))
		}
		b.now = b.now.Add(time.Minute)
		list := b.claim("x", 10)
		if payloads(list) != "new" || list[0].Attempt != 2 || list[0].Problem != "down" {
			t.Errorf("claimed %+v", list)
		}
	})
}

func TestParkedJobsStayUntilTheyAreLetRunAgain(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		b.enqueue(named("1", "a"), named("2", "a"), named("3", "b", key("k")))
		for _, j := range b.claim("x", 10) {
			b.settle("x", job.Outcome{Ref: j.Ref, Ending: job.Parked, At: b.now, Problem: "broken"})
		}
		b.now = b.now.Add(48 * time.Hour)
		if list := b.claim("x", 10); len(list) != 0 {
			t.Fatalf("parked and claimed: %s", payloads(list))
		}
		parked := func(q job.ParkedQuery) []job.Job {
			list, err := b.ParkedJobs(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		all := parked(job.ParkedQuery{})
		if payloads(all) != "3 2 1" || all[0].Problem != "broken" || !all[0].DueAt.Equal(start) || all[0].Attempt != 1 {
			t.Errorf("parked: %+v", all)
		}
		if got := payloads(parked(job.ParkedQuery{Kind: "a", Before: all[1].Ref, Limit: 5})); got != "1" {
			t.Errorf("the second page of kind a: %s", got)
		}
		if got := payloads(parked(job.ParkedQuery{Limit: 1})); got != "3" {
			t.Errorf("the first page: %s", got)
		}
		// The same work fails anew: one dead letter is enough.
		b.enqueue(named("4", "b", key("k")))
		b.settle("x", job.Outcome{Ref: b.claim("x", 1)[0].Ref, Ending: job.Parked, At: b.now, Problem: "again"})
		if list := parked(job.ParkedQuery{Kind: "b"}); payloads(list) != "4" || list[0].Problem != "again" {
			t.Errorf("parked of kind b: %+v", list)
		}
		if err := b.RequeueJob(t.Context(), all[2].Ref); err != nil {
			t.Fatal(err)
		}
		if list := b.claim("x", 10); payloads(list) != "1" || list[0].Attempt != 1 || list[0].Problem != "" {
			t.Errorf("let run again: %+v", list)
		}
		if err := b.RequeueJob(t.Context(), all[2].Ref); !fault.Is(err, fault.NotFound) {
			t.Errorf("a job that is not parked: error %v", err)
		}
	})
}

func TestClaimersNeverGetTheSameJob(t *testing.T) {
	const claimers, each = 8, 200
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		var jobs []job.NewJob
		for i := range claimers * each {
			jobs = append(jobs, named(fmt.Sprint(i), []string{"a", "b"}[i%2], priority(job.Priority(i%3-1))))
		}
		b.enqueue(jobs...)
		var group sync.WaitGroup
		var lock sync.Mutex
		claimed := map[int64]string{}
		for i := range claimers {
			group.Go(func() {
				lease := fmt.Sprint("claimer ", i)
				for {
					list, err := b.ClaimJobs(t.Context(), job.ClaimQuery{
						Rooms: []job.Room{{Kind: "a", Limit: 7}, {Kind: "b", Limit: 7}}, Limit: 7,
						Lease: lease, Now: b.now, Until: b.now.Add(time.Minute),
					})
					if err != nil {
						t.Error(err)
					}
					lock.Lock()
					for _, j := range list {
						if other, is := claimed[j.Ref]; is {
							t.Errorf("%s and %s have job %d", lease, other, j.Ref)
						}
						claimed[j.Ref] = lease
					}
					all := len(claimed) == claimers*each
					lock.Unlock()
					var outcomes []job.Outcome
					for _, j := range list {
						outcomes = append(outcomes, job.Outcome{Ref: j.Ref})
					}
					if err := b.SettleJobs(t.Context(), lease, outcomes); err != nil {
						t.Error(err)
					}
					if all || t.Failed() {
						return
					}
				}
			})
		}
		group.Wait()
		if left := b.dump(); len(left) > 0 {
			t.Errorf("%d jobs are left", len(left))
		}
	})
}

// A job that stands for new work must not run before that work can be read.
func TestAWaitingJobIsNotClaimedUntilWhatWishedForItIsCommitted(t *testing.T) {
	t.Parallel()
	b := &jobBench{t: t, Store: opener(t, "postgres")(), now: start}
	b.enqueue(named("1", "a", key("k"), b.in(-time.Minute)))
	err := b.EnqueueWithin(t.Context(), []job.NewJob{named("2", "a", key("k"))}, func() error {
		if list := b.claim("x", 1); len(list) != 0 {
			t.Errorf("claimed %s while the transaction is open", payloads(list))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := payloads(b.claim("x", 2)); got != "1" {
		t.Errorf("claimed %q after it", got)
	}
}

// BenchmarkJobs claims and settles jobs in batches; one iteration is one job, with 100,000 others that are due later.
func BenchmarkJobs(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, size := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("%s/enqueue/batch=%d", engine, size), func(b *testing.B) {
				s := opener(b, engine)()
				jobs := benchJobs(b.N)
				b.ReportAllocs()
				b.ResetTimer()
				for part := range slices.Chunk(jobs, size) {
					if _, err := s.Enqueue(b.Context(), part); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/claim+settle/batch=%d", engine, size), func(b *testing.B) {
				s := opener(b, engine)()
				prepareClaims(b, s)
				b.ReportAllocs()
				b.ResetTimer()
				claimAll(b, s, size)
			})
		}
	}
}

func benchJobs(n int) []job.NewJob {
	jobs := make([]job.NewJob, n)
	for i := range jobs {
		jobs[i] = job.NewJob{Kind: "a", Payload: []byte(`{"run":12345,"step":"welcome"}`), DueAt: start.Add(time.Duration(i))}
	}
	return jobs
}

func prepareClaims(b *testing.B, s *store.Store) {
	b.Helper()
	for _, list := range [][]job.NewJob{benchJobs(100_000), benchJobs(b.N)} {
		for i := range list {
			if len(list) == 100_000 {
				list[i].DueAt = start.Add(time.Hour)
			}
		}
		if _, err := s.Enqueue(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}

func claimAll(b *testing.B, s *store.Store, size int) {
	b.Helper()
	ctx := context.Background()
	for done := 0; done < b.N; {
		list, err := s.ClaimJobs(ctx, job.ClaimQuery{
			Rooms: []job.Room{{Kind: "a", Limit: size}, {Kind: "b", Limit: size}}, Limit: size,
			Lease: "bench", Now: start.Add(time.Minute), Until: start.Add(time.Hour),
		})
		if err != nil || len(list) == 0 {
			b.Fatalf("%d claimed after %d of %d, error %v", len(list), done, b.N, err)
		}
		outcomes := make([]job.Outcome, len(list))
		for i, j := range list {
			outcomes[i].Ref = j.Ref
		}
		if err := s.SettleJobs(ctx, "bench", outcomes); err != nil {
			b.Fatal(err)
		}
		done += len(list)
	}
}

func TestWhoRunsJobsIsToldOfUrgentOnesOnceTheyCanBeClaimed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		b := &jobBench{t: t, now: start}
		var claimed []string
		b.Store = open(func(o *store.Options) {
			o.Now = func() time.Time { return b.now }
			o.Urgent = func() {
				for _, j := range b.claim("node", 10) {
					claimed = append(claimed, j.Key)
				}
			}
		})
		b.enqueue(job.NewJob{Kind: "a", Key: "normal"})
		b.enqueue(job.NewJob{Kind: "a", Key: "in an hour", Priority: job.Urgent, DueAt: b.now.Add(time.Hour)})
		if claimed != nil {
			t.Errorf("told of what nobody waits for: %q", claimed)
		}
		b.enqueue(job.NewJob{Kind: "b", Key: "urgent", Priority: job.Urgent})
		if want := []string{"urgent", "normal"}; !slices.Equal(claimed, want) {
			t.Errorf("%q, want %q", claimed, want)
		}
	})
}
