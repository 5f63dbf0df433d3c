package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/message"
	"tidings/internal/send"
)

// SendItem is a send as lists show it.
type SendItem struct {
	Ref       int64
	ID        string // snd_…
	Contact   string // con_…; empty: there was none
	Recipient string
	Name      string
	Message   string // msg_…; empty: none was made
	Status    send.Status
	Reason    string
	Problem   string
	Origin    string
	Sender    string // snr_…; empty: none had it yet
	Content   send.Content
	Attempts  int
	DueAt     time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// SendQuery asks for sends, newest first.
type SendQuery struct {
	Project  string
	Statuses []send.Status // empty: all
	Contact  string        // con_… or an address; empty: all
	Origin   string        // empty: all
	// Broadcast is the id of one whose sends are meant; empty: all. The index sends_broadcast has them by status.
	Broadcast string
	Before    int64 // the ref of the last one of the page before; 0: from the newest
	Limit     int
}

const selectSendItem = `SELECT s.ref, s.id, s.contact, coalesce(c.address, ''), s.name, s.message, s.status, s.reason, s.problem,
	s.origin, s.sender, coalesce(t.content, '{}'), s.attempts, s.due_at, s.created_at, s.updated_at FROM sends s
	LEFT JOIN send_contents t ON t.ref = s.content LEFT JOIN contacts c ON c.ref = s.contact `

func scanSendItem(r row) (x SendItem, err error) {
	var contact, message, status, due, created, updated int64
	var content string
	err = r.Scan(&x.Ref, &x.ID, &contact, &x.Recipient, &x.Name, &message, &status, &x.Reason, &x.Problem, &x.Origin, &x.Sender,
		&content, &x.Attempts, &due, &created, &updated)
	if err != nil {
		return x, err
	}
	x.Status, x.DueAt, x.CreatedAt, x.UpdatedAt = sendStatus(status), at(due), at(created), at(updated)
	if contact != 0 {
		x.Contact = publicID(contactPrefix, contact)
	}
	if message != 0 {
		x.Message = publicID(messagePrefix, message)
	}
	return x, json.Unmarshal([]byte(content), &x.Content)
}

// Sends lists sends.
func (s *Store) Sends(ctx context.Context, q SendQuery) (list []SendItem, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		p, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		args := []any{p, int64(q.Limit)}
		where := `WHERE s.project = $1`
		add := func(condition string, v any) {
			args = append(args, v)
			where += " AND " + condition + "$" + itoa(len(args))
		}
		if q.Before > 0 {
			add("s.ref < ", q.Before)
		}
		if q.Origin != "" {
			add("s.origin = ", q.Origin)
		}
		if q.Contact != "" {
			ref, err := contactRef(ctx, c, p, q.Contact)
			if err != nil {
				return err
			}
			add("s.contact = ", ref)
		}
		if q.Broadcast != "" {
			x, err := broadcastOf(ctx, c, p, q.Broadcast)
			if err != nil {
				return err
			}
			args = append(args, x.Ref)
			list, err = sendsOfBroadcast(ctx, c, &q, where+" AND s.broadcast <> 0 AND s.broadcast = $"+itoa(len(args)), args)
			return err
		}
		if len(q.Statuses) > 0 {
			where += ` AND s.status IN (` + marks(len(args)+1, len(q.Statuses)) + `)`
			for _, status := range q.Statuses {
				args = append(args, statusNumber(status))
			}
		}
		return c.query(ctx, selectSendItem+where+` ORDER BY s.ref DESC LIMIT $2`, args, func(r row) error {
			x, err := scanSendItem(r)
			list = append(list, x)
			return err
		})
	})
	return list, err
}

// Send finds a send by its id.
func (s *Store) Send(ctx context.Context, project, id string) (x SendItem, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = sendOf(ctx, c, p, id)
		return err
	})
	return x, err
}

func sendOf(ctx context.Context, c conn, project int64, id string) (x SendItem, err error) {
	found := false
	err = c.query(ctx, selectSendItem+`WHERE s.project = $1 AND s.id = $2`, []any{project, id}, func(r row) error {
		found = true
		x, err = scanSendItem(r)
		return err
	})
	if err == nil && !found {
		err = fault.Missing("there is no send %q", id)
	}
	return x, err
}

// SentMessage is what a send's events are to say of its message, and the provider that they are of, by the store's integers of
// the project and the send. The provider is empty where there is no such send; the message's id is while nobody took it.
func (s *Store) SentMessage(ctx context.Context, project, ref int64) (provider string, m event.Message, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var id, content string
		var key []byte
		found, err := one(ctx, c, `SELECT s.id, coalesce(t.content, '{}'), p.text, m.message_id FROM sends s
			JOIN messages m ON m.ref = s.message JOIN terms p ON p.ref = m.provider
			LEFT JOIN send_contents t ON t.ref = s.content WHERE s.ref = $1 AND s.project = $2`, []any{ref, project},
			&id, &content, &provider, &key)
		if err != nil || !found {
			return err
		}
		var x send.Content
		if err := json.Unmarshal([]byte(content), &x); err != nil {
			return fmt.Errorf("content of send %s: %w", id, err)
		}
		m = *messageOf(id, &x)
		m.ID = message.ID(key)
		return nil
	})
	if err != nil {
		return "", m, fmt.Errorf("find the message of a send: %w", err)
	}
	return provider, m, nil
}
