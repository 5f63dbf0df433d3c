package mcp

import (
	"context"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/segment"
)

// Segments is what segment_list answers.
type Segments struct {
	Segments []SegmentRow `json:"segments" jsonschema:"the newest first"`
	More     int          `json:"more,omitempty" jsonschema:"how many there are beside these"`
}

// SegmentRow is one segment.
type SegmentRow struct {
	ID          string     `json:"id" jsonschema:"seg_…, what the other tools take"`
	Name        Untrusted  `json:"name"`
	Description *Untrusted `json:"description,omitempty"`
	Type        string     `json:"type" jsonschema:"DYNAMIC: a condition selects its members; STATIC: people put them there"`
	Tracked     bool       `json:"tracked" jsonschema:"its members are kept, and who comes and goes makes events"`
	MemberCount int64      `json:"memberCount" jsonschema:"as of computedAt; for a count as of now call segment_preview"`
	ComputedAt  string     `json:"computedAt,omitempty"`
}

type segmentsIn struct {
	Limit int `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
}

type previewIn struct {
	Segment   string         `json:"segment,omitempty" jsonschema:"a segment's id (seg_…); leave it out to try a condition"`
	Condition map[string]any `json:"condition,omitempty" jsonschema:"a condition: {\"logic\":\"AND\",\"groups\":[{\"filters\":[{\"field\":\"data.plan\",\"operator\":\"equals\",\"value\":\"team\"}]}]}"`
}

func (in previewIn) target() string { return in.Segment }

// Preview is what segment_preview answers.
type Preview struct {
	Count  int64     `json:"count" jsonschema:"how many contacts it selects now"`
	Sample []Profile `json:"sample" jsonschema:"at most 10 of them"`
}

type whyIn struct {
	emailIn
	Segment string `json:"segment" jsonschema:"the segment's id (seg_…)"`
}

// Membership is what segment_explain answers.
type Membership struct {
	ContactID string    `json:"contactId"`
	In        bool      `json:"in" jsonschema:"whether the contact is in the segment"`
	Static    bool      `json:"static" jsonschema:"people decide who is in it: there is no more to say"`
	Why       []PartRow `json:"why" jsonschema:"the parts of the condition from the whole to its filters"`
}

// PartRow is what is true of one part of a condition for a contact.
type PartRow struct {
	At      string     `json:"at" jsonschema:"where it stands in the condition; empty: the whole"`
	Holds   string     `json:"holds" jsonschema:"true, false or unknown"`
	Logic   string     `json:"logic,omitempty" jsonschema:"AND or OR: how its parts are joined; absent: it is a filter"`
	Asks    *Untrusted `json:"asks,omitempty" jsonschema:"the filter in words"`
	Because *Untrusted `json:"because,omitempty" jsonschema:"what the contact has"`
}

func (x *session) segmentTools() {
	add(x, definition[segmentsIn, Segments]{
		name: "segment_list", title: "List segments",
		description: "Segments with their ids: groups of contacts that the sender made. Call it to find the id of a segment " +
			"that the user speaks of.",
		run: x.segmentList,
	})
	add(x, definition[previewIn, Preview]{
		name: "segment_preview", title: "Preview a segment",
		description: "How many contacts a segment, or a condition that you make up, selects now, with 10 of them. Nothing is " +
			"stored. Give one of segment and condition. A condition joins groups by logic (AND, OR); all filters of a group must " +
			"hold. Fields: email, tags, subscribed, suppressed, snoozed, createdAt, lastOpenAt, data.<attribute>, topics.<slug>, " +
			"event.<custom event>, email.opened, email.clicked, email.bounced … Operators: equals, notEquals, contains, " +
			"greaterThan, lessThan, exists, notExists, within, olderThan; of events triggered, triggeredWithin, notTriggered, " +
			"with value and unit (days, hours, minutes).",
		target: previewIn.target, run: x.segmentPreview,
	})
	add(x, definition[whyIn, Membership]{
		name: "segment_explain", title: "Explain why a contact is in a segment",
		description: "Why one contact is in a segment, or not: each filter with what is true of it and what the contact has.",
		target:      func(in whyIn) string { return in.Email }, run: x.segmentExplain,
	})
}

func (x *session) segmentList(ctx context.Context, _ *mcp.CallToolRequest, in segmentsIn) (out Segments, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	list, err := x.Control.Segments(ctx, x.who)
	if err != nil {
		return out, err
	}
	out = Segments{Segments: make([]SegmentRow, 0, min(n, len(list))), More: max(0, len(list)-n)}
	for i := range list[:min(n, len(list))] {
		s := &list[i]
		out.Segments = append(out.Segments, SegmentRow{
			ID: s.ID, Name: Untrusted{x.view.clean(s.Name)}, Description: x.view.text(s.Description), Type: string(s.Type),
			Tracked: s.Track, MemberCount: s.Members, ComputedAt: stamp(s.ComputedAt),
		})
	}
	return out, nil
}

func (x *session) segmentPreview(ctx context.Context, _ *mcp.CallToolRequest, in previewIn) (out Preview, err error) {
	if (in.Segment == "") == (len(in.Condition) == 0) {
		return out, fault.BadField("segment", "or condition is required: give one of the two")
	}
	found, err := x.preview(ctx, in)
	if err != nil {
		return out, err
	}
	out = Preview{Count: found.Count, Sample: make([]Profile, len(found.Sample))}
	for i := range found.Sample {
		out.Sample[i] = x.view.profile(&found.Sample[i], x.Control.Now())
	}
	return out, nil
}

func (x *session) preview(ctx context.Context, in previewIn) (control.SegmentPreview, error) {
	if in.Segment != "" {
		return x.Control.PreviewOf(ctx, x.who, in.Segment)
	}
	condition, err := stdjson.Marshal(in.Condition)
	if err != nil {
		return control.SegmentPreview{}, fault.BadField("condition", "must be a JSON object")
	}
	return x.Control.PreviewSegment(ctx, x.who, condition)
}

func (x *session) segmentExplain(ctx context.Context, _ *mcp.CallToolRequest, in whyIn) (out Membership, err error) {
	e, err := x.Control.ExplainSegment(ctx, x.who, in.Segment, in.Email)
	if err != nil {
		return out, err
	}
	out = Membership{ContactID: e.Contact.ID, In: e.In, Static: e.Static, Why: []PartRow{}}
	if !e.Static {
		x.parts(e.Explanation, &out.Why)
	}
	return out, nil
}

// parts lists a condition's parts, each before its own.
func (x *session) parts(e segment.Explanation, list *[]PartRow) {
	*list = append(*list, PartRow{
		At: e.At, Holds: e.Holds.String(), Logic: string(e.Logic), Asks: x.view.text(e.Asks), Because: x.view.text(e.Because),
	})
	for _, p := range e.Parts {
		x.parts(p, list)
	}
}
