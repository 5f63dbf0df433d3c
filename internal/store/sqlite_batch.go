package store

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"

	"tidings/internal/contact"
	"tidings/internal/message"
)

// sqliteBatch runs the statements of the event's path on the writing connection. They are prepared once: a statement
// through the general path costs twice as much, and an event takes about seven.
type sqliteBatch struct {
	sqliteConn
	prepared map[string]*sqlite.Stmt
}

func newSQLiteBatch(c *sqlite.Conn) *sqliteBatch {
	e := &sqliteEngine{}
	return &sqliteBatch{sqliteConn: sqliteConn{c: c, engine: e}, prepared: make(map[string]*sqlite.Stmt)}
}

func (b *sqliteBatch) stmt(sql string) (*sqlite.Stmt, error) {
	if s, ok := b.prepared[sql]; ok {
		return s, nil
	}
	s, err := b.c.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	b.prepared[sql] = s
	return s, nil
}

// step runs a statement that has at most one row, and reports whether it had it. use is called with the row.
func step(s *sqlite.Stmt, use func()) (bool, error) {
	found, err := s.Step()
	if found && err == nil && use != nil {
		use()
	}
	if e := s.Reset(); err == nil {
		err = e
	}
	return found, err
}

const (
	sqlPutBlock   = `INSERT INTO blocks (newest, codec, size, bytes) VALUES (?1, ?2, ?3, ?4)`
	sqlPutReceipt = `INSERT INTO receipts (source, key, kind, received_at, n, sha256, block, begins, size, problems)
	VALUES (?1, ?2, ?3, ?4, 1 + ?5, ?6, ?7, ?8, ?9, ?10)
	ON CONFLICT (source, key) DO UPDATE SET n = n + 1 + ?5 RETURNING ref, n, sha256`
)

func (b *sqliteBatch) putReceipts(_ context.Context, block *blockRow) error {
	s, err := b.stmt(sqlPutBlock)
	if err != nil {
		return err
	}
	s.BindInt64(1, block.newest)
	s.BindInt64(2, int64(block.Codec))
	s.BindInt64(3, int64(block.Size))
	bindBytes(s, 4, block.Bytes)
	if _, err := step(s, nil); err != nil {
		return fmt.Errorf("put block: %w", err)
	}
	block.ref = b.c.LastInsertRowID()
	if s, err = b.stmt(sqlPutReceipt); err != nil {
		return err
	}
	for _, r := range block.receipts {
		e := r.entry
		s.BindInt64(1, e.Source.Ref)
		s.BindBytes(2, e.Key[:])
		s.BindInt64(3, r.kind)
		s.BindInt64(4, ms(e.ReceivedAt))
		s.BindInt64(5, r.repeats)
		s.BindBytes(6, e.SHA256[:])
		s.BindInt64(7, block.ref)
		s.BindInt64(8, int64(r.begins))
		s.BindInt64(9, int64(len(e.Keep)))
		s.BindText(10, r.problems)
		_, err := step(s, func() {
			r.ref = s.ColumnInt64(0)
			r.known = s.ColumnInt64(1) != 1+r.repeats
			if r.known {
				r.storedSHA = columnBytes(s, 2)
			}
		})
		if err != nil {
			return fmt.Errorf("put receipt: %w", err)
		}
	}
	return nil
}

const (
	sqlFindTerm = `SELECT ref FROM terms WHERE project = ?1 AND kind = ?2 AND text = ?3`
	sqlPutTerm  = `INSERT INTO terms (project, kind, text) VALUES (?1, ?2, ?3) RETURNING ref`
)

func (b *sqliteBatch) putTerms(_ context.Context, rows []*termRow) error {
	for _, r := range rows {
		for _, sql := range [...]string{sqlFindTerm, sqlPutTerm} {
			s, err := b.stmt(sql)
			if err != nil {
				return err
			}
			s.BindInt64(1, r.project)
			s.BindInt64(2, int64(r.kind))
			s.BindText(3, r.text)
			found, err := step(s, func() { r.ref = s.ColumnInt64(0) })
			if err != nil {
				return fmt.Errorf("put term: %w", err)
			}
			if found {
				break
			}
		}
	}
	return nil
}

