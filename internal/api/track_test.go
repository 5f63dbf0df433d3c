package api_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// anyEvent is the id of an event that is made by chance.
var anyEvent = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

type trackedView struct {
	Success bool
	Data    struct {
		Contact, Event string
		Timestamp      time.Time
		Ignored        []struct{ Field, Code, Message string }
	}
}

// publicKey makes a public key with bounds.
func (s *server) publicKey(bounds store.KeyBounds) string {
	s.t.Helper()
	_, plain, err := s.control.CreateLimitedKey(s.t.Context(), operator, control.NewKey{Kind: store.PublicKey, Bounds: bounds})
	must(s.t, err)
	return plain
}

func (s *server) track(key, body string) answer {
	s.t.Helper()
	return s.as(key, http.MethodPost, "/v1/track", body)
}

func TestATrackedEventMakesItsContactAndIsListed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key := s.publicKey(store.KeyBounds{})
	var one trackedView
	s.track(key, `{"email":"Lea@Acme.test","event":"invoice.paid","data":{"plan":"team","amount":49,
		"coupon":{"value":"MAY","persistent":false},"seats":{"value":5,"persistent":true},"id":"x","name":""}}`).
		want(http.StatusOK).into(&one)
	if !one.Success || one.Data.Contact == "" || !one.Data.Timestamp.Equal(s.Now()) || len(one.Data.Ignored) != 2 ||
		one.Data.Ignored[0].Field != "data.id" || one.Data.Ignored[1].Field != "data.name" {
		t.Errorf("answer %+v", one)
	}
	a := s.call(http.MethodGet, "/events/"+one.Data.Event, nil).want(http.StatusOK)
	golden(t, "track/event.json", anyEvent.ReplaceAll(a.body, []byte("…")))
	a = s.call(http.MethodGet, "/contacts/"+one.Data.Contact, nil).want(http.StatusOK)
	golden(t, "track/contact.json", a.body)
	a = s.call(http.MethodGet, "/events/"+one.Data.Event+"/raw", nil).want(http.StatusOK)
	golden(t, "track/raw.json", a.body)

	s.track(key, `{"email":"lea@acme.test","event":"moved","data":{"plan":null,"city":"Rome"}}`).want(http.StatusOK)
	var k struct{ Data map[string]any }
	s.call(http.MethodGet, "/contacts/"+one.Data.Contact, nil).want(http.StatusOK).into(&k)
	if k.Data["plan"] != nil || k.Data["city"] != "Rome" || k.Data["amount"] != 49.0 || k.Data["coupon"] != nil {
		t.Errorf("the contact has %v", k.Data)
	}
	verified, err := s.control.Verify(t.Context(), nil)
	if err != nil || len(verified.Differences) > 0 {
		t.Errorf("verify: %+v, %v", verified, err)
	}
	sums, err := s.control.Replay(t.Context(), operator, control.ReplayFilter{}, nil)
	if err != nil || sums.Receipts != 2 || sums.New+sums.Conflicts+sums.Unreadable != 0 || sums.Known != 2 {
		t.Errorf("parsed again: %+v, %v", sums, err)
	}
}

// contactOf is what tests ask of a contact.
func (s *server) subscribed(address string) bool {
	s.t.Helper()
	var k struct{ Subscribed bool }
	s.call(http.MethodGet, "/contacts/"+address, nil).want(http.StatusOK).into(&k)
	return k.Subscribed
}

func TestConsentChangesOnlyWhereAKeyMaySayIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	plain, form := s.publicKey(store.KeyBounds{}), s.publicKey(store.KeyBounds{Subscribes: true})
	for _, step := range []struct {
		key, says string
		want      bool
		ignored   string
	}{
		{plain, "", true, ""}, // a new one is subscribed
		{plain, `,"subscribed":false`, true, "subscribed"},
		{form, `,"subscribed":false`, false, ""},
		{plain, "", false, ""}, // an old one stays
		{s.secret, "", false, ""},
		{s.secret, `,"subscribed":true,"tags":["a"],"externalId":"u1"`, true, ""},
		{form, `,"tags":["b"],"externalId":"u2"`, true, "externalId tags"},
	} {
		s.pass(time.Second)
		var a trackedView
		s.track(step.key, `{"email":"lea@acme.test","event":"seen"`+step.says+`}`).want(http.StatusOK).into(&a)
		var ignored []string
		for _, i := range a.Data.Ignored {
			ignored = append(ignored, i.Field)
		}
		if got := s.subscribed("lea@acme.test"); got != step.want || strings.Join(ignored, " ") != step.ignored {
			t.Errorf("%s: subscribed %t, ignored %v", step.says, got, ignored)
		}
	}
}

