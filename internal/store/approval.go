package store

import (
	"context"
	"time"

	"tidings/internal/fault"
)

// Approval is an act that a program asked for and a person must approve before it is done.
type Approval struct {
	Code       string
	By         string    // whose act it will be: a key's id
	Operation  string    // what will be done
	Subject    string    // to what
	ExpiresAt  time.Time // approved and used before
	ApprovedBy string    // empty: nobody approved it yet
	Note       string    // what that person wrote
}

// BeginApproval stores what a person is to approve, and removes what nobody approved in time.
func (s *Store) BeginApproval(ctx context.Context, a Approval, act Act) error {
	return s.act(ctx, act.Project, act, func(c conn, project int64) error {
		if _, err := c.exec(ctx, `DELETE FROM approvals WHERE expires_at <= $1`, ms(act.At)); err != nil {
			return err
		}
		_, err := c.exec(ctx, `INSERT INTO approvals (code, project, by, operation, subject, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, a.Code, project, a.By, a.Operation, a.Subject, ms(a.ExpiresAt))
		return err
	})
}

// Approve notes that a person approved an act. It is a fault.NotFound for a code that nobody was given, that was approved
// before or whose time is over.
func (s *Store) Approve(ctx context.Context, code string, act Act) (a Approval, err error) {
	err = s.actOf(ctx, act.Project, &act, func(c conn, project int64) error {
		var expires int64
		found, err := one(ctx, c, `UPDATE approvals SET approved_at = $3, approved_by = $4, note = $5
			WHERE code = $1 AND project = $2 AND approved_at = 0 AND expires_at > $3
			RETURNING by, operation, subject, expires_at`,
			[]any{code, project, ms(act.At), act.By, act.Note}, &a.By, &a.Operation, &a.Subject, &expires)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no act that waits for the code %.20q: it was approved before, or its "+
				"time is over", code)
		}
		a.Code, a.ApprovedBy, a.Note, a.ExpiresAt = code, act.By, act.Note, at(expires)
		act.Subject = a.Subject
		return nil
	})
	return a, err
}

// WaitingApproval finds what waits for a person under a code. It is a fault.NotFound where nothing does.
func (s *Store) WaitingApproval(ctx context.Context, project, code string, now time.Time) (a Approval, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var expires int64
		found, err := one(ctx, c, `SELECT by, operation, subject, expires_at FROM approvals
			WHERE code = $1 AND project = $2 AND approved_at = 0 AND expires_at > $3`,
			[]any{code, ref, ms(now)}, &a.By, &a.Operation, &a.Subject, &expires)
		if err == nil && !found {
			err = fault.Missing("there is no act that waits for the code %.20q: it was approved before, or its "+
				"time is over", code)
		}
		a.Code, a.ExpiresAt = code, at(expires)
		return err
	})
	return a, err
}

// TakeApproval uses an approval up: it finds each once. used is false where the code is not of this act by this key, its
// time is over, or nobody approved it yet.
func (s *Store) TakeApproval(
	ctx context.Context, project string, want Approval, now time.Time,
) (a Approval, used bool, err error) {
	a = want
	err = s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		used, err = one(ctx, c, `DELETE FROM approvals WHERE code = $1 AND project = $2 AND by = $3 AND operation = $4
			AND subject = $5 AND approved_at > 0 AND expires_at > $6 RETURNING approved_by, note`,
			[]any{want.Code, ref, want.By, want.Operation, want.Subject, ms(now)}, &a.ApprovedBy, &a.Note)
		return err
	})
	return a, used, err
}
