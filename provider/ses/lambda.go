package ses

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

const kindLambda = "lambda"

// lambdaRecord is one record of what Lambda hands to a function, from SNS or from SQS:
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html and with-sqs.html.
type lambdaRecord struct {
	SNS       jsontext.Value `json:"Sns"`
	MessageID string         `json:"messageId"`
	Body      jsontext.Value `json:"body"`
}

// openLambda reads a Lambda event that a function of the owner's passes on.
func openLambda(req provider.Request, src provider.Source) (provider.Result, error) {
	if r := checkCaller(req.Header, src); r != nil {
		return provider.Result{}, r
	}
	return ReadLambda(req.Body, src)
}

// ReadLambda reads what Lambda hands to a function that is invoked by SNS or SQS. Nothing in it is proved: whoever may
// invoke the function is believed, and AWS IAM says who may. It returns a *provider.Refusal for what is no such event; a
// record that can't be read is a problem of code "unreadable" and costs only itself.
func ReadLambda(body []byte, src provider.Source) (provider.Result, error) {
	members, err := provider.Members(body, lambdaKeys...)
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"the body is not a Lambda event: %v", err)
	}
	b, id, count := newBatch(kindLambda, len(body)), "", 0
	for _, m := range members {
		if m.Name != lambdaKeys[0] {
			continue
		}
		if m.Value.Kind() != jsontext.KindBeginArray {
			return provider.Result{}, notLambda()
		}
		d := jsontext.NewDecoder(bytes.NewBuffer(m.Value))
		_, _ = d.ReadToken() // the array's beginning; the array was read as a value before
		for ; d.PeekKind() != jsontext.KindEndArray; count++ {
			record, err := d.ReadValue()
			if err != nil {
				return provider.Result{}, notLambda()
			}
			text, recordID := lambdaMessage(record)
			if r := b.addText(text); r != nil {
				return provider.Result{}, r
			}
			id = recordID
		}
	}
	if count == 0 {
		return provider.Result{}, notLambda()
	}
	if count > 1 {
		id = "" // a batch is put together anew for every try
	}
	return b.open(id, src)
}

func notLambda() *provider.Refusal {
	return provider.Refuse(provider.Unacceptable, "unexpected_shape",
		"the body is not a Lambda event: it needs a list of Records from SNS or SQS")
}

// lambdaMessage returns the message of a record and its id: the envelope that SNS hands over, or the body of an SQS
// message. A record of another service is its own message, and will not be understood.
func lambdaMessage(record jsontext.Value) ([]byte, string) {
	var r lambdaRecord
	if provider.DecodeJSON(record, &r) != nil {
		return bytes.Clone(record), ""
	}
	if r.Body.Kind() == jsontext.KindString {
		if text, err := provider.Unquote(r.Body); err == nil {
			return text, r.MessageID
		}
	}
	if r.SNS.Kind() == jsontext.KindBeginObject {
		members, err := provider.Members(r.SNS)
		if err == nil {
			return r.SNS, string(textOf(members, "MessageId"))
		}
	}
	return bytes.Clone(record), ""
}

// envelopeMembers tells an SNS envelope by its members. A record has none of these keys.
func envelopeMembers(members []provider.Member) bool {
	for _, m := range members {
		switch m.Name {
		case "TopicArn", "Signature", "UnsubscribeURL", "UnsubscribeUrl":
			return true
		}
	}
	return false
}

// unwrap returns the message of an SNS envelope that came by a proved road, and when SNS made it.
func unwrap(members []provider.Member) ([]byte, time.Time) {
	at, _ := parseEnvelopeTime(string(textOf(members, "Timestamp")))
	return textOf(members, "Message"), at
}

// textOf returns the text of a member; nil where it is absent or none.
func textOf(members []provider.Member, name string) []byte {
	for _, m := range members {
		if m.Name != name || m.Value.Kind() != jsontext.KindString {
			continue
		}
		if text, err := provider.Unquote(m.Value); err == nil {
			return text
		}
	}
	return nil
}
