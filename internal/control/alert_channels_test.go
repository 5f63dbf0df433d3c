package control_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/alert"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

func TestAChannelIsRefusedForAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	hook := "https://hooks.test/services/secret"
	for _, c := range []struct {
		name, kind string
		edit       control.ChannelEdit
		want       []string
	}{
		{"no kind", "", control.ChannelEdit{Name: new("a")}, []string{"kind"}},
		{"another kind", "sms", control.ChannelEdit{Name: new("a")}, []string{"kind"}},
		{"an email to nobody", "email", control.ChannelEdit{Level: new("fatal")}, []string{"level", "name", "to"}},
		{
			"addresses that are none", "email",
			control.ChannelEdit{Name: new("a"), To: &[]string{"lea", "a@b.test", "a@b.test", "a@b.test\r\nBcc: c@d.test"}},
			[]string{"to[0]", "to[2]", "to[3]"},
		},
		{
			"an unknown sender, and a URL", "email",
			control.ChannelEdit{Name: new("a"), To: &[]string{"a@b.test"}, Sender: new("moon"), URL: new(hook)},
			[]string{"sender", "url"},
		},
		{"no URL", "slack", control.ChannelEdit{Name: new("a")}, []string{"url"}},
		{
			"an address of a webhook", "slack",
			control.ChannelEdit{Name: new("a"), URL: new(hook), To: &[]string{"a@b.test"}, Sender: new("main")},
			[]string{"sender", "to"},
		},
		{"a URL that others can read", "slack", control.ChannelEdit{Name: new("a"), URL: new("http://hooks.test/a")}, []string{"url"}},
		{"a URL with a password", "slack", control.ChannelEdit{Name: new("a"), URL: new("https://u:p@hooks.test/a")}, []string{"url"}},
		{"a URL of two lines", "slack", control.ChannelEdit{Name: new("a"), URL: new("https://hooks.test/a\nb")}, []string{"url"}},
		{"no URL at all", "slack", control.ChannelEdit{Name: new("a"), URL: new("mailto:a@b.test")}, []string{"url"}},
	} {
		_, err := w.CreateAlertChannel(t.Context(), operator, c.kind, c.edit)
		if got := fields(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: wrong at %v, want %v: %v", c.name, got, c.want, err)
		}
	}
	w.Outlets.Sealer = nil
	_, err := w.CreateAlertChannel(t.Context(), operator, "slack", control.ChannelEdit{Name: new("a"), URL: new(hook)})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a secret is kept without a key: %v", err)
	}
}

func TestTheURLOfAChannelIsASecret(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	x := w.channel(store.ChannelSlack, control.ChannelEdit{URL: new("https://hooks.test/services/verysecret")})
	raw, err := json.Marshal(x)
	must(t, err)
	if x.Host != "hooks.test" || bytes.Contains(x.Sealed, []byte("verysecret")) || bytes.Contains(raw, []byte("verysecret")) {
		t.Errorf("%s", raw)
	}
	_, err = w.UpdateAlertChannel(t.Context(), operator, x.ID, control.ChannelEdit{URL: new("https://other.test/moresecret"), Level: new("severe")})
	must(t, err)
	acts, err := w.ListActs(t.Context(), operator, control.AuditFilter{Target: x.ID})
	must(t, err)
	if raw, err = json.Marshal(acts); err != nil || bytes.Contains(raw, []byte("secret")) || !bytes.Contains(raw, []byte("other.test")) {
		t.Errorf("%s, %v", raw, err)
	}
	trial, err := w.TestAlertChannel(t.Context(), operator, "slack")
	must(t, err)
	if trial.OK || strings.Contains(trial.Detail, "secret") {
		t.Errorf("%+v", trial)
	}
}

