package ses_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/ses"
)

func TestASampleIsProvedByItsOwnCertificateAlone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	src := provider.Source{
		ID: "src_1", Topics: []string{"arn:aws:sns:eu-west-1:111122223333:ses"}, RequireVersion2: true, Account: "111122223333",
		BasicAuth: []string{"amy:pond:x"}, MaxAge: time.Minute,
	}
	one, err := ses.Adapter.Sample(src, at)
	if err != nil {
		t.Fatal(err)
	}
	two, err := ses.Adapter.Sample(src, at)
	if err != nil {
		t.Fatal(err)
	}
	request := provider.Request{Method: http.MethodPost, Header: one.Header, Body: one.Body}
	open := func(change func(*provider.Source)) (provider.Result, string) {
		s := src
		change(&s)
		res, err := ses.Adapter.Open(request, s, at)
		if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
			return res, refusal.Code
		}
		return res, ""
	}
	res, code := open(func(s *provider.Source) { s.SigningCertificate = one.Certificate })
	if code != "" || len(res.Drafts) != 1 || res.Drafts[0].Name != one.Name || res.Drafts[0].Recipient != one.Recipient {
		t.Errorf("its own certificate: %s, %+v", code, res.Drafts)
	}
	if _, code := open(func(s *provider.Source) { s.SigningCertificate = two.Certificate }); code != "bad_signature" {
		t.Errorf("another sample's certificate: %q", code)
	}
	if res, code := open(func(*provider.Source) {}); code != "bad_certificate_url" || len(res.Wishes) > 0 {
		t.Errorf("Amazon's certificates: %q, %+v", code, res.Wishes)
	}
}

func TestTheSampleOfASourceWithoutTopicsIsOfEventBridge(t *testing.T) {
	t.Parallel()
	for _, src := range []provider.Source{
		{ID: "src_1", Secrets: []string{"new", "old"}, Account: "999900009999", MaxAge: time.Minute, TokenProved: true},
		{ID: "src_1", BasicAuth: []string{"amy:pond:x"}, TokenProved: true},
	} {
		one, err := ses.Adapter.Sample(src, noon)
		if err != nil || one.Certificate != nil {
			t.Fatal(err)
		}
		res, err := ses.Adapter.Open(provider.Request{Method: http.MethodPost, Header: one.Header, Body: one.Body}, src, noon)
		if err != nil || len(res.Drafts) != 1 || res.Drafts[0].Name != one.Name || res.Drafts[0].Recipient != one.Recipient {
			t.Errorf("%+v: %v, %+v", src, err, res.Drafts)
		}
		src.TokenProved = false
		if _, err := ses.Adapter.Open(provider.Request{Method: http.MethodPost, Header: one.Header, Body: one.Body}, src, noon); err == nil {
			t.Error("it is taken at a URL without a token")
		}
	}
}

func TestEveryRefusalInTheGuideHasARemedy(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/providers/ses.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(guide), "\n## Troubleshooting")
	table, _, cut := strings.Cut(table, "\n| problem |")
	// These are refused before an adapter sees them.
	before := []string{"body_too_large", "encoded_body", "wrong_method"}
	code := regexp.MustCompile("`([a-z_0-9]+)`")
	seen := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			seen++
			if ses.Adapter.Remedies[m[1]] == "" && !slices.Contains(before, m[1]) {
				t.Errorf("%s has no remedy", m[1])
			}
		}
	}
	if !ok || !cut || seen < 25 {
		t.Errorf("found %d codes in the guide", seen)
	}
}
