package providertest

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/provider"
)

// payloads reads the payloads of all fixtures, without their headers, by name.
func (s Suite) payloads(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", s.Folder, err)
	}
	list := make(map[string][]byte, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, payload, _ := bytes.Cut(text, []byte("\n\n"))
		list[strings.TrimSuffix(filepath.Base(file), ".http")] = payload
	}
	return list
}

// Fuzz feeds an adapter with payloads in genuine requests, and with the same bytes under another's proof. Whatever comes
// is refused or read, twice in the same way, and what is read can be finished and found again.
func Fuzz(f *testing.F, s Suite) {
	f.Helper()
	for _, payload := range s.payloads(f) {
		f.Add(payload)
	}
	for _, payload := range Hostile() {
		if len(payload) < 1<<12 {
			f.Add(payload)
		}
	}
	other := s.Request(http.Header{}, []byte("{}"), s.Now)
	f.Fuzz(func(t *testing.T, payload []byte) {
		if s.Signed && !bytes.Equal(payload, []byte("{}")) {
			forged := other
			forged.Body = payload
			r, err := s.Open(forged)
			refused(t, "forged", r, err)
		}
		before := bytes.Clone(payload)
		s.fuzzGenuine(t, s.Request(http.Header{}, payload, s.Now))
		if !bytes.Equal(before, payload) {
			t.Fatal("the payload is changed")
		}
	})
}

func (s Suite) fuzzGenuine(t *testing.T, req provider.Request) {
	t.Helper()
	r, err := s.Open(req)
	var refusal *provider.Refusal
	if err != nil {
		if !errors.As(err, &refusal) {
			t.Fatalf("error %v is no refusal", err)
		}
		return
	}
	again, err := s.Adapter.Reparse(r.Keep, s.Source)
	if err != nil || !cmp.Equal(r.Drafts, again.Drafts) || !cmp.Equal(r.Problems, again.Problems) {
		t.Fatalf("reparsed in another way: %v", err)
	}
	s.Finish(t, r.Drafts)
	for _, d := range r.Drafts {
		if _, err := s.Adapter.Element(r.Keep, d.Element); err != nil {
			t.Fatal(err)
		}
	}
}

// Benchmark measures Open of the sample, proof and all, and reports it for one event too.
func Benchmark(b *testing.B, s Suite) {
	b.Helper()
	req := s.Request(http.Header{}, s.payloads(b)[s.Sample], s.Now)
	r, err := s.Open(req)
	if err != nil || len(r.Drafts) == 0 {
		b.Fatalf("%d drafts, %v", len(r.Drafts), err)
	}
	b.SetBytes(int64(len(req.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(req); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(r.Drafts)), "ns/event")
}
