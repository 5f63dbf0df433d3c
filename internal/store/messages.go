package store

import (
	"context"
	"strings"

	"tidings/internal/fault"
	"tidings/internal/message"
	"tidings/internal/stats"

	"tidings/event"
)

func joinAnd(parts []string) string { return strings.Join(parts, " AND ") }

// messageRefs finds messages by our id (one recipient) or the provider's message id (all recipients).
func messageRefs(ctx context.Context, c conn, project int64, id string) (refs []int64, err error) {
	scan := func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		refs = append(refs, ref)
		return err
	}
	if n, ok := refOf(messagePrefix, id); ok {
		err = c.query(ctx, `SELECT ref FROM messages WHERE ref = $1 AND project = $2`, []any{n, project}, scan)
		if err != nil || len(refs) > 0 {
			return refs, err
		}
	}
	err = c.query(ctx, `SELECT ref FROM messages WHERE message_id = $1 AND project = $2 ORDER BY ref LIMIT 1000`,
		[]any{message.Key(id), project}, scan)
	return refs, err
}

// messageRecord is a message as its row has it.
type messageRecord struct {
	eventRecord
	ref          int64
	providerTerm int64
	state        []byte
}

// Messages finds the emails with a message id, one for each recipient: by the provider's id, or ours (msg_…), which
// names one. It is a fault.NotFound where there is none.
func (s *Store) Messages(ctx context.Context, project, id string) (list []Message, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		refs, err := messageRefs(ctx, c, p, id)
		if err != nil {
			return err
		}
		if len(refs) == 0 {
			return fault.Missing("there is no message %q", id)
		}
		list, err = s.readMessages(ctx, c, refs)
		return err
	})
	return list, err
}

func (s *Store) readMessages(ctx context.Context, c conn, refs []int64) ([]Message, error) {
	var records []*messageRecord
	args := make([]any, len(refs))
	for i, ref := range refs {
		args[i] = ref
	}
	err := c.query(ctx, `SELECT m.ref, m.provider, m.message_id, m.contact, c.address, m.template, m.workflow,
		m.sender_domain, m.account, m.state, m.info FROM messages m JOIN contacts c ON c.ref = m.contact
		WHERE m.ref IN (`+marks(1, len(args))+`) ORDER BY c.address`, args, func(r row) error {
		m := &messageRecord{}
		var key []byte
		err := r.Scan(&m.ref, &m.providerTerm, &key, &m.contact, &m.recipient, &m.template, &m.workflow,
			&m.senderDomain, &m.account, &m.state, &m.info)
		m.messageID = message.ID(key)
		records = append(records, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	var terms []int64
	for _, m := range records {
		terms = append(terms, m.providerTerm, m.template, m.workflow, m.senderDomain, m.account)
	}
	texts, err := s.termTexts(ctx, c, terms)
	if err != nil {
		return nil, err
	}
	list := make([]Message, len(records))
	for i, m := range records {
		if list[i], err = m.message(texts); err != nil {
			return nil, err
		}
	}
	if err := s.latest(ctx, c, records, list); err != nil {
		return nil, err
	}
	return list, recipients(ctx, c, records, list)
}

func (m *messageRecord) message(texts map[int64]string) (Message, error) {
	state, err := message.Decode(m.state)
	if err != nil {
		return Message{}, err
	}
	info, err := m.messageInfo(texts)
	if err != nil {
		return Message{}, err
	}
	out := Message{
		ID: publicID(messagePrefix, m.ref), Provider: texts[m.providerTerm],
		ContactID: publicID(contactPrefix, m.contact), Recipient: m.recipient,
		Status: state.Rank.Name(), Info: info,
	}
	for _, e := range state.Entries() {
		out.Counts = append(out.Counts, MessageCount{
			Name: event.SlotName(e.Slot), Verdict: e.Class.Verdict(), Candidates: e.Class == stats.OfCandidates,
			Count: e.N, FirstAt: at(e.First.At),
		})
	}
	return out, nil
}