func TestAnIdempotencyKeyReplaysTheFirstAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	send := func(path, key, body string) answer {
		r := s.request(http.MethodPost, path, body)
		r.Header.Set("Idempotency-Key", key)
		return s.send(r)
	}
	body := `{"email":"lea@acme.test","event":"paid","data":{"n":1},"timestamp":"2026-02-04T12:30:00Z"}`
	first := send("/v1/track", "k 1", body).want(http.StatusOK)
	s.pass(23 * time.Hour) // by now the timestamp is too old for a new request
	again := send("/v1/track", "k 1", " "+body).want(http.StatusOK)
	if !bytes.Equal(first.body, again.body) {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	golden(t, "problems/track_key_reused.json", send("/v1/track", "k 1", strings.Replace(body, "paid", "lost", 1)).want(http.StatusConflict).body)
	if send("/v1/track", "k 2", `{"email":"lea@acme.test","event":"paid"}`).want(http.StatusOK); s.countEvents("paid") != 2 {
		t.Errorf("%d events", s.countEvents("paid"))
	}
	list := `{"events":[{"email":"a@acme.test","event":"x"},{"email":"b","event":"x"},{"email":"c@acme.test","event":"x"}]}`
	first = send("/v1/track/batch", "b", list).want(http.StatusOK)
	s.pass(time.Minute)
	if again = send("/v1/track/batch", "b", list).want(http.StatusOK); !bytes.Equal(first.body, again.body) || s.countEvents("x") != 2 {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	send("/v1/track/batch", "b", strings.Replace(list, `"b"`, `"d"`, 1)).want(http.StatusConflict)
}

func (s *server) countEvents(name string) int {
	s.t.Helper()
	var page struct{ Events []struct{ ID string } }
	s.call(http.MethodGet, "/events?name="+name, nil).want(http.StatusOK).into(&page)
	return len(page.Events)
}

func TestBadItemsOfABatchCostOnlyThemselves(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := s.call(http.MethodPost, "/v1/track/batch", `{"events":[
		{"email":"a@acme.test","event":"joined","data":{"plan":"team","email":"x"}}, {"email":"a@acme.test","event":"left"},
		{"email":"nobody","event":"email.open","timestamp":"soon"}, {"event":1}, 17, null, {"email":"b@acme.test","event":"joined","dta":{}},
		{"email":"b@acme.test","event":"joined","timestamp":"2026-05-01"}
	]}`).want(http.StatusOK)
	golden(t, "track/batch.json", anyEvent.ReplaceAll(a.body, []byte("…")))
	if n := s.countEvents("joined"); n != 2 {
		t.Errorf("%d events", n)
	}
	a = s.call(http.MethodPost, "/v1/track/batch", `{"events":[`+strings.Repeat(`{"email":"a@acme.test","event":"x"},`, 999)+
		`{"email":"a@acme.test","event":"x"}]}`).want(http.StatusOK)
	var all struct{ Success bool }
	if a.into(&all); !all.Success {
		t.Errorf("a thousand: %.300s", a.body)
	}
}

func TestAKeyTracksWhatItIsBoundTo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key := s.publicKey(store.KeyBounds{Events: []string{"seen"}, Origins: []string{"https://acme.test"}})
	from := func(origin, event string) answer {
		r := s.request(http.MethodPost, "/v1/track", `{"email":"lea@acme.test","event":"`+event+`"}`)
		r.Header.Set("Authorization", "Bearer "+key)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		return s.send(r)
	}
	if a := from("https://acme.test", "seen").want(http.StatusOK); a.header.Get("Access-Control-Allow-Origin") != "https://acme.test" {
		t.Errorf("headers %v", a.header)
	}
	golden(t, "problems/track_event_not_allowed.json", from("https://acme.test", "paid").want(http.StatusUnprocessableEntity).body)
	for _, origin := range []string{"https://evil.test", "http://acme.test", "null", ""} {
		a := from(origin, "seen").want(http.StatusForbidden)
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q: headers %v", origin, a.header)
		}
		if origin == "https://evil.test" {
			golden(t, "problems/track_origin.json", a.body)
		}
	}
	s.as(key, http.MethodGet, "/events", nil).want(http.StatusForbidden)
	s.as(key, http.MethodGet, "/contacts", nil).want(http.StatusForbidden)

	r := s.request(http.MethodPost, "/v1/track", `{"email":"lea@acme.test","event":"seen"}`)
	r.Header.Set("Origin", "https://acme.test")
	if a := s.send(r).want(http.StatusOK); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a secret key's answer may be read by a page: %v", a.header)
	}
	r = s.request(http.MethodOptions, "/v1/track", nil)
	r.Header.Del("Authorization")
	r.Header.Set("Origin", "https://acme.test")
	r.Header.Set("Access-Control-Request-Method", "POST")
	a := s.send(r).want(http.StatusNoContent)
	if h := a.header; h.Get("Access-Control-Allow-Origin") != "https://acme.test" || h.Get("Access-Control-Allow-Methods") != "POST" ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %v", h)
	}
}

func TestWhoTracksTooMuchIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	rules := &s.control.Tracking
	rules.Project, rules.Key = control.NewRates(100, time.Minute), control.NewRates(4, 4*time.Second)
	rules.Client, rules.Contact = control.NewRates(3, time.Minute), control.NewRates(2, time.Minute)
	body := `{"email":"lea@acme.test","event":"seen"}`
	for i, want := range []string{"3", "2", "1", "0"} {
		a := s.track(s.secret, body).want(http.StatusOK)
		if got := a.header.Get("RateLimit-Remaining"); got != want || a.header.Get("RateLimit-Limit") != "4" {
			t.Errorf("request %d: %v", i, a.header)
		}
	}
	a := s.track(s.secret, body).want(http.StatusTooManyRequests)
	if h := a.header; h.Get("Retry-After") != "1" || h.Get("RateLimit-Remaining") != "0" || h.Get("RateLimit-Reset") != "4" {
		t.Errorf("headers %v", h)
	}
	golden(t, "problems/track_too_much.json", a.body)
	s.pass(time.Second)
	s.track(s.secret, body).want(http.StatusOK)

	key := s.publicKey(store.KeyBounds{})
	s.track(key, body).want(http.StatusOK)
	s.track(key, body).want(http.StatusOK)
	golden(t, "problems/track_contact_too_much.json", s.track(key, body).want(http.StatusTooManyRequests).body)
	golden(t, "problems/track_client_too_much.json", s.track(key, strings.Replace(body, "lea", "bob", 1)).want(http.StatusTooManyRequests).body)
}