func TestAChannelCanBeTried(t *testing.T) {
	t.Parallel()
	w, chat := newWatcher(t), newChat(t)
	w.channel(store.ChannelSlack, control.ChannelEdit{URL: new(chat.URL)})
	w.channel(store.ChannelEmail, control.ChannelEdit{To: &[]string{"ops@team.test"}})
	for _, name := range []string{"slack", "email"} {
		if trial, err := w.TestAlertChannel(t.Context(), operator, name); err != nil || !trial.OK {
			t.Errorf("%s: %+v, %v", name, trial, err)
		}
	}
	if mails := w.peer.Mails(); len(mails) != 1 || !strings.Contains(string(mails[0].Data), "A test of alerts") {
		t.Errorf("%+v", mails)
	}
	if posts := chat.told(); len(posts) != 1 || !strings.Contains(posts[0], "This is a test") {
		t.Errorf("%s", posts)
	}
	chat.answers = []int{403}
	if trial, err := w.TestAlertChannel(t.Context(), operator, "slack"); err != nil || trial.OK || !strings.Contains(trial.Detail, "403") {
		t.Errorf("%+v, %v", trial, err)
	}
	if _, err := w.TestAlertChannel(t.Context(), operator, "moon"); !fault.Is(err, fault.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestAChannelIsToldWhatItAsksForAndWhatRulesSendThere(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.only("alr_bounces")
	w.channel(store.ChannelEmail, control.ChannelEdit{Name: new("all"), To: &[]string{"all@team.test"}})
	w.channel(store.ChannelEmail, control.ChannelEdit{Name: new("severe"), To: &[]string{"severe@team.test"}, Level: new("severe")})
	w.channel(store.ChannelEmail, control.ChannelEdit{Name: new("off"), To: &[]string{"off@team.test"}, Disabled: new(true)})
	w.channel(store.ChannelEmail, control.ChannelEdit{Name: new("other"), To: &[]string{"other@team.test"}})
	_, err := w.UpdateAlertRule(t.Context(), operator, "alr_bounces", func(r *alert.Rule) { r.Channels = []string{"all", "severe", "off"} })
	must(t, err)
	_, err = w.UpdateAlertRule(t.Context(), operator, "alr_bounces", func(r *alert.Rule) { r.Channels = []string{"moon"} })
	if !slices.Equal(fields(err), []string{"channels[0]"}) {
		t.Errorf("a rule names a channel that is not there: %v", err)
	}
	w.happen(event.EmailSent, 1000, nil)
	w.happen(event.EmailBounce, 80, nil)
	w.look(1, time.Minute)
	w.tell(false)
	w.happen(event.EmailBounce, 120, nil)
	w.look(1, 10*time.Minute)
	w.tell(false)
	var to []string
	for _, m := range w.peer.Mails() {
		to = append(to, m.To)
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"all@team.test", "all@team.test", "severe@team.test"}) {
		t.Errorf("told %v", to)
	}
}

func TestARuleIsTriedOnThePast(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	w.jump(-20 * 24 * time.Hour)
	bad := w.clock()
	w.happen(event.EmailSent, 500, nil)
	w.happen(event.EmailBounce, 200, nil)
	w.jump(10 * 24 * time.Hour)
	w.happen(event.EmailSent, 500, nil)
	w.jump(10 * 24 * time.Hour)
	for _, c := range []struct {
		by     string
		window string
		step   time.Duration
		end    time.Duration // after the bounces
	}{
		{alert.ByProject, "1d", time.Hour, 27 * time.Hour},
		{alert.BySource, "1d", time.Hour, 27 * time.Hour},
		{alert.ByTemplate, "2d", 24 * time.Hour, 5 * 24 * time.Hour},
		{alert.ByDomain, "", 24 * time.Hour, 4 * 24 * time.Hour},
	} {
		f, err := w.TryAlertRule(t.Context(), operator, alert.Rule{Kind: alert.BounceRate, By: c.by, Window: workflow.Span(c.window)})
		must(t, err)
		if len(f.Alerts) != 1 || f.Step != c.step || f.Cut {
			t.Errorf("by %s: %+v", c.by, f)
			continue
		}
		x := f.Alerts[0]
		if x.Level != stats.Severe || x.RaisedAt.Before(bad) || x.RaisedAt.After(bad.Add(c.step)) ||
			x.ResolvedAt.Before(bad.Add(24*time.Hour)) || x.ResolvedAt.After(bad.Add(c.end)) || x.Figures.Part != 200 {
			t.Errorf("by %s: %+v", c.by, x)
		}
	}
	if _, err := w.TryAlertRule(t.Context(), operator, alert.Rule{Kind: alert.Silence}); !slices.Equal(fields(err), []string{"kind"}) {
		t.Errorf("silence was tried: %v", err)
	}
	if page, err := w.Alerts(t.Context(), operator, control.AlertFilter{}); err != nil || len(page.Alerts) != 0 {
		t.Errorf("a trial raised %+v, %v", page, err)
	}
}
