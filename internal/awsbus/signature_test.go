package awsbus_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"tidings/internal/awsbus"
)

// The secret, scope and time of AWS's own examples.
const (
	awsSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	awsScope  = "AKIDEXAMPLE/20150830/us-east-1/"
)

// vectors are requests with the signatures that AWS publishes for them: the example of the IAM user guide, and its test suite for
// version 4 (aws-sig-v4-test-suite).
var vectors = []struct {
	name, service, request, headers, signature string
}{
	{
		"the example of the documentation", "iam",
		"GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\nHost: iam.amazonaws.com\n" +
			"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
		"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
	},
	{
		"get-vanilla", "service", "GET / HTTP/1.1\nHost: example.amazonaws.com", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
	},
	{
		"get-vanilla-query-order-key-case", "service",
		"GET /?Param2=value2&Param1=value1 HTTP/1.1\nHost: example.amazonaws.com", "host;x-amz-date",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	},
	{
		"post-vanilla", "service", "POST / HTTP/1.1\nHost: example.amazonaws.com", "host;x-amz-date",
		"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
	},
	{
		"post-header-key-sort", "service", "POST / HTTP/1.1\nHost: example.amazonaws.com\nMy-Header1: value1",
		"host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
	},
	{
		"get-header-value-trim", "service",
		"GET / HTTP/1.1\nHost: example.amazonaws.com\nMy-Header1:  value1\nMy-Header2: \"a   b   c\"",
		"host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
	},
}

func parse(t *testing.T, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheSignaturesThatAWSPublishesAreGood(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		r := parse(t, v.request)
		r.Header.Set("X-Amz-Date", "20150830T123600Z")
		r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s%s/aws4_request, SignedHeaders=%s, Signature=%s",
			awsScope, v.service, v.headers, v.signature))
		if good, canonical, _ := awsbus.Signs(r, nil, awsSecret); !good {
			t.Errorf("%s is refused; its canonical request is\n%s", v.name, canonical)
		}
		if good, _, _ := awsbus.Signs(r, []byte("x"), awsSecret); good {
			t.Errorf("%s is good with another body", v.name)
		}
		if good, _, _ := awsbus.Signs(r, nil, awsSecret+"x"); good {
			t.Errorf("%s is good with another secret", v.name)
		}
	}
}

// hmacOf is openssl's.
func hmacOf(t *testing.T, key []byte, text string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(key), "-binary")
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatOpenSSLSignsIsGood(t *testing.T) {
	t.Parallel()
	r := parse(t, "POST /aws/?b=2&a=%7e%20 HTTP/1.1\nHost: tidings.test\nContent-Length: 2\nX-Amz-Target: AWSEvents.PutEvents\n"+
		"X-Amz-Date: 20260504T101200Z\nContent-Type: application/x-amz-json-1.1")
	const headers = "content-length;content-type;host;x-amz-date;x-amz-target"
	const sumOfBody = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // of {}, by sha256sum
	canonical := "POST\n/aws/\na=~%20&b=2\ncontent-length:2\ncontent-type:application/x-amz-json-1.1\nhost:tidings.test\n" +
		"x-amz-date:20260504T101200Z\nx-amz-target:AWSEvents.PutEvents\n\n" + headers + "\n" + sumOfBody
	sum := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-r")
	sum.Stdin = strings.NewReader(canonical)
	out, err := sum.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := "AWS4-HMAC-SHA256\n20260504T101200Z\n20260504/eu-west-1/events/aws4_request\n" + string(out[:64])
	key := []byte("AWS4" + awsSecret)
	for _, part := range []string{"20260504", "eu-west-1", "events", "aws4_request"} {
		key = hmacOf(t, key, part)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260504/eu-west-1/events/aws4_request, SignedHeaders="+
		headers+", Signature="+hex.EncodeToString(hmacOf(t, key, text)))
	good, gotCanonical, gotText := awsbus.Signs(r, []byte("{}"), awsSecret)
	if !good || gotCanonical != canonical || gotText != text {
		t.Errorf("good is %v\n%s\n%s", good, gotCanonical, gotText)
	}
}

