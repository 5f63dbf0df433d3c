package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/message"
)

// postgresBatch runs the statements of the event's path with one array a column, so that a batch of any size is one
// round trip a table. Rows arrive sorted, and every statement keeps that order where it locks.
//
// What has no result waits and goes out with the next statement that has one, begin and commit too: a batch of events
// takes five round trips instead of fourteen.
type postgresBatch struct {
	postgresConn
	waiting []statement
}

// statement is one that waits to go out.
type statement struct {
	step string
	sql  string
	args []any
}

func (b *postgresBatch) query(ctx context.Context, sql string, args []any, scan func(row) error) error {
	if err := b.flush(ctx); err != nil {
		return err
	}
	return b.postgresConn.query(ctx, sql, args, scan)
}

func (b *postgresBatch) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := b.flush(ctx); err != nil {
		return 0, err
	}
	return b.postgresConn.exec(ctx, sql, args...)
}

// flush sends what waits.
func (b *postgresBatch) flush(ctx context.Context) error {
	if len(b.waiting) == 0 {
		return nil
	}
	return b.send(ctx, nil, nil)
}

// send sends what waits, and last, where it is not nil, whose rows go to scan.
func (b *postgresBatch) send(ctx context.Context, last *statement, scan func(row) error) (err error) {
	var out pgx.Batch
	for _, s := range b.waiting {
		out.Queue(s.sql, s.args...)
	}
	if last != nil {
		out.Queue(last.sql, last.args...)
	}
	sent := b.waiting
	b.waiting = nil
	results := b.tx.SendBatch(ctx, &out)
	defer func() { err = errors.Join(err, results.Close()) }()
	for _, s := range sent {
		tag, err := results.Exec()
		if err == nil && s.sql == commitSQL && tag.String() != commitSQL {
			err = pgx.ErrTxCommitRollback
		}
		if err != nil {
			return wrapStep(s.step, err)
		}
	}
	if last == nil {
		return nil
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

const (
	beginSQL  = "BEGIN"
	commitSQL = "COMMIT"
	// alongIndexes keeps the planner to indexes. It would make its plans while tables are empty, and keep them while
	// they fill: a scan of all contacts for every batch, until the server's statistics are renewed.
	alongIndexes = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true), pg_advisory_xact_lock_shared(` + erasingLock + `)`
	// erasingLock is what Store.BeginErasure waits for: whoever it erases must not come in meanwhile.
	erasingLock    = "7306367862350476389"
	rollbackWithin = 5 * time.Second
)

// ingestOn runs fn in a transaction on a connection.
func ingestOn(ctx context.Context, c *pgxpool.Conn, fn func(batch) error) error {
	b := &postgresBatch{postgresConn: postgresConn{c}}
	b.run("begin", beginSQL, columns{})
	b.run("set the planner", alongIndexes, columns{})
	err := fn(b)
	if err == nil {
		b.run("commit", commitSQL, columns{})
		err = b.flush(ctx)
	}
	if err != nil && c.Conn().PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
		defer cancel()
		// The pool closes a connection that comes back within a transaction, so a failure here needs no care.
		_, _ = c.Exec(ctx, "ROLLBACK")
	}
	return err
}

// columns collects arrays, one for each column.
type columns struct{ args []any }

func column[T, R any](c *columns, rows []R, value func(R) T) {
	list := make([]T, len(rows))
	for i, r := range rows {
		list[i] = value(r)
	}
	c.args = append(c.args, list)
}

func (b *postgresBatch) putReceipts(ctx context.Context, block *blockRow) error {
	rows := block.receipts
	c := columns{args: []any{block.newest, int64(block.Codec), int64(block.Size), notNil(block.Bytes)}}
	column(&c, rows, func(r *receiptRow) int64 { return r.entry.Source.Ref })
	column(&c, rows, func(r *receiptRow) []byte { return r.entry.Key[:] })
	column(&c, rows, func(r *receiptRow) int64 { return r.kind })
	column(&c, rows, func(r *receiptRow) int64 { return ms(r.entry.ReceivedAt) })
	column(&c, rows, func(r *receiptRow) int64 { return 1 + r.repeats })
	column(&c, rows, func(r *receiptRow) []byte { return r.entry.SHA256[:] })
	column(&c, rows, func(r *receiptRow) int64 { return int64(r.begins) })
	column(&c, rows, func(r *receiptRow) int64 { return int64(len(r.entry.Keep)) })
	column(&c, rows, func(r *receiptRow) string { return r.problems })
	index := make(map[string]*receiptRow, len(rows))
	for _, r := range rows {
		index[receiptIndex(r.entry.Source.Ref, r.entry.Key[:])] = r
	}
	err := b.rows(ctx, `WITH b AS (
			INSERT INTO blocks (newest, codec, size, bytes) VALUES ($1, $2, $3, $4) RETURNING ref)
		INSERT INTO receipts (source, key, kind, received_at, n, sha256, begins, size, problems, block)
		SELECT k.*, b.ref FROM b, unnest($5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[],
			$10::bytea[], $11::bigint[], $12::bigint[], $13::text[]) k (source, key) ORDER BY k.source, k.key
		ON CONFLICT (source, key) DO UPDATE SET n = receipts.n + excluded.n
		RETURNING (SELECT ref FROM b), ref, source, key, n, sha256`, c, func(r row) error {
		var ref, source, n int64
		var key, sha []byte
		if err := r.Scan(&block.ref, &ref, &source, &key, &n, &sha); err != nil {
			return err
		}
		x := index[receiptIndex(source, key)]
		x.ref, x.known, x.storedSHA = ref, n != 1+x.repeats, sha
		return nil
	})
	return wrapStep("put receipts", err)
}

func receiptIndex(source int64, key []byte) string { return fmt.Sprint(source, ":", string(key)) }

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func wrapStep(step string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return nil
}

// rows runs a statement whose arguments are arrays as they are, after what waits.
func (b *postgresBatch) rows(ctx context.Context, sql string, c columns, scan func(row) error) error {
	return b.send(ctx, &statement{sql: sql, args: c.args}, scan)
}

// run lets a statement wait that has no result.
func (b *postgresBatch) run(step, sql string, c columns) {
	b.waiting = append(b.waiting, statement{step, sql, c.args})
}

func (b *postgresBatch) putTerms(ctx context.Context, rows []*termRow) error {
	var c columns
	column(&c, rows, func(r *termRow) int64 { return r.project })
	column(&c, rows, func(r *termRow) int64 { return int64(r.kind) })
	column(&c, rows, func(r *termRow) string { return r.text })
	b.run("put terms", `INSERT INTO terms (project, kind, text)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
		ON CONFLICT (project, kind, text) DO NOTHING`, c)
	index := make(map[termKey]*termRow, len(rows))
	for _, r := range rows {
		index[r.termKey] = r
	}
	err := b.rows(ctx, `SELECT t.ref, t.project, t.kind, t.text FROM terms t
		JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) k (project, kind, text)
		ON t.project = k.project AND t.kind = k.kind AND t.text = k.text`, c, func(r row) error {
		var ref int64
		var k termKey
		if err := r.Scan(&ref, &k.project, &k.kind, &k.text); err != nil {
			return err
		}
		index[k].ref = ref
		return nil
	})
	return wrapStep("find terms", err)
}

func (b *postgresBatch) lockContacts(ctx context.Context, rows []*contactRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r *contactRow) int64 { return r.project })
	column(&c, rows, func(r *contactRow) string { return r.address })
	b.run("put contacts", `INSERT INTO contacts (project, address, counts, created_at, updated_at)
		SELECT project, address, '', 0, 0 FROM unnest($1::bigint[], $2::text[]) k (project, address)
		ON CONFLICT (project, address) DO NOTHING`, c)
	type key struct {
		project int64
		address string
	}
	index := make(map[key]*contactRow, len(rows))
	for _, r := range rows {
		index[key{r.project, r.address}] = r
	}
	err := b.rows(ctx, `SELECT x.ref, x.project, x.address, x.unsubscribed, x.consent_at, x.first_seen, x.last_seen,
		x.last_open, x.last_click, x.soft_bounces, x.counts, x.lasts, x.created_at FROM contacts x
		JOIN unnest($1::bigint[], $2::text[]) k (project, address)
		ON x.project = k.project AND x.address = k.address
		ORDER BY x.project, x.address FOR UPDATE OF x`, c, func(r row) error {
		var ref int64
		var k key
		var in contactRow
		var lasts []byte
		var created int64
		st := &in.state
		err := r.Scan(&ref, &k.project, &k.address, &st.Unsubscribed, &st.ConsentAt, &st.FirstSeen, &st.LastSeen,
			&st.LastOpen, &st.LastClick, &st.SoftBounces, &in.counts, &lasts, &created)
		if err != nil {
			return err
		}
		x := index[k]
		x.ref, x.state, x.created = ref, in.state, created == 0
		x.state.Lasts = contact.DecodeLasts(lasts)
		x.state.Counts, err = decodeCounts(in.counts)
		return err
	})
	return wrapStep("lock contacts", err)
}

func (b *postgresBatch) saveContacts(_ context.Context, rows []*contactRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r *contactRow) int64 { return r.ref })
	column(&c, rows, func(r *contactRow) int64 {
		if r.state.Unsubscribed {
			return 1
		}
		return 0
	})
	column(&c, rows, func(r *contactRow) int64 { return r.state.ConsentAt })
	column(&c, rows, func(r *contactRow) int64 { return r.state.FirstSeen })
	column(&c, rows, func(r *contactRow) int64 { return r.state.LastSeen })
	column(&c, rows, func(r *contactRow) int64 { return r.state.LastOpen })
	column(&c, rows, func(r *contactRow) int64 { return r.state.LastClick })
	column(&c, rows, func(r *contactRow) int64 { return r.state.SoftBounces })
	column(&c, rows, func(r *contactRow) []byte { return notNil(appendCounts(nil, &r.state.Counts)) })
	column(&c, rows, func(r *contactRow) int64 { return r.updatedAt })
	column(&c, rows, func(r *contactRow) []byte { return notNil(contact.AppendLasts(nil, &r.state.Lasts)) })
	b.run("save contacts", `UPDATE contacts x SET unsubscribed = k.unsubscribed, consent_at = k.consent_at,
		first_seen = k.first_seen, last_seen = k.last_seen, last_open = k.last_open, last_click = k.last_click,
		soft_bounces = k.soft_bounces, counts = k.counts, updated_at = k.updated_at, lasts = k.lasts,
		created_at = CASE x.created_at WHEN 0 THEN k.updated_at ELSE x.created_at END
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
			$8::bigint[], $9::bytea[], $10::bigint[], $11::bytea[]) k (ref, unsubscribed, consent_at, first_seen, last_seen,
			last_open, last_click, soft_bounces, counts, updated_at, lasts) WHERE x.ref = k.ref`, c)
	return nil
}

func (b *postgresBatch) lockMessages(ctx context.Context, rows []*messageRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r *messageRow) int64 { return r.project })
	column(&c, rows, func(r *messageRow) int64 { return r.provider })
	column(&c, rows, func(r *messageRow) []byte { return []byte(r.key) })
	column(&c, rows, func(r *messageRow) int64 { return r.contact })
	b.run("put messages", `INSERT INTO messages (project, provider, message_id, contact, last_at, state, info)
		SELECT project, provider, message_id, contact, 0, '', ''
		FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) k (project, provider, message_id, contact)
		ON CONFLICT (message_id, contact, provider) DO NOTHING`, c)
	index := make(map[messageKey]*messageRow, len(rows))
	for _, r := range rows {
		index[r.messageKey] = r
	}
	err := b.rows(ctx, `SELECT x.ref, x.project, x.provider, x.message_id, x.contact, x.template, x.workflow,
		x.sender_domain, x.account, x.last_at, x.state, x.info FROM messages x
		JOIN unnest($2::bigint[], $3::bytea[], $4::bigint[], $1::bigint[]) k (provider, message_id, contact, project)
		ON x.message_id = k.message_id AND x.contact = k.contact AND x.provider = k.provider
		ORDER BY x.message_id, x.contact, x.provider FOR UPDATE OF x`, c, func(r row) error {
		var in messageRow
		var key []byte
		err := r.Scan(&in.ref, &in.project, &in.provider, &key, &in.contact, &in.template, &in.workflow,
			&in.senderDomain, &in.account, &in.lastAt, &in.stateBytes, &in.info)
		if err != nil {
			return err
		}
		in.key = string(key)
		x := index[in.messageKey]
		in.to, in.created = x.to, len(in.stateBytes) == 0
		in.state, err = message.Decode(in.stateBytes)
		*x = in
		return err
	})
	return wrapStep("lock messages", err)
}

func (b *postgresBatch) saveMessages(_ context.Context, rows []*messageRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r *messageRow) int64 { return r.ref })
	column(&c, rows, func(r *messageRow) int64 { return r.template })
	column(&c, rows, func(r *messageRow) int64 { return r.workflow })
	column(&c, rows, func(r *messageRow) int64 { return r.senderDomain })
	column(&c, rows, func(r *messageRow) int64 { return r.account })
	column(&c, rows, func(r *messageRow) int64 { return int64(r.state.Rank) })
	column(&c, rows, func(r *messageRow) int64 { return r.lastAt })
	column(&c, rows, func(r *messageRow) []byte { return notNil(r.state.Append(nil)) })
	column(&c, rows, func(r *messageRow) []byte { return notNil(r.info) })
	b.run("save messages", `UPDATE messages x SET template = k.template, workflow = k.workflow,
		sender_domain = k.sender_domain, account = k.account, rank = k.rank, last_at = k.last_at, state = k.state,
		info = k.info FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
			$7::bigint[], $8::bytea[], $9::bytea[]) k (ref, template, workflow, sender_domain, account, rank, last_at,
			state, info) WHERE x.ref = k.ref`, c)
	return nil
}

func (b *postgresBatch) putEvents(ctx context.Context, rows []*eventRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r *eventRow) [16]byte { return r.ID })
	column(&c, rows, func(r *eventRow) int64 { return r.project })
	column(&c, rows, func(r *eventRow) int64 { return r.name })
	column(&c, rows, (*eventRow).contactRef)
	column(&c, rows, (*eventRow).messageRef)
	column(&c, rows, (*eventRow).template)
	column(&c, rows, func(r *eventRow) int64 { return r.entry.Source.Ref })
	column(&c, rows, func(r *eventRow) int16 { return int16(r.class) })
	column(&c, rows, func(r *eventRow) int16 { return int16(r.flags) })
	column(&c, rows, func(r *eventRow) int64 { return r.OccurredAt.UnixMilli() })
	column(&c, rows, func(r *eventRow) int64 { return ms(r.ReceivedAt) })
	column(&c, rows, func(r *eventRow) int64 { return r.receipt })
	column(&c, rows, func(r *eventRow) int32 { return int32(r.Element) })
	column(&c, rows, func(r *eventRow) string { return r.RecipientAs })
	column(&c, rows, func(r *eventRow) []byte { return notNil(r.Detail) })
	index := make(map[event.ID]*eventRow, len(rows))
	for _, r := range rows {
		index[r.ID] = r
	}
	err := b.rows(ctx, `INSERT INTO events (id, project, name, contact, message, template, source, class, flags,
		occurred_at, received_at, receipt, element, recipient, detail)
		SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
			$7::bigint[], $8::smallint[], $9::smallint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::integer[],
			$14::text[], $15::bytea[])
		ON CONFLICT (id) DO NOTHING RETURNING id`, c, func(r row) error {
		var id event.ID
		if err := r.Scan(&id); err != nil {
			return err
		}
		index[id].inserted = true
		return nil
	})
	return wrapStep("put events", err)
}

func (b *postgresBatch) addCounters(_ context.Context, rows []counterRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r counterRow) int64 { return int64(r.Kind) })
	column(&c, rows, func(r counterRow) int64 { return r.Dim })
	column(&c, rows, func(r counterRow) int64 { return r.Name })
	column(&c, rows, func(r counterRow) int64 { return int64(r.Class) })
	column(&c, rows, func(r counterRow) int64 { return r.Bucket })
	column(&c, rows, func(r counterRow) int64 { return r.N })
	column(&c, rows, func(r counterRow) int64 { return r.Unique })
	column(&c, rows, func(r counterRow) int64 { return r.Any })
	b.run("add counters", `INSERT INTO counters (kind, dim, name, class, bucket, n, uniques, any_uniques)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
			$7::bigint[], $8::bigint[])
		ON CONFLICT (kind, bucket, dim, name, class) DO UPDATE SET n = counters.n + excluded.n,
		uniques = counters.uniques + excluded.uniques, any_uniques = counters.any_uniques + excluded.any_uniques`, c)
	return nil
}

func (b *postgresBatch) addTallies(_ context.Context, rows []tallyRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r tallyRow) int64 { return r.source })
	column(&c, rows, func(r tallyRow) int64 { return r.hour })
	column(&c, rows, func(r tallyRow) string { return r.word })
	column(&c, rows, func(r tallyRow) int64 { return r.n })
	b.run("add tallies", `INSERT INTO tallies (source, hour, word, n)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
		ON CONFLICT (source, hour, word) DO UPDATE SET n = tallies.n + excluded.n`, c)
	return nil
}

func (b *postgresBatch) addContactEvents(_ context.Context, rows []contactEventRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r contactEventRow) int64 { return r.name })
	column(&c, rows, func(r contactEventRow) int64 { return r.contact })
	column(&c, rows, func(r contactEventRow) int64 { return r.n })
	column(&c, rows, func(r contactEventRow) int64 { return r.first })
	column(&c, rows, func(r contactEventRow) int64 { return r.last })
	b.run("add contact events", `INSERT INTO contact_events (name, contact, n, first_at, last_at)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (name, contact) DO UPDATE SET n = contact_events.n + excluded.n,
		first_at = least(contact_events.first_at, excluded.first_at),
		last_at = greatest(contact_events.last_at, excluded.last_at)`, c)
	return nil
}

func (b *postgresBatch) putEventValues(_ context.Context, rows []eventValueRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r eventValueRow) [16]byte { return r.event })
	column(&c, rows, func(r eventValueRow) int64 { return r.key })
	column(&c, rows, func(r eventValueRow) int64 { return r.n })
	column(&c, rows, func(r eventValueRow) int64 { return int64(r.Kind) })
	column(&c, rows, func(r eventValueRow) float64 { return r.Number })
	column(&c, rows, func(r eventValueRow) string { return r.Text })
	b.run("put event values", `INSERT INTO event_values (event, key, n, kind, number, text)
		SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[])
		ON CONFLICT (event, key, n) DO NOTHING`, c)
	return nil
}

func (b *postgresBatch) putContactValues(_ context.Context, rows []contactValueRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r contactValueRow) int64 { return r.contact })
	column(&c, rows, func(r contactValueRow) int64 { return r.key })
	column(&c, rows, func(r contactValueRow) int64 { return r.n })
	column(&c, rows, func(r contactValueRow) int64 { return int64(r.Kind) })
	column(&c, rows, func(r contactValueRow) float64 { return r.Number })
	column(&c, rows, func(r contactValueRow) string { return r.Text })
	b.run("put values of contacts", `INSERT INTO contact_values (contact, key, n, kind, number, text)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[])`, c)
	return nil
}

func (b *postgresBatch) putConsents(_ context.Context, rows []consentRow) error {
	if len(rows) == 0 {
		return nil
	}
	var c columns
	column(&c, rows, func(r consentRow) int64 { return r.contact })
	column(&c, rows, func(r consentRow) int64 { return r.topic })
	column(&c, rows, func(r consentRow) int64 {
		if r.subscribed {
			return 1
		}
		return 0
	})
	column(&c, rows, func(r consentRow) int64 { return r.at })
	column(&c, rows, func(r consentRow) string { return r.origin })
	column(&c, rows, func(r consentRow) string { return r.reason })
	column(&c, rows, func(r consentRow) string { return r.by })
	b.run("put consents", sqlPutConsent+` SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
		$5::text[], $6::text[], $7::text[])`, c)
	return nil
}
