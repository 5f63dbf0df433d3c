// Package resend is the adapter for Resend, whose webhooks are sent and signed by Svix.
package resend

import (
	"fmt"
	"net/http"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Resend's webhooks: one event a request.
var Adapter = provider.Adapter{
	Slug:  "resend",
	Title: "Resend",
	Docs:  "https://resend.com/docs/webhooks/event-types",
	Names: []event.Name{
		event.EmailQueued, event.EmailSent, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailFailure,
		event.EmailOpen, event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "HMAC-SHA256 of Svix over id, time and body",
		Dedupe:  "the event's word, email_id, recipient, time; link, address and user agent of a click",
		Retries: "8 attempts within 28 hours; after 5 days of failures the webhook is switched off",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const (
	// kind is what Result.Kind says of every request.
	kind = "notification"
	// tolerance is how old a signature may be where the source says nothing: Svix signs every attempt anew.
	tolerance = 5 * time.Minute
)

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Resend sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	proof, refusal := prove(req, src, now)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	result := read(req.Body, src)
	result.Transport = provider.Transport{ID: proof.ID, At: proof.At}
	return result, nil
}

// prove checks the signature of Svix, whose headers are svix-… or, under the sender's own name, webhook-….
func prove(req provider.Request, src provider.Source, now time.Time) (provider.StandardWebhook, *provider.Refusal) {
	prefix, maxAge := "svix", src.MaxAge
	if req.Header.Get("svix-id") == "" && req.Header.Get("webhook-id") != "" {
		prefix = "webhook"
	}
	if maxAge == 0 {
		maxAge = tolerance
	}
	return provider.CheckStandardWebhook(req, prefix, src.WebhookSecrets(), now, maxAge)
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) { return read(keep, src), nil }

// element returns the body: a request holds one event.
func element(keep []byte, i int) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("element %d: a Resend request holds one", i)
	}
	return keep, nil
}

// read turns a proved body into drafts or problems.
func read(body []byte, src provider.Source) provider.Result {
	m := mapping{source: src}
	if err := provider.DecodeJSON(body, &m.record); err != nil {
		m.problem("unreadable", "the body is not a Resend event: "+provider.JSONTrouble(err))
	} else {
		m.run()
	}
	return provider.Result{Kind: kind, Keep: body, Drafts: m.drafts, Problems: m.problems}
}
