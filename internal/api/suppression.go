package api

import (
	"context"
	"strconv"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// SuppressionPage is one page of suppressions.
type SuppressionPage struct {
	Suppressions []Suppression `json:"suppressions" nullable:"false" doc:"Newest first"`
	Page
}

type listSuppressionsIn struct {
	Reason  string `query:"reason" enum:"hard_bounce,soft_bounce,complaint,provider,manual"`
	Contact string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	Active  string `query:"active" enum:"true,false" doc:"true: those that hold, false: those that ended"`
	Paging
}

type suppressionPageOut struct{ Body SuppressionPage }

func (a *api) listSuppressions(ctx context.Context, in *listSuppressionsIn) (*suppressionPageOut, error) {
	f := control.SuppressionFilter{Reason: in.Reason, Contact: in.Contact, Cursor: in.Cursor, Limit: in.limit()}
	if in.Active != "" {
		active, err := strconv.ParseBool(in.Active)
		if err != nil {
			return nil, fault.BadField("active", "must be true or false")
		}
		f.Active = &active
	}
	page, err := a.Control.ListSuppressions(ctx, who(ctx), f)
	if err != nil {
		return nil, err
	}
	return &suppressionPageOut{SuppressionPage{a.suppressions(page.Rows), pageOf(page.NextCursor)}}, nil
}

func (a *api) suppressions(rows []store.SuppressionRow) []Suppression {
	now := a.Control.Now()
	out := make([]Suppression, len(rows))
	for i, r := range rows {
		out[i] = suppressionOf(r.ContactID, r.Address, r.Suppression, now)
	}
	return out
}

// Lift says which suppressions to lift and why.
type Lift struct {
	Reason string `json:"reason,omitempty" enum:"hard_bounce,soft_bounce,complaint,provider,manual" doc:"Absent: all that hold"`
	Note   string `json:"note" minLength:"1" maxLength:"1000" doc:"Why, for later readers" example:"wrote to support on 4 May"`
}

type liftIn struct {
	Contact string `path:"contact" doc:"The contact's id or address" example:"ghost@acme.test"`
	Body    Lift
}

// Lifted are the suppressions that a lift ended.
type Lifted struct {
	Suppressions []Suppression `json:"suppressions" nullable:"false"`
}

type liftOut struct{ Body Lifted }

func (a *api) liftSuppression(ctx context.Context, in *liftIn) (*liftOut, error) {
	rows, err := a.Control.Lift(ctx, who(ctx), in.Contact, in.Body.Reason, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return &liftOut{Lifted{a.suppressions(rows)}}, nil
}
