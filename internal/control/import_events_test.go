package control_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/pull"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/provider/all"
	"tidings/provider/ses"
)

// importing is a control over a database at url that takes files in.
func importing(t testing.TB, url string) *control.Control {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		URL: url, Soft: contact.DefaultSoftPolicy, Now: func() time.Time { return now },
	})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	return &control.Control{
		Store: s, Adapters: all.Adapters(), Now: func() time.Time { return now },
		Builder: receipt.Builder{Codec: codec, Judge: stats.DefaultRules().Mark}, Commit: s.Commit,
	}
}

func imported(t testing.TB, c *control.Control, in control.EventImport, files ...pull.File) pull.Report {
	t.Helper()
	report, err := c.ImportEvents(t.Context(), operator, in, files, nil)
	must(t, err)
	return report
}

func textFile(name, text string) pull.File {
	return pull.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func compressed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	must(t, errors.Join(err, z.Close()))
	return b.String()
}

// allEvents are the events of a database as their public JSON, the newest first, without what a database adds and without
// those that follow from others.
func allEvents(t testing.TB, c *control.Control) []event.Event {
	t.Helper()
	page, err := c.ListEvents(t.Context(), operator, control.EventFilter{Limit: 1000})
	must(t, err)
	page.Events = slices.DeleteFunc(page.Events, func(e event.Event) bool { return contact.Derived(e.Name) })
	for i := range page.Events {
		e := &page.Events[i]
		e.Source, e.ContactID, e.EmailID = nil, "", ""
	}
	return page.Events
}

// sesArchive is everything that SES ever sends, in every envelope, one after another.
func sesArchive(t testing.TB) string {
	t.Helper()
	paths, err := filepath.Glob("../../provider/ses/testdata/*.http")
	must(t, err)
	var all strings.Builder
	for i, p := range paths {
		text, err := os.ReadFile(p)
		must(t, err)
		_, body, ok := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\n")
		if !ok {
			t.Fatalf("%s has no body", p)
		}
		if i%2 == 1 {
			body = enveloped(t, body)
		}
		all.WriteString(body + "\n")
	}
	return all.String()
}

// enveloped is a record in the envelope of SNS.
func enveloped(t testing.TB, record string) string {
	t.Helper()
	text, err := json.MarshalIndent(map[string]string{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": topic, "Message": record,
		"Timestamp": "2026-05-04T10:12:00.000Z", "SignatureVersion": "2", "Signature": "c2VjcmV0",
		"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem", "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/",
	}, "", "  ")
	must(t, err)
	return string(text)
}

const engageFile = "Date,Customer,Event,Subject,Additional data\n" +
	"2026-05-04 10:00:00,ann@acme.test,Delivered,Hi,250 ok\n" +
	"2026-05-04 10:05:00,ann@acme.test,Opened,Hi,\n" +
	"2026-05-04 10:06:00,Ann <ANN@acme.test>,Clicked,\"Hi, \"\"you\"\"\",https://acme.test/a\n" +
	"2026-05-04 10:06:30,bob@acme.test,Bounced,Hi,smtp; 550 5.1.1 no such user\n" +
	"2026-05-04 10:06:31,cy@acme.test,Bounced,Hi,refused\n" +
	"2026-05-04 10:07:00,cy@acme.test,Temp failed,Hi,452 4.2.2 mailbox full\n" +
	"2026-05-04 10:08:00,dan@acme.test,Failed,Hi,content is bad\n" +
	"2026-05-04 10:09:00,eve@acme.test,Complained,Hi,\n" +
	"yesterday,eve@acme.test,Opened,Hi,\n" +
	"2026-05-04 10:09:00,user-17,Opened,Hi,\n" +
	"2026-05-04 10:09:00,eve@acme.test,Sneezed,Hi,\n" +
	"2026-05-04 10:09:00,eve@acme.test\n"

const ownEvents = `{"events":[
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e11","name":"email.open","occurredAt":"2026-05-04T10:00:00.000Z","source":{"id":"src_x","provider":"ses"},"recipient":"ann@acme.test","message":{"id":"m1"},"open":{"first":true},"data":{}},
{"id":"019df25e-4ac0-4c41-9b1e-6f0c2a7d5e11","name":"email.open","occurredAt":"2026-05-04T10:00:00.000Z","source":{"provider":"ses"},"recipient":"ann@acme.test","data":{}},
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e12","name":"email.sneeze","occurredAt":"2026-05-04T10:00:00.000Z","source":{"provider":"ses"},"recipient":"ann@acme.test","data":{}},
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e13","name":"email.open","source":{"provider":"ses"},"recipient":"ann@acme.test","data":{}},
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e14","name":"email.open","occurredAt":"2026-05-04T10:00:00.000Z","source":{"provider":"ses"},"data":{}},
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e15","name":"email.open","occurredAt":"2026-05-04T10:00:00.000Z","source":{"provider":"pigeon"},"recipient":"ann@acme.test","data":{}},
{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e16","name":"email.unsubscribe","occurredAt":"2026-05-04T10:00:00.000Z","source":{"provider":"ses"},"recipient":"ann@acme.test","data":{}},
{"id":17,"name":"email.open"}
],"hasMore":true,"nextCursor":"abc"}`

