package control

import (
	"context"
	"fmt"

	"tidings/internal/store"
)

// PreviewOf tells who is in a segment that is there: of a dynamic one, whom its condition selects now.
func (c *Control) PreviewOf(ctx context.Context, who Actor, id string) (SegmentPreview, error) {
	x, err := c.Segment(ctx, who, id)
	if err != nil {
		return SegmentPreview{}, err
	}
	if x.Type != store.StaticSegment {
		return c.PreviewSegment(ctx, who, x.Condition)
	}
	list, total, err := c.Store.SegmentMembers(ctx, who.Project, x.ID, c.Now(), 0, previewSample)
	if err != nil {
		return SegmentPreview{}, fmt.Errorf("preview segment: %w", err)
	}
	out := SegmentPreview{Count: total, Sample: make([]store.Contact, len(list))}
	for i := range list {
		out.Sample[i] = list[i].Contact
	}
	return out, nil
}
