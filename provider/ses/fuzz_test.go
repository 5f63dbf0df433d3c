package ses_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/providertest"
	"tidings/provider/ses"
)

// seeds are the payloads of all fixtures and the hostile ones.
func seeds(f *testing.F, add func([]byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, payload, _ := bytes.Cut(text, []byte("\n\n"))
		add(payload)
	}
	for _, payload := range providertest.Hostile() {
		if len(payload) < 1<<12 {
			add(payload)
		}
	}
}

// FuzzOpen: whatever comes, Open refuses or asks for a certificate. Nobody without the key gets further.
func FuzzOpen(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Add(signer().Sign(fields()))
	f.Add(signer().SubscriptionConfirmation(topicARN, messageID, "aabb", noon))
	stranger := newSignerCertificates()
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		r, err := ses.Adapter.Open(provider.Request{Method: "POST", Body: body, Certificates: stranger}, source(), noon)
		var refusal *provider.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("error %v is no refusal", err)
		}
		if len(r.Drafts)+len(r.Problems)+len(r.Keep) > 0 {
			t.Fatal("unproved and read")
		}
		if !bytes.Equal(before, body) {
			t.Fatal("the body is changed")
		}
	})
}

// FuzzReparse: whatever was kept, it is read the same way twice, and its drafts can be finished.
func FuzzReparse(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Add(signer().Sign(fields()))
	f.Fuzz(func(t *testing.T, keep []byte) {
		first, err := ses.Adapter.Reparse(keep, source())
		again, errAgain := ses.Adapter.Reparse(keep, source())
		if (err == nil) != (errAgain == nil) || !cmp.Equal(first, again) {
			t.Fatalf("read in two ways: %v, %v", err, errAgain)
		}
		for _, d := range first.Drafts {
			if _, err := d.Finish(event.Origin{Project: "prj_1", Provider: "ses", ReceivedAt: noon}); err != nil {
				t.Fatal(err)
			}
			if _, err := ses.Adapter.Element(keep, d.Element); err != nil {
				t.Fatal(err)
			}
		}
	})
}
