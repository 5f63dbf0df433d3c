package job_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/job"
)

func TestRetentionGoesOnUntilNothingIsLeftAndRestsAsLongAsItWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		began, passes := time.Now(), 0
		h := job.Retention{Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil)), Retain: func(_ context.Context, now time.Time) (job.Pass, error) {
			if passes++; !now.Equal(time.Now()) {
				t.Error("a pass got another time than now")
			}
			elapse(time.Second)
			return job.Pass{Events: 10, Receipts: 3, Messages: 1, More: passes < 5}, nil
		}}.Handler()
		if err := h.Run(t.Context(), job.Job{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); passes != 5 || took != 9*time.Second {
			t.Errorf("%d passes in %s, want 5 with 4 pauses in 9 s", passes, took)
		}
		if log.count("\n") != 1 || log.count("events=50 receipts=15 messages=5") != 1 {
			t.Errorf("log: %s", log.text.String())
		}
	})
}

func TestRetentionThatIsBrokenOffSaysWhatItRemovedAndOneWithoutWorkSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		ctx, cancel := context.WithCancel(t.Context())
		r := job.Retention{Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))}
		r.Retain = func(context.Context, time.Time) (job.Pass, error) {
			cancel()
			return job.Pass{Events: 7, More: true}, nil
		}
		if err := r.Handler().Run(ctx, job.Job{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if log.count("events=7") != 1 {
			t.Errorf("log: %s", log.text.String())
		}
		broken := errors.New("disk full")
		for _, want := range []error{nil, broken} {
			r.Retain = func(context.Context, time.Time) (job.Pass, error) { return job.Pass{}, want }
			if err := r.Handler().Run(t.Context(), job.Job{}); !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		}
		if log.count("\n") != 1 {
			t.Errorf("log: %s", log.text.String())
		}
	})
}
