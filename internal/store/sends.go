package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/job"
	"tidings/internal/receipt"
	"tidings/internal/send"
	"tidings/internal/source"
	"tidings/provider"
)

// SendKind is the kind of the jobs that hand over what is due. They have no payload.
const SendKind = "send"

// SendBatch is one request to send one content to some people.
type SendBatch struct {
	Source  *source.Source // that events of ours are stored under; it names the project
	Content *send.Content
	Origin  string    // who asked: "api", "rule:rul_…", "test"
	DueAt   time.Time // not before; zero: at once
	Dry     bool      // nothing is stored; what would become of it is told all the same
	Sends   []NewSend
}

// NewSend is one recipient of a batch.
type NewSend struct {
	ID     string         // snd_…
	Change contact.Change // whom it goes to, and what is said of them: a contact that is not there is made
	Name   string         // shown beside the address; empty: none
	Data   json.RawMessage
	// Intent names what asked for this one email: the same again is not sent again. Empty: nothing is compared.
	Intent string
	// Content and Origin stand in place of the batch's where they are not zero.
	Content *send.Content
	Origin  string
}

// QueuedSend is what became of a NewSend.
type QueuedSend struct {
	ID      string // of the send; with Known that of the first one
	Contact string // con_…; empty: it was erased
	Message string // msg_…; empty: none was made
	Status  send.Status
	Reason  send.Reason // why it is skipped; empty: it is not
	Known   bool        // the same intent was there before; nothing was done
	Problem string      // receipt.ContactOutcome's
}

// sendStatuses are stored as numbers, which are their places here from 1 on. They never change.
var sendStatuses = []send.Status{
	send.StatusQueued, send.StatusHanding, send.StatusSent, send.StatusFailed, send.StatusSkipped, send.StatusUncertain,
	send.StatusCanceled, send.StatusHeld,
}

// The same, for SQL.
const (
	queuedSend    = 1
	handingSend   = 2
	sentSend      = 3
	failedSend    = 4
	skippedSend   = 5
	uncertainSend = 6
	canceledSend  = 7
	heldSend      = 8
)

// statusNumber is the number of a status.
func statusNumber(x send.Status) int64 { return int64(slices.Index(sendStatuses, x) + 1) }

func sendStatus(n int64) send.Status {
	if n < 1 || int(n) > len(sendStatuses) {
		return ""
	}
	return sendStatuses[n-1]
}

// queueing is a batch on its way into the store.
type queueing struct {
	*work
	asked   *SendBatch
	project int64
	content int64 // the row of the batch's content; 0: not stored yet
	// broadcast is the row of the broadcast that they are of; 0: none.
	broadcast int64
	out       []QueuedSend
	fresh     []freshSend
}

// freshSend is a send that was not there before.
type freshSend struct {
	at      int // among the asked
	contact *contactRow
	reason  send.Reason
	row     *eventRow
}

// QueueSends stores what is to be sent, in one transaction: contacts, the emails, their events (email.queued, or email.skipped
// where an email may not be sent), and the job that hands them over. It returns what became of each of asked.Sends.
func (s *Store) QueueSends(ctx context.Context, asked *SendBatch, act *Act) (out []QueuedSend, err error) {
	var q *queueing
	err = s.engine.ingest(ctx, func(b batch) error {
		p, err := projectRef(ctx, b, asked.Source.Project)
		if err != nil {
			return err
		}
		q = &queueing{work: s.newWork(ctx, b), asked: asked, project: p, out: make([]QueuedSend, len(asked.Sends))}
		if err := q.run(); err != nil || act == nil {
			return err
		}
		return record(ctx, b, p, *act)
	})
	if errors.Is(err, errUnchanged) {
		return q.out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("queue sends: %w", err)
	}
	q.keepTerms()
	return q.out, nil
}

