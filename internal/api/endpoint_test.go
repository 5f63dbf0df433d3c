package api_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/dispatch"
)

// receiver is the other side of endpoints: it keeps what it is sent, and answers as it is told.
type receiver struct {
	mu     sync.Mutex
	answer func(n int) int // the status of the n-th answer, from 1; nil: 200
	got    []delivery
	came   chan struct{}
}

type delivery struct {
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, delivery{q.Header.Clone(), body})
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(len(r.got))
	}
	select {
	case r.came <- struct{}{}:
	default:
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<b>seen</b>")), Request: q}, nil
}

func (r *receiver) all() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.got...)
}

// outlets gives a server what endpoints stand on.
func (s *server) outlets(r *receiver) {
	s.t.Helper()
	sealer, err := auth.NewSealer(auth.NewSealKey())
	must(s.t, err)
	s.control.Outlets = control.Outlets{
		Sealer: func() (*auth.Sealer, error) { return sealer, nil },
		Poster: &dispatch.Poster{Client: &http.Client{Transport: r}, UserAgent: "Tidings", Now: s.Now},
		Tests:  control.NewRates(3, time.Minute),
		Public: func(e *event.Event) ([]byte, error) {
			var b bytes.Buffer
			err := api.Encode(&b, api.EventOf(e))
			return b.Bytes(), err
		},
		Limits: dispatch.Limits{OwnHosts: []string{"tidings.test"}},
	}
}

// serveEndpoints serves endpoints until the test ends.
func (s *server) serveEndpoints() {
	s.t.Helper()
	log := control.NewOutletLog(s.store, s.logger)
	runner := s.control.NewOutlets(log, s.logger)
	s.control.Outlets.Wake = runner.Wake
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		log.Close()
	})
}

const plainEndpoint = `{"name":"crm","url":"https://acme.test/hooks","on":{"event":["email.*"]},"headers":{"Authorization":"canary"}}`

func (s *server) newEndpoint(name string) api.Endpoint {
	s.t.Helper()
	var x api.Endpoint
	s.call(http.MethodPost, "/endpoints", strings.Replace(plainEndpoint, "crm", name, 1)).want(http.StatusCreated).into(&x)
	return x
}

// quietEndpoint makes an endpoint without a trace of the API in the audit log.
func (s *server) quietEndpoint(name string) string {
	s.t.Helper()
	url := "https://acme.test/hooks"
	v, err := s.control.CreateEndpoint(s.t.Context(), operator, control.EndpointEdit{Name: &name, URL: &url})
	must(s.t, err)
	return v.ID
}

// queued lets an endpoint be told of the first event again, and returns the dispatch.
func (s *server) queued(endpoint string) (dispatchID string) {
	s.t.Helper()
	_, err := s.control.ReplayEndpoint(s.t.Context(), operator, endpoint,
		control.EndpointReplayWish{Events: []string{s.firstID("/events", "events")}})
	must(s.t, err)
	return s.firstID("/dispatches?endpoint="+endpoint, "dispatches")
}

// spanned begins a replay that goes on.
func (s *server) spanned(endpoint string) string {
	s.t.Helper()
	x, err := s.control.ReplayEndpoint(s.t.Context(), operator, endpoint, control.EndpointReplayWish{Since: s.Now().Add(-time.Hour)})
	must(s.t, err)
	return x.ID
}

