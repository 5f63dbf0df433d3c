package control_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/store"
	"tidings/internal/workflow"
	"tidings/test/database"
	"tidings/test/runmodel"
)

// TestRunsEndAsTheModelSays plays random workflows and random lives of contacts, and has a model do the same. The server is cut
// off at random, opened again, and works as two nodes at once. TIDINGS_MODEL_CASES asks for more cases than these few: a
// PostgreSQL needs longer to make a database than to play one.
func TestRunsEndAsTheModelSays(t *testing.T) {
	t.Parallel()
	wanted, err := strconv.Atoi(cmp.Or(os.Getenv("TIDINGS_MODEL_CASES"), "0"))
	must(t, err)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == runmodel.BadPath {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(hook.Close)
	for engine, few := range map[string]int{"sqlite": 12, "postgres": 5} {
		many := cmp.Or(wanted, few)
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			began, n, at, failed, seen := time.Now(), 0, false, false, make(map[string]int)
			for n < many && !failed {
				rapid.Check(t, func(rt *rapid.T) {
					failed = failed || at // it did not come to the end
					if n >= many && !failed {
						return // rapid tries a hundred
					}
					n, at = n+1, true
					playModel(t, rt, engine, hook.URL, seen)
					at = false
				})
			}
			t.Logf("%d cases in %s: %v", n, time.Since(began).Round(time.Second), seen)
		})
	}
}

// caseTB is a test of one case, which ends long before the test does. What fails is told to rapid, which finds a smaller case.
type caseTB struct {
	*testing.T
	rt   *rapid.T
	last []func()
}

func (c *caseTB) Cleanup(f func())                  { c.last = append(c.last, f) }
func (c *caseTB) Fatal(args ...any)                 { c.rt.Fatal(args...) }
func (c *caseTB) Fatalf(format string, args ...any) { c.rt.Fatalf(format, args...) }
func (c *caseTB) Error(args ...any)                 { c.rt.Error(args...) }
func (c *caseTB) Errorf(format string, a ...any)    { c.rt.Errorf(format, a...) }

