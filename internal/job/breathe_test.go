package job_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/job"
)

func TestABreathTakesAsLongAsTheWorkWithinBoundsAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for took, want := range map[time.Duration]time.Duration{
			-time.Second: time.Millisecond, 0: time.Millisecond, 30 * time.Millisecond: 30 * time.Millisecond,
			time.Second: time.Second, time.Hour: time.Second,
		} {
			began := time.Now()
			if err := job.Breathe(t.Context(), took); err != nil || time.Since(began) != want {
				t.Errorf("after %s of work it rests %s, %v; want %s", took, time.Since(began), err, want)
			}
		}
		over := errors.New("the server stops")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(over) })
		began := time.Now()
		if err := job.Breathe(ctx, time.Second); !errors.Is(err, over) || time.Since(began) != time.Millisecond {
			t.Errorf("after %s: %v, want %v after 1 ms", time.Since(began), err, over)
		}
	})
}
