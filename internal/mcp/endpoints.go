package mcp

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/store"
)

// EndpointRow is one endpoint.
type EndpointRow struct {
	EndpointID  string     `json:"endpointId"`
	Name        Untrusted  `json:"name" jsonschema:"what the operator calls it"`
	Host        string     `json:"host" jsonschema:"where events go; the rest of the URL is not shown"`
	Events      []string   `json:"events" jsonschema:"names of events that go there; a star ends any that begin so"`
	State       string     `json:"state" jsonschema:"enabled or disabled"`
	Failing     string     `json:"failingSince,omitempty" jsonschema:"since when every try failed"`
	Problem     *Untrusted `json:"problem,omitempty" jsonschema:"of the last failure, or why it is disabled"`
	LastSuccess string     `json:"lastSuccess,omitempty"`
	RestsUntil  string     `json:"restsUntil,omitempty" jsonschema:"when it is asked again"`
}

// Endpoints is what list_endpoints answers.
type Endpoints struct {
	Endpoints []EndpointRow `json:"endpoints" jsonschema:"by name"`
}

type endpointIn struct {
	EndpointID string `json:"endpointId" jsonschema:"an endpoint's id (end_…) or name"`
}

// EndpointHealth is what endpoint_health answers.
type EndpointHealth struct {
	EndpointRow
	Hours       []EndpointHour `json:"hours" jsonschema:"of the last 24 hours those in which anything was sent, oldest first"`
	Waiting     int64          `json:"waiting" jsonschema:"what waits for another try, counted to 10,000"`
	Dead        int64          `json:"dead" jsonschema:"what was given up and can be sent again, counted to 10,000"`
	BehindSince string         `json:"behindSince,omitempty" jsonschema:"when the event was stored that is to be sent next; absent: up to date"`
	GivenUp     []GivenUp      `json:"givenUp" jsonschema:"the newest that were given up"`
}

