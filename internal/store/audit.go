package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Change is what became of one field. Of a secret there is neither From nor To: it changed, and that is all.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"` // empty: there was nothing
	To    string `json:"to,omitempty"`   // empty: there is nothing
}

// Scopes are what a secret key may do: words of control's table, sorted, with a space between. Empty: everything.
type Scopes string

// ScopesOf makes scopes of words, in any order.
func ScopesOf(words []string) Scopes {
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	return Scopes(strings.Join(slices.Compact(sorted), " "))
}

// Words are the scopes one by one; none means everything.
func (s Scopes) Words() []string { return strings.Fields(string(s)) }

// AuditQuery selects acts of a project, newest first. Zero fields do not filter.
type AuditQuery struct {
	Project   string
	Operation string
	By        string
	Door      string
	Subject   string    // an id, or the address of a contact
	From, To  time.Time // From inclusive, To exclusive
	After     int64     // RecordedAct.Ref of the last row of the page before
	Limit     int       // 1 to 1000; 0 means 100
}

// RecordedAct is an act in the audit log.
type RecordedAct struct {
	Ref int64
	ID  string // act_…
	Act
	ByName string // the name of the person; empty: it was a program, or the person is not known
}

// ActPage is one page of acts.
type ActPage struct {
	Acts []RecordedAct
	Next int64 // zero: no more
}

const actPrefix = "act_"

// errUnchanged ends a transaction in which there was nothing to do: nothing is stored, and no act.
var errUnchanged = errors.New("nothing changed")

// record writes an act into the audit log, in the transaction of what it speaks of.
func record(ctx context.Context, c conn, project int64, a Act) error {
	changes := ""
	if len(a.Changes) > 0 {
		b, err := json.Marshal(a.Changes)
		if err != nil {
			return fmt.Errorf("write what changed: %w", err)
		}
		changes = string(b)
	}
	_, err := c.exec(ctx, `INSERT INTO audit (at, project, by, door, operation, subject, note, changes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		ms(a.At), project, a.By, a.Door, a.Operation, a.Subject, a.Note, changes)
	if err != nil {
		return fmt.Errorf("record the act: %w", err)
	}
	return nil
}

// act runs fn and records the act in one transaction.
func (s *Store) act(ctx context.Context, project string, a Act, fn func(c conn, project int64) error) error {
	return s.actOf(ctx, project, &a, fn)
}

// actOf is act for what is known of the act only once it is done: fn may complete it. Where fn returns errUnchanged
// nothing is stored.
func (s *Store) actOf(ctx context.Context, project string, a *Act, fn func(c conn, project int64) error) error {
	err := s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if err := fn(c, ref); err != nil {
			return err
		}
		return record(ctx, c, ref, *a)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// Acts answers a question about the audit log. The index audit_subject serves a question about one thing, audit_project
// every other: acts are few beside events.
func (s *Store) Acts(ctx context.Context, q AuditQuery) (page ActPage, err error) {
	limit := limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		p := auditPlan(project, q)
		if err := ofSubject(ctx, c, p, project, q.Subject); err != nil {
			return err
		}
		return c.query(ctx, `SELECT ref, at, by, door, operation, subject, note, changes,
			coalesce((SELECT name FROM people h WHERE h.id = audit.by), '') FROM audit WHERE `+joinAnd(p.where)+
			` ORDER BY ref DESC LIMIT `+itoa(limit+1), p.args, func(r row) error {
			x, err := scanAct(r)
			x.Project = q.Project
			page.Acts = append(page.Acts, x)
			return err
		})
	})
	if err != nil {
		return ActPage{}, err
	}
	page.Acts, page.Next = cutPage(page.Acts, limit, func(x *RecordedAct) int64 { return x.Ref })
	return page, nil
}

func scanAct(r row) (x RecordedAct, err error) {
	var when int64
	var changes string
	if err := r.Scan(&x.Ref, &when, &x.By, &x.Door, &x.Operation, &x.Subject, &x.Note, &changes, &x.ByName); err != nil {
		return x, err
	}
	x.ID, x.At = publicID(actPrefix, x.Ref), at(when)
	if changes == "" {
		return x, nil
	}
	if err := json.Unmarshal([]byte(changes), &x.Changes); err != nil {
		return x, fmt.Errorf("changes of act %s: %w", x.ID, err)
	}
	return x, nil
}

func auditPlan(project int64, q AuditQuery) *plan {
	p := &plan{}
	for _, f := range [...]struct {
		condition string
		value     any
		given     bool
	}{
		{"project = ", project, true},
		{"operation = ", q.Operation, q.Operation != ""},
		{"by = ", q.By, q.By != ""},
		{"door = ", q.Door, q.Door != ""},
		{"at >= ", ms(q.From), !q.From.IsZero()},
		{"at < ", ms(q.To), !q.To.IsZero()},
		{"ref < ", q.After, q.After != 0},
	} {
		if f.given {
			p.where = append(p.where, f.condition+p.arg(f.value))
		}
	}
	return p
}

// ofSubject narrows to what was done to one thing. Acts name contacts by their ids, and those of older versions by the
// address that was typed.
func ofSubject(ctx context.Context, c conn, p *plan, project int64, subject string) error {
	if subject == "" {
		return nil
	}
	names := p.arg(subject)
	if strings.Contains(subject, "@") {
		ref, err := contactRef(ctx, c, project, subject)
		if err != nil {
			return err
		}
		if ref != 0 {
			names += ", " + p.arg(publicID(contactPrefix, ref))
		}
	}
	p.where = append(p.where, "subject IN ("+names+")")
	return nil
}