func endpointDeeds() map[string]deed {
	post := func(path string, body any, status int) func(*server, string) string {
		return func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodPost, "/endpoints/"+id+path, body).want(status)
			return id
		}
	}
	return map[string]deed{
		"createEndpoint": {func(s *server, _ string) string { return s.newEndpoint("crm").ID }, "name →crm, url →https://acme.test/hooks"},
		"updateEndpoint": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodPatch, "/endpoints/"+id, `{"name":"other","perSecond":2.5}`).want(http.StatusOK)
			return id
		}, "name crm→other, definition →"},
		"deleteEndpoint": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodDelete, "/endpoints/"+id, nil).want(http.StatusNoContent)
			return id
		}, "name crm→, url https://acme.test/hooks→"},
		"rotateEndpointSecret": {post("/secret", nil, http.StatusOK), ""},
		"disableEndpoint":      {post("/disable", `{"note":"it moves"}`, http.StatusOK), ""},
		"enableEndpoint": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			_, err := s.control.DisableEndpoint(s.t.Context(), operator, id, "")
			must(s.t, err)
			s.call(http.MethodPost, "/endpoints/"+id+"/enable", `{"from":"now"}`).want(http.StatusOK)
			return id
		}, ""},
		"testEndpoint":   {post("/test", nil, http.StatusOK), ""},
		"replayEndpoint": {post("/replays", `{"since":"2026-05-04T00:00:00Z"}`, http.StatusAccepted), ""},
		"cancelEndpointReplay": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodPost, "/endpoints/"+id+"/replays/"+s.spanned(id)+"/cancel", nil).want(http.StatusOK)
			return id
		}, ""},
		"retryDispatch": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodPost, "/dispatches/"+s.queued(id)+"/retry", nil).want(http.StatusOK)
			return id
		}, ""},
		"dropDispatch": {func(s *server, _ string) string {
			id := s.quietEndpoint("crm")
			s.call(http.MethodPost, "/dispatches/"+s.queued(id)+"/drop", nil).want(http.StatusOK)
			return id
		}, ""},
	}
}

func badEndpoints() []badRequest {
	const post = http.MethodPost
	bad := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/endpoints", body: body, status: status}
	}
	return []badRequest{
		bad("endpoint of nothing", `{}`, 422),
		bad("endpoint with everything wrong", `{"name":" ","url":"http://lea:canary@0x7f.1:22/#a","on":{"event":["email.opn"],"class":["x"],
			"source":["src_none"]},"if":{"logic":"NOR"},"format":"xml","batch":{"max":1,"wait":"x"},"headers":{"Host":"x","a b":"c"},
			"concurrency":65,"perSecond":-1,"for":"1s","secret":"canary"}`, 422),
		bad("endpoint with an unknown key of on", `{"name":"a","url":"https://acme.test/","on":{"events":["*"]}}`, 422),
		bad("endpoint with an on that is none", `{"name":"a","url":"https://acme.test/","on":{"event":7}}`, 422),
		bad("endpoint that leads to this server", `{"name":"a","url":"https://tidings.test/in"}`, 422),
		bad("endpoint with an unknown field", `{"name":"a","url":"https://acme.test/","urls":[]}`, 422),
		{name: "endpoint that is not there", method: http.MethodGet, target: "/endpoints/end_9", status: 404},
		{name: "test of an endpoint that is not there", method: post, target: "/endpoints/none/test", status: 404},
		{name: "figures of too many hours", method: http.MethodGet, target: "/endpoints/end_1/figures?hours=721", status: 422},
		{name: "secret that is none", method: post, target: "/endpoints/end_1/secret", body: `{"secret":"canary","overlap":"800h"}`, status: 422},
		{name: "overlap that is none", method: post, target: "/endpoints/end_1/secret", body: `{"overlap":"soon"}`, status: 422},
		{name: "enable from nowhere", method: post, target: "/endpoints/end_1/enable", body: `{"from":"then"}`, status: 422},
		{name: "replay of nothing", method: post, target: "/endpoints/end_1/replays", body: `{}`, status: 422},
		{
			name: "replay with everything wrong", method: post, target: "/endpoints/end_1/replays",
			body: `{"events":["x"],"since":"2027-05-04T00:00:00Z","until":"2026-05-04T00:00:00Z","perSecond":-1}`, status: 422,
		},
		{name: "dispatches with wrong filters", method: http.MethodGet, target: "/dispatches?state=lost&event=x&cursor=ZQ", status: 422},
		{name: "dispatch that is not there", method: http.MethodGet, target: "/dispatches/dsp_9", status: 404},
		{name: "retry of a dispatch that is not there", method: post, target: "/dispatches/dsp_9/retry", status: 404},
	}
}

func TestSecretsOfAnEndpointAreShownOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	made := s.newEndpoint("crm")
	if !strings.HasPrefix(made.Secret, "whsec_") || len(made.Headers) != 1 {
		t.Errorf("made %+v", made)
	}
	var rotated api.Endpoint
	s.call(http.MethodPost, "/endpoints/crm/secret", `{"overlap":"1h"}`).want(http.StatusOK).into(&rotated)
	if !strings.HasPrefix(rotated.Secret, "whsec_") || rotated.Secret == made.Secret || len(rotated.Secrets) != 2 ||
		!rotated.Secrets[1].Until.Equal(s.Now().Add(time.Hour)) {
		t.Errorf("rotated %+v", rotated)
	}
	for _, a := range []answer{
		s.call(http.MethodGet, "/endpoints", nil), s.call(http.MethodGet, "/endpoints/crm", nil), s.call(http.MethodGet, "/audit", nil),
		s.call(http.MethodPatch, "/endpoints/crm", `{"name":"other","headers":{"Authorization":""}}`), s.call(http.MethodPost, "/endpoints/other/disable", nil),
	} {
		for _, secret := range []string{"canary", made.Secret, rotated.Secret, "whsec_"} {
			if bytes.Contains(a.body, []byte(secret)) {
				t.Errorf("%q is shown: %s", secret, a.body)
			}
		}
	}
}

func TestATestEventIsSignedByEverySecretThatHoldsAndHasTheHeaders(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := &receiver{}
	s.outlets(r)
	old := s.newEndpoint("crm").Secret
	var rotated api.Endpoint
	s.call(http.MethodPost, "/endpoints/crm/secret", nil).want(http.StatusOK).into(&rotated)
	var tested api.EndpointTest
	s.call(http.MethodPost, "/endpoints/crm/test", nil).want(http.StatusOK).into(&tested)
	got := r.all()[0]
	if !tested.OK || tested.Status != 200 || tested.Answer != "<b>seen</b>" || tested.Body != string(got.body) {
		t.Errorf("tested %+v", tested)
	}
	if got.header.Get("Authorization") != "canary" || !strings.HasPrefix(got.header.Get(dispatch.HeaderID), "test_") {
		t.Errorf("headers %v", got.header)
	}
	fits := func(secret string, d delivery) bool {
		key, err := dispatch.ParseSecret(secret)
		must(t, err)
		h := d.header
		return dispatch.Verify(key, h.Get(dispatch.HeaderID), h.Get(dispatch.HeaderTimestamp), h.Get(dispatch.HeaderSignature), d.body, s.Now())
	}
	if !fits(old, got) || !fits(rotated.Secret, got) {
		t.Error("not signed by both")
	}
	s.pass(25 * time.Hour)
	s.call(http.MethodPost, "/endpoints/crm/test", nil).want(http.StatusOK)
	if late := r.all()[1]; fits(old, late) || !fits(rotated.Secret, late) {
		t.Error("the old secret holds for longer than its overlap")
	}
	for range 3 {
		s.call(http.MethodPost, "/endpoints/crm/test", nil)
	}
	s.call(http.MethodPost, "/endpoints/crm/test", nil).want(http.StatusTooManyRequests)
}

