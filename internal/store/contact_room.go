package store

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/fault"
)

// PendingFor is how long a contact waits for room before it is removed.
const PendingFor = 24 * time.Hour

// contactRoom is how many contacts of a project may still become active.
type contactRoom struct {
	limited bool
	left    int64
}

// ContactLimit is a project's limit on active contacts, and how many there are.
type ContactLimit struct {
	Limit           int64 // 0: none
	Active, Pending int64
}

// ContactLimit tells the limit on active contacts of a project.
func (s *Store) ContactLimit(ctx context.Context, project string) (l ContactLimit, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		l, err = s.limitOfContacts(ctx, c, ref)
		return err
	})
	return l, err
}

func (s *Store) limitOfContacts(ctx context.Context, c conn, project int64) (l ContactLimit, err error) {
	if _, err := one(ctx, c, `SELECT contact_limit FROM projects WHERE ref = $1`, []any{project}, &l.Limit); err != nil {
		return l, err
	}
	all, err := s.countContacts(ctx, c, project)
	if err != nil {
		return l, err
	}
	_, err = one(ctx, c, `SELECT count(*) FROM contacts WHERE project = $1 AND status <> 0 AND status = `+itoa(pendingContact),
		[]any{project}, &l.Pending)
	l.Active = all - l.Pending
	return l, err
}

// SetContactLimit sets the limit on active contacts; 0 takes it away. Contacts that are active stay so; pending ones become
// active where there is room, the oldest first.
func (s *Store) SetContactLimit(ctx context.Context, project string, limit int64, act Act) error {
	if limit < 0 {
		return fault.BadField("limit", "must not be negative")
	}
	return s.changeContacts(ctx, project, &act, func(w *work, p int64) error {
		var before int64
		if _, err := one(w.ctx, w.b, `SELECT contact_limit FROM projects WHERE ref = $1`, []any{p}, &before); err != nil {
			return err
		}
		if _, err := w.b.exec(w.ctx, `UPDATE projects SET contact_limit = $2 WHERE ref = $1`, p, limit); err != nil {
			return err
		}
		act.Subject, act.Changes = project, []Change{{Field: "contactLimit", From: fmt.Sprint(before), To: fmt.Sprint(limit)}}
		return w.promote(p)
	})
}

// changeContacts is one transaction of an act on contacts, with what follows from it for segments.
func (s *Store) changeContacts(ctx context.Context, project string, act *Act, fn func(w *work, project int64) error) error {
	return s.engine.ingest(ctx, func(b batch) error {
		p, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		w := s.newWork(ctx, b)
		if err := fn(w, p); err != nil {
			return err
		}
		if err := w.finish(); err != nil {
			return err
		}
		return record(ctx, b, p, *act)
	})
}

// admit says of a contact that a change makes, or brings back, whether it is active: it waits where there is no room.
func (w *work) admit(x *changeRow) error {
	c := x.contact
	fresh := c.created && !c.told
	if !fresh && x.status != goneContact {
		return nil
	}
	room, err := w.roomOf(x.project)
	if err != nil {
		return err
	}
	if !room.limited || room.left > 0 {
		room.left--
		if fresh {
			return nil
		}
		return w.setStatus(c.ref, ContactActive, 0)
	}
	return w.setStatus(c.ref, ContactPending, ms(w.now.Add(PendingFor)))
}

func (w *work) setStatus(ref int64, status ContactStatus, expires int64) error {
	_, err := w.b.exec(w.ctx, `UPDATE contacts SET status = $2, expires_at = $3, merged_into = 0 WHERE ref = $1`,
		ref, int64(status), expires)
	return err
}

// roomOf looks, once in a transaction, how much room a project has. One that has a limit is locked, so that two
// transactions don't take the same room.
func (w *work) roomOf(project int64) (*contactRoom, error) {
	if r, known := w.rooms[project]; known {
		return r, nil
	}
	r := &contactRoom{}
	if w.rooms == nil {
		w.rooms = make(map[int64]*contactRoom)
	}
	w.rooms[project] = r
	n, err := w.b.exec(w.ctx, `UPDATE projects SET contact_limit = contact_limit WHERE ref = $1 AND contact_limit > 0`, project)
	if err != nil || n == 0 {
		return r, err
	}
	l, err := w.store.limitOfContacts(w.ctx, w.b, project)
	if err != nil {
		return nil, err
	}
	r.limited, r.left = true, l.Limit-l.Active
	asks := make(map[*contactRow]bool) // those of this transaction were counted before they were let in
	for _, x := range w.changes {
		if c := x.contact; c != nil && c.created && x.project == project && !asks[c] {
			asks[c] = true
			r.left++
		}
	}
	return r, nil
}

// promote makes pending contacts active where there is room, the oldest first.
func (w *work) promote(project int64) error {
	l, err := w.store.limitOfContacts(w.ctx, w.b, project)
	if err != nil || l.Pending == 0 {
		return err
	}
	room := l.Pending
	if l.Limit > 0 {
		room = min(room, l.Limit-l.Active)
	}
	if room <= 0 {
		return nil
	}
	refs, err := w.refs(`SELECT ref FROM contacts WHERE project = $1 AND status <> 0 AND status = `+itoa(pendingContact)+`
		ORDER BY ref LIMIT $2`, project, room)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if err := w.setStatus(ref, ContactActive, 0); err != nil {
			return err
		}
	}
	return w.tellOf(project, refs)
}

// tellOf notes for segments that contacts changed.
func (w *work) tellOf(project int64, refs []int64) error {
	wanted, err := w.store.wanted(w.ctx, w.b)
	if err != nil || wanted.projects[project] == nil {
		return err
	}
	told := make(map[contactChange]bool, len(refs))
	for _, ref := range refs {
		told[contactChange{project, ref, 0}] = true
	}
	return w.putChanges(told)
}

func (w *work) refs(sql string, args ...any) (list []int64, err error) {
	err = w.b.query(w.ctx, sql, args, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		list = append(list, ref)
		return err
	})
	return list, err
}

// settleBatch is how many pending contacts one transaction removes.
const settleBatch = 500

// SettlePending makes pending contacts active where there is room, and removes those whose time is over. It reports whether
// there is more to do at once.
func (s *Store) SettlePending(ctx context.Context, now time.Time) (more bool, err error) {
	err = s.engine.ingest(ctx, func(b batch) error {
		w, again := s.newWork(ctx, b), false
		projects, err := w.refs(`SELECT DISTINCT project FROM contacts WHERE status <> 0 AND status = ` + itoa(pendingContact))
		if err != nil {
			return err
		}
		for _, p := range projects {
			if err := w.promote(p); err != nil {
				return err
			}
			over, err := w.refs(`SELECT ref FROM contacts WHERE project = $1 AND status <> 0 AND status = `+itoa(pendingContact)+`
				AND expires_at <= $2 ORDER BY ref LIMIT $3`, p, ms(now), settleBatch)
			if err != nil {
				return err
			}
			for _, ref := range over {
				if err := w.remove(p, ref); err != nil {
					return err
				}
			}
			again = again || len(over) == settleBatch
		}
		more = again
		return w.finish()
	})
	return more, err
}
