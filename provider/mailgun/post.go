package mailgun

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// post is a request as it was sent: what is to be proved, and what is kept of it. A kept event of JSON is its event-data
// without storage, which points at the stored message; a kept form has no signature.
type post struct {
	proof
	keep []byte
}

func readPost(req provider.Request) (post, *provider.Refusal) {
	kind, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err == nil && (kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data") {
		return readForm(req.Body, kind, params["boundary"])
	}
	return readJSON(req.Body)
}

func readJSON(body []byte) (post, *provider.Refusal) {
	var envelope struct {
		Signature proof          `json:"signature"`
		Data      jsontext.Value `json:"event-data"`
	}
	if err := provider.DecodeJSON(body, &envelope); err != nil {
		return post{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "the body is not a webhook of Mailgun: %v", err)
	}
	if len(envelope.Data) == 0 {
		return post{}, provider.Refuse(provider.Unacceptable, "unexpected_shape",
			"the body has no event-data: it is not a webhook of Mailgun")
	}
	return post{proof: envelope.Signature, keep: withoutStorage(envelope.Data)}, nil
}

// withoutStorage takes the member storage out of an event, with the comma beside it; the rest stays byte for byte.
func withoutStorage(data jsontext.Value) []byte {
	var out []byte
	found := false
	err := provider.EachMember(data, func(name string, value jsontext.Value) {
		if name == "storage" {
			found = true
			return
		}
		out = append(out, ',')
		out, _ = jsontext.AppendQuote(out, name) // invalid UTF-8 becomes U+FFFD
		out = append(out, ':')
		out = append(out, value...)
	})
	if err != nil || !found {
		return data
	}
	if out == nil {
		return []byte("{}")
	}
	out[0] = '{'
	return append(out, '}')
}

func readForm(body []byte, kind, boundary string) (post, *provider.Refusal) {
	var form url.Values
	var err error
	if kind == "multipart/form-data" {
		form, err = readParts(body, boundary)
	} else {
		form, err = url.ParseQuery(string(body))
	}
	if err != nil {
		return post{}, provider.Refuse(provider.Unacceptable, "not_a_form",
			"the body is not the form that its Content-Type says: %v", err)
	}
	p := post{proof: proof{
		Timestamp: provider.Text(last(form, "timestamp")),
		Token:     provider.Text(last(form, "token")),
		Signature: provider.Text(last(form, "signature")),
		Parent:    provider.Text(last(form, "parent-signature")),
	}}
	for _, name := range []string{"signature", "parent-signature"} {
		form.Del(name)
	}
	p.keep = []byte(form.Encode()) // never begins with a brace, so a kept form is never taken for JSON
	return p, nil
}

// maxField bounds one field of a form in parts; more is an attachment, whatever it says.
const maxField = 256 << 10

// readParts reads the fields of a form in parts. Files, which are the message that bounced, are passed over.
func readParts(body []byte, boundary string) (url.Values, error) {
	if boundary == "" {
		return nil, errors.New("no boundary")
	}
	form := url.Values{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" || part.FormName() == "" {
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return nil, err
		}
		form.Add(part.FormName(), string(value))
	}
}

// last is Mailgun's own value of a field, under the first of its names that is there: the message's variables are merged
// in front of it.
func last(form url.Values, names ...string) string {
	for _, name := range names {
		if values := form[name]; len(values) > 0 {
			return values[len(values)-1]
		}
	}
	return ""
}
