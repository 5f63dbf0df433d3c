package workflow_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/workflow"
)

func utc(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestASchedulePassesTheHoursThatClocksLeaveOutOrShowTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schedule    workflow.Schedule
		after, want string // UTC
	}{
		"an ordinary day":               {workflow.Schedule{At: "09:00", Zone: "Europe/Vienna"}, "2026-05-04 06:00:00", "2026-05-04 07:00:00"},
		"that very time is over":        {workflow.Schedule{At: "09:00", Zone: "Europe/Vienna"}, "2026-05-04 07:00:00", "2026-05-05 07:00:00"},
		"within that minute it is over": {workflow.Schedule{At: "09:00", Zone: "Europe/Vienna"}, "2026-05-04 07:00:30", "2026-05-05 07:00:00"},
		"without a zone it is UTC":      {workflow.Schedule{At: "09:00"}, "2026-05-04 06:00:00", "2026-05-04 09:00:00"},
		"Vienna leaves 02:30 out":       {workflow.Schedule{At: "02:30", Zone: "Europe/Vienna"}, "2026-03-28 12:00:00", "2026-03-29 01:00:00"},
		"Vienna, the day after that":    {workflow.Schedule{At: "02:30", Zone: "Europe/Vienna"}, "2026-03-29 01:00:00", "2026-03-30 00:30:00"},
		"Vienna, after the gap":         {workflow.Schedule{At: "03:30", Zone: "Europe/Vienna"}, "2026-03-28 12:00:00", "2026-03-29 01:30:00"},
		"Vienna shows 02:30 twice":      {workflow.Schedule{At: "02:30", Zone: "Europe/Vienna"}, "2026-10-24 12:00:00", "2026-10-25 00:30:00"},
		"Vienna, never the second":      {workflow.Schedule{At: "02:30", Zone: "Europe/Vienna"}, "2026-10-25 00:30:00", "2026-10-26 01:30:00"},
		"Vienna, within the second":     {workflow.Schedule{At: "02:30", Zone: "Europe/Vienna"}, "2026-10-25 01:10:00", "2026-10-26 01:30:00"},
		"New York leaves 02:30 out":     {workflow.Schedule{At: "02:30", Zone: "America/New_York"}, "2026-03-07 12:00:00", "2026-03-08 07:00:00"},
		"New York, before the gap":      {workflow.Schedule{At: "01:59", Zone: "America/New_York"}, "2026-03-07 12:00:00", "2026-03-08 06:59:00"},
		"New York shows 01:30 twice":    {workflow.Schedule{At: "01:30", Zone: "America/New_York"}, "2026-10-31 12:00:00", "2026-11-01 05:30:00"},
		"New York, after both":          {workflow.Schedule{At: "02:00", Zone: "America/New_York"}, "2026-10-31 12:00:00", "2026-11-01 07:00:00"},
		"a day that was left out":       {workflow.Schedule{At: "10:00", Zone: "Pacific/Apia"}, "2011-12-30 00:00:00", "2011-12-30 10:00:00"},
		"half an hour of distance":      {workflow.Schedule{At: "02:15", Zone: "Australia/Lord_Howe"}, "2026-10-03 12:00:00", "2026-10-03 15:30:00"},
		"Mondays":                       {workflow.Schedule{At: "09:00", Days: []string{"mon"}}, "2026-05-04 09:00:00", "2026-05-11 09:00:00"},
		"the first of months":           {workflow.Schedule{At: "09:00", Dates: []int{1}}, "2026-05-04 09:00:00", "2026-06-01 09:00:00"},
		"the last of months":            {workflow.Schedule{At: "09:00", Dates: []int{-1}}, "2028-02-01 09:00:00", "2028-02-29 09:00:00"},
		"a 31st":                        {workflow.Schedule{At: "09:00", Dates: []int{31}}, "2026-05-31 09:00:00", "2026-07-31 09:00:00"},
		"a Friday that is a 13th": {
			workflow.Schedule{At: "09:00", Days: []string{"fri"}, Dates: []int{13}}, "2026-03-13 09:00:00", "2026-11-13 09:00:00",
		},
	} {
		if got := c.schedule.Next(utc(t, c.after)); !got.Equal(utc(t, c.want)) {
			t.Errorf("%s: %s, want %s", name, got.UTC(), c.want)
		}
	}
}

func TestADateThatNeverComesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := workflow.Schedule{At: "09:00", Dates: []int{29}, Days: []string{"mon"}}
	if s.Next(utc(t, "2026-05-04 09:00:00")).IsZero() {
		t.Error("a 29th that is a Monday does not come")
	}
	s = workflow.Schedule{At: "09:00", Dates: []int{0}}
	if got := s.Next(utc(t, "2026-05-04 09:00:00")); !got.IsZero() {
		t.Error(got)
	}
}

func TestQuietHoursEndAtTheirTime(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	night := workflow.Quiet{From: "22:00", To: "07:00"}
	for name, c := range map[string]struct {
		quiet     workflow.Quiet
		now, want string // UTC; empty: it is not quiet
	}{
		"by day":                         {night, "2026-05-04 10:00:00", ""},
		"when it begins":                 {night, "2026-05-04 20:00:00", "2026-05-05 05:00:00"},
		"after midnight":                 {night, "2026-05-04 23:30:00", "2026-05-05 05:00:00"},
		"when it ends":                   {night, "2026-05-05 05:00:00", ""},
		"as clocks are put forward":      {night, "2026-03-28 23:00:00", "2026-03-29 05:00:00"},
		"as clocks are put back":         {night, "2026-10-24 23:00:00", "2026-10-25 06:00:00"},
		"over noon":                      {workflow.Quiet{From: "12:00", To: "13:00"}, "2026-05-04 10:20:10", "2026-05-04 11:00:00"},
		"in another zone":                {workflow.Quiet{From: "12:00", To: "13:00", Zone: "UTC"}, "2026-05-04 12:20:00", "2026-05-04 13:00:00"},
		"in the second of two hours":     {workflow.Quiet{From: "01:00", To: "02:30"}, "2026-10-25 01:10:00", "2026-10-25 01:30:00"},
		"until an hour that is left out": {workflow.Quiet{From: "01:00", To: "02:30"}, "2026-03-29 00:30:00", "2026-03-29 01:00:00"},
	} {
		got, want := c.quiet.Until(utc(t, c.now), vienna), time.Time{}
		if c.want != "" {
			want = utc(t, c.want)
		}
		if !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheNextTimeOfDayIsNeverMoreThanTwoDaysAway(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "at")) * time.Minute
		clock := time.Time{}.Add(at).Format("15:04")
		s := workflow.Schedule{At: clock, Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		after := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "after"), 0).UTC()
		got := s.Next(after)
		if !got.After(after) || got.Sub(after) > 50*time.Hour {
			t.Fatalf("%s in %s after %s is %s", clock, s.Zone, after, got)
		}
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if shown := got.In(zone).Format("15:04"); shown != clock {
			if begins, _ := got.In(zone).ZoneBounds(); !begins.Equal(got) {
				t.Fatalf("%s in %s after %s shows %s", clock, s.Zone, after, shown)
			}
		}
	})
}
