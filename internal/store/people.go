package store

import (
	"context"
	"time"

	"tidings/internal/fault"
)

// Person is somebody who may sign in.
type Person struct {
	ID           string // per_…
	Project      string
	Name         string // what the person signs in with
	NameKey      string // the name as it is compared; no two people have the same
	Hash         string // of the password, as argon2id writes it; empty: none was set
	CreatedAt    time.Time
	DisabledAt   time.Time // zero: may sign in
	LastSignInAt time.Time // zero: never
}

// CreatePerson stores a person without a password and the link that sets it. It is a Conflict where the name is taken.
func (s *Store) CreatePerson(ctx context.Context, p Person, i Invitation, act Act) error {
	return s.act(ctx, p.Project, act, func(c conn, project int64) error {
		ref, err := insertPerson(ctx, c, project, p)
		if err != nil {
			return err
		}
		return insertInvitation(ctx, c, ref, i)
	})
}

func insertPerson(ctx context.Context, c conn, project int64, p Person) (ref int64, err error) {
	found, err := one(ctx, c, `INSERT INTO people (id, project, name, name_key, hash, created_at, last_sign_in_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name_key) DO NOTHING RETURNING ref`,
		[]any{p.ID, project, p.Name, p.NameKey, p.Hash, ms(p.CreatedAt), ms(p.LastSignInAt)}, &ref)
	if err == nil && !found {
		err = fault.New(fault.Conflict, "name_taken", "there is a person %q already", p.Name).WithField("name")
	}
	return ref, err
}

const selectPerson = `SELECT h.id, p.id, h.name, h.name_key, h.hash, h.created_at, h.disabled_at, h.last_sign_in_at
	FROM people h JOIN projects p ON p.ref = h.project `

func scanPerson(r row) (p Person, err error) {
	var created, disabled, signedIn int64
	err = r.Scan(&p.ID, &p.Project, &p.Name, &p.NameKey, &p.Hash, &created, &disabled, &signedIn)
	p.CreatedAt, p.DisabledAt, p.LastSignInAt = at(created), at(disabled), at(signedIn)
	return p, err
}

func (s *Store) people(ctx context.Context, sql string, args ...any) (list []Person, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, selectPerson+sql, args, func(r row) error {
			p, err := scanPerson(r)
			list = append(list, p)
			return err
		})
	})
	return list, err
}

// People lists the people of a project, disabled ones too, oldest first.
func (s *Store) People(ctx context.Context, project string) ([]Person, error) {
	return s.people(ctx, `WHERE p.id = $1 ORDER BY h.ref`, project)
}

// PersonByName finds a person, disabled or not, by the name as it is compared.
func (s *Store) PersonByName(ctx context.Context, key string) (Person, error) {
	return s.person(ctx, `WHERE h.name_key = $1`, key)
}

// Person finds a person by the id.
func (s *Store) Person(ctx context.Context, id string) (Person, error) {
	return s.person(ctx, `WHERE h.id = $1`, id)
}

func (s *Store) person(ctx context.Context, sql, arg string) (Person, error) {
	list, err := s.people(ctx, sql, arg)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no such person")
	}
	if err != nil {
		return Person{}, err
	}
	return list[0], nil
}

// HasPeople reports whether anybody was ever made who can sign in.
func (s *Store) HasPeople(ctx context.Context) (has bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		has, err = anybody(ctx, c)
		return err
	})
	return has, err
}

func anybody(ctx context.Context, c conn) (bool, error) {
	known := 0
	return one(ctx, c, `SELECT 1 FROM people LIMIT 1`, nil, &known)
}

// ResetPerson takes a person's password away, ends the sessions and the links before, and stores the link that sets the
// next one.
func (s *Store) ResetPerson(ctx context.Context, id string, i Invitation, act Act) error {
	return s.ofPerson(ctx, id, act, func(c conn, ref int64) error {
		_, err := c.exec(ctx, `UPDATE people SET hash = '' WHERE ref = $1`, ref)
		if err == nil {
			err = shutOut(ctx, c, ref)
		}
		if err != nil {
			return err
		}
		return insertInvitation(ctx, c, ref, i)
	})
}

