package mandrill

import (
	"crypto/sha1" //nolint:gosec // Mandrill's choice; as HMAC it is sound
	"encoding/base64"
	"mime"
	"net/url"
	"slices"
	"strings"

	"tidings/provider"
)

const (
	headerSignature = "X-Mandrill-Signature"
	field           = "mandrill_events"
	// testKey signs the batch of nothing that Mandrill posts when a webhook is made, before it has a key.
	testKey = "test-webhook"
	nothing = "[]"
)

// prove checks the signature and returns the batch. What is signed is the URL, then name and value of each field, all
// without anything between: where more than one field is allowed, the same text can be cut into others. So there is one.
func prove(req provider.Request, src provider.Source) ([]byte, *provider.Refusal) {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(req.Body))
	if err != nil || kind != "application/x-www-form-urlencoded" || len(form) != 1 || len(form[field]) != 1 ||
		form.Get(field) == "" {
		return nil, provider.Refuse(provider.Unacceptable, "unexpected_shape",
			"the body is not a form with the one field %s: it is not a webhook of Mandrill", field)
	}
	signature := req.Header.Get(headerSignature)
	if signature == "" {
		return nil, provider.Refuse(provider.Forbidden, "no_signature", "header %s is missing: it is not a webhook of Mandrill",
			headerSignature)
	}
	batch := form.Get(field)
	secrets := src.Secrets
	if strings.TrimSpace(batch) == nothing {
		secrets = append(slices.Clone(secrets), testKey) // there is nothing to forge
	}
	if !slices.ContainsFunc(secrets, func(s string) bool { return s != "" }) {
		return nil, provider.Refuse(provider.Forbidden, "no_key",
			"this source has no webhook key, so it accepts nothing: add the key that Mandrill shows under Settings, Webhooks")
	}
	sum, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !anyURL(sum, batch, secrets, src.URLs) {
		return nil, provider.Refuse(provider.Forbidden, "bad_signature",
			"the signature was not made with the source's key for the expected URL, %s. Where Mandrill was given another one, "+
				"paste that into the source's signedUrls exactly as it stands there; else copy the key again", shown(src.URLs))
	}
	return []byte(batch), nil
}

func anyURL(sum []byte, batch string, secrets, urls []string) bool {
	match := false
	for _, u := range urls {
		match = provider.MatchMAC(sha1.New, sum, secrets, []byte(u), []byte(field), []byte(batch)) || match
	}
	return match
}

// shown are URLs as they may be told: without password, with only the beginning of the token, and without values in the
// query.
func shown(urls []string) string {
	list := make([]string, 0, len(urls))
	for _, text := range urls {
		list = append(list, hidden(text))
	}
	if len(list) == 0 {
		return "of which the source has none"
	}
	return strings.Join(list, " or ")
}

// beginning is how much of a token is shown, and long what is taken for one.
const (
	beginning = 4
	long      = 16
)

func hidden(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	u.RawQuery = strings.Join(slices.Sorted(func(yield func(string) bool) {
		for name := range u.Query() {
			if !yield(url.QueryEscape(name) + "=…") {
				return
			}
		}
	}), "&")
	path, user := u.EscapedPath(), ""
	if u.User != nil {
		user = url.PathEscape(u.User.Username()) + ":…@"
	}
	if at := strings.LastIndexByte(path, '/') + 1; len(path)-at > long {
		path = path[:at+beginning] + "…"
	}
	shown := u.Scheme + "://" + user + u.Host + path
	if u.RawQuery != "" {
		shown += "?" + u.RawQuery
	}
	return shown
}
