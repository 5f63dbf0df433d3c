package providertest

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"tidings/provider"
)

func (s Suite) fixtures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.http"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".http")
	}
	return files
}

// Hostile are texts that a decoder must survive: none is a payload that any provider sends.
func Hostile() map[string][]byte {
	return map[string][]byte{
		"nothing":               {},
		"a byte order mark":     []byte("\xef\xbb\xbf{}"),
		"null":                  []byte("null"),
		"a number":              []byte("1"),
		"a huge number":         []byte(`{"a":1e999999999}`),
		"a long number":         []byte(`{"a":` + strings.Repeat("9", 1<<20) + `}`),
		"an empty object":       []byte("{}"),
		"an open object":        []byte("{"),
		"an open string":        []byte(`{"a":"`),
		"an open escape":        []byte(`{"a":"\`),
		"text":                  []byte("hello"),
		"NUL":                   []byte("\x00"),
		"not UTF-8":             []byte("{\"\xff\":\"\xfe\"}"),
		"a lone surrogate":      []byte(`{"\ud800":1}`),
		"deep arrays":           []byte(strings.Repeat("[", 100_000)),
		"deep objects":          []byte(strings.Repeat(`{"a":`, 100_000)),
		"closed deep arrays":    []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
		"many keys":             []byte("{" + strings.Repeat(`"a":1,`, 100_000) + `"b":1}`),
		"duplicate keys":        []byte(`{"a":1,"a":2}`),
		"a comment":             []byte(`{/* */}`),
		"NaN":                   []byte(`{"a":NaN}`),
		"two objects":           []byte(`{}{}`),
		"garbage after the end": []byte(`{} x`),
		"a form":                []byte("a=1&b=2"),
	}
}

func hostileBodies(t *testing.T, s Suite) {
	t.Helper()
	req := s.sample(t, s.Now)
	whole := req.Body
	cases := Hostile()
	for _, n := range []int{1, len(whole) / 3, len(whole) / 2, len(whole) - 1} {
		cases[fmt.Sprintf("cut short to %d bytes", n)] = whole[:n]
	}
	cases["with a byte order mark"] = append([]byte("\xef\xbb\xbf"), whole...)
	cases["twice"] = append(bytes.Clone(whole), whole...)
	for what, body := range cases {
		req.Body = body
		r, err := s.Open(req)
		if s.Lenient && err == nil {
			keptWhole(t, what, r, body)
			continue
		}
		refused(t, what, r, err)
	}
}

// hostilePayloads come in genuine requests, so they must be kept: as problems, or refused where the provider's proof
// needs a form that they do not have.
func hostilePayloads(t *testing.T, s Suite) {
	t.Helper()
	_, sample := s.Fixture(t, s.Sample)
	cases := Hostile()
	cases["cut short"] = sample[:len(sample)/2]
	cases["with a byte order mark"] = append([]byte("\xef\xbb\xbf"), sample...)
	cases["twice"] = append(bytes.Clone(sample), sample...)
	if brace := bytes.IndexByte(sample, '{'); brace >= 0 {
		cases["with duplicate keys"] = append([]byte(`{"zz":1,"zz":2,`), sample[brace+1:]...)
	}
	for what, payload := range cases {
		r, err := s.Open(s.Request(http.Header{}, payload, s.Now))
		if err != nil {
			refused(t, what, r, err)
			continue
		}
		if s.Lenient {
			keptWhole(t, what, r, payload)
			continue
		}
		if len(r.Drafts) > 0 || len(r.Problems) == 0 {
			t.Errorf("%s: %d drafts and no problem", what, len(r.Drafts))
		}
	}
}

// keptWhole asks of what a lenient adapter took in: it became something, and nothing of it is lost.
func keptWhole(t *testing.T, what string, r provider.Result, body []byte) {
	t.Helper()
	if len(r.Drafts)+len(r.Problems) == 0 || !bytes.Equal(r.Keep, body) {
		t.Errorf("%s: %d drafts, %d problems and %d of %d bytes", what, len(r.Drafts), len(r.Problems), len(r.Keep), len(body))
	}
}
