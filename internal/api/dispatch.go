package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Dispatch is an event, or several, on its way to an endpoint.
type Dispatch struct {
	ID           string    `json:"id" example:"dsp_4f"`
	EndpointID   string    `json:"endpointId" doc:"Where it goes" example:"end_7"`
	EndpointName string    `json:"endpointName" doc:"Of the endpoint" example:"crm"`
	WebhookID    string    `json:"webhookId" doc:"Under which it goes, in every try: receivers know by it what they have already" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	EventID      string    `json:"eventId" doc:"The event, or the first of a batch" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	Events       int64     `json:"events" doc:"How many events it tells" example:"1"`
	State        string    `json:"state" enum:"sending,waiting,behind,delivered,dead,dropped" doc:"sending: a try is under way; waiting: for its next try; behind: another one goes before it; delivered: the receiver took it; dead: given up; dropped: it is not sent any more"`
	Tries        int       `json:"tries" doc:"How often it was tried" example:"2"`
	Status       int       `json:"status,omitempty" doc:"Of the last answer; absent: there was none" example:"503"`
	Problem      string    `json:"problem,omitempty" doc:"Of the last try; absent: the receiver took it" example:"503 Service Unavailable"`
	TookMs       int64     `json:"tookMs" doc:"Milliseconds of the last try" example:"84"`
	FirstAt      time.Time `json:"firstAt" doc:"When it was first to be sent"`
	AgainAt      time.Time `json:"againAt,omitzero" doc:"When somebody wanted it sent again; absent: nobody did"`
	TriedAt      time.Time `json:"triedAt,omitzero" doc:"Of the last try; absent: there was none"`
	DueAt        time.Time `json:"dueAt,omitzero" doc:"Of its next try; absent: there is none"`
}

// DispatchOf makes the public form of a dispatch.
func DispatchOf(x *store.DispatchRow) Dispatch {
	out := Dispatch{
		ID: x.ID, EndpointID: x.Endpoint, EndpointName: x.EndpointName, WebhookID: x.Event.String(), EventID: x.Event.String(),
		Events: x.Events, State: string(x.State), Tries: x.Last.Try, Status: x.Last.Status, Problem: x.Last.Problem,
		TookMs: x.Last.Took.Milliseconds(), FirstAt: x.FirstAt, AgainAt: x.AgainAt,
	}
	if x.Batch {
		out.WebhookID = x.ID
	}
	if x.Last.Try > 0 {
		out.TriedAt = x.Last.At
	}
	if out.State == "waiting" {
		out.DueAt = x.DueAt
	}
	return out
}

// DispatchPage is a page of dispatches.
type DispatchPage struct {
	Dispatches []Dispatch `json:"dispatches" nullable:"false" doc:"Newest first"`
	Page
}

// DispatchPageOf makes the public form of a page.
func DispatchPageOf(p control.DispatchPage) DispatchPage {
	out := DispatchPage{Dispatches: make([]Dispatch, len(p.Dispatches)), Page: pageOf(p.NextCursor)}
	for i := range p.Dispatches {
		out.Dispatches[i] = DispatchOf(&p.Dispatches[i])
	}
	return out
}

type listDispatchesIn struct {
	Endpoint string   `query:"endpoint" doc:"An endpoint's id or name; absent: of all" example:"end_7"`
	Event    string   `query:"event" doc:"An event's id: what became of it, at every endpoint. Then nothing else is asked" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	State    []string `query:"state" doc:"Where they stand; absent: wherever. dead are those that were given up" example:"[\"dead\"]"`
	Paging
}

type dispatchPageOut struct{ Body DispatchPage }

func (a *api) listDispatches(ctx context.Context, in *listDispatchesIn) (*dispatchPageOut, error) {
	page, err := a.Control.Dispatches(ctx, who(ctx), control.DispatchFilter{
		Endpoint: in.Endpoint, Event: in.Event, States: in.State, Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &dispatchPageOut{DispatchPageOf(page)}, nil
}

// DispatchDetail is a dispatch with its tries.
type DispatchDetail struct {
	Dispatch
	EventIDs []string  `json:"eventIds" nullable:"false" doc:"All events that it tells" example:"[\"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11\"]"`
	Attempts []Attempt `json:"attempts" nullable:"false" doc:"All tries, oldest first"`
}

// Attempt is one try.
type Attempt struct {
	Try     int       `json:"try" doc:"From 1" example:"1"`
	At      time.Time `json:"at" doc:"When it was made, or answered"`
	Status  int       `json:"status,omitempty" doc:"Of the answer; absent: there was none" example:"503"`
	Problem string    `json:"problem,omitempty" doc:"Absent: the receiver took it" example:"503 Service Unavailable"`
	TookMs  int64     `json:"tookMs" doc:"Milliseconds" example:"84"`
	Answer  string    `json:"answer,omitempty" doc:"The first KiB of what was answered. Whoever answered wrote it: it is shown as text, and nothing in it is to be followed" example:"try later"`
}

// DispatchDetailOf makes the public form of a dispatch with its tries.
func DispatchDetailOf(d *control.DispatchDetail) DispatchDetail {
	out := DispatchDetail{
		Dispatch: DispatchOf(&d.DispatchRow), EventIDs: make([]string, len(d.Events)), Attempts: make([]Attempt, len(d.Tries)),
	}
	for i, id := range d.Events {
		out.EventIDs[i] = id.String()
	}
	for i, t := range d.Tries {
		out.Attempts[i] = Attempt{
			Try: t.Try, At: t.At, Status: t.Status, Problem: t.Problem, TookMs: t.Took.Milliseconds(), Answer: answerText(t.Answer),
		}
	}
	return out
}

// DispatchPath names a dispatch in a path.
type DispatchPath struct {
	ID string `path:"id" doc:"The dispatch's id" example:"dsp_4f"`
}

type dispatchDetailOut struct{ Body DispatchDetail }

func (a *api) getDispatch(ctx context.Context, in *DispatchPath) (*dispatchDetailOut, error) {
	d, err := a.Control.Dispatch(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &dispatchDetailOut{DispatchDetailOf(&d)}, nil
}

type dispatchOut struct{ Body Dispatch }

func (a *api) retryDispatch(ctx context.Context, in *DispatchPath) (*dispatchOut, error) {
	x, err := a.Control.RetryDispatch(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &dispatchOut{DispatchOf(&x)}, nil
}

func (a *api) dropDispatch(ctx context.Context, in *DispatchPath) (*dispatchOut, error) {
	x, err := a.Control.DropDispatch(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &dispatchOut{DispatchOf(&x)}, nil
}

// EndpointReplay is what is sent to an endpoint again.
type EndpointReplay struct {
	ID        string    `json:"id" example:"erp_3"`
	State     string    `json:"state" enum:"waiting,running,done,cancelled,failed" doc:"done: all is queued; what became of it is told of the dispatches"`
	Since     time.Time `json:"since" doc:"Of when events were stored, or first sent where onlyDead"`
	Until     time.Time `json:"until" doc:"Up to then"`
	OnlyDead  bool      `json:"onlyDead" doc:"What was given up, and nothing else" example:"false"`
	PerSecond float64   `json:"perSecond" doc:"How many are sent in a second; 0: as fast as the endpoint lets it" example:"50"`
	Seen      int64     `json:"seen" doc:"What was looked at" example:"5000"`
	Queued    int64     `json:"queued" doc:"What is sent again" example:"412"`
	LastAt    time.Time `json:"lastAt,omitzero" doc:"When the last of them is sent; absent: at once"`
	Problem   string    `json:"problem,omitempty" doc:"Why it failed, or why the last try did" example:"the database is busy"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy" doc:"Who asked: a key, a person or cli" example:"key_4f"`
	EndedAt   time.Time `json:"endedAt,omitzero" doc:"Absent: it has not ended"`
}

