package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// condition is the JSON of a segment's condition. What it may hold is checked by the operation, which names all that is
// wrong at once.
type condition json.RawMessage

// Schema describes it in the OpenAPI document.
func (condition) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "Groups of filters, joined by logic; see the page on segments",
		Examples: []any{map[string]any{"logic": "AND", "groups": []any{map[string]any{"filters": []any{
			map[string]any{"field": "data.plan", "operator": "equals", "value": "team"},
		}}}}},
	}
}

// UnmarshalJSON keeps the JSON as it is.
func (c *condition) UnmarshalJSON(b []byte) error {
	*c = append((*c)[:0], b...)
	return nil
}

// MarshalJSON writes the JSON as it was; nothing is null.
func (c condition) MarshalJSON() ([]byte, error) {
	if len(c) == 0 {
		return []byte("null"), nil
	}
	return c, nil
}

// Segment is a group of contacts, in MailGlyph's keys and then ours.
type Segment struct {
	ID              string     `json:"id" example:"seg_4f"`
	Name            string     `json:"name" example:"Teams that pay"`
	Description     *string    `json:"description" doc:"What it is for" example:"Plan team, paid this month"`
	Type            string     `json:"type" enum:"DYNAMIC,STATIC" doc:"By a condition, or by hand"`
	Condition       *condition `json:"condition" nullable:"true" doc:"Of a DYNAMIC segment"`
	TrackMembership bool       `json:"trackMembership" doc:"Whether members are kept, so that who comes and goes makes events"`
	MemberCount     int64      `json:"memberCount" doc:"How many are in it; of a dynamic one that is not tracked as of computedAt"`
	ProjectID       string     `json:"projectId" example:"prj_default"`
	CreatedAt       time.Time  `json:"createdAt"`
	UpdatedAt       time.Time  `json:"updatedAt"`

	Slug       string    `json:"slug" doc:"Its events are segment.<slug>.entry and segment.<slug>.exit; it stays when the name changes" example:"teams-that-pay"`
	ComputedAt time.Time `json:"computedAt,omitzero" doc:"When all members were last computed; absent: not yet"`
	Problem    string    `json:"problem,omitempty" doc:"Why computing them failed"`
}

// SegmentOf makes the public form of a segment.
func SegmentOf(x store.Segment, project string) Segment {
	out := Segment{
		ID: x.ID, Name: x.Name, Type: string(x.Type), TrackMembership: x.Track, MemberCount: x.Members, ProjectID: project,
		CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt, Slug: x.Slug, ComputedAt: x.ComputedAt, Problem: x.Problem,
	}
	if x.Description != "" {
		out.Description = &x.Description
	}
	if len(x.Condition) > 0 {
		c := condition(x.Condition)
		out.Condition = &c
	}
	return out
}

type segmentListOut struct{ Body []Segment }

func (a *api) listSegments(ctx context.Context, _ *struct{}) (*segmentListOut, error) {
	list, err := a.Control.Segments(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]Segment, len(list))
	for i, x := range list {
		out[i] = SegmentOf(x, who(ctx).Project)
	}
	return &segmentListOut{out}, nil
}

type newSegmentIn struct {
	Body struct {
		Name            string    `json:"name" maxLength:"100" doc:"Its events are called after it" example:"Teams that pay"`
		Description     string    `json:"description,omitempty" maxLength:"1000" doc:"What it is for" example:"Plan team, paid this month"`
		Type            string    `json:"type,omitempty" enum:"DYNAMIC,STATIC" doc:"DYNAMIC by default"`
		Condition       condition `json:"condition,omitempty" doc:"Needed by a DYNAMIC segment"`
		TrackMembership bool      `json:"trackMembership,omitempty" doc:"Keep the members, so that who comes and goes makes events"`
	}
}

type segmentOut struct{ Body Segment }

func (a *api) createSegment(ctx context.Context, in *newSegmentIn) (*segmentOut, error) {
	b := in.Body
	x, err := a.Control.CreateSegment(ctx, who(ctx), control.NewSegment{
		Name: b.Name, Description: b.Description, Type: b.Type, Condition: json.RawMessage(b.Condition), Track: b.TrackMembership,
	})
	if err != nil {
		return nil, err
	}
	return &segmentOut{SegmentOf(x, who(ctx).Project)}, nil
}

