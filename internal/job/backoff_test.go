package job_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/job"
)

func TestThePauseDoublesUpToAnHourAndIsRandomAllTheWay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		attempt int
		random  float64
		want    time.Duration
	}{
		{1, 0, 0},
		{1, 0.5, 500 * time.Millisecond},
		{2, 0.5, time.Second},
		{12, 0.5, 1024 * time.Second},
		{13, 0.5, 30 * time.Minute},
		{1 << 40, 0.5, 30 * time.Minute},
		{0, 0.5, 500 * time.Millisecond},
		{-5, 0.5, 500 * time.Millisecond},
	} {
		if got := job.Backoff(test.attempt, test.random); got != test.want {
			t.Errorf("attempt %d, random %v: %s, want %s", test.attempt, test.random, got, test.want)
		}
	}
}

func TestAPauseIsNeverBelowZeroNorOverAnHourNorShorterForALaterAttempt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		attempt, random := rapid.Int().Draw(t, "attempt"), rapid.Float64Range(0, 0.999999).Draw(t, "random")
		d := job.Backoff(attempt, random)
		if d < 0 || d >= time.Hour {
			t.Fatalf("%s", d)
		}
		if attempt < 1<<62 && job.Backoff(attempt+1, random) < d {
			t.Fatalf("attempt %d waits longer than the next one", attempt)
		}
	})
}
