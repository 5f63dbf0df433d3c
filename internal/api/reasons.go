package api

import (
	"context"
	"time"

	"tidings/internal/control"
)

type reasonsIn struct {
	Domain       string `query:"domain" doc:"The domain of the recipients" example:"acme.test"`
	SenderDomain string `query:"senderDomain" doc:"The domain that sent the emails" example:"send.test"`
	StatsSpan
}

// Reasons is why mail bounced at a domain.
type Reasons struct {
	Domain       string         `json:"domain,omitempty" doc:"Of the recipients; absent: any" example:"acme.test"`
	SenderDomain string         `json:"senderDomain,omitempty" doc:"Absent: any" example:"send.test"`
	From         time.Time      `json:"from"`
	To           time.Time      `json:"to"`
	Bounces      int64          `json:"bounces" doc:"How many the reasons are of" example:"12"`
	Bounded      bool           `json:"bounded" doc:"There are more bounces in the span than are looked at: the numbers are of those since since"`
	Since        time.Time      `json:"since,omitzero" doc:"From when on all were looked at; absent: from from"`
	Reasons      []BounceReason `json:"reasons" nullable:"false" doc:"The most frequent first"`
}

// BounceReason is one reason and how often it was given.
type BounceReason struct {
	Class    string    `json:"class" enum:"hard,soft,block,suppressed,auto_reply,undetermined" doc:"How it bounced"`
	Reason   string    `json:"reason,omitempty" doc:"Absent: none was given" example:"no_such_user"`
	Count    int64     `json:"count" doc:"Bounces" example:"3"`
	Said     string    `json:"said,omitempty" doc:"The remote server's words with the newest of them that has words" example:"smtp; 550 5.1.1 no such user"`
	Event    string    `json:"event" doc:"The newest of them" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	NewestAt time.Time `json:"newestAt" doc:"When that was"`
}

// ReasonsOf makes the public form of reasons.
func ReasonsOf(r control.BounceReport) Reasons {
	out := Reasons{
		Domain: r.Domain, SenderDomain: r.SenderDomain, From: r.From, To: r.To, Bounces: r.Bounces,
		Bounded: !r.Since.IsZero(), Since: r.Since, Reasons: make([]BounceReason, len(r.Rows)),
	}
	for i, b := range r.Rows {
		out.Reasons[i] = BounceReason{string(b.Class), b.Reason, b.Count, b.Said, b.Newest.String(), b.NewestAt}
	}
	return out
}

type reasonsOut struct{ Body Reasons }

func (a *api) getReasons(ctx context.Context, in *reasonsIn) (*reasonsOut, error) {
	r, err := a.Control.BounceReasons(ctx, who(ctx), control.ReasonFilter{
		Domain: in.Domain, SenderDomain: in.SenderDomain, From: in.From, To: in.To,
	})
	if err != nil {
		return nil, err
	}
	return &reasonsOut{ReasonsOf(r)}, nil
}
