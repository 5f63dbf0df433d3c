package ingest_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Mandrill's choice
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider/mandrill"
)

const (
	mandrillKey = "C-85Fyw_EYGCPPpVFaKKqg"
	inMandrill  = "/in/mandrill/" + token
)

// newMandrillTown is a town whose source is of a provider that signs the source's URL. urls are the source's setting.
func newMandrillTown(t *testing.T, urls ...string) *town {
	t.Helper()
	return newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Provider, s.Settings, s.Certificate = "mandrill", source.Settings{Secrets: []string{mandrillKey}, SignedURLs: urls}, nil
		o.Adapters = append(o.Adapters, mandrill.Adapter)
		o.PublicURL = "https://mail.acme.test"
	})
}

// mandrill posts a batch to path, signed for address.
func (w *town) mandrill(path, address string) *httptest.ResponseRecorder {
	w.tb.Helper()
	const batch = `[{"event":"spam","_id":"1","ts":1777889520,"msg":{"email":"ann@acme.test"}}]`
	mac := hmac.New(sha1.New, []byte(mandrillKey))
	mac.Write([]byte(address + "mandrill_events" + batch))
	return w.post(path, []byte(url.Values{"mandrill_events": {batch}}.Encode()),
		"Content-Type", "application/x-www-form-urlencoded",
		"X-Mandrill-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func TestTheURLThatIsExpectedIsTheSourcesOwnOrTheSetting(t *testing.T) {
	t.Parallel()
	const own = "https://mail.acme.test" + inMandrill
	for _, c := range []struct {
		name, path, address string
		setting             []string
		status              int
	}{
		{"its own", inMandrill, own, nil, http.StatusOK},
		{"its own, with a query", inMandrill + "?a=b%20c", own + "?a=b%20c", nil, http.StatusOK},
		{"with another query", inMandrill, own + "?a=b", nil, http.StatusUnauthorized},
		{"with a slash at the end", inMandrill, own + "/", nil, http.StatusUnauthorized},
		{"of the machine behind the proxy", inMandrill, "http://10.0.0.1:8080" + inMandrill, nil, http.StatusUnauthorized},
		{"as set", inMandrill, "https://hooks.test/m", []string{"https://hooks.test/m"}, http.StatusOK},
		{"its own, where another is set", inMandrill, own, []string{"https://hooks.test/m"}, http.StatusUnauthorized},
	} {
		w := newMandrillTown(t, c.setting...)
		rec := w.mandrill(c.path, c.address)
		if rec.Code != c.status {
			t.Errorf("%s: status %d: %s", c.name, rec.Code, rec.Body)
		}
		if strings.Contains(rec.Body.String()+w.log.String(), token) {
			t.Errorf("%s: somebody learns the token: %s", c.name, rec.Body)
		}
		if c.status != http.StatusOK && c.setting == nil && !strings.Contains(rec.Body.String(), "https://mail.acme.test/in/mandrill/0123…") {
			t.Errorf("%s: the answer does not show the URL that was expected: %s", c.name, rec.Body)
		}
	}
}

func TestMandrillsProbeIsAnswered(t *testing.T) {
	t.Parallel()
	w := newMandrillTown(t)
	w.expect(w.request(http.MethodHead, inMandrill, nil), http.StatusOK, "")
	if got := w.request(http.MethodHead, "/in/mandrill/ffffffffffffffffffffffffffffffff", nil).Code; got != http.StatusUnauthorized {
		t.Errorf("a probe of a URL that nobody has: %d", got)
	}
	if got := w.request(http.MethodGet, inMandrill, nil).Code; got != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got)
	}
	if len(w.book.events) != 0 {
		t.Error("a probe is an event")
	}
}