// DisablePerson keeps a person from signing in and ends the sessions and links. One who is disabled stays as it is, and
// nothing is noted.
func (s *Store) DisablePerson(ctx context.Context, id string, act Act) error {
	return s.ofPerson(ctx, id, act, func(c conn, ref int64) error { return disable(ctx, c, ref, act.At) })
}

// CodeLastPerson is the code of a Conflict: nobody could sign in any more.
const CodeLastPerson = "last_person"

// DisablePersonButLast is DisablePerson, but a Conflict where the person is the last of the project who can sign in: not
// disabled, with a password.
func (s *Store) DisablePersonButLast(ctx context.Context, id string, act Act) error {
	return s.ofPerson(ctx, id, act, func(c conn, ref int64) error {
		can, others, err := s.whoCanSignIn(ctx, c, ref)
		if err != nil {
			return err
		}
		if can && others == 0 {
			return fault.New(fault.Conflict, CodeLastPerson,
				"nobody else can sign in: invite somebody first, and wait until they signed in").
				WithHint("whoever runs the server can do it all the same: tidings person disable NAME")
		}
		return disable(ctx, c, ref, act.At)
	})
}

// whoCanSignIn tells whether a person can sign in, and how many others of the project can. On PostgreSQL it locks them
// all: two who disable each other at once come one after the other.
func (s *Store) whoCanSignIn(ctx context.Context, c conn, person int64) (can bool, others int, err error) {
	sql := `SELECT ref FROM people WHERE project = (SELECT project FROM people WHERE ref = $1) AND disabled_at = 0 AND hash <> ''
		ORDER BY ref`
	if s.Engine() == "postgres" {
		sql += ` FOR UPDATE`
	}
	err = c.query(ctx, sql, []any{person}, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		if ref == person {
			can = true
		} else {
			others++
		}
		return err
	})
	return can, others, err
}

func disable(ctx context.Context, c conn, ref int64, now time.Time) error {
	n, err := c.exec(ctx, `UPDATE people SET disabled_at = $2 WHERE ref = $1 AND disabled_at = 0`, ref, ms(now))
	if err == nil && n == 0 {
		err = errUnchanged
	}
	if err != nil {
		return err
	}
	return shutOut(ctx, c, ref)
}

// EnablePerson lets a person sign in again, with the password from before. One who may stays as it is, and nothing is
// noted.
func (s *Store) EnablePerson(ctx context.Context, id string, act Act) error {
	return s.ofPerson(ctx, id, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `UPDATE people SET disabled_at = 0 WHERE ref = $1 AND disabled_at > 0`, ref)
		if err == nil && n == 0 {
			err = errUnchanged
		}
		return err
	})
}

// ofPerson runs fn for a person of the act's project and records the act.
func (s *Store) ofPerson(ctx context.Context, id string, act Act, fn func(c conn, ref int64) error) error {
	return s.act(ctx, act.Project, act, func(c conn, project int64) error {
		var ref int64
		found, err := one(ctx, c, `SELECT ref FROM people WHERE project = $1 AND id = $2`, []any{project, id}, &ref)
		if err == nil && !found {
			err = fault.Missing("there is no person %q", id)
		}
		if err != nil {
			return err
		}
		return fn(c, ref)
	})
}

// shutOut ends a person's sessions and the links that were not used.
func shutOut(ctx context.Context, c conn, ref int64) error {
	if _, err := c.exec(ctx, `DELETE FROM sessions WHERE person = $1`, ref); err != nil {
		return err
	}
	_, err := c.exec(ctx, `DELETE FROM invitations WHERE person = $1 AND used_at = 0`, ref)
	return err
}

// NoteAct records an act that changed nothing but is worth telling, such as a refused sign-in.
func (s *Store) NoteAct(ctx context.Context, act Act) error {
	return s.act(ctx, act.Project, act, func(conn, int64) error { return nil })
}
