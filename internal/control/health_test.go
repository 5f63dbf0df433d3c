package control_test

import (
	"crypto/x509"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/source"
	"tidings/internal/store"
)

// at are hours after a Monday's midnight.
func at(list ...int64) []int64 {
	monday := time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC).Unix() / 3600
	out := make([]int64, len(list))
	for i, h := range list {
		out[i] = monday + h
	}
	return out
}

func hourly(from, to int64) (list []int64) {
	for h := from; h < to; h++ {
		list = append(list, h)
	}
	return list
}

// office are the hours of a sender who sends from 9 to 17 on working days, for two weeks.
func office() (list []int64) {
	for d := range int64(14) {
		if d%7 < 5 {
			list = append(list, hourly(d*24+9, d*24+17)...)
		}
	}
	return list
}

func TestASourceIsSilentOnceItsPauseIsTwiceTheLongestThatIsUsual(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	for _, c := range []struct {
		name   string
		hours  []int64
		pause  time.Duration // since the newest hour began
		silent bool
		known  bool
		usual  time.Duration
		limit  time.Duration
	}{
		{name: "nothing ever came", pause: 90 * day},
		{name: "one request, long ago", hours: []int64{0}, pause: 90 * day, limit: 6 * hour},
		{name: "new: three days of every hour", hours: hourly(0, 72), pause: 90 * day, usual: hour, limit: 6 * hour},
		{name: "new: one hour short of a week", hours: hourly(0, 168), pause: 90 * day, usual: hour, limit: 6 * hour},
		{name: "every hour, six hours ago", hours: hourly(0, 336), pause: 6 * hour, known: true, usual: hour, limit: 6 * hour},
		{
			name: "every hour, a minute more", hours: hourly(0, 336), pause: 6*hour + time.Minute, silent: true, known: true,
			usual: hour, limit: 6 * hour,
		},
		{name: "office hours, over a weekend", hours: office(), pause: 65 * hour, known: true, usual: 65 * hour, limit: 130 * hour},
		{name: "office hours, over Easter", hours: office(), pause: 113 * hour, known: true, usual: 65 * hour, limit: 130 * hour},
		{
			name: "office hours, six days", hours: office(), pause: 6 * day, silent: true, known: true, usual: 65 * hour,
			limit: 130 * hour,
		},
		{name: "every Monday", hours: []int64{0, 168, 335}, pause: 13 * day, known: true, usual: 168 * hour, limit: 336 * hour},
		{
			name: "every Monday, two weeks missed", hours: []int64{0, 168, 335}, pause: 15 * day, silent: true, known: true,
			usual: 168 * hour, limit: 336 * hour,
		},
		{name: "once a month", hours: []int64{0, 1}, pause: 60 * day, usual: hour, limit: 6 * hour},
		{name: "twice in two weeks", hours: []int64{0, 300}, pause: 60 * day, usual: 300 * hour, limit: 600 * hour},
	} {
		hours := at(c.hours...)
		want := control.Silence{Silent: c.silent, Known: c.known, Usual: c.usual, Limit: c.limit}
		clock := now
		if len(hours) > 0 {
			want.Since = time.Unix(hours[len(hours)-1]*3600, 0).UTC()
			clock = want.Since.Add(c.pause)
		}
		if diff := cmp.Diff(want, control.SilenceOf(hours, time.Time{}, clock)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestSilenceIsSinceTheNewestRequestWhereThatIsKnown(t *testing.T) {
	t.Parallel()
	hours := at(hourly(0, 336)...)
	newest := time.Unix(hours[335]*3600+1800, 0).UTC()
	if s := control.SilenceOf(hours, newest, newest.Add(6*time.Hour)); s.Silent || !s.Since.Equal(newest) {
		t.Errorf("%+v", s)
	}
}

// found is a finding without its words.
type found struct {
	Code, Cause string
	Severity    control.Severity
}

func refusal(code string, day, week int64) source.Refusal {
	return source.Refusal{Code: code, Count: week, Count24h: day, LastAt: now, LastMessage: "why"}
}

func TestASourceHasOneStateAndEveryFindingTheWorstFirst(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	steady := func(change func(*store.Health)) store.Health {
		last := now.Unix() / 3600
		h := store.Health{Activity: store.Activity{LastReceiptAt: now, Receipts24h: 100}}
		for i := range int64(336) {
			h.Hours = append(h.Hours, last-335+i)
		}
		if change != nil {
			change(&h)
		}
		return h
	}
	pending := []source.Confirmation{{ID: 3, Topic: topic, AskedAt: now.Add(-time.Hour), Problem: "status 500"}}
	for _, x := range []struct {
		name   string
		change func(*source.Source)
		health store.Health
		state  control.State
		want   []found
	}{
		{name: "healthy", health: steady(nil), state: control.StateHealthy},
		{name: "new", state: control.StateNew, want: []found{{"nothing_yet", "", control.Info}}},
		{
			name: "pending", health: store.Health{Activity: store.Activity{Pending: pending}}, state: control.StatePending,
			want: []found{{"pending_confirmation", "", control.Critical}},
		},
		{
			name: "disabled", change: func(s *source.Source) { s.DisabledAt = now.Add(-time.Hour) }, state: control.StateDisabled,
			health: steady(func(h *store.Health) { h.Refusals = []source.Refusal{refusal("source_disabled", 9, 9)} }),
			want:   []found{{"disabled", "", control.Critical}},
		},
		{
			name: "much is refused", state: control.StateFailing,
			health: steady(func(h *store.Health) {
				h.Refusals = []source.Refusal{refusal("stale", 0, 4), refusal("too_deep", 1, 1), refusal("unknown_topic", 50, 60)}
			}),
			want: []found{
				{"refused", "unknown_topic", control.Critical},
				{"refused", "too_deep", control.Warning},
				{"refused", "stale", control.Info},
			},
		},
		{
			name: "all is refused", state: control.StateFailing,
			health: store.Health{Activity: store.Activity{Refusals: []source.Refusal{refusal("no_topics", 1, 1)}}},
			want:   []found{{"refused", "no_topics", control.Critical}, {"nothing_yet", "", control.Info}},
		},
		{
			name: "silent", state: control.StateSilent,
			health: steady(func(h *store.Health) {
				h.LastReceiptAt, h.Receipts24h = now.Add(-10*time.Hour), 40
				h.Hours = h.Hours[:len(h.Hours)-10]
			}),
			want: []found{{"silent", "", control.Critical}},
		},
		{
			name: "not as it should be", state: control.StateHealthy,
			change: func(s *source.Source) { s.Certificate = &x509.Certificate{NotAfter: now.Add(time.Hour)} },
			health: steady(func(h *store.Health) {
				h.LagP50, h.LagP95, h.Repeats24h, h.Expired24h = time.Hour, 49*time.Hour, 30, 1
				h.Problems24h = map[string]int64{"inbound_mail": 2}
			}),
			want: []found{
				{"late", "", control.Warning},
				{"redelivered", "", control.Warning},
				{"problem", "inbound_mail", control.Warning},
				{"certificate_ends", "", control.Warning},
				{"expired", "", control.Info},
			},
		},
	} {
		src := &source.Source{ID: "src_1", Provider: "ses"}
		if x.change != nil {
			x.change(src)
		}
		got := c.Diagnose(src, x.health, now)
		var list []found
		for _, f := range got.Findings {
			list = append(list, found{f.Code, f.Cause, f.Severity})
			if f.Message == "" || f.Remedy == "" {
				t.Errorf("%s: %s has the message %q and the remedy %q", x.name, f.Code, f.Message, f.Remedy)
			}
		}
		if diff := cmp.Diff(x.want, list); diff != "" || got.State != x.state {
			t.Errorf("%s: state %s, want %s\n%s", x.name, got.State, x.state, diff)
		}
		if !slices.Contains(control.States(), got.State) {
			t.Errorf("%s: %s is not among the states", x.name, got.State)
		}
	}
}

func TestAListTellsTheStateThatTheHealthTells(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, databaseURL string) {
		r := newRoad(t, databaseURL)
		failing, fresh := r.newSource(t, nil), r.newSource(t, nil)
		if got := r.post(t, "/in/ses/"+failing.Token, caught{body: []byte("{}"), header: http.Header{}}); got != http.StatusForbidden {
			t.Fatalf("status %d", got)
		}
		r.refused.Close(t.Context())
		list, err := r.Sources(t.Context(), operator)
		must(t, err)
		all, err := r.SourcesHealth(t.Context(), operator, list)
		must(t, err)
		for id, state := range map[string]control.State{failing.ID: control.StateFailing, fresh.ID: control.StateNew} {
			h, err := r.SourceHealth(t.Context(), operator, id)
			if diff := cmp.Diff(h, all[id]); err != nil || diff != "" || h.State != state {
				t.Errorf("%s: %s, %v\n%s", id, h.State, err, diff)
			}
		}
	})
}
