package generic_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/generic"
	"tidings/provider/providertest"
)

const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func request(h http.Header, payload []byte, at time.Time) provider.Request {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "msg_1.%s.%s", timestamp, payload)
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	r.Header.Set("Webhook-Id", "msg_1")
	r.Header.Set("Webhook-Timestamp", timestamp)
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

func suite() providertest.Suite {
	with := func(name, value string) provider.Request {
		r := request(http.Header{}, []byte("[]"), noon)
		r.Header.Set(name, value)
		return r
	}
	byGet := with("X", "")
	byGet.Method = http.MethodGet
	return providertest.Suite{
		Adapter:     generic.Adapter,
		Source:      provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{secret}},
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "one_event",
		UnknownWord: []byte(`{"name":"email.yawn","recipient":"a@b.test","occurredAt":1777888800}`),
		BadElement:  []byte(`[{"name":"email.open","recipient":"a@b.test","occurredAt":1777888800},7]`),
		Signed:      true,
		Dated:       true,
		Strangers: map[string]provider.Request{
			"no signature":     with("Webhook-Signature", ""),
			"another id":       with("Webhook-Id", "msg_2"),
			"an id with a dot": with("Webhook-Id", "msg.1"),
			"another time":     with("Webhook-Timestamp", "1777888801"),
			"no time":          with("Webhook-Timestamp", "noon"),
			"another version":  with("Webhook-Signature", strings.Replace(with("X", "").Header.Get("Webhook-Signature"), "v1,", "v1a,", 1)),
			"another method":   byGet,
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) {
	one := `{"id":"e-%d","name":"email.click","occurredAt":"2026-05-04T10:00:00Z","recipient":"ann@acme.test","message":{"id":"m-1",` +
		`"tags":["may"]},"client":{"ip":"203.0.113.9","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"},"click":{"url":"https://app.test/pay"}}`
	var list []string
	for i := range 500 {
		list = append(list, fmt.Sprintf(one, i))
	}
	providertest.Bench(b, suite(), []byte("["+strings.Join(list, ",")+"]"), 500)
}

func TestABatchOfTenThousandIsRead(t *testing.T) {
	t.Parallel()
	one := []byte(`{"name":"email.open","recipient":"ann@acme.test","occurredAt":1777888800},`)
	body := append(append([]byte(`{"events":[`), bytes.Repeat(one, 9_999)...), []byte(`{"name":"email.open"}]}`)...)
	r := suite().MustOpen(t, request(http.Header{}, body, noon))
	if len(r.Drafts) != 9_999 || len(r.Problems) != 1 || r.Problems[0].Element != 9_999 {
		t.Errorf("%d drafts, problems %v", len(r.Drafts), r.Problems)
	}
}

// An event of ours that is sent on to a source of this kind is the same event but for its identity and what a server adds.
func TestAnEventInOurOwnJSONLosesNothing(t *testing.T) {
	t.Parallel()
	sent := event.Event{
		ID: event.ID{1}, Name: event.EmailClick, OccurredAt: noon, ReceivedAt: noon, Recipient: "ann@acme.test", Attribution: event.Candidates,
		Message: &event.Message{
			ID: "m-1", Subject: "Hi", From: "app@send.test", SenderDomain: "send.test", Account: "1", Template: "t", Workflow: "w",
			Tags: []string{"a", "b"}, Metadata: map[string]string{"k": "v"}, SentAt: noon.Add(-time.Hour),
		},
		Click:      &event.Engagement{URL: "https://app.test/", LinkTags: map[string][]string{"cta": {"main"}}},
		Client:     &event.Client{IP: "203.0.113.9", UserAgent: "x", Device: "desktop", OS: "Linux", App: "Firefox"},
		Automation: &event.Automation{Verdict: event.Proxy, Signals: []string{"s"}},
		Data:       []byte(`{"a":[1,{"b":null}]}`),
	}
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	s := suite()
	got := s.Finish(t, s.MustOpen(t, request(http.Header{}, body, noon)).Drafts)
	if len(got) != 1 {
		t.Fatalf("%d events", len(got))
	}
	sent.ID, sent.ReceivedAt, sent.ProjectID, sent.Source, sent.Raw = got[0].ID, got[0].ReceivedAt, got[0].ProjectID, got[0].Source, got[0].Raw
	if diff := cmp.Diff(sent, got[0]); diff != "" {
		t.Error(diff)
	}
}

const page = "../../docs/providers/generic.md"

// The schema of the page has every member that an event can have, and no other.
func TestTheSchemaOfThePageHasEveryFieldOfAnEvent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```json\n{\n  \"$schema\"")
	schemaText, _, found := strings.Cut("{\n  \"$schema\""+after, "```")
	var schema struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(schemaText), &schema); err != nil || !found {
		t.Fatalf("the schema is not to be read: %v", err)
	}
	parts := map[string]any{
		"message": event.Message{}, "bounce": event.Bounce{}, "complaint": event.Complaint{}, "delay": event.Delay{},
		"delivery": event.Delivery{}, "subscription": event.Subscription{}, "refusal": event.Refusal{}, "click": event.Engagement{},
		"client": event.Client{}, "automation": event.Automation{},
	}
	notTold := map[string]bool{"click.first": true, "click.count": true} // no sender can know them
	for name, part := range parts {
		var want []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(part)) {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !notTold[name+"."+tag] {
				want = append(want, tag)
			}
		}
		if len(schema.Defs[name].Properties) != len(want) {
			t.Errorf("$defs %s has %d properties, want %v", name, len(schema.Defs[name].Properties), want)
		}
		for _, tag := range want {
			if schema.Defs[name].Properties[tag] == nil {
				t.Errorf("$defs %s lacks %s", name, tag)
			}
		}
	}
	for _, tag := range []string{
		"id", "name", "event", "type", "occurredAt", "timestamp", "recipient", "email", "to", "attribution", "messageId", "message",
		"bounce", "complaint", "delay", "delivery", "subscription", "reject", "failure", "click", "client", "automation", "data",
	} {
		if schema.Defs["event"].Properties[tag] == nil {
			t.Errorf("$defs event lacks %s", tag)
		}
	}
	for _, word := range append(event.Reasons(), "undetermined", "hard", "soft", "block", "suppressed", "auto_reply", "human", "machine", "proxy") {
		if !strings.Contains(schemaText, `"`+word+`"`) {
			t.Errorf("the schema lacks the word %s", word)
		}
	}
}

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), page, func(word string) []byte {
		return []byte(`{"name":"` + word + `","recipient":"a@b.test","occurredAt":1777888800}`)
	})
}
