package ses_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

func sendOf(n int) []byte {
	return fmt.Appendf(nil, `{"eventType":"Send","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"m%d","destination":["a%d@b.test"]}}`, n, n)
}

func TestFirehoseIsProvedByItsAccessKeyAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(*provider.Source, *provider.Request)
		want string
	}{
		{"its key", func(*provider.Source, *provider.Request) {}, ""},
		{"its key at a fixed path, beside basic auth", func(s *provider.Source, _ *provider.Request) {
			s.TokenProved, s.BasicAuth = false, []string{"u:p"}
		}, ""},
		{"another key", func(_ *provider.Source, r *provider.Request) { r.Header.Set("X-Amz-Firehose-Access-Key", "x") }, "wrong_api_key"},
		{"no key", func(_ *provider.Source, r *provider.Request) { r.Header.Del("X-Amz-Firehose-Access-Key") }, "no_credentials"},
		{"a key in another road's header", func(_ *provider.Source, r *provider.Request) {
			r.Header.Del("X-Amz-Firehose-Access-Key")
			r.Header.Set("X-Api-Key", apiKey)
		}, "no_credentials"},
		{"a source without secrets", func(s *provider.Source, _ *provider.Request) { s.Secrets = nil }, "no_api_key"},
		{"another request id", func(_ *provider.Source, r *provider.Request) { r.Header.Set("X-Amz-Firehose-Request-Id", "x") }, "header_mismatch"},
		{"no records", func(_ *provider.Source, r *provider.Request) { r.Body = []byte(`{"requestId":"` + requestID + `"}`) }, "unexpected_shape"},
		{"a request id that is none", func(_ *provider.Source, r *provider.Request) { r.Body = []byte(`{"requestId":{},"records":[]}`) }, "unexpected_shape"},
		{"no JSON", func(_ *provider.Source, r *provider.Request) { r.Body = []byte(`{`) }, "not_json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src, req := roadSource(), firehose(sendOf(1))
			c.set(&src, &req)
			r, err := ses.Adapter.Open(req, src, noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("code %q, want %q", got, c.want)
			}
			if check := ses.Adapter.RoadOf(req.Header).Check(src); strings.HasSuffix(c.want, "key") != (check != nil && strings.HasSuffix(check.Code, "key")) {
				t.Errorf("the check before the body says %v", check)
			}
		})
	}
}

func TestTextsOfARecordFollowEachOtherInAnyWay(t *testing.T) {
	t.Parallel()
	one, two := string(sendOf(1)), string(sendOf(2))
	for _, c := range []struct {
		name, text       string
		events, problems int
	}{
		{"with newlines", one + "\n" + two + "\n", 2, 0},
		{"with nothing between", one + two, 2, 0},
		{"with line ends of another system", one + "\r\n\r\n" + two, 2, 0},
		{"with a broken one before", `{"eventType":` + "\n" + one, 1, 1},
		{"with a broken one between", one + "\nbroken\n" + two, 2, 1},
		{"with a broken one after", one + `{"eventType":"Se`, 1, 1},
		{"with a duplicate key in one", `{"eventType":"Send","eventType":"Open"}` + one, 1, 1},
		{"a list", "[" + one + "]", 0, 1},
		{"nothing", " \n", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := ses.Adapter.Open(firehose([]byte(c.text)), roadSource(), noon)
			if err != nil || len(r.Drafts) != c.events || len(r.Problems) != c.problems {
				t.Errorf("%d events, problems %v, error %v", len(r.Drafts), r.Problems, err)
			}
		})
	}
}

func TestABatchOfThousandsWithBadOnesLosesNone(t *testing.T) {
	t.Parallel()
	const size = 10_000
	texts := make([][]byte, size)
	bad := 0
	for i := range texts {
		if texts[i] = sendOf(i); i%50 == 7 {
			texts[i] = []byte("{bad")
			bad++
		}
	}
	r, err := ses.Adapter.Open(firehose(texts...), roadSource(), noon)
	if err != nil || len(r.Drafts) != size-bad {
		t.Fatalf("%d events, %v", len(r.Drafts), err)
	}
	last := r.Problems[len(r.Problems)-1]
	if len(r.Problems) != 101 || last.Code != "more_problems" || !strings.HasPrefix(last.Message, "100 more") {
		t.Errorf("%d problems, the last is %+v", len(r.Problems), last)
	}
	for _, d := range r.Drafts[len(r.Drafts)-3:] {
		raw, err := ses.Adapter.Element(r.Keep, d.Element)
		if err != nil || !bytes.Equal(raw, texts[d.Element]) || !bytes.Equal(raw, r.Elements[d.Element]) {
			t.Errorf("element %d is %s, %v", d.Element, raw, err)
		}
	}
	again, err := ses.Adapter.Reparse(r.Keep, roadSource())
	if err != nil || !reflect.DeepEqual(again.Drafts, r.Drafts) || !cmp.Equal(again.Problems, r.Problems) {
		t.Errorf("reparsed: %d events, %v", len(again.Drafts), err)
	}
}

