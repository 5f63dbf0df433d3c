package ses

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
const (
	headerFirehoseID  = "X-Amz-Firehose-Request-Id"
	headerFirehoseKey = "X-Amz-Firehose-Access-Key" //nolint:gosec // a header's name
	firehoseMaxBody   = 64 << 20                    // "before compression"
	firehoseMaxError  = 1000                        // AWS takes 8192 characters
	kindFirehose      = "firehose"
)

// road tells Firehose from all the others by its request id.
func road(h http.Header) provider.Road {
	if !isFirehose(h) {
		return provider.Road{}
	}
	return provider.Road{
		MaxBody: firehoseMaxBody,
		Gzip:    true,
		Answers: firehoseAnswers,
		Check:   func(src provider.Source) *provider.Refusal { return checkFirehose(h, src) },
		Reply:   func(r provider.Reply) []byte { return firehoseReply(h.Get(headerFirehoseID), r) },
	}
}

// firehoseAnswers has no 413: after one Firehose sends a batch to nobody, not even to the bucket of failed data. Every other
// answer is tried again until the stream's time is up, then the batch goes there.
// https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
var firehoseAnswers = provider.Answers{provider.TooLarge: http.StatusBadRequest}

func isFirehose(h http.Header) bool { return h.Get(headerFirehoseID) != "" }

// checkFirehose proves a delivery by its access key, which only the owner of the stream has.
func checkFirehose(h http.Header, src provider.Source) *provider.Refusal {
	switch key := h.Get(headerFirehoseKey); {
	case len(src.Secrets) == 0:
		return provider.Refuse(provider.Forbidden, "no_api_key",
			"the source has no secrets to prove a Firehose delivery by: add one, and make it the access key of the stream")
	case key == "":
		return provider.Refuse(provider.Unauthenticated, "no_credentials",
			"this Firehose delivery has no access key: make one of the source's secrets the access key of the stream")
	default:
		return checkKey(key, src)
	}
}

// firehoseReply is the one form of answer that Firehose takes for a success, and shows in its logs for a failure.
func firehoseReply(id string, r provider.Reply) []byte {
	message := r.Message
	if len(message) > firehoseMaxError {
		message = message[:firehoseMaxError]
	}
	text, _ := json.Marshal(struct { // of texts and a number, which always encode
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
		Error     string `json:"errorMessage,omitempty"`
	}{id, r.At.UnixMilli(), message})
	return text
}

// openFirehose reads what Firehose posts: records in Base64, each with one or several JSON texts.
func openFirehose(req provider.Request, src provider.Source) (provider.Result, error) {
	if r := checkFirehose(req.Header, src); r != nil {
		return provider.Result{}, r
	}
	members, err := provider.Members(req.Body, "requestId", "timestamp", "records")
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"the body is not a Firehose delivery: %v", err)
	}
	id, records := "", jsontext.Value(nil)
	for _, m := range members {
		switch m.Name {
		case "requestId":
			text, err := provider.Unquote(m.Value)
			if err != nil {
				return provider.Result{}, notFirehose()
			}
			id = string(text)
		case "records":
			records = m.Value
		}
	}
	if id != req.Header.Get(headerFirehoseID) {
		return provider.Result{}, provider.Refuse(provider.Forbidden, "header_mismatch",
			"header %s is not what the body says", headerFirehoseID)
	}
	if records.Kind() != jsontext.KindBeginArray {
		return provider.Result{}, notFirehose()
	}
	b := newBatch(kindFirehose, len(records)/4*3)
	if r := b.addFirehose(records); r != nil {
		return provider.Result{}, r
	}
	return b.open(id, src)
}

func notFirehose() *provider.Refusal {
	return provider.Refuse(provider.Unacceptable, "unexpected_shape",
		"the body is not a Firehose delivery: it needs a requestId and a list of records")
}

func (b *batch) addFirehose(records jsontext.Value) *provider.Refusal {
	d := jsontext.NewDecoder(bytes.NewBuffer(records))
	_, _ = d.ReadToken() // the array's beginning; the array was read as a value before
	for d.PeekKind() != jsontext.KindEndArray {
		record, err := d.ReadValue()
		if err != nil {
			return notFirehose()
		}
		if r := b.addText(firehoseData(record)); r != nil {
			return r
		}
	}
	return nil
}

// firehoseData returns the data of a record; of one that has none, the record itself.
func firehoseData(record jsontext.Value) []byte {
	var fields struct {
		Data *string `json:"data"`
	}
	if provider.DecodeJSON(record, &fields) != nil || fields.Data == nil {
		return bytes.Clone(record)
	}
	data, err := base64.StdEncoding.DecodeString(*fields.Data)
	if err != nil {
		return bytes.Clone(record)
	}
	return data
}
