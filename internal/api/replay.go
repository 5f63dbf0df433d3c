package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Replayed is what parsing receipts again came to.
type Replayed struct {
	Receipts   int64 `json:"receipts" doc:"That were parsed"`
	Unreadable int64 `json:"unreadable" doc:"Receipts that this version can't read; they stay as they are"`
	Problems   int64 `json:"problems" doc:"Receipts that have problems still"`
	New        int64 `json:"new" doc:"Events that were missing"`
	Known      int64 `json:"known" doc:"Events that were there"`
	Upgraded   int64 `json:"upgraded" doc:"Events that were email.unknown and are now understood"`
	Conflicts  int64 `json:"conflicts" doc:"Events that were there with another content; the first stays"`
	Expired    int64 `json:"expired" doc:"Events older than what is kept"`
}

// Replay is a replay that runs in the background.
type Replay struct {
	ID           string    `json:"id" example:"rpl_3"`
	State        string    `json:"state" enum:"waiting,running,done,cancelled,failed" doc:"The last three are ends"`
	Source       string    `json:"source,omitempty" doc:"Only what came to this source" example:"src_01jq7z9f3v8k2m5n"`
	From         time.Time `json:"from,omitzero" doc:"Only what came then or later"`
	To           time.Time `json:"to,omitzero" doc:"Only what came before"`
	OnlyProblems bool      `json:"onlyProblems" doc:"Only receipts that had a problem"`
	DryRun       bool      `json:"dryRun" doc:"Nothing is stored; each batch of receipts is counted for itself"`
	By           string    `json:"by" doc:"Who started it: a key's id, or cli" example:"key_01jq7z9f3v8k2m5n"`
	CreatedAt    time.Time `json:"createdAt"`
	StartedAt    time.Time `json:"startedAt,omitzero" doc:"When a server began with it"`
	EndedAt      time.Time `json:"endedAt,omitzero" doc:"When it ended"`
	Total        int64     `json:"total" doc:"Receipts to parse, counted at the start"`
	Done         int64     `json:"done" doc:"Receipts that were looked at so far"`
	Replayed
	Error string `json:"error,omitempty" doc:"Why it failed, or why its last try did" example:"the database is busy"`
}

func replayOf(x *store.ReplayRun) Replay {
	q := x.Query
	return Replay{
		ID: x.ID, State: x.State.String(), Source: q.Source, From: q.From, To: q.To, OnlyProblems: q.OnlyProblems,
		DryRun: x.DryRun, By: x.By, CreatedAt: x.CreatedAt, StartedAt: x.StartedAt, EndedAt: x.EndedAt,
		Total: x.Total, Done: x.Done, Replayed: Replayed(x.Sums), Error: x.Problem,
	}
}

// NewReplay says what to parse again.
type NewReplay struct {
	Source       string `json:"source,omitempty" doc:"Only what came to this source" example:"src_01jq7z9f3v8k2m5n"`
	From         string `json:"from,omitempty" doc:"Only what came at this time or date or later" example:"2026-05-04"`
	To           string `json:"to,omitempty" doc:"Only what came before" example:"2026-05-05"`
	OnlyProblems bool   `json:"onlyProblems,omitempty" doc:"Only receipts with a problem" example:"true"`
	DryRun       bool   `json:"dryRun,omitempty" doc:"Store nothing, only tell what would be stored" example:"false"`
}

type startReplayIn struct{ Body *NewReplay }

type replayOut struct{ Body Replay }

func oneReplay(x store.ReplayRun, err error) (*replayOut, error) {
	if err != nil {
		return nil, err
	}
	return &replayOut{replayOf(&x)}, nil
}

func (a *api) startReplay(ctx context.Context, in *startReplayIn) (*replayOut, error) {
	var b NewReplay
	if in.Body != nil {
		b = *in.Body
	}
	return oneReplay(a.Control.StartReplay(ctx, who(ctx), control.ReplayFilter{
		Source: b.Source, From: b.From, To: b.To, OnlyProblems: b.OnlyProblems,
	}, b.DryRun))
}

// ReplayPage is one page of replays.
type ReplayPage struct {
	Replays []Replay `json:"replays" nullable:"false" doc:"Newest first"`
	Page
}

type listReplaysIn struct{ Paging }

type replayPageOut struct{ Body ReplayPage }

func (a *api) listReplays(ctx context.Context, in *listReplaysIn) (*replayPageOut, error) {
	page, err := a.Control.Replays(ctx, who(ctx), in.Cursor, in.limit())
	if err != nil {
		return nil, err
	}
	out := &replayPageOut{ReplayPage{Replays: make([]Replay, len(page.Replays)), Page: pageOf(page.NextCursor)}}
	for i := range page.Replays {
		out.Body.Replays[i] = replayOf(&page.Replays[i])
	}
	return out, nil
}

type replayIn struct {
	ID string `path:"id" doc:"The replay's id" example:"rpl_3"`
}

func (a *api) getReplay(ctx context.Context, in *replayIn) (*replayOut, error) {
	return oneReplay(a.Control.ReplayRun(ctx, who(ctx), in.ID))
}

func (a *api) cancelReplay(ctx context.Context, in *replayIn) (*replayOut, error) {
	return oneReplay(a.Control.CancelReplay(ctx, who(ctx), in.ID))
}

type replayedOut struct{ Body Replayed }

func (a *api) replayReceipt(ctx context.Context, in *receiptIn) (*replayedOut, error) {
	sum, err := a.Control.ReplayReceipt(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &replayedOut{Replayed(sum)}, nil
}
