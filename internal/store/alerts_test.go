package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/alert"
	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/stats"
	"tidings/internal/store"
)

func alertAct(operation string) store.Act {
	return store.Act{At: start, By: "test", Door: "test", Operation: operation}
}

func onBothAlerts(t *testing.T, run func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		run(t, open(func(o *store.Options) { o.Now = func() time.Time { return start } }))
	})
}

func raisedAlert(subject string) store.Alert {
	return store.Alert{
		Rule: "alr_bounces", RuleName: "Bounces", Kind: alert.BounceRate, By: alert.ByTemplate, Window: 24 * time.Hour,
		Subject: alert.Subject{Key: subject}, State: alert.State{Level: stats.Warn, Since: start, SeenAt: start},
		Figures: alert.Figures{Part: 60, Of: 1000, Rate: 0.06, Low: 0.047, High: 0.076},
	}
}

func pass(at time.Time, before time.Time, alerts ...store.Alert) *store.AlertPass {
	return &store.AlertPass{
		Project: store.DefaultProject, At: at, Looked: map[string]time.Time{"alr_bounces": before}, Alerts: alerts,
	}
}

func note(t *testing.T, s *store.Store, p *store.AlertPass) bool {
	t.Helper()
	noted, err := s.NoteAlerts(t.Context(), p)
	noError(t, err)
	return noted
}

func openAlerts(t *testing.T, s *store.Store) []store.Alert {
	t.Helper()
	x, err := s.AlertStates(t.Context(), store.DefaultProject, start)
	noError(t, err)
	return x.Open
}

func TestAnAlertIsKeptFromWhenItIsRaisedToItsEnd(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		if !note(t, s, pass(start, time.Time{}, raisedAlert("welcome"))) {
			t.Fatal("the pass was not stored")
		}
		list := openAlerts(t, s)
		if len(list) != 1 {
			t.Fatalf("%d alerts", len(list))
		}
		want := raisedAlert("welcome")
		want.Ref, want.ID, want.Raised = list[0].Ref, "alt_"+strconv.FormatInt(list[0].Ref, 36), want.Figures
		if d := cmp.Diff(want, list[0]); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		x, later := list[0], start.Add(time.Minute)
		x.Figures.Part, x.State.SeenAt, x.State.Clearing, x.State.Clear = 20, later, true, 90*time.Second
		note(t, s, pass(later, start, x))
		if got := openAlerts(t, s)[0]; got.State != x.State || got.Figures.Part != 20 || got.Raised.Part != 60 {
			t.Errorf("%+v", got)
		}
		x.ResolvedAt, x.Reason = later, "its rule was changed"
		note(t, s, pass(later, later, x))
		if len(openAlerts(t, s)) != 0 {
			t.Error("it is not over")
		}
		got, told, err := s.Alert(t.Context(), store.DefaultProject, x.ID)
		noError(t, err)
		if got.Reason != x.Reason || !got.ResolvedAt.Equal(later) || got.State.Level != stats.Warn || len(told) != 0 {
			t.Errorf("%+v, told %v", got, told)
		}
		if !note(t, s, pass(later.Add(time.Minute), later, raisedAlert("welcome"))) || len(openAlerts(t, s)) != 1 {
			t.Error("it can't be raised again")
		}
	})
}

func TestOfTwoPassesThatBeganAlikeOneIsStored(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		note(t, s, pass(start, time.Time{}))
		later := start.Add(time.Minute)
		first, second := pass(later, start, raisedAlert("a")), pass(later.Add(time.Second), start, raisedAlert("b"))
		second.Notices = []store.NewNotice{{Items: []alert.Item{{}}, Of: []int{0}}}
		if !note(t, s, first) || note(t, s, second) || note(t, s, pass(start, time.Time{}, raisedAlert("c"))) {
			t.Error("both were stored, or none")
		}
		if list := openAlerts(t, s); len(list) != 1 || list[0].Subject.Key != "a" {
			t.Errorf("%+v", list)
		}
		if jobs := claimNotices(t, s); len(jobs) != 0 {
			t.Errorf("%d jobs of what was not stored", len(jobs))
		}
	})
}

func claimNotices(t *testing.T, s *store.Store) []job.Job {
	t.Helper()
	list, err := s.ClaimJobs(t.Context(), job.ClaimQuery{
		Rooms: []job.Room{{Kind: store.NoticeKind, Limit: 100}}, Limit: 100, Lease: "a", Now: start.Add(time.Hour),
		Until: start.Add(2 * time.Hour),
	})
	noError(t, err)
	return list
}

