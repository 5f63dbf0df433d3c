package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/source"
	"tidings/provider"
)

// The codes of problems that Build adds to an adapter's.
const (
	CodeUnfinished = "unfinished" // a draft that could not be made an event
	CodeConflict   = "conflict"   // two drafts of one receipt with the same identity and another content
)

// Builder makes entries out of what adapters read. It is safe for concurrent use if Judge is.
type Builder struct {
	Codec *Codec
	// Judge sets Automation and Client of a finished event. It must be a function of the event alone. nil: nobody
	// judges.
	Judge func(*event.Event)
	// Whom says whom a custom event of a bus is about and what it says of them, by the app and bus, the name and the data of the
	// event; Address is as written. It is asked also where the event names an address itself. ok is false where it says nothing;
	// nil: it never does. What nobody knows the contact of stays a problem of its receipt, and replay asks again.
	Whom func(project string, e *event.Event) (says contact.Change, ok bool)
}

// address says whom a draft of a custom event is about; what is said of the contact beside it goes into the entry.
func (b Builder) address(entry *Entry, d *event.Draft) {
	if b.Whom == nil || d.Bus == nil {
		return
	}
	says, ok := b.Whom(entry.Source.Project, &d.Event)
	if !ok {
		return
	}
	d.Recipient = says.Address
	if len(says.Attributes) == 0 {
		return
	}
	if says.Address = event.ParseAddress(says.Address).Key; says.Address != "" {
		says.At, says.Origin, says.By = entry.ReceivedAt.UnixMilli(), originBus, entry.Source.ID
		entry.Changes = append(entry.Changes, says)
	}
}

// originBus is the contact.Change.Origin of what events of a bus say of contacts.
const originBus = "bus"

// Build finishes and encodes what a proved request holds. body is the request as received, now when it came; for a
// receipt that is parsed again, when it came for the first time. A draft that can't be finished becomes a problem and
// costs only itself; of two with the same identity the first stays.
func (b Builder) Build(src *source.Source, res provider.Result, body []byte, now time.Time) *Entry {
	now = now.UTC().Truncate(time.Millisecond)
	sum := sha256.Sum256(body)
	e := &Entry{
		Source: src, Key: KeyOf(res.Transport, sum), ReceivedAt: now, SHA256: sum, Kind: res.Kind,
		Keep: res.Keep, Problems: res.Problems, Events: make([]Event, 0, len(res.Drafts)),
	}
	e.Confirm = confirmation(e, res.Wishes)
	origin := event.Origin{Project: src.Project, SourceID: src.ID, Provider: src.Provider, ReceivedAt: now}
	seen := seen{}
	for _, d := range res.Drafts {
		b.address(e, &d)
		if provider.Nobody(&d) {
			e.Problems = append(e.Problems, provider.AboutNobody(&d))
			provider.SortProblems(e.Problems)
			continue
		}
		finished, err := b.finish(d, origin)
		if err != nil {
			e.problem(d.Element, CodeUnfinished, "this element could not be made an event and is only kept: "+err.Error())
			continue
		}
		if first, again := seen.find(e.Events, finished.ID); again {
			if !sameFact(&e.Events[first], &finished) {
				e.problem(d.Element, CodeConflict, "this element says of event "+finished.ID.String()+
					" something else than one before it in the same request; the first stays")
			}
			continue
		}
		e.Events = append(e.Events, finished)
	}
	return e
}

func (b Builder) finish(d event.Draft, o event.Origin) (Event, error) {
	ev, err := d.Finish(o)
	if err != nil {
		return Event{}, err
	}
	return b.encode(ev, d.Element)
}

// encode judges a finished event and makes its stored form.
func (b Builder) encode(ev event.Event, element int) (Event, error) {
	if b.Judge != nil {
		b.Judge(&ev)
	}
	stored, err := b.Codec.EncodeDetail(&ev)
	if err != nil {
		return Event{}, err
	}
	return Event{
		Event: ev, Element: element, Detail: stored, Info: EncodeInfo(ev.Message), Values: attribute.OfEvent(&ev),
	}, nil
}

func (e *Entry) problem(element int, code, message string) {
	e.Problems = append(e.Problems, provider.Problem{Element: element, Code: code, Message: message})
}

// confirmation is the subscription that the request asks to confirm; nil for none.
func confirmation(e *Entry, wishes []provider.Wish) *source.Confirmation {
	for _, w := range wishes {
		if w.Kind == provider.ConfirmSubscription {
			return &source.Confirmation{
				SourceRef: e.Source.Ref, Key: hex.EncodeToString(e.Key[:]), Topic: w.Key, Note: w.Note, URL: w.URL,
				AskedAt: e.ReceivedAt,
			}
		}
	}
	return nil
}

// seen finds events of one receipt by id. Most receipts have one event, so the map is made at the second.
type seen map[event.ID]int

func (s seen) find(events []Event, id event.ID) (at int, found bool) {
	if len(events) == 0 {
		return 0, false
	}
	if len(s) < len(events) {
		for i := len(s); i < len(events); i++ {
			s[events[i].ID] = i
		}
	}
	at, found = s[id]
	return at, found
}

// sameFact reports whether two events of one identity say the same.
func sameFact(a, b *Event) bool {
	return a.Name == b.Name && a.OccurredAt.Equal(b.OccurredAt) && a.Recipient == b.Recipient &&
		a.Attribution == b.Attribution && sameMessage(a.Message, b.Message) &&
		bytes.Equal(a.Detail, b.Detail) && bytes.Equal(a.Info, b.Info)
}

func sameMessage(a, b *event.Message) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Template == b.Template && a.Workflow == b.Workflow
}
