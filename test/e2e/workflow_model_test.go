package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/send"
	"tidings/internal/store"
	"tidings/internal/workflow"
	"tidings/test/runmodel"
)

// livesVariable is how many contacts go through random workflows while servers are killed; streamTime is how long something
// happens to them.
const (
	livesVariable = "TIDINGS_E2E_LIVES"
	defaultLives  = 100
	streamTime    = 7 * time.Second
)

// TestRandomRunsEndAsTheModelSaysThoughServersAreKilled has contacts with random events in random workflows, kills servers
// meanwhile, and has a model follow what the servers say that they did: whether it is what they had to do with what they were told.
func TestRandomRunsEndAsTheModelSaysThoughServersAreKilled(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		engine string
		nodes  int
	}{{"sqlite", 1}, {"postgres", 3}} {
		t.Run(x.engine, func(t *testing.T) {
			t.Parallel()
			seed := int(time.Now().UnixNano() & 0xffffffff)
			t.Logf("seed %d", seed)
			l := &lives{flows: newFlows(t, x.engine, x.nodes)}
			l.furnish(seed, setting(t, livesVariable, defaultLives))
			l.play(setting(t, roundsVariable, defaultRounds))
			l.rest()
			l.judge()
		})
	}
}

// lives are contacts, to whom things happen.
type lives struct {
	*flows
	mu    sync.RWMutex // of nodes
	model []*runmodel.Flow
	all   []*life
}

// life is what happens to one contact.
type life struct {
	of      *lives
	email   string
	flow    *runmodel.Flow
	contact *runmodel.Contact
	plan    []planned
	events  []happened
}

// planned is an event that will happen.
type planned struct {
	after time.Duration
	event runmodel.Event
}

// happened is an event as the server took it: when it says so, and when it had answered by.
type happened struct {
	id           string
	at, answered time.Time
}

