package mailgun

import (
	"net/url"
	"slices"
	"strings"

	"tidings/provider"
)

// legacyWords are the words of forms that JSON has others for: the word, and the severity that it implies.
var legacyWords = map[string][2]provider.Text{
	"bounced": {"failed", "permanent"},
	"dropped": {"failed", "permanent"},
}

// legacyFields are a form's own fields. All others are the message's variables.
var legacyFields = map[string]bool{
	"event": true, "recipient": true, "domain": true, "message-headers": true, "Message-Id": true, "message-id": true,
	"reason": true, "code": true, "description": true, "error": true, "notification": true, "attachment-count": true,
	"ip": true, "country": true, "region": true, "city": true, "user-agent": true, "device-type": true,
	"client-type": true, "client-name": true, "client-os": true, "bot": true, "campaign-id": true, "campaign-name": true,
	"tag": true, "X-Mailgun-Tag": true, "X-Mailgun-Sid": true, "mailing-list": true, "url": true, "body-plain": true,
	"timestamp": true, "token": true, "severity": true,
}

// readForm reads the fields of a form, whose names are those of the webhooks before 2018.
func (r *record) readForm(form url.Values) {
	text := func(names ...string) provider.Text { return provider.Text(last(form, names...)) }
	r.Event, r.Timestamp, r.Recipient = text("event"), text("timestamp"), text("recipient")
	r.word = string(r.Event)
	r.Reason, r.URL, r.IP = text("reason"), text("url"), text("ip")
	if word, ok := legacyWords[string(r.Event)]; ok {
		r.Event, r.Severity = word[0], word[1]
	}
	r.Status = status{Code: text("code"), Message: text("error"), Description: text("description", "notification")}
	r.Client = client{
		Name: text("client-name"), OS: text("client-os"), Type: text("client-type"), Device: text("device-type"),
		UserAgent: text("user-agent"), Bot: text("bot"),
	}
	r.Geo = place{Country: text("country"), Region: text("region"), City: text("city")}
	r.List.Address = text("mailing-list")
	r.Tags = append(append(provider.Texts(nil), form["tag"]...), form["X-Mailgun-Tag"]...)
	r.readHeaders(last(form, "message-headers"))
	if r.Message.Headers.MessageID == "" {
		r.Message.Headers.MessageID = text("Message-Id", "message-id")
	}
	r.Tags = slices.DeleteFunc(r.Tags, func(s string) bool { return s == "*" }) // an opt-out of all tags has this one
	for name, values := range form {
		if !legacyFields[name] && !strings.HasPrefix(name, "attachment-") && len(values) > 0 && values[0] != "" {
			if r.Variables == nil {
				r.Variables = make(provider.Labels)
			}
			r.Variables[name] = values[len(values)-1]
		}
	}
}

// readHeaders reads the message's headers, a JSON array of pairs; what is none is passed over.
func (r *record) readHeaders(text string) {
	list, err := provider.Elements([]byte(text))
	if err != nil {
		return
	}
	h := &r.Message.Headers
	fields := map[string]*provider.Text{
		"message-id": &h.MessageID, "from": &h.From, "to": &h.To, "subject": &h.Subject,
	}
	for _, pair := range list {
		values := provider.TextsOf(pair)
		if len(values) != 2 {
			continue
		}
		if field, ok := fields[strings.ToLower(values[0])]; ok {
			*field = provider.Text(values[1])
		}
	}
}
