package sparkpost_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/providertest"
	"tidings/provider/sparkpost"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// request makes what SparkPost posts to a source with the password of suite.
func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	r.Header.Set("X-MessageSystems-Batch-ID", "c8e4b7a0-0000-4000-8000-000000000000")
	withBasicAuth(&r, "user:password")
	return r
}

func withBasicAuth(req *provider.Request, pair string) {
	user, password, _ := strings.Cut(pair, ":")
	r := http.Request{Header: req.Header}
	r.SetBasicAuth(user, password)
}

func suite() providertest.Suite {
	bare := provider.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(`[{"msys":{}}]`)}
	wrong := bare
	wrong.Header = http.Header{}
	withBasicAuth(&wrong, "user:other")
	token := bare
	token.Header = http.Header{"X-Messagesystems-Webhook-Token": {"password"}, "Authorization": {"Bearer password"}}
	byGet := request(http.Header{}, bare.Body, noon)
	byGet.Method = http.MethodGet
	return providertest.Suite{
		Adapter:     sparkpost.Adapter,
		Source:      provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"user:password"}, TokenProved: true},
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "bounce",
		UnknownWord: []byte(`[{"msys":{"message_event":{"type":"teleport","event_id":"1","timestamp":"1777888800","rcpt_to":"a@b.test"}}}]`),
		BadElement:  []byte(`[{"msys":{"message_event":{"type":"delivery","event_id":"1","timestamp":"1777888800","rcpt_to":"a@b.test"}}},{"msys":1}]`),
		Strangers: map[string]provider.Request{
			"nothing to know it by": bare, "another password": wrong, "a token that is none": token, "another method": byGet,
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.BasicAuth = secrets },
			Show:   withBasicAuth,
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestATokenInAHeaderIsASecretToo(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Folder, s.Source.BasicAuth = "testdata", nil
	for _, show := range []func(*provider.Request, string){
		func(r *provider.Request, secret string) { r.Header.Set("Authorization", "Bearer "+secret) },
		func(r *provider.Request, secret string) {
			r.Header.Del("Authorization")
			r.Header.Set("X-MessageSystems-Webhook-Token", secret)
		},
	} {
		for secret, ok := range map[string]bool{"new": true, "old": true, "older": false, "": false} {
			s.Source.Secrets = []string{"new", "old"}
			req := request(http.Header{}, []byte(`[{"msys":{}}]`), noon)
			show(&req, secret)
			if _, err := s.Open(req); (err == nil) != ok {
				t.Errorf("token %q: %v", secret, err)
			}
		}
	}
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func batch(n int) []byte {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"msys":{"track_event":{"type":"click","campaign_id":"Example Campaign Name","customer_id":"1",`+
			`"event_id":"9235692769381%d","friendly_from":"sender@send.test","ip_address":"203.0.113.9","message_id":"000443ee14578172be22",`+
			`"rcpt_meta":{"customKey":"customValue"},"rcpt_tags":["male","US"],"rcpt_to":"person-%d@acme.test","subject":"Summer deals are here!",`+
			`"target_link_url":"https://app.test/pay?x=1","timestamp":"1777888800","transmission_id":"65832150921904138",`+
			`"user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_3) AppleWebKit/537.36"}}}`, i, i))
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), batch(500), 500) }

func TestABatchOfTenThousandIsReadAndItsBadElementsAreTold(t *testing.T) {
	t.Parallel()
	body := bytes.Replace(batch(10_000), []byte(`"timestamp":"1777888800"`), []byte(`"timestamp":1e999`), 1)
	if int64(len(body)) > sparkpost.Adapter.Limit() {
		t.Errorf("%d bytes are over the limit", len(body))
	}
	r := suite().MustOpen(t, request(http.Header{}, body, noon))
	if len(r.Drafts) != 9_999 || len(r.Problems) != 1 || r.Problems[0].Element != 0 || r.Drafts[9_998].Element != 9_999 {
		t.Errorf("%d drafts, problems %v", len(r.Drafts), r.Problems)
	}
}

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/sparkpost.md", func(word string) []byte {
		word, class, _ := strings.Cut(word, " ")
		return []byte(`[{"msys":{"message_event":{"type":"` + word + `","bounce_class":"` + class +
			`","event_id":"1","timestamp":"1777888800","rcpt_to":"a@b.test"}}}]`)
	})
}
