package mandrill_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Mandrill's choice
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/mandrill"
	"tidings/provider/providertest"
)

const (
	key     = "C-85Fyw_EYGCPPpVFaKKqg"
	address = "https://mandrill:pass%2Fword@mail.acme.test/in/mandrill/0123456789abcdef0123456789abcdef?a=b%20c"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{key}, URLs: []string{address}}
}

func sign(key, text string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func signed(payload []byte, key, address string) provider.Request {
	return provider.Request{
		Method: http.MethodPost,
		Header: http.Header{
			"Content-Type":         {"application/x-www-form-urlencoded"},
			"X-Mandrill-Signature": {sign(key, address+"mandrill_events"+string(payload))},
		},
		Body: []byte(url.Values{"mandrill_events": {string(payload)}}.Encode()),
	}
}

func request(_ http.Header, payload []byte, _ time.Time) provider.Request {
	return signed(payload, key, address)
}

func suite() providertest.Suite {
	const events = `[{"event":"spam","_id":"1","ts":1777889520,"msg":{"email":"a@b.test"}}]`
	unsigned := signed([]byte(events), key, address)
	unsigned.Header.Del("X-Mandrill-Signature")
	return providertest.Suite{
		Adapter:     mandrill.Adapter,
		Source:      source(),
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "bounces",
		UnknownWord: []byte(`[{"event":"snoozed","_id":"1","ts":1777889520,"msg":{"email":"a@b.test"}}]`),
		BadElement:  []byte(`[{"event":"spam","_id":"1","ts":1777889520,"msg":{"email":"a@b.test"}},{"event":1,"event":2}]`),
		Signed:      true,
		Strangers: map[string]provider.Request{
			"events without signature":       unsigned,
			"events with the key of tests":   signed([]byte(events), "test-webhook", address),
			"events for another URL":         signed([]byte(events), key, "https://mail.acme.test/in/mandrill/other"),
			"nothing, signed with something": signed([]byte("[]"), "something", address),
			"another method":                 {Method: http.MethodGet, Header: unsigned.Header},
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.Secrets = secrets },
			Show: func(req *provider.Request, secret string) {
				form, err := url.ParseQuery(string(req.Body))
				if err != nil {
					panic(err)
				}
				req.Header = signed([]byte(form.Get("mandrill_events")), secret, address).Header
			},
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

// benchmarked is a batch of a hundred clicks.
func benchmarked() []byte {
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"event":"click","ts":1777889520,"_id":"5f1c0a9be4b04d6c8a7e3b2d1c%06d","ip":"203.0.113.5",`+
			`"user_agent":"Mozilla/5.0 (X11; Linux x86_64)","url":"https://app.test/pay?x=1","user_agent_parsed":{"os_family":"Linux"},`+
			`"msg":{"ts":1777889518,"subject":"Your trial ends","email":"lea%d@acme.test","sender":"app@send.test","tags":["may"],`+
			`"metadata":{"order":"17"},"_id":"5f1c0a9be4b04d6c8a7e3b2d1c%06d"}}`, i, i, i))
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), benchmarked(), 100) }

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/mandrill.md", func(word string) []byte {
		return fmt.Appendf(nil, `[{"event":%q,"_id":"1","ts":1777889520,"msg":{"email":"a@b.test"}}]`, word)
	})
}

func TestABatchOfTenThousandCostsItsBadElementsOnly(t *testing.T) {
	t.Parallel()
	list := make([]string, 10_000)
	for i := range list {
		list[i] = fmt.Sprintf(`{"event":"spam","_id":"%d","ts":1777889520,"msg":{"email":"a%d@b.test"}}`, i, i)
		if i%100 == 99 {
			list[i] = `{"event":"spam","event":"open"}`
		}
	}
	result, err := mandrill.Adapter.Open(request(nil, []byte("["+strings.Join(list, ",")+"]"), noon), source(), noon)
	if err != nil || len(result.Drafts) != 9_900 || len(result.Problems) != 100 {
		t.Fatalf("%d drafts, %d problems, %v", len(result.Drafts), len(result.Problems), err)
	}
	if d := result.Drafts[9_899]; d.Element != 9_998 || string(d.Raw) != list[9_998] || d.Name != event.EmailComplaint {
		t.Errorf("the last draft is of element %d: %s", d.Element, d.Raw)
	}
}
