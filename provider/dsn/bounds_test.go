package dsn_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/dsn"
)

const (
	head = "From: MAILER-DAEMON@mx.test\nDate: Mon, 4 May 2026 10:12:03 +0000\nMessage-ID: <1@mx.test>\n"
	good = "Final-Recipient: rfc822; lea@acme.test\nAction: failed\nStatus: 5.1.1"
)

func read(t *testing.T, body []byte) provider.Result {
	t.Helper()
	r, err := dsn.Adapter.Open(request(http.Header{}, body, noon), source(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func codes(r provider.Result) string {
	var list []string
	for _, p := range r.Problems {
		list = append(list, p.Code)
	}
	return strings.Join(list, " ")
}

// nested puts a report into depth multiparts.
func nested(depth int) []byte {
	var b strings.Builder
	b.WriteString(head)
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n" + good + "\n")
	return []byte(b.String())
}

// parts puts n empty parts before a report.
func parts(n int) []byte {
	return []byte(head + "Content-Type: multipart/report; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", n) +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n" + good + "\n--b--\n")
}

func TestHostileMessagesAreReadWithinBounds(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 10_001 {
		many = append(many, fmt.Sprintf("Final-Recipient: rfc822; p%d@acme.test\nAction: failed\nStatus: 5.1.1", i))
	}
	const mega = 1 << 20
	cases := map[string]struct {
		body   []byte
		drafts int
		codes  string
	}{
		"eight levels":            {nested(8), 1, ""},
		"nine levels":             {nested(9), 0, "out_of_bounds non_standard_bounce"},
		"a thousand levels":       {nested(1000), 0, "out_of_bounds non_standard_bounce"},
		"63 parts before":         {parts(63), 1, ""},
		"64 parts before":         {parts(64), 0, "out_of_bounds non_standard_bounce"},
		"a hundred thousand":      {parts(100_000), 0, "out_of_bounds non_standard_bounce"},
		"10,001 recipients":       {report(many...), 10_000, "out_of_bounds"},
		"a recipient told twice":  {report(good, good), 1, ""},
		"a report too long":       {report(good, "X: "+strings.Repeat("x", 2*mega)), 1, "out_of_bounds no_recipient"},
		"a header of one line":    {[]byte("Subject: " + strings.Repeat("x", 3*mega) + "\n" + string(report(good))), 0, "no_report"},
		"a header of many folds":  {[]byte("Subject: x\n" + strings.Repeat(" x\n", mega) + string(report(good))), 0, "no_report"},
		"a header of many fields": {[]byte(strings.Repeat("X: y\n", 100_000) + string(report(good))), 0, ""},
		"a part's header of many folds": {
			[]byte(head + "Content-Type: multipart/report; boundary=b\n\n--b\nX: y\n" + strings.Repeat(" y\n", mega)), 0, "non_standard_bounce",
		},
		"no boundary": {[]byte(head + "Content-Type: multipart/report; report-type=delivery-status\n\n" + good), 0, "unreadable"},
		"an endless boundary": {
			[]byte(head + "Content-Type: multipart/report; boundary=" + strings.Repeat("b", 1000) + "\n\n" + good), 0, "non_standard_bounce",
		},
		"a boundary within":   {bytes.ReplaceAll(report(good), []byte("boundary=b"), []byte("boundary=\"b\x00\"")), 0, "unreadable"},
		"words in a charset":  {withSubject("=?x-bomb?q?" + strings.Repeat("=00", 10_000) + "?="), 1, ""},
		"words in base64":     {withSubject("=?utf-8?b?" + strings.Repeat("////", 10_000) + "?="), 1, ""},
		"nothing but a field": {[]byte("From: a@b.test"), 0, "no_report"},
		"NUL":                 {report("Final-Recipient: rfc822; l\x00ea@acme.test\nAction: failed\nDiagnostic-Code: smtp; \x00\xff"), 1, ""},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r, err := dsn.Adapter.Open(request(http.Header{}, c.body, noon), source(), noon)
			if err != nil {
				if c.drafts > 0 || c.codes != "" {
					t.Fatal(err)
				}
				return
			}
			if len(r.Drafts) != c.drafts || codes(r) != c.codes {
				t.Errorf("%d drafts, problems %q; want %d, %q", len(r.Drafts), codes(r), c.drafts, c.codes)
			}
		})
	}
}

func withSubject(s string) []byte {
	return append(bytes.TrimSuffix(report(good), []byte("--b--\n")),
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m1@send.test>\nSubject: "+s+"\n\n--b--\n"...)
}

// Line ends are the business of whoever carries the mail.
func TestLineEndsMakeNoOtherEvents(t *testing.T) {
	t.Parallel()
	s := suite()
	for _, name := range []string{"rfc3464_several", "postfix_failed", "rfc5965_full", "vacation", "base64_and_nested"} {
		_, lf := s.Fixture(t, name)
		one := s.Finish(t, read(t, lf).Drafts)
		other := s.Finish(t, read(t, bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))).Drafts)
		if len(one) == 0 || len(one) != len(other) {
			t.Fatalf("%s: %d and %d events", name, len(one), len(other))
		}
		for i := range one {
			a, errA := one[i].MarshalJSON()
			b, errB := other[i].MarshalJSON()
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("%s:\n%s\n%s", name, a, b)
			}
		}
	}
}

