// Package mandrill is the adapter for the webhooks of Mandrill, now Mailchimp Transactional: a batch of events in a form,
// signed together with the URL that it is posted to.
package mandrill

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Mandrill's webhooks. A source has the webhook's key in its Secrets and in its URLs the URL that the webhook
// was created with.
var Adapter = provider.Adapter{
	Slug:  "mandrill",
	Title: "Mandrill (Mailchimp Transactional)",
	Docs:  "https://mailchimp.com/developer/transactional/docs/webhooks/",
	Names: []event.Name{
		event.EmailSent, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailOpen,
		event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	Methods: []string{http.MethodPost, http.MethodHead}, // HEAD asks whether the URL is there
	MaxBody: 16 << 20,                                   // a thousand events, percent-encoded
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "HMAC-SHA1 over the URL and the form",
		Dedupe:  "the event's word, `_id`, time, URL and IP",
		Retries: "until it is accepted, or given up by hand; new events queue behind",
		Batches: "up to 1,000 events, about once a minute",
	},
	Open:    open,
	Reparse: reparse,
	Element: provider.ElementAt,
	Sample:  specimen.Sample,
}

// What Result.Kind says of a request.
const (
	kindNotification = "notification"
	kindProbe        = "probe" // asks whether the URL is there: HEAD, and a batch of nothing
)

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost && req.Method != http.MethodHead {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Mandrill sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	if req.Method == http.MethodHead {
		return provider.Result{Kind: kindProbe}, nil
	}
	batch, refusal := prove(req, src)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	return read(batch, src), nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	if len(keep) == 0 {
		return provider.Result{Kind: kindProbe, Keep: keep}, nil
	}
	return read(keep, src), nil
}

// read turns a proved batch into drafts and problems.
func read(batch []byte, src provider.Source) provider.Result {
	result := provider.Result{Kind: kindNotification, Keep: batch}
	list, err := provider.Elements(batch)
	if err != nil {
		result.Problems = []provider.Problem{{
			Element: -1, Code: "unreadable",
			Message: "the request is genuine but no array of events: " + provider.JSONCode(err),
		}}
		return result
	}
	if len(list) == 0 {
		result.Kind = kindProbe
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
		if d.IdentityAt.IsZero() {
			result.Problems = append(result.Problems, provider.Problem{
				Element: i, Code: "bad_time", Message: "the time of the event is in no known form, that of its receipt is used",
			})
		}
		result.Drafts = append(result.Drafts, d)
	}
	return result
}

func readOne(text jsontext.Value, src provider.Source) (event.Draft, *provider.Problem) {
	var rec record
	if err := provider.DecodeJSON(text, &rec); err != nil {
		return event.Draft{}, &provider.Problem{
			Code: "unreadable", Message: "this element is not an event: " + provider.JSONCode(err),
		}
	}
	switch word := rec.word(); {
	case word == "":
		return event.Draft{}, &provider.Problem{Code: "unreadable", Message: "this element has no event, so it is not Mandrill's"}
	case word == "inbound":
		return event.Draft{}, &provider.Problem{
			Code:    "inbound_mail",
			Message: "inbound mail on a tracking webhook: give the route of inbound mail another URL",
		}
	case rec.recipient() == "":
		return event.Draft{}, &provider.Problem{Code: "no_recipient", Message: "the event " + word + " names no recipient"}
	}
	return rec.draft(src), nil
}
