package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/internal/alert"
	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// alertRule makes a rule.
func (s *server) alertRule(name string) string {
	s.t.Helper()
	x, err := s.control.CreateAlertRule(s.t.Context(), operator, alert.Rule{Name: name, Kind: alert.ComplaintRate, By: alert.ByDomain})
	must(s.t, err)
	return x.ID
}

// alertChannel makes a channel.
func (s *server) alertChannel(name string) string {
	s.t.Helper()
	x, err := s.control.CreateAlertChannel(s.t.Context(), operator, store.ChannelEmail, control.ChannelEdit{
		Name: &name, To: &[]string{"ops@team.test"},
	})
	must(s.t, err)
	return x.ID
}

// raised raises an alert about a subject, that its channels are to be told of.
func (s *server) raised(subject string) string {
	s.t.Helper()
	states, err := s.store.AlertStates(s.t.Context(), store.DefaultProject, s.Now())
	must(s.t, err)
	p := &store.AlertPass{
		Project: store.DefaultProject, At: s.Now(), Looked: map[string]time.Time{"alr_template_bounces": states.Looked["alr_template_bounces"]},
		Alerts: []store.Alert{{
			Rule: "alr_template_bounces", RuleName: "Bounces of a template", Kind: alert.BounceRate, By: alert.ByTemplate,
			Window: 24 * time.Hour, Subject: alert.Subject{Key: subject},
			State:   alert.State{Level: stats.Warn, Since: s.Now(), SeenAt: s.Now()},
			Figures: alert.RateFigures(stats.NewRate("bounce", 382, 5310), 100),
		}},
		Notices: []store.NewNotice{{Items: []alert.Item{{Change: alert.Raised}}, Of: []int{0}}},
	}
	noted, err := s.store.NoteAlerts(s.t.Context(), p)
	must(s.t, err)
	if !noted {
		s.t.Fatal("the alert was not raised")
	}
	return p.Alerts[0].ID
}

// alertDeeds are calls of every operation on alerts that changes something.
func alertDeeds() map[string]deed {
	return map[string]deed{
		"createAlertRule": {
			made("/alert-rules", `{"name":"Big hosts","kind":"complaint_rate","by":"domain","warn":0.0005,"channels":[]}`),
			"by →domain, kind →complaint_rate, name →Big hosts, warn →0.0005",
		},
		"updateAlertRule": {func(s *server, _ string) string {
			id := s.alertRule("Old")
			s.call(http.MethodPatch, "/alert-rules/"+id, `{"name":"New","enabled":false,"window":"7d"}`).want(http.StatusOK)
			return id
		}, "disabled →true, name Old→New, window →7d"},
		"deleteAlertRule": {func(s *server, _ string) string {
			id := s.alertRule("Gone")
			s.call(http.MethodDelete, "/alert-rules/Gone", nil).want(http.StatusNoContent)
			return id
		}, "name Gone→"},
		"acknowledgeAlert": {func(s *server, _ string) string {
			id := s.raised("seen")
			s.call(http.MethodPost, "/alerts/"+id+"/acknowledge", `{"note":"it is known"}`).want(http.StatusOK)
			return id
		}, ""},
		"muteAlert": {func(s *server, _ string) string {
			id := s.raised("loud")
			s.call(http.MethodPost, "/alerts/"+id+"/mute", `{"until":"2026-05-08"}`).want(http.StatusOK)
			return id
		}, "mutedUntil →2026-05-08T00:00:00Z"},
		"createAlertChannel": {
			made("/alert-channels", `{"name":"on call","kind":"email","to":["ops@team.test"],"level":"severe"}`),
			"name →on call, to →ops@team.test, level →severe",
		},
		"updateAlertChannel": {func(s *server, _ string) string {
			id := s.alertChannel("old")
			s.call(http.MethodPatch, "/alert-channels/"+id, `{"name":"new","enabled":false}`).want(http.StatusOK)
			return id
		}, "name old→new, disabledAt →2026-05-05T12:00:00Z"},
		"deleteAlertChannel": {func(s *server, _ string) string {
			id := s.alertChannel("gone")
			s.call(http.MethodDelete, "/alert-channels/gone", nil).want(http.StatusNoContent)
			return id
		}, "name gone→"},
		"testAlertChannel": {func(s *server, _ string) string {
			id := s.alertChannel("tried")
			s.call(http.MethodPost, "/alert-channels/"+id+"/test", nil).want(http.StatusOK)
			return id
		}, ""},
	}
}

