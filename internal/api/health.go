package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/source"
	"tidings/internal/store"
)

// SourceHealth is how a source does.
type SourceHealth struct {
	LastReceiptAt time.Time            `json:"lastReceiptAt,omitzero" doc:"When the last request came in; absent: none ever did"`
	LastEventAt   time.Time            `json:"lastEventAt,omitzero" doc:"When the newest event came in"`
	LastByName    map[string]time.Time `json:"lastByName" doc:"When the newest event of each name occurred"`
	Receipts24h   int64                `json:"receipts24h" doc:"Requests stored in the last 24 hours"`
	Repeats24h    int64                `json:"repeats24h" doc:"Requests that had been stored before"`
	Events24h     int64                `json:"events24h" doc:"Events stored"`
	Expired24h    int64                `json:"expired24h" doc:"Events older than what is kept"`
	LagP50Ms      int64                `json:"lagP50Ms" doc:"Milliseconds from event to receipt, median of the newest 1,000"`
	LagMaxMs      int64                `json:"lagMaxMs" doc:"The longest of them"`
	Problems24h   map[string]int       `json:"problems24h" doc:"Problems of receipts by code"`

	Refusals []Refusals     `json:"refusals" nullable:"false" doc:"Requests that were not accepted in the last seven days, by code"`
	Pending  []Confirmation `json:"pending" nullable:"false" doc:"Subscriptions that wait for a person"`
}

// Refusals are requests that were not accepted for one cause.
type Refusals struct {
	Code        string    `json:"code" example:"unknown_topic"`
	Count       int64     `json:"count"`
	LastAt      time.Time `json:"lastAt"`
	LastMessage string    `json:"lastMessage" doc:"What was wrong with the last of them"`
}

// Confirmation is a subscription that asked to be confirmed.
type Confirmation struct {
	ID          string    `json:"id" example:"cnf_3"`
	Topic       string    `json:"topic" example:"arn:aws:sns:eu-west-1:123456789012:ses-events"`
	Note        string    `json:"note" doc:"Whose topic it is, for the person who decides"`
	AskedAt     time.Time `json:"askedAt"`
	ConfirmedAt time.Time `json:"confirmedAt,omitzero" doc:"Absent: it waits"`
	Problem     string    `json:"problem,omitempty" doc:"Why the last try did not work"`
}

func confirmationOf(c source.Confirmation) Confirmation {
	return Confirmation{
		ID: control.ConfirmationID(c), Topic: c.Topic, Note: c.Note, AskedAt: c.AskedAt,
		ConfirmedAt: c.ConfirmedAt, Problem: c.Problem,
	}
}

func confirmationsOf(list []source.Confirmation) []Confirmation {
	out := make([]Confirmation, len(list))
	for i, c := range list {
		out[i] = confirmationOf(c)
	}
	return out
}

func healthOf(h *store.Health) SourceHealth {
	out := SourceHealth{
		LastReceiptAt: h.LastReceiptAt, LastEventAt: h.LastEventAt, LastByName: make(map[string]time.Time),
		Receipts24h: h.Receipts24h, Repeats24h: h.Repeats24h, Events24h: h.Events24h, Expired24h: h.Expired24h,
		LagP50Ms: h.LagP50.Milliseconds(), LagMaxMs: h.LagMax.Milliseconds(), Problems24h: make(map[string]int),
		Refusals: make([]Refusals, len(h.Refusals)), Pending: confirmationsOf(h.Pending),
	}
	for name, at := range h.LastByName {
		out.LastByName[string(name)] = at
	}
	for code, n := range h.Problems24h {
		out.Problems24h[code] = int(n)
	}
	for i, r := range h.Refusals {
		out.Refusals[i] = Refusals{Code: r.Code, Count: r.Count, LastAt: r.LastAt, LastMessage: r.LastMessage}
	}
	return out
}

type sourceHealthOut struct{ Body SourceHealth }

func (a *api) getSourceHealth(ctx context.Context, in *SourcePath) (*sourceHealthOut, error) {
	h, err := a.Control.SourceHealth(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &sourceHealthOut{healthOf(&h)}, nil
}

// ConfirmationList is the subscriptions that asked a source.
type ConfirmationList struct {
	Confirmations []Confirmation `json:"confirmations" nullable:"false" doc:"Newest first"`
}

type confirmationListOut struct{ Body ConfirmationList }

func (a *api) listConfirmations(ctx context.Context, in *SourcePath) (*confirmationListOut, error) {
	list, err := a.Control.Confirmations(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &confirmationListOut{ConfirmationList{confirmationsOf(list)}}, nil
}

type confirmIn struct {
	SourcePath
	Confirmation string `path:"confirmation" doc:"The confirmation's id" example:"cnf_3"`
}

type confirmationOut struct{ Body Confirmation }

func (a *api) confirmSubscription(ctx context.Context, in *confirmIn) (*confirmationOut, error) {
	c, err := a.Control.ConfirmSubscription(ctx, who(ctx), in.ID, in.Confirmation)
	if err != nil {
		return nil, err
	}
	return &confirmationOut{confirmationOf(c)}, nil
}
