package ses_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

func TestCertificateURLs(t *testing.T) {
	t.Parallel()
	const file = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	arn := func(partition, region string) string {
		return "arn:" + partition + ":sns:" + region + ":111122223333:ses"
	}
	ireland := arn("aws", "eu-west-1")
	cases := []struct {
		topic, url string
		ok         bool
	}{
		{ireland, "https://sns.eu-west-1.amazonaws.com" + file, true},
		{arn("aws", "ap-southeast-7"), "https://sns.ap-southeast-7.amazonaws.com" + file, true},
		{arn("aws-us-gov", "us-gov-west-1"), "https://sns.us-gov-west-1.amazonaws.com" + file, true},
		{arn("aws-cn", "cn-northwest-1"), "https://sns.cn-northwest-1.amazonaws.com.cn" + file, true},
		{arn("aws-cn", "cn-northwest-1"), "https://sns.cn-northwest-1.amazonaws.com" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com.cn" + file, false},
		{ireland, "https://sns.us-east-1.amazonaws.com" + file, false},
		{arn("aws", "s3-us-west-2"), "https://sns.s3-us-west-2.amazonaws.com" + file, false},
		{arn("aws", "s3"), "https://sns.s3.amazonaws.com" + file, false},
		{arn("aws", "eu-1"), "https://sns.eu-1.amazonaws.com" + file, false},
		{arn("aws", "eu-west-one"), "https://sns.eu-west-one.amazonaws.com" + file, false},
		{arn("aws", "europe-west-1"), "https://sns.europe-west-1.amazonaws.com" + file, false},
		{arn("aws", "eu--west-1"), "https://sns.eu--west-1.amazonaws.com" + file, false},
		{arn("aws-eusc", "eusc-de-east-1"), "https://sns.eusc-de-east-1.amazonaws.eu" + file, false},
		{ireland, "https://s3.amazonaws.com/sns" + file, false},
		{ireland, "https://sns.s3-us-west-2.amazonaws.com/x.pem", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com.evil.test" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com@evil.test" + file, false},
		{ireland, "https://user@sns.eu-west-1.amazonaws.com" + file, false},
		{ireland, "https://evil.test/#sns.eu-west-1.amazonaws.com" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com%2f@evil.test" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com\\@evil.test" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com:443" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com." + file, false},
		{ireland, "https://sns\u3002eu-west-1\u3002amazonaws\u3002com" + file, false},
		{ireland, "https://52.46.0.1" + file, false},
		{ireland, "https://[::1]" + file, false},
		{ireland, "http://sns.eu-west-1.amazonaws.com" + file, false},
		{ireland, "HTTPS://sns.eu-west-1.amazonaws.com" + file, false},
		{ireland, "https://SNS.eu-west-1.amazonaws.com" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com" + file + "?a=b", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com" + file + "#a", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com" + file + "\r\nHost: evil.test", false},
		{ireland, " https://sns.eu-west-1.amazonaws.com" + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/x/.." + file, false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-../../x.pem", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%30123456789.pem", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456.pem", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-" + strings.Repeat("a", 65) + ".pem", false},
		{ireland, "https://sns.eu-west-1.amazonaws.com/0123456789abcdef.pem", false},
		{ireland, "0123456789abcdef.pem", false},
		{ireland, "", false},
	}
	for _, c := range cases {
		src := source()
		src.Topics = []string{c.topic}
		body := signer().Sign(with(map[string]string{"TopicArn": c.topic, "SigningCertURL": c.url}))
		r, err := ses.Adapter.Open(provider.Request{Method: "POST", Body: body}, src, noon)
		switch got := code(t, r, err); {
		case !c.ok && got != "bad_certificate_url":
			t.Errorf("%s is not refused (code %q)", c.url, got)
		case c.ok && (len(r.Wishes) != 1 || r.Wishes[0].URL != c.url || r.Wishes[0].Kind != provider.FetchCertificate):
			t.Errorf("%s: wishes %v, code %q", c.url, r.Wishes, got)
		case c.ok && (len(r.Drafts) > 0 || r.Keep != nil):
			t.Errorf("%s: something is there before the proof", c.url)
		}
	}
}

func TestABrokenSignatureNeedsNoCertificate(t *testing.T) {
	t.Parallel()
	f := fields()
	f["SignatureVersion"], f["SigningCertURL"], f["Signature"] = "2", signer().CertificateURL(topicARN), "not Base64!"
	r, err := ses.Adapter.Open(provider.Request{Method: "POST", Body: snssign.Envelope(f)}, source(), noon)
	if got := code(t, r, err); got != "bad_signature" {
		t.Errorf("code %q", got)
	}
}

func TestCertificatesAreCheckedOnEveryUse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		config       snssign.Config
		want, pinned string
	}{
		{"of another name", snssign.Config{CommonName: "evil.test"}, "bad_certificate", ""},
		{"expired", snssign.Config{NotAfter: noon.Add(-time.Second)}, "certificate_expired", "certificate_expired"},
		{"not valid yet", snssign.Config{NotBefore: noon.Add(time.Second)}, "certificate_expired", "certificate_expired"},
		{"of a short key", snssign.Config{Bits: 1024}, "bad_certificate", "bad_certificate"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSigner(c.config)
			req := post(s.Sign(fields()))
			req.Certificates = certificates(s, topicARN)
			r, err := ses.Adapter.Open(req, source(), noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("fetched: code %q, want %q", got, c.want)
			}
			src := source()
			src.SigningCertificate = s.Certificate()
			r, err = ses.Adapter.Open(req, src, noon)
			if got := code(t, r, err); got != c.pinned {
				t.Errorf("pinned: code %q, want %q", got, c.pinned)
			}
		})
	}
}

