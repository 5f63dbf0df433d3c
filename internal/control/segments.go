package control

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// The names of operations on segments that change something.
const (
	opCreateSegment  = "createSegment"
	opUpdateSegment  = "updateSegment"
	opDeleteSegment  = "deleteSegment"
	opAddMembers     = "addSegmentMembers"
	opRemoveMembers  = "removeSegmentMembers"
	opComputeSegment = "computeSegment"
)

const (
	maxSegmentName  = 100
	maxCondition    = 256 << 10 // bytes of JSON
	maxMembers      = 500       // of one call
	maxSegmentPage  = 100
	defSegmentPage  = 20
	maxSegmentCount = 1000 // of a project
)

// NewSegment is what a person wants a segment to be.
type NewSegment struct {
	Name        string
	Description string
	Type        string          // DYNAMIC or STATIC; empty: dynamic
	Condition   json.RawMessage // of a dynamic one
	Track       bool
}

// CreateSegment makes a segment.
func (c *Control) CreateSegment(ctx context.Context, who Actor, n NewSegment) (store.Segment, error) {
	var p problems
	p.segmentTexts(n.Name, n.Description)
	p.oneOf("type", n.Type, []string{string(store.DynamicSegment), string(store.StaticSegment)})
	kind := store.SegmentType(n.Type)
	switch {
	case kind == store.StaticSegment && len(n.Condition) > 0:
		p.add("condition", "does not go with a STATIC segment: its members are put there by hand")
	case kind != store.StaticSegment:
		kind = store.DynamicSegment
		p.condition("condition", n.Condition)
	}
	slug := Slug(n.Name)
	if n.Name != "" && slug == "" {
		p.add("name", "needs a letter or a digit: the segment's events are called after it")
	}
	if err := p.err(); err != nil {
		return store.Segment{}, err
	}
	list, err := c.Store.Segments(ctx, who.Project)
	if err != nil {
		return store.Segment{}, fmt.Errorf("count segments: %w", err)
	}
	if len(list) >= maxSegmentCount {
		return store.Segment{}, fault.New(fault.Conflict, "too_many_segments", "a project may have %d segments", maxSegmentCount).
			WithHint("delete those that nobody needs")
	}
	x, err := c.Store.CreateSegment(ctx, who.Project, store.Segment{
		ID: auth.NewID("seg_"), Name: strings.TrimSpace(n.Name), Slug: slug, Description: n.Description, Type: kind,
		Condition: n.Condition, Track: n.Track,
	}, c.act(who, opCreateSegment, "", ""))
	if err != nil {
		return x, fmt.Errorf("create segment: %w", err)
	}
	return c.CountedSegment(ctx, who, x.ID)
}

func (p *problems) segmentTexts(name, description string) {
	p.text("name", name, 1, maxSegmentName)
	p.text("description", description, 0, maxNote)
}

// condition checks a condition and names everything that is wrong with it.
func (p *problems) condition(field string, raw json.RawMessage) *segment.Rule {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		p.add(field, "is required")
		return nil
	case len(raw) > maxCondition:
		p.add(field, "may have %d KiB", maxCondition>>10)
		return nil
	}
	rule, wrong := segment.Parse(raw)
	for _, x := range wrong {
		at := field
		if x.At != "" {
			at += "." + x.At
		}
		p.add(at, "%s", x.Says)
	}
	return rule
}

var (
	notSlug = regexp.MustCompile(`[^\w\s-]`)
	blanks  = regexp.MustCompile(`[\s-]+`)
)

// Slug makes the word in the names of a segment's events, as MailGlyph does: lower case, without what is no letter or digit
// of ASCII, and a hyphen for each run of blanks.
func Slug(name string) string {
	s := notSlug.ReplaceAllString(strings.ToLower(name), "")
	return strings.Trim(blanks.ReplaceAllString(s, "-"), "-")
}

// SegmentChange changes a segment; nil leaves what is there.
type SegmentChange struct {
	Name, Description *string
	Condition         json.RawMessage
	Track             *bool
}

