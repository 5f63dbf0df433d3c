package provider_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
)

// failures keeps what was reported, as "recipient: first line of the error".
type failures struct {
	mu   sync.Mutex
	list []string
}

func (f *failures) add(e event.Event, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first, _, _ := strings.Cut(err.Error(), "\n")
	f.list = append(f.list, e.Recipient+": "+first)
}

// slow is a listener that takes a second for an event, and gives up with its context.
func (h *heard) slow(ctx context.Context, e event.Event) error {
	select {
	case <-time.After(time.Second):
		return h.listen(ctx, e)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestARequestIsAnsweredBeforeItsEventsAreWorkedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h heard
		b := provider.NewBackground(h.slow, provider.BackgroundOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		if err := b.Handle(ctx, told("a", "b", "c")); err != nil || time.Since(start) != 0 {
			t.Fatalf("%v after %s", err, time.Since(start))
		}
		cancel() // the request is over, its events are not
		if err := b.Close(t.Context()); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if !cmp.Equal(h.who, []string{"a", "b", "c"}) {
			t.Errorf("one worker heard %q, out of order", h.who)
		}
	})
}

func TestWorkersShareTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := provider.NewBackground(func(context.Context, event.Event) error {
			<-time.After(time.Second)
			return nil
		}, provider.BackgroundOptions{Workers: 4})
		start := time.Now()
		if err := b.Handle(t.Context(), told(strings.Split("abcdefgh", "")...)); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(t.Context()); err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %s, want 8 events of a second by 4 workers in two", err, time.Since(start))
		}
	})
}

func TestAFullQueueTakesNothingOfARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h heard
		b := provider.NewBackground(h.slow, provider.BackgroundOptions{Queue: 2})
		push := func(who ...string) error {
			err := b.Handle(t.Context(), told(who...))
			synctest.Wait()
			return err
		}
		if err := errors.Join(push("a"), push("b"), push("c1", "c2", "c3")); err != nil {
			t.Fatalf("%v: while less than two wait, a request is taken whole", err)
		}
		if err := push("d"); !errors.Is(err, provider.ErrFull) {
			t.Fatalf("four wait, and one more got %v", err)
		}
		<-time.After(3 * time.Second)
		synctest.Wait()
		if err := b.Listen(t.Context(), told("e")[0]); err != nil {
			t.Errorf("one waits, and one more got %v", err)
		}
		if err := b.Close(t.Context()); err != nil || strings.Join(h.who, " ") != "a b c1 c2 c3 e" {
			t.Errorf("%v, heard %q", err, h.who)
		}
	})
}

func TestAFailureOrPanicCostsOneEventAndIsReported(t *testing.T) {
	t.Parallel()
	var h heard
	var f failures
	b := provider.NewBackground(func(ctx context.Context, e event.Event) error {
		switch e.Recipient {
		case "b":
			panic("no such map")
		case "c":
			return errors.New("disk full")
		}
		return h.listen(ctx, e)
	}, provider.BackgroundOptions{Failed: f.add})
	if err := errors.Join(b.Handle(t.Context(), told("a", "b", "c", "d")), b.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if want := []string{"b: listener panicked: no such map", "c: disk full"}; !cmp.Equal(f.list, want) || !cmp.Equal(h.who, []string{"a", "d"}) {
		t.Errorf("heard %q, failed %q", h.who, f.list)
	}
}

func TestACloseThatRunsOutOfTimeSaysWhatIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h heard
		var f failures
		b := provider.NewBackground(h.slow, provider.BackgroundOptions{Failed: f.add})
		if err := b.Handle(t.Context(), told("a", "b", "c", "d")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		err := b.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 events not begun, 1 workers still busy") {
			t.Errorf("close: %v", err)
		}
		synctest.Wait()
		slices.Sort(f.list) // the worker and Close report at once
		want := []string{"b: context canceled", "c: " + provider.ErrClosed.Error(), "d: " + provider.ErrClosed.Error()}
		if !cmp.Equal(f.list, want) || !cmp.Equal(h.who, []string{"a"}) {
			t.Errorf("heard %q, failed %q", h.who, f.list)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Errorf("closed again: %v", err)
		}
	})
}

func TestAfterCloseNothingIsTaken(t *testing.T) {
	t.Parallel()
	var h heard
	b := provider.NewBackground(h.listen, provider.BackgroundOptions{Workers: 3})
	if err := errors.Join(b.Close(t.Context()), b.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := b.Handle(t.Context(), told("a")); !errors.Is(err, provider.ErrClosed) || len(h.who) != 0 {
		t.Errorf("%v, heard %q", err, h.who)
	}
}

func TestAListenerGetsTheValuesOfItsRequest(t *testing.T) {
	t.Parallel()
	type key struct{}
	var got any
	b := provider.NewBackground(func(ctx context.Context, _ event.Event) error {
		got = ctx.Value(key{})
		return nil
	}, provider.BackgroundOptions{})
	err := b.Handle(context.WithValue(t.Context(), key{}, "trace-1"), told("a"))
	if err := errors.Join(err, b.Close(t.Context())); err != nil || got != "trace-1" {
		t.Errorf("%v, value %v", err, got)
	}
}

// Many requests and one close at once: each event that was taken is heard once, each that was refused never.
func TestWhatIsTakenIsHeardOnceUnderContention(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	count := map[string]int{}
	b := provider.NewBackground(func(_ context.Context, e event.Event) error {
		mu.Lock()
		defer mu.Unlock()
		count[e.Recipient]++
		return nil
	}, provider.BackgroundOptions{Queue: 8, Workers: 3})
	taken := make([]map[string]int, 4)
	var requests sync.WaitGroup
	for i := range taken {
		taken[i] = map[string]int{}
		requests.Go(func() {
			for j := range 500 {
				who := []string{fmt.Sprint(i, " ", j, "a"), fmt.Sprint(i, " ", j, "b")}
				if b.Handle(t.Context(), told(who...)) == nil {
					taken[i][who[0]], taken[i][who[1]] = 1, 1
				}
				if i == 0 && j == 400 {
					if err := b.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	requests.Wait()
	want := map[string]int{}
	for _, m := range taken {
		for who := range m {
			want[who] = 1
		}
	}
	if diff := cmp.Diff(want, count); diff != "" || len(want) == 0 {
		t.Errorf("taken %d (-want +got)\n%s", len(want), diff)
	}
}
