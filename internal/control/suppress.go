package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// NewSuppression is what a person wants nobody to mail.
type NewSuppression struct {
	Address string // an address in any spelling, or a pattern: "*@bad.test", "*@*.bad.test"
	Reason  string // empty: manual; patterns have no other
	Until   string // a time or a date; empty: for good; patterns have none
	Note    string
}

// Suppressed is what came of it. One of Suppression and Pattern is set.
type Suppressed struct {
	Suppression *store.SuppressionRow
	Pattern     *store.SuppressionPattern
	Known       bool // it held before
}

// Suppress adds one suppression, of an address or a pattern.
func (c *Control) Suppress(ctx context.Context, who Actor, n NewSuppression) (Suppressed, error) {
	var p problems
	n.Address = strings.TrimSpace(n.Address)
	p.oneOf("reason", n.Reason, Reasons())
	p.text("note", n.Note, 0, maxNote)
	if isPattern([]byte(n.Address)) {
		return c.suppressPattern(ctx, who, n, p)
	}
	address, problem := readAddress([]byte(n.Address))
	if problem != "" {
		p.add("address", "%s", problem)
	}
	reader := lineReader{now: c.Now().UTC()}
	until, err := parseWhen("until", n.Until)
	p.addError(err)
	x := store.NewSuppression{
		Address: address, Reason: contact.Reason(n.Reason), Since: reader.now, Until: until, Note: n.Note,
	}
	if n.Reason == "" {
		x.Reason = contact.Manual
	}
	if field, problem := reader.span(x); problem != "" {
		p.add(field, "%s", problem)
	}
	if err := p.err(); err != nil {
		return Suppressed{}, err
	}
	known, err := c.Store.Suppress(ctx, who.Project, []store.NewSuppression{x}, false,
		c.act(who, opAddSuppression, address, n.Note))
	if err != nil {
		return Suppressed{}, fmt.Errorf("add suppression: %w", err)
	}
	row, err := c.Store.Suppression(ctx, who.Project, address, x.Reason)
	if err != nil {
		return Suppressed{}, fmt.Errorf("find suppression: %w", err)
	}
	return Suppressed{Suppression: &row, Known: known[0]}, nil
}

func (c *Control) suppressPattern(ctx context.Context, who Actor, n NewSuppression, p problems) (Suppressed, error) {
	pattern, err := contact.ParsePattern(n.Address)
	if err != nil {
		p.add("address", "%s", err)
	}
	if n.Reason != "" && n.Reason != string(contact.Manual) {
		p.add("reason", "a pattern's reason is manual")
	}
	if n.Until != "" {
		p.add("until", patternHasNoEnd)
	}
	if err := p.err(); err != nil {
		return Suppressed{}, err
	}
	act := c.act(who, opAddSuppression, string(pattern), n.Note)
	known, err := c.Store.SuppressPatterns(ctx, who.Project, []store.NewPattern{{Pattern: pattern, Note: n.Note}}, true, act)
	if err != nil {
		return Suppressed{}, fmt.Errorf("look for pattern: %w", err)
	}
	x, err := c.Store.SuppressPattern(ctx, who.Project, pattern, n.Note, act)
	if err != nil {
		return Suppressed{}, fmt.Errorf("add pattern: %w", err)
	}
	return Suppressed{Pattern: &x, Known: known[0]}, nil
}

// PatternFilter is a question about patterns.
type PatternFilter struct {
	Active *bool // nil: those that hold and those that were lifted
	Cursor string
	Limit  int // 1 to 1000; 0 means 100
}

// PatternPage is one page of patterns, newest first.
type PatternPage struct {
	Patterns   []store.SuppressionPattern
	NextCursor string // empty: there is no more
}

// SuppressionPatterns answers a question about patterns.
func (c *Control) SuppressionPatterns(ctx context.Context, who Actor, f PatternFilter) (PatternPage, error) {
	var p problems
	q := store.PatternQuery{
		Project: who.Project, Active: f.Active, After: p.refCursor(patternCursor, f.Cursor), Limit: f.Limit,
	}
	p.limit(f.Limit)
	if err := p.err(); err != nil {
		return PatternPage{}, err
	}
	page, err := c.Store.SuppressionPatterns(ctx, q)
	if err != nil {
		return PatternPage{}, fmt.Errorf("list patterns: %w", err)
	}
	return PatternPage{page.Patterns, cursorOfRef(patternCursor, page.Next)}, nil
}

// LiftPattern ends a pattern, found by its id (sup_…) or its spelling. The note says why and is required.
func (c *Control) LiftPattern(ctx context.Context, who Actor, idOrPattern, note string) (store.SuppressionPattern, error) {
	var p problems
	if !strings.HasPrefix(idOrPattern, "sup_") {
		pattern, err := contact.ParsePattern(idOrPattern)
		if err != nil {
			p.addError(fault.BadField("id", "%.100q is neither a pattern's id (sup_…) nor a pattern: %s", idOrPattern, err))
		}
		idOrPattern = string(pattern)
	}
	p.text("id", idOrPattern, 0, maxFilter)
	p.text("note", note, 1, maxNote)
	if err := p.err(); err != nil {
		return store.SuppressionPattern{}, err
	}
	x, err := c.Store.LiftPattern(ctx, who.Project, idOrPattern, note, c.act(who, opLiftPattern, idOrPattern, note))
	if err != nil {
		return x, fmt.Errorf("lift pattern: %w", err)
	}
	return x, nil
}

// IsSuppressed reports whether a contact must not be mailed: a suppression holds, or a pattern that matches its address.
func IsSuppressed(k *store.Contact, now time.Time) bool {
	for _, s := range k.Suppressions {
		if s.Active(now) {
			return true
		}
	}
	return len(k.Patterns) > 0
}