const (
	sqlFindContact = `SELECT ref, unsubscribed, consent_at, first_seen, last_seen, last_open, last_click,
		soft_bounces, counts, lasts FROM contacts WHERE project = ?1 AND address = ?2`
	sqlPutContact = `INSERT INTO contacts (project, address, counts, created_at, updated_at)
		VALUES (?1, ?2, zeroblob(0), 0, 0) RETURNING ref`
)

func (b *sqliteBatch) lockContacts(_ context.Context, rows []*contactRow) error {
	find, err := b.stmt(sqlFindContact)
	if err != nil {
		return err
	}
	put, err := b.stmt(sqlPutContact)
	if err != nil {
		return err
	}
	for _, r := range rows {
		find.BindInt64(1, r.project)
		find.BindText(2, r.address)
		found, err := step(find, func() {
			r.ref = find.ColumnInt64(0)
			r.state.Unsubscribed = find.ColumnInt64(1) != 0
			r.state.ConsentAt = find.ColumnInt64(2)
			r.state.FirstSeen = find.ColumnInt64(3)
			r.state.LastSeen = find.ColumnInt64(4)
			r.state.LastOpen = find.ColumnInt64(5)
			r.state.LastClick = find.ColumnInt64(6)
			r.state.SoftBounces = find.ColumnInt64(7)
			r.counts = columnBytes(find, 8)
			r.state.Lasts = contact.DecodeLasts(columnBytes(find, 9))
		})
		if err == nil && !found {
			put.BindInt64(1, r.project)
			put.BindText(2, r.address)
			r.created = true
			_, err = step(put, func() { r.ref = put.ColumnInt64(0) })
		}
		if err != nil {
			return fmt.Errorf("lock contact: %w", err)
		}
		if r.state.Counts, err = decodeCounts(r.counts); err != nil {
			return err
		}
	}
	return nil
}

const sqlSaveContact = `UPDATE contacts SET unsubscribed = ?2, consent_at = ?3, first_seen = ?4, last_seen = ?5,
	last_open = ?6, last_click = ?7, soft_bounces = ?8, counts = ?9, updated_at = ?10, lasts = ?11,
	created_at = CASE created_at WHEN 0 THEN ?10 ELSE created_at END WHERE ref = ?1`

func (b *sqliteBatch) saveContacts(_ context.Context, rows []*contactRow) error {
	s, err := b.stmt(sqlSaveContact)
	if err != nil {
		return err
	}
	var buf, lasts []byte
	for _, r := range rows {
		buf, lasts = appendCounts(buf[:0], &r.state.Counts), contact.AppendLasts(lasts[:0], &r.state.Lasts)
		s.BindInt64(1, r.ref)
		s.BindBool(2, r.state.Unsubscribed)
		s.BindInt64(3, r.state.ConsentAt)
		s.BindInt64(4, r.state.FirstSeen)
		s.BindInt64(5, r.state.LastSeen)
		s.BindInt64(6, r.state.LastOpen)
		s.BindInt64(7, r.state.LastClick)
		s.BindInt64(8, r.state.SoftBounces)
		bindBytes(s, 9, buf)
		s.BindInt64(10, r.updatedAt)
		bindBytes(s, 11, lasts)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("save contact: %w", err)
		}
	}
	return nil
}

const (
	sqlFindMessage = `SELECT ref, template, workflow, sender_domain, account, last_at, state, info FROM messages
		WHERE message_id = ?1 AND contact = ?2 AND provider = ?3`
	// A new message is stored whole, under the ref that nameMessages gave it.
	sqlPutMessage = `INSERT INTO messages (ref, project, provider, message_id, contact, template, workflow,
		sender_domain, account, rank, last_at, state, info)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`
	sqlSaveMessage = `UPDATE messages SET template = ?2, workflow = ?3, sender_domain = ?4, account = ?5, rank = ?6,
		last_at = ?7, state = ?8, info = ?9 WHERE ref = ?1`
)

