package store

import (
	"bytes"
	"context"

	"tidings/event"
	"tidings/internal/message"
	"tidings/internal/stats"
)

// latest finds the newest event of each message, by the index of events by message.
func (s *Store) latest(ctx context.Context, c conn, records []*messageRecord, list []Message) error {
	if len(records) == 0 {
		return nil
	}
	type newest struct {
		id       event.ID
		name, at int64
		class    int
	}
	found := make(map[int64]newest, len(records))
	args := make([]any, len(records))
	for i, m := range records {
		args[i] = m.ref
	}
	err := c.query(ctx, `SELECT message, id, name, class, occurred_at FROM events WHERE message IN (`+marks(1, len(args))+`)`,
		args, func(r row) error {
			var ref int64
			var e newest
			err := r.Scan(&ref, &e.id, &e.name, &e.class, &e.at)
			if old := found[ref]; e.at > old.at || e.at == old.at && bytes.Compare(e.id[:], old.id[:]) > 0 {
				found[ref] = e
			}
			return err
		})
	if err != nil {
		return err
	}
	var terms []int64
	for _, e := range found {
		terms = append(terms, e.name)
	}
	texts, err := s.termTexts(ctx, c, terms)
	if err != nil {
		return err
	}
	for i, m := range records {
		if e, ok := found[m.ref]; ok {
			class := stats.Class(e.class)
			list[i].Latest = LatestEvent{
				Name: event.Name(texts[e.name]), At: at(e.at), Verdict: class.Verdict(), Candidates: class == stats.OfCandidates,
			}
		}
	}
	return nil
}

// emailKey is what the rows of one email have in common.
type emailKey struct {
	id       string // message.Key
	provider int64
}

// recipients counts the recipients of each email. The unique index of messages begins with the provider's id.
func recipients(ctx context.Context, c conn, records []*messageRecord, list []Message) error {
	if len(records) == 0 {
		return nil
	}
	counts := make(map[emailKey]int64, len(records))
	var args []any
	for _, m := range records {
		k := emailKey{string(message.Key(m.messageID)), m.providerTerm}
		if _, ok := counts[k]; !ok {
			counts[k] = 0
			args = append(args, []byte(k.id))
		}
	}
	args = append(args, records[0].ref)
	err := c.query(ctx, `SELECT message_id, provider, count(*) FROM messages WHERE message_id IN (`+marks(1, len(args)-1)+`)
		AND project = (SELECT project FROM messages WHERE ref = $`+itoa(len(args))+`) GROUP BY message_id, provider`, args,
		func(r row) error {
			var id []byte
			var provider, n int64
			err := r.Scan(&id, &provider, &n)
			counts[emailKey{string(id), provider}] = n
			return err
		})
	for i, m := range records {
		list[i].Recipients = counts[emailKey{string(message.Key(m.messageID)), m.providerTerm}]
	}
	return err
}
