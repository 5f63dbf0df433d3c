package brevo_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/brevo"
	"tidings/provider/providertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const good = `{"event":"delivered","email":"a@b.test","message-id":"<m1@b.test>","ts_epoch":1777889520126}`

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{"new token", "old token"}}
}

func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	r.Header.Set("Authorization", "Bearer old token")
	return r
}

func stranger(authorization string) provider.Request {
	r := request(http.Header{}, []byte(good), noon)
	if r.Header.Set("Authorization", authorization); authorization == "" {
		r.Header.Del("Authorization")
	}
	return r
}

func suite() providertest.Suite {
	get := request(http.Header{}, []byte(good), noon)
	get.Method = http.MethodGet
	return providertest.Suite{
		Adapter: brevo.Adapter, Source: source(), Now: noon,
		Request: request, Folder: "testdata", Sample: "click",
		UnknownWord: []byte(`{"event":"snoozed","email":"a@b.test","message-id":"m1"}`),
		BadElement:  []byte(`[` + good + `,{"event":"delivered","event":"opened","email":"a@b.test"}]`),
		Strangers: map[string]provider.Request{
			"nothing shown": stranger(""), "another token": stranger("Bearer x"), "another scheme": stranger("Basic dTpw"),
			"another method": get,
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.Secrets = secrets },
			Show:   func(req *provider.Request, secret string) { req.Header.Set("Authorization", "Bearer "+secret) },
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestPairsOfBasicAuthAreSecretsToo(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Credentials = &providertest.Credentials{
		Accept: func(src *provider.Source, secrets []string) { src.BasicAuth = secrets },
		Show: func(req *provider.Request, secret string) {
			user, password, _ := strings.Cut(secret, ":")
			(&http.Request{Header: req.Header}).SetBasicAuth(user, password)
		},
	}
	providertest.Run(t, s)
}

func TestTheTokenInTheURLProvesWhereNothingElseIsAskedFor(t *testing.T) {
	t.Parallel()
	src := provider.Source{TokenProved: true}
	if r, err := brevo.Adapter.Open(stranger(""), src, noon); err != nil || len(r.Drafts) != 1 {
		t.Errorf("%d drafts, %v", len(r.Drafts), err)
	}
	if _, err := brevo.Adapter.Open(stranger(""), provider.Source{}, noon); err == nil {
		t.Error("taken without any proof")
	}
}

// Brevo discards an event for good on every 5xx and on every 4xx but 429.
func TestWhatMustComeAgainIsAnsweredWith429(t *testing.T) {
	t.Parallel()
	for cause, want := range map[provider.Cause]int{
		provider.OurFault: 429, provider.Overloaded: 429,
		provider.Forbidden: 401, provider.Unauthenticated: 401, provider.Unacceptable: 400, provider.Stored: 200,
	} {
		if got := brevo.Adapter.Status(cause); got != want {
			t.Errorf("%s is answered with %d, want %d", cause, got, want)
		}
	}
}

func TestTheFirstOpenToldTwiceIsOneEvent(t *testing.T) {
	t.Parallel()
	s := suite()
	body := `[` + strings.Replace(good, "delivered", "unique_opened", 1) + `,` + strings.Replace(good, "delivered", "opened", 1) + `]`
	events := s.Finish(t, s.MustOpen(t, request(http.Header{}, []byte(body), noon)).Drafts)
	if len(events) != 2 || events[0].ID != events[1].ID || events[0].Name != event.EmailOpen {
		t.Errorf("%+v", events)
	}
}

func TestABatchOfTenThousandIsReadWhole(t *testing.T) {
	t.Parallel()
	s := suite()
	one := []byte(good + ",")
	body := append(append([]byte("["), bytes.Repeat(one, 9_999)...), []byte(`{"event":7}]`)...)
	r := s.MustOpen(t, request(http.Header{}, body, noon))
	if len(r.Drafts) != 9_999 || len(r.Problems) != 1 || r.Problems[0].Element != 9_999 {
		t.Errorf("%d drafts, problems %+v", len(r.Drafts), r.Problems)
	}
}

func TestABatchIsWhatItsElementsAreInAnyOrder(t *testing.T) {
	t.Parallel()
	s := suite()
	bad := []string{`17`, `null`, `{}`, `{"event":"open","event":"open"}`, `[[]]`}
	open := func(body string) provider.Result {
		return s.MustOpen(t, request(http.Header{}, []byte(body), noon))
	}
	rapid.Check(t, func(rt *rapid.T) {
		var elements []string
		var want []event.ID
		for range rapid.IntRange(1, 6).Draw(rt, "good") {
			one := fmt.Sprintf(`{"event":"delivered","email":"a@b.test","message-id":"m%d","ts_epoch":1777889520126}`, rapid.IntRange(0, 9).Draw(rt, "number"))
			elements = append(elements, one)
			want = append(want, s.Finish(t, open(`[`+one+`]`).Drafts)[0].ID)
		}
		for _, at := range rapid.SliceOfN(rapid.IntRange(0, len(elements)-1), 0, 4).Draw(rt, "bad") {
			elements = slices.Insert(elements, at, rapid.SampledFrom(bad).Draw(rt, "element"))
		}
		var got []event.ID
		for _, e := range s.Finish(t, open(`[`+strings.Join(elements, ",")+`]`).Drafts) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			rt.Errorf("%v became %v, want %v", elements, got, want)
		}
	})
}

func TestThePageTellsEveryWord(t *testing.T) {
	t.Parallel()
	providertest.Names(t, "../../docs/providers/brevo.md", "Brevo", brevo.Words())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) { providertest.BenchSample(b, suite()) }

func TestABatchMayBeAMemberOfAnObject(t *testing.T) {
	t.Parallel()
	s := suite()
	bare := s.MustOpen(t, request(http.Header{}, []byte("["+good+","+good+"]"), noon))
	for _, body := range []string{`{"events":[` + good + "," + good + `]}`, `{"x":1,"events":[` + good + `,` + good + `],"y":{}}`} {
		r := s.MustOpen(t, request(http.Header{}, []byte(body), noon))
		if len(r.Drafts) != 2 || len(r.Problems) > 0 || r.Drafts[1].Key[0] != bare.Drafts[1].Key[0] {
			t.Errorf("%s: %+v", body, r)
		}
		if raw, err := s.Adapter.Element(r.Keep, 1); err != nil || string(raw) != good {
			t.Errorf("element 1 of %s: %s, %v", body, raw, err)
		}
	}
}

func TestACustomHeaderThatIsBrokenJSONIsKeptAsItIsAndPanicsNobody(t *testing.T) {
	t.Parallel()
	body := `{"event":"delivered","email":"lea@acme.test","id":1,"ts_event":1777889520,"message-id":"<1@smtp-relay.mailin.test>",` +
		`"X-Mailin-custom":"{\"a\":\"1:2\",\"b\":tr}"}`
	r := suite().MustOpen(t, request(http.Header{}, []byte(body), noon))
	if len(r.Drafts) != 1 || r.Drafts[0].Message.Metadata["X-Mailin-custom"] != `{"a":"1:2","b":tr}` {
		t.Errorf("%+v", r.Drafts)
	}
}
