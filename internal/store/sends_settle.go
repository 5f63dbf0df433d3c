package store

import (
	"context"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/source"
)

// SendOutcome is what became of a claimed send.
type SendOutcome struct {
	Send    *ClaimedSend
	Status  send.Status    // StatusSent, StatusFailed, StatusUncertain, or StatusQueued: it is tried again
	DueAt   time.Time      // when it is tried again
	Reason  string         // of a failure: one of event.Reasons or a word of ours
	Problem string         // for people
	Sender  string         // snr_… of the sender that had it; empty: none
	Source  *source.Source // what Event is stored under: of the project's own events, with the provider that took the email
	Event   *event.Draft   // email.sent or email.failure, without recipient; nil: there is none
}

// SettleSends stores what became of sends, and the events that tell of it, in one transaction. One that a provider's event
// spoke of meanwhile stays sent.
func (s *Store) SettleSends(ctx context.Context, list []SendOutcome) error {
	if len(list) == 0 {
		return nil
	}
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		w = s.newWork(ctx, b)
		rows := make([]*sendRow, len(list))
		for i := range list {
			found, err := w.sendRows(`WHERE s.ref = $1`, list[i].Send.Ref)
			if err != nil {
				return err
			}
			if len(found) > 0 { // it may have been removed meanwhile
				rows[i] = found[0]
			}
		}
		if err := w.settleAll(list, rows); err != nil {
			return err
		}
		return w.finishOwn()
	})
	if err != nil {
		return fmt.Errorf("settle sends: %w", err)
	}
	w.keepTerms()
	return nil
}

func (w *work) settleAll(list []SendOutcome, rows []*sendRow) error {
	var there []*sendRow
	for _, x := range rows {
		if x != nil {
			there = append(there, x)
		}
	}
	byContact, err := w.lockSendContacts(there)
	if err != nil {
		return err
	}
	for i := range list {
		x, o := rows[i], &list[i]
		if x == nil {
			continue
		}
		if err := w.settleOne(x, o); err != nil {
			return err
		}
		c := byContact[x.contact]
		if o.Event == nil || c == nil || o.Status != send.StatusSent && x.status == sentSend {
			continue
		}
		if err := w.ownAbout(x.message, c, o.Source, *o.Event); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) settleOne(x *sendRow, o *SendOutcome) error {
	where := ` AND status IN (` + itoa(handingSend) + `, ` + itoa(uncertainSend) + `)`
	if o.Status == send.StatusSent {
		where = ""
	}
	due := ms(o.DueAt)
	if o.DueAt.IsZero() {
		due = x.due
	}
	_, err := w.b.exec(w.ctx, `UPDATE sends SET status = $2, reason = $3, problem = $4, sender = $5, due_at = $6, turn = '',
		updated_at = $7 WHERE ref = $1`+where, x.ref, statusNumber(o.Status), o.Reason, o.Problem, o.Sender, due, ms(w.now))
	return err
}

// RecoverSends finds sends that were being handed over before a time and never settled: whoever had them is gone. They are
// uncertain, but for those that may be handed over twice, which are queued again. It returns how many of each there were.
func (s *Store) RecoverSends(ctx context.Context, before time.Time) (uncertain, again int64, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		now := ms(s.now())
		if again, err = c.exec(ctx, `UPDATE sends SET status = `+itoa(queuedSend)+`, turn = '', updated_at = $2
			WHERE status = `+itoa(handingSend)+` AND updated_at < $1 AND turn LIKE '`+repeatable+`%'`, ms(before), now); err != nil {
			return err
		}
		uncertain, err = c.exec(ctx, `UPDATE sends SET status = `+itoa(uncertainSend)+`, turn = '', updated_at = $2,
			problem = $3 WHERE status = `+itoa(handingSend)+` AND updated_at < $1`, ms(before), now, lostProblem)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("recover sends: %w", err)
	}
	return uncertain, again, nil
}

const lostProblem = "the server ended while the email was being handed over: it may have been sent"

// NextSend is when the next send is due; zero: none waits.
func (s *Store) NextSend(ctx context.Context) (due time.Time, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var v int64
		found, err := one(ctx, c, `SELECT due_at FROM sends WHERE status = `+itoa(queuedSend)+` ORDER BY due_at LIMIT 1`, nil, &v)
		if found {
			due = at(v)
		}
		return err
	})
	return due, err
}

// DecideSend does what a person decided of a send: one that is uncertain was sent, was not and never will be, or is sent
// again; one that is queued is taken back; one that failed is tried again.
func (s *Store) DecideSend(
	ctx context.Context, project, id string, to send.Status, note string, act Act,
) (x SendItem, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		if x, err = sendOf(ctx, c, p, id); err != nil {
			return err
		}
		if !mayDecide(x.Status, to) {
			return fault.New(fault.Conflict, "wrong_status", "send %s is %s and can't be made %s", id, x.Status, to).
				WithHint("uncertain sends can be made sent, failed or queued; failed ones queued; queued ones canceled")
		}
		due, attempts := x.DueAt, x.Attempts
		if to == send.StatusQueued {
			due, attempts = s.now(), 0
		}
		n, err := c.exec(ctx, `UPDATE sends SET status = $2, problem = $3, due_at = $4, attempts = $5, updated_at = $6
			WHERE id = $1`, id, statusNumber(to), note, ms(due), int64(attempts), ms(s.now()))
		if err != nil || n == 0 {
			return err
		}
		if to == send.StatusQueued {
			if err := wakeSends(ctx, c, s.now()); err != nil {
				return err
			}
		}
		act.Changes = []Change{{Field: "status", From: string(x.Status), To: string(to)}}
		x, err = sendOf(ctx, c, p, id)
		return err
	})
	return x, err
}

func mayDecide(from, to send.Status) bool {
	switch from {
	case send.StatusUncertain:
		return to == send.StatusSent || to == send.StatusFailed || to == send.StatusQueued
	case send.StatusFailed:
		return to == send.StatusQueued
	case send.StatusQueued, send.StatusHeld:
		return to == send.StatusCanceled
	}
	return false
}
