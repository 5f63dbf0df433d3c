// Package sendgrid is the adapter for the Event Webhook of Twilio SendGrid: a batch of events, signed with ECDSA over a
// timestamp and the body.
package sendgrid

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter is the Event Webhook. A source has the verification key in its Secrets, or BasicAuth, or both.
var Adapter = provider.Adapter{
	Slug:  "sendgrid",
	Title: "Twilio SendGrid",
	Docs:  "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
	Names: []event.Name{
		event.EmailQueued, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailOpen,
		event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailSubscribe, event.EmailUnknown,
	},
	// The documentation says 768 kB. A batch of 10,000 events fits, so that a relay may collect some.
	MaxBody: 12 << 20,
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "ECDSA P-256 over timestamp and body, or basic auth",
		Bots:    "`sg_machine_open`: Apple's prefetch",
		Dedupe:  "`sg_event_id`",
		Retries: "24 h, at growing intervals, whatever the answer but a 2xx",
		Batches: "up to 768 kB or 30 s of events",
	},
	Open:    open,
	Reparse: reparse,
	Element: provider.ElementAt,
	Sample:  specimen.Sample,
}

const kindNotification = "notification"

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"SendGrid sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	at, refusal := prove(req, src, now)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	result := read(req.Body, src)
	result.Transport.At = at
	result.Keep = req.Body
	return result, nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	result := read(keep, src)
	result.Keep = keep
	return result, nil
}

// read turns a proved batch into drafts and problems.
func read(body []byte, src provider.Source) provider.Result {
	result := provider.Result{Kind: kindNotification}
	list, err := provider.Elements(body)
	if err != nil {
		result.Problems = []provider.Problem{{
			Element: -1, Code: "unreadable",
			Message: fmt.Sprintf("the request is genuine but no array of events (%s): %v", provider.JSONCode(err), err),
		}}
		return result
	}
	result.Drafts = make([]event.Draft, 0, len(list))
	for i, text := range list {
		d, problem := readOne(text, src)
		if problem != nil {
			problem.Element = i
			result.Problems = append(result.Problems, *problem)
			continue
		}
		d.Element, d.Raw = i, text
		result.Drafts = append(result.Drafts, d)
	}
	return result
}

func readOne(text jsontext.Value, src provider.Source) (event.Draft, *provider.Problem) {
	r, err := readRecord(text, src)
	if err != nil {
		return event.Draft{}, &provider.Problem{
			Code: "unreadable", Message: fmt.Sprintf("this element is not an event (%s): %v", provider.JSONCode(err), err),
		}
	}
	switch {
	case r.word == "":
		return event.Draft{}, &provider.Problem{Code: "unreadable", Message: "this element has no event, so it is not SendGrid's"}
	case r.word == wordAccount:
		return event.Draft{}, &provider.Problem{
			Code:    "account_status",
			Message: "SendGrid changed the status of the account to " + r.kind + ": look at the account in its dashboard",
		}
	case r.email == "":
		return event.Draft{}, &provider.Problem{Code: "no_recipient", Message: "the event " + r.word + " has no email"}
	}
	return r.draft(), nil
}
