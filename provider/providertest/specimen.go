package providertest

import (
	"bytes"
	"net/http"
	"testing"

	"tidings/provider"
)

// samples opens what is made for a self-test of the source, as it is and with basic authentication besides.
func samples(t *testing.T, s Suite) {
	t.Helper()
	if s.Adapter.Sample == nil {
		t.Fatal("sources can't be tested: the adapter has no Sample")
	}
	for name, pairs := range map[string][]string{"the source": s.Source.BasicAuth, "with basic auth": {"amy:pond:x", "old:er"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := s.Source
			src.BasicAuth = pairs
			one, other := s.newSample(t, src), s.newSample(t, src)
			r, err := s.openSample(one, one, src)
			if err != nil || len(r.Wishes)+len(r.Problems) > 0 {
				t.Fatalf("it is not opened as it is: %v, %+v", err, r)
			}
			if len(r.Drafts) != 1 || r.Drafts[0].Name != one.Name || r.Drafts[0].Recipient != one.Recipient || one.Note == "" {
				t.Errorf("it promises %s of %s, signed by %q, and became %+v", one.Name, one.Recipient, one.Note, r.Drafts)
			}
			if bytes.Equal(one.Body, other.Body) {
				t.Error("two samples are the same")
			}
			if one.Certificate == nil {
				return
			}
			r, err = s.openSample(one, other, src)
			refused(t, "with the certificate of another sample", r, err)
			one.Certificate = src.SigningCertificate
			r, err = s.openSample(one, one, src)
			refused(t, "at the source's own URL", r, err)
		})
	}
}

func (s Suite) newSample(t *testing.T, src provider.Source) provider.Sample {
	t.Helper()
	sample, err := s.Adapter.Sample(src, s.Now)
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

// openSample opens a sample with the certificate of one, as a self-test does.
func (s Suite) openSample(sample, certified provider.Sample, src provider.Source) (provider.Result, error) {
	if certified.Certificate != nil {
		src.SigningCertificate = certified.Certificate
	}
	method := sample.Method
	if method == "" {
		method = http.MethodPost
	}
	return s.Adapter.Open(provider.Request{Method: method, Header: sample.Header, Body: sample.Body}, src, s.Now)
}
