package dsn_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/dsn"
	"tidings/provider/providertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", TokenProved: true}
}

func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	return provider.Request{Method: http.MethodPost, Header: h, Body: payload}
}

// report is a delivery report with these groups of fields, each of one recipient.
func report(groups ...string) []byte {
	return []byte("From: MAILER-DAEMON@mx.test\nDate: Mon, 4 May 2026 10:12:03 +0000\nMessage-ID: <1@mx.test>\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n" +
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n" + strings.Join(groups, "\n\n") + "\n--b--\n")
}

func suite() providertest.Suite {
	const good = "Final-Recipient: rfc822; lea@acme.test\nAction: failed\nStatus: 5.1.1"
	return providertest.Suite{
		Adapter:     dsn.Adapter,
		Source:      source(),
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "rfc3464_several",
		UnknownWord: report("Final-Recipient: rfc822; lea@acme.test\nAction: teleported\nStatus: 2.9.9"),
		BadElement:  report("Action: failed\nStatus: 5.1.1", good),
		Lenient:     true,
		Strangers: map[string]provider.Request{
			"a request of another method": {Method: http.MethodGet, Header: http.Header{}, Body: report(good)},
			"JSON":                        {Method: http.MethodPost, Header: http.Header{}, Body: []byte(`{"From":"a@b.test"}`)},
			"a form":                      {Method: http.MethodPost, Header: http.Header{}, Body: []byte("From=a%40b.test")},
			"text without a header":       {Method: http.MethodPost, Header: http.Header{}, Body: []byte("\n\n\nhello: world\n")},
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
