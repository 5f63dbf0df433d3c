package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/store"
)

const mayNews = `{"name":"May news","subject":"News for {{ email }}","body":"<p>Hi {{ email }}</p>","from":"news@send.test","audienceType":"ALL"}`

// broadcast makes a draft behind the API's back, and returns its id.
func (s *server) broadcast() string {
	s.t.Helper()
	text := func(v string) *string { return &v }
	x, err := s.control.CreateBroadcast(s.t.Context(), operator, &control.BroadcastEdit{
		Name: text("May news"), Subject: text("News"), Body: text("<p>Hi {{ email }}</p>"), From: text("news@send.test"),
		AudienceType: text("ALL"),
	})
	must(s.t, err)
	return x.ID
}

// begun makes one that is under way.
func (s *server) begun() string {
	s.t.Helper()
	id := s.broadcast()
	_, err := s.control.SendBroadcast(s.t.Context(), operator, id, "")
	must(s.t, err)
	return id
}

// broadcastDeeds are deeds of broadcasts.
func broadcastDeeds() map[string]deed {
	to := func(id, what string) string { return "/campaigns/" + id + "/" + what }
	return map[string]deed{
		"createBroadcast": {
			func(s *server, _ string) string {
				var made struct{ Data struct{ ID string } }
				s.call(http.MethodPost, "/campaigns", mayNews).want(http.StatusCreated).into(&made)
				return made.Data.ID
			},
			"audienceType →ALL, body →, from →news@send.test, name →May news, subject →News for {{ email }}",
		},
		"updateBroadcast": {func(s *server, _ string) string {
			id := s.broadcast()
			s.call(http.MethodPut, "/campaigns/"+id, `{"subject":"Later"}`).want(http.StatusOK)
			return id
		}, "subject News→Later"},
		"deleteBroadcast": {func(s *server, _ string) string {
			id := s.broadcast()
			s.call(http.MethodDelete, "/campaigns/"+id, nil).want(http.StatusNoContent)
			return id
		}, "name May news→"},
		"sendBroadcast": {func(s *server, _ string) string {
			id := s.broadcast()
			s.call(http.MethodPost, to(id, "send"), `{}`).want(http.StatusOK)
			return id
		}, "status DRAFT→SENDING"},
		"pauseBroadcast": {func(s *server, _ string) string {
			id := s.begun()
			s.call(http.MethodPost, to(id, "pause"), `{}`).want(http.StatusOK)
			return id
		}, "status SENDING→PAUSED"},
		"resumeBroadcast": {func(s *server, _ string) string {
			id := s.begun()
			_, err := s.control.PauseBroadcast(s.t.Context(), operator, id, "")
			must(s.t, err)
			s.call(http.MethodPost, to(id, "resume"), nil).want(http.StatusOK)
			return id
		}, "status PAUSED→SENDING"},
		"measureBroadcast": {func(s *server, _ string) string {
			id := s.broadcast()
			s.call(http.MethodPost, to(id, "audience"), nil).want(http.StatusOK)
			return id
		}, ""},
		"cancelBroadcast": {func(s *server, _ string) string {
			id := s.begun()
			s.call(http.MethodPost, to(id, "cancel"), nil).want(http.StatusOK)
			return id
		}, "status SENDING→CANCELLED"},
		"testBroadcast": {func(s *server, _ string) string {
			id := s.broadcast()
			s.call(http.MethodPost, to(id, "test"), `{"email":"lea@acme.test"}`).want(http.StatusOK)
			return id
		}, ""},
	}
}

// people stores contacts; those of left unsubscribed.
func (s *server) people(n int, left ...int) {
	s.t.Helper()
	for i := range n {
		body := fmt.Sprintf(`{"email":"p%03d@acme.test","subscribed":true,"data":{"plan":"p%d"}}`, i, i%2)
		for _, x := range left {
			if x == i {
				body = strings.Replace(body, "true", "false", 1)
			}
		}
		if got := s.call(http.MethodPost, "/contacts", body); got.status >= 300 {
			s.t.Fatalf("contact: %d %s", got.status, got.body)
		}
	}
}

type castAnswer struct {
	Success bool
	Data    struct {
		ID, Status, PausedReason                               string
		TotalRecipients, SentCount, AudienceSize, HandledCount int64
		LeftOut                                                map[string]int64
		ScheduledFor                                           *time.Time
	}
	Message string
}

type castStats struct {
	Success bool
	Data    struct {
		Status                                                              string
		TotalRecipients, SentCount, QueuedCount, SkippedCount, WaitingCount int64
		CanceledCount, BouncedCount                                         int64
	}
}

