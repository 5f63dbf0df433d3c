package mailjet_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/mailjet"
	"tidings/provider/providertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", TokenProved: true}
}

// request is the payload as it is: Mailjet signs nothing.
func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	header := h.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return provider.Request{Method: http.MethodPost, Header: header, Body: payload}
}

func suite() providertest.Suite {
	return providertest.Suite{
		Adapter:     mailjet.Adapter,
		Source:      source(),
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "bounces",
		UnknownWord: []byte(`{"event":"snoozed","time":1777889520,"MessageID":1,"email":"a@b.test"}`),
		BadElement:  []byte(`[{"event":"spam","time":1777889520,"MessageID":1,"email":"a@b.test"},{"event":1,"event":2}]`),
		Strangers: map[string]provider.Request{
			"another method": {Method: http.MethodGet, Header: http.Header{}, Body: []byte("[]")},
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.BasicAuth = secrets },
			Show: func(req *provider.Request, secret string) {
				user, password, _ := strings.Cut(secret, ":")
				r := http.Request{Header: req.Header}
				r.SetBasicAuth(user, password)
			},
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

// benchmarked are a hundred clicks of one second.
func benchmarked() []byte {
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"event":"click","time":1777889520,"MessageID":%d,"Message_GUID":"1ab23cd4-e567","email":"lea%d@acme.test",`+
			`"mj_campaign_id":7257,"mj_contact_id":4,"customcampaign":"may","CustomID":"order-17","Payload":"{\"order\":17}",`+
			`"url":"https://app.test/pay","ip":"203.0.113.5","geo":"FR","agent":"Mozilla/5.0 (X11; Linux x86_64)"}`, 19421777835146491+i, i))
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), benchmarked(), 100) }

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/mailjet.md", func(word string) []byte {
		failure := ""
		if word == "greylisted" {
			word, failure = "bounce", "greylisted"
		}
		return fmt.Appendf(nil, `{"event":%q,"error":%q,"time":1777889520,"MessageID":1,"email":"a@b.test"}`, word, failure)
	})
}

// 19421777835146491 is 19421777835146492 as a float64.
func TestIdsBeyondTwoToTheFiftyThirdStayExact(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"19421777835146491", "9007199254740993", "18446744073709551615", "123456789012345678901234567890"} {
		body := fmt.Appendf(nil, `[{"event":"spam","time":1777889520,"MessageID":%s,"email":"a@b.test"}]`, id)
		result, err := mailjet.Adapter.Open(request(nil, body, noon), source(), noon)
		if err != nil || len(result.Drafts) != 1 || result.Drafts[0].Message.ID != id || result.Drafts[0].Key[1] != id {
			t.Errorf("%s became %+v (%v)", id, result.Drafts, err)
		}
	}
}

func TestASingleEventAndAGroupOfOneAreTheSameFact(t *testing.T) {
	t.Parallel()
	const single = `{"event":"spam","time":1777889520,"MessageID":19421777835146491,"email":"a@b.test"}`
	var ids []string
	for _, body := range []string{single, "[" + single + "]", " [ " + single + " ] \r\n"} {
		result, err := mailjet.Adapter.Open(request(nil, []byte(body), noon), source(), noon)
		if err != nil || len(result.Drafts) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		e, err := result.Drafts[0].Finish(suite().Origin())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := mailjet.Adapter.Element(result.Keep, 0)
		if err != nil || string(raw) != single {
			t.Errorf("%s: element %s, %v", body, raw, err)
		}
		ids = append(ids, e.ID.String())
	}
	if ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("ids %v", ids)
	}
}

func TestNothingIsTakenWithoutATokenOrAPassword(t *testing.T) {
	t.Parallel()
	src := source()
	src.TokenProved = false
	if _, err := mailjet.Adapter.Open(request(nil, []byte("[]"), noon), src, noon); err == nil || !strings.Contains(err.Error(), "not_proved") {
		t.Errorf("%v", err)
	}
}

// Mailjet's own sample of a bounce lacks a comma.
func TestTheSampleWithoutACommaIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	const sample = `{"event":"bounce","time":1430812195,"MessageID":13792286917004336 "email":"bounce@mailjet.test"}`
	if _, err := mailjet.Adapter.Open(request(nil, []byte(sample), noon), source(), noon); err == nil || !strings.Contains(err.Error(), "not_json") {
		t.Errorf("%v", err)
	}
}
