package ses_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

// read reads a record that was kept raw.
func read(t *testing.T, record string) provider.Result {
	t.Helper()
	r, err := ses.Adapter.Reparse([]byte(record), source())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestListsMayBeOneStringAndOddValuesAreNone(t *testing.T) {
	t.Parallel()
	const delivery = `{"eventType":"Delivery","mail":{"messageId":"m1","destination":DESTINATION},"delivery":{"processingTimeMillis":MS}}`
	cases := []struct {
		destination, ms string
		recipients      []string
		processing      int64
	}{
		{`["a@b.test"]`, `5`, []string{"a@b.test"}, 5},
		{`"a@b.test"`, `"5"`, []string{"a@b.test"}, 5},
		{`["a@b.test",1,null,{"x":[1]}]`, `5.9`, []string{"a@b.test"}, 5},
		{`null`, `null`, nil, 0},
		{`{"x":1}`, `{"x":1}`, nil, 0},
		{`["a@b.test"]`, strings.Repeat("9", 300), []string{"a@b.test"}, 9_999_999_999_999_999},
		{`["a@b.test"]`, `-5`, []string{"a@b.test"}, 0},
	}
	for _, c := range cases {
		r := read(t, strings.NewReplacer("DESTINATION", c.destination, "MS", c.ms).Replace(delivery))
		var got []string
		for _, d := range r.Drafts {
			got = append(got, d.Recipient)
			if d.Delivery.ProcessingMs != c.processing {
				t.Errorf("%s: %d ms, want %d", c.ms, d.Delivery.ProcessingMs, c.processing)
			}
		}
		if !cmp.Equal(got, c.recipients) {
			t.Errorf("%s: recipients %v, want %v (problems %v)", c.destination, got, c.recipients, r.Problems)
		}
	}
}

func TestTimesOfManyFormsAreRead(t *testing.T) {
	t.Parallel()
	const want = "2026-05-04T10:12:00Z"
	for _, form := range []string{
		want, "2026-05-04T10:12:00.000Z", "2026-05-04T10:12:00.000000000Z", "2026-05-04T05:12:00.000-05:00",
		"2026-05-04T10:12:00 +0000", "2026-05-04T12:12:00+0200", "2026-05-04 10:12:00 +0000", "2026-05-04T10:12:00",
		"Mon, 04 May 2026 10:12:00 +0000", " 2026-05-04T10:12:00Z ",
	} {
		r := read(t, `{"eventType":"Open","mail":{"messageId":"m1","destination":["a@b.test"]},"open":{"timestamp":"`+form+`"}}`)
		if len(r.Drafts) != 1 || r.Drafts[0].OccurredAt.Format("2006-01-02T15:04:05Z07:00") != want || len(r.Problems) > 0 {
			t.Errorf("%q: %v, problems %v", form, r.Drafts, r.Problems)
		}
	}
}

func TestABounceMeansWhatItsSubTypeSays(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind, sub, status, diagnostic string
		class                         event.BounceClass
		reason                        string
	}{
		{"Permanent", "General", "5.1.1", "smtp; 550 5.1.1 unknown", event.Hard, event.ReasonNoSuchUser},
		{"Permanent", "General", "5.0.0", "smtp; 550 5.1.1 unknown", event.Hard, event.ReasonNoSuchUser},
		{"Permanent", "General", "5.0.0", "smtp; 552 full", event.Hard, event.ReasonMailboxFull},
		{"Permanent", "General", "", "", event.Hard, ""},
		{"Permanent", "SomethingNew", "", "", event.Hard, ""},
		{"Permanent", "Suppressed", "", "", event.Suppressed, event.ReasonSuppressed},
		{"Permanent", "OnTenantSuppressionList", "", "", event.Suppressed, event.ReasonSuppressed},
		{"Permanent", "EmailValidationSuppressed", "", "", event.Suppressed, event.ReasonSuppressed},
		{"Permanent", "UnsubscribedRecipient", "", "", event.Suppressed, event.ReasonSuppressed},
		{"Transient", "General", "4.4.7", "smtp; 421 4.4.1 timeout", event.Soft, event.ReasonRetriesExhausted},
		{"Transient", "General", "", "", event.Soft, ""},
		{"Transient", "MessageTooLarge", "5.2.2", "", event.Soft, event.ReasonMessageTooLarge},
		{"Transient", "ContentRejected", "", "", event.Soft, event.ReasonContentRejected},
		{"Transient", "AttachmentRejected", "", "", event.Soft, event.ReasonAttachmentRejected},
		{"Transient", "CustomTimeoutExceeded", "", "", event.Soft, event.ReasonTimeout},
		{"Undetermined", "Undetermined", "", "", event.Undetermined, ""},
		{"Undetermined", "Suppressed", "", "", event.Undetermined, ""},
		{"Sideways", "Suppressed", "", "", event.Undetermined, ""},
		{"", "", "", "", event.Undetermined, ""},
	}
	for _, c := range cases {
		r := read(t, `{"eventType":"Bounce","mail":{"messageId":"m1"},"bounce":{"bounceType":"`+c.kind+`","bounceSubType":"`+c.sub+
			`","bouncedRecipients":[{"emailAddress":"a@b.test","status":"`+c.status+`","diagnosticCode":"`+c.diagnostic+`"}]}}`)
		if len(r.Drafts) != 1 {
			t.Fatalf("%d drafts", len(r.Drafts))
		}
		if b := r.Drafts[0].Bounce; b.Class != c.class || b.Reason != c.reason || !b.Final {
			t.Errorf("%s/%s %s: %+v, want %s for %q", c.kind, c.sub, c.status, b, c.class, c.reason)
		}
	}
}

