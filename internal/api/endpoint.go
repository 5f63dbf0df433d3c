package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/store"
)

// eventMatch is the JSON of which events are wanted. What it may hold is checked by the operation.
type eventMatch condition

// Schema describes it in the OpenAPI document.
func (eventMatch) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "Which events: event, bus, app, source, template, workflow, link, tag, class and verdict, each a text or " +
			"several, of which one has to fit, and where, a list of {field, operator, value}. A text may end in a star. " +
			"See the page on endpoints",
		Examples: []any{map[string]any{"event": []any{"email.bounce", "email.complaint"}}},
	}
}

// UnmarshalJSON keeps the JSON as it is.
func (m *eventMatch) UnmarshalJSON(b []byte) error { return (*condition)(m).UnmarshalJSON(b) }

// MarshalJSON writes the JSON as it was.
func (m eventMatch) MarshalJSON() ([]byte, error) { return condition(m).MarshalJSON() }

// Endpoint is a URL that wants events.
type Endpoint struct {
	ID          string           `json:"id" example:"end_7"`
	Name        string           `json:"name" doc:"Unique in the project" example:"crm"`
	URL         string           `json:"url" doc:"Where events go" example:"https://acme.test/hooks/tidings"`
	On          eventMatch       `json:"on" doc:"Which events go there"`
	If          *condition       `json:"if,omitempty" doc:"A condition on the event's contact, as of segments; absent: it holds for everybody"`
	Format      string           `json:"format" enum:"standard,cloudevents,mailglyph" doc:"The form of what is sent" example:"standard"`
	Raw         bool             `json:"raw" doc:"What the provider told goes with each event" example:"false"`
	Batch       *EndpointBatch   `json:"batch,omitempty" doc:"Several events go in one request; absent: one"`
	Headers     []string         `json:"headers" nullable:"false" doc:"Names of the headers that go with each request; what they hold is not shown" example:"[\"Authorization\"]"`
	Concurrency int              `json:"concurrency" doc:"Requests under way at once" example:"8"`
	PerSecond   float64          `json:"perSecond,omitempty" doc:"Requests that begin in a second at most; absent: as many as there are" example:"20"`
	Ordered     bool             `json:"ordered" doc:"The events of one email wait for each other" example:"false"`
	For         string           `json:"for" doc:"How long after its first try an event is tried again" example:"72h"`
	Enabled     bool             `json:"enabled" doc:"Events go there" example:"true"`
	DisabledAt  time.Time        `json:"disabledAt,omitzero" doc:"Absent: it is enabled"`
	Disabled    string           `json:"disabledReason,omitempty" doc:"Why it is disabled, where somebody said so or the server did it" example:"nothing but failures for five days"`
	Health      EndpointHealth   `json:"health"`
	Secret      string           `json:"secret,omitempty" doc:"What signatures are made with; only in the answer that makes one" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
	Secrets     []EndpointSecret `json:"secrets" nullable:"false" doc:"The secrets that hold, the newest first, without themselves"`
	Problems    []RuleProblem    `json:"problems" nullable:"false" doc:"Why it can't get all it should"`
	CreatedAt   time.Time        `json:"createdAt"`
	UpdatedAt   time.Time        `json:"updatedAt"`
}

// EndpointBatch lets several events go in one request.
type EndpointBatch struct {
	Max  int    `json:"max" doc:"Events in a request, 2 to 500; 0 in a change: no batches any more" example:"100"`
	Wait string `json:"wait,omitempty" doc:"How long a batch waits for more; absent: 1s" example:"5s"`
}

// EndpointSecret is when a secret ends.
type EndpointSecret struct {
	Until time.Time `json:"until,omitzero" doc:"Absent: it does not end"`
}

// EndpointHealth is how an endpoint does.
type EndpointHealth struct {
	State       string    `json:"state" enum:"new,ok,failing,resting,disabled" doc:"new: nothing was sent yet; ok: it took the last one; failing: it did not; resting: so many failed that it is asked only now and then, or it asked for a pause; disabled"`
	LastSuccess time.Time `json:"lastSuccess,omitzero" doc:"Absent: never"`
	LastFailure time.Time `json:"lastFailure,omitzero" doc:"Absent: never"`
	Failing     time.Time `json:"failingSince,omitzero" doc:"Since when every try failed; absent: it does not fail"`
	Row         int       `json:"failuresInARow,omitempty" doc:"How many tries failed in a row" example:"12"`
	Problem     string    `json:"problem,omitempty" doc:"Of the last failure" example:"503 Service Unavailable"`
	Until       time.Time `json:"restsUntil,omitzero" doc:"When it is asked again"`
}

// EndpointOf makes the public form of an endpoint.
func EndpointOf(v *control.EndpointView) Endpoint {
	out := Endpoint{
		ID: v.ID, Name: v.Name, URL: v.URL, Format: string(v.Format), Raw: v.Raw, Headers: make([]string, 0, len(v.Headers)),
		Concurrency: v.Concurrency, PerSecond: v.PerSecond, Ordered: v.Ordered, For: v.For, Enabled: v.DisabledAt.IsZero(),
		DisabledAt: v.DisabledAt, Disabled: v.Disabled, Health: healthOf(&v.Endpoint), Secrets: make([]EndpointSecret, len(v.Keys)),
		Problems: ruleProblemsOf(v.Problems), CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	out.On, _ = json.Marshal(v.On) //nolint:errchkjson // it was read from JSON
	if v.If != nil {
		raw, _ := json.Marshal(v.If) //nolint:errchkjson // it was read from JSON
		c := condition(raw)
		out.If = &c
	}
	if v.Batch != nil {
		out.Batch = &EndpointBatch{v.Batch.Max, v.Batch.Wait}
	}
	for name := range v.Headers {
		out.Headers = append(out.Headers, name)
	}
	slices.Sort(out.Headers)
	for i, k := range v.Keys {
		out.Secrets[i] = EndpointSecret{k.Until}
		if len(k.Secret) > 0 {
			out.Secret = k.Secret.Reveal()
		}
	}
	return out
}

func healthOf(x *store.Endpoint) EndpointHealth {
	h := EndpointHealth{
		State: "ok", LastSuccess: x.Health.LastSuccess, LastFailure: x.Health.LastFailure, Failing: x.Health.Failing,
		Row:     x.Health.Row,
		Problem: x.Health.Problem, Until: x.Health.Until,
	}
	switch {
	case !x.DisabledAt.IsZero():
		h.State = "disabled"
	case !x.Health.Until.IsZero() && x.Health.Problem != "":
		h.State = "resting"
	case x.Health.Problem != "":
		h.State = "failing"
	case x.Health.LastSuccess.IsZero() && x.Health.LastFailure.IsZero():
		h.State = "new"
	}
	return h
}

// EndpointList are all endpoints.
type EndpointList struct {
	Endpoints []Endpoint `json:"endpoints" nullable:"false" doc:"By name"`
}

type endpointsOut struct{ Body EndpointList }

func (a *api) listEndpoints(ctx context.Context, _ *nothingIn) (*endpointsOut, error) {
	list, err := a.Control.Endpoints(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &endpointsOut{EndpointListOf(list)}, nil
}

// EndpointListOf makes the public form of a list.
func EndpointListOf(list []control.EndpointView) EndpointList {
	out := EndpointList{make([]Endpoint, len(list))}
	for i := range list {
		out.Endpoints[i] = EndpointOf(&list[i])
	}
	return out
}

// EndpointPath names an endpoint in a path.
type EndpointPath struct {
	ID string `path:"id" doc:"The endpoint's id or name" example:"end_7"`
}

type endpointOut struct{ Body Endpoint }

func endpointAnswer(v control.EndpointView, err error) (*endpointOut, error) {
	if err != nil {
		return nil, err
	}
	return &endpointOut{EndpointOf(&v)}, nil
}

func (a *api) getEndpoint(ctx context.Context, in *EndpointPath) (*endpointOut, error) {
	return endpointAnswer(a.Control.Endpoint(ctx, who(ctx), in.ID))
}

func (a *api) deleteEndpoint(ctx context.Context, in *EndpointPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteEndpoint(ctx, who(ctx), in.ID)
}

// EndpointFigures is how an endpoint did.
type EndpointFigures struct {
	Hours   []EndpointHour `json:"hours" nullable:"false" doc:"Those in which anything was sent, oldest first"`
	Sending int64          `json:"sending" doc:"Requests under way; counted to 10,000" example:"2"`
	Waiting int64          `json:"waiting" doc:"What waits for another try; counted to 10,000" example:"14"`
	Behind  int64          `json:"behind" doc:"What waits for another event of the same email, where the endpoint is ordered; counted to 10,000" example:"0"`
	Dead    int64          `json:"dead" doc:"What was given up; counted to 10,000" example:"3"`
	Lags    time.Time      `json:"behindSince,omitzero" doc:"When the event was stored that is to be sent next; absent: the endpoint is up to date"`
}

// EndpointHour is what became of requests in an hour.
type EndpointHour struct {
	Hour      time.Time `json:"hour" doc:"When it began"`
	Delivered int64     `json:"delivered" doc:"Requests that were taken" example:"1200"`
	Failed    int64     `json:"failed" doc:"Requests that were not" example:"4"`
	Dead      int64     `json:"dead" doc:"What was given up" example:"0"`
	AverageMs int64     `json:"averageMs" doc:"Milliseconds that a request took" example:"84"`
	SlowestMs int64     `json:"slowestMs" doc:"Milliseconds of the slowest" example:"410"`
}

// EndpointFiguresOf makes the public form of figures.
func EndpointFiguresOf(f *control.EndpointFigures) EndpointFigures {
	out := EndpointFigures{
		Hours: make([]EndpointHour, len(f.Hours)), Sending: f.Counts.Sending, Waiting: f.Counts.Waiting, Behind: f.Counts.Behind,
		Dead: f.Counts.Dead, Lags: f.Behind,
	}
	for i, h := range f.Hours {
		out.Hours[i] = EndpointHour{
			Hour: h.Hour, Delivered: h.Delivered, Failed: h.Failed, Dead: h.Dead, SlowestMs: h.Slowest.Milliseconds(),
			AverageMs: h.Average().Milliseconds(),
		}
	}
	return out
}

type endpointFiguresIn struct {
	EndpointPath
	Hours int `query:"hours" doc:"How far back, 1 to 720; absent: 24" example:"24"`
}

type endpointFiguresOut struct{ Body EndpointFigures }

func (a *api) getEndpointFigures(ctx context.Context, in *endpointFiguresIn) (*endpointFiguresOut, error) {
	f, err := a.Control.EndpointFigures(ctx, who(ctx), in.ID, in.Hours)
	if err != nil {
		return nil, err
	}
	return &endpointFiguresOut{EndpointFiguresOf(&f)}, nil
}

// answerText is what a receiver answered, as a text that can be shown.
func answerText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