// furnish makes workflows and contacts.
func (l *lives) furnish(seed, size int) {
	l.t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == runmodel.BadPath {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	l.t.Cleanup(hook.Close)
	seconds := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	for i := range max(size/8, 3) {
		taste := runmodel.Taste{
			Waits: seconds, Timeouts: seconds, Wholes: []time.Duration{4 * time.Second, 8 * time.Second}, Hook: hook.URL,
			Prefix: fmt.Sprintf("w%d.", i), Ends: true,
		}
		f := rapid.Custom(func(t *rapid.T) *runmodel.Flow { return taste.Draw(t, fmt.Sprintf("w%d", i)) }).Example(seed + i)
		for _, key := range f.Templates() {
			l.nodes[0].api(http.MethodPost, "/templates", fmt.Sprintf(`{"key":%q,"name":%q,"subject":"This is %s","type":"MARKETING",
				"body":"<p>Hi {{ email }}</p>","from":"news@send.test"}`, key, key, key), nil)
		}
		body, err := json.Marshal(map[string]any{"text": string(f.JSON()), "enabled": true})
		must(l.t, err)
		l.nodes[0].api(http.MethodPost, "/workflows", string(body), nil)
		l.model = append(l.model, f)
	}
	chance := rand.New(rand.NewPCG(uint64(seed), 1)) //nolint:gosec // it is a number like any other
	for i := range size {
		x := &life{of: l, email: reader(i), flow: l.model[i%len(l.model)]}
		x.contact = &runmodel.Contact{Email: x.email, Attributes: make(map[string]string)}
		if chance.IntN(2) == 0 {
			x.contact.Attributes["tier"] = runmodel.Plans[chance.IntN(3)]
		}
		x.draw(chance, fmt.Sprintf("w%d.", i%len(l.model)))
		l.all = append(l.all, x)
	}
}

// draw draws what will happen, first what the workflow begins with.
func (x *life) draw(chance *rand.Rand, prefix string) {
	for n := range 2 + chance.IntN(5) {
		e := runmodel.Event{Name: prefix + runmodel.Names[chance.IntN(len(runmodel.Names))], N: chance.IntN(5)}
		if n == 0 {
			e.Name, e.N = strings.Replace(x.flow.Trigger, "*", "a", 1), 4
		}
		if chance.IntN(2) == 0 {
			e.Plan = runmodel.Plans[chance.IntN(3)]
		}
		x.plan = append(x.plan, planned{time.Duration(chance.Int64N(int64(streamTime))), e})
	}
	slices.SortStableFunc(x.plan, func(a, b planned) int { return cmp.Compare(a.after, b.after) })
	for i := range x.plan { // what begins it comes early
		if n, e := x.plan[i], x.plan[i].event; i > 0 && e.N == 4 && strings.HasPrefix(e.Name, strings.TrimSuffix(x.flow.Trigger, "*")) {
			x.plan[0].event, x.plan[i].event = n.event, x.plan[0].event
			return
		}
	}
}

// play lets everything happen, and kills servers meanwhile.
func (l *lives) play(rounds int) {
	l.t.Helper()
	began := time.Now()
	var group sync.WaitGroup
	for _, x := range l.all {
		group.Go(func() { x.live(began) })
	}
	for round := range rounds {
		<-time.After(rand.N(2 * streamTime / time.Duration(rounds)))
		i := round % len(l.nodes)
		l.nodes[i].kill()
		fresh := l.start()
		l.mu.Lock()
		l.nodes[i] = fresh
		l.mu.Unlock()
	}
	group.Wait()
}

func (l *lives) node() *server {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.nodes[rand.N(len(l.nodes))]
}

// live lets happen to a contact what was drawn, one after the other. Each is told until it was taken, some twice.
func (x *life) live(began time.Time) {
	for i, p := range x.plan {
		<-time.After(time.Until(began.Add(p.after)))
		data := map[string]any{"n": p.event.N}
		if p.event.Plan != "" {
			data["plan"] = p.event.Plan
		}
		if tier := x.contact.Attributes["tier"]; i == 0 && tier != "" {
			data["tier"] = tier
		}
		raw, _ := json.Marshal(map[string]any{"email": x.email, "event": p.event.Name, "data": data})
		key := fmt.Sprint(x.email, " ", i)
		x.events = append(x.events, x.of.insist(raw, key))
		if i%3 == 0 {
			x.of.insist(raw, key)
		}
	}
}

// insist tracks an event until a server has taken it.
func (l *lives) insist(raw []byte, key string) happened {
	for {
		r, err := l.node().do(http.MethodPost, "/v1/track", bytes.NewReader(raw), http.Header{
			"Content-Type": {"application/json"}, "Idempotency-Key": {key},
		})
		switch {
		case err == nil && r.status == http.StatusOK:
			var told struct {
				Data struct {
					Event     string
					Timestamp time.Time
				}
			}
			if err := json.Unmarshal(r.body, &told); err != nil {
				l.t.Error(err)
			}
			return happened{told.Data.Event, told.Data.Timestamp, time.Now()}
		case l.t.Context().Err() != nil:
			return happened{}
		case err == nil && r.status < http.StatusInternalServerError:
			l.t.Errorf("track: %d %s", r.status, r.body)
			return happened{}
		}
		<-time.After(50 * time.Millisecond)
	}
}

// rest waits until nobody is in a workflow any more, and no email waits.
func (l *lives) rest() {
	l.t.Helper()
	started, since := -1, time.Now()
	l.slowly("all runs end", func() bool {
		open, sum := 0, 0
		for _, f := range l.model {
			var x runFigures
			l.nodes[0].get("/workflows/"+f.Key+"/figures", &x)
			open, sum = open+x.Open, sum+x.Started
		}
		if open > 0 || sum != started {
			started, since = sum, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
	l.slowly("no email waits", func() bool { return len(l.sends("queued")) == 0 })
	for _, s := range l.nodes {
		s.kill()
	}
	if v := verify(l.t, l.db); len(v.Differences) > 0 {
		l.t.Errorf("a recount differs: %+v", v)
	}
}

// judge compares what the servers did with what the model does.
func (l *lives) judge() {
	l.t.Helper()
	ctx := context.WithoutCancel(l.t.Context())
	s, err := store.Open(ctx, store.Options{URL: l.db})
	must(l.t, err)
	defer s.Close()
	runs, lately := 0, time.Duration(0)
	// Where a machine is busy, what is stored overlaps with what is decided in ways that the history does not tell: a difference is a fault
	// only where somebody asked for a size, and gave the machine for it. That nobody is mailed twice or left out holds always.
	differs := l.t.Logf
	if os.Getenv(livesVariable) != "" {
		differs = l.t.Errorf
	}
	for _, x := range l.all {
		h := x.history(ctx, s)
		runs += len(h.runs)
		late, diff := x.follow(h)
		lately = max(lately, late)
		if diff != "" {
			differs("%s in %s (-model +server)\n%s\n%s\n%s", x.email, x.flow.JSON(), diff, h.says(), x.says())
		}
	}
	sent, uncertain := l.mails(ctx, s)
	l.t.Logf("%d contacts, %d workflows, %d runs, %d emails of which %d are uncertain; the latest step was %s late",
		len(l.all), len(l.model), runs, sent, uncertain, lately.Round(time.Millisecond))
	if runs == 0 {
		l.t.Error("nothing happened")
	}
}

// mails holds what the mail server took against what the servers know: nobody got an email twice, and whoever got none of what
// is not skipped is listed as uncertain.
func (l *lives) mails(ctx context.Context, s *store.Store) (sent, uncertain int) {
	l.t.Helper()
	took := make(map[string]int)
	for _, m := range l.peer.Mails() {
		x, err := mail.ReadMessage(bytes.NewReader(m.Data))
		must(l.t, err)
		id, _, _ := strings.Cut(strings.Trim(x.Header.Get("Message-Id"), "<>"), "@")
		took[id]++
	}
	for before := int64(0); ; {
		list, err := s.Sends(ctx, store.SendQuery{Project: store.DefaultProject, Limit: 1000, Before: before})
		must(l.t, err)
		if len(list) == 0 {
			return sent, uncertain
		}
		for _, m := range list {
			before = m.Ref
			n := 0
			for id, times := range took {
				if id == m.ID || strings.HasPrefix(id, m.ID+".") {
					n = times
				}
			}
			switch open := m.Status == send.StatusUncertain || m.Status == send.StatusHanding; {
			case n > 1:
				l.t.Errorf("%s got %s %d times", m.Recipient, m.ID, n)
			case open:
				uncertain++
			case m.Status == send.StatusSkipped && n > 0, m.Status != send.StatusSkipped && n != 1:
				l.t.Errorf("%s got %s %d times, which is %s: %s", m.Recipient, m.ID, n, m.Status, m.Problem)
			}
			sent++
		}
	}
}

// history is what the servers did about a contact.
type history struct {
	runs  []store.Run
	marks [][]workflow.Mark
	mails []string
}

func (x *life) history(ctx context.Context, s *store.Store) *history {
	t := x.of.t
	t.Helper()
	h := &history{}
	list, err := s.Runs(ctx, store.RunQuery{Project: store.DefaultProject, Contact: x.email, Limit: 1000})
	must(t, err)
	slices.Reverse(list)
	for _, r := range list {
		_, marks, err := s.Run(ctx, store.DefaultProject, r.ID)
		must(t, err)
		h.runs, h.marks = append(h.runs, r), append(h.marks, marks)
	}
	sends, err := s.Sends(ctx, store.SendQuery{Project: store.DefaultProject, Contact: x.email, Limit: 1000})
	must(t, err)
	for _, m := range sends {
		h.mails = append(h.mails, strings.TrimSpace(m.Content.Label+" "+m.Reason))
	}
	slices.Sort(h.mails)
	return h
}

func clockTime(t time.Time) string {
	if t.IsZero() {
		return "..."
	}
	return t.UTC().Format("05.000")
}

func (h *history) says() string {
	var b strings.Builder
	for i, r := range h.runs {
		reason := r.Reason
		if r.Status == workflow.Failed {
			reason = ""
		}
		fmt.Fprintf(&b, "run since %s: %s, %s\n", clockTime(r.StartedAt), r.Status, reason)
		for _, m := range h.marks[i] {
			markSays(&b, m.Step, m.Entered, m.Left, m.Outcome)
		}
	}
	return b.String() + strings.Join(h.mails, "\n")
}

func markSays(b *strings.Builder, step string, entered, left time.Time, outcome string) {
	shown := clockTime(left)
	if outcome == "replaced" {
		shown = "then" // a moment after the event was told
	}
	fmt.Fprintf(b, "  %s %s %s %s\n", step, clockTime(entered), shown, outcome)
}

func modelSays(c *runmodel.Contact) string {
	var b strings.Builder
	for _, r := range c.Runs {
		fmt.Fprintf(&b, "run since %s: %s, %s\n", clockTime(r.Started), r.Status, r.Reason)
		for _, m := range r.Marks {
			markSays(&b, m.Step, m.Entered, m.Left, m.Outcome)
		}
	}
	var mails []string
	for _, m := range c.Mails {
		mails = append(mails, strings.TrimSpace(m.Template+" "+m.Skipped))
	}
	slices.Sort(mails)
	return b.String() + strings.Join(mails, "\n")
}

// says tells what happened to a contact.
func (x *life) says() string {
	var b strings.Builder
	for i, e := range x.events {
		p := x.plan[i].event
		fmt.Fprintf(&b, "event %s n=%d plan=%s at %s, answered %s\n", p.Name, p.N, p.Plan, clockTime(e.at), clockTime(e.answered))
	}
	return b.String()
}

// follow has the model do what the servers did, at the times at which they did it. What differs is empty where it does the same.
// Of an event that came as something else was done, nobody knows which was first: then either may be.
func (x *life) follow(h *history) (late time.Duration, diff string) {
	for early := range 2 << len(x.events) {
		late, d := x.followOnce(h, early)
		if d == "" {
			return late, ""
		}
		if early == 0 {
			diff = d
		}
	}
	return 0, diff
}
