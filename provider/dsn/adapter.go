// Package dsn is the adapter for senders that speak SMTP: it reads the reports that come back by mail, as MIME. Delivery
// status notifications (RFC 3464) become bounces, delays and deliveries, feedback reports (ARF, RFC 5965) complaints, and
// automatic answers bounces of that class. It reads in this order: the proof (token, basic auth), the message and its
// parts, the fields of the report, the headers of our own message in it, the drafts of events.
package dsn

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"tidings/event"
	"tidings/provider"
)

// MaxMessage is the largest message that Open takes, in bytes. What is beyond may be cut off by whoever posts it: the
// report comes before the message that it is about.
const MaxMessage = 4 << 20

// Adapter reads one report, posted as it came by mail: message/rfc822.
var Adapter = provider.Adapter{
	Slug:  "dsn",
	Title: "Reports by mail (DSN, ARF)",
	Docs:  "https://www.rfc-editor.org/rfc/rfc3464",
	Features: provider.Features{
		Proof:   "basic auth, or the URL's token; the mail itself is not signed",
		Dedupe:  "the report's `Message-ID`, recipient, action or feedback type",
		Retries: "by the mail server's queue, for days",
		Batches: "up to 10,000 recipients of one report",
	},
	Names: []event.Name{
		event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailComplaint, event.EmailUnsubscribe,
		event.EmailUnknown,
	},
	MaxBody:  MaxMessage,
	Open:     open,
	Reparse:  reparse,
	Element:  element,
	Sample:   sample,
	Remedies: remedies,
}

// What Result.Kind says of a message.
const (
	kindDelivery = "delivery_report"
	kindFeedback = "feedback_report"
	kindReply    = "auto_reply"
	kindOther    = "other_mail"
)

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"a report is posted, this is %.20q", req.Method)
	}
	if r := prove(req.Header, src); r != nil {
		return provider.Result{}, r
	}
	result, ok := read(req.Body, src)
	if !ok {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "not_a_message",
			"the body does not begin with the header of a mail: post the message as it came, headers first")
	}
	result.Keep = req.Body
	return result, nil
}

// prove asks for the token or for user and password: mail carries no signature that is about its report.
func prove(h http.Header, src provider.Source) *provider.Refusal {
	if r := provider.CheckBasicAuth(h, src.BasicAuth); r != nil {
		return r
	}
	if !src.TokenProved && len(src.BasicAuth) == 0 {
		return provider.Refuse(provider.Forbidden, "not_proved",
			"a report has no signature, so its URL must hold the source's token, or the source ask for basic auth")
	}
	return nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	result, ok := read(keep, src)
	if !ok {
		return provider.Result{}, fmt.Errorf("reparse: not a message")
	}
	result.Keep = keep
	return result, nil
}

// element returns the fields of recipient i of a delivery report, as they came; of every other message all of it.
func element(keep []byte, i int) ([]byte, error) {
	m, ok := readMail(keep)
	if !ok {
		return nil, fmt.Errorf("element %d: not a message", i)
	}
	if m.status == nil {
		if i != 0 {
			return nil, fmt.Errorf("element %d: the message holds one", i)
		}
		return keep, nil
	}
	_, list := groups(m.status)
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("element %d: the report has %d recipients", i, len(list))
	}
	return slices.Clone(list[i].text), nil
}

// read turns a message into drafts and problems; false where it is no message at all. A panic in the decoding of what
// strangers wrote costs only the message.
func read(body []byte, src provider.Source) (result provider.Result, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			result, ok = provider.Result{Kind: kindOther, Problems: []provider.Problem{{
				Element: -1, Code: codeUnreadable, Message: fmt.Sprintf("the message could not be taken apart: %.100v", p),
			}}}, true
		}
	}()
	m, ok := readMail(body)
	if !ok {
		return provider.Result{}, false
	}
	return m.result(src), true
}
