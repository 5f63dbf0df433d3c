// Package postal is the adapter for Postal, the mail server that people run themselves. Its webhooks are signed with the
// installation's RSA key, which also signs DKIM.
package postal

import (
	"fmt"
	"net/http"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Postal's webhooks: one event a request.
var Adapter = provider.Adapter{
	Slug:  "postal",
	Title: "Postal",
	Docs:  "https://docs.postalserver.io/developer/webhooks",
	Names: []event.Name{
		event.EmailQueued, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject,
		event.EmailOpen, event.EmailClick, event.EmailUnknown,
	},
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "RSA with SHA-256, or SHA-1 of older versions, over the body",
		Dedupe:  "the event's word, the message's id and token, the time of the attempt; uuid of opens and clicks",
		Retries: "after 2, 3, 6, 10 and 15 minutes, then dropped",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const (
	kind = "notification"
	// maxFuture is how far the clock of the Postal server may be ahead of ours.
	maxFuture = 5 * time.Minute
)

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Postal sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	if r := prove(req, src); r != nil {
		return provider.Result{}, r
	}
	m := read(req.Body)
	at := provider.UnixTime(string(m.Timestamp))
	if !at.IsZero() {
		if r := provider.CheckAge(at, now, src.MaxAge, maxFuture); r != nil {
			return provider.Result{}, r
		}
	}
	result := m.result(req.Body)
	result.Transport = provider.Transport{ID: string(m.UUID), At: at}
	return result, nil
}

func reparse(keep []byte, _ provider.Source) (provider.Result, error) {
	return read(keep).result(keep), nil
}

// element returns the body: a request holds one event.
func element(keep []byte, i int) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("element %d: a Postal request holds one", i)
	}
	return keep, nil
}

// read turns a proved body into drafts or problems.
func read(body []byte) *mapping {
	m := &mapping{}
	if err := provider.DecodeJSON(body, &m.record); err != nil {
		m.problem("unreadable", "the body is not a Postal event: "+provider.JSONTrouble(err))
		return m
	}
	m.run()
	return m
}

func (m *mapping) result(body []byte) provider.Result {
	return provider.Result{Kind: kind, Keep: body, Drafts: m.drafts, Problems: m.problems}
}
