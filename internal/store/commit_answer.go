package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/erase"
	"tidings/internal/message"
	"tidings/internal/send"
	"tidings/internal/stats"
)

// Providers whose events name mails of ours by their ids alone: inbound mail, and reports that come by mail.
const (
	inboundProvider = "inbound"
	reportProvider  = "dsn"
)

// answered is a mail of ours that an event speaks of.
type answered struct {
	message, contact int64
	address, id      string
}

// answer finds of replies which mail they answer, and whose they are by it: the recipient's of that mail, whoever the writer
// says to be. One that answers no mail of ours, or of which it is not known which, is none: email.received tells of it.
// Reports of what became of a mail are about whom it went to, too, whatever an alias or a forwarding made of the address.
func (w *work) answer() error {
	kept := w.events[:0]
	for _, e := range w.events {
		from := e.entry.Source.Provider
		if e.own || from != reportProvider && (from != inboundProvider || e.Name != event.EmailReply) {
			kept = append(kept, e)
			continue
		}
		found, err := w.answeredBy(e)
		if err != nil {
			return fmt.Errorf("find the mail that an event speaks of: %w", err)
		}
		if found != nil {
			e.about(found)
		}
		if found != nil || from == reportProvider {
			kept = append(kept, e)
		}
	}
	clear(w.events[len(kept):])
	w.events = kept
	return nil
}

// about gives an event the recipient of a mail.
func (e *eventRow) about(a *answered) {
	reply := e.Name == event.EmailReply
	if reply {
		e.ofMessage = a.message
		if a.id != e.Message.ID {
			e.Message = &event.Message{ID: a.id}
		}
	}
	if e.Recipient == a.address {
		return
	}
	if e.RecipientAs == "" {
		e.RecipientAs = e.Recipient
	}
	e.Recipient = a.address
	if reply { // another mailbox of the same person, or somebody whom the mail was passed on to
		e.Attribution = event.Candidates
		e.class = stats.ClassOf(&e.Event.Event)
	}
}

// answeredBy finds the mail that an event speaks of; nil: none of ours, or nobody knows which.
func (w *work) answeredBy(e *eventRow) (*answered, error) {
	if e.Message == nil {
		return nil, nil
	}
	if e.Name != event.EmailReply {
		id := send.IDOf(e.Message.ID, e.Message.Metadata)
		if id == "" {
			return nil, nil
		}
		return w.sendAnswered(e.project, id)
	}
	for _, id := range answers(e) {
		var found *answered
		var err error
		if of := send.IDOf(id, nil); of != "" {
			found, err = w.sendAnswered(e.project, of)
		} else {
			found, err = w.messageAnswered(e, id)
		}
		if found != nil {
			found.id = id
		}
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// answers are the ids of the mails that a mail says it answers, the nearest first.
func answers(e *eventRow) []string {
	const most = 32
	var said struct {
		References []string `json:"references"`
	}
	list := []string{e.Message.ID}
	if json.Unmarshal(e.Data, &said) == nil {
		list = append(list, said.References...)
	}
	return slices.DeleteFunc(list[:min(len(list), most)], func(id string) bool { return strings.TrimSpace(id) == "" })
}

const sqlSendAnswered = `SELECT s.message, s.contact, c.address FROM sends s JOIN contacts c ON c.ref = s.contact
	WHERE s.id = $1 AND s.project = $2 AND s.message <> 0`

func (w *work) sendAnswered(project int64, id string) (*answered, error) {
	var a answered
	found, err := one(w.ctx, w.b, sqlSendAnswered, []any{id, project}, &a.message, &a.contact, &a.address)
	if err != nil || !found || erase.IsPseudonym(a.address) {
		return nil, err
	}
	return &a, nil
}

// messageAnswered finds a mail by its provider's id. Of a mail with several recipients it is the one who writes.
func (w *work) messageAnswered(e *eventRow, id string) (*answered, error) {
	var list []answered
	err := w.b.query(w.ctx, `SELECT m.ref, m.contact, c.address FROM messages m JOIN contacts c ON c.ref = m.contact
		WHERE m.message_id = $1 AND m.project = $2 ORDER BY m.ref LIMIT 100`, []any{message.Key(id), e.project}, func(r row) error {
		var a answered
		err := r.Scan(&a.message, &a.contact, &a.address)
		if !erase.IsPseudonym(a.address) {
			list = append(list, a)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].address == e.Recipient {
			return &list[i], nil
		}
	}
	if len(list) == 1 {
		return &list[0], nil
	}
	return nil, nil
}
