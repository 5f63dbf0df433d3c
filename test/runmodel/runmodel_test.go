package runmodel_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/workflow"
	"tidings/test/runmodel"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) // a Monday

const day = 24 * time.Hour

// tale is a world with one contact and one workflow.
type tale struct {
	*runmodel.World
	c *runmodel.Contact
}

func newTale(t *testing.T, f runmodel.Flow, steps ...runmodel.Step) *tale {
	t.Helper()
	f.Key, f.Steps = "w", steps
	if f.Trigger == "" {
		f.Trigger = "go"
	}
	if f.Mode == "" {
		f.Mode = "once"
	}
	c := &runmodel.Contact{Email: "ann@acme.test", Attributes: map[string]string{"tier": "a"}, Times: map[string]time.Time{}}
	x := &tale{&runmodel.World{Now: start, Flows: []*runmodel.Flow{&f}, Contacts: []*runmodel.Contact{c}}, c}
	t.Cleanup(x.Close)
	return x
}

// after lets time pass, then events happen, and all is done that is to be done.
func (x *tale) after(d time.Duration, events ...runmodel.Event) {
	x.Now = x.Now.Add(d)
	for _, e := range events {
		x.Happens(x.c, e)
	}
	x.Pass()
}

func called(name string) runmodel.Event { return runmodel.Event{Name: name} }

// told are the runs: "EXITED late: wait .. 48h exited".
func (x *tale) told() string {
	var runs []string
	for _, r := range x.c.Runs {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s:", r.Status, r.Reason)
		for _, m := range r.Marks {
			left := "..."
			if !m.Left.IsZero() {
				left = m.Left.Sub(start).String()
			}
			fmt.Fprintf(&b, " %s-%s %s", m.Entered.Sub(start), left, strings.TrimSpace(m.Step+" "+m.Outcome))
		}
		runs = append(runs, b.String())
	}
	return strings.Join(runs, "\n")
}

func (x *tale) want(t *testing.T, lines ...string) {
	t.Helper()
	if got, want := x.told(), strings.Join(lines, "\n"); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

var (
	hello   = runmodel.Step{ID: "hello", Kind: runmodel.Send, Templates: []string{"hello"}}
	oneDay  = runmodel.Step{ID: "day", Kind: runmodel.Wait, For: day}
	waiting = runmodel.Step{
		ID: "paid", Kind: runmodel.WaitFor, Event: "paid", Timeout: 2 * day,
		Then: []runmodel.Step{{ID: "thanks", Kind: runmodel.Exit, Reason: "paid"}},
	}
)

func TestAWaitEndsWhenSomebodyLooksAndNotBefore(t *testing.T) {
	t.Parallel()
	x := newTale(t, runmodel.Flow{}, hello, oneDay, hello)
	x.after(0, called("go"))
	x.after(day - time.Second)
	x.want(t, "WAITING : 0s-0s hello sent 0s-... day")
	x.after(time.Hour)
	x.want(t, "COMPLETED : 0s-0s hello sent 0s-24h59m59s day 24h59m59s-24h59m59s hello sent")
}

func TestAnEventThatCameBeforeItIsWaitedForCounts(t *testing.T) {
	t.Parallel()
	x := newTale(t, runmodel.Flow{}, oneDay, waiting)
	x.after(0, called("paid"), called("go"))
	x.after(time.Hour, called("paid"))
	x.after(day)
	x.want(t, "EXITED paid: 0s-25h0m0s day 25h0m0s-25h0m0s paid event 25h0m0s-25h0m0s thanks exited")
}

func TestAnEventCountsOnceAndOneFromBeforeTheRunDoesNot(t *testing.T) {
	t.Parallel()
	two := waiting
	two.ID, two.Then = "more", nil
	first := two
	first.ID = "first"
	x := newTale(t, runmodel.Flow{}, first, two)
	x.after(0, called("paid"), called("go"))
	x.after(time.Hour, called("paid"))
	x.after(2*day + time.Hour)
	x.want(t, "COMPLETED : 0s-1h0m0s first event 1h0m0s-50h0m0s more timeout")
}

func TestWhatHappenedGoesBeforeWhatIsDue(t *testing.T) {
	t.Parallel()
	x := newTale(t, runmodel.Flow{ExitOn: "stop"}, oneDay, hello)
	x.after(0, called("go"))
	x.after(2*day, called("stop"))
	x.want(t, "EXITED exit: stop: 0s-48h0m0s day exited")
}

func TestTimeoutsAndWhatIsLate(t *testing.T) {
	t.Parallel()
	x := newTale(t, runmodel.Flow{Timeout: 36 * time.Hour}, oneDay, oneDay)
	x.after(0, called("go"))
	x.after(day)
	x.after(12 * time.Hour)
	x.want(t, "EXITED timeout: 0s-24h0m0s day 24h0m0s-36h0m0s day exited")

	x = newTale(t, runmodel.Flow{Late: time.Hour}, oneDay, hello)
	x.after(0, called("go"))
	x.after(day + time.Hour + time.Second)
	x.want(t, "EXITED late: 0s-25h0m1s day exited")
}

func TestWhoEntersAgain(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"once":     "WAITING : 0s-... day",
		"after":    "WAITING : 0s-... day",
		"replace":  "EXITED the contact entered again: 0s-1h0m0s day replaced\nWAITING : 1h0m0s-... day",
		"parallel": "WAITING : 0s-... day\nWAITING : 1h0m0s-... day",
	} {
		x := newTale(t, runmodel.Flow{Mode: mode}, oneDay)
		x.after(0, called("go"))
		x.after(time.Hour, called("go"))
		x.want(t, want)
	}
}

