package ses_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

// post makes a request of a body alone, with the certificates of the shared signer.
func post(body []byte) provider.Request {
	return provider.Request{
		Method: http.MethodPost, Header: http.Header{}, Body: body, Certificates: certificates(signer(), topicARN),
	}
}

// code is the code of a refusal; "" if there is none.
func code(t *testing.T, r provider.Result, err error) string {
	t.Helper()
	var refusal *provider.Refusal
	if errors.As(err, &refusal) {
		if len(r.Wishes)+len(r.Drafts) > 0 {
			t.Error("refused with a result")
		}
		return refusal.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	return ""
}

func with(changes map[string]string) map[string]string {
	f := fields()
	maps.Copy(f, changes)
	return f
}

func TestACanonicalStringCutAnewIsRefused(t *testing.T) {
	t.Parallel()
	const foreign = "arn:aws:sns:eu-west-1:999900009999:attacker"
	inner := `{"eventType":"Complaint","mail":{"messageId":"m1","destination":["victim@acme.test"]}}`
	forged := map[string]string{
		"Message": inner, "MessageId": "99999999-2222-4333-8444-555555555555", "Timestamp": snssign.Timestamp(noon), "TopicArn": topicARN,
	}
	// What the attacker publishes to a topic of their own, and SNS signs.
	published := map[string]string{
		"Type": "Notification", "MessageId": messageID, "TopicArn": foreign, "Timestamp": snssign.Timestamp(noon),
		"Message": snssign.StringToSign(forged)[len("Message\n"):] + "Type\nNotification",
	}
	signed := snssign.StringToSign(published)
	// The same text, cut into other fields.
	forged["Type"] = strings.TrimSuffix(signed[len(snssign.StringToSign(forged)+"Type\n"):], "\n")
	if snssign.StringToSign(forged) != signed {
		t.Fatal("the attack is not built right: the texts to sign differ")
	}
	forged["SignatureVersion"], forged["SigningCertURL"] = "2", signer().CertificateURL(topicARN)
	forged["Signature"] = signer().SignText(signed, "2")
	req := post(snssign.Envelope(forged))
	req.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	r, err := ses.Adapter.Open(req, source(), noon)
	if got := code(t, r, err); got == "" {
		t.Fatal("the forged message is accepted")
	}
	req.Header = http.Header{}
	r, err = ses.Adapter.Open(req, source(), noon)
	if got := code(t, r, err); got != "bad_envelope" {
		t.Errorf("refused as %q, want bad_envelope", got)
	}
}

func TestAFieldThatIsNotOfItsFormIsRefusedThoughSigned(t *testing.T) {
	t.Parallel()
	confirming := map[string]string{"Type": "SubscriptionConfirmation", "Token": "aabb", "SubscribeURL": "https://x.test/"}
	cases := map[string]map[string]string{
		"a type with more in it":        {"Type": "Notification\nx"},
		"a type in other case":          {"Type": "notification"},
		"no type":                       {"Type": ""},
		"a message id that is no UUID":  {"MessageId": "x"},
		"a message id with a newline":   {"MessageId": messageID + "\n"},
		"a timestamp without fraction":  {"Timestamp": "2026-05-04T12:00:00Z"},
		"a timestamp with an offset":    {"Timestamp": "2026-05-04T12:00:00.000+00:00"},
		"a timestamp with a comma":      {"Timestamp": "2026-05-04T12:00:00,000Z"},
		"a timestamp of no day":         {"Timestamp": "2026-02-30T12:00:00.000Z"},
		"a topic of another service":    {"TopicArn": "arn:aws:sqs:eu-west-1:111122223333:ses"},
		"a topic with a newline":        {"TopicArn": topicARN + "\nx"},
		"a topic with a part too many":  {"TopicArn": topicARN + ":x"},
		"a topic with a short account":  {"TopicArn": "arn:aws:sns:eu-west-1:11112222333:ses"},
		"a subject with a newline":      {"Subject": "a\nb"},
		"a subject with a line break":   {"Subject": "a\u2028b"},
		"a notification with a token":   {"Token": "aabb"},
		"a token that is not hex":       {"Type": confirming["Type"], "Token": "xyz", "SubscribeURL": "https://x.test/"},
		"a confirmation without token":  {"Type": confirming["Type"], "SubscribeURL": "https://x.test/"},
		"a SubscribeURL with a newline": {"Type": confirming["Type"], "Token": "aabb", "SubscribeURL": "https://x.test/\n"},
	}
	for name, changes := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := with(changes)
			src := source()
			src.Topics = append(src.Topics, f["TopicArn"])
			f["SigningCertURL"] = signer().CertificateURL(topicARN)
			r, err := ses.Adapter.Open(post(signer().Sign(f)), src, noon)
			if got := code(t, r, err); got != "bad_envelope" {
				t.Errorf("code %q, want bad_envelope", got)
			}
		})
	}
}

