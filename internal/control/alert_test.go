package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/alert"
	"tidings/internal/control"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/test/smtppeer"
)

// only switches off all rules but some, so that a test sees what it is about.
func (w *watcher) only(ids ...string) {
	w.t.Helper()
	list, err := w.AlertRules(w.t.Context(), operator)
	must(w.t, err)
	for _, x := range list {
		if !slices.Contains(ids, x.ID) {
			_, err := w.UpdateAlertRule(w.t.Context(), operator, x.ID, func(r *alert.Rule) { r.Disabled = true })
			must(w.t, err)
		}
	}
}

func TestManyBouncesAreToldOnceAndAreOverWhenTheyStop(t *testing.T) {
	t.Parallel()
	w, chat := newWatcher(t), newChat(t)
	w.only("alr_bounces")
	w.channel(store.ChannelEmail, control.ChannelEdit{To: &[]string{"ops@team.test", "lea@team.test"}})
	w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL + "/hook")})
	w.happen(event.EmailSent, 1000, nil)
	w.happen(event.EmailBounce, 40, nil)
	w.look(1, time.Minute)
	if list := w.alerts(""); len(list) != 0 {
		t.Fatalf("4 %% raised %v", list)
	}
	w.happen(event.EmailBounce, 40, nil)
	w.look(30, time.Minute)
	if list := w.alerts(control.AlertIsRaised); !slices.Equal(list, []string{"alr_bounces warn"}) {
		t.Fatalf("8 %% raised %v", list)
	}
	w.tell(false)
	mails := w.peer.Mails()
	if len(mails) != 2 || mails[0].To == mails[1].To {
		t.Fatalf("%d mails: %+v", len(mails), mails)
	}
	for _, words := range []string{
		"Subject: [Tidings] Warning: Bounces", "Auto-Submitted: auto-generated", "bounced for good", "https://tidings.test/ui/",
	} {
		if !strings.Contains(string(mails[0].Data), words) {
			t.Errorf("%q is not in\n%s", words, mails[0].Data)
		}
	}
	if posts := chat.told(); len(posts) != 1 || !strings.Contains(posts[0], "8 % of 1,000 emails sent bounced for good") {
		t.Errorf("%d posts: %s", len(posts), posts)
	}
	w.happen(event.EmailBounce, 100, nil)
	w.look(10, time.Minute)
	w.tell(false)
	if posts := chat.told(); len(posts) != 2 || !strings.Contains(posts[1], "Severe") {
		t.Errorf("%d posts: %s", len(posts), posts)
	}
	w.look(25, time.Hour) // out of the window
	w.look(13, 5*time.Minute)
	w.tell(false)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{})
	must(t, err)
	if len(page.Alerts) != 1 || page.Alerts[0].ResolvedAt.IsZero() || page.Alerts[0].State.Level != stats.Severe {
		t.Fatalf("%+v", page.Alerts)
	}
	_, told, err := w.Alert(t.Context(), operator, page.Alerts[0].ID)
	must(t, err)
	counts := map[alert.Change]int{}
	for _, x := range told {
		counts[x.Change]++
		if x.State != store.NoticeTold {
			t.Errorf("%+v", x)
		}
	}
	if counts[alert.Raised] != 3 || counts[alert.Escalated] != 3 || counts[alert.Resolved] != 3 || len(w.peer.Mails()) != 6 {
		t.Errorf("told %v, %d mails", counts, len(w.peer.Mails()))
	}
	if got := w.events("ops@team.test"); len(got) != 0 {
		t.Errorf("alerts made events: %q", got)
	}
}