func newChannel(t *testing.T, s *store.Store, name string) store.AlertChannel {
	t.Helper()
	x, err := s.CreateAlertChannel(t.Context(), store.DefaultProject, store.AlertChannel{
		Name: name, Kind: store.ChannelEmail, ChannelDefinition: store.ChannelDefinition{To: []string{"ops@acme.test"}},
	}, 20, alertAct("createAlertChannel"))
	noError(t, err)
	return x
}

func TestANoticeIsToldOnceAndItsAlertKnowsIt(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		channel := newChannel(t, s, "ops")
		p := pass(start, time.Time{}, raisedAlert("a"), raisedAlert("b"))
		p.Notices = []store.NewNotice{{
			Channel: channel.Ref, Recipient: "ops@acme.test", Of: []int{0, 1},
			Items: []alert.Item{{Change: alert.Raised, Subject: alert.Subject{Key: "a"}}, {Change: alert.Raised}},
		}}
		note(t, s, p)
		jobs := claimNotices(t, s)
		if len(jobs) != 1 {
			t.Fatalf("%d jobs", len(jobs))
		}
		ref, err := strconv.ParseInt(string(jobs[0].Payload), 10, 64)
		noError(t, err)
		n, found, err := s.Notice(t.Context(), ref)
		noError(t, err)
		list := openAlerts(t, s)
		if !found || n.State != store.NoticeWaiting || n.Channel.ID != channel.ID || n.Recipient != "ops@acme.test" ||
			n.Items[0].ID != list[0].ID || n.Items[1].ID != list[1].ID || n.Items[0].Subject.Key != "a" {
			t.Fatalf("%+v", n)
		}
		noError(t, s.SettleNotice(t.Context(), &n, store.NoticeWaiting, "503", start))
		if got, err := s.AlertChannel(t.Context(), store.DefaultProject, "ops"); err != nil || got.Problem != "503" ||
			!got.FailedAt.Equal(start) {
			t.Errorf("%+v, %v", got, err)
		}
		noError(t, s.SettleNotice(t.Context(), &n, store.NoticeTold, "", start))
		noError(t, s.SettleNotice(t.Context(), &n, store.NoticeFailed, "late", start)) // what was told stays told
		_, told, err := s.Alert(t.Context(), store.DefaultProject, list[1].ID)
		noError(t, err)
		want := []store.Telling{{
			Channel: "ops", ChannelID: channel.ID, Recipient: "ops@acme.test", Change: alert.Raised, State: store.NoticeTold, Tries: 2,
			At: start, ToldAt: start,
		}}
		if d := cmp.Diff(want, told); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if got, err := s.AlertChannel(t.Context(), store.DefaultProject, channel.ID); err != nil || got.Problem != "" ||
			!got.ToldAt.Equal(start) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestWhatADeletedChannelWasToBeToldIsDropped(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		channel := newChannel(t, s, "ops")
		p := pass(start, time.Time{}, raisedAlert("a"))
		p.Notices = []store.NewNotice{{Channel: channel.Ref, Of: []int{0}, Items: []alert.Item{{}}}}
		note(t, s, p)
		noError(t, s.DeleteAlertChannel(t.Context(), store.DefaultProject, "ops", alertAct("deleteAlertChannel")))
		n, found, err := s.Notice(t.Context(), 1)
		noError(t, err)
		if !found || n.State != store.NoticeDropped || n.Channel != nil || n.Endpoints {
			t.Errorf("%+v", n)
		}
	})
}

func TestChannelsHaveNamesOfTheirOwn(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		newChannel(t, s, "a")
		b := newChannel(t, s, "b")
		_, err := s.ChangeAlertChannel(t.Context(), store.DefaultProject, b.ID, alertAct("updateAlertChannel"),
			func(x *store.AlertChannel, _ *store.Act) error {
				x.Name = "a"
				return nil
			})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("it may have the name of another one: %v", err)
		}
		_, err = s.CreateAlertChannel(t.Context(), store.DefaultProject, store.AlertChannel{Name: "c", Kind: store.ChannelEmail}, 2,
			alertAct("createAlertChannel"))
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("there may be more than two: %v", err)
		}
		x, err := s.ChangeAlertChannel(t.Context(), store.DefaultProject, "b", alertAct("updateAlertChannel"),
			func(x *store.AlertChannel, _ *store.Act) error {
				x.Name, x.Level, x.DisabledAt, x.Sealed = "d", stats.Severe, start, []byte("sealed")
				return nil
			})
		noError(t, err)
		got, err := s.AlertChannel(t.Context(), store.DefaultProject, "d")
		noError(t, err)
		if d := cmp.Diff(x, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestMutingAnAlertMutesThoseOfItsRuleAboutItsSubject(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		note(t, s, pass(start, time.Time{}, raisedAlert("a"), raisedAlert("b")))
		list := openAlerts(t, s)
		until := start.Add(time.Hour)
		mute := func(id string, until time.Time) {
			t.Helper()
			_, err := s.ChangeAlert(t.Context(), store.DefaultProject, id, alertAct("muteAlert"),
				func(x *store.Alert, _ *store.Act) error {
					x.MutedUntil = until
					return nil
				})
			noError(t, err)
		}
		mute(list[0].ID, until)
		over := list[0]
		over.ResolvedAt = start
		again := raisedAlert("a")
		again.MutedUntil = until
		note(t, s, pass(start.Add(time.Minute), start, over))
		note(t, s, pass(start.Add(2*time.Minute), start.Add(time.Minute), again))
		states, err := s.AlertStates(t.Context(), store.DefaultProject, start)
		noError(t, err)
		if len(states.Muted) != 2 || states.Muted[1].Subject.Key != "a" {
			t.Errorf("muted: %+v", states.Muted)
		}
		mute(states.Muted[1].ID, time.Time{})
		if states, err = s.AlertStates(t.Context(), store.DefaultProject, start); err != nil || len(states.Muted) != 0 {
			t.Errorf("still muted: %+v, %v", states.Muted, err)
		}
	})
}

