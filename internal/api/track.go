package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/fault"
)

// TrackedEvent is what somebody tells of a contact, in MailGlyph's JSON with ours beside it.
type TrackedEvent struct {
	Email      string   `json:"email" doc:"Whose event it is; a contact is made where there is none" example:"lea@acme.test"`
	Event      string   `json:"event" doc:"What happened, 1 to 256 bytes; built-in names are refused" example:"invoice.paid"`
	Subscribed *bool    `json:"subscribed,omitempty" doc:"Whether the contact may be mailed. Absent: a new contact is, an old one stays as it is"`
	Data       rawData  `json:"data,omitzero" doc:"Of the event, and merged into the contact: at most 64 KiB, 1,000 values, 8 deep"`
	Timestamp  string   `json:"timestamp,omitempty" doc:"When it happened, a time or a date; absent: now" example:"2026-05-04T10:12:00Z"`
	ExternalID *string  `json:"externalId,omitempty" doc:"The id that your own system knows the contact by, at most 255 characters; empty takes it away" example:"user_81"`
	Tags       []string `json:"tags,omitempty" nullable:"false" doc:"Tags that the contact gets, at most 50" example:"[\"trial\"]"`
}

func (e *TrackedEvent) item() control.TrackItem {
	return control.TrackItem{
		Email: e.Email, Event: e.Event, Subscribed: e.Subscribed, Data: e.Data.Value, Timestamp: e.Timestamp,
		ExternalID: e.ExternalID, Tags: e.Tags,
	}
}

// rawData is a JSON object as it was sent.
type rawData struct{ jsontext.Value }

// Schema describes it in the OpenAPI document.
func (rawData) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Nullable: true,
		Examples: []any{map[string]any{"plan": "team", "amount": 49, "coupon": map[string]any{"value": "MAY", "persistent": false}}},
	}
}

// rawItem is an event of a batch, which is read by itself so that a bad one costs only itself.
type rawItem struct{ jsontext.Value }

// Schema describes it in the OpenAPI document.
func (rawItem) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "An event, as the body of POST /v1/track",
		Examples:    []any{map[string]any{"email": "lea@acme.test", "event": "invoice.paid", "data": map[string]any{"amount": 49}}},
	}
}

func (i rawItem) item() control.TrackItem {
	var e TrackedEvent
	err := json.Unmarshal(i.Value, &e, json.RejectUnknownMembers(true))
	if err == nil {
		return e.item()
	}
	bad := fault.BadField("", "must be an object such as {\"email\": …, \"event\": …}")
	if meaning, ok := errors.AsType[*json.SemanticError](err); ok && meaning.JSONPointer != "" {
		bad = fault.BadField(strings.ReplaceAll(string(meaning.JSONPointer[1:]), "/", "."), "is of a wrong kind")
		if errors.Is(err, json.ErrUnknownName) {
			bad.Code, bad.Message = "unknown_field", "there is no such field"
		}
	}
	return control.TrackItem{Problem: bad}
}

// Tracked is what became of an event.
type Tracked struct {
	Contact   string         `json:"contact" doc:"The contact's id" example:"con_4f"`
	Event     string         `json:"event" doc:"The event's id" example:"019df26e-8d28-8c41-9b1e-6f0c2a7d5e11"`
	Timestamp time.Time      `json:"timestamp" doc:"When it happened"`
	Ignored   []IgnoredField `json:"ignored,omitempty" nullable:"false" doc:"What was not taken; absent: everything was"`
}

// IgnoredField is a part of an event that was passed over.
type IgnoredField struct {
	Field   string `json:"field" doc:"Which" example:"data.email"`
	Code    string `json:"code" enum:"reserved_key,empty,public_key,attributes_too_large,external_id_taken" doc:"Why, for programs"`
	Message string `json:"message" doc:"Why, for people" example:"is a name of ours"`
}

