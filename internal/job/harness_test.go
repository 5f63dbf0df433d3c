package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tidings/internal/job"
	"tidings/internal/store"
	"tidings/test/database"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a real SQLite store and what runners wrote into their log. Its kinds have the handlers that a test gives.
type bench struct {
	t     *testing.T
	store *store.Store
	log   *lines
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: database.New(t, "sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{t: t, store: s, log: &lines{}}
}

type lines struct {
	lock sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(part string) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return strings.Count(l.text.String(), part)
}

// start runs a runner; the test stops it at its end where it did not before.
func (b *bench) start(change func(*job.Options)) *job.Runner {
	b.t.Helper()
	o := job.Options{Store: b.store, Log: slog.New(slog.NewTextHandler(b.log, nil))}
	change(&o)
	r, err := job.NewRunner(o)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Start(b.t.Context())
	b.t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			b.t.Error(err)
		}
	})
	return r
}

// handle is the change of options that gives one kind, "work", a handler.
func handle(h job.Handler) func(*job.Options) {
	return func(o *job.Options) { o.Handlers = map[string]job.Handler{"work": h} }
}

func (b *bench) enqueue(jobs ...job.NewJob) {
	b.t.Helper()
	for i := range jobs {
		if jobs[i].Kind == "" {
			jobs[i].Kind = "work"
		}
	}
	if _, err := b.store.Enqueue(context.Background(), jobs); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) parked() []job.Job {
	b.t.Helper()
	list, err := b.store.ParkedJobs(context.Background(), job.ParkedQuery{})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// waiting claims all that is there but what is parked.
func (b *bench) waiting() []job.Job {
	b.t.Helper()
	return b.claimFarAhead(1000)
}

// claimFarAhead claims as a node would whose clock is far ahead: jobs that are not due, and ones that others run. Its
// lease ends at once by that clock.
func (b *bench) claimFarAhead(limit int) []job.Job {
	b.t.Helper()
	far := time.Now().Add(1000 * time.Hour)
	list, err := b.store.ClaimJobs(context.Background(), job.ClaimQuery{
		Rooms: []job.Room{{Kind: "work", Limit: limit}}, Limit: limit, Lease: "look", Now: far, Until: far,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func (b *bench) stop(r *job.Runner, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return r.Stop(ctx)
}

// record collects what happened, in order.
type record struct {
	lock sync.Mutex
	list []string
}

func (r *record) add(format string, args ...any) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.list = append(r.list, fmt.Sprintf(format, args...))
}

func (r *record) String() string {
	r.lock.Lock()
	defer r.lock.Unlock()
	return strings.Join(r.list, " ")
}

func (r *record) len() int {
	r.lock.Lock()
	defer r.lock.Unlock()
	return len(r.list)
}

// elapse lets the time of a synctest bubble pass, and everything in it with the time.
func elapse(d time.Duration) { <-time.After(d) }
