package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// do runs a job and says what becomes of it.
func (l *life) do(ctx context.Context, j Job) Outcome {
	h := l.o.Handlers[j.Kind]
	if j.Attempt > h.MaxAttempts {
		return l.failed(ctx, j, Cancel(fmt.Errorf("no worker stored a result in %d attempts", h.MaxAttempts)))
	}
	err := attempt(ctx, h, j)
	switch {
	case err == nil:
		return l.withNext(j, Outcome{Ref: j.Ref, Ending: Done})
	case ctx.Err() != nil:
		// Stopped, or the lease was lost: not the job's fault.
		return Outcome{Ref: j.Ref, Ending: Released, At: l.o.Now(), Problem: j.Problem}
	}
	return l.failed(ctx, j, err)
}

// attempt calls the handler within its time. A panic is an error.
func attempt(ctx context.Context, h Handler, j Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{value: v, stack: debug.Stack()}
		}
	}()
	return h.Run(ctx, j)
}

type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// failed decides between another attempt and none, and logs it: the one line about this attempt.
func (l *life) failed(ctx context.Context, j Job, err error) Outcome {
	now := l.o.Now()
	o := Outcome{Ref: j.Ref, Problem: err.Error()}
	attrs := []any{"kind", j.Kind, "job", j.Ref, "attempt", j.Attempt, "error", err}
	if p, is := errors.AsType[*panicked](err); is {
		attrs = append(attrs, "stack", string(p.stack))
	}
	if isCancelled(err) || j.Attempt >= l.o.Handlers[j.Kind].MaxAttempts {
		o.Ending, o.At = Parked, now
		l.o.Log.ErrorContext(ctx, "a job is parked", attrs...)
		return l.withNext(j, o)
	}
	o.Ending, o.At = Retried, now.Add(Backoff(j.Attempt, jitter()))
	l.o.Log.WarnContext(ctx, "a job is tried again", append(attrs, "at", o.At.Format(time.RFC3339))...)
	return o
}

// withNext adds the next turn of periodic work.
func (l *life) withNext(j Job, o Outcome) Outcome {
	if interval, is := l.periodic[j.Kind]; is && j.Key == j.Kind {
		o.Next = []NewJob{l.turn(j.Kind, l.o.Now().Add(interval))}
	}
	return o
}