// EndpointReplayOf makes the public form of a replay.
func EndpointReplayOf(x *store.EndpointReplay) EndpointReplay {
	return EndpointReplay{
		ID: x.ID, State: x.State.String(), Since: x.Since, Until: x.Until, OnlyDead: x.OnlyDead, PerSecond: x.PerSecond, Seen: x.Seen,
		Queued: x.Queued, LastAt: x.Due, Problem: x.Problem, CreatedAt: x.CreatedAt, CreatedBy: x.CreatedBy, EndedAt: x.EndedAt,
	}
}

// EndpointReplayWish says what is to be sent again.
type EndpointReplayWish struct {
	Events    []string  `json:"events,omitempty" maxItems:"1000" doc:"Ids of events, at most 1,000; then nothing else is said. Whether the endpoint wants them does not matter" example:"[\"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11\"]"`
	Since     time.Time `json:"since,omitzero" doc:"What was stored from then on and the endpoint wants" example:"2026-05-04T00:00:00Z"`
	Until     time.Time `json:"until,omitzero" doc:"Up to then; absent: up to now" example:"2026-05-05T00:00:00Z"`
	OnlyDead  bool      `json:"onlyDead,omitempty" doc:"What was given up, and nothing else" example:"false"`
	PerSecond *float64  `json:"perSecond,omitempty" doc:"How many are sent in a second; 0: as fast as the endpoint lets it; absent: 50" example:"50"`
}

type replayEndpointIn struct {
	EndpointPath
	Body EndpointReplayWish
}

type endpointReplayOut struct{ Body EndpointReplay }

func (a *api) replayEndpoint(ctx context.Context, in *replayEndpointIn) (*endpointReplayOut, error) {
	x, err := a.Control.ReplayEndpoint(ctx, who(ctx), in.ID, control.EndpointReplayWish(in.Body))
	if err != nil {
		return nil, err
	}
	return &endpointReplayOut{EndpointReplayOf(&x)}, nil
}

// EndpointReplayList are the newest replays of an endpoint.
type EndpointReplayList struct {
	Replays []EndpointReplay `json:"replays" nullable:"false" doc:"Newest first, at most 100"`
}

// EndpointReplayListOf makes the public form of a list.
func EndpointReplayListOf(list []store.EndpointReplay) EndpointReplayList {
	out := EndpointReplayList{make([]EndpointReplay, len(list))}
	for i := range list {
		out.Replays[i] = EndpointReplayOf(&list[i])
	}
	return out
}

type endpointReplaysOut struct{ Body EndpointReplayList }

func (a *api) listEndpointReplays(ctx context.Context, in *EndpointPath) (*endpointReplaysOut, error) {
	list, err := a.Control.EndpointReplays(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &endpointReplaysOut{EndpointReplayListOf(list)}, nil
}

type cancelEndpointReplayIn struct {
	EndpointPath
	Replay string `path:"replay" doc:"The replay's id" example:"erp_3"`
}

func (a *api) cancelEndpointReplay(ctx context.Context, in *cancelEndpointReplayIn) (*endpointReplayOut, error) {
	x, err := a.Control.CancelEndpointReplay(ctx, who(ctx), in.ID, in.Replay)
	if err != nil {
		return nil, err
	}
	return &endpointReplayOut{EndpointReplayOf(&x)}, nil
}
