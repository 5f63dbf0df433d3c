package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/message"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
	// scanBound is how many events a page looks at for a filter that no index serves. At the bound the page ends
	// with a cursor, so that no question holds a snapshot for long.
	scanBound = 10_000
	// eventBound is scanBound of events: each costs a look into the table, and a page of them is to take well below 50 ms.
	eventBound = 5_000
)

func limitOf(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

// cutPage makes a page out of a list that was read with one row more than it holds. next is the place of its last row; 0: no
// more follow.
func cutPage[T any](list []T, limit int, place func(*T) int64) (page []T, next int64) {
	if len(list) <= limit {
		return list, 0
	}
	return list[:limit], place(&list[limit-1])
}

// errEnough ends a scan that has what it wants.
var errEnough = errors.New("enough rows")

// ListEvents returns one page of events, newest id first.
func (s *Store) ListEvents(ctx context.Context, q EventQuery) (EventPage, error) {
	page, err := s.ReadEvents(ctx, q)
	if err != nil {
		return EventPage{}, err
	}
	events, err := page.Events()
	return EventPage{Events: events, Next: page.Next, Bounded: page.Bounded}, err
}

// EventRows are events as they were read. Making them whole takes longer than reading them, and needs no database.
type EventRows struct {
	Next    event.ID // of ReadEvents: as EventPage has it
	Bounded bool     // the same

	rows   []*eventRecord
	places []Position // of ReadLog
	texts  map[int64]string
	codec  *receipt.Codec
}

// Len is how many they are.
func (r *EventRows) Len() int { return len(r.rows) }

// Events makes them whole. Several goroutines may do so with rows of their own.
func (r *EventRows) Events() ([]event.Event, error) {
	events := make([]event.Event, len(r.rows))
	for i, row := range r.rows {
		var err error
		if events[i], err = row.event(r.codec, r.texts); err != nil {
			return nil, fmt.Errorf("decode event %s: %w", row.id, err)
		}
	}
	return events, nil
}

// ReadEvents is ListEvents without making the events whole.
func (s *Store) ReadEvents(ctx context.Context, q EventQuery) (page EventRows, err error) {
	q.Limit = limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		plans, err := s.planEvents(ctx, c, q)
		if err != nil {
			return err
		}
		var rows []*eventRecord
		for i := range plans {
			more, cursor, err := s.runPlan(ctx, c, plans, i, q)
			if err != nil {
				return err
			}
			rows = append(rows, more...)
			// Of several scans that ended at the bound, the page may go as far as the newest end.
			if !cursor.IsZero() && bytes.Compare(cursor[:], page.Next[:]) > 0 {
				page.Next, page.Bounded = cursor, true
			}
		}
		page, err = s.page(ctx, c, rows, page, q.Limit)
		return err
	})
	return page, err
}

// page merges what the scans found.
func (s *Store) page(ctx context.Context, c conn, rows []*eventRecord, p EventRows, limit int) (EventRows, error) {
	slices.SortFunc(rows, func(a, b *eventRecord) int { return bytes.Compare(b.id[:], a.id[:]) })
	if p.Bounded {
		rows = slices.DeleteFunc(rows, func(r *eventRecord) bool { return bytes.Compare(r.id[:], p.Next[:]) < 0 })
	}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next, p.Bounded = rows[limit-1].id, false
	}
	whole, err := s.withTexts(ctx, c, rows)
	whole.Next, whole.Bounded = p.Next, p.Bounded
	return whole, err
}

// Event finds an event.
func (s *Store) Event(ctx context.Context, project string, id event.ID) (e event.Event, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var rows []*eventRecord
		err = c.query(ctx, selectEvent+` FROM events e `+joinEvent+` WHERE e.id = $1 AND e.project = $2`,
			[]any{id, ref}, func(r row) error {
				rec, err := scanEvent(r)
				rows = append(rows, rec)
				return err
			})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.Missing("there is no event %s", id)
		}
		events, err := s.decodeEvents(ctx, c, rows)
		if err == nil {
			e = events[0]
		}
		return err
	})
	return e, err
}

// EventRaw finds what an event was made from, while its receipt is kept.
func (s *Store) EventRaw(ctx context.Context, project string, id event.ID) (raw RawElement, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var rcp, received int64
		found, err := one(ctx, c, `SELECT receipt, element FROM events WHERE id = $1 AND project = $2`,
			[]any{id, ref}, &rcp, &raw.Element)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no event %s", id)
		}
		if raw.Element == erasedElement {
			return fault.Missing("what event %s was made from was erased with a person", id)
		}
		if rcp == 0 {
			return fault.Missing("event %s was in no request: it follows from others", id)
		}
		var in place
		found, err = one(ctx, c, `SELECT s.provider, r.received_at, `+selectPlace+`
			FROM receipts r JOIN sources s ON s.ref = r.source WHERE r.ref = $1`, []any{rcp},
			append([]any{&raw.Provider, &received}, in.scan()...)...)
		if err == nil && found {
			raw.Keep, found, err = (&bodies{codec: s.codec}).read(ctx, c, in)
		}
		if err == nil && !found {
			err = fault.Missing("the receipt of event %s is not kept any more", id).
				WithHint("receipts are kept for a shorter time than events; see --retention-receipts")
		}
		raw.ReceiptID, raw.ReceivedAt = publicID(receiptPrefix, rcp), at(received)
		return err
	})
	return raw, err
}

// EventNames lists the names that events of a project have had, sorted.
func (s *Store) EventNames(ctx context.Context, project string) (names []event.Name, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return c.query(ctx, `SELECT text FROM terms WHERE project = $1 AND kind = $2 ORDER BY text`,
			[]any{ref, termName}, func(r row) error {
				var n string
				err := r.Scan(&n)
				names = append(names, event.Name(n))
				return err
			})
	})
	return names, err
}