// SegmentPath names a segment in a path.
type SegmentPath struct {
	ID string `path:"id" doc:"The segment's id" example:"seg_4f"`
}

func (a *api) getSegment(ctx context.Context, in *SegmentPath) (*segmentOut, error) {
	x, err := a.Control.CountedSegment(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &segmentOut{SegmentOf(x, who(ctx).Project)}, nil
}

type segmentChangeIn struct {
	SegmentPath
	Body struct {
		Name            *string   `json:"name,omitempty" maxLength:"100" doc:"A new name; its events keep theirs" example:"Teams"`
		Description     *string   `json:"description,omitempty" maxLength:"1000" doc:"What it is for" example:"Plan team"`
		Condition       condition `json:"condition,omitempty" doc:"A new condition of a DYNAMIC segment"`
		TrackMembership *bool     `json:"trackMembership,omitempty" doc:"Whether members are kept"`
	}
}

func (a *api) updateSegment(ctx context.Context, in *segmentChangeIn) (*segmentOut, error) {
	b := in.Body
	x, err := a.Control.UpdateSegment(ctx, who(ctx), in.ID, control.SegmentChange{
		Name: b.Name, Description: b.Description, Condition: json.RawMessage(b.Condition), Track: b.TrackMembership,
	})
	if err != nil {
		return nil, err
	}
	return &segmentOut{SegmentOf(x, who(ctx).Project)}, nil
}

func (a *api) deleteSegment(ctx context.Context, in *SegmentPath) (*struct{}, error) {
	return nil, a.Control.DeleteSegment(ctx, who(ctx), in.ID)
}

type segmentMembersIn struct {
	SegmentPath
	Page     int `query:"page" default:"1" minimum:"1" doc:"Which page, from 1"`
	PageSize int `query:"pageSize" default:"20" minimum:"1" maximum:"100" doc:"How many a page has at most"`
}

// SegmentMembers is one page of the contacts in a segment.
type SegmentMembers struct {
	Data       []Contact `json:"data" nullable:"false" doc:"The contacts of the page"`
	Total      int64     `json:"total" doc:"How many there are in all" example:"120"`
	Page       int       `json:"page" doc:"Which page it is, from 1" example:"1"`
	PageSize   int       `json:"pageSize" doc:"How many a page has at most" example:"20"`
	TotalPages int       `json:"totalPages" doc:"How many pages there are" example:"6"`
}

type segmentMembersOut struct{ Body SegmentMembers }

func (a *api) listSegmentContacts(ctx context.Context, in *segmentMembersIn) (*segmentMembersOut, error) {
	page, err := a.Control.SegmentMembers(ctx, who(ctx), in.ID, in.Page, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := SegmentMembers{
		Data: make([]Contact, len(page.Members)), Total: page.Total, Page: page.Page, PageSize: page.PageSize, TotalPages: page.Last,
	}
	for i := range page.Members {
		out.Data[i] = ContactOf(&page.Members[i].Contact, a.Control.Now())
	}
	return &segmentMembersOut{out}, nil
}

type membersIn struct {
	SegmentPath
	Body struct {
		Emails []string `json:"emails" nullable:"false" doc:"1 to 500 addresses" example:"ghost@acme.test"`
	}
}

type membersAddedOut struct {
	Body struct {
		Added    int      `json:"added" doc:"How many were not there before"`
		NotFound []string `json:"notFound" nullable:"false" doc:"Addresses that no contact has"`
	}
}

func (a *api) addSegmentMembers(ctx context.Context, in *membersIn) (*membersAddedOut, error) {
	n, missing, err := a.Control.AddMembers(ctx, who(ctx), in.ID, in.Body.Emails)
	if err != nil {
		return nil, err
	}
	out := &membersAddedOut{}
	out.Body.Added, out.Body.NotFound = n, append([]string{}, missing...)
	return out, nil
}

type membersRemovedOut struct {
	Body struct {
		Removed int `json:"removed" doc:"How many were there"`
	}
}

func (a *api) removeSegmentMembers(ctx context.Context, in *membersIn) (*membersRemovedOut, error) {
	n, err := a.Control.RemoveMembers(ctx, who(ctx), in.ID, in.Body.Emails)
	if err != nil {
		return nil, err
	}
	out := &membersRemovedOut{}
	out.Body.Removed = n
	return out, nil
}

type previewIn struct {
	Body struct {
		Condition condition `json:"condition" doc:"The condition to try"`
		Contact   string    `json:"contact,omitempty" maxLength:"1000" doc:"A contact's id or address: why it is selected or not is answered, too" example:"ghost@acme.test"`
	}
}

type previewOut struct {
	Body struct {
		Count  int64     `json:"count" doc:"How many contacts it selects now"`
		Sample []Contact `json:"sample" nullable:"false" doc:"Up to ten of them"`

		Explanation *SegmentExplanation `json:"explanation,omitempty" doc:"Why the contact that was asked for is selected or not"`
	}
}

func (a *api) previewSegment(ctx context.Context, in *previewIn) (*previewOut, error) {
	p, err := a.Control.PreviewSegment(ctx, who(ctx), json.RawMessage(in.Body.Condition))
	if err != nil {
		return nil, err
	}
	out := &previewOut{}
	out.Body.Count, out.Body.Sample = p.Count, make([]Contact, len(p.Sample))
	for i := range p.Sample {
		out.Body.Sample[i] = ContactOf(&p.Sample[i], a.Control.Now())
	}
	if in.Body.Contact != "" {
		e, err := a.Control.ExplainCondition(ctx, who(ctx), json.RawMessage(in.Body.Condition), in.Body.Contact)
		if err != nil {
			return nil, err
		}
		out.Body.Explanation = &explainedOf(e).Body
	}
	return out, nil
}

// SegmentExplanation is why a contact is in a segment, or out of it.
type SegmentExplanation struct {
	ContactID string `json:"contactId" example:"con_4f"`
	Email     string `json:"email" example:"ghost@acme.test"`
	In        bool   `json:"in" doc:"Whether the contact is in it"`
	Static    bool   `json:"static" doc:"Whether somebody put the contact there, or did not: then there is no more to say"`

	Why *ConditionPart `json:"why,omitempty" doc:"The condition, part by part"`
}

// ConditionPart is what is true of a part of a condition for one contact, and why.
type ConditionPart struct {
	At      string          `json:"at" doc:"Where it stands in the condition; empty: the whole" example:"groups[0].filters[1]"`
	Holds   string          `json:"holds" enum:"true,false,unknown" doc:"What is true of it for the contact"`
	Logic   string          `json:"logic,omitempty" enum:"AND,OR" doc:"How its parts are joined; absent: it is a filter"`
	Asks    string          `json:"asks,omitempty" doc:"The filter in words" example:"data.plan is \"team\""`
	Because string          `json:"because,omitempty" doc:"What the contact has" example:"it is \"free\""`
	Parts   []ConditionPart `json:"parts,omitempty" doc:"Its parts" example:"[]"`
}

func partOf(e segment.Explanation) ConditionPart {
	out := ConditionPart{At: e.At, Holds: e.Holds.String(), Logic: string(e.Logic), Asks: e.Asks, Because: e.Because}
	for _, p := range e.Parts {
		out.Parts = append(out.Parts, partOf(p))
	}
	return out
}

type segmentExplanationOut struct{ Body SegmentExplanation }

func explainedOf(e control.SegmentExplanation) *segmentExplanationOut {
	out := SegmentExplanation{ContactID: e.Contact.ID, Email: e.Contact.Address, In: e.In, Static: e.Static}
	if !e.Static {
		why := partOf(e.Explanation)
		out.Why = &why
	}
	return &segmentExplanationOut{out}
}

type explainSegmentIn struct {
	SegmentPath
	Contact string `query:"contact" required:"true" maxLength:"1000" doc:"Its id or address" example:"ghost@acme.test"`
}

func (a *api) explainSegment(ctx context.Context, in *explainSegmentIn) (*segmentExplanationOut, error) {
	e, err := a.Control.ExplainSegment(ctx, who(ctx), in.ID, in.Contact)
	if err != nil {
		return nil, err
	}
	return explainedOf(e), nil
}

func (a *api) computeSegment(ctx context.Context, in *SegmentPath) (*segmentOut, error) {
	x, err := a.Control.ComputeSegment(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &segmentOut{SegmentOf(x, who(ctx).Project)}, nil
}
