package job

import (
	"context"
	"time"
)

// The bounds of the pauses that Breathe makes.
const (
	minBreath = time.Millisecond
	maxBreath = time.Second
)

// Breathe leaves the database to others for as long as a part of long work took, between a millisecond and a second. It
// returns the cause of the end of ctx, if that comes first.
func Breathe(ctx context.Context, took time.Duration) error {
	return pause(ctx, min(max(took, minBreath), maxBreath))
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
