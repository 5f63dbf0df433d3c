package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/send"
	"tidings/internal/source"
)

// ClaimedSend is a send that its claimer hands over now.
type ClaimedSend struct {
	Ref     int64
	ID      string
	Project string // prj_…
	// ProjectRef is the store's integer of the project.
	ProjectRef int64
	Contact    Contact
	Name       string // shown beside the address
	Content    *send.Content
	Data       json.RawMessage
	Origin     string
	DueAt      time.Time
	Attempts   int // this one included

	contact int64
}

// SendClaim is a wish to hand over sends that are due.
type SendClaim struct {
	Turn   string // names the run
	Now    time.Time
	Limit  int
	Source func(project string) (*source.Source, error) // finds the source of a project's own events
	// Repeats reports whether handing one over twice does no harm: such a send is not uncertain after a crash. nil: none is.
	Repeats func(project string, c *send.Content) bool
}

// ClaimSends takes sends that are due and marks them as being handed over before it returns: what was not settled when the
// process dies is uncertain. Those who may not be mailed any more are skipped instead: an email.skipped tells of each, and
// they are not returned. skipped is how many.
func (s *Store) ClaimSends(ctx context.Context, claim SendClaim) (list []ClaimedSend, skipped int, err error) {
	var w *work
	err = s.engine.ingest(ctx, func(b batch) error {
		w, list = s.newWork(ctx, b), nil
		rows, err := w.dueSends(claim.Now, claim.Limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		if list, err = w.claim(rows, &claim); err != nil {
			return err
		}
		skipped = len(rows) - len(list)
		return w.finishOwn()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("claim sends: %w", err)
	}
	w.keepTerms()
	return list, skipped, nil
}

// sendRow is a stored send.
type sendRow struct {
	ref, project, contact, message, content, status, attempts, due, broadcast int64
	id, projectID, name, data, origin, address                                string
}

const selectSend = `SELECT s.ref, s.id, s.project, p.id, s.contact, coalesce(c.address, ''), s.message, s.content, s.status,
	s.due_at, s.attempts, s.name, s.data, s.origin, s.broadcast FROM sends s JOIN projects p ON p.ref = s.project
	LEFT JOIN contacts c ON c.ref = s.contact `

func (w *work) sendRows(where string, args ...any) (rows []*sendRow, err error) {
	err = w.b.query(w.ctx, selectSend+where, args, func(r row) error {
		x := &sendRow{}
		rows = append(rows, x)
		return r.Scan(&x.ref, &x.id, &x.project, &x.projectID, &x.contact, &x.address, &x.message, &x.content, &x.status, &x.due,
			&x.attempts, &x.name, &x.data, &x.origin, &x.broadcast)
	})
	return rows, err
}

func (w *work) dueSends(now time.Time, limit int) ([]*sendRow, error) {
	where := `WHERE s.status = ` + itoa(queuedSend) + ` AND s.due_at <= $1 ORDER BY s.due_at, s.ref LIMIT $2`
	if w.store.Engine() != "sqlite" {
		where += ` FOR UPDATE OF s SKIP LOCKED`
	}
	return w.sendRows(where, ms(now), int64(limit))
}

// claim marks sends, and skips those who may not be mailed any more.
func (w *work) claim(rows []*sendRow, claim *SendClaim) (list []ClaimedSend, err error) {
	if rows, err = w.leaveHeld(rows); err != nil {
		return nil, err
	}
	contents := make(map[int64]*send.Content)
	byContact, err := w.lockSendContacts(rows)
	if err != nil {
		return nil, err
	}
	for _, x := range rows {
		content, err := w.contentOf(contents, x.content)
		if err != nil {
			return nil, err
		}
		c, standing := byContact[x.contact], send.Standing{Gone: true}
		if c != nil {
			if standing, err = w.standing(c, content.Topic); err != nil {
				return nil, err
			}
		}
		if reason := send.Check(standing, content.Transactional); reason != "" {
			if err := w.skip(x, c, reason, content, claim); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.take(x, content, claim); err != nil {
			return nil, err
		}
		list = append(list, ClaimedSend{
			Ref: x.ref, ID: x.id, Project: x.projectID, ProjectRef: x.project, Name: x.name, Content: content,
			Data:   json.RawMessage(x.data),
			Origin: x.origin, DueAt: at(x.due), Attempts: int(x.attempts) + 1, contact: x.contact,
		})
	}
	return list, w.loadClaimed(list)
}

// repeatable begins the turn of a send that may be handed over twice.
const repeatable = "repeat:"

func (w *work) take(x *sendRow, content *send.Content, claim *SendClaim) error {
	turn := claim.Turn
	if claim.Repeats != nil && claim.Repeats(x.projectID, content) {
		turn = repeatable + turn
	}
	_, err := w.b.exec(w.ctx, `UPDATE sends SET status = `+itoa(handingSend)+`, turn = $2, attempts = attempts + 1,
		updated_at = $3 WHERE ref = $1`, x.ref, turn, ms(claim.Now))
	return err
}

func (w *work) skip(x *sendRow, c *contactRow, reason send.Reason, content *send.Content, claim *SendClaim) error {
	if err := w.settle(x.ref, skippedSend, string(reason), ""); err != nil || c == nil {
		return err
	}
	src, err := claim.Source(x.projectID)
	if err != nil {
		return err
	}
	return w.ownAbout(x.message, c, src, event.Draft{
		Event: event.Event{Name: event.EmailSkipped, OccurredAt: w.now, Data: sendData(x.id, string(reason), content)},
		Key:   []string{string(event.EmailSkipped), x.id},
	})
}

// loadClaimed reads the contacts as they are now.
func (w *work) loadClaimed(list []ClaimedSend) error {
	for i := range list {
		k, err := readContact(w.ctx, w.b, list[i].contact)
		if err != nil {
			return err
		}
		list[i].Contact = k
	}
	return nil
}

// contentOf reads a content once.
func (w *work) contentOf(known map[int64]*send.Content, ref int64) (*send.Content, error) {
	if c := known[ref]; c != nil {
		return c, nil
	}
	var raw string
	found, err := one(w.ctx, w.b, `SELECT content FROM send_contents WHERE ref = $1`, []any{ref}, &raw)
	if err != nil {
		return nil, err
	}
	c := &send.Content{}
	if !found { // it was of somebody who was erased
		return c, nil
	}
	if err := json.Unmarshal([]byte(raw), c); err != nil {
		return nil, fmt.Errorf("content %d of sends: %w", ref, err)
	}
	known[ref] = c
	return c, nil
}

// lockSendContacts locks the contacts of sends, as ingest does.
func (w *work) lockSendContacts(rows []*sendRow) (map[int64]*contactRow, error) {
	index := make(map[contactKey]*contactRow)
	for _, x := range rows {
		k := contactKey{x.project, x.address}
		if x.address == "" || index[k] != nil {
			continue
		}
		index[k] = &contactRow{project: x.project, address: x.address}
		w.contacts = append(w.contacts, index[k])
	}
	if err := w.lock(); err != nil {
		return nil, err
	}
	byRef := make(map[int64]*contactRow, len(w.contacts))
	for _, c := range w.contacts {
		byRef[c.ref] = c
	}
	return byRef, nil
}

// ownAbout adds an event of ours about a message of ours; 0: it has none.
func (w *work) ownAbout(message int64, c *contactRow, src *source.Source, d event.Draft) error {
	d.Recipient = c.address
	if d.IdentityAt.IsZero() {
		d.IdentityAt = d.OccurredAt
	}
	e, err := w.own(src, d, c)
	if err == nil {
		e.ofMessage = message
	}
	return err
}

// finishOwn stores the events that were made, in the order of work.run.
func (w *work) finishOwn() error {
	if len(w.events) == 0 {
		return nil
	}
	for _, step := range [...]func() error{
		w.putTerms, w.lockMessages, w.fillMessages, w.once, w.putEvents, w.settleKnown, w.apply,
		func() error { return w.tellSendings(1) },
		w.saveState, w.saveSuppressions, w.flip, w.saveFacts, w.tellInterested, w.saveCounters,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// settle gives a send a status.
func (w *work) settle(ref int64, status int, reason, problem string) error {
	_, err := w.b.exec(w.ctx, `UPDATE sends SET status = $2, reason = $3, problem = $4, turn = '', updated_at = $5 WHERE ref = $1`,
		ref, int64(status), reason, problem, ms(w.now))
	return err
}
