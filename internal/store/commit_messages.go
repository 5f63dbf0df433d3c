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
	index := make(map[contactKey]*contactRow)
	for _, e := range w.events {
		if e.Recipient == "" {
			continue
		}
		k := contactKey{e.project, e.Recipient}
		c, ok := index[k]
		if !ok {
			c = &contactRow{project: k.project, address: k.address}
			index[k] = c
			w.contacts = append(w.contacts, c)
		}
		e.contact = c
	}
	for _, x := range w.changes {
		if w.refused(x) {
			if !x.Update {
				x.out.Problem = receipt.ProblemErased
			}
			continue
		}
		k := contactKey{x.project, x.Address}
		c, ok := index[k]
		if !ok && x.Update {
			known, err := w.knownContact(k.project, k.address)
			if err != nil {
				return err
			}
			if !known {
				continue
			}
		}
		if !ok {
			c = &contactRow{project: k.project, address: k.address}
			index[k] = c
			w.contacts = append(w.contacts, c)
		}
		x.contact = c
	}
	return w.lock()
}

// lock finds or makes the contacts of the batch and locks them, in the order in which everybody does.
func (w *work) lock() error {
	slices.SortFunc(w.contacts, func(a, b *contactRow) int {
		return cmp.Or(cmp.Compare(a.project, b.project), cmp.Compare(a.address, b.address))
	})
	if err := w.b.lockContacts(w.ctx, w.contacts); err != nil {
		return err
	}
	if err := w.bequeath(); err != nil {
		return err
	}
	for _, c := range w.contacts {
		c.before = c.state.Unsubscribed
	}
	return nil
}

func (w *work) knownContact(project int64, address string) (bool, error) {
	var ref int64
	return one(w.ctx, w.b, `SELECT ref FROM contacts WHERE project = $1 AND address = $2 AND status <> `+itoa(goneContact),
		[]any{project, address}, &ref)
}

// lockMessages finds the messages of the batch's events and names the new ones.
func (w *work) lockMessages() error {
	if err := w.link(); err != nil {
		return err
	}
	index := make(map[messageKey]*messageRow)
	for _, e := range w.events {
		k, has := w.messageKey(e)
		if !has {
			continue
		}
		m, ok := index[k]
		if !ok {
			m = &messageRow{messageKey: k, to: e.contact}
			index[k] = m
			w.messages = append(w.messages, m)
		}
		e.message = m
	}
	slices.SortFunc(w.messages, compareMessages)
	return w.lockRows()
}

// compareMessages sorts messages in the order in which everybody locks them.
func compareMessages(a, b *messageRow) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.contact, b.contact), cmp.Compare(a.provider, b.provider))
}

// lockRows locks the messages of the batch, and takes what they count by the day of sending out of the counters.
func (w *work) lockRows() error {
	if err := w.b.lockMessages(w.ctx, w.messages); err != nil {
		return err
	}
	for _, m := range w.messages {
		tags, err := w.tagRefs(m)
		if err != nil {
			return err
		}
		m.tags = tags
	}
	return w.tellSendings(-1)
}

// messageKey is how the message of an event is known; false: it has none.
func (w *work) messageKey(e *eventRow) (k messageKey, has bool) {
	if k, has = w.linked[e.ofMessage]; has {
		return k, true
	}
	if e.Message == nil || e.Message.ID == "" || e.contact == nil {
		return k, false
	}
	return messageKey{
		project: e.project, key: string(message.Key(e.Message.ID)), contact: e.contact.ref,
		provider: w.termRef(0, termProvider, e.entry.Source.Provider),
	}, true
}

// tellSendings moves the counters by the day of sending: it is called with -1 before messages change and with 1 after.
func (w *work) tellSendings(sign int64) error {
	for _, m := range w.messages {
		m.state.Tell(message.Sending{
			SentAt: receipt.SentAt(m.info), Project: m.project, Template: m.template,
			Name: func(slot int) int64 { return w.slotName(m.project, slot) },
		}, &w.tally, sign)
	}
	return w.failed
}

// slotName is the integer of a slot's event name. An error is kept in failed.
func (w *work) slotName(project int64, slot int) int64 {
	ref, err := w.nameRef(project, event.SlotName(slot))
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return ref
}