// selectEvent and joinEvent read events with their contacts, messages and sources, in the order of scanEvent.
const (
	selectEvent = `SELECT e.id, e.name, e.class, e.flags, e.occurred_at, e.received_at, e.recipient, e.detail,
		coalesce(s.id, ''), coalesce(s.provider, ''), p.id, e.contact, coalesce(c.address, ''), e.message,
		coalesce(m.message_id, ''), coalesce(m.template, 0), coalesce(m.workflow, 0), coalesce(m.sender_domain, 0),
		coalesce(m.account, 0), m.info`
	joinEvent = `JOIN projects p ON p.ref = e.project LEFT JOIN sources s ON s.ref = e.source
		LEFT JOIN contacts c ON c.ref = e.contact LEFT JOIN messages m ON m.ref = e.message`
)

// eventRecord is an event as its row has it; integers stand for texts.
type eventRecord struct {
	id                                                event.ID
	name, occurred, received, contact, message        int64
	class, flags                                      int
	recipientAs, source, provider, project, recipient string
	detail                                            []byte

	messageID                                 string
	template, workflow, senderDomain, account int64
	info                                      []byte
}

func scanEvent(r row) (*eventRecord, error) {
	e := &eventRecord{}
	var key []byte
	err := r.Scan(&e.id, &e.name, &e.class, &e.flags, &e.occurred, &e.received, &e.recipientAs, &e.detail,
		&e.source, &e.provider, &e.project, &e.contact, &e.recipient, &e.message, &key,
		&e.template, &e.workflow, &e.senderDomain, &e.account, &e.info)
	e.messageID = message.ID(key)
	return e, err
}

// decodeEvents turns rows into events.
func (s *Store) decodeEvents(ctx context.Context, c conn, rows []*eventRecord) ([]event.Event, error) {
	whole, err := s.withTexts(ctx, c, rows)
	if err != nil {
		return nil, err
	}
	return whole.Events()
}

// withTexts reads the texts of rows.
func (s *Store) withTexts(ctx context.Context, c conn, rows []*eventRecord) (EventRows, error) {
	var refs []int64
	for _, r := range rows {
		refs = append(refs, r.name, r.template, r.workflow, r.senderDomain, r.account)
	}
	texts, err := s.termTexts(ctx, c, refs)
	return EventRows{rows: rows, texts: texts, codec: s.codec}, err
}

func (r *eventRecord) event(codec *receipt.Codec, texts map[int64]string) (event.Event, error) {
	e := event.Event{
		ID: r.id, Name: event.Name(texts[r.name]), OccurredAt: at(r.occurred), ReceivedAt: at(r.received),
		ProjectID: r.project, ContactID: publicID(contactPrefix, r.contact),
		EmailID: publicID(messagePrefix, r.message), Recipient: r.recipient,
		RecipientAs: r.recipientAs, Attribution: event.Exact,
	}
	e.Source = &event.Source{ID: r.source, Provider: r.provider}
	if r.source == "" {
		e.Source.Provider = ours // it follows from others
	}
	if stats.Class(r.class) == stats.OfCandidates {
		e.Attribution = event.Candidates
	}
	if err := codec.DecodeDetail(r.detail, &e); err != nil {
		return e, err
	}
	switch e.Name {
	case event.EmailOpen:
		e.Open = engagement(e.Open, r.flags)
	case event.EmailClick:
		e.Click = engagement(e.Click, r.flags)
	}
	if r.messageID == "" {
		return e, nil
	}
	m, err := r.messageInfo(texts)
	e.Message = &m
	return e, err
}

func engagement(g *event.Engagement, flags int) *event.Engagement {
	if g == nil {
		g = &event.Engagement{}
	}
	g.First, g.Count = flags&flagFirst != 0, nthOf(flags)
	return g
}

func (r *eventRecord) messageInfo(texts map[int64]string) (event.Message, error) {
	m := event.Message{
		ID: r.messageID, Template: texts[r.template], Workflow: texts[r.workflow],
		SenderDomain: texts[r.senderDomain], Account: texts[r.account],
	}
	err := receipt.DecodeInfo(r.info, &m)
	return m, err
}

// termTexts reads the texts of terms; the cache has most of them.
func (s *Store) termTexts(ctx context.Context, c conn, refs []int64) (map[int64]string, error) {
	texts := make(map[int64]string)
	var missing []any
	for _, ref := range refs {
		if _, ok := texts[ref]; ok || ref == 0 {
			continue
		}
		t, ok := s.terms.text(ref)
		if !ok {
			missing = append(missing, ref)
		}
		texts[ref] = t
	}
	if len(missing) == 0 {
		return texts, nil
	}
	err := c.query(ctx, `SELECT ref, project, kind, text FROM terms WHERE ref IN (`+marks(1, len(missing))+`)`, missing,
		func(r row) error {
			var ref int64
			var k termKey
			if err := r.Scan(&ref, &k.project, &k.kind, &k.text); err != nil {
				return err
			}
			texts[ref] = k.text
			s.terms.add(k, ref)
			return nil
		})
	return texts, err
}

// termOf finds the integer of a text; 0 where nothing ever had it.
func (s *Store) termOf(ctx context.Context, c conn, k termKey) (int64, error) {
	if ref, ok := s.terms.ref(k); ok {
		return ref, nil
	}
	var ref int64
	found, err := one(ctx, c, `SELECT ref FROM terms WHERE project = $1 AND kind = $2 AND text = $3`,
		[]any{k.project, k.kind, k.text}, &ref)
	if err == nil && found {
		s.terms.add(k, ref)
	}
	return ref, err
}