func TestAnAuthorizationHeaderIsReadOrRefused(t *testing.T) {
	t.Parallel()
	const credential, sum = "Credential=AK/20260504/eu-west-1/events/aws4_request", "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dedc93ab8e2f8a5a5"
	head := "AWS4-HMAC-SHA256 "
	for header, want := range map[string]bool{
		head + credential + ", SignedHeaders=host;x-amz-date, " + sum: true,
		head + credential + ",SignedHeaders=host," + sum:              true,
		head + sum + ", SignedHeaders=host, " + credential:            true,
		"": false, "Bearer sk_1": false, "AWS4-HMAC-SHA256": false,
		"AWS4-ECDSA-P256-SHA256 " + credential + ", SignedHeaders=host, " + sum:                   false,
		head + credential + ", " + sum:                                                            false,
		head + credential + ", SignedHeaders=, " + sum:                                            false,
		head + credential + ", SignedHeaders=Host, " + sum:                                        false,
		head + credential + ", SignedHeaders=x;host, " + sum:                                      false,
		head + credential + ", SignedHeaders=host;host, " + sum:                                   false,
		head + credential + ", SignedHeaders=host, " + sum + ", " + sum:                           false,
		head + credential + ", SignedHeaders=host, Signature=abc":                                 false,
		head + credential + ", SignedHeaders=host, " + strings.ToUpper(sum):                       false,
		head + "Credential=AK/20260504/events/aws4_request, SignedHeaders=host, " + sum:           false,
		head + "Credential=AK/20261504/eu-west-1/events/aws4_request, SignedHeaders=host, " + sum: false,
		head + "Credential=/20260504/eu-west-1/events/aws4_request, SignedHeaders=host, " + sum:   false,
		head + "Credential=AK/20260504/eu-west-1/events/aws5_request, SignedHeaders=host, " + sum: false,
		head + credential + ", SignedHeaders=" + strings.Repeat("a;", 9000) + "z, " + sum:         false,
	} {
		key, scope, _, _, ok := awsbus.ReadAuthorization(header)
		if ok != want || ok && (key != "AK" || scope != "20260504/eu-west-1/events/aws4_request") {
			t.Errorf("%.200q: %v %q %q", header, ok, key, scope)
		}
	}
}

func FuzzReadAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AK/20260504/eu-west-1/events/aws4_request, SignedHeaders=host;x-amz-date, " +
		"Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dedc93ab8e2f8a5a5")
	f.Add("AWS4-HMAC-SHA256 Credential=,SignedHeaders=;,Signature==")
	f.Fuzz(func(t *testing.T, header string) {
		key, scope, headers, sum, ok := awsbus.ReadAuthorization(header)
		if !ok {
			return
		}
		again := "AWS4-HMAC-SHA256 Credential=" + key + "/" + scope + ", SignedHeaders=" + strings.Join(headers, ";") + ", Signature=" + sum
		key2, scope2, _, sum2, ok2 := awsbus.ReadAuthorization(again)
		if !ok2 || key2 != key || scope2 != scope || sum2 != sum {
			t.Errorf("%q is read as %q %q %q, and that as %q %q %q", header, key, scope, sum, key2, scope2, sum2)
		}
	})
}

func FuzzReadPut(f *testing.F) {
	f.Add([]byte(`{"Entries":[{"Time":1795311807.569,"Source":"a","Resources":["x"],"DetailType":"b","Detail":"{}","EventBusName":"c"}]}`), "")
	f.Add([]byte("\x1f\x8b\x08\x00"), "gzip")
	f.Add([]byte(`{"Entries":[null],"EndpointId":""}`), "")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		entries, code := awsbus.ReadPut(body, encoding)
		if entries > 0 && code != "" || code == "InternalException" {
			t.Errorf("%d entries and %s", entries, code)
		}
	})
}
