package ses

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// The three values of Type. Nothing else is a type, whatever it begins with: see readEnvelope.
const (
	typeNotification = "Notification"
	typeConfirm      = "SubscriptionConfirmation"
	typeRemoved      = "UnsubscribeConfirmation"
)

// envelope is an SNS message. Its fields are read once, from the bytes that the signature is checked over, and nothing
// else of the body is used.
type envelope struct {
	Type             string
	MessageID        string
	TopicARN         string
	Subject          string
	Timestamp        string
	Token            string
	SubscribeURL     string
	SignatureVersion string
	Signature        string
	SigningCertURL   string

	message    []byte // Message, unescaped: what is signed and what is read
	hasSubject bool
	hasMessage bool
	topic      topic
	at         time.Time
	members    []provider.Member
}

// knownKeys are the keys of an envelope that mean something, in one letter case only. SigningCertUrl and its like come
// from Lambda, never over HTTP.
var knownKeys = []string{
	"Message", "MessageId", "Signature", "SignatureVersion", "SigningCertURL", "Subject", "SubscribeURL", "Timestamp",
	"Token", "TopicArn", "Type", "UnsubscribeURL", "MessageAttributes",
}

// secretKeys are never kept: UnsubscribeURL ends our subscription for whoever fetches it, and a body with its
// Signature could be posted again.
var secretKeys = []string{"Signature", "UnsubscribeURL"}

func (e *envelope) field(key string) *string {
	switch key {
	case "Type":
		return &e.Type
	case "MessageId":
		return &e.MessageID
	case "TopicArn":
		return &e.TopicARN
	case "Subject":
		return &e.Subject
	case "Timestamp":
		return &e.Timestamp
	case "Token":
		return &e.Token
	case "SubscribeURL":
		return &e.SubscribeURL
	case "SignatureVersion":
		return &e.SignatureVersion
	case "Signature":
		return &e.Signature
	case "SigningCertURL":
		return &e.SigningCertURL
	}
	return nil
}

// readEnvelope reads a body and checks the shape of every signed field. The checks are not pedantry: SNS signs names
// and values joined by bare newlines, and a Message may hold newlines, so a message that AWS signed for a stranger's
// topic can be cut anew into other fields that give the same text and name our topic. Any such cut leaves a newline in
// a field other than Message, or a Type that is none of the three.
func readEnvelope(body []byte) (*envelope, *provider.Refusal) {
	members, err := provider.Members(body, knownKeys...)
	if err != nil {
		return nil, provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "the body is not an SNS envelope: %v", err)
	}
	e := &envelope{members: members}
	for _, m := range members {
		if r := e.set(m); r != nil {
			return nil, r
		}
	}
	if r := e.check(); r != nil {
		return nil, r
	}
	return e, nil
}

func (e *envelope) set(m provider.Member) *provider.Refusal {
	into := e.field(m.Name)
	if into == nil && m.Name != "Message" {
		return nil
	}
	if m.Name == "Subject" && m.Value.Kind() == jsontext.KindNull {
		return nil // some forwarders write null for absent
	}
	if m.Value.Kind() != jsontext.KindString {
		return badField(m.Name)
	}
	text, err := provider.Unquote(m.Value)
	if err != nil {
		return badField(m.Name)
	}
	if into == nil {
		e.message, e.hasMessage = text, true
		return nil
	}
	*into = string(text)
	e.hasSubject = e.hasSubject || m.Name == "Subject"
	return nil
}

func (e *envelope) check() *provider.Refusal {
	if !slices.Contains([]string{typeNotification, typeConfirm, typeRemoved}, e.Type) {
		return badField("Type")
	}
	var ok bool
	if e.topic, ok = parseTopic(e.TopicARN); !ok {
		return badField("TopicArn")
	}
	if e.at, ok = parseEnvelopeTime(e.Timestamp); !ok {
		return badField("Timestamp")
	}
	confirmation := e.Type != typeNotification
	checks := []struct {
		key string
		ok  bool
	}{
		{"Message", e.hasMessage},
		{"MessageId", isUUID(e.MessageID)},
		{"Subject", !hasControl(e.Subject)},
		{"SubscribeURL", !hasControl(e.SubscribeURL) && (e.SubscribeURL != "") == confirmation},
		{"Token", !confirmation && e.Token == "" || confirmation && isToken(e.Token)},
	}
	for _, c := range checks {
		if !c.ok {
			return badField(c.key)
		}
	}
	return nil
}

func badField(key string) *provider.Refusal {
	return provider.Refuse(provider.Forbidden, "bad_envelope",
		"field %s of the SNS envelope is missing or not of its form", key)
}

// keep is the envelope without what must never be kept, as JSON.
func (e *envelope) keep() []byte {
	kept := make([]provider.Member, 0, len(e.members))
	for _, m := range e.members {
		if !slices.Contains(secretKeys, m.Name) {
			kept = append(kept, m)
		}
	}
	return provider.JoinMembers(kept)
}

// isEnvelope tells an SNS envelope from a bare record. A record has none of these keys.
func isEnvelope(body []byte) bool {
	members, err := provider.Members(body)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(members, func(m provider.Member) bool {
		return m.Name == "TopicArn" || slices.Contains(secretKeys, m.Name)
	})
}