func TestAChannelThatIsDownIsToldLaterAndNeverTwice(t *testing.T) {
	t.Parallel()
	w, chat := newWatcher(t), newChat(t)
	w.only("alr_bounces")
	w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL)})
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	chat.answers = []int{500, 429, 503}
	w.look(1, time.Minute)
	for i := range 3 {
		if again := w.tell(false); again != 1 {
			t.Fatalf("try %d: %d are tried again", i, again)
		}
		w.jump(time.Minute)
	}
	if x, err := w.AlertChannel(t.Context(), operator, "slack"); err != nil || !strings.Contains(x.Problem, "503") {
		t.Errorf("%+v, %v", x, err)
	}
	if again := w.tell(false); again != 0 || len(chat.told()) != 4 {
		t.Fatalf("%d again, %d posts", again, len(chat.told()))
	}
	slices.Sort(chat.ids)
	if ids := slices.Compact(chat.ids); len(ids) != 1 || ids[0] == "" {
		t.Errorf("the tries have the ids %q", ids)
	}
	// A server that begins anew finds the job, where it could not be settled, and the notice that was told.
	must(t, w.RunNotice(t.Context(), []byte("1"), false))
	w.look(1, time.Minute)
	w.tell(false)
	if len(chat.told()) != 4 {
		t.Error("it was told twice")
	}
}

func TestAChannelThatRefusesIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answers []int
		last    bool
		want    string
	}{
		{"for good", []int{404}, false, "404"},
		{"often enough", []int{500}, true, "500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, chat := newWatcher(t), newChat(t)
			w.only("alr_bounces")
			w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL)})
			w.happen(event.EmailSent, 500, nil)
			w.happen(event.EmailBounce, 200, nil)
			chat.answers = c.answers
			w.look(1, time.Minute)
			if again := w.tell(c.last); again != 0 {
				t.Errorf("%d are tried again", again)
			}
			page, err := w.Alerts(t.Context(), operator, control.AlertFilter{})
			must(t, err)
			_, told, err := w.Alert(t.Context(), operator, page.Alerts[0].ID)
			must(t, err)
			if len(told) != 1 || told[0].State != store.NoticeFailed || !strings.Contains(told[0].Problem, c.want) {
				t.Errorf("%+v", told)
			}
		})
	}
}

func TestAMailServerThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_bounces")
	w.channel(store.ChannelEmail, control.ChannelEdit{To: &[]string{"ops@team.test"}})
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	w.peer.Fail(smtppeer.Fault{At: "connect", Times: 1})
	w.look(1, time.Minute)
	if again := w.tell(false); again != 1 {
		t.Errorf("%d are tried again", again)
	}
	w.jump(time.Hour)
	if again := w.tell(false); again != 0 || len(w.peer.Mails()) != 1 {
		t.Errorf("%d again, %d mails", again, len(w.peer.Mails()))
	}
}

func TestWhoIsSuppressedIsNotMailedOfAlerts(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_bounces")
	w.channel(store.ChannelEmail, control.ChannelEdit{To: &[]string{"p1@acme.test", "ops@team.test"}})
	w.happen(event.EmailBounce, 200, nil) // p1 among them
	w.happen(event.EmailSent, 500, nil)
	w.look(1, time.Minute)
	w.tell(false)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{})
	must(t, err)
	_, told, err := w.Alert(t.Context(), operator, page.Alerts[0].ID)
	must(t, err)
	if len(told) != 2 || told[0].State != store.NoticeFailed || !strings.Contains(told[0].Problem, "standing reason") ||
		told[1].State != store.NoticeTold || len(w.peer.Mails()) != 1 {
		t.Errorf("%+v", told)
	}
}

func TestManyAlertsAtOnceAreOneMessage(t *testing.T) {
	t.Parallel()
	w, chat := newWatcher(t), newChat(t)
	w.only("alr_template_bounces")
	w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL)})
	of := func(i int, d *event.Draft) { d.Message.Template = fmt.Sprintf("template-%d", i%30) }
	w.happen(event.EmailSent, 4500, of)
	w.happen(event.EmailBounce, 1500, of)
	w.look(1, time.Minute)
	w.tell(false)
	if n := len(w.alerts(control.AlertIsRaised)); n != 30 {
		t.Errorf("%d alerts", n)
	}
	if posts := chat.told(); len(posts) != 1 || !strings.Contains(posts[0], "30 alerts were raised") ||
		!strings.Contains(posts[0], "And 10 more.") {
		t.Errorf("%d posts: %s", len(posts), posts)
	}
}