// tagRefs finds the integers of a message's tags.
func (w *work) tagRefs(m *messageRow) (refs []int64, err error) {
	for _, tag := range receipt.Tags(m.info) {
		ref, err := w.anyTermRef(termKey{m.project, termTag, tag})
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// fillMessages joins what the batch's events say of their messages with what was known. Where a message that has
// events gets another template, workflow, sender or tag, its counters move with it.
func (w *work) fillMessages() error {
	before := make(map[*messageRow]stats.Dims)
	for _, e := range w.events {
		m := e.message
		if m == nil || e.Message == nil {
			continue
		}
		if _, ok := before[m]; !ok && !m.created {
			before[m] = w.messageDims(m)
		}
		if err := w.fill(m, e); err != nil {
			return err
		}
	}
	for _, m := range w.messages {
		was, ok := before[m]
		if !ok || was.Equal(w.messageDims(m)) {
			continue
		}
		if err := w.redimension(m, was); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) fill(m *messageRow, e *eventRow) error {
	if merged, changed := receipt.MergeInfo(m.info, e.Info); changed {
		m.info, m.changed = merged, true
		tags, err := w.tagRefs(m)
		if err != nil {
			return err
		}
		m.tags = tags
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
	id           event.ID
	name         int64
	reason, link int64
}

// redimension moves what the stored events of a message count from its old dimensions to its new ones.
func (w *work) redimension(m *messageRow, was stats.Dims) error {
	facts, err := w.storedFacts(m)
	if err != nil {
		return err
	}
	refold(facts, was, w.tally.Subtract)
	refold(facts, w.messageDims(m), w.tally.Merge)
	if was.Template == m.template {
		return nil
	}
	_, err = w.b.exec(w.ctx, `UPDATE events SET template = $2 WHERE message = $1`, m.ref, m.template)
	return err
}

func (w *work) messageDims(m *messageRow) stats.Dims {
	return stats.Dims{
		Project: m.project, Template: m.template, Workflow: m.workflow, SenderDomain: m.senderDomain, Tags: m.tags,
		Domain: w.termRef(m.project, termDomain, domainOf(m.to.address)),
	}
}

// refold computes the state of facts under dims (its Name, Reason and Link are each fact's own), and hands what they
// count to use.
func refold(facts []storedFact, dims stats.Dims, use func(*stats.Tally)) message.State {
	plain := make([]message.Fact, len(facts))
	for i, f := range facts {
		plain[i] = f.Fact
	}
	var tally stats.Tally
	state := message.Fold(plain, func(i int) stats.Dims {
		d := dims
		d.Name, d.Reason, d.Link = facts[i].name, facts[i].reason, facts[i].link
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
	var reasons, links []string
	err := w.b.query(w.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail
		FROM events e JOIN terms n ON n.ref = e.name WHERE e.message = $1`, []any{m.ref}, func(r row) error {
		f, said, err := w.store.scanFact(r)
		if err == nil && !mine[f.id] {
			facts, reasons, links = append(facts, f), append(reasons, said.reason), append(links, said.link)
		}
		return err
	})
	for i := range facts {
		for _, t := range [...]struct {
			ref  *int64
			kind int
			text string
		}{{&facts[i].reason, termReason, reasons[i]}, {&facts[i].link, termLink, links[i]}} {
			if err == nil {
				*t.ref, err = w.anyTermRef(termKey{m.project, t.kind, t.text})
			}
		}
	}
	return facts, err
}

// said is what an event is counted by that its detail says.
type said struct{ reason, link string }

// scanFact reads an event as its message's state needs it. Its reason and link are still texts.
func (s *Store) scanFact(r row) (storedFact, said, error) {
	var f storedFact
	var name string
	var class, occurred, source int64
	var detail []byte
	if err := r.Scan(&f.id, &f.name, &name, &class, &occurred, &source, &detail); err != nil {
		return f, said{}, err
	}
	e := event.Event{Name: event.Name(name), Attribution: event.Exact}
	f.Slot, f.Class = e.Name.Slot(), stats.Class(class)
	f.Point = stats.Point{At: occurred, Source: source}
	if f.Class == stats.OfCandidates {
		e.Attribution = event.Candidates
	}
	if err := s.codec.DecodeDetail(detail, &e); err != nil {
		return f, said{}, err
	}
	_, suppresses := contact.Suppresses(&e)
	f.Rank = message.RankOf(&e, suppresses)
	return f, said{stats.ReasonOf(&e), stats.LinkOf(&e)}, nil
}