func TestSourcesNameTheirOwnTags(t *testing.T) {
	t.Parallel()
	src := source()
	src.TemplateTag, src.WorkflowTag = "tpl", "flow"
	r, err := ses.Adapter.Reparse([]byte(`{"eventType":"Send","mail":{"messageId":"m1","destination":["a@b.test"],"tags":{`+
		`"tpl":["a--b"],"flow":["f"],"templateKey":["t"],"metadata:order":["17"],"metadata_order":["18"]}}}`), src)
	if err != nil || len(r.Drafts) != 1 {
		t.Fatalf("%d drafts, %v", len(r.Drafts), err)
	}
	m := r.Drafts[0].Message
	if m.Template != "a/b" || m.Workflow != "f" || !cmp.Equal(m.Metadata, map[string]string{"templateKey": "t", "order": "17"}) {
		t.Errorf("message %+v", m)
	}
}

func TestWhatIsKeptHasNoCapabilitiesHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	body := signer().Notification(topicARN, messageID, "{}", noon)
	body = []byte(strings.Replace(string(body), `"UnsubscribeURL"`, `"\u0055nsubscribeURL"`, 1))
	r, err := ses.Adapter.Open(post(body), source(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"nsubscribe", "Signature\""} {
		if strings.Contains(string(r.Keep), text) {
			t.Errorf("%s is kept: %s", text, r.Keep)
		}
	}
	src := source()
	src.AllowRaw, src.TokenProved = true, true
	raw := post([]byte(`{"eventType":"Send","UnsubscribeURL":"x"}`))
	raw.Header = rawHeader()
	r, err = ses.Adapter.Open(raw, src, noon)
	if got := code(t, r, err); got != "envelope_in_raw" {
		t.Errorf("a raw record with an UnsubscribeURL: code %q", got)
	}
}

func TestARawDeliveryIsKnownByItsHeader(t *testing.T) {
	t.Parallel()
	s := suite()
	for id, want := range map[string]string{messageID: messageID, "x": "", "": ""} {
		req := provider.Request{Method: http.MethodPost, Header: rawHeader(), Body: []byte(fields()["Message"])}
		req.Header.Set("X-Amz-Sns-Message-Id", id)
		if r := s.MustOpen(t, req); r.Transport.ID != want || !r.Transport.At.IsZero() {
			t.Errorf("%q: transport %+v", id, r.Transport)
		}
	}
}
