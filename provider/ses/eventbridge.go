package ses

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// bridgeSource is whose events are SES records. Nobody but AWS can put events with a source that begins with "aws.".
const bridgeSource = "aws.ses"

// bridge is what EventBridge writes around an event:
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html. For aws.ses its detail-type is not
// read: samples in the wild have other words there than AWS sends, and detail.eventType says the same.
type bridge struct {
	ID         texts          `json:"id"`
	DetailType texts          `json:"detail-type"`
	From       texts          `json:"source"`
	Account    texts          `json:"account"`
	Time       texts          `json:"time"`
	Region     texts          `json:"region"`
	Resources  texts          `json:"resources"`
	Detail     jsontext.Value `json:"detail"`
}

// custom tells an event of somebody's own, which is no SES record whatever its detail looks like.
func (b *bridge) custom() bool {
	from := b.From.first()
	return from != "" && from != bridgeSource && len(b.Detail) > 0
}

// openBridge reads what an EventBridge API destination posts.
func openBridge(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if r := checkCaller(req.Header, src); r != nil {
		return provider.Result{}, r
	}
	return readBridge(req.Body, src, now)
}

// readBridge reads an EventBridge event that came by a proved road.
func readBridge(body []byte, src provider.Source, now time.Time) (provider.Result, error) {
	var b bridge
	if err := provider.DecodeJSON(body, &b); err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"the body is not an EventBridge event: %v", err)
	}
	at := parseTime(b.Time.first())
	if r := checkAge(at, now, src.MaxAge); r != nil && !at.IsZero() {
		return provider.Result{}, r
	}
	result, rec := readMessage(body, time.Time{}, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return provider.Result{}, r
	}
	result.Transport = provider.Transport{ID: b.ID.first(), At: at}
	result.Keep = body
	return result, nil
}

// clip bounds a text that goes into a message for people.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}
