// Package brevo is the adapter for Brevo's webhooks about emails, transactional and marketing ones, single and batched.
// Brevo signs nothing: a request is proved by the token in its URL, a user and password, or a bearer token.
package brevo

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Brevo's webhooks. What has to come again is answered with 429, the only status that Brevo does not discard
// an event for.
var Adapter = provider.Adapter{
	Slug:  "brevo",
	Title: "Brevo",
	Docs:  "https://developers.brevo.com/docs/transactional-webhooks",
	Names: []event.Name{
		event.EmailQueued, event.EmailSent, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject,
		event.EmailFailure, event.EmailOpen, event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe,
		event.EmailSubscribe, event.EmailUnknown,
	},
	MaxBody: 16 << 20, // a batch has 500 events by default
	Answers: provider.Answers{
		provider.OurFault:   http.StatusTooManyRequests,
		provider.Overloaded: http.StatusTooManyRequests,
		provider.Forbidden:  http.StatusUnauthorized,
	},
	Features: provider.Features{
		Proof:   "none signed: token in the URL, basic auth or bearer token",
		Bots:    "proxy_open, unique_proxy_open",
		Dedupe:  "the event's word, message-id, recipient, time and link",
		Retries: "after 10 minutes, 1, 2 and 8 hours, on 429 and no answer alone; every other failure discards the event",
		Batches: "500",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const kind = "notification"

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Brevo sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckUnsigned(req.Header, src); r != nil {
		return provider.Result{}, r
	}
	result, refusal := read(req.Body, src)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	return result, nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	result, refusal := read(keep, src)
	if refusal != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", refusal)
	}
	return result, nil
}

func element(keep []byte, i int) ([]byte, error) {
	list, err := split(keep)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("element %d of %d", i, len(list))
	}
	return list[i], nil
}

// split takes a batch apart: an array, or an array as the member events, because Brevo shows no body of a batch and would
// discard one that is refused. A single event is a batch of one.
// https://developers.brevo.com/docs/batch-webhooks
func split(body []byte) ([]jsontext.Value, error) {
	if jsontext.Value(body).Kind() == jsontext.KindBeginArray {
		return provider.Elements(body)
	}
	batch, err := provider.MemberOf(body, "events")
	if err != nil || batch.Kind() != jsontext.KindBeginArray {
		return []jsontext.Value{body}, nil //nolint:nilerr // who reads the event says what is wrong with it
	}
	return provider.Elements(batch)
}

// read turns a body into drafts or problems. Because nothing is signed, a body of which nothing can be read is no event
// of Brevo's and is refused.
func read(body []byte, src provider.Source) (provider.Result, *provider.Refusal) {
	list, err := split(body)
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "the body is not JSON: %s",
			provider.JSONTrouble(err))
	}
	result := provider.Result{Kind: kind, Keep: body}
	readable := 0
	for i, one := range list {
		m := mapping{source: src, element: i, text: one}
		m.run()
		if !m.unreadable {
			readable++
		}
		result.Drafts = append(result.Drafts, m.drafts...)
		result.Problems = append(result.Problems, m.problems...)
	}
	if readable > 0 {
		return result, nil
	}
	code, message := "unexpected_shape", "the batch is empty"
	if len(result.Problems) > 0 {
		code, message = result.Problems[0].Code, result.Problems[0].Message
	}
	return provider.Result{}, provider.Refuse(provider.Unacceptable, code, "not an event of Brevo: %s", message)
}
