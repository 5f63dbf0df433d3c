package provider_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"testing"

	"tidings/provider"
)

func packed(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPackedBodyIsBoundedBeforeAndAfter(t *testing.T) {
	t.Parallel()
	road := provider.Road{MaxBody: 1000, Gzip: true}
	header := http.Header{"Content-Encoding": {"GZIP"}}
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"fits", packed(t, bytes.Repeat([]byte("x"), 1000)), ""},
		{"a byte too long", packed(t, bytes.Repeat([]byte("x"), 1001)), "body_too_large"},
		{"a bomb", packed(t, bytes.Repeat([]byte("x"), 50<<20)), "body_too_large"},
		{"not packed at all", []byte(`{"requestId":"x"}`), "bad_gzip"},
		{"corrupt", append(packed(t, []byte("x"))[:10], "corrupt, and all of it is"...), "bad_gzip"},
	} {
		text, err := road.Read(header, bytes.NewReader(c.body), int64(min(len(c.body), 1000)))
		refusal := new(provider.Refusal)
		if errors.As(err, &refusal); refusal.Code != c.want || c.want == "" && len(text) != 1000 {
			t.Errorf("%s: %d bytes, %v", c.name, len(text), err)
		}
	}
	if _, err := road.Read(header, bytes.NewReader(packed(t, []byte("xyz"))[:12]), -1); err == nil || errors.As(err, new(*provider.Refusal)) {
		t.Errorf("cut short: %v", err)
	}
}

func TestOnlyARoadThatSaysSoTakesPackedBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		encoding string
		gzip     bool
		ok       bool
	}{
		{"", false, true},
		{"identity", false, true},
		{"gzip", false, false},
		{"gzip", true, true},
		{"Gzip", true, true},
		{"br", true, false},
		{"gzip, gzip", true, false},
	} {
		refusal := provider.Road{Gzip: c.gzip}.CheckEncoding(http.Header{"Content-Encoding": {c.encoding}})
		if (refusal == nil) != c.ok {
			t.Errorf("%q where gzip is %v: %v", c.encoding, c.gzip, refusal)
		}
	}
}
