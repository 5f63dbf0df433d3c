package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
)

func TestTheKindOfAnErrorIsFoundThroughItsWrapping(t *testing.T) {
	t.Parallel()
	full := fault.Wrap(fault.Unavailable, "disk_full", errors.New("SQLITE_FULL"), "the disk is full")
	for _, c := range []struct {
		name      string
		err       error
		want      fault.Kind
		retryable bool
	}{
		{"as it is", full, fault.Unavailable, true},
		{"wrapped with a step", fmt.Errorf("append receipt: %w", full), fault.Unavailable, true},
		{"joined with another", errors.Join(errors.New("close"), full), fault.Unavailable, true},
		{"the outermost of two counts", fault.Wrap(fault.Conflict, "busy", full, "in use"), fault.Conflict, false},
		{"nobody classified it", errors.New("what"), fault.Internal, false},
		{"a deadline passed", fmt.Errorf("query: %w", context.DeadlineExceeded), fault.Timeout, true},
		{"the caller gave up", context.Canceled, fault.Timeout, true},
		{"too much at once", fault.New(fault.RateLimited, "slow_down", "slow down"), fault.RateLimited, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(c.err); got != c.want {
				t.Errorf("kind %v, want %v", got, c.want)
			}
			if !fault.Is(c.err, c.want) || fault.Is(nil, c.want) {
				t.Error("Is must agree with KindOf, and nil is of no kind")
			}
			if got := fault.Retryable(c.err); got != c.retryable {
				t.Errorf("retryable %v, want %v", got, c.retryable)
			}
		})
	}
	if fault.Retryable(nil) {
		t.Error("no error is nothing to retry")
	}
}

func TestAllProblemsOfAValidationAreCollectedInOrder(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("list events: %w", errors.Join(
		fault.BadField("from", "not a date: %q", "tomorrow"),
		errors.New("something else"),
		fault.Wrap(fault.Invalid, "invalid", fault.BadField("limit", "over %d", 1000), "query"),
	))
	var got []string
	for _, e := range fault.Fields(err) {
		got = append(got, e.Field+": "+e.Message)
	}
	if d := cmp.Diff([]string{`from: not a date: "tomorrow"`, "limit: over 1000"}, got); d != "" {
		t.Error(d)
	}
	if fault.Fields(nil) != nil || fault.Fields(errors.New("plain")) != nil {
		t.Error("an error without fields must have none")
	}
}

func TestCopiesWithAHintOrAFieldLeaveTheErrorAlone(t *testing.T) {
	t.Parallel()
	base := fault.Missing("no source %s", "src_1")
	hinted := base.WithHint("list them with %q", "tidings source list").WithField("source")
	if base.Hint != "" || base.Field != "" {
		t.Errorf("the first error changed: %+v", base)
	}
	want := &fault.Error{
		Kind: fault.NotFound, Code: "not_found", Message: "no source src_1",
		Field: "source", Hint: `list them with "tidings source list"`,
	}
	if d := cmp.Diff(want, hinted); d != "" {
		t.Error(d)
	}
	if got := hinted.Error(); got != "source: no source src_1" {
		t.Errorf("text %q", got)
	}
}

func TestTheCauseIsKeptAndPrinted(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial tcp: refused")
	err := fault.Wrap(fault.Unavailable, "database", cause, "the database does not answer")
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := err.Error(); got != "the database does not answer: dial tcp: refused" {
		t.Errorf("text %q", got)
	}
	if got := fault.Kind(200).String(); got != "internal" {
		t.Errorf("a kind that does not exist prints %q", got)
	}
}