func TestABroadcastGoesFromADraftToEverybodyWhoMayGetIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.people(5, 2)
	var made castAnswer
	s.call(http.MethodPost, "/campaigns", mayNews).want(http.StatusCreated).into(&made)
	if made.Data.Status != "DRAFT" {
		t.Fatalf("%+v", made)
	}
	at := "/campaigns/" + made.Data.ID
	var audience struct {
		Data struct {
			AudienceSize, Recipients int64
			LeftOut                  map[string]int64
			Sample                   []struct{ Email string }
			Preview                  struct{ Subject, Email string }
		}
	}
	s.call(http.MethodPost, at+"/audience", nil).want(http.StatusOK).into(&audience)
	if a := audience.Data; a.AudienceSize != 5 || a.Recipients != 4 || a.LeftOut["unsubscribed"] != 1 || len(a.Sample) != 4 ||
		a.Preview.Subject != "News for p000@acme.test" {
		t.Fatalf("audience %+v", a)
	}
	s.call(http.MethodPost, at+"/send", nil).want(http.StatusOK)
	s.call(http.MethodPost, at+"/send", nil).want(http.StatusConflict)
	s.runBroadcast(made.Data.ID)
	var stats castStats
	s.call(http.MethodGet, at+"/stats", nil).want(http.StatusOK).into(&stats)
	if d := stats.Data; d.Status != "SENDING" || d.TotalRecipients != 4 || d.QueuedCount != 4 || d.WaitingCount != 0 {
		t.Fatalf("stats %+v", d)
	}
	must(t, s.control.RunSends(t.Context()))
	s.runBroadcast(made.Data.ID)
	s.call(http.MethodGet, at+"/stats", nil).want(http.StatusOK).into(&stats)
	if d := stats.Data; d.Status != "SENT" || d.SentCount != 4 || d.QueuedCount != 0 {
		t.Fatalf("stats %+v", d)
	}
	if n := s.firstEvent("broadcast.finished"); n != 1 {
		t.Fatalf("%d events tell that it is finished", n)
	}
	var list struct {
		Data []struct{ SentCount int64 }
	}
	s.call(http.MethodGet, "/campaigns?status=SENT", nil).want(http.StatusOK).into(&list)
	if len(list.Data) != 1 || list.Data[0].SentCount != 4 {
		t.Fatalf("list %+v", list)
	}
	if len(s.sendsOf(made.Data.ID)) != 4 {
		t.Error("GET /sends?broadcast= does not list them")
	}
}

// runBroadcast lets the job of a broadcast do what it can now, without waiting.
func (s *server) runBroadcast(id string) {
	s.t.Helper()
	must(s.t, s.control.AdvanceBroadcast(s.t.Context(), id))
}

func (s *server) firstEvent(name string) int {
	s.t.Helper()
	page, err := s.store.ListEvents(s.t.Context(), store.EventQuery{Project: store.DefaultProject, Names: []event.Name{event.Name(name)}, Limit: 10})
	must(s.t, err)
	return len(page.Events)
}

func (s *server) sendsOf(id string) []string {
	s.t.Helper()
	var page struct {
		Sends []struct{ ID string }
	}
	s.call(http.MethodGet, "/sends?broadcast="+id, nil).want(http.StatusOK).into(&page)
	var list []string
	for _, x := range page.Sends {
		list = append(list, x.ID)
	}
	return list
}

func TestAPausedBroadcastHoldsItsEmailsUntilItGoesOnOrIsCancelled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.people(4)
	id := s.begun()
	s.runBroadcast(id)
	s.call(http.MethodPost, "/campaigns/"+id+"/pause", `{"note":"a mistake"}`).want(http.StatusOK)
	must(t, s.control.RunSends(t.Context()))
	var got castAnswer
	s.call(http.MethodGet, "/campaigns/"+id, nil).want(http.StatusOK).into(&got)
	if got.Data.Status != "PAUSED" || got.Data.PausedReason != "paused by a person: a mistake" || got.Data.SentCount != 0 {
		t.Fatalf("paused %+v", got.Data)
	}
	s.call(http.MethodPost, "/campaigns/"+id+"/resume", nil).want(http.StatusOK)
	must(t, s.control.RunSends(t.Context()))
	s.runBroadcast(id)
	s.call(http.MethodGet, "/campaigns/"+id, nil).want(http.StatusOK).into(&got)
	if got.Data.Status != "SENT" || got.Data.SentCount != 4 {
		t.Fatalf("resumed %+v", got.Data)
	}
	other := s.begun()
	s.runBroadcast(other)
	s.call(http.MethodPost, "/campaigns/"+other+"/cancel", nil).want(http.StatusOK)
	must(t, s.control.RunSends(t.Context()))
	var stats castStats
	s.call(http.MethodGet, "/campaigns/"+other+"/stats", nil).want(http.StatusOK).into(&stats)
	if d := stats.Data; d.Status != "CANCELLED" || d.SentCount != 0 || d.CanceledCount != 4 {
		t.Fatalf("cancelled %+v", d)
	}
}

func TestWhatABroadcastNeedsIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	seg, tpl := s.everybody("Needed"), s.template()
	var made castAnswer
	s.call(http.MethodPost, "/campaigns", fmt.Sprintf(`{"name":"x","template":%q,"audienceType":"SEGMENT","segmentId":%q,"from":"a@send.test"}`, tpl, seg)).
		want(http.StatusCreated).into(&made)
	if got := s.call(http.MethodDelete, "/segments/"+seg, nil).want(http.StatusConflict).problem(); !strings.Contains(got.Detail, made.Data.ID) {
		t.Errorf("segment: %+v", got)
	}
	if got := s.call(http.MethodDelete, "/templates/"+tpl, nil).want(http.StatusConflict).problem(); !strings.Contains(got.Detail, made.Data.ID) {
		t.Errorf("template: %+v", got)
	}
	s.call(http.MethodDelete, "/campaigns/"+made.Data.ID, nil).want(http.StatusNoContent)
	s.call(http.MethodDelete, "/segments/"+seg, nil).want(http.StatusNoContent)
	s.call(http.MethodDelete, "/templates/"+tpl, nil).want(http.StatusNoContent)
}

// badBroadcasts are requests about broadcasts that must be refused.
func badBroadcasts() []badRequest {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	bad := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/campaigns", body: body, status: status}
	}
	return []badRequest{
		bad("broadcast of nothing", `{}`, 422),
		bad("broadcast with everything wrong", `{"name":"","subject":"a\nb","body":"{% if %}","from":"nobody","fromName":"a\u0000","replyTo":"x",
			"audienceType":"ALL","segmentId":"seg_1","audienceCondition":{"logic":"XOR"},"tags":[""],"topic":"nope","sender":"snr_none",
			"throttlePerMinute":-1,"localTime":"9","timeZone":"Mars/Olympus","thresholds":{"bounceRate":2,"complaintRate":-1,"minimum":0},
			"trackOpens":false}`, 422),
		bad("broadcast with a wrong word and data", `{"name":"a","audienceType":"SOME","data":[1]}`, 422),
		bad("broadcast with a template that has a mistake", `{"name":"a","subject":"{{ x","body":"<p>{% nope %}</p>","from":"a@send.test","audienceType":"ALL"}`, 422),
		bad("broadcast of no template", `{"name":"a","template":"nope","from":"a@send.test","audienceType":"ALL"}`, 422),
		bad("broadcast of no sender", `{"name":"a","subject":"a","body":"b","from":"a@send.test","sender":"snr_none","topic":"nope","audienceType":"ALL"}`, 422),
		bad("broadcast from nobody", `{"name":"a","subject":"a","body":"b","audienceType":"ALL"}`, 422),
		bad("broadcast to no segment", `{"name":"a","subject":"a","body":"b","from":"a@send.test","audienceType":"SEGMENT"}`, 422),
		bad("broadcast to an unknown segment", `{"name":"a","subject":"a","body":"b","from":"a@send.test","audienceType":"SEGMENT","segmentId":"seg_none"}`, 422),
		bad("broadcast filtered by nothing", `{"name":"a","subject":"a","body":"b","from":"a@send.test","audienceType":"FILTERED"}`, 422),
		bad("broadcast to all with a filter", `{"name":"a","subject":"a","body":"b","from":"a@send.test","audienceType":"ALL","tags":["a"]}`, 422),
		bad("broadcast that is transactional", `{"name":"a","subject":"a","body":"b","from":"a@send.test","audienceType":"ALL","transactional":true}`, 422),
		{name: "broadcasts with wrong filters", method: get, target: "/campaigns?status=DONE&page=0&pageSize=101&cursor=x", status: 422},
		{name: "broadcasts of a wrong page", method: get, target: "/campaigns?status=DONE&page=0&pageSize=101", status: 422},
		{name: "broadcast that is not there", method: get, target: "/campaigns/brc_none", status: 404},
		{name: "changing no broadcast", method: put, target: "/campaigns/brc_none", body: `{"name":"a"}`, status: 404},
		{name: "deleting no broadcast", method: del, target: "/campaigns/brc_none", status: 404},
		{name: "sending no broadcast", method: post, target: "/campaigns/brc_none/send", body: `{}`, status: 404},
		{name: "test of no broadcast", method: post, target: "/campaigns/brc_none/test", body: `{"email":"x"}`, status: 404},
		{name: "sends of no broadcast", method: get, target: "/sends?broadcast=brc_none", status: 404},
	}
}

