package providertest

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/provider"
)

// Fuzz asks of any bytes: as the body of a request that was made for another they are refused or read, and in a genuine
// request too; what is read is read the same way again from what was kept, its drafts can be finished, and no byte of
// the body is changed. The seeds are the suite's fixtures and the hostile texts.
func Fuzz(f *testing.F, s Suite) {
	f.Helper()
	for _, payload := range s.seeds(f) {
		f.Add(payload)
	}
	other := s.Request(http.Header{}, []byte("[]"), s.Now) // once: signing is what costs
	f.Fuzz(func(t *testing.T, payload []byte) {
		genuine := s.Request(http.Header{}, payload, s.Now)
		forged := other
		forged.Header, forged.Body = other.Header.Clone(), payload
		for _, req := range []provider.Request{genuine, forged} {
			s.survives(t, req)
		}
	})
}

// seeds are the payloads of the fixtures and the shorter hostile texts.
func (s Suite) seeds(f *testing.F) (list [][]byte) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.http"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, payload, _ := bytes.Cut(text, []byte("\n\n"))
		list = append(list, payload)
	}
	for _, payload := range Hostile() {
		if len(payload) < 1<<12 {
			list = append(list, payload)
		}
	}
	return list
}

func (s Suite) survives(t *testing.T, req provider.Request) {
	t.Helper()
	before := bytes.Clone(req.Body)
	r, err := s.Open(req)
	if !bytes.Equal(before, req.Body) {
		t.Fatal("the body is changed")
	}
	if err != nil {
		var refusal *provider.Refusal
		if !errors.As(err, &refusal) || len(r.Drafts)+len(r.Problems)+len(r.Keep) > 0 {
			t.Fatalf("error %v is no refusal, or comes with a result", err)
		}
		return
	}
	again, err := s.Adapter.Reparse(r.Keep, s.Source)
	if err != nil || !cmp.Equal(r.Drafts, again.Drafts) || !cmp.Equal(r.Problems, again.Problems) {
		t.Fatalf("read again in another way: %v", err)
	}
	for _, d := range r.Drafts {
		if _, err := d.Finish(s.Origin()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Adapter.Element(r.Keep, d.Element); err != nil {
			t.Fatal(err)
		}
	}
}

// Bench opens a genuine request with the payload, which holds events drafts, and reports what one of them costs.
func Bench(b *testing.B, s Suite, payload []byte, events int) {
	b.Helper()
	req := s.Request(http.Header{}, payload, s.Now)
	b.SetBytes(int64(len(req.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := s.Open(req); err != nil || len(r.Drafts) != events {
			b.Fatalf("%d drafts, want %d: %v", len(r.Drafts), events, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}
