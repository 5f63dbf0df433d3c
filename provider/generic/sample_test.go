package generic_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"testing"

	"tidings/provider"
	"tidings/provider/generic"
)

func TestTheSampleOfAPublicKeyIsProvedByItsOwnCertificateAlone(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	src := suite().Source
	src.Secrets = []string{"whpk_" + base64.StdEncoding.EncodeToString(public)}
	sample, err := generic.Adapter.Sample(src, noon)
	if err != nil || sample.Certificate == nil {
		t.Fatalf("%+v, %v", sample, err)
	}
	req := provider.Request{Method: http.MethodPost, Header: sample.Header, Body: sample.Body}
	if _, err := generic.Adapter.Open(req, src, noon); err == nil {
		t.Error("the source's own key takes it")
	}
	src.SigningCertificate = sample.Certificate
	if r, err := generic.Adapter.Open(req, src, noon); err != nil || len(r.Drafts) != 1 {
		t.Errorf("%v, %+v", err, r)
	}
	src.Secrets = nil
	if s, err := generic.Adapter.Sample(src, noon); err != nil || s.Header.Get("webhook-signature") != "" {
		t.Errorf("without a secret: %v, %v", s.Header, err)
	}
}