// UpdateSegment changes a segment. Its events keep their names when its own changes.
func (c *Control) UpdateSegment(ctx context.Context, who Actor, id string, n SegmentChange) (store.Segment, error) {
	var p problems
	if n.Name != nil {
		p.text("name", *n.Name, 1, maxSegmentName)
	}
	if n.Description != nil {
		p.text("description", *n.Description, 0, maxNote)
	}
	old, err := c.Segment(ctx, who, id)
	if err != nil {
		return old, err
	}
	if n.Condition != nil {
		p.condition("condition", n.Condition)
		if old.Type == store.StaticSegment {
			p.add("condition", "does not go with a STATIC segment: its members are put there by hand")
		}
	}
	if err := p.err(); err != nil {
		return store.Segment{}, err
	}
	x, err := c.Store.UpdateSegment(ctx, who.Project, id, store.SegmentEdit{
		Name: n.Name, Description: n.Description, Condition: n.Condition, Track: n.Track,
	}, c.act(who, opUpdateSegment, id, ""))
	if err != nil {
		return x, fmt.Errorf("update segment: %w", err)
	}
	return c.CountedSegment(ctx, who, id)
}

// DeleteSegment removes a segment. Those in it get no exit event. One that other segments ask for is a Conflict.
func (c *Control) DeleteSegment(ctx context.Context, who Actor, id string) error {
	if err := c.Store.DeleteSegment(ctx, who.Project, id, c.act(who, opDeleteSegment, id, "")); err != nil {
		return fmt.Errorf("delete segment: %w", err)
	}
	return nil
}

// CountedSegment finds a segment, and counts anew who is in one whose members are not kept.
func (c *Control) CountedSegment(ctx context.Context, who Actor, id string) (store.Segment, error) {
	x, err := c.Segment(ctx, who, id)
	if err != nil || x.Type == store.StaticSegment || x.Track && !x.ComputedAt.IsZero() {
		return x, err
	}
	if x, err = c.Store.CountSegment(ctx, who.Project, id, c.Now()); err != nil {
		return x, fmt.Errorf("count segment: %w", err)
	}
	return x, nil
}

// Segment finds a segment.
func (c *Control) Segment(ctx context.Context, who Actor, id string) (store.Segment, error) {
	x, err := c.Store.Segment(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find segment: %w", err)
	}
	return x, nil
}

