package provider

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"tidings/event"
)

// Listener is told of one event. An error says that the event was not dealt with: in a handler the provider then sends
// the request again. Listeners may be called from many goroutines at once. Events come by value, but share their parts
// (Message, Bounce, …) with other listeners: who changes a part puts a changed copy in its place.
type Listener func(context.Context, event.Event) error

// Middleware makes a listener of a listener. It may look at an event, hand on a changed one, hand it on to several, or
// stop it by not calling next.
type Middleware func(next Listener) Listener

// Chain sends events through middleware, the first one first, to the last listener.
func Chain(last Listener, through ...Middleware) Listener {
	for _, m := range slices.Backward(through) {
		last = m(last)
	}
	return last
}

// Handle is a function of type Handle: it tells the listener of each event in turn. An event that fails does not stop
// those after it, but an ended context does. It returns all errors, so that the provider sends the whole request again:
// the listener then sees all of its events again, with the ids they had before.
func (l Listener) Handle(ctx context.Context, events []event.Event) error {
	var failed []error
	for _, e := range events {
		if err := ctx.Err(); err != nil {
			failed = append(failed, err)
			break
		}
		if err := l(ctx, e); err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w", e.Name, e.ID, err))
		}
	}
	return errors.Join(failed...)
}

// Each tells several listeners of every event, in this order. One that fails does not keep the event from the others;
// all errors are returned.
func Each(listeners ...Listener) Listener {
	return func(ctx context.Context, e event.Event) error {
		var failed []error
		for _, l := range listeners {
			failed = append(failed, l(ctx, e))
		}
		return errors.Join(failed...)
	}
}

// ByName tells of each event the listener of its name. Events of other names are passed over. The map is not to be
// changed any more.
func ByName(listeners map[event.Name]Listener) Listener {
	return func(ctx context.Context, e event.Event) error {
		if l := listeners[e.Name]; l != nil {
			return l(ctx, e)
		}
		return nil
	}
}

// When lets those events pass for which keep is true.
func When(keep func(event.Event) bool) Middleware {
	return func(next Listener) Listener {
		return func(ctx context.Context, e event.Event) error {
			if !keep(e) {
				return nil
			}
			return next(ctx, e)
		}
	}
}

// Only lets events of these names pass.
func Only(names ...event.Name) Middleware {
	return When(func(e event.Event) bool { return slices.Contains(names, e.Name) })
}

// Except lets events of all but these names pass.
func Except(names ...event.Name) Middleware {
	return When(func(e event.Event) bool { return !slices.Contains(names, e.Name) })
}

// Humans stops what was no person's act: opens and clicks that the provider itself says are a machine's, and those of
// which it does not say whose they were (event.Candidates). Image proxies pass, because they load when a person opens, and
// so does what the provider says nothing of: the verdicts by user agent and time are the server's. Events of other names
// all pass.
func Humans(next Listener) Listener {
	return When(func(e event.Event) bool {
		if e.Name != event.EmailOpen && e.Name != event.EmailClick {
			return true
		}
		return e.VerdictOf() != event.Machine && e.Attribution != event.Candidates
	})(next)
}

// Recover makes an error of a panic of the listeners after it, with the stack, so that one event that nobody thought of
// costs only itself. Background does so by itself.
func Recover(next Listener) Listener {
	return func(ctx context.Context, e event.Event) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("listener panicked: %v\n%s", p, debug.Stack())
			}
		}()
		return next(ctx, e)
	}
}
