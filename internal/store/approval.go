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
	Asks       string    // what with, as JSON: the same must be asked again; empty: there is no more to say
	AskedAt    time.Time // last
	ExpiresAt  time.Time // approved and used before
	ApprovedBy string    // empty: nobody approved it yet
	Note       string    // what that person wrote
	Refused    bool      // a person said no

	ByName         string // of the key; set by Approvals and WaitingApproval
	ApprovedByName string // of the person; likewise; empty: it was no person
}

// CodeTooManyWait is the code of the refusal of what asks for more than a person can look at.
const CodeTooManyWait = "too_many_wait"

// maxWaiting is how many acts of one program wait for a person at once.
const maxWaiting = 20

// BeginApproval stores what a person is to approve, and removes what nobody approved in time. A program that asks again
// for what waits already gets the code that it has, with the new time.
func (s *Store) BeginApproval(ctx context.Context, a Approval, act Act) (Approval, error) {
	err := s.actOf(ctx, act.Project, &act, func(c conn, project int64) (err error) {
		defer func() { act.Changes = []Change{{Field: "code", To: a.Code}} }()
		if _, err := c.exec(ctx, `DELETE FROM approvals WHERE expires_at <= $1`, ms(act.At)); err != nil {
			return err
		}
		found, err := one(ctx, c, `UPDATE approvals SET asked_at = $5, expires_at = $6
			WHERE project = $1 AND by = $2 AND operation = $3 AND subject = $4 AND asks = $7 AND approved_at = 0 AND refused_at = 0
			RETURNING code`, []any{project, a.By, a.Operation, a.Subject, ms(a.AskedAt), ms(a.ExpiresAt), a.Asks}, &a.Code)
		if err != nil || found {
			return err
		}
		var waiting int
		if _, err := one(ctx, c, `SELECT count(*) FROM approvals WHERE project = $1 AND by = $2 AND approved_at = 0
			AND refused_at = 0`, []any{project, a.By}, &waiting); err != nil {
			return err
		}
		if waiting >= maxWaiting {
			return fault.New(fault.RateLimited, CodeTooManyWait, "%d acts of this key wait for a person already", waiting).
				WithHint("ask for no more before a person looked at them").WithAfter(a.ExpiresAt.Sub(act.At))
		}
		_, err = c.exec(ctx, `INSERT INTO approvals (code, project, by, operation, subject, asked_at, expires_at, asks)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, a.Code, project, a.By, a.Operation, a.Subject, ms(a.AskedAt),
			ms(a.ExpiresAt), a.Asks)
		return err
	})
	return a, err
}

// Approve notes that a person approved an act. It is a fault.NotFound for a code that nobody was given, that a person
// decided on before or whose time is over, and Forbidden to the key that asked.
func (s *Store) Approve(ctx context.Context, code string, act Act) (Approval, error) {
	return s.decide(ctx, "approved_at", code, act)
}

// Refuse notes that a person said no, with the errors of Approve.
func (s *Store) Refuse(ctx context.Context, code string, act Act) (Approval, error) {
	return s.decide(ctx, "refused_at", code, act)
}

func (s *Store) decide(ctx context.Context, column, code string, act Act) (a Approval, err error) {
	err = s.actOf(ctx, act.Project, &act, func(c conn, project int64) error {
		var asked, expires int64
		found, err := one(ctx, c, `UPDATE approvals SET `+column+` = $3, approved_by = $4, note = $5
			WHERE code = $1 AND project = $2 AND approved_at = 0 AND refused_at = 0 AND expires_at > $3
			RETURNING by, operation, subject, asks, asked_at, expires_at`,
			[]any{code, project, ms(act.At), act.By, act.Note}, &a.By, &a.Operation, &a.Subject, &a.Asks, &asked, &expires)
		switch {
		case err != nil:
			return err
		case !found:
			return nothingWaits(code)
		case a.By == act.By:
			return fault.New(fault.Forbidden, "own_approval", "a key can't decide on what it asked for itself").
				WithHint("a person must do it: at /ui/approvals, or with tidings mcp approve")
		}
		a.Code, a.ApprovedBy, a.Note, a.AskedAt, a.ExpiresAt = code, act.By, act.Note, at(asked), at(expires)
		a.Refused = column == "refused_at"
		act.Subject = a.Subject
		act.Changes = []Change{{Field: "operation", To: a.Operation}, {Field: "askedBy", To: a.By}}
		return nil
	})
	return a, err
}

func nothingWaits(code string) error {
	return fault.Missing("there is no act that waits for the code %.20q: a person decided on it before, or its time is over", code)
}

const selectApproval = `SELECT a.code, a.by, coalesce(k.name, ''), a.operation, a.subject, a.asks, a.asked_at, a.expires_at,
	a.approved_by, coalesce(p.name, ''), a.note
	FROM approvals a LEFT JOIN keys k ON k.id = a.by LEFT JOIN people p ON p.id = a.approved_by
	WHERE a.project = $1 AND a.refused_at = 0 AND a.expires_at > $2 `

// Approvals lists what programs asked for and did not do yet, approved or not, the oldest first: 1,000 at most.
func (s *Store) Approvals(ctx context.Context, project string, now time.Time) ([]Approval, error) {
	return s.approvals(ctx, project, `ORDER BY a.asked_at, a.code LIMIT 1000`, ms(now))
}

// WaitingApproval finds what waits for a person under a code. It is a fault.NotFound where nothing does.
func (s *Store) WaitingApproval(ctx context.Context, project, code string, now time.Time) (Approval, error) {
	list, err := s.approvals(ctx, project, `AND a.approved_at = 0 AND a.code = $3`, ms(now), code)
	if err == nil && len(list) == 0 {
		err = nothingWaits(code)
	}
	if err != nil {
		return Approval{}, err
	}
	return list[0], nil
}

func (s *Store) approvals(ctx context.Context, project, sql string, args ...any) (list []Approval, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return c.query(ctx, selectApproval+sql, append([]any{ref}, args...), func(r row) error {
			var a Approval
			var asked, expires int64
			err := r.Scan(&a.Code, &a.By, &a.ByName, &a.Operation, &a.Subject, &a.Asks, &asked, &expires, &a.ApprovedBy,
				&a.ApprovedByName, &a.Note)
			a.AskedAt, a.ExpiresAt = at(asked), at(expires)
			list = append(list, a)
			return err
		})
	})
	return list, err
}

// TakeApproval uses an approval up: it finds each once, and a refusal too, which Refused tells. used is false where the
// code is not of this act by this key, its time is over, or nobody decided on it yet.
func (s *Store) TakeApproval(
	ctx context.Context, project string, want Approval, now time.Time,
) (a Approval, used bool, err error) {
	a = want
	err = s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var refused int64
		used, err = one(ctx, c, `DELETE FROM approvals WHERE code = $1 AND project = $2 AND by = $3 AND operation = $4
			AND subject = $5 AND asks = $7 AND approved_at + refused_at > 0 AND expires_at > $6
			RETURNING approved_by, note, refused_at`,
			[]any{want.Code, ref, want.By, want.Operation, want.Subject, ms(now), want.Asks}, &a.ApprovedBy, &a.Note, &refused)
		a.Refused = refused > 0
		return err
	})
	return a, used, err
}