func TestAKeyThatIsNotRSAIsRefused(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := *signer().Certificate()
	cert.PublicKey = &key.PublicKey
	req := post(signer().Sign(fields()))
	req.Certificates = map[string]*x509.Certificate{signer().CertificateURL(topicARN): &cert}
	r, err := ses.Adapter.Open(req, source(), noon)
	if got := code(t, r, err); got != "bad_certificate" {
		t.Errorf("code %q", got)
	}
}

func TestWithAPinnedCertificateOnlyThatIsTrusted(t *testing.T) {
	t.Parallel()
	other := newSigner(snssign.Config{})
	src := source()
	src.SigningCertificate = other.Certificate()
	r, err := ses.Adapter.Open(post(signer().Sign(fields())), src, noon)
	if got := code(t, r, err); got != "bad_signature" {
		t.Errorf("the fetched certificate: code %q", got)
	}
	body := other.Sign(with(map[string]string{"SigningCertURL": "https://broker.test/cert.pem"}))
	r, err = ses.Adapter.Open(post(body), src, noon)
	if got := code(t, r, err); got != "" || len(r.Drafts) != 1 {
		t.Errorf("the pinned certificate: code %q, %d drafts", got, len(r.Drafts))
	}
}

func TestConfirmationURLsAreBuiltFromCheckedParts(t *testing.T) {
	t.Parallel()
	f := map[string]string{
		"Type": "SubscriptionConfirmation", "MessageId": messageID, "TopicArn": topicARN, "Timestamp": snssign.Timestamp(noon),
		"Message": "confirm", "Token": "aabbcc", "SubscribeURL": "http://169.254.169.254/latest/meta-data",
	}
	for _, auto := range []bool{true, false} {
		src := source()
		src.AutoConfirm = auto
		r, err := ses.Adapter.Open(post(signer().Sign(f)), src, noon)
		if got := code(t, r, err); got != "" || len(r.Wishes) != 1 {
			t.Fatalf("code %q, wishes %v", got, r.Wishes)
		}
		w := r.Wishes[0]
		u, err := url.Parse(w.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if u.Scheme != "https" || u.Host != "sns.eu-west-1.amazonaws.com" || q.Get("Action") != "ConfirmSubscription" ||
			q.Get("TopicArn") != topicARN || q.Get("Token") != "aabbcc" || len(q) != 3 {
			t.Errorf("URL %s", w.URL)
		}
		if w.Kind != provider.ConfirmSubscription || w.Auto != auto ||
			w.Note != "SNS topic ses of account 111122223333 in eu-west-1" {
			t.Errorf("wish %+v", w)
		}
	}
}

func TestAConfirmationOfAnUnknownPartitionIsAProblem(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws-eusc:sns:eusc-de-east-1:111122223333:ses"
	src := source()
	src.Topics, src.SigningCertificate, src.AutoConfirm = []string{arn}, signer().Certificate(), true
	r, err := ses.Adapter.Open(post(signer().SubscriptionConfirmation(arn, messageID, "aa", noon)), src, noon)
	if got := code(t, r, err); got != "" || len(r.Wishes) != 0 || len(r.Problems) != 1 || r.Problems[0].Code != "unknown_partition" {
		t.Errorf("code %q, wishes %v, problems %v", got, r.Wishes, r.Problems)
	}
}

// The files are made by make.sh beside them, with the openssl command line: a third party to signer and adapter.
func TestMessagesSignedByOpenSSLAreAccepted(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/openssl/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := provider.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	key := "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	for _, file := range []string{"notification1.json", "notification2.json", "confirmation2.json"} {
		body, err := os.ReadFile("testdata/openssl/" + file)
		if err != nil {
			t.Fatal(err)
		}
		req := post(body)
		req.Certificates = map[string]*x509.Certificate{key: cert}
		r, err := ses.Adapter.Open(req, source(), noon.AddDate(1, 0, 0)) // the certificate is younger than the rest
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if len(r.Drafts)+len(r.Wishes) != 1 {
			t.Errorf("%s: %d drafts, %d wishes", file, len(r.Drafts), len(r.Wishes))
		}
	}
}