// Segments lists the segments of a project, newest first, each with how many are in it.
func (c *Control) Segments(ctx context.Context, who Actor) ([]store.Segment, error) {
	list, err := c.Store.Segments(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	return list, nil
}

// SegmentMemberPage is one page of the contacts in a segment.
type SegmentMemberPage struct {
	Members              []store.SegmentMember
	Total                int64
	Page, PageSize, Last int
}

// SegmentMembers lists the contacts in a segment, page by page from 1; 0 stands for the first page and for its usual size.
func (c *Control) SegmentMembers(ctx context.Context, who Actor, id string, page, size int) (SegmentMemberPage, error) {
	if page == 0 {
		page = 1
	}
	if size == 0 {
		size = defSegmentPage
	}
	var p problems
	if page < 1 || page > 1_000_000 {
		p.add("page", "must be between 1 and 1000000")
	}
	if size < 1 || size > maxSegmentPage {
		p.add("pageSize", "must be between 1 and %d", maxSegmentPage)
	}
	if err := p.err(); err != nil {
		return SegmentMemberPage{}, err
	}
	list, total, err := c.Store.SegmentMembers(ctx, who.Project, id, c.Now(), (page-1)*size, size)
	if err != nil {
		return SegmentMemberPage{}, fmt.Errorf("list segment members: %w", err)
	}
	last := int((total + int64(size) - 1) / int64(size))
	return SegmentMemberPage{Members: list, Total: total, Page: page, PageSize: size, Last: last}, nil
}

// AddMembers puts contacts into a static segment, by address. It tells how many came, and the addresses that no contact has.
func (c *Control) AddMembers(ctx context.Context, who Actor, id string, addresses []string) (int, []string, error) {
	if err := checkMembers(addresses); err != nil {
		return 0, nil, err
	}
	n, missing, err := c.Store.AddMembers(ctx, who.Project, id, addresses, c.act(who, opAddMembers, id, ""))
	if err != nil {
		return 0, nil, fmt.Errorf("add members: %w", err)
	}
	return n, missing, nil
}

// RemoveMembers takes contacts out of a static segment, by address, and tells how many went.
func (c *Control) RemoveMembers(ctx context.Context, who Actor, id string, addresses []string) (int, error) {
	if err := checkMembers(addresses); err != nil {
		return 0, err
	}
	n, err := c.Store.RemoveMembers(ctx, who.Project, id, addresses, c.act(who, opRemoveMembers, id, ""))
	if err != nil {
		return 0, fmt.Errorf("remove members: %w", err)
	}
	return n, nil
}

func checkMembers(addresses []string) error {
	var p problems
	if len(addresses) == 0 || len(addresses) > maxMembers {
		p.add("emails", "must have 1 to %d addresses, not %d", maxMembers, len(addresses))
		return p.err()
	}
	for i, a := range addresses {
		if _, problem := readAddress([]byte(a)); problem != "" {
			p.add(fmt.Sprintf("emails[%d]", i), "%s", problem)
		}
	}
	return p.err()
}

// SegmentPreview is whom a condition selects now.
type SegmentPreview struct {
	Count  int64
	Sample []store.Contact // the first by age
}

const previewSample = 10

// PreviewSegment tells whom a condition selects, without storing it.
func (c *Control) PreviewSegment(ctx context.Context, who Actor, condition json.RawMessage) (SegmentPreview, error) {
	var p problems
	rule := p.condition("condition", condition)
	if err := p.err(); err != nil {
		return SegmentPreview{}, err
	}
	list, total, err := c.Store.SelectedContacts(ctx, who.Project, rule, c.Now(), previewSample)
	if err != nil {
		return SegmentPreview{}, fmt.Errorf("preview segment: %w", err)
	}
	return SegmentPreview{Count: total, Sample: list}, nil
}

// SegmentExplanation is why a contact is in a segment, or out of it.
type SegmentExplanation struct {
	Contact store.Contact
	In      bool
	Static  bool // somebody put it there, or did not
	segment.Explanation
}

// ExplainSegment tells why a contact is in a segment or out of it, part by part.
func (c *Control) ExplainSegment(ctx context.Context, who Actor, id, contact string) (SegmentExplanation, error) {
	var p problems
	p.text("contact", contact, 1, maxFilter)
	p.contact("contact", contact)
	if err := p.err(); err != nil {
		return SegmentExplanation{}, err
	}
	x, err := c.Segment(ctx, who, id)
	if err != nil {
		return SegmentExplanation{}, err
	}
	out := SegmentExplanation{Static: x.Type == store.StaticSegment}
	if out.Contact, err = c.Contact(ctx, who, contact); err != nil {
		return out, err
	}
	if out.Static {
		out.In, err = c.Store.IsMember(ctx, who.Project, id, out.Contact.Ref)
		if err != nil {
			return out, fmt.Errorf("explain segment: %w", err)
		}
		return out, nil
	}
	err = c.explain(ctx, who, x.Condition, &out)
	return out, err
}

func (c *Control) explainRule(
	ctx context.Context, who Actor, condition json.RawMessage, k store.Contact,
) (segment.Explanation, error) {
	rule, wrong := segment.Parse(condition)
	if len(wrong) > 0 {
		return segment.Explanation{}, fault.New(fault.Internal, "segment_condition",
			"the condition that is stored can't be read: %s %s", wrong[0].At, wrong[0].Says)
	}
	now := c.Now().UnixMilli()
	facts, err := c.Store.Facts(ctx, who.Project, k.ID, rule, now)
	if err != nil {
		return segment.Explanation{}, fmt.Errorf("explain segment: %w", err)
	}
	list, err := c.Segments(ctx, who)
	if err != nil {
		return segment.Explanation{}, err
	}
	names := make(map[string]string, len(list))
	for _, x := range list {
		names[x.ID] = x.Name
	}
	return rule.Explain(facts, now, func(id string) string {
		if name, ok := names[id]; ok {
			return name
		}
		return id
	}), nil
}

// ComputeSegment computes all members of a tracked segment anew, in the background: a repair, for they are kept current
// anyway.
func (c *Control) ComputeSegment(ctx context.Context, who Actor, id string) (store.Segment, error) {
	x, err := c.Segment(ctx, who, id)
	if err != nil {
		return x, err
	}
	if x.Type != store.DynamicSegment || !x.Track {
		return x, fault.New(fault.Conflict, "segment_untracked", "the members of segment %q are not kept: they are found when "+
			"somebody asks", x.Name).WithHint("set trackMembership to keep them")
	}
	if err := c.Store.RecomputeSegment(ctx, who.Project, id, c.act(who, opComputeSegment, id, "")); err != nil {
		return x, fmt.Errorf("compute segment: %w", err)
	}
	return x, nil
}