func TestWhoUnsubscribesLeavesUnlessItIsTransactional(t *testing.T) {
	t.Parallel()
	for transactional, want := range map[bool]string{
		false: "EXITED unsubscribed: 0s-0s day exited", true: "WAITING : 0s-... day",
	} {
		x := newTale(t, runmodel.Flow{Transactional: transactional}, oneDay)
		x.after(0, called("go"))
		x.Mayed(x.c, true, "")
		x.Pass()
		x.want(t, want)
	}
}

func TestEmailsWaitForTheMorningAndForRoom(t *testing.T) {
	t.Parallel()
	x := newTale(t, runmodel.Flow{Quiet: &runmodel.Quiet{From: "08:00", To: "10:30", Zone: "Europe/Vienna"}}, hello)
	x.after(-time.Hour, called("go")) // 10:00 in Vienna
	x.after(30 * time.Minute)
	x.want(t, "COMPLETED : -1h0m0s--30m0s hello sent")

	x = newTale(t, runmodel.Flow{Cap: &runmodel.Cap{Mails: 1, In: day}}, hello, hello)
	x.after(0, called("go"))
	x.after(day)
	x.want(t, "COMPLETED : 0s-0s hello sent 0s-24h0m0s hello sent")
}

func TestTimesOfDayAreTheContacts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ at, zone, from, want string }{
		{"09:00", "", "2026-05-04T09:00:30Z", "2026-05-04T09:00:30Z"}, // it is that minute
		{"09:00", "", "2026-05-04T09:01:00Z", "2026-05-05T09:00:00Z"},
		{"09:00", "Asia/Kolkata", "2026-05-04T00:00:00Z", "2026-05-04T03:30:00Z"},
		{"02:30", "Europe/Vienna", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"}, // left out: 03:00 of summer time
		{"02:30", "Europe/Vienna", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z"}, // twice: the first
		{"02:30", "Europe/Vienna", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},
	} {
		w := newTale(t, runmodel.Flow{}, runmodel.Step{ID: "at", Kind: runmodel.Wait, At: x.at, Zone: x.zone})
		w.c.Zone = x.zone
		w.Now, _ = time.Parse(time.RFC3339, x.from)
		w.after(0, called("go"))
		got := w.Now
		if due := w.NextDue(); !due.IsZero() {
			got = due
		}
		if got.Format(time.RFC3339) != x.want {
			t.Errorf("%s in %q after %s: %s, want %s", x.at, x.zone, x.from, got.Format(time.RFC3339), x.want)
		}
	}
}

func TestWhatIsDrawnIsAWorkflow(t *testing.T) {
	t.Parallel()
	taste := runmodel.Taste{
		Waits: []time.Duration{time.Hour, day}, Timeouts: []time.Duration{day}, Wholes: []time.Duration{9 * day}, Clocks: true, Limits: true,
		Hook: "https://acme.test",
	}
	rapid.Check(t, func(t *rapid.T) {
		f := taste.Draw(t, "drawn")
		if file := workflow.Read(f.JSON()); len(file.Problems) > 0 || len(file.Graphs) != 1 {
			t.Fatalf("%v in %s", file.Problems, f.JSON())
		}
	})
}
