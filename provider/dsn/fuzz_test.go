package dsn_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/provider"
	"tidings/provider/dsn"
	"tidings/provider/providertest"
)

// FuzzOpen: whatever comes is refused or kept whole; what is read is read the same way again, its drafts can be finished
// and shown, and no byte of it is changed. Nothing is read out of a panic.
func FuzzOpen(f *testing.F) {
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
		f.Add(payload)
	}
	for _, payload := range providertest.Hostile() {
		if len(payload) < 1<<12 {
			f.Add(payload)
		}
	}
	s := suite()
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		r, err := dsn.Adapter.Open(request(http.Header{}, body, noon), source(), noon)
		if !bytes.Equal(before, body) {
			t.Fatal("the body is changed")
		}
		if err != nil {
			var refusal *provider.Refusal
			if !errors.As(err, &refusal) || len(r.Keep) > 0 {
				t.Fatalf("error %v is no refusal, or comes with a result", err)
			}
			return
		}
		if len(r.Drafts)+len(r.Problems) == 0 || !bytes.Equal(r.Keep, body) {
			t.Fatal("nothing became of it")
		}
		again, err := dsn.Adapter.Reparse(r.Keep, source())
		if err != nil || !cmp.Equal(r, again) {
			t.Fatalf("read again in another way: %v", err)
		}
		s.Finish(t, r.Drafts)
		for _, d := range r.Drafts {
			if _, err := dsn.Adapter.Element(r.Keep, d.Element); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range r.Problems {
			if bytes.Contains([]byte(p.Message), []byte("taken apart")) {
				t.Fatal(p.Message)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	text, err := os.ReadFile("testdata/postfix_failed.http")
	if err != nil {
		b.Fatal(err)
	}
	_, payload, _ := bytes.Cut(text, []byte("\n\n"))
	req := request(http.Header{}, payload, noon)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := dsn.Adapter.Open(req, source(), noon); err != nil || len(r.Drafts) != 1 {
			b.Fatal(err)
		}
	}
}