func trackedOf(t *control.Tracked) Tracked {
	out := Tracked{Contact: t.Contact, Event: t.Event, Timestamp: t.At}
	for _, i := range t.Ignored {
		out.Ignored = append(out.Ignored, IgnoredField(i))
	}
	return out
}

// TrackAnswer is the answer to one event.
type TrackAnswer struct {
	Success bool    `json:"success" doc:"Always true: an event that is not taken is answered with a problem"`
	Data    Tracked `json:"data"`
}

type trackIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters of ASCII. The same request again with it gets the first answer, for as long as receipts are kept; another one gets 409" example:"order-1042"`
	Body           TrackedEvent
}

type trackOut struct{ Body TrackAnswer }

func (a *api) trackEvent(ctx context.Context, in *trackIn) (*trackOut, error) {
	list, err := a.track(ctx, []control.TrackItem{in.Body.item()}, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if err := list[0].Problem; err != nil {
		return nil, err
	}
	return &trackOut{TrackAnswer{Success: true, Data: trackedOf(&list[0])}}, nil
}

// TrackBatch is several events.
type TrackBatch struct {
	Events []rawItem `json:"events" nullable:"false" doc:"1 to 1,000"`
}

// TrackBatchAnswer is what became of several events.
type TrackBatchAnswer struct {
	Success bool          `json:"success" doc:"Whether all were taken"`
	Results []TrackResult `json:"results" nullable:"false" doc:"One for each, in order"`
}

// TrackResult is what became of one of several events.
type TrackResult struct {
	Success bool         `json:"success" doc:"Whether it was taken"`
	Data    *Tracked     `json:"data,omitempty" doc:"Where it was"`
	Error   *ItemProblem `json:"error,omitempty" doc:"Why it was not"`
}

// ItemProblem is why one of several was not taken.
type ItemProblem struct {
	Code    string         `json:"code" doc:"What is wrong, for programs" example:"reserved_event"`
	Message string         `json:"message" doc:"What is wrong, for people"`
	Hint    string         `json:"hint,omitempty" doc:"What can be done about it"`
	Errors  []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"All that is wrong, where it is fields"`
}

type trackBatchIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"As for one event" example:"import-17"`
	Body           TrackBatch
}

type trackBatchOut struct{ Body TrackBatchAnswer }

func (a *api) trackEvents(ctx context.Context, in *trackBatchIn) (*trackBatchOut, error) {
	items := make([]control.TrackItem, len(in.Body.Events))
	for i, raw := range in.Body.Events {
		items[i] = raw.item()
	}
	list, err := a.track(ctx, items, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	out := &trackBatchOut{TrackBatchAnswer{Success: true, Results: make([]TrackResult, len(list))}}
	for i := range list {
		out.Body.Results[i] = a.trackResult(ctx, &list[i])
		out.Body.Success = out.Body.Success && list[i].Problem == nil
	}
	return out, nil
}

func (a *api) trackResult(ctx context.Context, t *control.Tracked) TrackResult {
	if t.Problem == nil {
		data := trackedOf(t)
		return TrackResult{Success: true, Data: &data}
	}
	p := a.problem(ctx, t.Problem)
	return TrackResult{Error: &ItemProblem{
		Code: strings.TrimPrefix(p.Type, codePrefix), Message: p.Detail, Hint: p.Hint, Errors: p.Errors,
	}}
}

// track asks control, and tells the caller what is left of its limits.
func (a *api) track(ctx context.Context, items []control.TrackItem, key string) ([]control.Tracked, error) {
	call, _ := ctx.Value(callKey).(call)
	list, left, err := a.Control.Track(ctx, who(ctx), control.TrackRequest{
		Items: items, IdempotencyKey: key, Origin: call.origin, Client: call.client,
	})
	if left.Limit > 0 {
		tellAllowance(call.answer, left)
	}
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Code == control.CodeOrigin {
		call.answer.Del(allowOrigin)
	}
	return list, err
}
