package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/message"
)

// MessageQuery selects emails by their events. Zero fields do not filter.
type MessageQuery struct {
	Project  string
	Contact  string // con_… or an address
	Template string
	Source   string     // src_…
	Status   event.Name // Message.Status; the events are then those of this name
	From, To time.Time  // identity time of an event, From inclusive, To exclusive
	After    event.ID   // MessagePage.Next of the page before
	Limit    int        // 1 to 1000; 0 means 100
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
	project int64
	rank    message.Rank // that the messages have; NoRank: any
	drivers []driver     // the walk goes along the first one's index, the others are looked at
}

// newMessageWalk returns nil where nothing can match.
func (s *Store) newMessageWalk(ctx context.Context, c conn, q MessageQuery) (*messageWalk, error) {
	w := &messageWalk{c: c, ctx: ctx, store: s, q: EventQuery{
		Project: q.Project, Contact: q.Contact, Template: q.Template, Source: q.Source, From: q.From, To: q.To,
		After: q.After, Limit: q.Limit,
	}}
	if q.Status != "" {
		// A message has its status by an event of that name.
		w.rank, w.q.Names = message.RankNamed(q.Status), []event.Name{q.Status}
		if w.rank == message.NoRank {
			return nil, nil
		}
	}
	var err error
	if w.project, err = projectRef(ctx, c, q.Project); err != nil {
		return nil, err
	}
	if w.drivers, err = s.drivers(ctx, c, w.project, w.q); err != nil {
		return nil, err
	}
	w.leadByName(q.Status)
	for _, d := range w.drivers {
		if len(d.refs) == 0 {
			return nil, nil
		}
	}
	return w, nil
}

// rare are the names of which there are fewer events than a template has.
var rare = [...]event.Name{event.EmailFailure, event.EmailReject, event.EmailBounce, event.EmailComplaint}

// leadByName lets the walk go along the index of names rather than the one of templates where that is shorter.
func (w *messageWalk) leadByName(name event.Name) {
	if len(w.drivers) < 2 || w.drivers[0].column != "template" || !slices.Contains(rare[:], name) {
		return
	}
	i := slices.IndexFunc(w.drivers, func(d driver) bool { return d.column == "name" })
	w.drivers[0], w.drivers[i] = w.drivers[i], w.drivers[0]
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
		if fresh, err = w.ofRank(fresh); err != nil {
			return nil, next, err
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
	id                                       event.ID
	message, contact, template, source, name int64
}

func scanWalked(r row) (e walkedEvent, err error) {
	err = r.Scan(&e.id, &e.message, &e.contact, &e.template, &e.source, &e.name)
	return e, err
}

const selectWalked = `SELECT e.id, e.message, e.contact, e.template, e.source, e.name FROM events e `

// chunk reads the next events along the index below an id; zero for the newest. They are still to be matched.
func (w *messageWalk) chunk(below event.ID) (list []walkedEvent, err error) {
	p, err := w.plan(below)
	if err != nil {
		return nil, err
	}
	err = w.c.query(w.ctx, w.chunkSQL(p), p.args, func(r row) error {
		e, err := scanWalked(r)
		list = append(list, e)
		return err
	})
	return list, err
}

func (w *messageWalk) chunkSQL(p *plan) string {
	return selectWalked + `WHERE ` + joinAnd(p.where) + ` ORDER BY ` + p.order + ` LIMIT ` + itoa(messageChunk)
}

// plan is the scan along the index of the first driver, or along the primary key.
func (w *messageWalk) plan(below event.ID) (*plan, error) {
	q := EventQuery{From: w.q.From, To: w.q.To, After: below}
	p, err := w.store.filterPlan(w.ctx, w.c, w.project, q)
	if err != nil {
		return nil, err
	}
	if len(w.drivers) == 0 {
		p.where = append(p.where, "+e.project = "+p.arg(w.project))
		return p, nil
	}
	w.store.alongStems(p, q)
	return split(p, w.drivers[:1], w.project)[0], nil // each filter has one value, so there is one scan
}

// ofRank leaves the events whose messages have the rank that is asked for.
func (w *messageWalk) ofRank(list []walkedEvent) ([]walkedEvent, error) {
	if w.rank == message.NoRank || len(list) == 0 {
		return list, nil
	}
	args := []any{int64(w.rank)}
	for _, e := range list {
		args = append(args, e.message)
	}
	has := make(map[int64]bool, len(list))
	err := w.c.query(w.ctx, `SELECT ref FROM messages WHERE ref IN (`+marks(2, len(list))+`) AND rank = $1`, args,
		func(r row) error {
			var ref int64
			err := r.Scan(&ref)
			has[ref] = true
			return err
		})
	return slices.DeleteFunc(list, func(e walkedEvent) bool { return !has[e.message] }), err
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
	columns := map[string]int64{"contact": e.contact, "template": e.template, "source": e.source, "name": e.name}
	for _, d := range w.drivers {
		if !slices.Contains(d.refs, columns[d.column]) {
			return false
		}
	}
	return true
}
