package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
)

// The vector of Svix's documentation, https://docs.svix.com/receiving/verifying-payloads/how-manual.
const (
	svixSecret    = "whsec_plJ3nmyCDGBKInavdOK15jsl"
	svixOther     = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cw=="
	svixID        = "msg_loFOjxBNrRLzqYUf"
	svixTime      = "1731705121"
	svixBody      = `{"event_type":"ping","data":{"success":true}}`
	svixSignature = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
)

var svixAt = time.Unix(1731705121, 0).UTC()

func svixRequest(signature string) provider.Request {
	h := http.Header{}
	h.Set("svix-id", svixID)
	h.Set("svix-timestamp", svixTime)
	h.Set("svix-signature", signature)
	return provider.Request{Header: h, Body: []byte(svixBody)}
}

// codeOf checks a request of Svix and returns the code of the refusal; empty: it is proved.
func codeOf(req provider.Request, now time.Time, secrets ...string) string {
	proof, refusal := provider.CheckStandardWebhook(req, "svix", secrets, now, 5*time.Minute)
	if refusal != nil {
		return refusal.Code
	}
	if proof.ID != svixID || !proof.At.Equal(svixAt) {
		return fmt.Sprintf("proof of %+v", proof)
	}
	return ""
}

func TestWhatASignatureOfSvixIsTakenFrom(t *testing.T) {
	t.Parallel()
	other := "v1," + strings.Repeat("A", 43) + "="
	cases := map[string]struct {
		signature string
		secrets   []string
		code      string
	}{
		"the vector":                       {svixSignature, []string{svixSecret}, ""},
		"the current of two secrets":       {svixSignature, []string{svixSecret, svixOther}, ""},
		"the previous of two secrets":      {svixSignature, []string{svixOther, svixSecret}, ""},
		"one of several signatures":        {other + " " + svixSignature, []string{svixSecret}, ""},
		"besides one of another version":   {"v1a,AAAA " + svixSignature, []string{svixSecret}, ""},
		"public-key signatures alone":      {"v1a,AAAA", []string{svixSecret}, "bad_signature"},
		"a signature after 1,000 others":   {strings.Repeat(other+" ", 1000) + svixSignature, []string{svixSecret}, "bad_signature"},
		"another secret":                   {svixSignature, []string{svixOther}, "bad_signature"},
		"another signature":                {other, []string{svixSecret}, "bad_signature"},
		"a signature without its version":  {strings.TrimPrefix(svixSignature, "v1,"), []string{svixSecret}, "bad_signature"},
		"an empty signature":               {"v1,", []string{svixSecret}, "bad_signature"},
		"an empty secret":                  {svixSignature, []string{"", "whsec_"}, "bad_signature"},
		"a secret that is not Base64":      {svixSignature, []string{"whsec_!"}, "bad_signature"},
		"no secret":                        {svixSignature, nil, "no_secret"},
		"a secret of another kind of text": {svixSignature, []string{strings.TrimPrefix(svixSecret, "whsec_")}, "bad_signature"},
	}
	for what, c := range cases {
		if got := codeOf(svixRequest(c.signature), svixAt, c.secrets...); got != c.code {
			t.Errorf("%s: %q, want %q", what, got, c.code)
		}
	}
}

func TestWhatSvixSignsCannotBeChanged(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		change func(*provider.Request)
		code   string
	}{
		"the body":            {func(r *provider.Request) { r.Body = append(r.Body, ' ') }, "bad_signature"},
		"the id":              {func(r *provider.Request) { r.Header.Set("svix-id", "msg_2") }, "bad_signature"},
		"the time":            {func(r *provider.Request) { r.Header.Set("svix-timestamp", "1731705122") }, "bad_signature"},
		"the time's spelling": {func(r *provider.Request) { r.Header.Set("svix-timestamp", "01731705121") }, "bad_signature"},
		"the time to a word":  {func(r *provider.Request) { r.Header.Set("svix-timestamp", "now") }, "bad_header"},
		"the id to none":      {func(r *provider.Request) { r.Header.Del("svix-id") }, "no_signature"},
	}
	for what, c := range changes {
		req := svixRequest(svixSignature)
		c.change(&req)
		if got := codeOf(req, svixAt, svixSecret); got != c.code {
			t.Errorf("%s changed: %q, want %q", what, got, c.code)
		}
	}
	for age, code := range map[time.Duration]string{
		5 * time.Minute: "", 5*time.Minute + time.Second: "stale", -5 * time.Minute: "", -6 * time.Minute: "future",
	} {
		if got := codeOf(svixRequest(svixSignature), svixAt.Add(age), svixSecret); got != code {
			t.Errorf("aged %s: %q, want %q", age, got, code)
		}
	}
}

// TestOpenSSLSignsAsSvix signs the vector with a second implementation, as the page of Resend shows it.
func TestOpenSSLSignsAsSvix(t *testing.T) {
	t.Parallel()
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte(svixBody), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `key=$(printf %s "${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
{ printf '%s.%s.' "$ID" "$TIME"; cat "$BODY"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64`
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "SECRET="+svixSecret, "ID="+svixID, "TIME="+svixTime, "BODY="+body)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := "v1," + strings.TrimSpace(string(out)); got != svixSignature {
		t.Errorf("OpenSSL signs %s, want %s", got, svixSignature)
	}
}

// An adapter of your own for a service that sends its webhooks through Svix needs only its own reading: the proof is
// here. The service of this example is a made-up one.
func ExampleCheckStandardWebhook() {
	read := func(body []byte, _ provider.Source) (provider.Result, error) {
		var ping struct {
			Type provider.Text `json:"event_type"`
		}
		if err := provider.DecodeJSON(body, &ping); err != nil {
			return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "not an event: %v", err)
		}
		d := event.Draft{Key: []string{string(ping.Type)}}
		d.Name, d.Recipient = event.EmailUnknown, "lea@acme.test"
		return provider.Result{Kind: "notification", Keep: body, Drafts: []event.Draft{d}}, nil
	}
	adapter := provider.Adapter{
		Slug: "pigeon", Title: "Pigeon", Docs: "https://pigeon.test/webhooks",
		Names:    []event.Name{event.EmailUnknown},
		Features: provider.Features{Proof: "Svix", Dedupe: "the event's word", Retries: "28 hours"},
		Open: func(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
			proof, refusal := provider.CheckStandardWebhook(req, "svix", src.Secrets, now, 5*time.Minute)
			if refusal != nil {
				return provider.Result{}, refusal
			}
			result, err := read(req.Body, src)
			result.Transport = provider.Transport{ID: proof.ID, At: proof.At}
			return result, err
		},
		Reparse: read,
		Element: func(keep []byte, _ int) ([]byte, error) { return keep, nil },
	}
	src := provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{svixSecret}}
	options := provider.Options{Now: func() time.Time { return svixAt.Add(time.Second) }}
	handler := options.Handler(adapter, src, func(_ context.Context, events []event.Event) error {
		fmt.Println(events[0].Name, events[0].Recipient)
		return nil
	})

	req := httptest.NewRequest(http.MethodPost, "/webhooks/pigeon", strings.NewReader(svixBody))
	req.Header.Set("svix-id", svixID)
	req.Header.Set("svix-timestamp", svixTime)
	req.Header.Set("svix-signature", svixSignature)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	fmt.Println(w.Code)
	// Output:
	// email.unknown lea@acme.test
	// 200
}
