package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/job"
	"tidings/internal/store"
	"tidings/internal/workflow"
	"tidings/test/database"
)

// members are contacts of one plan, and a segment of them.
func (f *flow) members(kind string, n int) (segment string) {
	f.t.Helper()
	var emails []string
	for i := range n {
		emails = append(emails, fmt.Sprintf("m%03d@acme.test", i))
		f.happens(emails[i], "seen", `{"plan":"team"}`)
	}
	f.happens("other@acme.test", "seen", `{"plan":"free"}`)
	in := control.NewSegment{Name: "Teams", Type: kind}
	if kind == "DYNAMIC" {
		in.Condition = []byte(`{"logic":"AND","groups":[{"filters":[{"field":"data.plan","operator":"equals","value":"team"}]}]}`)
	}
	x, err := f.CreateSegment(f.t.Context(), operator, in)
	must(f.t, err)
	if kind == "STATIC" {
		_, _, err := f.AddMembers(f.t.Context(), operator, x.ID, emails)
		must(f.t, err)
	}
	return x.ID
}

func weekly(segment, more string) string {
	return `{"key":"weekly","trigger":{"schedule":{"segment":"` + segment + `","at":"13:00","days":["tue"]}},
		"reentry":{"mode":"parallel"}` + more + `,"steps":[{"id":"day","wait":{"for":"1d"}}]}`
}

// entered is how many runs of weekly there are, and by how many turns they began.
func (f *flow) entered() string {
	f.t.Helper()
	page, err := f.Store.Runs(f.t.Context(), store.RunQuery{Project: store.DefaultProject, Workflow: "weekly", Limit: 1000})
	must(f.t, err)
	turns := make(map[string]bool)
	for _, r := range page {
		turns[r.BegunBy] = true
	}
	return fmt.Sprintf("%d runs by %d turns", len(page), len(turns))
}

func (f *flow) next() time.Time {
	f.t.Helper()
	w, err := f.Store.Workflow(f.t.Context(), store.DefaultProject, "weekly")
	must(f.t, err)
	return w.NextAt
}

func TestEveryMemberOfASchedulesSegmentEntersOncePerTurn(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		for _, kind := range []string{"STATIC", "DYNAMIC"} {
			t.Run(kind, func(t *testing.T) {
				f := newFlow(t, database.New(t, map[bool]string{true: "postgres", false: "sqlite"}[strings.HasPrefix(url, "postgres")]))
				segment := f.members(kind, 120)
				if kind == "DYNAMIC" {
					segment = "teams"
				}
				f.define(defined(t, weekly(segment, "")))
				first := now.Add(time.Hour)
				if !f.next().Equal(first) {
					t.Fatalf("it is due at %s", f.next())
				}
				f.jump(59 * time.Minute)
				must(t, f.RunSchedules(t.Context()))
				if got := f.entered(); got != "0 runs by 0 turns" {
					t.Errorf("a minute before: %s", got)
				}
				f.jump(time.Minute)
				must(t, f.RunSchedules(t.Context()))
				must(t, f.RunSchedules(t.Context()))
				f.goOn()
				if got := f.entered(); got != "120 runs by 1 turns" || !f.next().Equal(first.AddDate(0, 0, 7)) {
					t.Errorf("then: %s, and next at %s", got, f.next())
				}
				f.jump(7 * 24 * time.Hour)
				must(t, f.RunSchedules(t.Context()))
				if got := f.entered(); got != "240 runs by 2 turns" {
					t.Errorf("a week later: %s", got)
				}
			})
		}
	})
}

func TestATurnThatWasInterruptedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.define(defined(t, weekly(f.members("STATIC", 10), "")))
	f.jump(time.Hour)
	w, err := f.Store.Workflow(t.Context(), store.DefaultProject, "weekly")
	must(t, err)
	page, err := f.Store.SegmentPage(t.Context(), store.DefaultProject, w.Definition.Trigger.Schedule.Segment, 0, 4, f.clock())
	must(t, err)
	going, err := f.Store.ScheduleTaken(t.Context(), &w, page.After)
	must(t, err)
	f.jump(26 * time.Hour) // a turn that began is not missed
	must(t, f.RunSchedules(t.Context()))
	if got := f.entered(); got != "6 runs by 1 turns" || !going || len(page.Contacts) != 4 || page.Done {
		t.Errorf("%s after %+v", got, page)
	}
}

func TestATurnThatTheServerSleptThroughIsLeftOutUnlessTheWorkflowSaysThatItRuns(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		"": "0 runs by 0 turns", `,"late":{"then":"run"}`: "3 runs by 1 turns", `,"late":{"after":"1d"}`: "3 runs by 1 turns",
	} {
		f := newFlow(t, database.New(t, "sqlite"))
		f.define(defined(t, weekly(f.members("STATIC", 3), more)))
		f.jump(4 * time.Hour)
		must(t, f.RunSchedules(t.Context()))
		if got := f.entered(); got != want || !f.next().Equal(now.Add(time.Hour).AddDate(0, 0, 7)) {
			t.Errorf("%s: %s, and next at %s", more, got, f.next())
		}
	}
}

func TestAScheduleOfASegmentThatIsGoneWaitsForItsNextTurn(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.define(defined(t, weekly("gone", "")))
	f.jump(time.Hour)
	must(t, f.RunSchedules(t.Context()))
	if got := f.entered(); got != "0 runs by 0 turns" || !f.next().After(f.clock()) {
		t.Errorf("%s, and next at %s", got, f.next())
	}
}

func TestASchedulesTurnIsFoundByTheClock(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.define(defined(t, weekly("gone", "")))
	must(t, f.Store.WakeWorkflows(t.Context()))
	waiting := func() (n int) {
		list, err := f.Store.ClaimJobs(t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: store.ScheduleKind, Limit: 9}}, Limit: 9, Lease: "test", Now: f.clock(), Until: f.clock(),
		})
		must(t, err)
		return len(list)
	}
	if n := waiting(); n != 0 {
		t.Errorf("%d jobs before it is due", n)
	}
	f.jump(time.Hour)
	must(t, f.Store.WakeWorkflows(t.Context()))
	must(t, f.Store.WakeWorkflows(t.Context()))
	if n := waiting(); n != 1 {
		t.Errorf("%d jobs when it is due", n)
	}
}

func TestWhoEntersASegmentEntersTheWorkflow(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		x, err := f.CreateSegment(t.Context(), operator, control.NewSegment{Name: "VIP", Type: "STATIC", Track: true})
		must(t, err)
		byID := workflow.Definition{
			Key: "id", Trigger: workflow.Trigger{Segment: x.ID},
			Steps: []workflow.Step{{ID: "day", Wait: &workflow.Wait{For: "1d"}}},
		}
		bySlug := byID
		bySlug.Key, bySlug.Trigger.Segment = "slug", "vip"
		f.define(byID, bySlug)
		f.happens("lea@acme.test", "seen", `{}`)
		_, _, err = f.AddMembers(t.Context(), operator, x.ID, []string{"lea@acme.test"})
		must(t, err)
		f.goOn()
		for _, key := range []string{"id", "slug"} {
			if want := "lea@acme.test WAITING day"; f.told(key) != want {
				t.Errorf("by %s: %q", key, f.told(key))
			}
		}
	})
}
