package store

import (
	"context"
	"time"

	"tidings/internal/contact"
	"tidings/internal/fault"
)

// SuppressionPattern is a standing reason not to mail any address that a pattern matches.
type SuppressionPattern struct {
	ID        string // sup_…
	Pattern   contact.Pattern
	Note      string
	By        string // who added it: a key's id, or "cli"
	CreatedAt time.Time
	LiftedAt  time.Time // zero: it holds
	LiftedBy  string
	LiftNote  string
}

const patternPrefix = "sup_"

const selectPattern = `SELECT ref, pattern, note, created_by, created_at, lifted_at, lifted_by, lift_note
	FROM suppression_patterns `

func scanPattern(r row) (SuppressionPattern, error) {
	var x SuppressionPattern
	var ref, created, lifted int64
	var pattern string
	err := r.Scan(&ref, &pattern, &x.Note, &x.By, &created, &lifted, &x.LiftedBy, &x.LiftNote)
	x.ID, x.Pattern, x.CreatedAt, x.LiftedAt = publicID(patternPrefix, ref), contact.Pattern(pattern), at(created), at(lifted)
	return x, err
}

func patterns(ctx context.Context, c conn, sql string, args ...any) (list []SuppressionPattern, err error) {
	err = c.query(ctx, selectPattern+sql, args, func(r row) error {
		x, err := scanPattern(r)
		list = append(list, x)
		return err
	})
	return list, err
}

// SuppressPattern adds a pattern. There is one of each: adding it again changes its note, and undoes its lift, from
// which moment it is the new author's.
func (s *Store) SuppressPattern(
	ctx context.Context, project string, p contact.Pattern, note string, act Act,
) (x SuppressionPattern, err error) {
	err = s.act(ctx, project, act, func(c conn, ref int64) error {
		_, err := c.exec(ctx, `INSERT INTO suppression_patterns (project, pattern, note, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, pattern) DO UPDATE SET note = excluded.note,
			created_by = CASE suppression_patterns.lifted_at WHEN 0 THEN suppression_patterns.created_by
				ELSE excluded.created_by END,
			created_at = CASE suppression_patterns.lifted_at WHEN 0 THEN suppression_patterns.created_at
				ELSE excluded.created_at END,
			lifted_at = 0, lifted_by = '', lift_note = ''`, ref, string(p), note, act.By, ms(act.At))
		if err != nil {
			return err
		}
		list, err := patterns(ctx, c, `WHERE project = $1 AND pattern = $2`, ref, string(p))
		if err == nil {
			x = list[0]
		}
		return err
	})
	return x, err
}

// SuppressionPatterns lists the patterns of a project, lifted ones too, newest first.
func (s *Store) SuppressionPatterns(ctx context.Context, project string) (list []SuppressionPattern, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list, err = patterns(ctx, c, `WHERE project = $1 ORDER BY ref DESC`, ref)
		return err
	})
	return list, err
}

// LiftPattern ends a pattern. One that was lifted before is a NotFound, like one that never was.
func (s *Store) LiftPattern(ctx context.Context, project, id, note string, act Act) (x SuppressionPattern, err error) {
	n, _ := refOf(patternPrefix, id)
	err = s.act(ctx, project, act, func(c conn, ref int64) error {
		changed, err := c.exec(ctx, `UPDATE suppression_patterns SET lifted_at = $3, lifted_by = $4, lift_note = $5
			WHERE project = $1 AND ref = $2 AND lifted_at = 0`, ref, n, ms(act.At), act.By, note)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.Missing("there is no pattern %q that holds", id)
		}
		list, err := patterns(ctx, c, `WHERE ref = $1`, n)
		if err == nil {
			x = list[0]
		}
		return err
	})
	return x, err
}

// patternsOf lists the patterns that hold and match an address, oldest first. The unique index on the pattern serves
// it: an address has only as many patterns as its domain has labels.
func patternsOf(ctx context.Context, c conn, project int64, address string) ([]SuppressionPattern, error) {
	candidates := contact.PatternsOf(address)
	if len(candidates) == 0 {
		return nil, nil
	}
	args := []any{project}
	for _, p := range candidates {
		args = append(args, string(p))
	}
	return patterns(ctx, c, `WHERE project = $1 AND lifted_at = 0 AND pattern IN (`+marks(2, len(candidates))+`)
		ORDER BY ref`, args...)
}