func badAlerts() []badRequest {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []badRequest{
		{name: "alerts by wrong filters", method: get, target: "/alerts?state=on&kind=moon&rule=a%0Ab&limit=-1&cursor=x", status: 422},
		{name: "no alert", method: get, target: "/alerts/alt_zz", status: 404},
		{name: "a note of two lines on an alert", method: post, target: "/alerts/alt_1/acknowledge", body: `{"note":"a\nb"}`, status: 422},
		{name: "take note of no alert", method: post, target: "/alerts/alt_zz/acknowledge", body: `{}`, status: 404},
		{name: "mute until the past", method: post, target: "/alerts/alt_1/mute", body: `{"until":"2026-05-01"}`, status: 422},
		{name: "mute until some day", method: post, target: "/alerts/alt_1/mute", body: `{"until":"some day"}`, status: 422},
		{name: "no alert rule", method: get, target: "/alert-rules/alr_zz", status: 404},
		{name: "alert rule of no kind", method: post, target: "/alert-rules", body: `{"name":"a","kind":"moon"}`, status: 422},
		{
			name: "alert rule with everything wrong", method: post, target: "/alert-rules", status: 422,
			body: `{"name":"a\nb","kind":"bounce_rate","by":"moon","window":"5m","hold":"soon","warn":2,"severe":-1,"below":3,"least":-1,"channels":["no"]}`,
		},
		{name: "alert rule with the name of another", method: post, target: "/alert-rules", body: `{"name":"Bounces","kind":"silence"}`, status: 409},
		{name: "delete an alert rule that every project has", method: del, target: "/alert-rules/alr_bounces", status: 409},
		{name: "change no alert rule", method: patch, target: "/alert-rules/alr_zz", body: `{}`, status: 404},
		{name: "try what can't be tried", method: post, target: "/alert-rules/try", body: `{"kind":"silence"}`, status: 422},
		{name: "no alert channel", method: get, target: "/alert-channels/alc_zz", status: 404},
		{name: "alert channel of no kind", method: post, target: "/alert-channels", body: `{"name":"a","kind":"sms"}`, status: 422},
		{
			name: "alert channel with everything wrong", method: post, target: "/alert-channels", status: 422,
			body: `{"name":"a\nb","kind":"email","to":["lea","a@b.test","a@b.test"],"sender":"moon","url":"https://a.test","level":"fatal"}`,
		},
		{
			name: "alert channel with a URL for everybody", method: post, target: "/alert-channels", status: 422,
			body: `{"name":"a","kind":"slack","url":"http://hooks.test/a"}`,
		},
		{name: "test no alert channel", method: post, target: "/alert-channels/alc_zz/test", status: 404},
	}
}

func TestAnAlertIsShownWithItsFiguresInWordsAndWhomItWasTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.raised("onboarding/welcome")
	var list api.AlertList
	s.call(http.MethodGet, "/alerts?state=raised", nil).want(http.StatusOK).into(&list)
	if len(list.Alerts) != 1 || list.Alerts[0].ID != id {
		t.Fatalf("%+v", list)
	}
	var x api.AlertTold
	s.call(http.MethodGet, "/alerts/"+id, nil).want(http.StatusOK).into(&x)
	if x.Facts != "7.2 % of 5,310 emails sent of the template onboarding/welcome bounced for good in the last 24 hours; "+
		"SES reviews accounts at 5 %." || !strings.HasPrefix(x.Todo, "Find out") || x.Page != "/ui/templates/onboarding/welcome" ||
		x.State != "raised" || x.Figures.Of != 5310 || len(x.Told) != 1 || x.Told[0].State != "waiting" {
		t.Errorf("%+v", x)
	}
}

func TestTheRulesThatEveryProjectHasAreListedAndTried(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var list api.AlertRuleList
	s.call(http.MethodGet, "/alert-rules", nil).want(http.StatusOK).into(&list)
	i := slices.IndexFunc(list.Rules, func(x api.AlertRule) bool { return x.ID == "alr_bounces" })
	if i < 0 || !list.Rules[i].Enabled || list.Rules[i].Window != "1d" || list.Rules[i].Hold != "1h" {
		t.Errorf("%+v", list)
	}
	var trial api.AlertRuleTrial
	s.call(http.MethodPost, "/alert-rules/try", `{"kind":"bounce_rate","by":"template"}`).want(http.StatusOK).into(&trial)
	if len(trial.Alerts) != 0 || trial.Step != 86400 {
		t.Errorf("%+v", trial)
	}
	var test api.AlertChannelTest
	s.call(http.MethodPost, "/alert-channels/"+s.alertChannel("ops")+"/test", nil).want(http.StatusOK).into(&test)
	if !test.OK {
		t.Errorf("%+v", test)
	}
}
