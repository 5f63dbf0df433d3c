package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/internal/fault"
)

// State is what became of a step.
type State string

// The states of a step.
const (
	Same    State = "same"    // it was as it should be
	Done    State = "done"    // its calls were made
	Failed  State = "failed"  // a call failed
	Blocked State = "blocked" // a person has to do something first
	Differs State = "differs" // it is not as it should be, and nothing was done about it
)

// Progress is what is told of a step while it goes on.
type Progress struct {
	Step  Step
	State State // empty: it has begun
	Note  string
	Err   error // why it Failed
}

// Runner makes the calls of a plan.
type Runner struct {
	Do        func(context.Context, Call) error
	Confirmed func(context.Context) (bool, error)  // whether the subscription that was made last is confirmed
	Hindrance func(context.Context) string         // what is known of why it is not; empty: nothing
	Wait      time.Duration                        // how long it may take to be confirmed
	Tell      func(Progress)                       // what goes on, as it does
	Pause     func(context.Context, time.Duration) // waits
}

const (
	// settle is how long servers may go on with what they knew of a source, with some to spare.
	settle = 2 * time.Second
	// askEvery is how long a confirmation is looked for before SNS is asked for another: it does not repeat one that was
	// refused.
	askEvery = 20 * time.Second
	// lookEvery is how often is looked whether it has come.
	lookEvery = time.Second
)

// Run makes the calls of every step that needs some, in order, and stops at the first that fails. Where a step is
// blocked it makes none at all. The error says what was done before, and that another run continues.
func (r Runner) Run(ctx context.Context, p Plan) error {
	if blocked := p.Blocked(); len(blocked) > 0 {
		return refuse(blocked)
	}
	var done []string
	for i, step := range p.Steps {
		if len(step.Calls) == 0 {
			r.Tell(Progress{Step: step, State: Same})
			continue
		}
		r.Tell(Progress{Step: step})
		note, err := r.step(ctx, step, slices.Contains(done, "source"))
		if err != nil {
			r.Tell(Progress{Step: step, State: Failed, Err: err})
			return stopped(p, i, done, err)
		}
		r.Tell(Progress{Step: step, State: Done, Note: note})
		done = append(done, step.Title)
	}
	return nil
}

func refuse(blocked []Step) error {
	list := make([]error, 0, len(blocked))
	for _, s := range blocked {
		d := s.Differences[len(s.Differences)-1]
		list = append(list, fault.New(fault.Conflict, "blocked", "%s %s: %s is %s, should be %s: %s",
			s.Title, s.Name, d.What, d.Is, d.Want, s.Blocked))
	}
	return fmt.Errorf("nothing was changed\n%w", errors.Join(list...))
}

func stopped(p Plan, at int, done []string, err error) error {
	before := "nothing was changed before"
	if len(done) > 0 {
		before = "done before: " + strings.Join(done, ", ")
	}
	return fmt.Errorf("step %d of %d, %s: %w\n%s. Run the same command again: it continues where this stopped",
		at+1, len(p.Steps), p.Steps[at].Title, err, before)
}

// step makes the calls of one step. fresh: the source was changed a moment ago.
func (r Runner) step(ctx context.Context, s Step, fresh bool) (note string, err error) {
	if s.Confirm {
		if fresh {
			r.Pause(ctx, settle)
		}
		return r.confirm(ctx, s)
	}
	for _, call := range s.Calls {
		if err := r.Do(ctx, call); err != nil {
			return "", err
		}
	}
	return "", nil
}

// confirm subscribes until the subscription is confirmed.
func (r Runner) confirm(ctx context.Context, s Step) (string, error) {
	told := ""
	for waited := time.Duration(0); ; waited += lookEvery {
		if waited == 0 || waited%askEvery == 0 && waited < r.Wait {
			if err := r.Do(ctx, s.Calls[0]); err != nil {
				return "", err
			}
		}
		ok, err := r.Confirmed(ctx)
		if err != nil {
			return "", err
		}
		if ok {
			return "confirmed", nil
		}
		hindrance := r.Hindrance(ctx)
		if waited >= r.Wait {
			return "", unconfirmed(r.Wait, hindrance)
		}
		if waiting := "waits to be confirmed by the server" + because(hindrance); waiting != told {
			r.Tell(Progress{Step: s, Note: waiting})
			told = waiting
		}
		r.Pause(ctx, lookEvery)
		if err := ctx.Err(); err != nil {
			return "", fmt.Errorf("wait for the confirmation: %w", err)
		}
	}
}

func because(hindrance string) string {
	if hindrance == "" {
		return ""
	}
	return ": " + hindrance
}

func unconfirmed(waited time.Duration, hindrance string) error {
	if hindrance == "" {
		hindrance = "no request of SNS has come to the source"
	}
	return fault.New(fault.Timeout, "not_confirmed", "the subscription was not confirmed within %s: %s", waited, hindrance).
		WithHint("does the server run, with this database, and does it answer at --url from the outside?")
}
