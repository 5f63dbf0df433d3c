package store

import (
	"context"
	"time"

	"tidings/internal/fault"
)

// Session is a browser in which a person is signed in. Only the hash of its token is stored.
type Session struct {
	ID         string // ses_…
	Hash       [32]byte
	Person     Person
	CreatedAt  time.Time
	LastSeenAt time.Time // within a minute
	ExpiresAt  time.Time
	UserAgent  string
	IP         string // the network that it was made from: "203.0.113.0/24"
}

// maxSessions is how many browsers a person may be signed in with; one more ends the oldest.
const maxSessions = 50

// CreateSession stores a session of a person whose password was proved against the hash that Session.Person has. It is an
// Unauthenticated error where that hash is not the person's any more, or the person was disabled meanwhile.
func (s *Store) CreateSession(ctx context.Context, in Session, act Act) error {
	return s.ofPerson(ctx, in.Person.ID, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `UPDATE people SET last_sign_in_at = $2 WHERE ref = $1 AND hash = $3 AND disabled_at = 0`,
			ref, ms(in.CreatedAt), in.Person.Hash)
		if err == nil && n == 0 {
			err = errPasswordChanged()
		}
		if err != nil {
			return err
		}
		return insertSession(ctx, c, ref, in)
	})
}

func errPasswordChanged() error {
	return fault.New(fault.Unauthenticated, "password_changed", "the password was changed meanwhile: sign in again")
}

// ChangePassword sets a person's password, ends all sessions and links and stores the new session. Session.Person has the
// hash from before; where it is not the person's any more it is an Unauthenticated error.
func (s *Store) ChangePassword(ctx context.Context, hash string, in Session, act Act) error {
	return s.ofPerson(ctx, in.Person.ID, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `UPDATE people SET hash = $2 WHERE ref = $1 AND hash = $3 AND disabled_at = 0`,
			ref, hash, in.Person.Hash)
		if err == nil && n == 0 {
			err = errPasswordChanged()
		}
		if err == nil {
			err = shutOut(ctx, c, ref)
		}
		if err != nil {
			return err
		}
		return insertSession(ctx, c, ref, in)
	})
}

// insertSession stores a session and removes those that are over or too many.
func insertSession(ctx context.Context, c conn, person int64, in Session) error {
	_, err := c.exec(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, ms(in.CreatedAt))
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `INSERT INTO sessions (id, hash, person, created_at, last_seen_at, expires_at, user_agent, ip)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, in.ID, in.Hash[:], person, ms(in.CreatedAt), ms(in.CreatedAt),
		ms(in.ExpiresAt), in.UserAgent, in.IP)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `DELETE FROM sessions WHERE person = $1 AND ref NOT IN
		(SELECT ref FROM sessions WHERE person = $1 ORDER BY ref DESC LIMIT `+itoa(maxSessions)+`)`, person)
	return err
}

const selectSession = `SELECT s.id, s.hash, s.created_at, s.last_seen_at, s.expires_at, s.user_agent, s.ip,
	h.id, p.id, h.name, h.disabled_at
	FROM sessions s JOIN people h ON h.ref = s.person JOIN projects p ON p.ref = h.project `

func (s *Store) sessions(ctx context.Context, sql string, args ...any) (list []Session, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, selectSession+sql, args, func(r row) error {
			x, err := scanSession(r)
			list = append(list, x)
			return err
		})
	})
	return list, err
}

func scanSession(r row) (x Session, err error) {
	var hash []byte
	var created, seen, expires, disabled int64
	err = r.Scan(&x.ID, &hash, &created, &seen, &expires, &x.UserAgent, &x.IP,
		&x.Person.ID, &x.Person.Project, &x.Person.Name, &disabled)
	copy(x.Hash[:], hash)
	x.CreatedAt, x.LastSeenAt, x.ExpiresAt, x.Person.DisabledAt = at(created), at(seen), at(expires), at(disabled)
	return x, err
}

// SessionByHash finds a session, over or not, by the SHA-256 of its token. Its person comes without a hash.
func (s *Store) SessionByHash(ctx context.Context, hash [32]byte) (Session, error) {
	list, err := s.sessions(ctx, `WHERE s.hash = $1`, hash[:])
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no such session")
	}
	if err != nil {
		return Session{}, err
	}
	return list[0], nil
}

// Sessions lists the sessions of a person that are not over, newest first. The index sessions_person serves it.
func (s *Store) Sessions(ctx context.Context, person string, now time.Time) ([]Session, error) {
	return s.sessions(ctx, `WHERE h.id = $1 AND s.expires_at > $2 ORDER BY s.ref DESC`, person, ms(now))
}

// TouchSession notes that a session was used, and until when it lasts now.
func (s *Store) TouchSession(ctx context.Context, id string, seen, expires time.Time) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND last_seen_at < $2`,
			id, ms(seen), ms(expires))
		return err
	})
}

// EndSession ends a session of a person.
func (s *Store) EndSession(ctx context.Context, person, id string, act Act) error {
	return s.ofPerson(ctx, person, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `DELETE FROM sessions WHERE person = $1 AND id = $2`, ref, id)
		if err == nil && n == 0 {
			err = fault.Missing("there is no session %.60q", id)
		}
		return err
	})
}