// run takes the steps of work.run in their order, for events that follow from what is known of the contacts.
func (q *queueing) run() error {
	left, err := q.leaveKnown()
	if err != nil || len(left) == 0 {
		return err
	}
	for _, step := range [...]func() error{
		func() error { return q.meet(left) }, q.lockContacts, q.applyChanges, q.judge, q.tell, q.dry, q.putTerms, q.lockMessages,
		q.fillMessages, q.once, q.putEvents, q.settleKnown, q.apply, func() error { return q.tellSendings(1) }, q.saveState, q.flip,
		q.saveFacts, q.tellInterested, q.saveCounters, q.put, q.wake,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// leaveKnown finds what was asked for before, and returns the places of the others.
func (q *queueing) leaveKnown() (left []int, err error) {
	known := make(map[string]QueuedSend)
	var intents []any
	for _, x := range q.asked.Sends {
		if x.Intent != "" {
			intents = append(intents, x.Intent)
		}
	}
	const chunk = 500
	for part := range slices.Chunk(intents, chunk) {
		err := q.b.query(q.ctx, `SELECT intent, id, contact, message, status, reason FROM sends WHERE project = $1 AND intent <> ''
			AND intent IN (`+marks(2, len(part))+`)`, append([]any{q.project}, part...), func(r row) error {
			var intent, reason string
			var x QueuedSend
			var ref, message, status int64
			err := r.Scan(&intent, &x.ID, &ref, &message, &status, &reason)
			if message != 0 {
				x.Message = publicID(messagePrefix, message)
			}
			x.Contact, x.Status, x.Reason, x.Known = publicID(contactPrefix, ref), sendStatus(status), send.Reason(reason), true
			known[intent] = x
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for i, x := range q.asked.Sends {
		if first, again := known[x.Intent]; again && x.Intent != "" {
			q.out[i] = first
			continue
		}
		left = append(left, i)
	}
	return left, nil
}

// meet gathers the contacts. That somebody is mailed again who was erased is a new beginning, as it is with every act about a
// person.
func (q *queueing) meet(left []int) error {
	entry := &receipt.Entry{Source: q.asked.Source, ReceivedAt: q.now, Changes: make([]contact.Change, len(left))}
	for i, at := range left {
		entry.Changes[i] = q.asked.Sends[at].Change
	}
	if err := q.loadErased(); err != nil {
		return err
	}
	if q.erased != nil {
		if _, err := q.recogniseEntry(entry); err != nil {
			return err
		}
	}
	q.collectChanges([]*receiptRow{{entry: entry}})
	for _, at := range left {
		q.fresh = append(q.fresh, freshSend{at: at})
	}
	return nil
}

// judge decides who may be mailed.
func (q *queueing) judge() error {
	for i := range q.fresh {
		f, x := &q.fresh[i], q.changes[i]
		f.contact = x.contact
		if f.contact == nil {
			f.reason = send.Gone
			continue
		}
		content := q.contentFor(f)
		standing, err := q.standing(f.contact, content.Topic)
		if err != nil {
			return err
		}
		f.reason = send.Check(standing, content.Transactional)
		q.out[f.at].Problem = x.out.Problem
	}
	return nil
}

// standing is what is known of a contact that is locked, its changes applied.
func (w *work) standing(c *contactRow, topic string) (x send.Standing, err error) {
	var status, snoozed int64
	_, err = one(w.ctx, w.b, `SELECT status, snoozed_until FROM contacts WHERE ref = $1`, []any{c.ref}, &status, &snoozed)
	if err != nil {
		return x, err
	}
	x.Snoozed = snoozed > ms(w.now)
	x.Gone, x.Pending, x.Unsubscribed = status == goneContact, status == pendingContact, c.state.Unsubscribed
	if x.Suppressed, err = w.isSuppressed(c); err != nil || x.Suppressed {
		return x, err
	}
	list, err := patternsOf(w.ctx, w.b, c.project, c.address)
	if err != nil {
		return x, err
	}
	x.Suppressed = len(list) > 0
	if topic != "" {
		var takes bool
		found, err := one(w.ctx, w.b, `SELECT coalesce(k.takes, t.takes) FROM topics t
			LEFT JOIN contact_topics k ON k.topic = t.ref AND k.contact = $1 WHERE t.project = $2 AND t.slug = $3`,
			[]any{c.ref, c.project, topic}, &takes)
		if err != nil {
			return x, err
		}
		x.OffTopic = found && !takes
	}
	return x, nil
}

// tell makes the events.
func (q *queueing) tell() error {
	for i := range q.fresh {
		f := &q.fresh[i]
		x := &q.asked.Sends[f.at]
		status, name := send.StatusQueued, event.EmailQueued
		if f.reason != "" {
			status, name = send.StatusSkipped, event.EmailSkipped
		}
		q.out[f.at].ID, q.out[f.at].Status, q.out[f.at].Reason = x.ID, status, f.reason
		if f.contact == nil {
			continue
		}
		q.out[f.at].Contact = publicID(contactPrefix, f.contact.ref)
		d := event.Draft{
			Event:      event.Event{Name: name, OccurredAt: q.now, Recipient: f.contact.address},
			IdentityAt: q.now, Key: []string{string(name), x.ID},
		}
		if f.reason == "" {
			d.Message = messageOf(x.ID, q.contentFor(f))
			d.Data = sendData(x.ID, "", q.contentFor(f))
		} else {
			d.Data = sendData(x.ID, string(f.reason), q.contentFor(f))
		}
		row, err := q.own(q.asked.Source, d, f.contact)
		if err != nil {
			return err
		}
		f.row = row
	}
	return nil
}

// dry ends a dry run.
func (q *queueing) dry() error {
	if q.asked.Dry {
		return errUnchanged
	}
	return nil
}

// own adds an event of ours about a contact that is locked.
func (w *work) own(src *source.Source, d event.Draft, c *contactRow) (*eventRow, error) {
	entry := receipt.Builder{Codec: w.store.codec}.Build(src, provider.Result{Drafts: []event.Draft{d}}, nil, w.now)
	if len(entry.Problems) > 0 {
		return nil, errors.New(entry.Problems[0].Message)
	}
	had := len(w.events)
	w.collect([]*receiptRow{{entry: entry}})
	for _, e := range w.events {
		if e.entry == entry {
			e.contact, e.own = c, true
			return e, nil
		}
	}
	return nil, fmt.Errorf("event %s of a send is stored already: %d", d.Name, had)
}

// messageOf is what events say of the message of a send that no transport has yet.
func messageOf(id string, c *send.Content) *event.Message {
	metadata := map[string]string{send.MetadataKey: id}
	for k, v := range c.Metadata {
		metadata[k] = v
	}
	return &event.Message{
		ID: id, Subject: "", From: c.From.Address, Template: c.Label, Workflow: c.Workflow, Tags: c.Tags, Metadata: metadata,
	}
}

// sendData is the data of our events about a send.
func sendData(id, reason string, c *send.Content) json.RawMessage {
	data := map[string]string{"send": id}
	for _, f := range [...]struct{ key, value string }{
		{"reason", reason}, {"template", c.Label}, {"workflow", c.Workflow}, {"broadcast", c.Broadcast}, {"topic", c.Topic},
	} {
		if f.value != "" {
			data[f.key] = f.value
		}
	}
	raw, err := json.Marshal(data)
	if err != nil { // texts always encode
		panic(err)
	}
	return raw
}

// put stores the sends.
func (q *queueing) put() error {
	due := q.asked.DueAt
	if due.Before(q.now) {
		due = q.now
	}
	for i := range q.fresh {
		f := &q.fresh[i]
		content, err := q.putContent(f)
		if err != nil {
			return err
		}
		x := &q.asked.Sends[f.at]
		var contact, message int64
		if f.contact != nil {
			contact = f.contact.ref
		}
		if f.row != nil {
			message = f.row.messageRef()
		}
		if message != 0 {
			q.out[f.at].Message = publicID(messagePrefix, message)
		}
		status := queuedSend
		if f.reason != "" {
			status = skippedSend
		}
		_, err = q.b.exec(q.ctx, `INSERT INTO sends (id, project, contact, message, content, intent, origin, status, due_at, name,
			data, reason, created_at, updated_at, broadcast) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)`,
			x.ID, q.project, contact, message, content, x.Intent, cmp.Or(x.Origin, q.asked.Origin), int64(status), ms(due), x.Name,
			string(x.Data), string(f.reason), ms(q.now), q.broadcast)
		if err != nil {
			return err
		}
	}
	return nil
}

// contentFor is what a send holds.
func (q *queueing) contentFor(f *freshSend) *send.Content {
	return cmp.Or(q.asked.Sends[f.at].Content, q.asked.Content)
}

// putContent stores what a send holds, and returns its row. The batch's is stored once.
func (q *queueing) putContent(f *freshSend) (ref int64, err error) {
	own := q.asked.Sends[f.at].Content != nil
	if !own && q.content != 0 {
		return q.content, nil
	}
	raw, err := json.Marshal(q.contentFor(f))
	if err != nil {
		return 0, err
	}
	_, err = one(q.ctx, q.b, `INSERT INTO send_contents (project, created_at, content) VALUES ($1, $2, $3) RETURNING ref`,
		[]any{q.project, ms(q.now), string(raw)}, &ref)
	if !own {
		q.content = ref
	}
	return ref, err
}

// wake lets a job hand over what is due. What is due later is found when it is.
func (q *queueing) wake() error {
	if q.asked.DueAt.After(q.now) || !slices.ContainsFunc(q.fresh, func(f freshSend) bool { return f.reason == "" }) {
		return nil
	}
	return wakeSends(q.ctx, q.b, q.now)
}

// wakeKey is not the kind, which is the key of the periodic look for what is due: while that waits for its turn, a job of its
// key would not be added.
const wakeKey = "now"

func wakeSends(ctx context.Context, c conn, now time.Time) error {
	_, err := enqueue(ctx, c, now, []job.NewJob{{Kind: SendKind, Key: wakeKey, Priority: job.Urgent}})
	return err
}
