package awsbus

import (
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	isoTime    = "20060102T150405Z"
	isoDay     = "20060102"

	maxAuthorization = 8 << 10 // bytes
	maxSigned        = 100     // headers
)

// authorization is what the header of a signed request says, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type authorization struct {
	accessKey string
	day       string // YYYYMMDD
	region    string
	service   string
	headers   []string // signed, in small letters, sorted
	signature string   // 64 hexadecimal digits
}

// scope is what the signing key is for.
func (a *authorization) scope() string {
	return a.day + "/" + a.region + "/" + a.service + "/" + terminator
}

// signs reports whether a header is signed. The name is in small letters.
func (a *authorization) signs(name string) bool {
	for _, h := range a.headers {
		if h == name {
			return true
		}
	}
	return false
}

// readAuthorization reads the header of a signed request.
func readAuthorization(header string) (*authorization, *refusal) {
	if header == "" {
		return nil, refuse(codeNoToken,
			"the request has no Authorization header: sign it with the pair of a key (tidings key aws)")
	}
	name, rest, _ := strings.Cut(header, " ")
	if name != algorithm || len(header) > maxAuthorization {
		return nil, refuse(codeIncomplete, "the algorithm %.40q is not known here: want %s", name, algorithm)
	}
	parts := make(map[string]string)
	for part := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, again := parts[key]; again || !ok {
			return nil, refuse(codeIncomplete,
				"the Authorization header is not of the form Credential=…, SignedHeaders=…, Signature=…")
		}
		parts[key] = value
	}
	a := &authorization{signature: parts["Signature"]}
	if !isHex(a.signature) {
		return nil, refuse(codeIncomplete, "the Authorization header has no Signature of 64 hexadecimal digits")
	}
	if !a.readCredential(parts["Credential"]) {
		return nil, refuse(codeIncomplete,
			"the Authorization header has no Credential of the form ACCESS_KEY_ID/YYYYMMDD/REGION/SERVICE/%s", terminator)
	}
	if !a.readHeaders(parts["SignedHeaders"]) {
		return nil, refuse(codeIncomplete,
			"the Authorization header has no SignedHeaders: names in small letters, sorted, between semicolons")
	}
	return a, nil
}

func (a *authorization) readCredential(text string) bool {
	parts := strings.Split(text, "/")
	if len(parts) != 5 || parts[4] != terminator {
		return false
	}
	a.accessKey, a.day, a.region, a.service = parts[0], parts[1], parts[2], parts[3]
	_, err := time.Parse(isoDay, a.day)
	return err == nil && a.accessKey != "" && a.region != "" && a.service != ""
}

func (a *authorization) readHeaders(text string) bool {
	a.headers = strings.Split(text, ";")
	if len(a.headers) > maxSigned {
		return false
	}
	for i, h := range a.headers {
		if h == "" || h != strings.ToLower(h) || i > 0 && h <= a.headers[i-1] {
			return false
		}
	}
	return true
}

func isHex(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
