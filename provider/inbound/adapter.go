// Package inbound is the adapter for mail that comes in by Amazon SES: its receipt rules publish to Amazon SNS, and what
// they publish comes by the roads of package ses, which proves it. A mail becomes email.received, and email.reply besides
// where it says what it answers: a server looks whether that was a mail of its own, and of whom.
package inbound

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

// Slug is the adapter's. A server knows by it which events of replies it still has to find the mail of.
const Slug = "inbound"

// Adapter is inbound mail of Amazon SES.
var Adapter = provider.Adapter{
	Slug:  Slug,
	Title: "Inbound mail (Amazon SES)",
	Docs:  "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html",
	Names: []event.Name{event.EmailReceived, event.EmailReply, event.EmailUnknown},
	Features: provider.Features{
		Proof:   ses.Adapter.Features.Proof,
		Bots:    "`Auto-Submitted`, `Precedence`, `X-Autoreply`; spam and virus verdicts",
		Dedupe:  "SES's id of the mail",
		Retries: ses.Adapter.Features.Retries,
	},
	MaxBody:  ses.Adapter.MaxBody,
	Road:     ses.Adapter.Road,
	Open:     open,
	Reparse:  reparse,
	Element:  ses.Adapter.Element,
	Import:   importRecord,
	Queue:    openQueued,
	Sample:   sample,
	Remedies: remedies(),
}

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	result, err := ses.Adapter.Open(req, withoutAccount(src), now)
	if err != nil {
		return provider.Result{}, err
	}
	return read(result, src)
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	result, err := ses.Adapter.Reparse(keep, withoutAccount(src))
	if err != nil {
		return provider.Result{}, err
	}
	return read(result, src)
}

func importRecord(record []byte, src provider.Source) (provider.Result, error) {
	result, err := ses.Adapter.Import(record, withoutAccount(src))
	if err != nil {
		return provider.Result{}, err
	}
	return read(result, src)
}

func openQueued(m provider.Queued, src provider.Source, now time.Time) (provider.Result, *provider.Refusal) {
	result, refusal := ses.Adapter.Queue(m, withoutAccount(src), now)
	if refusal != nil {
		return result, refusal
	}
	result, err := read(result, src)
	if err != nil {
		return result, provider.Refuse(provider.Unacceptable, codeUnreadable, "%v", err)
	}
	return result, nil
}

// withoutAccount: mail that comes in has no sending account.
func withoutAccount(src provider.Source) provider.Source {
	src.Account = ""
	return src
}

// read makes of what a proved request holds what it says of mail that came in. What else it says is not taken in here: a fact
// has one id, and a source of SES would give it another one.
func read(r provider.Result, src provider.Source) (provider.Result, error) {
	drafts, problems := r.Drafts, r.Problems
	r.Drafts, r.Problems = nil, nil
	mails := make(map[int]bool)
	for _, p := range problems {
		if p.Code == codeInbound {
			mails[p.Element] = true
		}
	}
	for i, text := range r.Elements { // a long batch does not list all its problems
		if !mails[i] && isMail(text) {
			mails[i] = true
		}
	}
	for _, p := range problems {
		if p.Code != codeInbound && (p.Element >= 0 || len(mails) == 0) {
			r.Problems = append(r.Problems, p)
		}
	}
	for _, i := range slices.Sorted(maps.Keys(mails)) {
		text, err := elementOf(r, i)
		if err != nil {
			return provider.Result{}, fmt.Errorf("read element %d: %w", i, err)
		}
		m := mapping{element: i, body: src.KeepBody}
		m.read(text)
		r.Drafts, r.Problems = append(r.Drafts, m.drafts...), append(r.Problems, m.problems...)
	}
	for _, d := range drafts {
		if d.Name == event.EmailUnknown {
			r.Drafts = append(r.Drafts, d)
		} else if !mails[d.Element] {
			mails[d.Element] = true // said once
			r.Problems = append(r.Problems, provider.Problem{
				Element: d.Element, Code: codeTracking,
				Message: "the event " + string(d.Name) + " is not about mail that came in: let it go to a source of the provider ses",
			})
		}
	}
	provider.SortProblems(r.Problems)
	return r, nil
}

// isMail reports whether a text of a batch is a notification of a mail that came in.
func isMail(text []byte) bool {
	if !bytes.Contains(text, []byte(`"Received"`)) {
		return false
	}
	word, err := provider.MemberOf(text, "notificationType")
	return err == nil && string(word) == `"Received"`
}

func elementOf(r provider.Result, i int) ([]byte, error) {
	if i >= 0 && i < len(r.Elements) {
		return r.Elements[i], nil
	}
	return ses.Adapter.Element(r.Keep, i)
}

// The codes of problems.
const (
	codeInbound    = "inbound_mail" // of package ses
	codeTracking   = "tracking_event"
	codeUnreadable = "unreadable"
	codeNoSender   = "no_sender"
	codeSenders    = "several_senders"
	codeBody       = "unreadable_body"
)

func remedies() map[string]string {
	all := map[string]string{
		codeTracking:   "let the SNS topic of tracking events post to a source of the provider ses",
		codeUnreadable: "nothing; tidings replay reads it again with a later version",
		codeNoSender:   "nothing: the mail does not say who wrote it; it is kept",
		codeSenders:    "nothing: the mail names several writers, and none of them sent it; it is kept",
		codeBody:       "read the mail itself (tidings receipts raw); its body is in no form that is known",
	}
	for code, text := range ses.Adapter.Remedies {
		if _, own := all[code]; !own && code != codeInbound {
			all[code] = text
		}
	}
	return all
}