func TestKeysAreRefusedTwiceAndInOtherCase(t *testing.T) {
	t.Parallel()
	body := signer().Sign(fields())
	insert := func(member string) []byte {
		return bytes.Replace(body, []byte("{\n"), []byte("{\n  "+member+",\n"), 1)
	}
	cases := []struct{ member, want string }{
		{`"TopicArn" : "x"`, "duplicate_key"},
		{`"Topic\u0041rn" : "x"`, "duplicate_key"},
		{`"topicarn" : "x"`, "case_variant_key"},
		{`"SigningCertUrl" : "x"`, "case_variant_key"},
		{`"unsubscribeurl" : "x"`, "case_variant_key"},
		{`"Extra" : {"a":1,"a":2}`, "duplicate_key"},
		{`"Extra" : ` + strings.Repeat("[", 100) + strings.Repeat("]", 100), "too_deep"},
		{`"Extra" : 1e500`, "huge_number"},
		{`"Token" : 1`, "bad_envelope"},
		{`"Extra" : {"a":[1,null]}`, ""},
		{`"Subject" : null`, ""},
	}
	for _, c := range cases {
		r, err := ses.Adapter.Open(post(insert(c.member)), source(), noon)
		if got := code(t, r, err); got != c.want {
			t.Errorf("%.40s: code %q, want %q", c.member, got, c.want)
		}
	}
}

func TestHeadersThatContradictTheBodyAreRefused(t *testing.T) {
	t.Parallel()
	for _, h := range []http.Header{
		{"X-Amz-Sns-Message-Type": {"SubscriptionConfirmation"}},
		{"X-Amz-Sns-Message-Id": {"00000000-2222-4333-8444-555555555555"}},
		{"X-Amz-Sns-Topic-Arn": {topicARN + "2"}},
		{"X-Amz-Sns-Message-Type": {"Notification", "SubscriptionConfirmation"}},
	} {
		req := post(signer().Sign(fields()))
		req.Header = h
		r, err := ses.Adapter.Open(req, source(), noon)
		if got := code(t, r, err); got != "header_mismatch" {
			t.Errorf("%v: code %q", h, got)
		}
	}
}

func TestASourceIsHeldToItsSettings(t *testing.T) {
	t.Parallel()
	genuine := signer().Sign(fields())
	version1 := signer().Sign(with(map[string]string{"SignatureVersion": "1"}))
	account := signer().Sign(with(map[string]string{
		"Message": `{"eventType":"Send","mail":{"messageId":"m1","sendingAccountId":"111122223333","destination":["a@b.test"]}}`,
	}))
	cases := []struct {
		name string
		body []byte
		set  func(*provider.Source)
		want string
	}{
		{"a genuine message is taken", genuine, func(*provider.Source) {}, ""},
		{"no topics accept none", genuine, func(s *provider.Source) { s.Topics = nil }, "no_topics"},
		{"another topic is unknown", genuine, func(s *provider.Source) { s.Topics = []string{topicARN + "2"} }, "unknown_topic"},
		{"version 1 is taken", version1, func(*provider.Source) {}, ""},
		{"version 1 is refused when 2 is required", version1, func(s *provider.Source) { s.RequireVersion2 = true }, "version_1"},
		{"version 2 is taken when it is required", genuine, func(s *provider.Source) { s.RequireVersion2 = true }, ""},
		{"version 3 does not exist", signer().Sign(with(map[string]string{"SignatureVersion": "3"})), func(*provider.Source) {}, "bad_signature_version"},
		{"the account is the source's", account, func(s *provider.Source) { s.Account = "111122223333" }, ""},
		{"the account is another", account, func(s *provider.Source) { s.Account = "999900009999" }, "wrong_account"},
		{"the account is not said", genuine, func(s *provider.Source) { s.Account = "111122223333" }, "wrong_account"},
		{"basic auth is missing", genuine, func(s *provider.Source) { s.BasicAuth = []string{"u:p"} }, "no_credentials"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := source()
			c.set(&src)
			r, err := ses.Adapter.Open(post(c.body), src, noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("code %q, want %q", got, c.want)
			}
		})
	}
}

func TestMessagesFromTheFutureAreRefused(t *testing.T) {
	t.Parallel()
	body := signer().Sign(fields())
	for ahead, want := range map[time.Duration]string{5 * time.Minute: "", 5*time.Minute + time.Second: "future"} {
		r, err := ses.Adapter.Open(post(body), source(), noon.Add(-ahead))
		if got := code(t, r, err); got != want {
			t.Errorf("%s ahead: code %q, want %q", ahead, got, want)
		}
	}
	// Without a MaxAge a redriven dead-letter queue is taken, however old.
	r, err := ses.Adapter.Open(post(body), source(), noon.AddDate(1, 0, 0))
	if got := code(t, r, err); got != "" {
		t.Errorf("a year old: code %q", got)
	}
}

func TestRawDeliveryNeedsPermissionAndProof(t *testing.T) {
	t.Parallel()
	record := []byte(fields()["Message"])
	cases := []struct {
		name string
		set  func(*provider.Source)
		want string
	}{
		{"not allowed", func(s *provider.Source) { s.TokenProved = true }, "raw_not_allowed"},
		{"allowed without proof", func(s *provider.Source) { s.AllowRaw = true }, "raw_not_proved"},
		{"allowed with the token", func(s *provider.Source) { s.AllowRaw, s.TokenProved = true, true }, ""},
		{"allowed with basic auth", func(s *provider.Source) { s.AllowRaw, s.BasicAuth = true, []string{"u:p"} }, ""},
		{"of another topic", func(s *provider.Source) { s.AllowRaw, s.TokenProved, s.Topics = true, true, []string{"x"} }, "unknown_topic"},
		{"of another account", func(s *provider.Source) { s.AllowRaw, s.TokenProved, s.Account = true, true, "1" }, "wrong_account"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := source()
			c.set(&src)
			req := post(record)
			req.Header = rawHeader()
			req.Header.Set("Authorization", "Basic dTpw")
			r, err := ses.Adapter.Open(req, src, noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("code %q, want %q", got, c.want)
			}
		})
	}
}