// await lets something hold within ten seconds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-late:
			t.Fatal(what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestAnEventGoesToTheEndpointsThatWantItAndCanBeSentAgainUnderItsID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := &receiver{answer: func(n int) int { return map[bool]int{true: 404, false: 200}[n == 1] }}
	s.outlets(r)
	s.newEndpoint("crm")
	s.call(http.MethodPost, "/endpoints", `{"name":"orders","url":"https://orders.test/","on":{"event":"order.*"}}`).want(http.StatusCreated)
	s.serveEndpoints()
	s.take(s.newSource(), life(t)[0])
	await(t, "nothing was sent", func() bool { return len(r.all()) == 1 })
	var list api.DispatchPage
	await(t, "the failure is not known", func() bool {
		s.call(http.MethodGet, "/dispatches", nil).want(http.StatusOK).into(&list)
		return len(list.Dispatches) == 1 && list.Dispatches[0].State == "waiting"
	})
	id := list.Dispatches[0].ID
	s.call(http.MethodPost, "/dispatches/"+id+"/retry", nil).want(http.StatusOK)
	await(t, "it was not sent again", func() bool { return len(r.all()) == 2 })
	var detail api.DispatchDetail
	await(t, "the second try is not known", func() bool {
		s.call(http.MethodGet, "/dispatches/"+id, nil).want(http.StatusOK).into(&detail)
		return detail.State == "delivered"
	})
	if len(detail.Attempts) != 2 || detail.Attempts[0].Problem != "404 Not Found" || detail.Attempts[1].Status != 200 {
		t.Errorf("attempts %+v", detail.Attempts)
	}
	s.call(http.MethodPost, "/endpoints/crm/replays", `{"events":["`+detail.EventID+`"],"perSecond":0}`).want(http.StatusAccepted)
	await(t, "the replay was not sent", func() bool { return len(r.all()) == 3 })
	got := r.all()
	for i, d := range got {
		if d.header.Get(dispatch.HeaderID) != detail.EventID || !bytes.Equal(d.body, got[0].body) {
			t.Errorf("request %d is %s %s", i, d.header.Get(dispatch.HeaderID), d.body)
		}
	}
	s.call(http.MethodGet, "/dispatches?event="+detail.EventID, nil).want(http.StatusOK).into(&list)
	if len(list.Dispatches) != 1 {
		t.Errorf("dispatches of the event: %+v", list)
	}
	var figures api.EndpointFigures
	await(t, "the figures are wrong", func() bool {
		s.call(http.MethodGet, "/endpoints/crm/figures", nil).want(http.StatusOK).into(&figures)
		return len(figures.Hours) == 1 && figures.Hours[0].Delivered == 2 && figures.Hours[0].Failed == 1
	})
}

func TestASpanIsSentAgainWithoutNewIDsAndWhatWasGivenUpToo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := &receiver{}
	s.outlets(r)
	s.newEndpoint("crm")
	s.serveEndpoints()
	s.take(s.newSource(), life(t)...)
	var events struct{ Events []struct{ ID, Name string } }
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&events)
	wanted := 0
	for _, e := range events.Events {
		if strings.HasPrefix(e.Name, "email.") {
			wanted++
		}
	}
	await(t, "not everything was sent", func() bool { return len(r.all()) == wanted })
	s.call(http.MethodPost, "/endpoints/crm/replays", `{"since":"2026-05-05T00:00:00Z","perSecond":0}`).want(http.StatusAccepted)
	s.call(http.MethodPost, "/endpoints/crm/replays", `{"since":"2026-05-05T00:00:00Z"}`).want(http.StatusConflict)
	must(t, s.control.RunEndpointReplay(t.Context(), s.firstID("/endpoints/crm/replays", "replays"), false))
	await(t, "not everything was sent again", func() bool { return len(r.all()) == 2*wanted })
	times := make(map[string]int)
	for _, d := range r.all() {
		times[d.header.Get(dispatch.HeaderID)]++
	}
	for id, n := range times {
		if n != 2 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(times) != wanted {
		t.Errorf("%d ids for %d events", len(times), wanted)
	}
	var list api.EndpointReplayList
	s.call(http.MethodGet, "/endpoints/crm/replays", nil).want(http.StatusOK).into(&list)
	if x := list.Replays[0]; x.State != "done" || x.Queued != int64(wanted) || x.Seen < int64(wanted) {
		t.Errorf("the replay is %+v", x)
	}
}
