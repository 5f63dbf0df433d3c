package providertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a fixture becomes.
type golden struct {
	Kind      string             `json:"kind"`
	Transport string             `json:"transport,omitempty"`
	At        string             `json:"at,omitempty"`
	Problems  []provider.Problem `json:"problems,omitempty"`
	Keys      [][]string         `json:"keys,omitempty"`
	Events    []event.Event      `json:"events,omitempty"`
}

// Fixture reads headers and payload of a fixture.
func (s Suite) Fixture(t *testing.T, name string) (http.Header, []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Folder, name+".http"))
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(bytes.NewReader(text))
	header, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("headers of fixture %s: %v", name, err)
	}
	payload, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return http.Header(header), payload
}

// sample is the request of the suite's sample fixture.
func (s Suite) sample(t *testing.T, at time.Time) provider.Request {
	t.Helper()
	header, payload := s.Fixture(t, s.Sample)
	return s.Request(header, payload, at)
}

func goldens(t *testing.T, s Suite) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", s.Folder, err)
	}
	seen, custom := make(map[event.Name]bool), false
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		t.Run(name, func(t *testing.T) {
			header, payload := s.Fixture(t, name)
			result := s.MustOpen(t, s.Request(header, payload, s.Now))
			for _, d := range result.Drafts {
				seen[d.Name] = true
				if _, err := event.CustomName(string(d.Name)); err == nil && s.Adapter.Custom {
					custom = true
				} else if !slices.Contains(s.Adapter.Names, d.Name) {
					t.Errorf("the adapter emits %s and does not list it", d.Name)
				}
			}
			compare(t, filepath.Join(s.Folder, name+".golden.json"), s.golden(t, result))
		})
	}
	for _, n := range s.Adapter.Names {
		if !seen[n] {
			t.Errorf("the adapter lists %s and no fixture becomes one", n)
		}
	}
	if s.Adapter.Custom && !custom {
		t.Error("the adapter emits custom events and no fixture becomes one")
	}
}

func (s Suite) golden(t *testing.T, r provider.Result) golden {
	t.Helper()
	r = r.Addressed()
	g := golden{Kind: r.Kind, Transport: r.Transport.ID, Problems: r.Problems, Events: s.Finish(t, r.Drafts)}
	if !r.Transport.At.IsZero() {
		g.At = r.Transport.At.Format(time.RFC3339Nano)
	}
	for _, d := range r.Drafts {
		g.Keys = append(g.Keys, d.Key)
	}
	return g
}

func compare(t *testing.T, file string, g golden) {
	t.Helper()
	var buffer bytes.Buffer
	enc := json.NewEncoder(&buffer)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, buffer.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update and read what it wrote)", err)
	}
	if diff := cmp.Diff(string(want), buffer.String()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
