package workflow_test

import (
	"encoding/json"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/rule"
	"tidings/internal/workflow"
)

func TestASegmentsEntryBeginsRunsByItsSlugAndByItsID(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		trigger, name, id string
		begins            bool
	}{
		{"vip", "segment.vip.entry", "seg_0123456789abcdef", true},
		{"vip", "segment.vip.exit", "seg_0123456789abcdef", false},
		{"vip", "segment.vips.entry", "seg_0123456789abcdef", false},
		{"seg_0123456789abcdef", "segment.vip.entry", "seg_0123456789abcdef", true},
		{"seg_0123456789abcdef", "segment.vip.exit", "seg_0123456789abcdef", false},
		{"seg_0123456789abcdef", "segment.vip.entry", "seg_fedcba9876543210", false},
	} {
		g, problems := workflow.Compile(workflow.Definition{
			Key: "w", Trigger: workflow.Trigger{Segment: x.trigger},
			Steps: []workflow.Step{{ID: "end", Exit: &workflow.Leave{}}},
		})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		data, err := json.Marshal(map[string]string{"segmentId": x.id})
		if err != nil {
			t.Fatal(err)
		}
		e := &rule.Event{Event: event.Event{Name: event.Name(x.name), Data: data}}
		if got := g.TriggerEntry().Matches(e); got != x.begins || x.begins && !g.Wants(e.Name) {
			t.Errorf("%s by %s of %s: begins %v, wanted %v", x.trigger, x.name, x.id, got, g.Wants(e.Name))
		}
	}
}

func TestATurnThatIsLateIsLeftOutUnlessTheWorkflowSaysThatItRuns(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		late   workflow.Late
		by     time.Duration
		missed bool
	}{
		{workflow.Late{}, time.Hour, false},
		{workflow.Late{}, time.Hour + 1, true},
		{workflow.Late{After: "3h"}, 2 * time.Hour, false},
		{workflow.Late{After: "10m", Then: workflow.LateSkip}, 11 * time.Minute, true},
		{workflow.Late{Then: workflow.LateRun}, 400 * 24 * time.Hour, false},
	} {
		d := workflow.Definition{Late: x.late}
		if got := d.Missed(due, due.Add(x.by)); got != x.missed {
			t.Errorf("%+v, late by %s: missed %v", x.late, x.by, got)
		}
	}
}

func TestAScheduleIsDueNextOnlyWhereTheWorkflowIsEnabled(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	d := workflow.Definition{Trigger: workflow.Trigger{Schedule: &workflow.Schedule{Segment: "vip", At: "09:00"}}}
	for _, x := range []struct {
		enabled bool
		d       workflow.Definition
		want    time.Time
	}{
		{true, d, now.AddDate(0, 0, 1)},
		{false, d, time.Time{}},
		{true, workflow.Definition{}, time.Time{}},
	} {
		if got := workflow.NextAt(&x.d, x.enabled, now); !got.Equal(x.want) {
			t.Errorf("enabled %v: %s, want %s", x.enabled, got, x.want)
		}
	}
}
