package store

import (
	"bytes"
	"context"
	"time"

	"tidings/internal/fault"
)

// Invitation is a link that sets a password, once. Only the hash of its token is stored.
type Invitation struct {
	Hash      [32]byte
	Person    string // per_…; empty: whoever comes first
	Name      string // the person's; empty: nobody's yet
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not yet
}

// invitationsKept is how long links that do not work any more are remembered, so that people are told why.
const invitationsKept = 7 * 24 * time.Hour

// The codes of links that do not work.
const (
	codeUnknownInvitation = "unknown_invitation"
	codeUsedInvitation    = "invitation_used"
	codeExpiredInvitation = "invitation_expired"
)

const freshLink = "ask for a new one: tidings person reset NAME"

// InviteFirst stores a link for whoever comes first. It is no act: nothing changes until it is used.
func (s *Store) InviteFirst(ctx context.Context, i Invitation) error {
	return s.engine.write(ctx, func(c conn) error { return insertInvitation(ctx, c, 0, i) })
}

func insertInvitation(ctx context.Context, c conn, person int64, i Invitation) error {
	_, err := c.exec(ctx, `DELETE FROM invitations WHERE expires_at <= $1`, ms(i.CreatedAt.Add(-invitationsKept)))
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `INSERT INTO invitations (hash, person, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		i.Hash[:], person, ms(i.CreatedAt), ms(i.ExpiresAt))
	return err
}

// Invitation finds a link that works now by the SHA-256 of its token. It is a NotFound error where it is
// not known, and Gone, with a code that says why, where it was used or is over.
func (s *Store) Invitation(ctx context.Context, hash [32]byte, now time.Time) (i Invitation, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		i, _, err = invitation(ctx, c, hash, now)
		return err
	})
	return i, err
}

func invitation(ctx context.Context, c conn, hash [32]byte, now time.Time) (i Invitation, person int64, err error) {
	var created, expires, used int64
	found, err := one(ctx, c, `SELECT i.person, coalesce(h.id, ''), coalesce(h.name, ''), i.created_at, i.expires_at, i.used_at
		FROM invitations i LEFT JOIN people h ON h.ref = i.person WHERE i.hash = $1`, []any{hash[:]},
		&person, &i.Person, &i.Name, &created, &expires, &used)
	if err != nil {
		return Invitation{}, 0, err
	}
	i.Hash, i.CreatedAt, i.ExpiresAt, i.UsedAt = hash, at(created), at(expires), at(used)
	if err = i.works(found, now); err == nil && person == 0 {
		err = first(ctx, c)
	}
	if err != nil {
		return Invitation{}, 0, err
	}
	return i, person, nil
}

// works tells why a link does not.
func (i Invitation) works(found bool, now time.Time) error {
	switch {
	case !found:
		return fault.New(fault.NotFound, codeUnknownInvitation, "this link is not known: a newer one may have taken its place").
			WithHint(freshLink)
	case !i.UsedAt.IsZero():
		return fault.New(fault.Gone, codeUsedInvitation, "this link was used: sign in with the password that was set").
			WithHint(freshLink)
	case !now.Before(i.ExpiresAt):
		return fault.New(fault.Gone, codeExpiredInvitation, "this link worked until %s", i.ExpiresAt.Format(time.RFC3339)).
			WithHint("%s", freshLink+"; where nobody can sign in yet, the server shows a new link when it starts")
	}
	return nil
}

// first refuses a link for whoever comes first where somebody came.
func first(ctx context.Context, c conn) error {
	taken, err := anybody(ctx, c)
	if err == nil && taken {
		err = fault.New(fault.Gone, codeUsedInvitation, "this link was for the first person, and there is one").
			WithHint("ask for a link of your own: tidings person create NAME")
	}
	return err
}

// AcceptInvitation uses a link: it sets the password of its person, who is made where the link is for whoever comes
// first, ends the person's other sessions and stores the new one. p has the password's hash, and for the first person the
// id and the names. The act's subject and actor become the person.
func (s *Store) AcceptInvitation(ctx context.Context, hash [32]byte, p Person, in Session, act Act) (Person, error) {
	err := s.actOf(ctx, p.Project, &act, func(c conn, project int64) error {
		i, ref, err := invitation(ctx, c, hash, act.At)
		if err != nil {
			return err
		}
		if err := spend(ctx, c, hash, ref, act.At); err != nil {
			return err
		}
		if i.Person == "" {
			ref, err = insertPerson(ctx, c, project, p)
		} else {
			p.ID = i.Person
			err = setPassword(ctx, c, ref, p.Hash, act.At)
		}
		if err == nil {
			err = shutOut(ctx, c, ref)
		}
		if err != nil {
			return err
		}
		act.By, act.Subject = p.ID, p.ID
		return insertSession(ctx, c, ref, in)
	})
	if err != nil {
		return Person{}, err
	}
	return s.Person(ctx, p.ID)
}

func setPassword(ctx context.Context, c conn, person int64, hash string, now time.Time) error {
	n, err := c.exec(ctx, `UPDATE people SET hash = $2, last_sign_in_at = $3 WHERE ref = $1 AND disabled_at = 0`,
		person, hash, ms(now))
	if err == nil && n == 0 {
		err = fault.New(fault.Forbidden, "person_disabled", "this person may not sign in").
			WithHint("whoever runs the server can change that: tidings person enable NAME")
	}
	return err
}

// spend marks a link as used, and with the first person's all others for whoever comes first: two that are used at once
// make one person.
func spend(ctx context.Context, c conn, hash [32]byte, person int64, now time.Time) error {
	own := false
	err := c.query(ctx, `UPDATE invitations SET used_at = $3
		WHERE used_at = 0 AND (hash = $1 OR person = $2 AND person = 0) RETURNING hash`, []any{hash[:], person, ms(now)},
		func(r row) error {
			var spent []byte
			err := r.Scan(&spent)
			own = own || bytes.Equal(spent, hash[:])
			return err
		})
	if err == nil && !own {
		err = Invitation{UsedAt: now}.works(true, now)
	}
	return err
}
