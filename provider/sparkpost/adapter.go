// Package sparkpost is the adapter for the event webhooks of SparkPost, now Bird: unsigned batches, known by basic auth, a
// token in a header or the token of the URL.
package sparkpost

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// Adapter is SparkPost's event webhook.
var Adapter = provider.Adapter{
	Slug:  "sparkpost",
	Title: "SparkPost (Bird)",
	Docs:  "https://developers.sparkpost.com/api/webhooks/",
	Names: []event.Name{
		event.EmailQueued, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailFailure,
		event.EmailOpen, event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailSubscribe, event.EmailUnknown,
	},
	MaxBody: 16 << 20, // 10,000 events, which have two kilobytes each at most
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "basic auth, a token in a header, or the URL's token",
		Bots:    "`user_agent_parsed.is_prefetched`, `.is_proxy`",
		Dedupe:  "`event_id`",
		Retries: "8 h, 12 times, at growing intervals, whatever the answer but a 200",
		Batches: "hundreds of events; an empty one is a ping",
	},
	Open:    open,
	Reparse: reparse,
	Element: provider.ElementAt,
	Sample:  specimen.Sample,
}

// headerToken is what SparkPost's older webhooks sent.
const headerToken = "X-MessageSystems-Webhook-Token"

// What Result.Kind says of a request.
const (
	kindNotification = "notification"
	kindProbe        = "probe"
)

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"SparkPost sends POST, this is %.20q", req.Method)
	}
	if r := provider.CheckUnsigned(req.Header, src, headerToken); r != nil {
		return provider.Result{}, r
	}
	list, err := provider.Elements(req.Body)
	if err != nil {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"SparkPost sends an array of events: %v", err)
	}
	result := read(list, src)
	result.Keep = req.Body
	return result, nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	list, err := provider.Elements(keep)
	if err != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", err)
	}
	result := read(list, src)
	result.Keep = keep
	return result, nil
}

func read(list []jsontext.Value, src provider.Source) provider.Result {
	result := provider.Result{Kind: kindProbe, Drafts: make([]event.Draft, 0, len(list))}
	for i, text := range list {
		d, problem, ok := readOne(text, src)
		if !ok {
			continue
		}
		result.Kind = kindNotification
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

// envelope is one element of a batch.
type envelope struct {
	Msys map[string]jsontext.Value `json:"msys"`
}

// readOne reads {"msys": {CLASS: {…}}}. An empty msys is a ping, of which nothing comes: then ok is false.
func readOne(text jsontext.Value, src provider.Source) (d event.Draft, p *provider.Problem, ok bool) {
	var element envelope
	if err := provider.DecodeJSON(text, &element); err != nil {
		return d, unreadable(err), true
	}
	if element.Msys == nil {
		return d, problem("unreadable", "this element has no msys, so it is not SparkPost's"), true
	}
	if len(element.Msys) == 0 {
		return d, nil, false
	}
	class := slices.Min(slices.Collect(maps.Keys(element.Msys)))
	r := &record{class: class}
	if err := provider.DecodeJSON(element.Msys[class], r); err != nil {
		return d, unreadable(err), true
	}
	switch {
	case class == "relay_event":
		return d, problem("inbound_mail", "relay events are about inbound mail: leave them out of the webhook's events"), true
	case r.Type == "":
		return d, problem("unreadable", "this "+class+" has no type"), true
	case r.recipient() == "":
		return d, problem("no_recipient", "the event "+string(r.Type)+" names no recipient: ingest events and A/B tests do not"), true
	}
	return r.draft(src), nil, true
}

func unreadable(err error) *provider.Problem {
	return problem("unreadable",
		fmt.Sprintf("this element is not an event (%s): %s", provider.JSONCode(err), provider.JSONMessage(err)))
}

func problem(code, message string) *provider.Problem {
	return &provider.Problem{Code: code, Message: message}
}
