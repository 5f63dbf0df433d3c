package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/fault"
)

// attributes are a JSON object whose values stay as they were written.
type attributes map[string]jsontext.Value

// Schema describes it in the OpenAPI document.
func (attributes) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

func (a attributes) raw() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(a))
	for key, value := range a {
		out[key] = json.RawMessage(value)
	}
	return out
}

// ContactChange is what somebody says of a contact.
type ContactChange struct {
	Subscribed *bool           `json:"subscribed,omitempty" doc:"Whether it wants mail; absent: as before, and a new one does" example:"true"`
	Data       attributes      `json:"data,omitempty" doc:"Merged into its attributes, key by key; null takes a key away"`
	ExternalID *string         `json:"externalId,omitempty" maxLength:"255" doc:"What your own system knows it by; empty takes it away" example:"user-17"`
	Tags       []string        `json:"tags,omitempty" doc:"Tags to add" example:"[\"vip\"]"`
	RemoveTags []string        `json:"removeTags,omitempty" doc:"Tags to take away" example:"[\"trial\"]"`
	Topics     map[string]bool `json:"topics,omitempty" doc:"By slug: whether it takes the topic"`

	SnoozedUntil *string `json:"snoozedUntil,omitempty" maxLength:"40" doc:"Until when it wants no mail that it does not need, a time or a date; empty ends that" example:"2026-07-01"`
}

func (c *ContactChange) edit() control.ContactEdit {
	return control.ContactEdit{
		Subscribed: c.Subscribed, Data: c.Data.raw(), ExternalID: c.ExternalID, Tags: c.Tags, RemoveTags: c.RemoveTags,
		Topics: c.Topics, SnoozedUntil: c.SnoozedUntil,
	}
}

// NewContact is a contact to make or to change, by its address.
type NewContact struct {
	Email string `json:"email" maxLength:"1000" doc:"The address, in any spelling" example:"ann@acme.test"`
	ContactChange
}

func (n *NewContact) edit() control.ContactEdit {
	e := n.ContactChange.edit()
	e.Email = n.Email
	return e
}

// PutMeta says what was done.
type PutMeta struct {
	IsNew    bool     `json:"isNew" doc:"Whether it was made now" example:"true"`
	IsUpdate bool     `json:"isUpdate" doc:"Whether it was there" example:"false"`
	Ignored  []string `json:"ignored,omitempty" doc:"Keys of data that attributes can't have" example:"[\"id\"]"`
}

// PutContact is a contact with what was done to it.
type PutContact struct {
	Contact
	Meta PutMeta `json:"_meta" doc:"What was done"`
}

type putContactIn struct{ Body NewContact }

type putContactOut struct {
	Status int
	Body   PutContact
}

// onPut serves a handler that answers 201 for what is new and 200 for what was there.
func onPut[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		on(h)(a, framework, op)
		op.Responses["200"] = &huma.Response{Description: "It was there", Content: op.Responses["201"].Content}
	}
}

func (a *api) putContact(x control.EditedContact) PutContact {
	return PutContact{
		Contact: ContactOf(&x.Contact, a.Control.Now()),
		Meta:    PutMeta{IsNew: x.New, IsUpdate: !x.New, Ignored: x.Ignored},
	}
}

func (a *api) createContact(ctx context.Context, in *putContactIn) (*putContactOut, error) {
	x, err := a.Control.PutContact(ctx, who(ctx), in.Body.edit())
	if err != nil {
		return nil, err
	}
	out := &putContactOut{Status: http.StatusOK, Body: a.putContact(x)}
	if x.New {
		out.Status = http.StatusCreated
	}
	return out, nil
}

type updateContactIn struct {
	ContactPath
	Body ContactChange
}

type updatedContactOut struct{ Body PutContact }

func (a *api) updateContact(ctx context.Context, in *updateContactIn) (*updatedContactOut, error) {
	x, err := a.Control.UpdateContact(ctx, who(ctx), in.ID, in.Body.edit())
	if err != nil {
		return nil, err
	}
	return &updatedContactOut{a.putContact(x)}, nil
}

func (a *api) deleteContact(ctx context.Context, in *ContactPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.RemoveContact(ctx, who(ctx), in.ID)
}

// MergeFrom says which contact goes.
type MergeFrom struct {
	From string `json:"from" minLength:"1" maxLength:"1000" doc:"The id, address or ext: and external id of the contact that goes" example:"old@acme.test"`
}

