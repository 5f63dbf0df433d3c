package store

import (
	"encoding/json"
	"fmt"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/stats"
)

// Ours is the provider of events that follow from others.
const ours = "tidings"

// turning notes, before a suppression of a contact changes, whether one held.
func (w *work) turning(c *contactRow) error {
	if c.suppressed != nil {
		return nil
	}
	held, err := w.wasSuppressed(c)
	c.suppressed = &held
	return err
}

func (w *work) isSuppressed(c *contactRow) (bool, error) {
	var there int64
	return one(w.ctx, w.b, `SELECT 1 FROM suppressions x WHERE x.contact = $1 AND `+activeSQL("$2", true)+` LIMIT 1`,
		[]any{c.ref, ms(w.now)}, &there)
}

// wasSuppressed is what was last told of the contact.
func (w *work) wasSuppressed(c *contactRow) (bool, error) {
	var there int64
	return one(w.ctx, w.b, `SELECT 1 FROM suppressions x WHERE x.contact = $1 AND `+toldActive+` LIMIT 1`, []any{c.ref}, &there)
}

// toldActive is activeSQL as it was last told: the end of a suppression that time alone ended may not be yet.
const toldActive = "x.lifted_at = 0 AND x.ended = 0"

// flip writes contact.unsubscribed and contact.subscribed for the contacts of the batch that may not be mailed any more, or
// may be again: whoever is unsubscribed or suppressed may not. Addresses that a pattern matches never may.
func (w *work) flip() error {
	var rows []*eventRow
	for _, c := range w.contacts {
		if c.suppressed == nil && c.state.Unsubscribed == c.before || c.created && !c.state.Unsubscribed && c.suppressed == nil {
			continue
		}
		now, err := w.isSuppressed(c)
		if err != nil {
			return err
		}
		was := now
		if c.suppressed != nil {
			was = *c.suppressed
		}
		mayBefore, may := !c.before && !was, !c.state.Unsubscribed && !now
		c.dirty = true
		if mayBefore == may {
			continue
		}
		if list, err := patternsOf(w.ctx, w.b, c.project, c.address); err != nil || len(list) > 0 {
			if err != nil {
				return err
			}
			continue
		}
		e, err := w.flipped(c, may)
		if err != nil {
			return err
		}
		rows = append(rows, e)
	}
	return w.derive(rows)
}

// flipped makes the event of a flip. It happened when its cause did.
func (w *work) flipped(c *contactRow, may bool) (*eventRow, error) {
	name, reason := event.ContactUnsubscribed, ""
	if may {
		name = event.ContactSubscribed
	}
	data := map[string]string{}
	when, cause := w.now, fmt.Sprint(w.now.UnixNano())
	if e := c.cause; e != nil {
		when, cause, reason = e.OccurredAt, e.ID.String(), reasonOf(e)
		data["origin"] = string(e.Name)
	} else if c.origin != "" {
		data["origin"], when, reason = c.origin, at(c.turnedAt), c.reason
	}
	if reason != "" {
		data["reason"] = reason
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return w.derived(c, event.Event{Name: name, OccurredAt: when, Data: raw}, cause)
}

// reasonOf is MailGlyph's word for why an event makes a contact one who may not be mailed.
func reasonOf(e *eventRow) string {
	switch e.Name {
	case event.EmailBounce:
		return "bounce"
	case event.EmailComplaint:
		return "complaint"
	}
	return ""
}

// derived makes an event of ours about a contact of the batch. cause makes its identity.
func (w *work) derived(c *contactRow, e event.Event, cause string) (*eventRow, error) {
	var project string
	if _, err := one(w.ctx, w.b, `SELECT id FROM projects WHERE ref = $1`, []any{c.project}, &project); err != nil {
		return nil, err
	}
	src := &source.Source{Project: project, ProjectRef: c.project, Provider: ours}
	e.Recipient = c.address
	finished, err := event.Draft{
		Event: e, IdentityAt: e.OccurredAt, Key: []string{string(e.Name), c.address, cause},
	}.Finish(event.Origin{Project: project, Provider: ours, ReceivedAt: w.now})
	if err != nil {
		return nil, err
	}
	detail, err := w.store.codec.EncodeDetail(&finished)
	if err != nil {
		return nil, err
	}
	return &eventRow{
		Event: &receipt.Event{Event: finished, Detail: detail}, entry: &receipt.Entry{Source: src}, project: c.project,
		contact: c, class: stats.Plain,
	}, nil
}

// derive stores events of ours. Counters leave them out: whether a contact flips depends on the order of facts.
func (w *work) derive(rows []*eventRow) error {
	if len(rows) == 0 {
		return nil
	}
	for _, e := range rows {
		w.want(e.project, termName, string(e.Name))
		w.want(e.project, termDomain, domainOf(e.Recipient))
	}
	if err := w.findTerms(); err != nil {
		return err
	}
	for _, e := range rows {
		e.name = w.termRef(e.project, termName, string(e.Name))
	}
	if err := w.b.putEvents(w.ctx, rows); err != nil {
		return err
	}
	w.events = append(w.events, rows...)
	return nil
}
