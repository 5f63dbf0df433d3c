package store

import (
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/message"
	"tidings/internal/receipt"
	"tidings/internal/send"
)

// SendProvider is the provider of the sources that events about our sends are stored under, and of messages that no transport
// has taken yet: their id is the send's.
const SendProvider = "send"

// link finds the messages of sends among the messages of the batch's events: where an event brings back the id that we gave the
// email, and where it is ours. A message that is known by our id alone gets the provider's.
func (w *work) link() error {
	if err := w.findBack(); err != nil {
		return err
	}
	w.linked = make(map[int64]messageKey)
	for _, e := range w.events {
		if e.ofMessage == 0 {
			continue
		}
		if err := w.linkTo(e); err != nil {
			return fmt.Errorf("link event to its send: %w", err)
		}
	}
	return nil
}

// findBack finds the sends that providers' events speak of.
func (w *work) findBack() error {
	of := make(map[string][]*eventRow)
	for _, e := range w.events {
		if e.own || e.Message == nil || e.contact == nil {
			continue
		}
		if id := send.IDOf(e.Message.ID, e.Message.Metadata); id != "" {
			of[id] = append(of[id], e)
		}
	}
	const chunk = 500
	for part := range slices.Chunk(sortedTexts(of), chunk) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		err := w.b.query(w.ctx, `SELECT id, ref, project, contact, message FROM sends WHERE id IN (`+marks(1, len(part))+`)`, args,
			func(r row) error {
				var id string
				var ref, project, contact, message int64
				if err := r.Scan(&id, &ref, &project, &contact, &message); err != nil {
					return err
				}
				for _, e := range of[id] {
					if e.project == project && e.contact.ref == contact && message != 0 {
						e.ofMessage = message
						w.back = append(w.back, ref)
					}
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// linkTo finds how the message of an event's send is known.
func (w *work) linkTo(e *eventRow) error {
	if _, known := w.linked[e.ofMessage]; !known {
		k := messageKey{project: e.project, contact: e.contact.ref}
		var key []byte
		found, err := one(w.ctx, w.b, `SELECT provider, message_id FROM messages WHERE ref = $1`, []any{e.ofMessage},
			&k.provider, &key)
		if err != nil || !found {
			return err
		}
		k.key = string(key)
		w.linked[e.ofMessage] = k
	}
	return w.rename(e)
}

// rename gives a message that is known by our id alone the id that its provider knows it by.
func (w *work) rename(e *eventRow) error {
	provisional, err := w.ownTerm(0, termProvider, SendProvider)
	if err != nil {
		return err
	}
	k := w.linked[e.ofMessage]
	if k.provider != provisional || e.Name == event.EmailReply || e.Message == nil || e.Message.ID == "" ||
		e.entry.Source.Provider == SendProvider {
		return nil
	}
	to := messageKey{
		project: k.project, contact: k.contact, key: string(message.Key(e.Message.ID)),
		provider: w.termRef(0, termProvider, e.entry.Source.Provider),
	}
	var other int64
	taken, err := one(w.ctx, w.b, sqlMessageOf, []any{[]byte(to.key), to.contact, to.provider}, &other)
	if err != nil {
		return err
	}
	if taken {
		return w.unite(e.ofMessage, other, k, to)
	}
	w.linked[e.ofMessage] = to
	_, err = w.b.exec(w.ctx, `UPDATE messages SET provider = $2, message_id = $3 WHERE ref = $1`, e.ofMessage, to.provider,
		[]byte(to.key))
	return err
}

const sqlMessageOf = `SELECT ref FROM messages WHERE message_id = $1 AND contact = $2 AND provider = $3`

// unite makes one message of two: the one that we made when we were asked to send, and the one that a provider's event made
// that did not bring our id back and came before the hand-over was stored. The second stays.
func (w *work) unite(ours, theirs int64, from, to messageKey) error {
	c := w.contactRow(to.contact)
	a, b := &messageRow{messageKey: from, to: c}, &messageRow{messageKey: to, to: c}
	had, known := w.messages, w.linked
	defer func() { w.linked = known }()
	w.messages = []*messageRow{a, b}
	slices.SortFunc(w.messages, compareMessages)
	if err := w.lockRows(); err != nil {
		return err
	}
	facts, err := w.storedFacts(a)
	if err != nil {
		return err
	}
	others, err := w.storedFacts(b)
	if err != nil {
		return err
	}
	refold(facts, w.messageDims(a), w.tally.Subtract)
	refold(others, w.messageDims(b), w.tally.Subtract)
	if err := w.join(b, a); err != nil {
		return err
	}
	b.state = refold(append(facts, others...), w.messageDims(b), w.tally.Merge)
	b.lastAt, b.changed = max(a.lastAt, b.lastAt), true
	if err := w.moveMessage(ours, b); err != nil {
		return err
	}
	w.messages = []*messageRow{b}
	if err := w.b.saveMessages(w.ctx, w.messages); err != nil {
		return err
	}
	if err := w.tellSendings(1); err != nil {
		return err
	}
	w.messages = had
	known[ours] = to
	return nil
}

// moveMessage lets everything that points at a message point at another one, and removes it.
func (w *work) moveMessage(from int64, to *messageRow) error {
	_, err := w.b.exec(w.ctx, `UPDATE events SET message = $2, template = $3 WHERE message IN ($1, $2)`, from, to.ref, to.template)
	if err != nil {
		return err
	}
	if _, err := w.b.exec(w.ctx, `UPDATE sends SET message = $2 WHERE message = $1 AND message <> 0`, from, to.ref); err != nil {
		return err
	}
	_, err = w.b.exec(w.ctx, `DELETE FROM messages WHERE ref = $1`, from)
	return err
}

// join fills a message with what is said of another one, as fill does with what an event says.
func (w *work) join(m, other *messageRow) error {
	if merged, changed := receipt.MergeInfo(m.info, other.info); changed {
		m.info = merged
	}
	var err error
	if m.tags, err = w.tagRefs(m); err != nil {
		return err
	}
	for _, f := range [...]struct{ to, from *int64 }{
		{&m.template, &other.template},
		{&m.workflow, &other.workflow},
		{&m.senderDomain, &other.senderDomain},
		{&m.account, &other.account},
	} {
		texts := [2]string{}
		for i, ref := range [...]int64{*f.to, *f.from} {
			if ref == 0 {
				continue
			}
			if texts[i], err = w.termText(ref); err != nil {
				return err
			}
		}
		if joinText(texts[0], texts[1]) != texts[0] {
			*f.to = *f.from
		}
	}
	return nil
}

// contactRow is a contact of the batch.
func (w *work) contactRow(ref int64) *contactRow {
	i := slices.IndexFunc(w.contacts, func(c *contactRow) bool { return c.ref == ref })
	return w.contacts[i]
}

// once leaves out a second email.sent of a message of ours: the provider's and the one that we write when the email was handed
// over are one event, whichever comes first.
func (w *work) once() error {
	said := make(map[*messageRow]bool)
	kept := w.events[:0]
	for _, e := range w.events {
		again, err := w.sentAgain(e, said)
		if err != nil {
			return err
		}
		if again {
			w.known(e.entry, false)
			continue
		}
		kept = append(kept, e)
	}
	w.events = kept
	return nil
}

func (w *work) sentAgain(e *eventRow, said map[*messageRow]bool) (bool, error) {
	m := e.message
	if e.Name != event.EmailSent || m == nil {
		return false, nil
	}
	_, had := m.state.First(event.EmailSent.Slot())
	if !had && !said[m] {
		said[m] = e.ofMessage != 0
		return false, nil
	}
	if e.ofMessage != 0 {
		return true, nil
	}
	var ref int64
	return one(w.ctx, w.b, `SELECT ref FROM sends WHERE message = $1 AND message <> 0 LIMIT 1`, []any{m.ref}, &ref)
}

// settleBack notes of sends that a provider tells of that they were sent, also where we were not sure.
func (w *work) settleBack() error {
	slices.Sort(w.back)
	for _, ref := range slices.Compact(w.back) {
		_, err := w.b.exec(w.ctx, `UPDATE sends SET status = `+itoa(sentSend)+`, turn = '', problem = '', updated_at = $2
			WHERE ref = $1 AND status IN (`+itoa(queuedSend)+`, `+itoa(handingSend)+`, `+itoa(uncertainSend)+`, `+itoa(heldSend)+`)`,
			ref, ms(w.now))
		if err != nil {
			return err
		}
	}
	return nil
}
