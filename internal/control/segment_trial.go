package control

import (
	"context"
	"encoding/json"

	"tidings/internal/segment"
	"tidings/internal/store"
)

// ExplainCondition tells why a condition that is not stored selects a contact or does not, part by part.
func (c *Control) ExplainCondition(
	ctx context.Context, who Actor, condition json.RawMessage, contact string,
) (SegmentExplanation, error) {
	var p problems
	p.condition("condition", condition)
	p.text("contact", contact, 1, maxFilter)
	p.contact("contact", contact)
	if err := p.err(); err != nil {
		return SegmentExplanation{}, err
	}
	var out SegmentExplanation
	var err error
	if out.Contact, err = c.Contact(ctx, who, contact); err != nil {
		return out, err
	}
	err = c.explain(ctx, who, condition, &out)
	return out, err
}

// explain tells of a condition and the contact of out. Pending contacts are in no segment, whatever holds for them.
func (c *Control) explain(ctx context.Context, who Actor, condition json.RawMessage, out *SegmentExplanation) (err error) {
	out.Explanation, err = c.explainRule(ctx, who, condition, out.Contact)
	out.In = out.Holds == segment.True && out.Contact.Status == store.ContactActive
	return err
}
