package webhooksig_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/webhooksig"
)

// The vector of Svix's documentation, https://docs.svix.com/receiving/verifying-payloads/how-manual.
const (
	vectorSecret    = "whsec_plJ3nmyCDGBKInavdOK15jsl"
	vectorID        = "msg_loFOjxBNrRLzqYUf"
	vectorStamp     = "1731705121"
	vectorBody      = `{"event_type":"ping","data":{"success":true}}`
	vectorSignature = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
	otherSecret     = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cw=="
)

var signedAt = time.Unix(1731705121, 0).UTC()

func request(signature string) provider.Request {
	h := http.Header{}
	h.Set("svix-id", vectorID)
	h.Set("svix-timestamp", vectorStamp)
	h.Set("svix-signature", signature)
	return provider.Request{Header: h, Body: []byte(vectorBody)}
}

func open(signature string, secrets ...string) (webhooksig.Proof, *provider.Refusal) {
	return webhooksig.Svix.Open(request(signature), secrets, 0, signedAt)
}

func TestTheVectorOfSvixIsProved(t *testing.T) {
	t.Parallel()
	proof, refusal := open(vectorSignature, vectorSecret)
	if refusal != nil || proof.ID != vectorID || !proof.At.Equal(signedAt) {
		t.Errorf("%+v, %v", proof, refusal)
	}
}

func TestWhatASignatureIsTakenFrom(t *testing.T) {
	t.Parallel()
	other := "v1," + strings.Repeat("A", 43) + "="
	many := strings.Repeat(other+" ", 16)
	cases := map[string]struct {
		signature string
		secrets   []string
		code      string // of the refusal; empty: proved
	}{
		"the current secret":               {vectorSignature, []string{vectorSecret, otherSecret}, ""},
		"the previous secret":              {vectorSignature, []string{otherSecret, vectorSecret}, ""},
		"a secret without its prefix":      {vectorSignature, []string{strings.TrimPrefix(vectorSecret, "whsec_")}, ""},
		"one of several signatures":        {other + " " + vectorSignature, []string{vectorSecret}, ""},
		"a signature of another version":   {"v1a,AAAA " + vectorSignature, []string{vectorSecret}, ""},
		"public-key signatures alone":      {"v1a,AAAA", []string{vectorSecret}, "bad_signature"},
		"a signature after sixteen others": {many + vectorSignature, []string{vectorSecret}, "bad_signature"},
		"another secret":                   {vectorSignature, []string{otherSecret}, "bad_signature"},
		"another signature":                {other, []string{vectorSecret}, "bad_signature"},
		"a signature without its version":  {strings.TrimPrefix(vectorSignature, "v1,"), []string{vectorSecret}, "bad_signature"},
		"an empty signature":               {"v1,", []string{vectorSecret}, "bad_signature"},
		"no signature":                     {"", []string{vectorSecret}, "no_signature"},
		"no secret":                        {vectorSignature, nil, "no_secret"},
		"an empty secret":                  {vectorSignature, []string{"", "whsec_"}, "no_secret"},
		"a secret that is not Base64":      {vectorSignature, []string{"whsec_!"}, "no_secret"},
	}
	for what, c := range cases {
		_, refusal := open(c.signature, c.secrets...)
		if got := codeOf(refusal); got != c.code {
			t.Errorf("%s: %q, want %q", what, got, c.code)
		}
	}
}

func codeOf(r *provider.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}

func TestWhatIsSignedCannotBeChanged(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		change func(*provider.Request)
		code   string
	}{
		"the body":                {func(r *provider.Request) { r.Body = append(r.Body, ' ') }, "bad_signature"},
		"the id":                  {func(r *provider.Request) { r.Header.Set("svix-id", "msg_2") }, "bad_signature"},
		"the time":                {func(r *provider.Request) { r.Header.Set("svix-timestamp", "1731705122") }, "bad_signature"},
		"the time's spelling":     {func(r *provider.Request) { r.Header.Set("svix-timestamp", "01731705121") }, "bad_headers"},
		"the time with a blank":   {func(r *provider.Request) { r.Header.Set("svix-timestamp", " 1731705121") }, "bad_headers"},
		"the time, to a word":     {func(r *provider.Request) { r.Header.Set("svix-timestamp", "now") }, "bad_headers"},
		"the id, to a long one":   {func(r *provider.Request) { r.Header.Set("svix-id", strings.Repeat("x", 300)) }, "bad_headers"},
		"a header, which is gone": {func(r *provider.Request) { r.Header.Del("svix-id") }, "no_signature"},
	}
	for what, c := range changes {
		req := request(vectorSignature)
		c.change(&req)
		_, refusal := webhooksig.Open(req, []string{vectorSecret}, 0, signedAt)
		if got := codeOf(refusal); got != c.code {
			t.Errorf("%s changed: %q, want %q", what, got, c.code)
		}
	}
}