func (c *caseTB) TempDir() string {
	folder, err := os.MkdirTemp("", "tidings-model")
	if err != nil {
		c.rt.Fatal(err)
	}
	c.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func (c *caseTB) end() {
	for _, f := range slices.Backward(c.last) {
		f()
	}
}

// duet is a server of two nodes, and the model beside it.
type duet struct {
	t     *caseTB
	rt    *rapid.T
	nodes []*stage // with one clock; on SQLite they share one store
	model *runmodel.World
	told  []string // what was done, for whom reads of a failure
	seen  map[string]int
	// consented is when contacts last said whether they want mail.
	consented map[*runmodel.Contact]time.Time
}

func playModel(t *testing.T, rt *rapid.T, engine, hook string, seen map[string]int) {
	c := &caseTB{T: t, rt: rt}
	defer c.end()
	d := &duet{t: c, rt: rt, seen: seen, consented: make(map[*runmodel.Contact]time.Time)}
	d.nodes = []*stage{{t: c, url: database.New(c, engine), folder: c.TempDir(), files: scriptOf(nil)}}
	d.model = &runmodel.World{}
	defer d.model.Close()
	d.set(scenarioStart.AddDate(0, rapid.IntRange(-3, 8).Draw(rt, "months"), rapid.IntRange(0, 30).Draw(rt, "days")))
	d.nodes[0].open()
	d.nodes[0].furnish()
	d.twin()
	d.draw(hook)
	for range rapid.IntRange(4, 30).Draw(rt, "deeds") {
		d.deed()
	}
	d.pass()
	d.compare()
	d.count()
}

// count counts what happened to runs, so that whoever reads it knows what was tried.
func (d *duet) count() {
	for _, r := range d.ours() {
		d.seen[r.Status]++
		for _, m := range r.Marks {
			d.seen[strings.TrimRight(m.Step, "0123456789")+" "+m.Outcome]++
		}
	}
}

// twin opens a second node.
func (d *duet) twin() {
	first := d.nodes[0]
	second := &stage{t: d.t, url: first.url, folder: first.folder, files: first.files, feed: first.feed, now: first.clock()}
	if strings.HasPrefix(first.url, "postgres") {
		second.open()
	} else {
		second.serve(first.Store)
	}
	d.nodes = append(d.nodes[:1], second)
	loopback := &netguard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, s := range d.nodes {
		s.Webhooks = control.NewCaller(loopback, "1.2.3")
	}
}

// restart closes what there is, and opens it again.
func (d *duet) restart() {
	must(d.t, d.nodes[0].Store.Close())
	if d.nodes[1].Store != d.nodes[0].Store {
		must(d.t, d.nodes[1].Store.Close())
	}
	d.nodes[0].open()
	d.twin()
}

func (d *duet) set(now time.Time) {
	for _, s := range d.nodes {
		s.set(now)
	}
	d.model.Now = now
}

func (d *duet) note(format string, args ...any) {
	d.told = append(d.told, d.model.Now.Format("2006-01-02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (d *duet) chance(n int, what string) bool { return rapid.IntRange(1, n).Draw(d.rt, what) == n }

var hours = []time.Duration{
	time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour, 49 * time.Hour, 7 * 24 * time.Hour,
}

// draw makes the workflows and the contacts.
func (d *duet) draw(hook string) {
	s, m := d.nodes[0], d.model
	taste := runmodel.Taste{Waits: hours, Timeouts: hours, Wholes: hours[2:], Clocks: true, Hook: hook}
	taste.Limits = d.chance(4, "with limits")
	for i := range rapid.IntRange(1, 3).Draw(d.rt, "workflows") {
		f := taste.Draw(d.rt, fmt.Sprintf("w%d", i+1))
		m.Flows = append(m.Flows, f)
		for _, key := range f.Templates() {
			must(d.t, s.template(key))
		}
		d.note("workflow %s", f.JSON())
		d.enable(f)
	}
	for i := range rapid.IntRange(1, 3).Draw(d.rt, "contacts") {
		c := &runmodel.Contact{
			Email: fmt.Sprintf("c%d@acme.test", i+1), Zone: rapid.SampledFrom(runmodel.Zones).Draw(d.rt, "zone"),
			Attributes: map[string]string{}, Times: map[string]time.Time{},
		}
		data := map[string]any{"seen": true}
		if c.Zone != "" {
			data["timezone"] = c.Zone
		}
		if d.chance(2, "with a plan") {
			c.Attributes["tier"] = rapid.SampledFrom(runmodel.Plans).Draw(d.rt, "tier")
			data["tier"] = c.Attributes["tier"]
		}
		if d.chance(2, "with a time") {
			c.Times["ends"] = d.moment("ends")
			data["ends"] = c.Times["ends"].Format(time.RFC3339)
		}
		raw, err := json.Marshal(data)
		must(d.t, err)
		e := control.ContactEdit{Email: c.Email, Subscribed: new(true)}
		must(d.t, json.Unmarshal(raw, &e.Data))
		_, err = s.PutContact(d.t.Context(), operator, e)
		must(d.t, err)
		m.Contacts = append(m.Contacts, c)
		d.note("contact %s %s", c.Email, raw)
	}
}

// moment draws a time not far from now.
func (d *duet) moment(what string) time.Time {
	return d.model.Now.Truncate(time.Minute).Add(time.Duration(rapid.IntRange(-24, 24*9).Draw(d.rt, what)) * time.Hour)
}

func (d *duet) enable(f *runmodel.Flow) {
	file := workflow.Read(f.JSON())
	if len(file.Problems) > 0 || len(file.Graphs) != 1 {
		d.rt.Fatalf("%v\n%s", file.Problems, f.JSON())
	}
	s := d.nodes[0]
	_, err := s.Store.ChangeWorkflows(d.t.Context(), store.DefaultProject,
		func([]store.Workflow) ([]store.WorkflowChange, error) {
			x := store.WorkflowChange{Edited: true, Act: s.act("apply")}
			x.ID, x.Definition, x.Enabled, x.Origin = auth.NewID("wfl_"), file.Graphs[0].Definition, true, store.WorkflowOfFiles
			return []store.WorkflowChange{x}, nil
		})
	must(d.t, err)
}

// deed does one thing in both worlds, after which the server may or may not look at what there is to do.
func (d *duet) deed() {
	deeds := []func(){d.jump, d.jump, d.jump, d.tracks, d.tracks, d.tracks, d.tracks, d.starts, d.engages, d.consents, d.cancels, d.storm}
	rapid.SampledFrom(deeds).Draw(d.rt, "deed")()
	if !d.chance(4, "nobody is at work") {
		d.pass()
	}
}

// jump lets time pass: a while, or until something is due. Things happen half a minute after the full one, so that nothing is due
// when they do.
func (d *duet) jump() {
	now := d.model.Now.Truncate(time.Minute)
	to := now.Add(rapid.SampledFrom(hours).Draw(d.rt, "jump"))
	if due := d.model.NextDue(); !due.IsZero() && d.chance(2, "until something is due") {
		to = due.Add(time.Duration(rapid.IntRange(-1, 1).Draw(d.rt, "minutes")) * time.Minute)
	}
	if !to.After(d.model.Now) {
		return
	}
	d.set(to)
	d.note("it is")
}

// halfPast is the next moment at which something may happen.
func (d *duet) halfPast() {
	if now := d.model.Now; now.Second() != 30 {
		d.set(now.Truncate(time.Minute).Add(30 * time.Second))
		if d.model.Now.Before(now) {
			d.set(d.model.Now.Add(time.Minute))
		}
	}
}

func (d *duet) anybody() *runmodel.Contact {
	return rapid.SampledFrom(d.model.Contacts).Draw(d.rt, "contact")
}

// anyEvent draws one, as the model and as the server has it.
func (d *duet) anyEvent(c *runmodel.Contact) (e runmodel.Event, item control.TrackItem) {
	e = runmodel.Event{
		Name: rapid.SampledFrom(runmodel.Names).Draw(d.rt, "name"), At: d.model.Now,
		N: rapid.IntRange(0, 4).Draw(d.rt, "n"),
	}
	if wanted := d.model.Wanted(c); len(wanted) > 0 && d.chance(2, "it is wanted") {
		e.Name = rapid.SampledFrom(wanted).Draw(d.rt, "wanted")
	}
	data := map[string]any{"n": e.N}
	if d.chance(2, "of a plan") {
		e.Plan = rapid.SampledFrom(runmodel.Plans).Draw(d.rt, "plan")
		data["plan"] = e.Plan
	}
	if d.chance(3, "of a time") {
		e.When = d.moment("when")
		data["when"] = e.When.Format(time.RFC3339)
	}
	raw, err := json.Marshal(data)
	must(d.t, err)
	item = control.TrackItem{Email: c.Email, Event: e.Name, Data: raw}
	if d.chance(5, "it is late") { // it tells of what was some hours ago
		e.Ago = time.Duration(rapid.IntRange(1, 48).Draw(d.rt, "hours ago")) * time.Hour
		item.Timestamp = e.At.Add(-e.Ago).Format(time.RFC3339)
	}
	d.note("%s %s %s %s", e.Name, c.Email, raw, item.Timestamp)
	return e, item
}

// tracks lets an event happen, which may be told twice.
func (d *duet) tracks() {
	d.halfPast()
	c := d.anybody()
	e, item := d.anyEvent(c)
	d.model.Happens(c, e)
	times := 1
	if d.chance(4, "twice") {
		times = 2
	}
	d.tracked(item, times)
}

func (d *duet) tracked(item control.TrackItem, times int) {
	in := control.TrackRequest{Items: []control.TrackItem{item}, IdempotencyKey: auth.NewID("key_")}
	for i := range times {
		list, _, err := d.nodes[i].Track(d.t.Context(), operator, in)
		must(d.t, err)
		must(d.t, list[0].Problem)
	}
}

// storm lets something happen to everybody while both nodes are at work.
func (d *duet) storm() {
	d.halfPast()
	d.pass()
	d.note("a storm")
	var items []control.TrackItem
	for _, c := range d.model.Contacts {
		e, item := d.anyEvent(c)
		d.model.Happens(c, e)
		items = append(items, item)
	}
	var group sync.WaitGroup
	for _, s := range d.nodes {
		group.Go(func() {
			for range 3 {
				d.work(d.t.Context(), s)
			}
		})
	}
	for _, item := range items {
		d.tracked(item, 1)
	}
	group.Wait()
	d.pass()
}

func (d *duet) starts() {
	d.halfPast()
	c, f := d.anybody(), rapid.SampledFrom(d.model.Flows).Draw(d.rt, "workflow")
	plan := rapid.SampledFrom(runmodel.Plans).Draw(d.rt, "plan")
	d.note("start %s %s %s", f.Key, c.Email, plan)
	in := control.NewRun{Contact: c.Email, Context: json.RawMessage(`{"plan":"` + plan + `"}`), IdempotencyKey: auth.NewID("key_")}
	_, _, err := d.nodes[0].StartRun(d.t.Context(), operator, f.Key, in)
	if may := d.model.Start(c, f, plan); may != (err == nil) {
		d.fail("started: %t, %v", may, err)
	}
}

// engages lets a contact open an email, or click in it.
func (d *duet) engages() {
	d.halfPast()
	c := d.anybody()
	var sent []*runmodel.Mail
	for _, m := range c.Mails {
		if m.Skipped == "" {
			sent = append(sent, m)
		}
	}
	if len(sent) == 0 {
		return
	}
	template := rapid.SampledFrom(sent).Draw(d.rt, "mail").Template
	name := rapid.SampledFrom([]string{"email.open", "email.click"}).Draw(d.rt, "engagement")
	runs := make(map[*runmodel.Run]bool) // of the newest; who knows which of two of one moment is
	newest := time.Time{}
	for _, m := range sent {
		if m.Template == template && !m.At.Before(newest) {
			if m.At.After(newest) {
				clear(runs)
			}
			newest, runs[m.Run] = m.At, true
		}
	}
	if len(runs) != 1 {
		return
	}
	verdict := "human"
	if d.chance(4, "a machine") {
		verdict = "machine"
	}
	d.note("%s %s %s %s", name, c.Email, template, verdict)
	must(d.t, d.nodes[0].provided(name, c.Email, `{"of":"`+template+`","verdict":"`+verdict+`","url":"https://acme.test"}`))
	if verdict == "machine" {
		return
	}
	for r := range runs {
		d.model.Happens(c, runmodel.Event{Name: name, At: d.model.Now, Template: template, Run: r})
	}
}

// consents lets a contact unsubscribe, subscribe again, or be suppressed.
func (d *duet) consents() {
	d.halfPast()
	c := d.anybody()
	if d.consented[c].Equal(d.model.Now) {
		return // of two words of one moment the one against mail counts
	}
	d.consented[c] = d.model.Now
	switch ctx := d.t.Context(); rapid.IntRange(0, 3).Draw(d.rt, "consent") {
	case 0:
		if c.Suppressed != "" || c.Unsubscribed {
			return
		}
		d.note("suppress %s", c.Email)
		_, err := d.nodes[0].Suppress(ctx, operator, control.NewSuppression{Address: c.Email, Note: "asked"})
		must(d.t, err)
		d.model.Mayed(c, c.Unsubscribed, "manual")
	case 1, 2:
		d.note("unsubscribe %s", c.Email)
		d.subscribed(c, false)
	case 3:
		d.note("subscribe %s", c.Email)
		d.subscribed(c, true)
	}
}

func (d *duet) subscribed(c *runmodel.Contact, is bool) {
	_, err := d.nodes[0].PutContact(d.t.Context(), operator, control.ContactEdit{Email: c.Email, Subscribed: new(is)})
	must(d.t, err)
	d.model.Mayed(c, !is, c.Suppressed)
}

// cancels ends a run by hand.
func (d *duet) cancels() {
	d.halfPast()
	d.pass()
	list := d.ours()
	if len(list) == 0 {
		return
	}
	i := rapid.IntRange(0, len(list)-1).Draw(d.rt, "run")
	r := list[i]
	if !r.Open() && r.Status != "FAILED" {
		return
	}
	d.note("cancel a run of %s in %s", r.Contact.Email, r.Flow.Key)
	for _, x := range d.theirs() {
		if i--; i == -1 {
			_, err := d.nodes[0].CancelRun(d.t.Context(), operator, x.Key, x.ID, "")
			must(d.t, err)
		}
	}
	d.model.Cancel(r, operator.By)
}

// pass lets both worlds do what there is to do now: the server by one node, by two at once, or in spite of what ends in the midst
// of it.
func (d *duet) pass() {
	switch rapid.IntRange(0, 9).Draw(d.rt, "how it works") {
	case 0, 1:
		d.cut()
	case 2:
		d.cut()
		d.restart()
	case 3, 4, 5:
		var group sync.WaitGroup
		for _, s := range d.nodes {
			group.Go(func() { d.work(d.t.Context(), s) })
		}
		group.Wait()
	}
	for d.work(d.t.Context(), d.nodes[0]) {
	}
	d.model.Pass()
	if os.Getenv("DBG") != "" {
		d.note("server: %s", d.serverSays())
		for _, r := range d.theirs() {
			d.note("RUN %+v", r.Run)
		}
	}
}

// work lets one node do what there is to do. more: a webhook was called.
func (d *duet) work(ctx context.Context, s *stage) (more bool) {
	for shard := range int64(store.WorkflowShards) {
		if err := s.RunWorkflows(ctx, shard); err != nil && ctx.Err() == nil {
			d.t.T.Errorf("run workflows: %v", err)
		}
	}
	list, err := s.Store.Runs(ctx, store.RunQuery{
		Project: store.DefaultProject, Limit: 1000, Statuses: []workflow.Status{workflow.Running},
	})
	if err != nil && ctx.Err() == nil {
		d.t.T.Errorf("list runs: %v", err)
	}
	for _, r := range list {
		payload, _ := json.Marshal(store.RunCall{Project: store.DefaultProject, Run: r.ID, Visit: r.Visit})
		if err := s.CallWebhook(ctx, payload); err != nil && ctx.Err() == nil {
			d.t.T.Errorf("call webhook: %v", err)
		}
	}
	return len(list) > 0
}

// cut begins to work, and is cut off.
func (d *duet) cut() {
	ctx := &cutContext{Context: d.t.Context(), done: make(chan struct{}), left: rapid.IntRange(1, 150).Draw(d.rt, "cut after")}
	d.work(ctx, d.nodes[rapid.IntRange(0, 1).Draw(d.rt, "node")])
}

// cutContext ends once it was asked so many times.
type cutContext struct {
	context.Context
	mu   sync.Mutex
	done chan struct{}
	left int
}

func (c *cutContext) ask() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
	return c.left <= 0
}

func (c *cutContext) Done() <-chan struct{} {
	c.ask()
	return c.done
}

func (c *cutContext) Err() error {
	if c.ask() {
		return context.Canceled
	}
	return nil
}

// ours are the runs of the model, and theirs those of the server, in one order.
func (d *duet) ours() (list []*runmodel.Run) {
	for _, c := range d.model.Contacts {
		for _, f := range d.model.Flows {
			for _, r := range c.Runs {
				if r.Flow == f {
					list = append(list, r)
				}
			}
		}
	}
	return list
}

func (d *duet) theirs() []store.Run {
	list := d.nodes[0].runs()
	slices.SortFunc(list, func(a, b store.Run) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Key, b.Key), cmp.Compare(a.Ref, b.Ref))
	})
	return list
}