func TestTwoServersRaiseAnAlertOnce(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.channel(store.ChannelEmail, control.ChannelEdit{To: &[]string{"ops@team.test"}})
	w.only("alr_bounces")
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	w.jump(time.Minute)
	done := make(chan error)
	for range 4 {
		go func() { done <- w.WatchAlerts(context.Background()) }()
	}
	for range 4 {
		must(t, <-done)
	}
	w.tell(false)
	if n := len(w.alerts("")); n != 1 || len(w.peer.Mails()) != 1 {
		t.Errorf("%d alerts, %d mails", n, len(w.peer.Mails()))
	}
}

func TestRatesAreOfWhatARuleSays(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only()
	for _, by := range []string{alert.ByProject, alert.BySource, alert.ByDomain, alert.ByTemplate} {
		_, err := w.CreateAlertRule(t.Context(), operator, alert.Rule{Name: "z " + by, Kind: alert.ComplaintRate, By: by, Window: "2d"})
		must(t, err)
	}
	of := func(template, domain string) func(i int, d *event.Draft) {
		return func(i int, d *event.Draft) {
			d.Message.Template, d.Recipient = template, fmt.Sprintf("p%d@%s", i, domain)
			if d.Name == event.EmailComplaint {
				d.Complaint = &event.Complaint{FeedbackType: "abuse"}
			}
		}
	}
	w.happen(event.EmailDelivery, 1000, of("good", "big.test"))
	w.happen(event.EmailDelivery, 1000, of("bad", "small.test"))
	w.happen(event.EmailComplaint, 20, of("bad", "small.test"))
	w.look(1, time.Minute)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{State: "raised"})
	must(t, err)
	got := map[string]string{}
	for _, x := range page.Alerts {
		got[x.By] = x.Subject.Label() + " " + string(x.State.Level)
	}
	want := map[string]string{"project": " severe", "source": "main severe", "domain": "small.test severe", "template": "bad severe"}
	for by, text := range want {
		if got[by] != text {
			t.Errorf("by %s: %q, want %q", by, got[by], text)
		}
	}
	if len(got) != len(want) || len(page.Alerts) != len(want) {
		t.Errorf("%v", got)
	}
}

func TestASourceThatFallsSilentIsToldAndThatItTellsAgain(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_silence")
	w.jump(-10 * 24 * time.Hour)
	for range 10 * 24 { // an event each hour
		w.happen(event.EmailDelivery, 1, nil)
		w.jump(time.Hour)
	}
	w.look(1, 5*time.Hour)
	if list := w.alerts(""); len(list) != 0 {
		t.Fatalf("raised %v too early", list)
	}
	w.look(1, time.Hour)
	if list := w.alerts(control.AlertIsRaised); !slices.Equal(list, []string{"alr_silence severe main"}) {
		t.Fatalf("raised %v", list)
	}
	w.happen(event.EmailDelivery, 1, nil)
	w.look(1, time.Minute)
	if list := w.alerts(control.AlertIsRaised); len(list) != 0 {
		t.Errorf("still raised: %v", list)
	}
	w.look(1, 20*time.Hour) // its longest usual pause is seven hours now
	_, err := w.DisableSource(t.Context(), operator, w.source.ID)
	must(t, err)
	w.look(1, time.Minute)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{})
	must(t, err)
	if len(page.Alerts) != 2 || page.Alerts[0].ResolvedAt.IsZero() || !strings.Contains(page.Alerts[0].Reason, "disabled") {
		t.Errorf("%+v", page.Alerts)
	}
}

