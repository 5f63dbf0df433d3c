// Package mailgun is the adapter for Mailgun's webhooks: one event for each request, as JSON or, from webhooks made before
// 2018, as a form.
//
// Mailgun signs a timestamp and a token and not the event, so a good signature proves only that somebody has seen a
// request of Mailgun's. What makes it a proof is that each token comes with one body only: see
// provider.Transport.OneBody. Whoever uses this adapter without a server has to remember tokens.
package mailgun

import (
	"fmt"
	"net/http"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Mailgun's webhooks. A source has the webhook signing key in its Secrets.
var Adapter = provider.Adapter{
	Slug:  "mailgun",
	Title: "Mailgun",
	Docs:  "https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks",
	Names: []event.Name{
		event.EmailQueued, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailOpen,
		event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	MaxBody: 4 << 20, // old webhooks attach the message that bounced
	Answers: provider.Answers{
		provider.Forbidden:    http.StatusUnauthorized, // is tried again, while somebody corrects the key
		provider.Unacceptable: http.StatusNotAcceptable,
		provider.TooLarge:     http.StatusNotAcceptable,
		provider.Encoded:      http.StatusNotAcceptable,
	},
	Features: provider.Features{
		Proof:   "HMAC-SHA256 over timestamp and token, each token with one body only, and the token in the URL",
		Bots:    "`client-info.bot`: `apple`, `gmail`, `generic`",
		Dedupe:  "`id` within the day of the event",
		Retries: "8 h: after 5, 10, 15 min, 1, 2, 4 h; a 406 ends it; `delivered` is never sent again",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const kindNotification = "notification"

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Mailgun sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	p, refusal := readPost(req)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	at, refusal := prove(p.proof, src, now)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	result := read(p.keep, src)
	result.Transport = provider.Transport{ID: string(p.Token), At: at, OneBody: true}
	return result, nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) { return read(keep, src), nil }

func element(keep []byte, i int) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("element %d: a request of Mailgun holds one", i)
	}
	return keep, nil
}

// read turns what is kept of a proved request into drafts and problems.
func read(keep []byte, src provider.Source) provider.Result {
	result := provider.Result{Kind: kindNotification, Keep: keep}
	rec, err := readRecord(keep)
	if err != nil {
		result.Problems = problem("unreadable", "the event can't be read: "+provider.JSONCode(err))
		return result
	}
	if rec.Event == "" {
		result.Problems = problem("unreadable", "the request is genuine but has no event, so it is not one of Mailgun's webhooks")
		return result
	}
	result.Drafts = rec.drafts(src)
	switch {
	case len(result.Drafts) == 0:
		result.Problems = problem("no_recipient", "the event "+rec.word+" names no recipient")
	case result.Drafts[0].IdentityAt.IsZero():
		result.Problems = problem("bad_time", "the time of the event is in no known form, that of its receipt is used: "+
			string(rec.Timestamp))
	}
	return result
}

func problem(code, message string) []provider.Problem {
	return []provider.Problem{{Element: 0, Code: code, Message: message}}
}
