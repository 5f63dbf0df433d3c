package ses_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

const stranger = "arn:aws:sns:eu-west-1:999999999999:other"

const delivered = `{"eventType":"Delivery","mail":{"timestamp":"2026-05-04T11:59:00Z","messageId":"m1","sendingAccountId":"111122223333",` +
	`"destination":["ann@acme.test"]},"delivery":{"timestamp":"2026-05-04T11:59:30Z","recipients":["ann@acme.test"]}}`

// forger signs as anybody can.
var forger = sync.OnceValue(func() *snssign.Signer { return newSigner(snssign.Config{}) })

func queued(body []byte) provider.Queued {
	return provider.Queued{ID: "q-1", Body: body, Certificates: map[string]*x509.Certificate{
		signer().CertificateURL(topicARN): signer().Certificate(),
		forger().CertificateURL(topicARN): signer().Certificate(), // who forges may name any URL of AWS
	}}
}

func TestOneFactIsOneEventByAQueueToo(t *testing.T) {
	t.Parallel()
	s := suite()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		header, record := s.Fixture(t, name)
		record = bytes.TrimSpace(record)
		if !json.Valid(record) || bytes.Contains(record, []byte(`"detail-type"`)) || len(header) > 0 && header.Get("X-Amz-Sns-Message-Type") == "" {
			continue // wrapped already, or no record
		}
		want := events(t, roads["SNS"](record))
		compared += len(want)
		for road, body := range map[string][]byte{"SNS": envelope(record), "EventBridge": bridged(record), "raw": record} {
			result, refusal := ses.Adapter.Queue(queued(body), roadSource(), noon)
			if refusal != nil {
				t.Errorf("%s by %s: %v", name, road, refusal)
				continue
			}
			if diff := cmp.Diff(want, finished(t, result)); diff != "" {
				t.Errorf("%s by a queue as %s is another event than by SNS:\n%s", name, road, diff)
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d events were compared", compared)
	}
}

// finished are the events of a result, without the bytes that they were made from.
func finished(t *testing.T, r provider.Result) []event.Event {
	t.Helper()
	list, err := ses.Adapter.Finish(r, roadSource(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].Raw = nil
	}
	return list
}

func TestAMessageOfAQueueIsBelievedAsFarAsItsSourceAllows(t *testing.T) {
	t.Parallel()
	record, bridge := []byte(delivered), bridged([]byte(delivered))
	settings := map[string]func(*provider.Source){
		"topics":           func(*provider.Source) {},
		"raw":              func(s *provider.Source) { s.AllowRaw = true },
		"no topics":        func(s *provider.Source) { s.Topics = nil },
		"raw alone":        func(s *provider.Source) { s.Topics, s.AllowRaw = nil, true },
		"another account":  func(s *provider.Source) { s.AllowRaw, s.Account = true, "999999999999" },
		"young alone":      func(s *provider.Source) { s.AllowRaw, s.MaxAge = true, time.Minute },
		"their own broker": func(s *provider.Source) { s.SigningCertificate = forger().Certificate() },
	}
	late := signer().Notification(topicARN, messageID, delivered, noon.Add(-time.Hour))
	bodies := map[string][]byte{
		"signed": envelope(record), "late": late, "stranger's": signer().Notification(stranger, messageID, delivered, noon),
		"forged":       forger().Notification(topicARN, messageID, delivered, noon),
		"confirmation": signer().SubscriptionConfirmation(topicARN, messageID, "aabb", noon),
		"bridge":       bridge, "bare": record, "text": []byte("hello"), "batch": []byte(`{"batch":"firehose","elements":[]}`),
		"kept": []byte(`{"refused":"raw_not_allowed","text":"{}"}`),
	}
	got := map[string]map[string]string{}
	for setting, change := range settings {
		src := source()
		change(&src)
		got[setting] = map[string]string{}
		for name, body := range bodies {
			result, refusal := ses.Adapter.Queue(queued(body), src, noon)
			word := "read"
			if refusal != nil {
				word = refusal.Code
				if len(result.Drafts) > 0 || len(result.Problems) != 1 || result.Problems[0].Code != word {
					t.Errorf("%s, %s: refused with %+v", setting, name, result)
				}
				if result.Transport.ID != "refused:q-1" {
					t.Errorf("%s, %s: is known as %q", setting, name, result.Transport.ID)
				}
			} else if len(result.Drafts) != 1 && len(result.Wishes) == 0 {
				t.Errorf("%s, %s: %+v", setting, name, result)
			}
			if len(result.Wishes) > 0 {
				word = string(result.Wishes[0].Kind)
			}
			for _, never := range []string{`"Signature"`, "UnsubscribeURL", "SubscribeURL", "Token"} {
				if bytes.Contains(result.Keep, []byte(never)) {
					t.Errorf("%s, %s: %s is kept: %s", setting, name, never, result.Keep)
				}
			}
			got[setting][name] = word
		}
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/queue.golden.txt"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(text)); d != "" {
		t.Error(d)
	}
}

func TestARefusedMessageIsReadByAReplayOnceTheSettingsAreRight(t *testing.T) {
	t.Parallel()
	bound := source()
	bound.Account = "999999999999"
	aged := source()
	aged.MaxAge = time.Minute
	empty := source()
	empty.Topics = nil
	right := source()
	right.AllowRaw, right.Account, right.Topics = true, "111122223333", []string{topicARN, stranger}
	for name, c := range map[string]struct {
		body   []byte
		before provider.Source
		drafts int
	}{
		"a topic that was not listed": {envelope([]byte(delivered)), empty, 1},
		"a stranger's topic":          {signer().Notification(stranger, messageID, delivered, noon), source(), 1},
		"another account":             {envelope([]byte(delivered)), bound, 1},
		"too old":                     {signer().Notification(topicARN, messageID, delivered, noon.Add(-time.Hour)), aged, 1},
		"raw":                         {[]byte(delivered), source(), 1},
		"forged":                      {forger().Notification(topicARN, messageID, delivered, noon), source(), 0},
		"forged for no topic":         {forger().Notification(topicARN, messageID, delivered, noon), empty, 0},
		"no JSON":                     {[]byte("hello"), source(), 0},
	} {
		m := queued(c.body)
		m.Certificates[signer().CertificateURL(stranger)] = signer().Certificate()
		result, refusal := ses.Adapter.Queue(m, c.before, noon)
		if refusal == nil {
			t.Errorf("%s: is not refused", name)
			continue
		}
		same, err := ses.Adapter.Reparse(result.Keep, c.before)
		if c.before.MaxAge == 0 && (err != nil || len(same.Drafts) > 0 || len(same.Problems) != 1 || same.Problems[0].Code != refusal.Code) {
			t.Errorf("%s: a replay with the same settings gives %+v, %v", name, same, err)
		}
		again, err := ses.Adapter.Reparse(result.Keep, right)
		if err != nil || len(again.Drafts) != c.drafts || !bytes.Equal(again.Keep, result.Keep) {
			t.Errorf("%s: a replay gives %+v, %v", name, again, err)
		}
		text, err := ses.Adapter.Element(result.Keep, 0)
		if err != nil || c.drafts > 0 && !bytes.Equal(text, []byte(delivered)) {
			t.Errorf("%s: the element is %s, %v", name, text, err)
		}
	}
}

func TestAMessageThatNeedsACertificateAsksForItWhateverElseIsWrong(t *testing.T) {
	t.Parallel()
	for _, topics := range [][]string{nil, {topicARN}} {
		src := source()
		src.Topics = topics
		m := queued(envelope([]byte(delivered)))
		m.Certificates = nil
		result, refusal := ses.Adapter.Queue(m, src, noon)
		if refusal != nil || len(result.Wishes) != 1 || result.Wishes[0].Kind != provider.FetchCertificate || len(result.Keep) > 0 {
			t.Errorf("%v: %+v, %v", topics, result, refusal)
		}
	}
}

// FuzzQueue: whatever is in a queue, nobody without the key makes an event of a source that lists topics, and a replay of
// what was refused makes none either.
func FuzzQueue(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Add(envelope([]byte(delivered)))
	f.Add(bridged([]byte(delivered)))
	certificates := newSignerCertificates()
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		r, refusal := ses.Adapter.Queue(provider.Queued{ID: "q", Body: body, Certificates: certificates}, source(), noon)
		if len(r.Drafts) > 0 {
			t.Fatal("unproved and read")
		}
		if refusal == nil && len(r.Wishes) == 0 {
			t.Fatal("neither refused nor read")
		}
		if !bytes.Equal(before, body) {
			t.Fatal("the body is changed")
		}
		if refusal == nil {
			return
		}
		again, err := ses.Adapter.Reparse(r.Keep, source())
		if err != nil || len(again.Drafts) > 0 || len(again.Problems) == 0 {
			t.Fatalf("a replay of %s: %+v, %v", r.Keep, again, err)
		}
	})
}
