package ses_test

import (
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

// newSignerCertificates are certificates at the address that the shared signer's messages name, with another key.
func newSignerCertificates() map[string]*x509.Certificate {
	return map[string]*x509.Certificate{signer().CertificateURL(topicARN): newSigner(snssign.Config{}).Certificate()}
}

// benchmarkRecord is a click as configuration sets publish it.
const benchmarkRecord = `{"eventType":"Click","mail":{"timestamp":"2026-05-04T10:11:58.000Z","source":"App <app@send.test>",` +
	`"sourceArn":"arn:aws:ses:eu-west-1:111122223333:identity/send.test","sendingAccountId":"111122223333",` +
	`"messageId":"0102019df23ab8c0-2f1c6a70-5b1e-4a3c-9d2e-000000000000-000000","destination":["lea@acme.test"],"headersTruncated":false,` +
	`"headers":[{"name":"From","value":"App <app@send.test>"},{"name":"To","value":"lea@acme.test"},` +
	`{"name":"Subject","value":"Welcome"},{"name":"MIME-Version","value":"1.0"},` +
	`{"name":"Content-Type","value":"multipart/alternative; boundary=x"}],` +
	`"commonHeaders":{"from":["App <app@send.test>"],"to":["lea@acme.test"],"messageId":"0102019df23ab8c0","subject":"Welcome"},` +
	`"tags":{"ses:configuration-set":["main"],"ses:source-ip":["192.0.2.1"],"ses:from-domain":["send.test"],` +
	`"ses:caller-identity":["app-role"],"templateKey":["onboarding--welcome"],"sequenceId":["onboarding"],"may":["true"]}},` +
	`"click":{"ipAddress":"203.0.113.5","timestamp":"2026-05-04T10:21:00.000Z",` +
	`"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","link":"https://app.test/pay?x=1","linkTags":{"cta":["main"]}}}` + "\n"

func BenchmarkOpen(b *testing.B) {
	req := request(http.Header{}, []byte(benchmarkRecord), noon)
	req.Certificates = certificates(signer(), topicARN)
	b.SetBytes(int64(len(req.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := ses.Adapter.Open(req, source(), noon); err != nil || len(r.Drafts) != 1 {
			b.Fatal(err)
		}
	}
}

// BenchmarkReparse is Open without the proof.
func BenchmarkReparse(b *testing.B) {
	req := request(http.Header{}, []byte(benchmarkRecord), noon)
	req.Certificates = certificates(signer(), topicARN)
	r, err := ses.Adapter.Open(req, source(), noon)
	if err != nil || strings.Contains(string(r.Keep), "Signature\"") {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ses.Adapter.Reparse(r.Keep, source()); err != nil {
			b.Fatal(err)
		}
	}
}
