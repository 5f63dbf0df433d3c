// Package mailjet is the adapter for Mailjet's Event API: one event, or those of the last second together. Mailjet signs
// nothing; what proves a request is its URL, with the source's token or a user and password.
package mailjet

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter is the Event API, version 1 (single events) and 2 (grouped ones). A source has the token in its URL, or
// BasicAuth, or both.
var Adapter = provider.Adapter{
	Slug:  "mailjet",
	Title: "Mailjet",
	Docs:  "https://dev.mailjet.com/email/guides/webhooks/",
	Names: []event.Name{
		event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailOpen, event.EmailClick,
		event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	MaxBody: 8 << 20, // a second of a large campaign
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "the token in the URL, or basic auth; no signature",
		Dedupe:  "the event's word, `MessageID`, address, time, URL and IP",
		Retries: "24 h, every 30 s, whatever the answer but 200; then the URL is suspended",
		Batches: "the events of a second, where they are grouped",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const kindNotification = "notification"

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Mailjet sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	if !src.TokenProved && len(src.BasicAuth) == 0 {
		return provider.Result{}, provider.Refuse(provider.Forbidden, "not_proved",
			"Mailjet signs nothing, so the URL must hold the source's token, or a user and password: see basicAuth")
	}
	list, err := elements(req.Body)
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"the body is neither an event of Mailjet nor an array of events: %v", err)
	}
	return read(req.Body, list, src), nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	list, err := elements(keep)
	if err != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", err)
	}
	return read(keep, list, src), nil
}

func element(keep []byte, i int) ([]byte, error) {
	if grouped(keep) {
		return provider.ElementAt(keep, i)
	}
	if i != 0 {
		return nil, fmt.Errorf("element %d: the request holds one event", i)
	}
	return keep, nil
}

func grouped(body []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) }

// elements are the events of a body. A single one has to be an event: there is nothing else to tell it by.
func elements(body []byte) ([]jsontext.Value, error) {
	if grouped(body) {
		return provider.Elements(body)
	}
	var single struct {
		Event provider.Text `json:"event"`
	}
	if err := provider.DecodeJSON(body, &single); err != nil {
		return nil, err
	}
	if single.Event == "" {
		return nil, fmt.Errorf("it has no event")
	}
	return []jsontext.Value{body}, nil
}

// read turns the events of a body into drafts and problems.
func read(body []byte, list []jsontext.Value, src provider.Source) provider.Result {
	result := provider.Result{Kind: kindNotification, Keep: body, Drafts: make([]event.Draft, 0, len(list))}
	for i, text := range list {
		d, problem := readOne(text, src)
		if problem != nil {
			problem.Element = i
			result.Problems = append(result.Problems, *problem)
		}
		if len(d.Key) > 0 {
			d.Element, d.Raw = i, text
			result.Drafts = append(result.Drafts, d)
		}
	}
	return result
}

// readOne makes a draft, or a problem, or both where the draft has no time.
func readOne(text jsontext.Value, src provider.Source) (event.Draft, *provider.Problem) {
	var rec record
	if err := provider.DecodeJSON(text, &rec); err != nil {
		return event.Draft{}, &provider.Problem{
			Code: "unreadable", Message: "this element is not an event: " + provider.JSONCode(err),
		}
	}
	switch {
	case rec.Event == "":
		return event.Draft{}, &provider.Problem{Code: "unreadable", Message: "this element has no event, so it is not Mailjet's"}
	case rec.Email == "":
		return event.Draft{}, &provider.Problem{Code: "no_recipient", Message: "the event " + string(rec.Event) + " has no email"}
	}
	d := rec.draft(src)
	if !d.IdentityAt.IsZero() {
		return d, nil
	}
	return d, &provider.Problem{
		Code: "bad_time", Message: "the time of the event is in no known form, that of its receipt is used: " + string(rec.Time),
	}
}