// EndpointHour is what became of requests in an hour.
type EndpointHour struct {
	Hour      string `json:"hour"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	AverageMs int64  `json:"averageMs"`
}

// GivenUp is a dispatch that was given up.
type GivenUp struct {
	DispatchID string     `json:"dispatchId"`
	EventID    string     `json:"eventId"`
	Tries      int        `json:"tries"`
	At         string     `json:"at"`
	Problem    *Untrusted `json:"problem,omitempty"`
}

// shownGivenUp is how many of those stand in an answer.
const shownGivenUp = 5

type replayIn struct {
	EndpointID   string   `json:"endpointId" jsonschema:"an endpoint's id (end_…) or name"`
	Events       []string `json:"events,omitempty" jsonschema:"ids of events to send again; then nothing else is said"`
	Since        string   `json:"since,omitempty" jsonschema:"what was stored from then on (2026-05-04 or 2026-05-04T10:00:00Z)"`
	Until        string   `json:"until,omitempty" jsonschema:"up to then; default now"`
	OnlyDead     bool     `json:"onlyDead,omitempty" jsonschema:"what was given up, and nothing else"`
	PerSecond    *float64 `json:"perSecond,omitempty" jsonschema:"how many are sent in a second, default 50"`
	Confirmation string   `json:"confirmation,omitempty" jsonschema:"the code of the first answer, once a person said that they approved it"`
}

// Replayed is what replay_endpoint answers.
type Replayed struct {
	EndpointID string    `json:"endpointId"`
	ReplayID   string    `json:"replayId,omitempty" jsonschema:"erp_…; absent: nothing was done yet"`
	State      string    `json:"state,omitempty" jsonschema:"waiting, running or done: queued"`
	Queued     int64     `json:"queued" jsonschema:"how many are queued so far"`
	Waiting    *Approval `json:"waiting,omitempty" jsonschema:"set where nothing was done yet: a person must approve it"`
}

func (x *session) endpointTools() {
	add(x, definition[struct{}, Endpoints]{
		name: "list_endpoints", title: "List endpoints",
		description: "The customer's own URLs that events are sent to, and how each does.",
		plain:       func(out Endpoints) any { return out.Endpoints }, run: x.listEndpoints,
	})
	add(x, definition[endpointIn, EndpointHealth]{
		name: "endpoint_health", title: "Get how an endpoint does",
		description: "One endpoint: what it took and did not by the hour, how fast, what waits, what was given up and why. Use it " +
			"when another system says that events are missing.",
		target: func(in endpointIn) string { return in.EndpointID }, run: x.endpointHealth,
	})
	add(x, definition[replayIn, Replayed]{
		name: "replay_endpoint", title: "Send an endpoint events again", destructive: true,
		description: "Sends events to an endpoint again, under the ids that they had: some by their ids, or what was stored in a " +
			"span, or what was given up. Look at endpoint_health first: an endpoint that still fails takes nothing." + approvedByPerson,
		target: func(in replayIn) string { return in.EndpointID }, ask: x.askReplay, run: x.replayEndpoint,
	})
}

func (x *session) endpointRow(e *store.Endpoint) EndpointRow {
	row := EndpointRow{
		EndpointID: e.ID, Name: Untrusted{x.view.clean(e.Name)}, Events: slices.Clone(e.On.Event), State: "enabled",
		Failing: stamp(e.Health.Failing), Problem: x.view.text(e.Health.Problem), LastSuccess: stamp(e.Health.LastSuccess),
		RestsUntil: stamp(e.Health.Until),
	}
	if u, err := url.Parse(e.URL); err == nil {
		row.Host = x.view.clean(u.Host)
	}
	if !e.DisabledAt.IsZero() {
		row.State = "disabled"
		if e.Disabled != "" {
			row.Problem = x.view.text(e.Disabled)
		}
	}
	return row
}

func (x *session) listEndpoints(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (out Endpoints, err error) {
	list, err := x.Control.Endpoints(ctx, x.who)
	if err != nil {
		return out, err
	}
	out.Endpoints = make([]EndpointRow, len(list))
	for i := range list {
		out.Endpoints[i] = x.endpointRow(&list[i].Endpoint)
	}
	return out, nil
}

func (x *session) endpointHealth(ctx context.Context, _ *mcp.CallToolRequest, in endpointIn) (out EndpointHealth, err error) {
	v, err := x.Control.Endpoint(ctx, x.who, in.EndpointID)
	if err != nil {
		return out, err
	}
	f, err := x.Control.EndpointFigures(ctx, x.who, v.ID, 0)
	if err != nil {
		return out, err
	}
	page, err := x.Control.Dispatches(ctx, x.who, control.DispatchFilter{
		Endpoint: v.ID, States: []string{"dead"}, Limit: shownGivenUp,
	})
	if err != nil {
		return out, err
	}
	out = EndpointHealth{
		EndpointRow: x.endpointRow(&v.Endpoint), Hours: make([]EndpointHour, len(f.Hours)), Waiting: f.Counts.Waiting,
		Dead:        f.Counts.Dead,
		BehindSince: stamp(f.Behind), GivenUp: make([]GivenUp, len(page.Dispatches)),
	}
	for i, h := range f.Hours {
		out.Hours[i] = EndpointHour{
			Hour: stamp(h.Hour), Delivered: h.Delivered, Failed: h.Failed,
			AverageMs: h.Average().Milliseconds(),
		}
	}
	for i := range page.Dispatches {
		d := &page.Dispatches[i]
		out.GivenUp[i] = GivenUp{d.ID, d.Event.String(), d.Last.Try, stamp(d.Last.At), x.view.text(d.Last.Problem)}
	}
	return out, nil
}

// askReplay asks the person at the assistant's program, where it can ask.
func (x *session) askReplay(ctx context.Context, req *mcp.CallToolRequest, in replayIn) (*mcp.ElicitParams, error) {
	if in.Confirmation != "" || !asks(req) || req.Params.InputResponses[confirmKey] != nil {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	e, err := x.Control.Endpoint(ctx, x.who, in.EndpointID)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d events", len(in.Events))
	if len(in.Events) == 0 {
		what = "what was stored since " + x.view.clean(in.Since)
		if in.OnlyDead {
			what = "what was given up since " + x.view.clean(in.Since)
		}
	}
	return &mcp.ElicitParams{
		Mode: "form", Message: fmt.Sprintf("Send %s to the endpoint %s (%s) again?", what, x.view.clean(e.Name), e.ID),
		RequestedSchema: stdjson.RawMessage(`{"type":"object","required":["approve","note"],"properties":{
			"approve":{"type":"boolean","title":"Send them","description":"Whether they are to be sent again"},
			"note":{"type":"string","title":"Why","description":"For the audit log","minLength":1,"maxLength":500}}}`),
	}, nil
}

func (x *session) replayEndpoint(ctx context.Context, req *mcp.CallToolRequest, in replayIn) (out Replayed, err error) {
	by, err := consentOf(req, in.Confirmation)
	if err != nil {
		return out, err
	}
	done, err := x.Control.AssistReplay(ctx, x.who, in.EndpointID, control.AskedReplay{
		Events: in.Events, Since: in.Since, Until: in.Until, OnlyDead: in.OnlyDead, PerSecond: in.PerSecond,
	}, by)
	if err != nil {
		return out, err
	}
	out = Replayed{EndpointID: done.Endpoint.ID}
	if done.Wait != nil {
		out.Waiting = x.waiting(done.Wait)
		return out, nil
	}
	out.ReplayID, out.State, out.Queued = done.Replay.ID, done.Replay.State.String(), done.Replay.Queued
	return out, nil
}
