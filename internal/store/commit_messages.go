package store

import (
	"cmp"
	"slices"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/message"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

// lockContacts finds or makes the contacts of the batch's events.
func (w *work) lockContacts() error {
	type key struct {
		project int64
		address string
	}
	index := make(map[key]*contactRow)
	for _, e := range w.events {
		if e.Recipient == "" {
			continue
		}
		k := key{e.project, e.Recipient}
		c, ok := index[k]
		if !ok {
			c = &contactRow{project: k.project, address: k.address}
			index[k] = c
			w.contacts = append(w.contacts, c)
		}
		e.contact = c
	}
	slices.SortFunc(w.contacts, func(a, b *contactRow) int {
		return cmp.Or(cmp.Compare(a.project, b.project), cmp.Compare(a.address, b.address))
	})
	return w.b.lockContacts(w.ctx, w.contacts)
}

// lockMessages finds the messages of the batch's events and names the new ones.
func (w *work) lockMessages() error {
	index := make(map[messageKey]*messageRow)
	for _, e := range w.events {
		if e.Message == nil || e.Message.ID == "" || e.contact == nil {
			continue
		}
		k := messageKey{
			project: e.project, key: string(message.Key(e.Message.ID)), contact: e.contact.ref,
			provider: w.termRef(0, termProvider, e.entry.Source.Provider),
		}
		m, ok := index[k]
		if !ok {
			m = &messageRow{messageKey: k, to: e.contact}
			index[k] = m
			w.messages = append(w.messages, m)
		}
		e.message = m
	}
	slices.SortFunc(w.messages, func(a, b *messageRow) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.contact, b.contact), cmp.Compare(a.provider, b.provider))
	})
	return w.b.lockMessages(w.ctx, w.messages)
}

// fillMessages joins what the batch's events say of their messages with what was known. Where a message that has
// events gets another template or workflow, its counters move with it.
func (w *work) fillMessages() error {
	type dims struct{ template, workflow int64 }
	before := make(map[*messageRow]dims)
	for _, e := range w.events {
		m := e.message
		if m == nil {
			continue
		}
		if _, ok := before[m]; !ok && !m.created {
			before[m] = dims{m.template, m.workflow}
		}
		if err := w.fill(m, e); err != nil {
			return err
		}
	}
	for _, m := range w.messages {
		old, ok := before[m]
		if ok && (old.template != m.template || old.workflow != m.workflow) {
			if err := w.redimension(m, old.template, old.workflow); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) fill(m *messageRow, e *eventRow) error {
	if merged, changed := receipt.MergeInfo(m.info, e.Info); changed {
		m.info, m.changed = merged, true
	}
	for _, f := range [...]struct {
		field *int64
		kind  int
		text  string
	}{
		{&m.template, termTemplate, e.Message.Template},
		{&m.workflow, termWorkflow, e.Message.Workflow},
		{&m.senderDomain, termDomain, e.Message.SenderDomain},
		{&m.account, termAccount, e.Message.Account},
	} {
		ref := w.termRef(e.project, f.kind, f.text)
		if ref == 0 || ref == *f.field {
			continue
		}
		if *f.field != 0 {
			old, err := w.termText(*f.field)
			if err != nil {
				return err
			}
			if old < f.text {
				continue
			}
		}
		*f.field, m.changed = ref, true
	}
	return nil
}

// storedFact is an event as its message's state needs it.
type storedFact struct {
	message.Fact
	id   event.ID
	name int64
}

// redimension moves what the stored events of a message count from its old template and workflow to its new ones.
func (w *work) redimension(m *messageRow, template, workflow int64) error {
	facts, err := w.storedFacts(m)
	if err != nil {
		return err
	}
	domain := w.termRef(m.project, termDomain, domainOf(m.to.address))
	was, is := stats.Dims{Template: template, Workflow: workflow, Domain: domain}, w.messageDims(m)
	refold(facts, was, w.tally.Subtract)
	refold(facts, is, w.tally.Merge)
	_, err = w.b.exec(w.ctx, `UPDATE events SET template = $2 WHERE message = $1`, m.ref, m.template)
	return err
}

func (w *work) messageDims(m *messageRow) stats.Dims {
	return stats.Dims{
		Template: m.template, Workflow: m.workflow,
		Domain: w.termRef(m.project, termDomain, domainOf(m.to.address)),
	}
}

// refold computes the state of facts under dims (its Name is each fact's own), and hands what they count to use.
func refold(facts []storedFact, dims stats.Dims, use func(*stats.Tally)) message.State {
	plain := make([]message.Fact, len(facts))
	for i, f := range facts {
		plain[i] = f.Fact
	}
	var tally stats.Tally
	state := message.Fold(plain, func(i int) stats.Dims {
		d := dims
		d.Name = facts[i].name
		return d
	}, &tally)
	use(&tally)
	return state
}

// storedFacts reads the events of a message that are stored, without those that this batch put there.
func (w *work) storedFacts(m *messageRow) ([]storedFact, error) {
	mine := make(map[event.ID]bool)
	for _, e := range w.events {
		if e.inserted && e.message == m {
			mine[e.ID] = true
		}
	}
	var facts []storedFact
	err := w.b.query(w.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail
		FROM events e JOIN terms n ON n.ref = e.name WHERE e.message = $1`, []any{m.ref}, func(r row) error {
		f, err := w.scanFact(r)
		if err == nil && !mine[f.id] {
			facts = append(facts, f)
		}
		return err
	})
	return facts, err
}

func (w *work) scanFact(r row) (storedFact, error) {
	var f storedFact
	var name string
	var class, occurred, source int64
	var detail []byte
	if err := r.Scan(&f.id, &f.name, &name, &class, &occurred, &source, &detail); err != nil {
		return f, err
	}
	e := event.Event{Name: event.Name(name), Attribution: event.Exact}
	f.Slot, f.Class = e.Name.Slot(), stats.Class(class)
	f.Point = stats.Point{At: occurred, Source: source}
	if f.Class == stats.OfCandidates {
		e.Attribution = event.Candidates
	}
	if err := w.store.codec.DecodeDetail(detail, &e); err != nil {
		return f, err
	}
	_, suppresses := contact.Suppresses(&e)
	f.Rank = message.RankOf(&e, suppresses)
	return f, nil
}
