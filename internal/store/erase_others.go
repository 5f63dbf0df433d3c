package store

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"tidings/event"
	"tidings/internal/erase"
	"tidings/internal/receipt"
)

// infoRow is what is said of an email as it is cleaned.
type infoRow struct {
	ref, contact int64
	info         []byte
}

// messages takes what is the person's out of what is said of emails: of the person's own the subject and the metadata, too.
func (r *eraseRun) messages() (func(conn) error, error) {
	var list []infoRow
	var seen int
	place := r.number()
	err := r.store.engine.read(r.ctx, func(c conn) error {
		list, seen = nil, 0
		return c.query(r.ctx, `SELECT ref, contact, info FROM messages WHERE ref > $1 ORDER BY ref LIMIT $2`,
			[]any{place, scanBound}, func(row row) error {
				var x infoRow
				if err := row.Scan(&x.ref, &x.contact, &x.info); err != nil {
					return err
				}
				place, seen = x.ref, seen+1
				if r.owns(x.contact) || r.person.Mentions(x.info) {
					list = append(list, x)
				}
				return nil
			})
	})
	if err != nil {
		return nil, err
	}
	r.last = seen < scanBound
	return func(c conn) error {
		for _, x := range list {
			if err := r.cleanInfo(c, x.ref); err != nil {
				return err
			}
		}
		r.x.place = strconv.FormatInt(place, 10)
		return nil
	}, nil
}

// cleanInfo reads a message again, because more may have been said of it meanwhile.
func (r *eraseRun) cleanInfo(c conn, ref int64) error {
	var x infoRow
	found, err := one(r.ctx, c, `SELECT contact, info FROM messages WHERE ref = $1`, []any{ref}, &x.contact, &x.info)
	if err != nil || !found {
		return err
	}
	var m event.Message
	if err := receipt.DecodeInfo(x.info, &m); err != nil {
		return fmt.Errorf("message %s: %w", publicID(messagePrefix, ref), err)
	}
	if r.owns(x.contact) {
		erase.Message(&m)
		r.x.Counts.Messages++
	} else {
		r.x.Counts.Others++
	}
	r.person.Message(&m)
	info := receipt.EncodeInfo(&m)
	_, err = c.exec(r.ctx, `UPDATE messages SET info = $2 WHERE ref = $1`, ref, info)
	return err
}

// otherEvents scrubs what other people's events say of the person.
func (r *eraseRun) otherEvents() (func(conn) error, error) {
	var list []eventDetail
	var seen int
	place := r.eventPlace()
	err := r.store.engine.read(r.ctx, func(c conn) error {
		list, seen = nil, 0
		return c.query(r.ctx, `SELECT id, recipient, detail FROM events WHERE id > $1 AND project = $2 ORDER BY id LIMIT $3`,
			[]any{place, r.x.project, eventBound}, func(row row) error {
				var x eventDetail
				if err := row.Scan(&x.id, &x.name, &x.detail); err != nil {
					return err
				}
				place, seen = x.id, seen+1
				text, err := r.store.codec.DetailText(x.detail)
				if err != nil {
					return err
				}
				if r.person.Mentions(text) || r.person.Mentions([]byte(x.name)) {
					list = append(list, x)
				}
				return nil
			})
	})
	if err != nil {
		return nil, err
	}
	r.last = seen < eventBound
	return func(c conn) error {
		for _, x := range list {
			if err := r.cleanEvent(c, x.id); err != nil {
				return err
			}
		}
		r.x.Counts.Others += int64(len(list))
		r.x.place = hex.EncodeToString(place[:])
		return nil
	}, nil
}

// cleanEvent reads an event again, because it may have been upgraded meanwhile.
func (r *eraseRun) cleanEvent(c conn, id event.ID) error {
	var recipient string
	var detail []byte
	found, err := one(r.ctx, c, `SELECT recipient, detail FROM events WHERE id = $1`, []any{id}, &recipient, &detail)
	if err != nil || !found {
		return err
	}
	text, err := r.store.codec.DetailText(detail)
	if err != nil {
		return err
	}
	var e event.Event
	if err := r.store.codec.DecodeDetail([]byte(r.person.JSON(string(text))), &e); err != nil {
		return err
	}
	if detail, err = r.store.codec.EncodeDetail(&e); err != nil {
		return err
	}
	_, err = c.exec(r.ctx, `UPDATE events SET recipient = $2, detail = $3 WHERE id = $1`, id, r.person.Scrub(recipient), detail)
	if err != nil {
		return err
	}
	return r.scrubValues(c, "event_values", "event", id)
}

// scrubValues scrubs what filters compare of an event or of a contact.
func (r *eraseRun) scrubValues(c conn, table, column string, of any) error {
	var texts []string
	err := c.query(r.ctx, `SELECT text FROM `+table+` WHERE `+column+` = $1 AND text <> ''`, []any{of}, func(row row) error {
		var text string
		err := row.Scan(&text)
		texts = append(texts, text)
		return err
	})
	for _, text := range texts {
		if clean := r.person.Scrub(text); err == nil && clean != text {
			_, err = c.exec(r.ctx, `UPDATE `+table+` SET text = $3 WHERE `+column+` = $1 AND text = $2`, of, text, clean)
		}
	}
	return err
}
