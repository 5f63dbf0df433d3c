package ses_test

import (
	"crypto/x509"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/providertest"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

const (
	topicARN  = "arn:aws:sns:eu-west-1:111122223333:ses"
	messageID = "11111111-2222-4333-8444-555555555555"
	apiKey    = "key-1"
)

var (
	noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	// One key for all tests: making one takes up to a second.
	signer = sync.OnceValue(func() *snssign.Signer { return newSigner(snssign.Config{}) })
)

func newSigner(c snssign.Config) *snssign.Signer {
	s, err := snssign.NewSigner(c)
	if err != nil {
		panic(err)
	}
	return s
}

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Topics: []string{topicARN}}
}

func certificates(s *snssign.Signer, topic string) map[string]*x509.Certificate {
	return map[string]*x509.Certificate{s.CertificateURL(topic): s.Certificate()}
}

// request makes what SNS posts of a payload. The fixture's headers choose the type of message.
func request(h http.Header, payload []byte, at time.Time) provider.Request {
	if h.Get("X-Api-Key") != "" || h.Get("X-Amz-Firehose-Request-Id") != "" { // roads that wrap nothing around a body
		return provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	}
	r := provider.Request{Method: http.MethodPost, Header: h.Clone()}
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	r.Header.Set("X-Amz-Sns-Message-Id", messageID)
	r.Header.Set("X-Amz-Sns-Topic-Arn", topicARN)
	switch h.Get("X-Amz-Sns-Message-Type") {
	case "SubscriptionConfirmation":
		r.Body = signer().SubscriptionConfirmation(topicARN, messageID, string(payload), at)
	case "UnsubscribeConfirmation":
		r.Body = signer().UnsubscribeConfirmation(topicARN, messageID, string(payload), at)
	default:
		r.Body = signer().Notification(topicARN, messageID, string(payload), at)
	}
	if h.Get("X-Amz-Sns-Rawdelivery") == "true" {
		r.Body = payload
	}
	return r
}

func suite() providertest.Suite {
	src := source()
	src.AllowRaw, src.TokenProved, src.Secrets = true, true, []string{apiKey}
	const foreign = "arn:aws:sns:eu-west-1:999900009999:ses"
	stranger := request(http.Header{}, []byte("{}"), noon)
	stranger.Header.Set("X-Amz-Sns-Topic-Arn", foreign)
	stranger.Body = signer().Notification(foreign, messageID, "{}", noon)
	rawStranger := stranger
	rawStranger.Header = stranger.Header.Clone()
	rawStranger.Header.Set("X-Amz-Sns-Rawdelivery", "true")
	rawStranger.Body = []byte("{}")
	confirming := request(http.Header{"X-Amz-Sns-Message-Type": {"SubscriptionConfirmation"}}, []byte("aa"), noon)
	confirming.Header = http.Header{}
	confirming.Body = signer().SubscriptionConfirmation(foreign, messageID, "aa", noon)
	return providertest.Suite{
		Adapter:      ses.Adapter,
		Source:       src,
		Now:          noon,
		Certificates: certificates(signer(), topicARN),
		Request:      request,
		Folder:       "testdata",
		Sample:       "bounce_permanent_and_delayed",
		UnknownWord:  []byte(`{"eventType":"Snoozed","mail":{"messageId":"m1","destination":["a@b.test","c@d.test"]}}`),
		Signed:       true,
		Dated:        true,
		Strangers: map[string]provider.Request{
			"a stranger's topic":            stranger,
			"a stranger's raw topic":        rawStranger,
			"a stranger's confirmation":     confirming,
			"an envelope said to be raw":    {Method: http.MethodPost, Header: rawHeader(), Body: request(http.Header{}, []byte("{}"), noon).Body},
			"a request of another method":   {Method: http.MethodGet, Header: http.Header{}, Body: stranger.Body},
			"a raw delivery without topic":  {Method: http.MethodPost, Header: http.Header{"X-Amz-Sns-Rawdelivery": {"true"}}, Body: []byte("{}")},
			"a certificate of another host": {Method: http.MethodPost, Header: http.Header{}, Body: withCertificateURL("https://sns.evil.test/SimpleNotificationService-0123456789.pem")},
		},
		NeverKept: []string{"Signature\"", "UnsubscribeURL", "UnsubscribeUrl", "receiptHandle"},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.BasicAuth = secrets },
			Show: func(req *provider.Request, secret string) {
				user, password, _ := strings.Cut(secret, ":")
				r := http.Request{Header: req.Header}
				r.SetBasicAuth(user, password)
			},
		},
	}
}

func rawHeader() http.Header {
	return http.Header{"X-Amz-Sns-Rawdelivery": {"true"}, "X-Amz-Sns-Topic-Arn": {topicARN}}
}

// fields are those of a genuine notification, unsigned.
func fields() map[string]string {
	return map[string]string{
		"Type": "Notification", "MessageId": messageID, "TopicArn": topicARN, "Timestamp": snssign.Timestamp(noon),
		"Message": `{"eventType":"Send","mail":{"messageId":"m1","destination":["a@b.test"]},"send":{}}`,
	}
}

func withCertificateURL(url string) []byte {
	f := fields()
	f["SigningCertURL"] = url
	return signer().Sign(f)
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}