func TestWhatABroadcastIsNotAtCanNotBeDoneToIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.broadcast()
	at := "/campaigns/" + id + "/"
	refused := func(method, target string, body any) {
		t.Helper()
		if p := s.call(method, target, body).want(http.StatusConflict).problem(); p.Type != "urn:tidings:error:wrong_status" || p.Hint == "" {
			t.Errorf("%s %s: %+v", method, target, p)
		}
	}
	for _, what := range []string{"pause", "resume", "cancel"} {
		refused(http.MethodPost, at+what, nil)
	}
	for body, field := range map[string]string{`{"scheduledFor":"tomorrow"}`: "scheduledFor", `{"scheduledFor":"2030-01-01"}`: "scheduledFor"} {
		if p := s.call(http.MethodPost, at+"send", body).want(http.StatusUnprocessableEntity).problem(); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if p := s.call(http.MethodPost, at+"test", `{"email":"nobody"}`).want(http.StatusUnprocessableEntity).problem(); p.Field != "email" {
		t.Errorf("test: %+v", p)
	}
	var got castAnswer
	s.call(http.MethodPost, at+"send", `{"scheduledFor":"2026-05-06T12:00:00Z"}`).want(http.StatusOK).into(&got)
	if got.Data.Status != "SCHEDULED" || got.Data.ScheduledFor == nil || got.Message != "The broadcast is scheduled" {
		t.Fatalf("%+v", got)
	}
	s.call(http.MethodPut, "/campaigns/"+id, `{"subject":"Changed"}`).want(http.StatusOK)
	refused(http.MethodDelete, "/campaigns/"+id, nil)
	s.runBroadcast(id)
	s.call(http.MethodGet, "/campaigns/"+id, nil).want(http.StatusOK).into(&got)
	if got.Data.Status != "SCHEDULED" {
		t.Fatalf("it began before its time: %+v", got)
	}
	s.pass(25 * time.Hour)
	s.runBroadcast(id)
	s.call(http.MethodGet, "/campaigns/"+id, nil).want(http.StatusOK).into(&got)
	if got.Data.Status != "SENT" {
		t.Fatalf("%+v", got)
	}
	refused(http.MethodPut, "/campaigns/"+id, `{"subject":"Changed"}`)
	for _, what := range []string{"send", "pause", "resume", "cancel"} {
		refused(http.MethodPost, at+what, nil)
	}
}

func TestABroadcastPausesItselfPastAThreshold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.people(10)
	id := s.broadcast()
	s.call(http.MethodPut, "/campaigns/"+id, `{"thresholds":{"minimum":4,"bounceRate":0.2},"throttlePerMinute":300}`).want(http.StatusOK)
	s.call(http.MethodPost, "/campaigns/"+id+"/send", nil).want(http.StatusOK)
	s.runBroadcast(id)
	must(t, s.control.RunSends(t.Context()))
	s.bounce(id, 2)
	s.pass(5 * time.Second)
	s.runBroadcast(id)
	var got castAnswer
	s.call(http.MethodGet, "/campaigns/"+id, nil).want(http.StatusOK).into(&got)
	if got.Data.Status != "PAUSED" || got.Data.PausedReason != "2 of 5 emails bounced, which is more than 20 %" {
		t.Fatalf("%+v", got.Data)
	}
}

// bounce lets SES tell of the first n emails of a broadcast that they came back.
func (s *server) bounce(id string, n int) {
	s.t.Helper()
	var page struct {
		Sends []struct{ ID, Recipient string }
	}
	s.call(http.MethodGet, "/sends?status=sent&broadcast="+id, nil).want(http.StatusOK).into(&page)
	src := s.newSource()
	at := s.Now().Format(time.RFC3339)
	for i, x := range page.Sends[:n] {
		s.take(src, fmt.Sprintf(`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","timestamp":%[1]q,
			"feedbackId":"f-%[2]d","bouncedRecipients":[{"emailAddress":%[3]q,"status":"5.1.1"}]},"mail":{"timestamp":%[1]q,
			"messageId":"ses-%[2]d","source":"news@send.test","destination":[%[3]q],"tags":{"tidings_send":[%[4]q]}}}`,
			at, i, x.Recipient, x.ID))
	}
}
