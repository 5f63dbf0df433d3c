package receipt

import (
	"crypto/sha256"
	"time"

	"tidings/event"
	"tidings/internal/source"
	"tidings/provider"
)

// BuildFinished is Build for records that were fetched from a file: how they are known, key and sum, comes from the
// file. Beside drafts it takes events that were finished elsewhere, and leaves them their ids; of these, Element must be
// set, and what they say that belongs to a server is set anew.
func (b Builder) BuildFinished(
	src *source.Source, res provider.Result, finished []Event, key Key, sum [sha256.Size]byte, now time.Time,
) *Entry {
	e := b.Build(src, res, nil, now)
	e.Key, e.SHA256 = key, sum
	origin := event.Origin{Project: src.Project, SourceID: src.ID, Provider: src.Provider, ReceivedAt: e.ReceivedAt}
	seen := seen{}
	for _, f := range finished {
		again, err := b.finishAgain(f, origin)
		if err != nil {
			e.problem(f.Element, CodeUnfinished, "this element could not be made an event and is only kept: "+err.Error())
			continue
		}
		if first, had := seen.find(e.Events, again.ID); had {
			if !sameFact(&e.Events[first], &again) {
				e.problem(f.Element, CodeConflict, "this element says of event "+again.ID.String()+
					" something else than one before it; the first stays")
			}
			continue
		}
		e.Events = append(e.Events, again)
	}
	return e
}

// finishAgain finishes an event that has its id already.
func (b Builder) finishAgain(f Event, o event.Origin) (Event, error) {
	id := f.ID
	d := event.Draft{Event: f.Event, IdentityAt: id.Time(), Key: []string{id.String()}, Element: f.Element}
	if d.RecipientAs == "" {
		d.RecipientAs = d.Recipient
	}
	ev, err := d.Finish(o)
	if err != nil {
		return Event{}, err
	}
	ev.ID = id
	return b.encode(ev, f.Element)
}
