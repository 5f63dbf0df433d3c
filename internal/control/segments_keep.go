package control

import (
	"context"
	"fmt"
)

// KeepSegments brings the members of tracked segments in line with what changed and with the time, until there is no more to
// do.
func (c *Control) KeepSegments(ctx context.Context) error {
	for {
		more, _, err := c.Store.KeepSegments(ctx)
		if err != nil || !more {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// RunCompute computes all members of a segment; last tells that nobody tries again, so that the segment says what failed. A
// segment that is gone needs nothing.
func (c *Control) RunCompute(ctx context.Context, id string, last bool) error {
	project, err := c.Store.ProjectOfSegment(ctx, id)
	if err != nil || project == "" {
		return err
	}
	if _, err = c.Store.ComputeSegment(ctx, project, id, nil); err != nil && last {
		if noted := c.Store.SegmentFailed(ctx, id, err.Error()); noted != nil {
			return fmt.Errorf("note a failed segment: %w", noted)
		}
	}
	return err
}
