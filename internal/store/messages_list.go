package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"tidings/event"
)

// MessageQuery selects emails by their events. Zero fields do not filter.
type MessageQuery struct {
	Project  string
	Contact  string // con_… or an address
	Template string
	Source   string    // src_…
	From, To time.Time // identity time of an event, From inclusive, To exclusive
	After    event.ID  // MessagePage.Next of the page before
	Limit    int       // 1 to 1000; 0 means 100
}

// MessagePage is one page of emails.
type MessagePage struct {
	Messages []Message
	Next     event.ID // zero: no more
}

// ListMessages returns one page of emails, one row for each recipient, by the newest of their events that match. It walks
// the events; a page that looked at many of them ends before its limit, and Next goes on from there.
func (s *Store) ListMessages(ctx context.Context, q MessageQuery) (page MessagePage, err error) {
	q.Limit = limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		page = MessagePage{}
		w, err := s.newMessageWalk(ctx, c, q)
		if err != nil || w == nil {
			return err
		}
		var refs []int64
		if refs, page.Next, err = w.run(); err != nil || len(refs) == 0 {
			return err
		}
		page.Messages, err = s.messagesInOrder(ctx, c, refs)
		return err
	})
	return page, err
}

// messagesInOrder reads messages in the order of their refs.
func (s *Store) messagesInOrder(ctx context.Context, c conn, refs []int64) ([]Message, error) {
	list, err := s.readMessages(ctx, c, refs)
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(refs))
	for i, ref := range refs {
		place[publicID(messagePrefix, ref)] = i
	}
	slices.SortFunc(list, func(a, b Message) int { return place[a.ID] - place[b.ID] })
	return list, nil
}

// messageWalk goes over events, newest first, and takes each message where it sees it first.
type messageWalk struct {
	c       conn
	ctx     context.Context // of the one call that this value lives for
	store   *Store
	q       EventQuery
	drivers []driver
}

// newMessageWalk returns nil where nothing can match.
func (s *Store) newMessageWalk(ctx context.Context, c conn, q MessageQuery) (*messageWalk, error) {
	w := &messageWalk{c: c, ctx: ctx, store: s, q: EventQuery{
		Project: q.Project, Contact: q.Contact, Template: q.Template, Source: q.Source, From: q.From, To: q.To,
		After: q.After, Limit: q.Limit,
	}}
	project, err := projectRef(ctx, c, q.Project)
	if err != nil {
		return nil, err
	}
	if w.drivers, err = s.drivers(ctx, c, project, w.q); err != nil {
		return nil, err
	}
	for _, d := range w.drivers {
		if len(d.refs) == 0 {
			return nil, nil
		}
	}
	return w, nil
}

// messageChunk is how many events a page reads before it asks which of their messages earlier pages had.
const messageChunk = 1000

// run returns the messages of the page, and where the next page goes on.
func (w *messageWalk) run() (refs []int64, next event.ID, err error) {
	next = w.q.After
	var ids []event.ID // of the events that the messages were taken at
	seen := make(map[int64]bool)
	for looked := 0; looked < scanBound; looked += messageChunk {
		events, err := w.chunk(next)
		if err != nil {
			return nil, next, err
		}
		var fresh []walkedEvent
		for _, e := range events {
			if e.message != 0 && !seen[e.message] && w.matches(e) {
				seen[e.message] = true
				fresh = append(fresh, e)
			}
		}
		had, err := w.before(fresh)
		if err != nil {
			return nil, next, err
		}
		for _, e := range fresh {
			if had[e.message] {
				continue
			}
			if len(refs) == w.q.Limit {
				return refs, ids[len(ids)-1], nil
			}
			refs, ids = append(refs, e.message), append(ids, e.id)
		}
		if len(events) < messageChunk {
			return refs, event.ID{}, nil
		}
		next = events[len(events)-1].id
	}
	return refs, next, nil
}

// walkedEvent is what a walk needs of an event.
type walkedEvent struct {
	id                                 event.ID
	message, contact, template, source int64
}

func scanWalked(r row) (e walkedEvent, err error) {
	err = r.Scan(&e.id, &e.message, &e.contact, &e.template, &e.source)
	return e, err
}

const selectWalked = `SELECT e.id, e.message, e.contact, e.template, e.source FROM events e `

// chunk reads the next events along the index below an id; zero for the newest. They are still to be matched.
func (w *messageWalk) chunk(below event.ID) (list []walkedEvent, err error) {
	q := w.q
	q.After = below
	plans, err := w.store.planEvents(w.ctx, w.c, q)
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	p := plans[0] // each filter has one value, so there is one scan
	where := ""
	if len(p.where) > 0 {
		where = `WHERE ` + joinAnd(p.where)
	}
	err = w.c.query(w.ctx, selectWalked+where+` ORDER BY `+p.order+` LIMIT `+itoa(messageChunk), p.args, func(r row) error {
		e, err := scanWalked(r)
		list = append(list, e)
		return err
	})
	return list, err
}

// before tells which messages of a list stood on earlier pages: those with a newer event that matches. The index of
// events by message serves it.
func (w *messageWalk) before(list []walkedEvent) (map[int64]bool, error) {
	had := make(map[int64]bool)
	if w.q.After.IsZero() {
		return had, nil
	}
	for part := range slices.Chunk(list, messageChunk/2) {
		args := make([]any, len(part))
		for i, e := range part {
			args[i] = e.message
		}
		err := w.c.query(w.ctx, selectWalked+`WHERE e.message IN (`+marks(1, len(args))+`)`, args, func(r row) error {
			e, err := scanWalked(r)
			if err == nil && bytes.Compare(e.id[:], w.q.After[:]) >= 0 && w.matches(e) {
				had[e.message] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return had, nil
}

// matches tells whether an event is one of the walk's.
func (w *messageWalk) matches(e walkedEvent) bool {
	if !w.q.To.IsZero() {
		if to := event.FirstID(w.q.To); bytes.Compare(e.id[:], to[:]) >= 0 {
			return false
		}
	}
	columns := map[string]int64{"contact": e.contact, "template": e.template, "source": e.source}
	for _, d := range w.drivers {
		if !slices.Contains(d.refs, columns[d.column]) {
			return false
		}
	}
	return true
}
