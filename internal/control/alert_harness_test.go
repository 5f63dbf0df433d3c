package control_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/job"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// chat is an incoming webhook.
type chat struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int // of the next posts; then 200
	posts   []string
	ids     []string
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.posts, c.ids = append(c.posts, string(body)), append(c.ids, r.Header.Get("Idempotency-Key"))
		if len(c.answers) > 0 {
			status := c.answers[0]
			c.answers = c.answers[1:]
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) told() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posts
}

// watcher is a server that raises alerts, with a clock of its own, an SMTP peer and a source.
type watcher struct {
	*mailer
	source *source.Source
	facts  int
}

func newWatcher(t *testing.T) *watcher {
	t.Helper()
	w := &watcher{mailer: newMailer(t, control.SettingsEdit{})}
	w.guarded()
	w.source = &source.Source{
		ID: "src_0123456789abcdef", Project: store.DefaultProject, Name: "main", Provider: "ses", CreatedAt: now.AddDate(0, 0, -60),
	}
	must(t, w.Store.CreateSource(t.Context(), w.source, store.Act{At: now, By: "test", Door: "test", Operation: "create"}))
	return w
}

// guarded gives what channels need.
func (w *watcher) guarded() {
	key := auth.NewSealKey()
	sealer, err := auth.NewSealer(key)
	must(w.t, err)
	w.Outlets.Sealer = func() (*auth.Sealer, error) { return sealer, nil }
	loopback := &netguard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	w.Webhooks = control.NewCaller(loopback, "1.2.3")
}

// happen stores events of a name, each of a message of its own, that occurred now.
func (w *watcher) happen(name event.Name, n int, change func(i int, d *event.Draft)) {
	w.t.Helper()
	var entries []*receipt.Entry
	at := w.clock()
	for range n {
		w.facts++
		id := fmt.Sprintf("%s-%d", name, w.facts)
		d := event.Draft{IdentityAt: at, Key: []string{id}}
		d.Name, d.Recipient, d.OccurredAt = name, fmt.Sprintf("p%d@acme.test", w.facts), at
		d.Message = &event.Message{ID: id, Template: "welcome", SentAt: at}
		if name == event.EmailBounce {
			d.Bounce = &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user"}
		}
		if change != nil {
			change(w.facts, &d)
		}
		entries = append(entries, w.Builder.Build(w.source, provider.Result{
			Transport: provider.Transport{ID: id, At: at}, Drafts: []event.Draft{d}, Kind: "notification",
		}, []byte(id), at))
	}
	must(w.t, w.Commit(w.t.Context(), entries))
}

// look looks at all rules, so many times, each so long after the one before.
func (w *watcher) look(times int, pause time.Duration) {
	w.t.Helper()
	for range times {
		w.jump(pause)
		must(w.t, w.WatchAlerts(w.t.Context()))
	}
}

// tell runs the jobs that tell of alerts until nothing is due, and counts those that are to be tried again.
func (w *watcher) tell(last bool) (again int) {
	w.t.Helper()
	for {
		jobs, err := w.Store.ClaimJobs(w.t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: store.NoticeKind, Limit: 100}}, Limit: 100, Lease: "test", Now: w.clock(),
			Until: w.clock().Add(time.Hour),
		})
		must(w.t, err)
		if len(jobs) == 0 {
			return again
		}
		outcomes := make([]job.Outcome, len(jobs))
		for i, j := range jobs {
			outcomes[i] = job.Outcome{Ref: j.Ref}
			if err := w.RunNotice(w.t.Context(), j.Payload, last); err != nil {
				again++
				outcomes[i] = job.Outcome{Ref: j.Ref, Ending: job.Retried, At: w.clock().Add(time.Second), Problem: err.Error()}
			}
		}
		must(w.t, w.Store.SettleJobs(w.t.Context(), "test", outcomes))
	}
}

func (w *watcher) channel(kind string, e control.ChannelEdit) store.AlertChannel {
	w.t.Helper()
	if e.Name == nil {
		e.Name = new(kind)
	}
	x, err := w.CreateAlertChannel(w.t.Context(), operator, kind, e)
	must(w.t, err)
	return x
}

// alerts lists those of a state in short: "alr_bounces warn welcome".
func (w *watcher) alerts(state string) (list []string) {
	w.t.Helper()
	page, err := w.Alerts(w.t.Context(), operator, control.AlertFilter{State: state})
	must(w.t, err)
	for _, x := range page.Alerts {
		list = append(list, strings.TrimSpace(fmt.Sprint(x.Rule, " ", x.State.Level, " ", x.Subject.Label())))
	}
	return list
}