func (d *duet) fail(format string, args ...any) {
	text := fmt.Sprintf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(d.told, "\n"))
	d.rt.Log(text)
	if d.seen["differs"]++; d.seen["differs"] == 1 {
		d.t.Log(text) // by chance it may not happen again
	}
	d.rt.Fatal("the server does what the model does not") // the words are always the same: rapid looks for a smaller case of them
}

// compare holds what became of everybody against what the model says: every run with its steps, every email, every counter.
func (d *duet) compare() {
	if diff := gocmp.Diff(strings.Split(d.modelSays(), "\n"), strings.Split(d.serverSays(), "\n")); diff != "" {
		d.fail("(-model +server)\n%s", diff)
	}
	d.nodes[0].recounts()
}

func (d *duet) modelSays() string {
	var b strings.Builder
	for _, r := range d.ours() {
		fmt.Fprintf(&b, "%s in %s since %s: %s until %s, %s\n", r.Contact.Email, r.Flow.Key, moment(r.Started), r.Status, moment(r.Due),
			r.Reason)
		for _, m := range r.Marks {
			fmt.Fprintf(&b, "  %s %s .. %s %s\n", m.Step, moment(m.Entered), moment(m.Left), m.Outcome)
		}
	}
	var lines []string
	for _, c := range d.model.Contacts {
		for _, m := range c.Mails {
			lines = append(lines, fmt.Sprintf("mail %s %s %s %s\n", moment(m.At), c.Email, m.Template, m.Skipped))
		}
	}
	slices.Sort(lines)
	return b.String() + strings.Join(lines, "")
}

func (d *duet) serverSays() string {
	var b strings.Builder
	for _, r := range d.theirs() {
		reason := r.Reason
		if r.Status == workflow.Failed {
			reason = ""
		}
		fmt.Fprintf(&b, "%s in %s since %s: %s until %s, %s\n", r.Address, r.Key, moment(r.StartedAt), r.Status, moment(r.Due), reason)
		_, steps, err := d.nodes[0].Store.Run(d.t.Context(), store.DefaultProject, r.ID)
		must(d.t, err)
		for _, m := range steps {
			fmt.Fprintf(&b, "  %s %s .. %s %s\n", m.Step, moment(m.Entered), moment(m.Left), m.Outcome)
		}
	}
	list, err := d.nodes[0].Store.Sends(d.t.Context(), store.SendQuery{Project: store.DefaultProject, Limit: 1000})
	must(d.t, err)
	var lines []string
	for _, m := range list {
		lines = append(lines, fmt.Sprintf("mail %s %s %s %s\n", moment(m.CreatedAt), m.Recipient, m.Content.Label, m.Reason))
	}
	slices.Sort(lines)
	return b.String() + strings.Join(lines, "")
}