// One report may come twice, by two roads, with other lines of transport before it and another end.
func TestTheSameReportByAnotherRoadIsOneEvent(t *testing.T) {
	t.Parallel()
	s := suite()
	_, first := s.Fixture(t, "postfix_failed")
	second := append([]byte("From bounces Mon May  4 10:12:09 2026\nReceived: from a by b; Mon, 4 May 2026 10:12:09 +0000\n"),
		first[:len(first)-20]...)
	a, b := s.Finish(t, read(t, first).Drafts), s.Finish(t, read(t, second).Drafts)
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID {
		t.Errorf("%v and %v", a, b)
	}
	third := bytes.Replace(first, []byte("Message-ID: <2026"), []byte("Message-ID: <2027"), 1)
	if c := s.Finish(t, read(t, third).Drafts); c[0].ID == a[0].ID {
		t.Error("another report has the same id")
	}
}

func TestTimesAreReadTheSameOnEveryMachine(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"Mon, 04 May 2026 10:12:03 +0200":          "2026-05-04T08:12:03Z",
		"Mon,  4 May 2026 10:12:03 -0000 (UTC)":    "2026-05-04T10:12:03Z",
		"4 May 2026 10:12:03 EDT":                  "2026-05-04T14:12:03Z",
		"4 May 26 10:12 GMT":                       "2026-05-04T10:12:00Z",
		"Mon, 4 May 2026 10:12:03 CEST":            "2026-05-04T10:12:03Z",
		"Mon, 4 May 2026 10:12:03":                 "2026-05-04T10:12:03Z",
		"yesterday":                                "2026-05-04T12:00:00Z",
		strings.Repeat("9", 1<<16) + " May 2026 1": "2026-05-04T12:00:00Z",
	} {
		body := "From: a@b.test\nAuto-Submitted: auto-replied\nMessage-ID: <1@b.test>\nDate: " + written + "\n\nAway."
		got := suite().Finish(t, read(t, []byte(body)).Drafts)
		if len(got) != 1 || got[0].OccurredAt.Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%.40s: %v, want %s", written, got, want)
		}
	}
}

func TestAMessageIsFoundByTheIDThatItsSenderKnows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ envelope, returned, want string }{
		{"env-1", "<m1@send.test>", "env-1"},
		{"<env-1@send.test>", "", "env-1@send.test"},
		{"", "<m1@send.test>", "m1@send.test"},
		{"", "m1@send.test", "m1@send.test"},
		{"", "<0102-x-000000@email.amazonses.com>", "0102-x-000000"},
		{"", "<0102-x-000000@eu-west-1.amazonses.com>", "0102-x-000000"},
		{"", "<m1@notamazonses.com>", "m1@notamazonses.com"},
		{"", "", ""},
	} {
		body := head + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" +
			"Original-Envelope-Id: " + c.envelope + "\n\n" + good + "\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: " +
			c.returned + "\n\nHi\n--b--\n"
		r := read(t, []byte(body))
		got := ""
		if m := r.Drafts[0].Message; m != nil {
			got = m.ID
		}
		if got != c.want {
			t.Errorf("envelope %q, Message-ID %q: message %q, want %q", c.envelope, c.returned, got, c.want)
		}
	}
}

func TestWithoutTheTokenOnlyAPasswordProves(t *testing.T) {
	t.Parallel()
	src := source()
	src.TokenProved = false
	_, err := dsn.Adapter.Open(request(http.Header{}, report(good), noon), src, noon)
	if r, ok := err.(*provider.Refusal); !ok || r.Code != "not_proved" { //nolint:errorlint // it is returned as it is
		t.Errorf("error %v", err)
	}
	src.BasicAuth = []string{"postfix:secret"}
	h := http.Header{}
	(&http.Request{Header: h}).SetBasicAuth("postfix", "secret")
	if _, err := dsn.Adapter.Open(request(h, report(good), noon), src, noon); err != nil {
		t.Error(err)
	}
}

func TestASampleIsAcceptedAndSaysWhatItPromises(t *testing.T) {
	t.Parallel()
	for _, auth := range [][]string{nil, {"postfix:secret"}} {
		src := source()
		src.BasicAuth = auth
		s, err := dsn.Adapter.Sample(src, noon)
		if err != nil {
			t.Fatal(err)
		}
		r, err := dsn.Adapter.Open(provider.Request{Method: s.Method, Header: s.Header, Body: s.Body}, src, noon)
		if err != nil || len(r.Drafts) != 1 || r.Drafts[0].Name != event.EmailDelivery || r.Drafts[0].Recipient != s.Recipient {
			t.Errorf("%v, %+v", err, r)
		}
	}
}

func TestEveryProblemHasItsRemedy(t *testing.T) {
	t.Parallel()
	s := suite()
	for _, name := range []string{"qmail", "exchange_plain", "a_person", "read_receipt", "arf_hidden", "report_without_its_part"} {
		_, payload := s.Fixture(t, name)
		r := read(t, payload)
		for _, p := range r.Problems {
			if dsn.Adapter.Remedies[p.Code] == "" {
				t.Errorf("%s: no remedy for %s", name, p.Code)
			}
		}
		if len(r.Problems) == 0 || len(r.Drafts) > 0 {
			t.Errorf("%s: %d problems, %d drafts", name, len(r.Problems), len(r.Drafts))
		}
	}
}
