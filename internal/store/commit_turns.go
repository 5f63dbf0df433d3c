package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"tidings/internal/contact"
)

// over is 1 where a suppression is past its end when it is written: nobody has to be told of that.
func over(until int64, now time.Time) int64 {
	if until != 0 && until <= ms(now) {
		return 1
	}
	return 0
}

// turn is actOf for acts that change suppressions: of the contacts that fn watches before it does, those who may be mailed
// no more, or again, get an event, and segments look at all of them again.
func (s *Store) turn(ctx context.Context, project string, act *Act, fn func(w *work, project int64) error) error {
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		w = s.newWork(ctx, b)
		ref, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		if err := fn(w, ref); err != nil {
			return err
		}
		for _, c := range w.contacts {
			c.origin, c.turnedAt = act.Door, ms(act.At)
		}
		if err := w.turned(); err != nil {
			return err
		}
		return record(ctx, b, ref, *act)
	})
	if err == nil {
		w.keepTerms()
	}
	return err
}

// turned stores what follows of contacts that were watched.
func (w *work) turned() error {
	for _, step := range [...]func() error{w.flip, w.saveFacts, w.tellInterested} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// watch locks w.contacts as ingest does, so that their events are stored before an act or after it, and notes which of them
// may be mailed. They must be there.
func (w *work) watch() error {
	if err := w.lock(); err != nil {
		return err
	}
	for _, c := range w.contacts {
		if err := w.turning(c); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) watchRef(project, ref int64) error {
	c := &contactRow{project: project}
	if _, err := one(w.ctx, w.b, `SELECT address FROM contacts WHERE ref = $1`, []any{ref}, &c.address); err != nil {
		return err
	}
	w.contacts = []*contactRow{c}
	return w.watch()
}

// watchMailable watches those whom suppressions will turn: contacts that are there and may be mailed. Most that a list
// brings are not, and cost one look each.
func (w *work) watchMailable(project int64, list []NewSuppression) error {
	reasons := make(map[string]contact.Reason, len(list))
	for _, n := range list {
		reasons[n.Address] = n.Reason
	}
	err := w.named(project, slices.Sorted(maps.Keys(reasons)), `c.unsubscribed = 0 AND NOT EXISTS (SELECT 1 FROM suppressions x
		WHERE x.contact = c.ref AND `+toldActive+`)`, func(_ int64, address string) {
		w.contacts = append(w.contacts, &contactRow{project: project, address: address, reason: wordOf(reasons[address])})
	})
	if err != nil {
		return err
	}
	return w.watch()
}

// touch lets segments look again at the contacts of a list, also at those who turn nowhere.
func (w *work) touch(project int64, list []NewSuppression) error {
	wanted, err := w.wanted()
	if err != nil || wanted.projects[project] == nil {
		return err
	}
	addresses := make([]string, len(list))
	for i, n := range list {
		addresses[i] = n.Address
	}
	return w.named(project, addresses, "true", func(ref int64, _ string) {
		w.touched = append(w.touched, contactChange{project, ref, 0})
	})
}

// named finds the contacts that have one of the addresses and fit a condition on c.
func (w *work) named(project int64, addresses []string, where string, each func(ref int64, address string)) error {
	const chunk = 500
	for part := range slices.Chunk(addresses, chunk) {
		args := []any{project}
		for _, address := range part {
			args = append(args, address)
		}
		err := w.b.query(w.ctx, `SELECT c.ref, c.address FROM contacts c WHERE c.project = $1
			AND c.address IN (`+marks(2, len(part))+`) AND `+where, args, func(r row) error {
			var ref int64
			var address string
			err := r.Scan(&ref, &address)
			each(ref, address)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wordOf is MailGlyph's word for a reason where it has one.
func wordOf(r contact.Reason) string {
	switch r {
	case contact.HardBounce, contact.SoftBounceLimit:
		return "bounce"
	case contact.ComplaintReason:
		return "complaint"
	default:
		return string(r)
	}
}

// endedBatch is how many suppressions whose time is over one transaction tells of.
const endedBatch = 200

// TellEnded makes contact.subscribed for contacts whose last suppression ended by itself since it was called last, as of the
// moment at which it ended, and lets segments look at them. It says whether there are more.
func (s *Store) TellEnded(ctx context.Context) (more bool, err error) {
	var w *work
	err = s.engine.ingest(ctx, func(b batch) error {
		w = s.newWork(ctx, b)
		list, err := w.ended()
		if more = len(list) == endedBatch; err != nil || len(list) == 0 {
			return err
		}
		if err := w.watchEnded(list); err != nil {
			return err
		}
		for _, x := range list {
			if _, err := b.exec(ctx, `UPDATE suppressions SET ended = 1 WHERE ref = $1 AND until <= $2`, x.ref, ms(w.now)); err != nil {
				return err
			}
		}
		return w.turned()
	})
	if err == nil {
		w.keepTerms()
	}
	return more, err
}

type endedRow struct {
	ref, project, until int64
	address             string
}

// ended lists suppressions whose end nobody was told of.
func (w *work) ended() (list []endedRow, err error) {
	err = w.b.query(w.ctx, `SELECT x.ref, x.project, x.until, c.address FROM suppressions x JOIN contacts c ON c.ref = x.contact
		WHERE x.until <> 0 AND `+toldActive+` AND x.until <= $1 ORDER BY x.until LIMIT $2`,
		[]any{ms(w.now), endedBatch}, func(r row) error {
			var x endedRow
			err := r.Scan(&x.ref, &x.project, &x.until, &x.address)
			list = append(list, x)
			return err
		})
	return list, err
}

// originOfTime is the origin of what time alone did.
const originOfTime = "expired"

// watchEnded watches the contacts of suppressions that ended. Who had several turned when the last of them did.
func (w *work) watchEnded(list []endedRow) error {
	index := make(map[contactKey]*contactRow)
	for _, x := range list {
		k := contactKey{x.project, x.address}
		if index[k] == nil {
			index[k] = &contactRow{project: x.project, address: x.address, origin: originOfTime}
			w.contacts = append(w.contacts, index[k])
		}
		index[k].turnedAt = max(index[k].turnedAt, x.until)
	}
	return w.watch()
}