func (b *sqliteBatch) lockMessages(_ context.Context, rows []*messageRow) error {
	find, err := b.stmt(sqlFindMessage)
	if err != nil {
		return err
	}
	for _, r := range rows {
		find.BindBytes(1, []byte(r.key))
		find.BindInt64(2, r.contact)
		find.BindInt64(3, r.provider)
		found, err := step(find, func() {
			r.ref = find.ColumnInt64(0)
			r.template = find.ColumnInt64(1)
			r.workflow = find.ColumnInt64(2)
			r.senderDomain = find.ColumnInt64(3)
			r.account = find.ColumnInt64(4)
			r.lastAt = find.ColumnInt64(5)
			r.stateBytes = columnBytes(find, 6)
			r.info = columnBytes(find, 7)
		})
		if err != nil {
			return fmt.Errorf("lock message: %w", err)
		}
		r.created = !found
		if r.state, err = message.Decode(r.stateBytes); err != nil {
			return err
		}
	}
	return b.nameMessages(rows)
}

// nameMessages gives new messages their refs, so that events can point at them before they are stored: this is the
// only writer, so the next ones are known.
func (b *sqliteBatch) nameMessages(rows []*messageRow) error {
	s, err := b.stmt(`SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)`)
	if err != nil {
		return err
	}
	var next int64
	if _, err := step(s, func() { next = s.ColumnInt64(0) }); err != nil {
		return fmt.Errorf("next message: %w", err)
	}
	for _, r := range rows {
		if r.created {
			next++
			r.ref = next
		}
	}
	return nil
}

func (b *sqliteBatch) saveMessages(_ context.Context, rows []*messageRow) error {
	put, err := b.stmt(sqlPutMessage)
	if err != nil {
		return err
	}
	save, err := b.stmt(sqlSaveMessage)
	if err != nil {
		return err
	}
	var buf []byte
	for _, r := range rows {
		buf = r.state.Append(buf[:0])
		s, i := save, 2
		if r.created {
			s, i = put, 6
			s.BindInt64(2, r.project)
			s.BindInt64(3, r.provider)
			s.BindBytes(4, []byte(r.key))
			s.BindInt64(5, r.contact)
		}
		s.BindInt64(1, r.ref)
		s.BindInt64(i, r.template)
		s.BindInt64(i+1, r.workflow)
		s.BindInt64(i+2, r.senderDomain)
		s.BindInt64(i+3, r.account)
		s.BindInt64(i+4, int64(r.state.Rank))
		s.BindInt64(i+5, r.lastAt)
		bindBytes(s, i+6, buf)
		bindBytes(s, i+7, r.info)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("save message: %w", err)
		}
	}
	return nil
}

const sqlPutEvent = `INSERT INTO events (id, project, name, contact, message, template, source, class, flags,
	occurred_at, received_at, receipt, element, recipient, detail)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (id) DO NOTHING`

func (b *sqliteBatch) putEvents(_ context.Context, rows []*eventRow) error {
	s, err := b.stmt(sqlPutEvent)
	if err != nil {
		return err
	}
	for _, r := range rows {
		s.BindBytes(1, r.ID[:])
		s.BindInt64(2, r.project)
		s.BindInt64(3, r.name)
		s.BindInt64(4, r.contactRef())
		s.BindInt64(5, r.messageRef())
		s.BindInt64(6, r.template())
		s.BindInt64(7, r.entry.Source.Ref)
		s.BindInt64(8, int64(r.class))
		s.BindInt64(9, int64(r.flags))
		s.BindInt64(10, r.OccurredAt.UnixMilli())
		s.BindInt64(11, ms(r.ReceivedAt))
		s.BindInt64(12, r.receipt)
		s.BindInt64(13, int64(r.Element))
		s.BindText(14, r.RecipientAs)
		bindBytes(s, 15, r.Detail)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("put event: %w", err)
		}
		r.inserted = b.c.Changes() > 0
	}
	return nil
}

