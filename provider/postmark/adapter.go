// Package postmark is the adapter for the webhooks of Postmark: one event a request, unsigned, known by basic auth, a token
// in a header or the token of the URL.
package postmark

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Postmark's webhooks for outbound mail.
var Adapter = provider.Adapter{
	Slug:  "postmark",
	Title: "Postmark",
	Docs:  "https://postmarkapp.com/developer/webhooks/webhooks-overview",
	Names: []event.Name{
		event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailFailure, event.EmailOpen,
		event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailSubscribe, event.EmailUnknown,
	},
	MaxBody: 16 << 20, // a bounce may hold the whole message, which has 10 MB at most
	// A 403 makes Postmark stop, so it is for what will never be accepted, and never for a wrong password.
	Answers: provider.Answers{
		provider.Forbidden:    http.StatusUnauthorized,
		provider.Unacceptable: http.StatusForbidden,
		provider.TooLarge:     http.StatusForbidden,
		provider.Encoded:      http.StatusForbidden,
	},
	Features: provider.Features{
		Proof:   "basic auth, a token in a header, or the URL's token",
		Dedupe:  "`ID` of bounces and complaints; else record, message, recipient, time and link",
		Retries: "10 times in 10.5 h; a 403 ends it",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

// headerToken is the header that a webhook's custom headers give a token in.
const headerToken = "X-Webhook-Token"

const kindNotification = "notification"

// content is the member of a bounce that holds the message as it came back. It is never kept.
const content = "Content"

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Postmark sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckUnsigned(req.Header, src, headerToken); r != nil {
		return provider.Result{}, r
	}
	result, err := read(req.Body, src)
	if errors.Is(err, errNoRecord) {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "no_record",
			"Postmark sends one object with a RecordType, this has none")
	}
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"Postmark sends one object with a RecordType: %s", provider.JSONMessage(err))
	}
	return result, nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	result, err := read(keep, src)
	if err != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", err)
	}
	return result, nil
}

func element(keep []byte, i int) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("element %d: a request of Postmark holds one", i)
	}
	return keep, nil
}

// errNoRecord: it is JSON, and not of Postmark.
var errNoRecord = errors.New("no RecordType")

func read(body []byte, src provider.Source) (provider.Result, error) {
	r := &record{}
	if err := provider.DecodeJSON(body, r); err != nil {
		return provider.Result{}, err
	}
	result := provider.Result{Kind: kindNotification, Keep: provider.Redact(body, content)}
	problem := func(code, message string) (provider.Result, error) {
		result.Problems = []provider.Problem{{Code: code, Message: message}}
		return result, nil
	}
	switch {
	case r.inbound():
		return problem("inbound_mail", "this is inbound mail, or an error of it: point the inbound webhook of Postmark elsewhere")
	case r.RecordType == "":
		return provider.Result{}, errNoRecord
	case r.recipient() == "":
		return problem("no_recipient", "the record "+string(r.RecordType)+" names no recipient")
	}
	result.Drafts = []event.Draft{r.draft(src)}
	return result, nil
}