func TestRefusedRequestsAreTold(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_refusals")
	s, err := w.Source(t.Context(), operator, w.source.ID)
	must(t, err)
	must(t, w.Store.AddRefusals(t.Context(), []source.Refusal{
		{SourceRef: s.Ref, Code: "bad_signature", Count: 30, LastAt: w.clock(), LastMessage: "the signature does not fit"},
		{SourceRef: s.Ref, Code: "source_disabled", Count: 500, LastAt: w.clock(), LastMessage: "disabled"},
	}))
	w.look(1, time.Minute)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{State: "raised"})
	must(t, err)
	if len(page.Alerts) != 1 || page.Alerts[0].Figures.Count != 30 || page.Alerts[0].State.Level != stats.Warn {
		t.Errorf("%+v", page.Alerts)
	}
	w.look(200, time.Minute)
	if list := w.alerts(control.AlertIsRaised); len(list) != 0 {
		t.Errorf("still raised: %v", list)
	}
}

func TestAnEndpointThatFailsIsToldAndThatItWorksAgain(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_endpoints")
	act := store.Act{At: w.clock(), By: "test", Door: "test", Operation: "endpoint"}
	x := store.Endpoint{Sealed: []byte("x")}
	x.Definition = dispatch.Definition{Name: "ours", URL: "https://acme.test/"}
	x, err := w.Store.CreateEndpoint(t.Context(), store.DefaultProject, x, 100, act)
	must(t, err)
	change := func(change func(x *store.Endpoint)) {
		t.Helper()
		_, err := w.Store.ChangeEndpoint(t.Context(), store.DefaultProject, x.ID, &act, func(x *store.Endpoint) error {
			change(x)
			return nil
		})
		must(t, err)
	}
	change(func(x *store.Endpoint) { x.Health = dispatch.Health{Failing: w.clock(), Row: 3, Problem: "503"} })
	w.look(14, time.Minute)
	if list := w.alerts(""); len(list) != 0 {
		t.Fatalf("raised %v too early", list)
	}
	w.look(2, time.Minute)
	if list := w.alerts("raised"); !slices.Equal(list, []string{"alr_endpoints warn ours"}) {
		t.Fatalf("raised %v", list)
	}
	change(func(x *store.Endpoint) { x.DisabledAt, x.Disabled = w.clock(), "nothing but failures for five days" })
	w.look(1, time.Minute)
	if list := w.alerts("raised"); !slices.Equal(list, []string{"alr_endpoints severe ours"}) {
		t.Fatalf("raised %v", list)
	}
	change(func(x *store.Endpoint) { x.DisabledAt, x.Disabled, x.Health = time.Time{}, "", dispatch.Health{} })
	w.look(12, time.Minute)
	if list := w.alerts("raised"); len(list) != 0 {
		t.Errorf("still raised: %v", list)
	}
}

func TestMoreSuppressionsThanUsualAreTold(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_suppressions")
	w.jump(-14*24*time.Hour - time.Hour)
	for range 14 { // ten each day
		w.happen(event.EmailBounce, 10, nil)
		w.jump(24 * time.Hour)
	}
	w.look(1, time.Minute)
	w.happen(event.EmailBounce, 25, nil)
	w.look(1, time.Hour)
	if list := w.alerts(""); len(list) != 0 {
		t.Fatalf("raised %v", list)
	}
	w.happen(event.EmailBounce, 25, nil)
	w.look(1, time.Hour)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{State: "raised"})
	must(t, err)
	if len(page.Alerts) != 1 || page.Alerts[0].Figures.Usual != 10 || page.Alerts[0].Figures.Count < 50 {
		t.Errorf("%+v", page.Alerts)
	}
}