const sqlAddCounter = `INSERT INTO counters (kind, dim, name, class, bucket, n, uniques, any_uniques)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (kind, bucket, dim, name, class)
	DO UPDATE SET n = n + ?6, uniques = uniques + ?7, any_uniques = any_uniques + ?8`

func (b *sqliteBatch) addCounters(_ context.Context, rows []counterRow) error {
	s, err := b.stmt(sqlAddCounter)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for i, v := range [...]int64{
			int64(r.Kind), r.Dim, r.Name, int64(r.Class), r.Bucket, r.N, r.Unique, r.Any,
		} {
			s.BindInt64(i+1, v)
		}
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("add counter: %w", err)
		}
	}
	return nil
}

const sqlAddTally = `INSERT INTO tallies (source, hour, word, n) VALUES (?1, ?2, ?3, ?4)
	ON CONFLICT (source, hour, word) DO UPDATE SET n = n + ?4`

func (b *sqliteBatch) addTallies(_ context.Context, rows []tallyRow) error {
	s, err := b.stmt(sqlAddTally)
	if err != nil {
		return err
	}
	for _, r := range rows {
		s.BindInt64(1, r.source)
		s.BindInt64(2, r.hour)
		s.BindText(3, r.word)
		s.BindInt64(4, r.n)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("add tally: %w", err)
		}
	}
	return nil
}

const sqlAddContactEvent = `INSERT INTO contact_events (name, contact, n, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5)
	ON CONFLICT (name, contact) DO UPDATE SET n = n + ?3, first_at = min(first_at, ?4), last_at = max(last_at, ?5)`

func (b *sqliteBatch) addContactEvents(_ context.Context, rows []contactEventRow) error {
	s, err := b.stmt(sqlAddContactEvent)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for i, v := range [...]int64{r.name, r.contact, r.n, r.first, r.last} {
			s.BindInt64(i+1, v)
		}
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("add contact event: %w", err)
		}
	}
	return nil
}

const sqlPutEventValue = `INSERT INTO event_values (event, key, n, kind, number, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
	ON CONFLICT (event, key, n) DO NOTHING`

func (b *sqliteBatch) putEventValues(_ context.Context, rows []eventValueRow) error {
	s, err := b.stmt(sqlPutEventValue)
	if err != nil {
		return err
	}
	for _, r := range rows {
		s.BindBytes(1, r.event[:])
		s.BindInt64(2, r.key)
		s.BindInt64(3, r.n)
		s.BindInt64(4, int64(r.Kind))
		s.BindFloat(5, r.Number)
		s.BindText(6, r.Text)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("put event value: %w", err)
		}
	}
	return nil
}

func (b *sqliteBatch) putContactValues(_ context.Context, rows []contactValueRow) error {
	s, err := b.stmt(sqlPutValue)
	if err != nil {
		return err
	}
	for _, r := range rows {
		s.BindInt64(1, r.contact)
		s.BindInt64(2, r.key)
		s.BindInt64(3, r.n)
		s.BindInt64(4, int64(r.Kind))
		s.BindFloat(5, r.Number)
		s.BindText(6, r.Text)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("put value of contact: %w", err)
		}
	}
	return nil
}

func (b *sqliteBatch) putConsents(_ context.Context, rows []consentRow) error {
	s, err := b.stmt(sqlPutConsent + ` VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		s.BindInt64(1, r.contact)
		s.BindInt64(2, r.topic)
		s.BindBool(3, r.subscribed)
		s.BindInt64(4, r.at)
		s.BindText(5, r.origin)
		s.BindText(6, r.reason)
		s.BindText(7, r.by)
		if _, err := step(s, nil); err != nil {
			return fmt.Errorf("put consent: %w", err)
		}
	}
	return nil
}
