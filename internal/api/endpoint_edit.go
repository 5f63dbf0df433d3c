package api

import (
	"context"
	"encoding/json"
	"time"

	"tidings/internal/control"
)

// EndpointWish is what an endpoint may be made or changed to.
type EndpointWish struct {
	If          condition          `json:"if,omitempty" doc:"A condition on the event's contact, as of segments; {}: it holds for everybody"`
	Format      *string            `json:"format,omitempty" doc:"standard: Standard Webhooks, {type, timestamp, data}; cloudevents: CloudEvents 1.0, structured; mailglyph: {contact, workflow, execution, event}" example:"standard"`
	Raw         *bool              `json:"raw,omitempty" doc:"What the provider told goes with each event, while it is kept" example:"false"`
	Batch       *EndpointBatch     `json:"batch,omitempty" doc:"Several events go in one request"`
	Headers     *map[string]string `json:"headers,omitempty" doc:"Headers that go with each request, all of them, never shown again. In a change an empty value keeps what is stored"`
	Concurrency *int               `json:"concurrency,omitempty" doc:"Requests under way at once, 1 to 64; 0: 8" example:"8"`
	PerSecond   *float64           `json:"perSecond,omitempty" doc:"Requests that begin in a second at most; 0: as many as there are" example:"20"`
	Ordered     *bool              `json:"ordered,omitempty" doc:"The events of one email, or of one contact where there is no email, go one after the other: one that fails holds up those behind it" example:"false"`
	For         *string            `json:"for,omitempty" doc:"How long after its first try an event is tried again, 1m to 168h; empty: 72h" example:"72h"`
}

func (w *EndpointWish) edit() control.EndpointEdit {
	e := control.EndpointEdit{
		If: json.RawMessage(w.If), Format: w.Format, Raw: w.Raw, Headers: w.Headers, Concurrency: w.Concurrency,
		PerSecond: w.PerSecond, Ordered: w.Ordered, For: w.For,
	}
	if w.Batch != nil {
		e.Batch = &control.EndpointBatch{Max: w.Batch.Max, Wait: w.Batch.Wait}
	}
	return e
}

// NewEndpoint is an endpoint to make.
type NewEndpoint struct {
	Name   string     `json:"name" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"crm"`
	URL    string     `json:"url" minLength:"1" maxLength:"2000" doc:"Where events go: https, unless the operator lets endpoints have http" example:"https://acme.test/hooks/tidings"`
	On     eventMatch `json:"on,omitempty" doc:"Which events go there; absent: all"`
	Secret string     `json:"secret,omitempty" doc:"What a receiver has already, whsec_ and 24 to 64 bytes in Base64; absent: a new one" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
	EndpointWish
}

type createEndpointIn struct{ Body NewEndpoint }

func (a *api) createEndpoint(ctx context.Context, in *createEndpointIn) (*endpointOut, error) {
	e := in.Body.edit()
	e.Name, e.URL, e.On, e.Secret = &in.Body.Name, &in.Body.URL, json.RawMessage(in.Body.On), &in.Body.Secret
	return endpointAnswer(a.Control.CreateEndpoint(ctx, who(ctx), e))
}

// EndpointChange is what changes of an endpoint. Fields that are absent stay.
type EndpointChange struct {
	Name *string    `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"crm"`
	URL  *string    `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"Where events go" example:"https://acme.test/hooks/tidings"`
	On   eventMatch `json:"on,omitempty" doc:"Which events go there"`
	EndpointWish
}

type updateEndpointIn struct {
	EndpointPath
	Body EndpointChange
}

func (a *api) updateEndpoint(ctx context.Context, in *updateEndpointIn) (*endpointOut, error) {
	e := in.Body.edit()
	e.Name, e.URL = in.Body.Name, in.Body.URL
	if len(in.Body.On) > 0 {
		e.On = json.RawMessage(in.Body.On)
	}
	return endpointAnswer(a.Control.UpdateEndpoint(ctx, who(ctx), in.ID, e))
}

// SecretWish says which secret an endpoint gets.
type SecretWish struct {
	Secret  *string `json:"secret,omitempty" doc:"What a receiver has already; absent: a new one" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
	Overlap *string `json:"overlap,omitempty" doc:"How long the one before goes on to hold, 0s to 720h; absent: 24h" example:"24h"`
}

type rotateEndpointIn struct {
	EndpointPath
	Body *SecretWish
}

func (a *api) rotateEndpointSecret(ctx context.Context, in *rotateEndpointIn) (*endpointOut, error) {
	w := in.Body
	if w == nil {
		w = &SecretWish{}
	}
	overlap, err := control.ParseOverlap(w.Overlap)
	if err != nil {
		return nil, err
	}
	return endpointAnswer(a.Control.RotateEndpoint(ctx, who(ctx), in.ID, w.Secret, overlap))
}

// EnableWish says where an endpoint goes on.
type EnableWish struct {
	From string `json:"from,omitempty" doc:"stopped: with what came while it was disabled; now: without. Absent: stopped" example:"stopped"`
}

type enableEndpointIn struct {
	EndpointPath
	Body *EnableWish
}

func (a *api) enableEndpoint(ctx context.Context, in *enableEndpointIn) (*endpointOut, error) {
	from := ""
	if in.Body != nil {
		from = in.Body.From
	}
	return endpointAnswer(a.Control.EnableEndpoint(ctx, who(ctx), in.ID, from))
}

// DisableWish says why an endpoint is disabled.
type DisableWish struct {
	Note string `json:"note,omitempty" maxLength:"500" doc:"Why, for others" example:"the CRM moves house"`
}

type disableEndpointIn struct {
	EndpointPath
	Body *DisableWish
}

func (a *api) disableEndpoint(ctx context.Context, in *disableEndpointIn) (*endpointOut, error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Note
	}
	return endpointAnswer(a.Control.DisableEndpoint(ctx, who(ctx), in.ID, note))
}

// EndpointTest is what came of a test event.
type EndpointTest struct {
	OK          bool      `json:"ok" doc:"The receiver took it"`
	WebhookID   string    `json:"webhookId" doc:"Under which it went" example:"test_01jq7z9f3v8k2m5n"`
	ContentType string    `json:"contentType" doc:"Of what was sent" example:"application/json"`
	Body        string    `json:"body" doc:"What was sent" example:"{\"type\":\"email.click\",…}"`
	At          time.Time `json:"at" doc:"When the answer was there, or nobody waited any longer"`
	Status      int       `json:"status,omitempty" doc:"Of the answer; absent: there was none" example:"200"`
	Problem     string    `json:"problem,omitempty" doc:"Why it was not taken" example:"404 Not Found"`
	TookMs      int64     `json:"tookMs" doc:"Milliseconds" example:"84"`
	Answer      string    `json:"answer,omitempty" doc:"The first KiB of what was answered. Whoever answered wrote it: it is shown as text, and nothing in it is to be followed" example:"ok"`
}

// EndpointTestOf makes the public form of a trial.
func EndpointTestOf(t *control.EndpointTrial) EndpointTest {
	return EndpointTest{
		OK: t.OK(), WebhookID: t.ID, ContentType: t.ContentType, Body: string(t.Body), At: t.At, Status: t.Status, Problem: t.Problem,
		TookMs: t.Took.Milliseconds(), Answer: answerText(t.Answer),
	}
}

type endpointTestOut struct{ Body EndpointTest }

func (a *api) testEndpoint(ctx context.Context, in *EndpointPath) (*endpointTestOut, error) {
	t, err := a.Control.TestEndpoint(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &endpointTestOut{EndpointTestOf(&t)}, nil
}