func TestWhoMutedAnAlertIsNotToldOfIt(t *testing.T) {
	t.Parallel()
	w, chat := newWatcher(t), newChat(t)
	w.only("alr_refusals")
	w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL)})
	s, err := w.Source(t.Context(), operator, w.source.ID)
	must(t, err)
	refused := func() {
		t.Helper()
		must(t, w.Store.AddRefusals(t.Context(), []source.Refusal{{SourceRef: s.Ref, Code: "x", Count: 30, LastAt: w.clock()}}))
	}
	refused()
	w.look(1, time.Minute)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{})
	must(t, err)
	x, err := w.MuteAlert(t.Context(), operator, page.Alerts[0].ID, w.clock().Add(12*time.Hour).Format(time.RFC3339))
	must(t, err)
	if x, err = w.AcknowledgeAlert(t.Context(), operator, x.ID, "a known fault"); err != nil || x.Note != "a known fault" ||
		x.NotedBy != "cli" || x.MutedUntil.IsZero() {
		t.Errorf("%+v, %v", x, err)
	}
	w.look(200, time.Minute)
	refused()
	w.look(1, time.Minute)
	w.tell(false)
	if n := len(w.alerts("")); n != 2 || len(chat.told()) != 1 {
		t.Errorf("%d alerts, %d posts", n, len(chat.told()))
	}
	w.look(1, 13*time.Hour)
	refused()
	w.look(200, time.Minute)
	w.tell(false)
	if len(chat.told()) < 2 {
		t.Error("nobody is told when the time is over")
	}
}

func TestARuleThatEveryProjectHasCanBeChangedAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	ctx := t.Context()
	list, err := w.AlertRules(ctx, operator)
	must(t, err)
	if len(list) != len(alert.Usual()) {
		t.Fatalf("%d rules", len(list))
	}
	if err := w.DeleteAlertRule(ctx, operator, "alr_bounces"); !fault.Is(err, fault.Conflict) {
		t.Errorf("it was deleted: %v", err)
	}
	x, err := w.UpdateAlertRule(ctx, operator, "Bounces", func(r *alert.Rule) { r.Warn, r.Name = 0.03, "Our bounces" })
	must(t, err)
	if x.ID != "alr_bounces" || x.Warn != 0.03 || !x.BuiltIn || !x.Changed || x.Version != 1 {
		t.Errorf("%+v", x)
	}
	_, err = w.CreateAlertRule(ctx, operator, alert.Rule{Name: "Complaints", Kind: alert.Silence})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("it has the name of another one: %v", err)
	}
	must(t, w.DeleteAlertRule(ctx, operator, "Our bounces"))
	if x, err = w.AlertRule(ctx, operator, "alr_bounces"); err != nil || x.Changed || x.Name != "Bounces" {
		t.Errorf("%+v, %v", x, err)
	}
}

func TestWhatARuleRaisedEndsWithIt(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_bounces")
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	w.look(1, time.Minute)
	if n := len(w.alerts("raised")); n != 1 {
		t.Fatalf("%d alerts", n)
	}
	w.only()
	w.look(1, time.Minute)
	page, err := w.Alerts(t.Context(), operator, control.AlertFilter{Rule: "Bounces"})
	must(t, err)
	if len(page.Alerts) != 1 || page.Alerts[0].Reason == "" {
		t.Errorf("%+v", page.Alerts)
	}
}

func TestEndpointsAreToldOfAlertsOnceEach(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_bounces")
	ops, url := "ops", "https://acme.test/ops"
	x, err := w.CreateEndpoint(t.Context(), operator, control.EndpointEdit{Name: &ops, URL: &url, On: []byte(`{"event":"alert.*"}`)})
	must(t, err)
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	w.look(1, time.Minute)
	w.tell(false)
	w.tell(false)
	w.jump(time.Minute)
	w.only()
	w.look(1, time.Minute)
	w.tell(false)
	due, _, err := w.Store.DueDispatches(t.Context(), x.Ref, w.clock(), 10)
	must(t, err)
	var told []string
	for _, d := range due {
		var body struct {
			Type string
			Data control.AlertData
		}
		must(t, json.Unmarshal(d.Body, &body))
		told = append(told, fmt.Sprint(body.Type, " ", body.Data.Kind, " ", body.Data.Level, " ", strings.HasPrefix(body.Data.ID, "alt_")))
	}
	if want := []string{"alert.raised bounce_rate severe true", "alert.resolved bounce_rate severe true"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}
