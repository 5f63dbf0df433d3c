package pull

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/erase"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// The codes of problems of imported records. Those of the adapter and of package receipt come beside them.
const (
	CodeConsent       = "consent_not_imported" // a change of consent: kept, never applied
	CodeNoTime        = "no_time"              // a fact without a time can't be known again
	CodeNoEvent       = "not_an_event"         // JSON, but not of the file's format
	CodeBadID         = "bad_id"               // an event of ours whose id none of ours can be
	CodeOtherProvider = "other_provider"       // an event of another provider than the source's
	CodeUnknownWord   = "unknown_event"        // a word of Engage that this version does not know
	CodeNoRecipient   = "no_recipient"         // nobody to hang the fact on
)

// reader makes entries of records. It is safe for concurrent use.
type reader struct {
	builder receipt.Builder
	adapter provider.Adapter
	source  *source.Source
	format  Format
}

// reading is what one receipt's records come to.
type reading struct {
	result   provider.Result
	finished []receipt.Event // with ids of their own
	keep     []byte
}

// read makes an entry of pieces. sum is their hash, now when they came.
func (r *reader) read(pieces []piece, sum [32]byte, now time.Time) *receipt.Entry {
	x := &reading{keep: keepHeader(r.format)}
	src := r.source.ForProvider(true, 0)
	for i := range pieces {
		line := r.one(x, src, &pieces[i], i)
		x.keep = append(append(x.keep, '\n'), line...)
	}
	x.result.Keep, x.result.Kind = x.keep, KindImport
	return r.builder.BuildFinished(r.source, x.result, x.finished, keyOf(sum), sum, now)
}

// one reads one piece and returns what is kept of it, as a line.
func (r *reader) one(x *reading, src provider.Source, p *piece, element int) []byte {
	if p.code != "" {
		x.problem(element, p.code, p.detail)
		return keepUnreadable(p)
	}
	if string(p.bytes) == erase.GoneLine {
		return p.bytes
	}
	line, err := r.record(x, src, p.bytes, element)
	if err == nil {
		return keepRecord(line)
	}
	code, message := CodeNoEvent, err.Error()
	if refused, ok := errors.AsType[*provider.Refusal](err); ok {
		code, message = refused.Code, refused.Message
	}
	x.problem(element, code, message)
	return keepUnreadable(&piece{bytes: p.bytes, code: code, detail: message})
}

func (r *reader) record(x *reading, src provider.Source, record []byte, element int) (keep []byte, err error) {
	switch r.format {
	case FormatEvents:
		return record, x.ownEvent(r.source, record, element)
	case FormatEngage:
		return record, x.engage(record, element)
	}
	if r.adapter.Import == nil {
		return nil, provider.Refuse(provider.Unacceptable, CodeOtherProvider, "records of %s can't be imported", r.source.Provider)
	}
	res, err := r.adapter.Import(record, src)
	if err != nil {
		return nil, err
	}
	if len(res.Drafts) == 0 && len(res.Problems) > 0 && holdsSecret(res.Keep) {
		return nil, provider.Refuse(provider.Unacceptable, res.Problems[0].Code, "%s", res.Problems[0].Message)
	}
	for _, p := range res.Problems {
		x.problem(element, p.Code, p.Message)
	}
	for _, d := range res.Drafts {
		d.Element = element
		x.draft(d)
	}
	return res.Keep, nil
}

func (x *reading) problem(element int, code, message string) {
	x.result.Problems = append(x.result.Problems, provider.Problem{Element: element, Code: code, Message: message})
}

// draft takes a fact, unless it is one that an import may not bring.
func (x *reading) draft(d event.Draft) {
	if x.consent(&d.Event, d.Element) {
		return
	}
	if !event.ValidTime(d.IdentityAt) {
		x.problem(d.Element, CodeNoTime, "the record tells no time, so that it could not be known again")
		return
	}
	x.result.Drafts = append(x.result.Drafts, d)
}

// consent turns a change of consent away: a file must not subscribe or unsubscribe anybody. It is not stored either,
// for it would then be known, and without effect, when it comes by the road that it belongs to.
func (x *reading) consent(e *event.Event, element int) bool {
	if contact.FactOf(e).Consent == contact.NoConsent {
		return false
	}
	x.problem(element, CodeConsent, "imports never change consent: "+string(e.Name)+" is only kept")
	return true
}

// ownEvent takes an event of ours as it is, with its id.
func (x *reading) ownEvent(src *source.Source, record []byte, element int) error {
	var e event.Event
	if err := json.Unmarshal(record, &e, jsontext.AllowInvalidUTF8(true)); err != nil {
		return badShape(err, "an event")
	}
	if contact.Derived(e.Name) {
		return nil // what it follows from makes it again
	}
	if code, why := ownProblem(src, &e); code != "" {
		x.problem(element, code, why)
		return nil
	}
	if x.consent(&e, element) {
		return nil
	}
	fillEmpty(&e)
	e.ProjectID, e.ContactID, e.EmailID = src.Project, "", ""
	x.finished = append(x.finished, receipt.Event{Event: e, Element: element})
	return nil
}

// badShape tells of JSON that is not what it should be. The decoder's own words differ from build to build.
func badShape(err error, what string) error {
	return provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "it is JSON, but not %s", what)
}

// fillEmpty puts back the object that belongs to a name, which the public JSON leaves out where it says nothing.
func fillEmpty(e *event.Event) {
	switch e.Name {
	case event.EmailComplaint:
		orEmpty(&e.Complaint)
	case event.EmailDelivery:
		orEmpty(&e.Delivery)
	case event.EmailDelay:
		orEmpty(&e.Delay)
	case event.EmailReject:
		orEmpty(&e.Reject)
	case event.EmailFailure:
		orEmpty(&e.Failure)
	case event.EmailSubscribe, event.EmailUnsubscribe:
		orEmpty(&e.Subscription)
	}
}

func orEmpty[T any](p **T) {
	if *p == nil {
		*p = new(T)
	}
}

// ownProblem tells what makes an event of ours none that can be taken.
func ownProblem(src *source.Source, e *event.Event) (code, why string) {
	const version8, variant = 0x80, 0x80
	switch {
	case e.Name.Slot() == 0 && !isCustom(e.Name):
		return CodeNoEvent, "its name is neither one of an email's events nor one of a custom event"
	case e.ID[6]&0xf0 != version8 || e.ID[8]&0xc0 != variant || !event.ValidTime(e.ID.Time()):
		return CodeBadID, "its id is not one that Tidings makes"
	case !event.ValidTime(e.OccurredAt):
		return CodeNoTime, "it has no occurredAt"
	case e.Recipient == "":
		return CodeNoRecipient, "it has no recipient"
	case e.Source == nil || e.Source.Provider != src.Provider:
		return CodeOtherProvider, "it is not of " + src.Provider + ", as the source is"
	}
	return "", ""
}

func isCustom(n event.Name) bool {
	name, err := event.CustomName(string(n))
	return err == nil && name == n
}

// engage reads a line of Engage's CSV. It names no message, so that the line itself is the fact's key.
func (x *reading) engage(record []byte, element int) error {
	var row engageRow
	if err := json.Unmarshal(record, &row, jsontext.AllowInvalidUTF8(true)); err != nil {
		return badShape(err, "a line of Engage")
	}
	d, code, why := row.draft()
	if code != "" {
		x.problem(element, code, why)
		return nil
	}
	d.Element = element
	x.draft(d)
	return nil
}
