package providertest

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// BenchSample is Bench with the suite's sample.
func BenchSample(b *testing.B, s Suite) {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(s.Folder, s.Sample+".http"))
	if err != nil {
		b.Fatal(err)
	}
	_, payload, _ := bytes.Cut(text, []byte("\n\n"))
	r, err := s.Open(s.Request(http.Header{}, payload, s.Now))
	if err != nil {
		b.Fatal(err)
	}
	Bench(b, s, payload, len(r.Drafts))
}
