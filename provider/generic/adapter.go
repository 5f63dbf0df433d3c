// Package generic is the adapter for every sender that has none of its own: events in Tidings' public JSON, signed by
// Standard Webhooks. docs/providers/generic.md has the JSON schema.
package generic

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter takes one event, an array of events, or {"events": […]}. A source has secrets of Standard Webhooks.
var Adapter = provider.Adapter{
	Slug:    "generic",
	Title:   "Anything else",
	Docs:    "https://www.standardwebhooks.com",
	Names:   event.EmailNames(),
	MaxBody: 12 << 20,
	Features: provider.Features{
		Proof:   "Standard Webhooks: HMAC-SHA256 or Ed25519 over id, timestamp and body",
		Bots:    "`automation`",
		Dedupe:  "`id`, else word, message, recipient, time and what tells clicks apart",
		Retries: "the sender's own; Standard Webhooks suggests three days",
		Batches: "up to 12 MiB of events",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const kindNotification = "notification"

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method", "want POST, this is %.20q", req.Method)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	head, refusal := provider.CheckStandardWebhook(req, "webhook", src.WebhookSecrets(), now, src.MaxAge)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	result := read(req.Body)
	// Senders may get webhook-id wrong and use one twice, so requests are told apart by their bodies.
	result.Transport.At = head.At
	result.Keep = req.Body
	return result, nil
}

func reparse(keep []byte, _ provider.Source) (provider.Result, error) {
	result := read(keep)
	result.Keep = keep
	return result, nil
}

// elements finds the events of a body in any of its three forms.
func elements(body []byte) ([]jsontext.Value, error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		return provider.Elements(body)
	}
	batch, err := provider.MemberOf(body, "events")
	switch {
	case err != nil:
		return nil, err
	case batch == nil:
		return []jsontext.Value{bytes.TrimSpace(body)}, nil
	}
	return provider.Elements(batch)
}

func element(keep []byte, i int) ([]byte, error) {
	list, err := elements(keep)
	if err != nil {
		return nil, fmt.Errorf("element %d: %w", i, err)
	}
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("element %d: the request has %d", i, len(list))
	}
	return list[i], nil
}

func read(body []byte) provider.Result {
	result := provider.Result{Kind: kindNotification}
	list, err := elements(body)
	if err != nil {
		result.Problems = []provider.Problem{{
			Element: -1, Code: "unreadable",
			Message: fmt.Sprintf("the request is genuine but holds no events (%s): %v", provider.JSONCode(err), err),
		}}
		return result
	}
	result.Drafts = make([]event.Draft, 0, len(list))
	for i, text := range list {
		d, ok, problems := readOne(text)
		for _, p := range problems {
			p.Element = i
			result.Problems = append(result.Problems, p)
		}
		if ok {
			d.Element, d.Raw = i, text
			result.Drafts = append(result.Drafts, d)
		}
	}
	return result
}

// readOne reads an event. It may be made in part: then there are problems and a draft.
func readOne(text jsontext.Value) (event.Draft, bool, []provider.Problem) {
	r := &record{}
	if err := provider.DecodeJSON(text, r); err != nil {
		return event.Draft{}, false, problem("unreadable",
			fmt.Sprintf("this element is not an event (%s): %s", provider.JSONCode(err), provider.JSONMessage(err)))
	}
	switch {
	case r.word() == "":
		return event.Draft{}, false, problem("unreadable", "this element has no name, so it is not an event")
	case r.recipient() == "":
		return event.Draft{}, false, problem("no_recipient", "the event "+r.word()+" has no recipient")
	}
	d := r.draft()
	return d, true, r.problems
}

func problem(code, message string) []provider.Problem {
	return []provider.Problem{{Code: code, Message: message}}
}
