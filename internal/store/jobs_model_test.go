package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	compare "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/fault"
	"tidings/internal/job"
)

// modelJob is a job as the model knows it. Its payload is its name.
type modelJob struct {
	name, kind, key string
	priority        int
	due             int64 // Unix milliseconds, as everything here
	state, attempt  int
	lease           string
	until           int64
	problem         string
	ref             int64
}

func (j *modelJob) String() string {
	return fmt.Sprintf("%s: %s %q priority %d due %d state %d attempt %d lease %q until %d problem %q",
		j.name, j.kind, j.key, j.priority, j.due, j.state, j.attempt, j.lease, j.until, j.problem)
}

// model is the jobs table in memory.
type model struct{ jobs []*modelJob }

func (m *model) find(match func(*modelJob) bool) *modelJob {
	if i := slices.IndexFunc(m.jobs, match); i >= 0 {
		return m.jobs[i]
	}
	return nil
}

// same finds another job of the kind and key in a state.
func (m *model) same(kind, key string, state int, than *modelJob) *modelJob {
	return m.find(func(x *modelJob) bool {
		return key != "" && x != than && x.kind == kind && x.key == key && x.state == state
	})
}

func (m *model) remove(j *modelJob) {
	m.jobs = slices.DeleteFunc(m.jobs, func(x *modelJob) bool { return x == j })
}

func (m *model) enqueue(list []job.NewJob) (added int) {
	for _, n := range list {
		if m.same(n.Kind, n.Key, 0, nil) != nil || n.Alone && m.same(n.Kind, n.Key, 2, nil) != nil {
			continue
		}
		added++
		m.jobs = append(m.jobs, &modelJob{
			name: string(n.Payload), kind: n.Kind, key: n.Key, priority: int(n.Priority), due: n.DueAt.UnixMilli(),
		})
	}
	return added
}

func (m *model) claim(q job.ClaimQuery) (names []string) {
	var found []*modelJob
	for _, room := range q.Rooms {
		limit := min(room.Limit, q.Limit)
		for p := -1; p <= 1; p++ {
			found = append(found, m.first(limit, func(j *modelJob) bool {
				return j.kind == room.Kind && j.state == 0 && j.priority == p && j.due <= q.Now.UnixMilli()
			}, func(j *modelJob) int64 { return j.due })...)
		}
		found = append(found, m.first(limit, func(j *modelJob) bool {
			return j.kind == room.Kind && j.state == 2 && j.until <= q.Now.UnixMilli()
		}, func(j *modelJob) int64 { return j.until })...)
	}
	slices.SortFunc(found, func(a, b *modelJob) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.due, b.due), cmp.Compare(a.ref, b.ref))
	})
	taken := map[string]int{}
	for _, j := range found {
		room := slices.IndexFunc(q.Rooms, func(r job.Room) bool { return r.Kind == j.kind })
		if len(names) < q.Limit && taken[j.kind] < q.Rooms[room].Limit {
			taken[j.kind]++
			names = append(names, j.name)
			j.state, j.lease, j.until = 2, q.Lease, q.Until.UnixMilli()
			j.attempt++
		}
	}
	return names
}

func (m *model) first(n int, match func(*modelJob) bool, order func(*modelJob) int64) (list []*modelJob) {
	for _, j := range m.jobs {
		if match(j) {
			list = append(list, j)
		}
	}
	slices.SortFunc(list, func(a, b *modelJob) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.ref, b.ref))
	})
	return list[:min(n, len(list))]
}

func (m *model) held(lease string, ref int64) *modelJob {
	return m.find(func(j *modelJob) bool { return j.ref == ref && j.state == 2 && j.lease == lease })
}

func (m *model) settle(lease string, outcomes []job.Outcome) (conflict bool) {
	for _, o := range outcomes {
		if m.held(lease, o.Ref) == nil {
			return true
		}
	}
	// What is next is added when all runs have ended.
	var next []job.NewJob
	for _, o := range outcomes {
		m.end(m.held(lease, o.Ref), o)
		next = append(next, o.Next...)
	}
	m.enqueue(next)
	return false
}

func (m *model) end(j *modelJob, o job.Outcome) {
	if o.Ending == job.Done {
		m.remove(j)
		return
	}
	j.lease, j.until, j.due, j.problem = "", 0, o.At.UnixMilli(), o.Problem
	if o.Ending == job.Parked {
		if older := m.same(j.kind, j.key, 1, j); older != nil {
			m.remove(older)
		}
		j.state = 1
		return
	}
	if o.Ending == job.Released {
		j.attempt--
	}
	m.wait(j)
}

func (m *model) wait(j *modelJob) {
	if other := m.same(j.kind, j.key, 0, j); other != nil {
		other.attempt, other.due, other.problem = j.attempt, j.due, j.problem
		m.remove(j)
		return
	}
	j.state = 0
}

// modelRun is one random sequence of operations on the model and the store.
type modelRun struct {
	*jobBench
	m     model
	names int
}

func (r *modelRun) draw(t *rapid.T) job.NewJob {
	r.names++
	return job.NewJob{
		Payload: fmt.Append(nil, r.names), Kind: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind"),
		Key: rapid.SampledFrom([]string{"", "k", "l"}).Draw(t, "key"), Alone: rapid.Bool().Draw(t, "alone"),
		Priority: job.Priority(rapid.IntRange(-1, 1).Draw(t, "priority")),
		DueAt:    r.now.Add(r.span(t)),
	}
}