func TestAgesAreBoundedAtBothEnds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		age, maxAge time.Duration
		code        string
	}{
		{5 * time.Minute, 0, ""},
		{5*time.Minute + time.Second, 0, "stale"},
		{time.Hour, time.Hour, ""},
		{time.Hour + time.Second, time.Hour, "stale"},
		{-5 * time.Minute, 0, ""},
		{-5*time.Minute - time.Second, 0, "future"},
		{-6 * time.Minute, time.Hour, "future"},
	}
	for _, c := range cases {
		_, refusal := webhooksig.Svix.Open(request(vectorSignature), []string{vectorSecret}, c.maxAge, signedAt.Add(c.age))
		if got := codeOf(refusal); got != c.code {
			t.Errorf("aged %s of %s: %q, want %q", c.age, c.maxAge, got, c.code)
		}
	}
}

// TestOpenSSLSignsTheSame signs with a second implementation, as the pages of providers show it.
func TestOpenSSLSignsTheSame(t *testing.T) {
	t.Parallel()
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte(vectorBody), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `key=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
{ printf '%s.%s.' "$ID" "$STAMP"; cat "$BODY"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64`
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "SECRET="+vectorSecret, "ID="+vectorID, "STAMP="+vectorStamp, "BODY="+body)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := "v1," + strings.TrimSpace(string(out)); got != vectorSignature {
		t.Errorf("OpenSSL signs %s, want %s", got, vectorSignature)
	}
}

func TestTheSchemeIsChosenByTheHeadersThatAreThere(t *testing.T) {
	t.Parallel()
	svix := request(vectorSignature)
	standard := provider.Request{Header: http.Header{}, Body: svix.Body}
	for name := range svix.Header {
		standard.Header.Set("Webhook-"+strings.TrimPrefix(name, "Svix-"), svix.Header.Get(name))
	}
	for what, c := range map[string]struct {
		req     provider.Request
		schemes []webhooksig.Scheme
		code    string
	}{
		"Svix":                      {svix, []webhooksig.Scheme{webhooksig.Svix, webhooksig.Standard}, ""},
		"standard":                  {standard, []webhooksig.Scheme{webhooksig.Svix, webhooksig.Standard}, ""},
		"standard where none is":    {svix, []webhooksig.Scheme{webhooksig.Standard}, "no_signature"},
		"Svix where none is":        {standard, nil, "no_signature"},
		"nothing where both may be": {provider.Request{}, []webhooksig.Scheme{webhooksig.Standard, webhooksig.Svix}, "no_signature"},
	} {
		_, refusal := webhooksig.Open(c.req, []string{vectorSecret}, 0, signedAt, c.schemes...)
		if got := codeOf(refusal); got != c.code {
			t.Errorf("%s: %q, want %q", what, got, c.code)
		}
	}
}

func TestSharedSecretsAreShownOrTheTokenIs(t *testing.T) {
	t.Parallel()
	const basic, bearer = "Basic dTpw", "Bearer t0ken" // u:p
	pairs, tokens := []string{"u:p"}, []string{"new", "t0ken"}
	cases := map[string]struct {
		src    provider.Source
		header string
		cause  provider.Cause
	}{
		"the token in the URL":              {provider.Source{TokenProved: true}, "", ""},
		"nothing at all":                    {provider.Source{}, basic, provider.Forbidden},
		"the pair":                          {provider.Source{BasicAuth: pairs}, basic, ""},
		"the bearer token":                  {provider.Source{Secrets: tokens}, bearer, ""},
		"a bearer token in lower case":      {provider.Source{Secrets: tokens}, "bearer t0ken", ""},
		"the pair where both are asked for": {provider.Source{BasicAuth: pairs, Secrets: tokens}, basic, ""},
		"the token of both":                 {provider.Source{BasicAuth: pairs, Secrets: tokens}, bearer, ""},
		"the URL's token instead of a pair": {provider.Source{BasicAuth: pairs, TokenProved: true}, "", provider.Unauthenticated},
		"the URL's token instead of it":     {provider.Source{Secrets: tokens, TokenProved: true}, "", provider.Unauthenticated},
		"another pair":                      {provider.Source{BasicAuth: []string{"u:q"}}, basic, provider.Forbidden},
		"another bearer token":              {provider.Source{Secrets: []string{"x"}}, bearer, provider.Forbidden},
		"a bearer token that is no pair":    {provider.Source{BasicAuth: pairs}, bearer, provider.Forbidden},
		"a pair that is no bearer token":    {provider.Source{Secrets: tokens}, basic, provider.Unauthenticated},
		"an empty bearer token":             {provider.Source{Secrets: []string{""}}, "Bearer ", provider.Forbidden},
	}
	for what, c := range cases {
		h := http.Header{}
		if c.header != "" {
			h.Set("Authorization", c.header)
		}
		var got provider.Cause
		if r := webhooksig.CheckShared(h, c.src); r != nil {
			got = r.Cause
		}
		if got != c.cause {
			t.Errorf("%s: %q, want %q", what, got, c.cause)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(vectorID, vectorStamp, vectorSignature, []byte(vectorBody))
	f.Add("", "-1", "v1,", []byte{})
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		req := provider.Request{Header: http.Header{"Svix-Id": {id}, "Svix-Timestamp": {stamp}, "Svix-Signature": {signature}}, Body: body}
		_, refusal := webhooksig.Open(req, []string{vectorSecret}, 0, signedAt)
		genuine := id == vectorID && stamp == vectorStamp && string(body) == vectorBody
		if refusal == nil && !genuine {
			t.Errorf("%q %q %q %q is proved", id, stamp, signature, body)
		}
	})
}