func TestEveryFormatIsTakenAsItsGoldenSays(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		for _, f := range []struct{ name, text string }{
			{"ses", sesArchive(t)},
			{"engage", compressed(t, engageFile)},
			{"events", ownEvents},
			{"broken", "rubbish\n{\"a\":1}\n{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"m9\",\"destination\":[\"a@acme.test\"]}}\n" +
				"{\"TopicArn\":\"arn:aws:sns:eu-west-1:1:x\",\"Signature\":\"secret\"}\n{\"Signature\":\"sec\n{\"eventType\":\"Se"},
			{"empty", ""},
		} {
			report := imported(t, c, control.EventImport{}, textFile(f.name, f.text))
			text, err := json.MarshalIndent(report, "", "  ")
			must(t, err)
			goldenFile(t, "import_events/"+f.name+".json", text)
			if again := imported(t, c, control.EventImport{}, textFile(f.name, f.text)); again.New+again.Receipts+again.Known != 0 ||
				again.Skipped != again.Records || again.Bad != report.Bad {
				t.Errorf("%s again: %+v", f.name, again)
			}
		}
		text, err := json.MarshalIndent(allEvents(t, c), "", "  ")
		must(t, err)
		goldenFile(t, "import_events/all_events.json", text)
		verified(t, c)
		keepsNoSecret(t, c)
	})
}

func goldenFile(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

func verified(t *testing.T, c *control.Control) {
	t.Helper()
	v, err := c.Verify(t.Context(), nil)
	must(t, err)
	if len(v.Differences) > 0 {
		t.Errorf("%+v", v)
	}
}

func keepsNoSecret(t *testing.T, c *control.Control) {
	t.Helper()
	page, err := c.ListReceipts(t.Context(), operator, control.ReceiptFilter{})
	must(t, err)
	for _, r := range page.Receipts {
		body, err := c.ReceiptRaw(t.Context(), operator, r.ID)
		must(t, err)
		for _, secret := range []string{`"UnsubscribeURL"`, `"Signature"`, `"secret"`} {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("receipt %s keeps %s", r.ID, secret)
			}
		}
	}
}

func TestWhatIsExportedComesBackWithItsIDs(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		first := newControl(t)
		first.Builder.Judge = stats.DefaultRules().Mark
		imported(t, first, control.EventImport{}, textFile("a", sesArchive(t)))
		page, err := first.ListEvents(t.Context(), operator, control.EventFilter{Limit: 1000})
		must(t, err)
		text, err := json.Marshal(map[string]any{"events": page.Events})
		must(t, err)
		second := importing(t, url)
		if r := imported(t, second, control.EventImport{}, textFile("b", string(text))); r.New != int64(len(allEvents(t, first))) || r.Bad != 0 {
			t.Errorf("%d events became %+v", len(page.Events), r)
		}
		if d := cmp.Diff(allEvents(t, first), allEvents(t, second), cmpopts.IgnoreFields(event.Event{}, "ReceivedAt")); d != "" {
			t.Error(d)
		}
		// The same facts by the other road, and home again, are known and the same.
		for _, x := range []struct {
			c    *control.Control
			text string
		}{{second, sesArchive(t)}, {first, string(text)}} {
			if r := imported(t, x.c, control.EventImport{}, textFile("c", x.text)); r.New != 0 || r.Conflicts != 0 || r.Known == 0 {
				t.Errorf("%+v", r)
			}
		}
		verified(t, second)
	})
}

const optOut = `{"eventType":"Subscription","mail":{"timestamp":"2026-05-04T10:00:00.000Z","messageId":"m1","destination":["ann@acme.test"]},` +
	`"subscription":{"contactList":"l","timestamp":"2026-05-04T12:00:00.000Z","newTopicPreferences":{"unsubscribeAll":true},"oldTopicPreferences":{"unsubscribeAll":false}}}`

func TestAnImportNeverChangesConsentAndLeavesTheFactToItsRoad(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	r := imported(t, c, control.EventImport{}, textFile("a", optOut))
	if r.New != 0 || r.Bad != 0 || r.Problems[pull.CodeConsent] != 1 {
		t.Errorf("%+v", r)
	}
	src := sourceNamed(t, c, control.ImportSource)
	res, err := ses.Adapter.Reparse([]byte(optOut), src.ForProvider(true, 0))
	must(t, err)
	e := c.Builder.Build(src, res, []byte(optOut), now)
	must(t, c.Commit(t.Context(), []*receipt.Entry{e}))
	if e.Outcome.New != 1 {
		t.Errorf("by its own road it is %+v", e.Outcome)
	}
}

func sourceNamed(t testing.TB, c *control.Control, name string) *source.Source {
	t.Helper()
	list, err := c.Sources(t.Context(), operator)
	must(t, err)
	for _, s := range list {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no source named %s among %d", name, len(list))
	return nil
}
