package store

import (
	"context"
	"fmt"
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

	ByName, LiftedByName string // where they were people
}

const patternPrefix = "sup_"

const selectPattern = `SELECT ref, pattern, note, created_by, created_at, lifted_at, lifted_by, lift_note,
	coalesce((SELECT name FROM people h WHERE h.id = created_by), ''),
	coalesce((SELECT name FROM people h WHERE h.id = lifted_by), '') FROM suppression_patterns `

func scanPattern(r row) (SuppressionPattern, error) {
	var x SuppressionPattern
	var ref, created, lifted int64
	var pattern string
	err := r.Scan(&ref, &pattern, &x.Note, &x.By, &created, &lifted, &x.LiftedBy, &x.LiftNote, &x.ByName, &x.LiftedByName)
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
	err = s.actOf(ctx, project, &act, func(c conn, ref int64) error {
		if err := putPattern(ctx, c, ref, NewPattern{p, note}, act); err != nil {
			return err
		}
		x, err = patternNamed(ctx, c, ref, p)
		act.Subject, act.Changes = x.ID, []Change{{Field: "pattern", To: string(p)}}
		if err != nil {
			return err
		}
		return s.recomputeContacts(ctx, c, ref)
	})
	return x, err
}

func patternNamed(ctx context.Context, c conn, project int64, p contact.Pattern) (x SuppressionPattern, err error) {
	list, err := patterns(ctx, c, `WHERE project = $1 AND pattern = $2`, project, string(p))
	if err == nil && len(list) > 0 {
		x = list[0]
	}
	return x, err
}

// NewPattern is a pattern that a person or an import adds.
type NewPattern struct {
	Pattern contact.Pattern
	Note    string
}

func putPattern(ctx context.Context, c conn, project int64, n NewPattern, act Act) error {
	_, err := c.exec(ctx, `INSERT INTO suppression_patterns (project, pattern, note, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, pattern) DO UPDATE SET
		note = CASE excluded.note WHEN '' THEN suppression_patterns.note ELSE excluded.note END,
		created_by = CASE suppression_patterns.lifted_at WHEN 0 THEN suppression_patterns.created_by
			ELSE excluded.created_by END,
		created_at = CASE suppression_patterns.lifted_at WHEN 0 THEN suppression_patterns.created_at
			ELSE excluded.created_at END,
		lifted_at = 0, lifted_by = '', lift_note = ''`, project, string(n.Pattern), n.Note, act.By, ms(act.At))
	if err != nil {
		return fmt.Errorf("put pattern: %w", err)
	}
	return nil
}

// SuppressPatterns adds patterns as SuppressPattern does, and act once for all. It returns those that held before or
// that are in list a second time, by their place in list. With dry it changes nothing and says the same.
func (s *Store) SuppressPatterns(
	ctx context.Context, project string, list []NewPattern, dry bool, act Act,
) (known map[int]bool, err error) {
	do := func(c conn, ref int64) error {
		known = make(map[int]bool)
		seen := make(map[contact.Pattern]bool, len(list))
		for i, n := range list {
			x, err := patternNamed(ctx, c, ref, n.Pattern)
			if err != nil {
				return err
			}
			known[i] = seen[n.Pattern] || x.ID != "" && x.LiftedAt.IsZero()
			seen[n.Pattern] = true
			if dry {
				continue
			}
			if err := putPattern(ctx, c, ref, n, act); err != nil {
				return err
			}
		}
		if dry || len(known) == 0 {
			return nil
		}
		return s.recomputeContacts(ctx, c, ref)
	}
	if !dry {
		err = s.act(ctx, project, act, do)
		return known, err
	}
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return do(c, ref)
	})
	return known, err
}

// PatternQuery selects patterns of a project, newest first.
type PatternQuery struct {
	Project string
	Active  *bool // nil: those that hold and those that were lifted
	After   int64 // PatternPage.Next of the page before
	Limit   int   // 1 to 1000; 0 means 100
}

// PatternPage is one page of patterns.
type PatternPage struct {
	Patterns []SuppressionPattern
	Next     int64 // zero: no more
}

// SuppressionPatterns returns one page of patterns, newest first.
func (s *Store) SuppressionPatterns(ctx context.Context, q PatternQuery) (page PatternPage, err error) {
	limit := limitOf(q.Limit)
	p := &plan{}
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		p.where = append(p.where, "project = "+p.arg(ref))
		if q.After > 0 {
			p.where = append(p.where, "ref < "+p.arg(q.After))
		}
		if q.Active != nil {
			p.where = append(p.where, map[bool]string{true: "lifted_at = 0", false: "lifted_at <> 0"}[*q.Active])
		}
		page.Patterns, err = patterns(ctx, c, `WHERE `+joinAnd(p.where)+` ORDER BY ref DESC LIMIT `+itoa(limit+1), p.args...)
		return err
	})
	page.Patterns, page.Next = cutPage(page.Patterns, limit, func(x *SuppressionPattern) int64 {
		ref, _ := refOf(patternPrefix, x.ID)
		return ref
	})
	return page, err
}

// LiftPattern ends a pattern, found by its id (sup_…) or its spelling. One that was lifted before is a NotFound, like
// one that never was.
func (s *Store) LiftPattern(ctx context.Context, project, idOrPattern, note string, act Act) (x SuppressionPattern, err error) {
	n, _ := refOf(patternPrefix, idOrPattern)
	err = s.actOf(ctx, project, &act, func(c conn, ref int64) error {
		list, err := patterns(ctx, c, `WHERE project = $1 AND (ref = $2 OR pattern = $3) AND lifted_at = 0`,
			ref, n, idOrPattern)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("there is no pattern %q that holds", idOrPattern)
		}
		x = list[0]
		x.LiftedAt, x.LiftedBy, x.LiftNote = act.At, act.By, note
		act.Subject, act.Changes = x.ID, []Change{{Field: "pattern", From: string(x.Pattern)}}
		_, err = c.exec(ctx, `UPDATE suppression_patterns SET lifted_at = $3, lifted_by = $4, lift_note = $5
			WHERE project = $1 AND pattern = $2`, ref, string(x.Pattern), ms(act.At), act.By, note)
		if err != nil {
			return err
		}
		return s.recomputeContacts(ctx, c, ref)
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