func TestABatchIsBounded(t *testing.T) {
	t.Parallel()
	many := bytes.Repeat([]byte("{}"), 100_001)
	r, err := ses.Adapter.Open(firehose(many), roadSource(), noon)
	if got := code(t, r, err); got != "too_many_events" {
		t.Errorf("too many texts: code %q", got)
	}
	people := strings.Repeat(`"a@b.test",`, 2) + `"` + strings.Join(addresses(60_000), `","`) + `"`
	crowd := []byte(`{"eventType":"Send","mail":{"messageId":"m","destination":[` + people + `]}}`)
	r, err = ses.Adapter.Open(firehose(crowd, crowd), roadSource(), noon)
	if got := code(t, r, err); got != "too_many_events" {
		t.Errorf("too many recipients: code %q", got)
	}
	long := []byte(`{"eventType":"Send","mail":{"messageId":"` + strings.Repeat("m", 1<<20) + `"}}`)
	r, err = ses.Adapter.Open(firehose(long, sendOf(1)), roadSource(), noon)
	if err != nil || len(r.Drafts) != 1 || len(r.Problems) != 1 || r.Problems[0].Code != "too_large" {
		t.Errorf("a long text: %d events, %+v, %v", len(r.Drafts), r.Problems, err)
	}
}

func addresses(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%d@b", i)
	}
	return list
}

func TestAnEventOfAnotherAccountCostsOnlyItself(t *testing.T) {
	t.Parallel()
	src := roadSource()
	src.Account = "111122223333"
	ours := []byte(`{"eventType":"Send","mail":{"messageId":"m1","sendingAccountId":"111122223333","destination":["a@b.test"]}}`)
	r, err := ses.Adapter.Open(firehose(ours, sendOf(2)), src, noon)
	if err != nil || len(r.Drafts) != 1 || len(r.Problems) != 1 || r.Problems[0].Code != "wrong_account" || r.Problems[0].Element != 1 {
		t.Errorf("%d events, %+v, %v", len(r.Drafts), r.Problems, err)
	}
}

func TestFirehoseIsAnsweredInItsForm(t *testing.T) {
	t.Parallel()
	road := ses.Adapter.RoadOf(http.Header{"X-Amz-Firehose-Request-Id": {requestID}})
	for _, c := range []struct {
		reply provider.Reply
		want  string
	}{
		{provider.Reply{Status: 200, At: noon}, `{"requestId":"` + requestID + `","timestamp":1777896000000}`},
		{provider.Reply{Status: 503, Message: "internal error", At: noon}, `{"requestId":"` + requestID + `","timestamp":1777896000000,"errorMessage":"internal error"}`},
	} {
		if got := string(road.Reply(c.reply)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	if got := road.Reply(provider.Reply{Message: strings.Repeat("é", 9000)}); len(got) > 8192 || !json.Valid(got) {
		t.Errorf("a long message makes an answer of %d bytes", len(got))
	}
	usual := ses.Adapter.RoadOf(http.Header{})
	if usual.Gzip || usual.Reply != nil || usual.MaxBody != ses.Adapter.Limit() || road.MaxBody != 64<<20 {
		t.Errorf("roads %+v and %+v", usual, road)
	}
}

// FuzzFirehose: whatever an owner's stream holds, it is kept and read the same way again, and every event has its bytes.
func FuzzFirehose(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Add([]byte(string(sendOf(1)) + string(sendOf(2)) + "\nbroken\n" + string(bridged(sendOf(3)))))
	f.Add(envelope(sendOf(1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkProved(t, firehose(text, text))
	})
}

// FuzzFirehoseBody is FuzzFirehose for the body around the records.
func FuzzFirehoseBody(f *testing.F) {
	f.Add(firehose(sendOf(1), sendOf(2)).Body)
	f.Add([]byte(`{"requestId":"` + requestID + `","records":[{"data":"!"},{},7,null,[]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := firehose()
		req.Body = body
		checkProved(t, req)
	})
}

// FuzzEventBridge and FuzzLambda are the same for the bodies that come with an API key.
func FuzzEventBridge(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Add(bridged(sendOf(1)))
	f.Fuzz(func(t *testing.T, body []byte) { checkProved(t, keyed(body)) })
}

func FuzzLambda(f *testing.F) {
	f.Add(lambdaSNS(sendOf(1)))
	f.Add(lambdaSQS(sendOf(1), envelope(sendOf(2)), bridged(sendOf(3)), []byte("poison")))
	f.Add([]byte(`{"Records":[{"Sns":{}},{"Sns":7},{"body":""},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) { checkProved(t, keyed(body)) })
}

func checkProved(t *testing.T, req provider.Request) {
	t.Helper()
	before := bytes.Clone(req.Body)
	r, err := ses.Adapter.Open(req, roadSource(), noon)
	if err != nil {
		var refusal *provider.Refusal
		if !errors.As(err, &refusal) {
			t.Fatalf("error %v is no refusal", err)
		}
		return
	}
	if !bytes.Equal(before, req.Body) {
		t.Fatal("the body is changed")
	}
	again, err := ses.Adapter.Reparse(r.Keep, roadSource())
	if err != nil || !cmp.Equal(again.Drafts, r.Drafts) || !cmp.Equal(again.Problems, r.Problems) {
		t.Fatalf("read in two ways: %v\n%s", err, cmp.Diff(r, again))
	}
	for _, d := range r.Drafts {
		if _, err := d.Finish(event.Origin{Project: "prj_1", Provider: "ses", ReceivedAt: noon}); err != nil {
			t.Fatal(err)
		}
		raw, err := ses.Adapter.Element(r.Keep, d.Element)
		if err != nil || len(r.Elements) > 0 && !bytes.Equal(raw, r.Elements[d.Element]) {
			t.Fatalf("element %d is %q, %v", d.Element, raw, err)
		}
	}
}
