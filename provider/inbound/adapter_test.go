package inbound_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/inbound"
	"tidings/provider/providertest"
	"tidings/provider/ses/snssign"
)

const (
	topicARN  = "arn:aws:sns:eu-west-1:111122223333:inbound"
	messageID = "11111111-2222-4333-8444-555555555555"
	apiKey    = "key-1"
)

var (
	noon   = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	signer = sync.OnceValue(func() *snssign.Signer {
		s, err := snssign.NewSigner(snssign.Config{})
		if err != nil {
			panic(err)
		}
		return s
	})
)

// request makes what SNS posts of a payload. The fixture's headers choose the type of message, or another road.
func request(h http.Header, payload []byte, at time.Time) provider.Request {
	if h.Get("X-Api-Key") != "" {
		return provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	}
	r := provider.Request{Method: http.MethodPost, Header: h.Clone()}
	r.Header.Set("X-Amz-Sns-Message-Id", messageID)
	r.Header.Set("X-Amz-Sns-Topic-Arn", topicARN)
	switch {
	case h.Get("X-Amz-Sns-Rawdelivery") == "true":
		r.Body = payload
	case h.Get("X-Amz-Sns-Message-Type") == "SubscriptionConfirmation":
		r.Body = signer().SubscriptionConfirmation(topicARN, messageID, string(payload), at)
	default:
		r.Body = signer().Notification(topicARN, messageID, string(payload), at)
	}
	return r
}

func suite() providertest.Suite {
	const foreign = "arn:aws:sns:eu-west-1:999900009999:inbound"
	stranger := request(http.Header{}, []byte("{}"), noon)
	stranger.Header.Set("X-Amz-Sns-Topic-Arn", foreign)
	stranger.Body = signer().Notification(foreign, messageID, "{}", noon)
	return providertest.Suite{
		Adapter: inbound.Adapter,
		Source: provider.Source{
			ID: "src_1", Project: "prj_1", Topics: []string{topicARN}, AllowRaw: true, TokenProved: true, Secrets: []string{apiKey},
			KeepBody: true, Account: "111122223333", // which mail that comes in does not have
		},
		Now:          noon,
		Certificates: map[string]*x509.Certificate{signer().CertificateURL(topicARN): signer().Certificate()},
		Request:      request,
		Folder:       "testdata",
		Sample:       "reply_to_ours",
		UnknownWord:  []byte(`{"notificationType":"Snoozed","mail":{"messageId":"m1","destination":["a@b.test"]}}`),
		Signed:       true,
		Dated:        true,
		Strangers:    map[string]provider.Request{"a stranger's topic": stranger},
		NeverKept:    []string{"Signature\"", "UnsubscribeURL"},
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

// read opens a notification with these headers and this mail.
func read(t *testing.T, src provider.Source, headers [][2]string, content string) provider.Result {
	t.Helper()
	list := []map[string]string{}
	for _, h := range headers {
		list = append(list, map[string]string{"name": h[0], "value": h[1]})
	}
	text, err := json.Marshal(map[string]any{
		"notificationType": "Received",
		"mail":             map[string]any{"messageId": "m1", "timestamp": "2026-05-04T10:11:58.000Z", "source": "lea@acme.test", "headers": list},
		"receipt":          map[string]any{"recipients": []string{"help@send.test"}},
		"content":          content,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := suite()
	req := request(http.Header{}, text, noon)
	req.Certificates = s.Certificates
	r, err := inbound.Adapter.Open(req, src, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func dataOf(t *testing.T, d event.Draft) map[string]any {
	t.Helper()
	var data map[string]any
	if err := json.Unmarshal(d.Data, &data); err != nil {
		t.Fatalf("data %s: %v", d.Data, err)
	}
	return data
}

func TestABodyIsTakenOnlyWhereTheSourceWantsIt(t *testing.T) {
	t.Parallel()
	const content = "Content-Type: text/plain\r\n\r\nHi <b>there</b>"
	src := suite().Source
	if got := dataOf(t, read(t, src, nil, content).Drafts[0])["body"]; got != "Hi &lt;b&gt;there&lt;/b&gt;" {
		t.Errorf("body %q", got)
	}
	src.KeepBody = false
	data := dataOf(t, read(t, src, nil, content).Drafts[0])
	if _, there := data["body"]; there || data["hasContent"] != true {
		t.Errorf("data %v", data)
	}
}

func TestAMailAnswersWhatItSaysFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ inReplyTo, references, first, then string }{
		{"<a@x.test>", "<b@x.test> <c@x.test>", "a@x.test", "[c@x.test b@x.test]"},
		{"", "<b@x.test> <c@x.test>", "c@x.test", "[b@x.test]"},
		{"<0102-a@email.amazonses.com>", "", "0102-a", "[]"},
		{"<0102-a@eu-west-1.amazonses.com>", "", "0102-a", "[]"},
		{"<0102-a@notamazonses.com>", "", "0102-a@notamazonses.com", "[]"},
		{"<a@x.test", "", "", "[]"},
		{"a@x.test", "", "", "[]"},
		{"<>", "< >", "", "[]"},
		{"<" + strings.Repeat("a", 1000) + "@x.test>", "<b@x.test>", "b@x.test", "[]"},
	} {
		r := read(t, suite().Source, [][2]string{{"In-Reply-To", c.inReplyTo}, {"References", c.references}}, "")
		data := dataOf(t, r.Drafts[0])
		got, _ := data["inReplyTo"].(string)
		rest, _ := data["references"].([]any)
		if got != c.first || fmt.Sprint(rest) != c.then || (len(r.Drafts) == 2) != (c.first != "") {
			t.Errorf("%+v: %q, %v, %d drafts", c, got, rest, len(r.Drafts))
		}
	}
}

// Whatever a mail holds, its events stay within bounds.
func TestHugeMailsAreReadWithinBounds(t *testing.T) {
	t.Parallel()
	var many [][2]string
	for i := range 3000 {
		many = append(many, [2]string{"References", fmt.Sprintf("<%d@x.test>", i)}, [2]string{"From", fmt.Sprintf("p%d@x.test", i)})
	}
	for what, c := range map[string]struct {
		headers [][2]string
		content string
	}{
		"many headers":       {many, ""},
		"a long reference":   {[][2]string{{"References", strings.Repeat("<a@x.test> ", 10_000)}}, ""},
		"a long subject":     {[][2]string{{"Subject", strings.Repeat("x", 100_000)}}, ""},
		"a long body":        {nil, "Content-Type: text/html\r\n\r\n" + strings.Repeat("<p>\"\\ä", 30_000)},
		"deep elements":      {nil, "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 50_000)},
		"deep parts":         {nil, strings.Repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", 1000)},
		"a part without end": {nil, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!!"},
	} {
		r := read(t, suite().Source, c.headers, c.content)
		for _, d := range r.Drafts {
			if len(d.Data) > 64<<10 {
				t.Errorf("%s: %d bytes of data", what, len(d.Data))
			}
			dataOf(t, d)
		}
	}
}