func (r *modelRun) span(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, 3).Draw(t, "seconds")) * time.Second
}

func (r *modelRun) lease(t *rapid.T) string {
	return rapid.SampledFrom([]string{"x", "y"}).Draw(t, "lease")
}

// some draws jobs in a state, in any order, mostly ones that a lease holds where it is given.
func (r *modelRun) some(t *rapid.T, state int, lease string) (refs []int64) {
	strict := lease != "" && rapid.IntRange(0, 4).Draw(t, "careless") > 0
	for _, j := range r.m.jobs {
		if j.state == state && (!strict || j.lease == lease) {
			refs = append(refs, j.ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	return rapid.Permutation(refs).Draw(t, "order")[:rapid.IntRange(1, len(refs)).Draw(t, "number")]
}

func (r *modelRun) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"enqueue": func(t *rapid.T) {
			list := make([]job.NewJob, rapid.IntRange(1, 6).Draw(t, "jobs"))
			for i := range list {
				list[i] = r.draw(t)
			}
			// The store drops what a batch has twice before it looks at anything else.
			if got, want := r.enqueue(list...), r.m.enqueue(once(list)); got != want {
				t.Fatalf("%d added, want %d", got, want)
			}
		},
		"claim": func(t *rapid.T) {
			q := job.ClaimQuery{Limit: rapid.IntRange(1, 4).Draw(t, "limit"), Lease: r.lease(t), Now: r.now}
			for _, kind := range []string{"a", "b"} {
				q.Rooms = append(q.Rooms, job.Room{Kind: kind, Limit: rapid.IntRange(0, 3).Draw(t, "room")})
			}
			q.Until = r.now.Add(time.Second + r.span(t))
			list, err := r.ClaimJobs(r.t.Context(), q)
			if got, want := payloads(list), strings.Join(r.m.claim(q), " "); err != nil || got != want {
				t.Fatalf("claimed %q, error %v, want %q", got, err, want)
			}
		},
		"settle": func(t *rapid.T) {
			lease := r.lease(t)
			var outcomes []job.Outcome
			for _, ref := range r.some(t, 2, lease) {
				o := job.Outcome{
					Ref: ref, Ending: job.Ending(rapid.IntRange(0, 3).Draw(t, "ending")), At: r.now.Add(r.span(t)), Problem: "p",
				}
				if rapid.Bool().Draw(t, "next") {
					o.Next = []job.NewJob{r.draw(t)}
				}
				outcomes = append(outcomes, o)
			}
			outcomes = nextOnce(outcomes)
			err := r.SettleJobs(r.t.Context(), lease, outcomes)
			if conflict := r.m.settle(lease, outcomes); fault.Is(err, fault.Conflict) != conflict || !conflict && err != nil {
				t.Fatalf("error %v, want a conflict: %t", err, conflict)
			}
		},
		"extend": func(t *rapid.T) {
			lease, until := r.lease(t), r.now.Add(time.Second+r.span(t))
			refs := r.some(t, 2, "")
			lost, err := r.ExtendLease(r.t.Context(), lease, until, refs)
			var want []int64
			for _, ref := range refs {
				if j := r.m.held(lease, ref); j != nil {
					j.until = until.UnixMilli()
				} else {
					want = append(want, ref)
				}
			}
			if err != nil || !slices.Equal(lost, want) {
				t.Fatalf("lost %v, error %v, want %v", lost, err, want)
			}
		},
		"requeue": func(t *rapid.T) {
			for _, ref := range r.some(t, 1, "") {
				if err := r.RequeueJob(r.t.Context(), ref); err != nil {
					t.Fatal(err)
				}
				j := r.m.find(func(j *modelJob) bool { return j.ref == ref })
				j.attempt, j.problem, j.due = 0, "", r.now.UnixMilli()
				r.m.wait(j)
			}
		},
		"time passes": func(t *rapid.T) { r.now = r.now.Add(r.span(t)) },
		"": func(t *rapid.T) {
			list, refs, err := r.DumpJobs(r.t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, j := range r.m.jobs {
				j.ref = refs[j.name]
				want = append(want, j.String())
			}
			slices.Sort(list)
			slices.Sort(want)
			if diff := compare.Diff(want, list); diff != "" {
				t.Fatal(diff)
			}
		},
	}
}

// once leaves the first job of each kind and key.
func once(list []job.NewJob) (left []job.NewJob) {
	for _, n := range list {
		if n.Key == "" || !slices.ContainsFunc(left, func(x job.NewJob) bool { return x.Kind == n.Kind && x.Key == n.Key }) {
			left = append(left, n)
		}
	}
	return left
}

// nextOnce leaves one next job for each kind and key, over all outcomes.
func nextOnce(outcomes []job.Outcome) []job.Outcome {
	var all []job.NewJob
	for i, o := range outcomes {
		if kept := once(append(slices.Clone(all), o.Next...)); len(kept) > len(all) {
			all = kept
		} else {
			outcomes[i].Next = nil
		}
	}
	return outcomes
}

func TestAnySequenceOfOperationsLeavesTheTableThatTheModelHas(t *testing.T) {
	onBothJobs(t, func(t *testing.T, b *jobBench) {
		rapid.Check(t, func(rt *rapid.T) {
			b.now = start
			if err := b.Exec(t.Context(), `DELETE FROM jobs`); err != nil {
				rt.Fatal(err)
			}
			r := &modelRun{jobBench: b}
			rt.Repeat(r.actions())
		})
	})
}