func TestAlertsAreListedNewestFirstInPages(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		p := pass(start, time.Time{})
		for i := range 5 {
			x := raisedAlert(fmt.Sprint(i))
			if i == 0 {
				x.Kind, x.Rule = alert.Silence, "alr_silence"
			}
			p.Alerts = append(p.Alerts, x)
		}
		note(t, s, p)
		over := p.Alerts[4]
		over.ResolvedAt = start
		note(t, s, pass(start.Add(time.Minute), start, over))
		for _, c := range []struct {
			name  string
			query store.AlertQuery
			want  string
		}{
			{"all", store.AlertQuery{}, "43210"},
			{"open", store.AlertQuery{Open: new(true)}, "3210"},
			{"over", store.AlertQuery{Open: new(false)}, "4"},
			{"of a rule", store.AlertQuery{Rule: "alr_silence"}, "0"},
			{"of a kind", store.AlertQuery{Kind: alert.BounceRate, Limit: 2}, "4321"},
		} {
			got, q := "", c.query
			q.Project = store.DefaultProject
			for {
				list, next, err := s.Alerts(t.Context(), q)
				noError(t, err)
				for _, x := range list {
					got += x.Subject.Key
				}
				if q.Before = next; next == 0 {
					break
				}
			}
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
	})
}

func TestAlertRulesAreStoredUnderTheirIDs(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		put := func(id, name string) error {
			return s.ChangeAlertRule(t.Context(), store.DefaultProject, alertAct("updateAlertRule"),
				func([]store.AlertRule, *store.Act) (*store.AlertRuleChange, error) {
					return &store.AlertRuleChange{AlertRule: store.AlertRule{
						ID: id, Definition: alert.Rule{Name: name, Kind: alert.Silence},
					}}, nil
				})
		}
		noError(t, put("alr_silence", "Silence"))
		noError(t, put("alr_silence", "Quiet"))
		noError(t, put("alr_b", "B"))
		if err := put("alr_c", "B"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a name twice: %v", err)
		}
		list, err := s.AlertRules(t.Context(), store.DefaultProject)
		noError(t, err)
		if len(list) != 2 || list[1].ID != "alr_silence" || list[1].Version != 2 || list[1].Definition.Name != "Quiet" ||
			list[1].CreatedBy != "test" {
			t.Errorf("%+v", list)
		}
	})
}

func TestOldAlertsGo(t *testing.T) {
	onBothAlerts(t, func(t *testing.T, s *store.Store) {
		over := raisedAlert("over")
		over.ResolvedAt = start
		p := pass(start, time.Time{}, raisedAlert("open"), raisedAlert("over"))
		p.Notices = []store.NewNotice{{Of: []int{0, 1}, Items: []alert.Item{{}, {}}}}
		note(t, s, p)
		over.Ref = p.Alerts[1].Ref
		note(t, s, pass(start.Add(time.Minute), start, over))
		kept := func() (alerts, told int) {
			list, _, err := s.Alerts(t.Context(), store.AlertQuery{Project: store.DefaultProject})
			noError(t, err)
			_, tellings, err := s.Alert(t.Context(), store.DefaultProject, p.Alerts[0].ID)
			noError(t, err)
			return len(list), len(tellings)
		}
		for _, c := range []struct {
			days         int
			alerts, told int
		}{{89, 2, 1}, {91, 2, 0}, {401, 1, 0}} {
			_, err := s.Retain(t.Context(), start.AddDate(0, 0, c.days))
			noError(t, err)
			if alerts, told := kept(); alerts != c.alerts || told != c.told {
				t.Errorf("after %d days %d alerts and %d notices, want %d and %d", c.days, alerts, told, c.alerts, c.told)
			}
		}
	})
}
