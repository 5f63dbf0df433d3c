package setup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/setup"
)

// world is what a runner works on: it notes the calls, and fails where it is told to.
type world struct {
	calls       []string
	fails       string // the action that does
	confirmedAt time.Time
	hindrance   string
	told        []string
}

func (w *world) runner(wait time.Duration) setup.Runner {
	return setup.Runner{
		Do: func(_ context.Context, c setup.Call) error {
			if c.Action == w.fails {
				return fault.New(fault.Forbidden, "permission_missing", "the credentials may not %s", c.Action)
			}
			w.calls = append(w.calls, c.Action)
			return nil
		},
		Confirmed: func(context.Context) (bool, error) { return !time.Now().Before(w.confirmedAt), nil },
		Hindrance: func(context.Context) string { return w.hindrance },
		Wait:      wait,
		Tell: func(p setup.Progress) {
			if p.State != "" || p.Note != "" {
				w.told = append(w.told, fmt.Sprintf("%s %s %s", p.Step.ID, p.State, p.Note))
			}
		},
		Pause: func(ctx context.Context, d time.Duration) {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
		},
	}
}

func empty(t *testing.T) setup.Plan {
	t.Helper()
	return setup.Make(wish(t, nil), setup.Found{Identities: []setup.Identity{{Name: "acme.test"}}})
}

func TestAPlanIsRunInOrderAndWaitsForTheConfirmation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{confirmedAt: time.Now().Add(7 * time.Second)}
		start := time.Now()
		if err := w.runner(time.Minute).Run(t.Context(), empty(t)); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"CreateSource", "CreateQueue", "CreateTopic", "Subscribe", "CreateConfigurationSet",
			"CreateConfigurationSetEventDestination", "PutEmailIdentityConfigurationSetAttributes",
		}
		if diff := cmp.Diff(want, w.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		wantTold := []string{
			"source done ", "queue done ", "topic done ", "subscription  waits to be confirmed by the server", "subscription done confirmed",
			"configurationSet done ", "eventDestination done ", "identity:acme.test done ",
		}
		if diff := cmp.Diff(wantTold, w.told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestServersHaveTimeToLearnOfANewSourceBeforeSNSPostsToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at time.Duration
		r := (&world{}).runner(time.Minute)
		do := r.Do
		r.Do = func(ctx context.Context, c setup.Call) error {
			if c.Action == "Subscribe" {
				at = time.Since(start)
			}
			return do(ctx, c)
		}
		if err := r.Run(t.Context(), empty(t)); err != nil {
			t.Fatal(err)
		}
		if at < time.Second {
			t.Errorf("subscribed %s after the source was made", at)
		}
	})
}

func TestSNSIsAskedForAnotherConfirmationAndTheEndSaysWhatIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{confirmedAt: time.Now().Add(time.Hour), hindrance: "refused: unknown_topic"}
		err := w.runner(time.Minute).Run(t.Context(), empty(t))
		if !fault.Is(err, fault.Timeout) {
			t.Fatalf("error %v", err)
		}
		for _, says := range []string{
			"step 4 of 7, subscription", "not confirmed within 1m0s: refused: unknown_topic", "done before: source, dead-letter queue, topic",
			"Run the same command again",
		} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%q does not say %q", err, says)
			}
		}
		asked := len(slices.DeleteFunc(w.calls, func(a string) bool { return a != "Subscribe" }))
		if asked != 3 {
			t.Errorf("SNS was asked %d times in a minute", asked)
		}
		waiting := slices.DeleteFunc(w.told, func(s string) bool { return !strings.Contains(s, "waits") })
		if len(waiting) != 1 {
			t.Errorf("told again and again: %q", waiting)
		}
	})
}

func TestAFailureNamesTheStepAndWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	for action, says := range map[string]string{
		"CreateSource":           "step 1 of 7, source: the credentials may not CreateSource\nnothing was changed before",
		"CreateTopic":            "step 3 of 7, topic: the credentials may not CreateTopic\ndone before: source, dead-letter queue",
		"Subscribe":              "step 4 of 7, subscription",
		"CreateConfigurationSet": "done before: source, dead-letter queue, topic, subscription",
	} {
		w := &world{fails: action}
		r := w.runner(time.Minute)
		r.Pause = func(context.Context, time.Duration) {}
		err := r.Run(t.Context(), empty(t))
		if !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", action, err, says)
		}
		if last := w.told[len(w.told)-1]; !strings.Contains(last, "failed") {
			t.Errorf("%s: told last %q", action, last)
		}
	}
}

func TestNothingIsChangedWhereAPersonMustActFirst(t *testing.T) {
	t.Parallel()
	w := &world{}
	err := w.runner(time.Minute).Run(t.Context(), setup.Make(wish(t, nil), setup.Found{Known: []string{"beta.test"}}))
	if err == nil || len(w.calls) > 0 || !strings.Contains(err.Error(), "beta.test") {
		t.Errorf("calls %q, %v", w.calls, err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		w := &world{confirmedAt: time.Now().Add(time.Hour)}
		if err := w.runner(time.Minute).Run(ctx, empty(t)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
