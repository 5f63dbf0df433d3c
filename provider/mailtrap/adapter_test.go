package mailtrap_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/mailtrap"
	"tidings/provider/providertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const (
	oldSecret = "0123456789abcdef0123456789abcdef"
	newSecret = "fedcba9876543210fedcba9876543210"
	good      = `{"event":"delivery","event_id":"e1","message_id":"m1","email":"a@b.test","timestamp":1777889520}`
)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{newSecret, oldSecret}}
}

// sign sets Mailtrap's header. That this is how OpenSSL signs is shown below.
func sign(req *provider.Request, secret string) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(req.Body)
	req.Header.Set("Mailtrap-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	sign(&r, oldSecret)
	return r
}

func suite() providertest.Suite {
	unsigned := request(http.Header{}, []byte(good), noon)
	unsigned.Header = http.Header{}
	foreign := request(http.Header{}, []byte(good), noon)
	sign(&foreign, "another secret of another account")
	get := request(http.Header{}, []byte(good), noon)
	get.Method = http.MethodGet
	return providertest.Suite{
		Adapter: mailtrap.Adapter, Source: source(), Now: noon,
		Request: request, Folder: "testdata", Sample: "batch",
		UnknownWord: []byte(`{"events":[{"event":"snoozed","email":"a@b.test","message_id":"m1"}]}`),
		BadElement:  []byte(`{"events":[` + good + `,{"event":"open","event":"click","email":"a@b.test"}]}`),
		Signed:      true,
		Strangers: map[string]provider.Request{
			"an unsigned request": unsigned, "a stranger's signature": foreign, "another method": get,
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.Secrets = secrets },
			Show:   func(req *provider.Request, secret string) { sign(req, secret) },
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestWithoutASecretBasicAuthOrTheTokenProves(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		src    provider.Source
		header string
		ok     bool
	}{
		"the token":         {provider.Source{TokenProved: true}, "", true},
		"nothing":           {provider.Source{}, "", false},
		"a pair":            {provider.Source{BasicAuth: []string{"u:p"}}, "Basic dTpw", true},
		"a pair, not shown": {provider.Source{BasicAuth: []string{"u:p"}, TokenProved: true}, "", false},
		"a pair besides a signature, not shown": {
			provider.Source{BasicAuth: []string{"u:p"}, Secrets: []string{oldSecret}}, "", false,
		},
		"a pair besides a signature": {
			provider.Source{BasicAuth: []string{"u:p"}, Secrets: []string{oldSecret}}, "Basic dTpw", true,
		},
	} {
		req := request(http.Header{}, []byte(good), noon)
		if c.header != "" {
			req.Header.Set("Authorization", c.header)
		}
		if _, err := mailtrap.Adapter.Open(req, c.src, noon); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestASignatureIsThirtyTwoBytesInHexadecimal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "00", strings.Repeat("0", 64), strings.Repeat("0", 66)} {
		req := request(http.Header{}, []byte(good), noon)
		req.Header.Set("Mailtrap-Signature", text)
		if _, err := mailtrap.Adapter.Open(req, source(), noon); err == nil || !strings.HasPrefix(err.Error(), "bad_signature") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestOpenSSLSignsTheSame signs with a second implementation, as the page shows it.
func TestOpenSSLSignsTheSame(t *testing.T) {
	t.Parallel()
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "dgst", "-sha256", "-hmac", oldSecret, "-r", body).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(out), " ")
	req := provider.Request{Header: http.Header{}, Body: []byte(good)}
	req.Header.Set("Mailtrap-Signature", text)
	if r, err := mailtrap.Adapter.Open(req, source(), noon); err != nil || len(r.Drafts) != 1 {
		t.Errorf("%s: %v", text, err)
	}
}

func TestABatchOfTenThousandIsReadWhole(t *testing.T) {
	t.Parallel()
	s := suite()
	body := append([]byte(`{"events":[`), bytes.Repeat([]byte(good+","), 9_999)...)
	r := s.MustOpen(t, request(http.Header{}, append(body, "null]}"...), noon))
	if len(r.Drafts) != 9_999 || len(r.Problems) != 1 || r.Problems[0].Element != 9_999 {
		t.Errorf("%d drafts, problems %+v", len(r.Drafts), r.Problems)
	}
	lines := bytes.Repeat([]byte(good+"\n"), 10_000)
	if r := s.MustOpen(t, request(http.Header{}, lines, noon)); len(r.Drafts) != 10_000 || len(r.Problems) != 0 {
		t.Errorf("%d drafts of lines, problems %+v", len(r.Drafts), r.Problems)
	}
}

func TestABatchIsWhatItsElementsAreInAnyOrder(t *testing.T) {
	t.Parallel()
	s := suite()
	bad := []string{`17`, `null`, `{}`, `{"event":"open","event":"open"}`, `[[]]`}
	open := func(body string) provider.Result {
		return s.MustOpen(t, request(http.Header{}, []byte(body), noon))
	}
	rapid.Check(t, func(rt *rapid.T) {
		var elements []string
		var want []event.ID
		for range rapid.IntRange(1, 6).Draw(rt, "good") {
			one := fmt.Sprintf(`{"event":"delivery","event_id":"e%d","message_id":"m1","email":"a@b.test","timestamp":1777889520}`, rapid.IntRange(0, 9).Draw(rt, "number"))
			elements = append(elements, one)
			want = append(want, s.Finish(t, open(`{"events":[`+one+`]}`).Drafts)[0].ID)
		}
		for _, at := range rapid.SliceOfN(rapid.IntRange(0, len(elements)-1), 0, 4).Draw(rt, "bad") {
			elements = slices.Insert(elements, at, rapid.SampledFrom(bad).Draw(rt, "element"))
		}
		var got []event.ID
		for _, e := range s.Finish(t, open(`{"events":[`+strings.Join(elements, ",")+`]}`).Drafts) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			rt.Errorf("%v became %v, want %v", elements, got, want)
		}
	})
}

func TestThePageTellsEveryWord(t *testing.T) {
	t.Parallel()
	providertest.Names(t, "../../docs/providers/mailtrap.md", "Mailtrap", mailtrap.Words())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) { providertest.BenchSample(b, suite()) }
