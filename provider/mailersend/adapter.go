// Package mailersend is the adapter for MailerSend's webhooks: one event for each request, signed over the body.
package mailersend

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is MailerSend's webhooks. A source has the webhook's signing secret in its Secrets.
var Adapter = provider.Adapter{
	Slug:  "mailersend",
	Title: "MailerSend",
	Docs:  "https://developers.mailersend.com/api/v1/webhooks.html",
	Names: []event.Name{
		event.EmailSent, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailOpen, event.EmailClick,
		event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "HMAC-SHA256 over the body",
		Dedupe:  "the id of the open or click, else of the activity",
		Retries: "twice; after 20 failures within 24 h the webhook is paused until somebody enables it",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

// What Result.Kind says of a request.
const (
	kindNotification = "notification"
	kindProbe        = "probe"
)

const headerSignature = "Signature"

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"MailerSend sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	if r := prove(req, src); r != nil {
		return provider.Result{}, r
	}
	return read(req.Body), nil
}

func prove(req provider.Request, src provider.Source) *provider.Refusal {
	if !slices.ContainsFunc(src.Secrets, func(s string) bool { return s != "" }) {
		return provider.Refuse(provider.Forbidden, "no_key",
			"this source has no signing secret, so it accepts nothing: add the one of the webhook to the source's secrets")
	}
	signature := req.Header.Get(headerSignature)
	if signature == "" {
		return provider.Refuse(provider.Forbidden, "no_signature", "header %s is missing: it is not a webhook of MailerSend",
			headerSignature)
	}
	sum, err := hex.DecodeString(signature)
	if err != nil || !provider.MatchMAC(sha256.New, sum, src.Secrets, req.Body) {
		return provider.Refuse(provider.Forbidden, "bad_signature",
			"the body is not what was signed with the source's secret: copy the signing secret of this webhook from MailerSend, "+
				"each webhook has its own; and make sure that no proxy in front changes the body, which has slashes as \\/")
	}
	return nil
}

func reparse(keep []byte, _ provider.Source) (provider.Result, error) { return read(keep), nil }

func element(keep []byte, i int) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("element %d: a request of MailerSend holds one", i)
	}
	return keep, nil
}

// read turns a proved body into a draft or a problem.
func read(body []byte) provider.Result {
	result := provider.Result{Kind: kindNotification, Keep: body}
	var rec record
	if err := provider.DecodeJSON(body, &rec); err != nil {
		result.Problems = problem("unreadable", "the event can't be read: "+provider.JSONCode(err))
		return result
	}
	switch word := rec.word(); {
	case word == "":
		result.Problems = problem("unreadable", "the request is genuine but has no type, so it is not one of MailerSend's webhooks")
	case rec.Type == "webhook.test":
		result.Kind = kindProbe
	case rec.Type == "inbound.message":
		result.Problems = problem("inbound_mail", "inbound mail on a tracking webhook: give the inbound route another URL")
	case rec.Data.Email.Recipient.Email == "":
		result.Problems = problem("no_recipient", "the event "+word+" is about no message")
	default:
		d := rec.draft()
		if d.IdentityAt.IsZero() {
			result.Problems = problem("bad_time", "the time of the event is in no known form, that of its receipt is used: "+
				string(rec.Data.CreatedAt))
		}
		result.Drafts = []event.Draft{d}
	}
	return result
}

func problem(code, message string) []provider.Problem {
	return []provider.Problem{{Element: 0, Code: code, Message: message}}
}