type mergeIn struct {
	ContactPath
	Body MergeFrom
}

func (a *api) mergeContacts(ctx context.Context, in *mergeIn) (*contactOut, error) {
	k, err := a.Control.MergeContacts(ctx, who(ctx), in.ID, in.Body.From)
	if err != nil {
		return nil, err
	}
	return &contactOut{ContactOf(&k, a.Control.Now())}, nil
}

// BulkContacts are contacts to make or to change.
type BulkContacts struct {
	Contacts []NewContact `json:"contacts" nullable:"false" doc:"1 to 1,000"`
}

type bulkIn struct{ Body BulkContacts }

// BulkResult is what became of one of them.
type BulkResult struct {
	Email   string    `json:"email" example:"ann@acme.test"`
	ID      string    `json:"id,omitempty" doc:"The contact's id; absent: it was not taken" example:"con_4f"`
	IsNew   bool      `json:"isNew" doc:"Whether it was made now" example:"true"`
	Changed bool      `json:"changed" doc:"Whether anything changed" example:"true"`
	Ignored []string  `json:"ignored,omitempty" doc:"Keys of data that attributes can't have" example:"[\"id\"]"`
	Errors  []Mistake `json:"errors,omitempty" doc:"Why it was not taken, or not all of it"`
}

// Mistake is one thing that is wrong with one of many.
type Mistake struct {
	Field   string `json:"field,omitempty" doc:"Which field" example:"data.plan"`
	Code    string `json:"code" example:"invalid"`
	Message string `json:"message" example:"is not JSON"`
}

// BulkAnswer is what became of all of them.
type BulkAnswer struct {
	Created int          `json:"created" doc:"How many are new" example:"1"`
	Updated int          `json:"updated" doc:"How many were there and changed" example:"0"`
	Failed  int          `json:"failed" doc:"How many were not taken, or not all of it" example:"0"`
	Results []BulkResult `json:"results" nullable:"false" doc:"In the order of the request"`
}

type bulkOut struct{ Body BulkAnswer }

func (a *api) bulkContacts(ctx context.Context, in *bulkIn) (*bulkOut, error) {
	edits := make([]control.ContactEdit, len(in.Body.Contacts))
	for i := range in.Body.Contacts {
		edits[i] = in.Body.Contacts[i].edit()
	}
	list, err := a.Control.PutContacts(ctx, who(ctx), edits)
	if err != nil {
		return nil, err
	}
	out := &bulkOut{BulkAnswer{Results: make([]BulkResult, len(list))}}
	for i, x := range list {
		r := BulkResult{Email: x.Email, ID: x.ID, IsNew: x.New, Changed: x.Changed, Ignored: x.Ignored, Errors: mistakesOf(x.Err)}
		switch {
		case x.Err != nil:
			out.Body.Failed++
		case x.New:
			out.Body.Created++
		case x.Changed:
			out.Body.Updated++
		}
		out.Body.Results[i] = r
	}
	return out, nil
}

// mistakesOf lists what is wrong, each with its field.
func mistakesOf(err error) (list []Mistake) {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			list = append(list, mistakesOf(e)...)
		}
		return list
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return []Mistake{{Field: e.Field, Code: e.Code, Message: e.Message}}
	}
	return []Mistake{{Code: fault.Internal.String(), Message: fault.Internal.String()}}
}

// ContactLimit is the limit of active contacts.
type ContactLimit struct {
	Limit   int64 `json:"limit" minimum:"0" doc:"How many contacts may be active; 0: any number" example:"10000"`
	Active  int64 `json:"active" doc:"How many are active" example:"9120"`
	Pending int64 `json:"pending" doc:"How many wait for room" example:"0"`
}

type limitOut struct{ Body ContactLimit }

func (a *api) getContactLimit(ctx context.Context, _ *nothingIn) (*limitOut, error) {
	l, err := a.Control.ContactLimit(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &limitOut{ContactLimit(l)}, nil
}

// NewContactLimit is a limit to set.
type NewContactLimit struct {
	Limit int64 `json:"limit" minimum:"0" doc:"How many contacts may be active; 0: any number" example:"10000"`
}

type setLimitIn struct{ Body NewContactLimit }

func (a *api) setContactLimit(ctx context.Context, in *setLimitIn) (*limitOut, error) {
	l, err := a.Control.SetContactLimit(ctx, who(ctx), in.Body.Limit)
	if err != nil {
		return nil, err
	}
	return &limitOut{ContactLimit(l)}, nil
}
