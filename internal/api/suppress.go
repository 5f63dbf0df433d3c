package api

import (
	"context"
	"strconv"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// NewSuppression says whom nobody must mail.
type NewSuppression struct {
	Address string `json:"address" maxLength:"1000" doc:"An address, *@domain or *@*.domain" example:"ghost@acme.test"`
	Reason  string `json:"reason,omitempty" enum:"hard_bounce,soft_bounce,complaint,provider,manual" doc:"manual by default" example:"manual"`
	Until   string `json:"until,omitempty" doc:"When it ends by itself: a time or a date; absent: never" example:"2027-01-01"`
	Note    string `json:"note,omitempty" maxLength:"1000" doc:"Why, for later readers" example:"asked by phone on 4 May"`
}

type addSuppressionIn struct{ Body NewSuppression }

// Added is what became of a suppression that a person added: one of an address, or a pattern.
type Added struct {
	Suppression *Suppression `json:"suppression,omitempty"`
	Pattern     *Pattern     `json:"pattern,omitempty"`
	Known       bool         `json:"known"`
}

type addedOut struct{ Body Added }

func (a *api) addSuppression(ctx context.Context, in *addSuppressionIn) (*addedOut, error) {
	b := in.Body
	x, err := a.Control.Suppress(ctx, who(ctx), control.NewSuppression{
		Address: b.Address, Reason: b.Reason, Until: b.Until, Note: b.Note,
	})
	if err != nil {
		return nil, err
	}
	return &addedOut{AddedOf(x, a.Control.Now())}, nil
}

// AddedOf is what came of adding a suppression, as it is answered.
func AddedOf(x control.Suppressed, now time.Time) Added {
	out := Added{Known: x.Known}
	if r := x.Suppression; r != nil {
		s := suppressionOf(r.ContactID, r.Address, r.Suppression, now)
		out.Suppression = &s
	}
	if x.Pattern != nil {
		p := patternOf(*x.Pattern)
		out.Pattern = &p
	}
	return out
}

// Pattern is a standing reason not to mail any address that it matches.
type Pattern struct {
	ID        string    `json:"id"`
	Pattern   string    `json:"pattern" doc:"*@domain, or *@*.domain for all below it" example:"*@bad.test"`
	Active    bool      `json:"active" doc:"Whether it holds now" example:"true"`
	Note      string    `json:"note,omitempty"`
	By        string    `json:"by" doc:"Who added it: a key's id, or cli" example:"key_1"`
	CreatedAt time.Time `json:"createdAt"`
	LiftedAt  time.Time `json:"liftedAt,omitzero" doc:"When a person lifted it"`
	LiftedBy  string    `json:"liftedBy,omitempty" doc:"Who lifted it" example:"key_1"`
	LiftNote  string    `json:"liftNote,omitempty" doc:"Why" example:"they moved to us"`

	ByName       string `json:"byName,omitempty" doc:"The name of the person who added it; absent: it was no person" example:"lea"`
	LiftedByName string `json:"liftedByName,omitempty" doc:"The name of the person who lifted it" example:"lea"`
}

func patternOf(p store.SuppressionPattern) Pattern {
	return Pattern{
		ID: p.ID, Pattern: string(p.Pattern), Active: p.LiftedAt.IsZero(), Note: p.Note, By: p.By,
		CreatedAt: p.CreatedAt, LiftedAt: p.LiftedAt, LiftedBy: p.LiftedBy, LiftNote: p.LiftNote,
		ByName: p.ByName, LiftedByName: p.LiftedByName,
	}
}

// PatternPage is one page of patterns.
type PatternPage struct {
	Patterns []Pattern `json:"patterns" nullable:"false"`
	Page
}

// PatternPageOf is a page of patterns, as it is answered.
func PatternPageOf(page control.PatternPage) PatternPage {
	out := PatternPage{Patterns: make([]Pattern, len(page.Patterns)), Page: pageOf(page.NextCursor)}
	for i, p := range page.Patterns {
		out.Patterns[i] = patternOf(p)
	}
	return out
}

type listPatternsIn struct {
	Active string `query:"active" enum:"true,false" doc:"true: those that hold, false: those that were lifted"`
	Paging
}

type patternPageOut struct{ Body PatternPage }

func (a *api) listPatterns(ctx context.Context, in *listPatternsIn) (*patternPageOut, error) {
	f := control.PatternFilter{Cursor: in.Cursor, Limit: in.limit()}
	if in.Active != "" {
		active, err := strconv.ParseBool(in.Active)
		if err != nil {
			return nil, fault.BadField("active", "must be true or false")
		}
		f.Active = &active
	}
	page, err := a.Control.SuppressionPatterns(ctx, who(ctx), f)
	if err != nil {
		return nil, err
	}
	return &patternPageOut{PatternPageOf(page)}, nil
}

// PatternLift says why a pattern ends.
type PatternLift struct {
	Note string `json:"note" minLength:"1" maxLength:"1000" doc:"Why, for later readers" example:"they moved to us"`
}

type liftPatternIn struct {
	ID   string `path:"id" doc:"The pattern's id or the pattern itself" example:"sup_2"`
	Body PatternLift
}

type patternOut struct{ Body Pattern }

func (a *api) liftPattern(ctx context.Context, in *liftPatternIn) (*patternOut, error) {
	p, err := a.Control.LiftPattern(ctx, who(ctx), in.ID, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return &patternOut{patternOf(p)}, nil
}
