package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// happened stores one event of a name at each time.
func happened(t *testing.T, c *control.Control, name event.Name, times ...time.Time) {
	t.Helper()
	src := &source.Source{ID: "src_0123456789abcdef", Project: store.DefaultProject, Name: "main", Provider: "ses", CreatedAt: now}
	must(t, c.Store.CreateSource(t.Context(), src, store.Act{At: now, By: "test", Door: "test", Operation: "create"}))
	var entries []*receipt.Entry
	for i, at := range times {
		d := event.Draft{IdentityAt: at, Key: []string{fmt.Sprint(i)}}
		d.Name, d.Recipient, d.OccurredAt = name, "ann@acme.test", at
		d.Message = &event.Message{ID: fmt.Sprint("m", i), Template: "welcome"}
		entries = append(entries, c.Builder.Build(src, provider.Result{
			Transport: provider.Transport{ID: fmt.Sprint(i), At: at}, Drafts: []event.Draft{d}, Kind: "notification",
		}, []byte(fmt.Sprint(i)), at))
	}
	must(t, c.Commit(t.Context(), entries))
}

func TestDaysOfAZoneBeginAtItsMidnightAcrossDaylightSaving(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	hour := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 30, 0, 0, berlin)
	}
	// On 29 March the day has 23 hours, on 30 April the month ends; 05:30 UTC is not yet a new day anywhere here.
	happened(t, c, event.EmailSent,
		hour(3, 28, 23), hour(3, 29, 0), hour(3, 29, 1), hour(3, 29, 3), hour(3, 29, 23), hour(3, 30, 0), hour(4, 30, 23), hour(5, 1, 0))
	r, err := c.Stats(t.Context(), operator, control.StatsFilter{Unit: "day", Zone: "Europe/Berlin", From: "2026-03-28", To: "2026-05-02"})
	must(t, err)
	got := map[string]int64{}
	for _, row := range r.Rows {
		got[row.At.In(berlin).Format("2006-01-02 15:04")] += row.Cells[0].N
	}
	want := map[string]int64{
		"2026-03-28 00:00": 1, "2026-03-29 00:00": 4, "2026-03-30 00:00": 1, "2026-04-30 00:00": 1, "2026-05-01 00:00": 1,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r.From != time.Date(2026, 3, 27, 23, 0, 0, 0, time.UTC) || r.To != time.Date(2026, 5, 1, 22, 0, 0, 0, time.UTC) {
		t.Errorf("from %s to %s", r.From, r.To)
	}
}

func TestTheUsualSpanIsThirtyDaysWithToday(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	happened(t, c, event.EmailSent, now, now.AddDate(0, 0, -29), now.AddDate(0, 0, -30))
	o, err := c.Overview(t.Context(), operator, control.OverviewFilter{})
	must(t, err)
	if len(o.Days) != 2 || o.Now.Cells[0].N != 2 || len(o.Then.Cells) != 1 || o.Then.Cells[0].N != 1 {
		t.Errorf("%+v", o)
	}
	if o.From != time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC) || o.To != time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC) {
		t.Errorf("from %s to %s", o.From, o.To)
	}
}

func TestNothingIsCountedWhereNothingHappened(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	o, err := c.Overview(t.Context(), operator, control.OverviewFilter{})
	must(t, err)
	if len(o.Days) != 0 || len(o.Now.Rates) != 6 || len(o.Attention) != 0 {
		t.Errorf("%+v", o)
	}
	for _, by := range control.StatsBy() {
		r, err := c.Stats(t.Context(), operator, control.StatsFilter{By: by})
		if err != nil || len(r.Rows) != 0 {
			t.Errorf("by %s: %+v, %v", by, r, err)
		}
	}
}

func TestAWrongQuestionIsRefusedByName(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for name, x := range map[string]struct {
		filter control.StatsFilter
		want   []string
	}{
		"unknown words":         {control.StatsFilter{By: "colour", Unit: "week"}, []string{"by", "unit"}},
		"an unknown zone":       {control.StatsFilter{Zone: "Mars/Base"}, []string{"zone"}},
		"the machine's zone":    {control.StatsFilter{Zone: "Local"}, []string{"zone"}},
		"bad times":             {control.StatsFilter{From: "yesterday", To: "2026-13-01"}, []string{"from", "to"}},
		"a span that runs back": {control.StatsFilter{From: "2026-05-02", To: "2026-05-01"}, []string{"to"}},
		"an event name that is none": {
			control.StatsFilter{Names: []string{"email.opend"}},
			[]string{"name"},
		},
		"a value of everything": {control.StatsFilter{Value: "x"}, []string{"value"}},
		"hours of templates":    {control.StatsFilter{By: "template", Unit: "hour"}, []string{"unit"}},
		"templates from noon":   {control.StatsFilter{By: "template", From: "2026-05-01T12:00:00Z"}, []string{"from"}},
		"templates in another zone": {
			control.StatsFilter{By: "template", Zone: "Asia/Tokyo"},
			[]string{"from"},
		},
		"hours of a year":      {control.StatsFilter{Unit: "hour", From: "2025-05-01"}, []string{"from"}},
		"days of two years":    {control.StatsFilter{Unit: "day", From: "2024-05-01"}, []string{"from"}},
		"a limit out of range": {control.StatsFilter{Limit: 1001}, []string{"limit"}},
	} {
		_, err := c.Stats(t.Context(), operator, x.filter)
		if d := cmp.Diff(x.want, fields(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s%v", name, d, err)
		}
	}
	if _, err := c.Reach(t.Context(), operator, control.ReachFilter{}); cmp.Diff([]string{"template"}, fields(err)) != "" {
		t.Errorf("reach of no template: %v", err)
	}
	if _, err := c.Links(t.Context(), operator, control.TemplateFilter{From: "2026-05-01T12:00:00Z"}); cmp.Diff([]string{"from"}, fields(err)) != "" {
		t.Errorf("links from noon: %v", err)
	}
}
