package feed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/feed"
)

// book is a log in memory.
type book struct {
	mu      sync.Mutex
	entries []feed.Entry
	reads   int
	fail    error
}

func (b *book) append(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range n {
		seq := int64(len(b.entries) + 1)
		name := event.EmailOpen
		if seq%10 == 0 {
			name = event.EmailBounce
		}
		b.entries = append(b.entries, feed.Entry{At: feed.Position{Seq: seq}, Event: &event.Event{Name: name}, Text: []byte(name)})
	}
}

func (b *book) follow(_ context.Context, project string, after feed.Position, limit int) ([]feed.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
	if b.fail != nil || project != "prj_1" {
		return nil, b.fail
	}
	rest := b.entries[min(int(after.Seq), len(b.entries)):]
	return append([]feed.Entry(nil), rest[:min(len(rest), limit)]...), nil
}

func (b *book) readings() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reads
}

func (b *book) end(context.Context) (feed.Position, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return feed.Position{Seq: int64(len(b.entries))}, nil
}

func (b *book) hub(change ...func(*feed.Options)) *feed.Hub {
	o := feed.Options{
		Follow: b.follow, End: b.end,
	}
	for _, c := range change {
		c(&o)
	}
	return feed.NewHub(o)
}

// live runs a test in fake time, with a log that is empty and a hub over it.
func live(t *testing.T, run func(t *testing.T, b *book, h *feed.Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b book
		h := b.hub()
		defer h.Close()
		run(t, &b, h)
	})
}

func read(t *testing.T, h *feed.Hub, after *feed.Position, match func(*event.Event) bool) *feed.Reader {
	t.Helper()
	r, err := h.Read(t.Context(), "prj_1", after, match)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// take reads until n events came, and checks that each is the next that matches.
func take(t *testing.T, r *feed.Reader, n int) (last feed.Position) {
	t.Helper()
	for got := 0; got < n; {
		list, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if last.Seq != 0 && e.At.Seq <= last.Seq {
				t.Fatalf("%d comes after %d", e.At.Seq, last.Seq)
			}
			if string(e.Text) != string(e.Event.Name) {
				t.Fatalf("%q is not what was encoded", e.Text)
			}
			last = e.At
		}
		if got += len(list); got > n {
			t.Fatalf("%d events, want %d", got, n)
		}
	}
	return last
}

func TestAReaderGetsWhatIsCommittedFromNowOn(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		b.append(7)
		r := read(t, h, nil, nil)
		defer r.Close()
		b.append(3)
		h.Wake()
		if last := take(t, r, 3); last.Seq != 10 {
			t.Errorf("the last is %d", last.Seq)
		}
	})
}

func TestAReaderGoesOnAfterAPositionAndThenReadsLive(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		b.append(12_345)
		r := read(t, h, &feed.Position{Seq: 45}, nil)
		defer r.Close()
		take(t, r, 12_300)
		b.append(5)
		h.Wake()
		if last := take(t, r, 5); last.Seq != 12_350 {
			t.Errorf("the last is %d", last.Seq)
		}
	})
}

func TestACommitThatNobodyTellsOfIsFoundWithinASecond(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		r := read(t, h, nil, nil)
		defer r.Close()
		<-time.After(500 * time.Millisecond)
		b.append(1)
		began := time.Now()
		take(t, r, 1)
		if d := time.Since(began); d > 1100*time.Millisecond {
			t.Errorf("it took %s", d)
		}
	})
}

func TestWhatDoesNotMatchIsPassedOverButMovesThePlace(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		r := read(t, h, nil, func(e *event.Event) bool { return e.Name == event.EmailBounce })
		defer r.Close()
		b.append(25)
		h.Wake()
		take(t, r, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if list, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d events more, %v", len(list), err)
		}
		if r.At().Seq != 25 {
			t.Errorf("the place is %d, want 25", r.At().Seq)
		}
	})
}

func TestASlowReaderMissesNothingWhenItFellBehindWhatIsKept(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		slow, quick := read(t, h, nil, nil), read(t, h, nil, nil)
		defer slow.Close()
		defer quick.Close()
		b.append(20_000)
		h.Wake()
		take(t, quick, 20_000)
		take(t, slow, 20_000)
	})
}

func TestManyReadersCostOneReading(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		const readers = 500
		var reading sync.WaitGroup
		for range readers {
			r := read(t, h, nil, nil)
			reading.Go(func() {
				defer r.Close()
				take(t, r, 100)
			})
		}
		synctest.Wait()
		before := b.readings()
		b.append(100)
		h.Wake()
		reading.Wait()
		if n := b.readings() - before; n > 3 {
			t.Errorf("%d readings for %d readers", n, readers)
		}
		if h.Readers() != 0 {
			t.Errorf("%d readers are left", h.Readers())
		}
	})
}

func TestManyWhoComeBackAtOnceCostFewReadings(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		b.append(12_000)
		const readers = 300
		missing := map[*feed.Reader]int{}
		var back []*feed.Reader
		for i := range readers {
			r := read(t, h, &feed.Position{Seq: int64(10_000 + i%40)}, nil)
			defer r.Close() //nolint:gocritic // all of them read until the end
			missing[r] = 2000 - i%40
			back = append(back, r)
		}
		for len(missing) > 0 { // in turn, so that the machine's load has no say in who shares a page with whom
			for _, r := range back {
				if missing[r] == 0 {
					continue
				}
				list, err := r.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if missing[r] -= len(list); missing[r] == 0 {
					delete(missing, r)
				}
			}
		}
		if n := b.readings(); n > 10 {
			t.Errorf("%d readings for %d readers who were about four pages behind", n, readers)
		}
	})
}

func TestMoreReadersThanAllowedAreRefused(t *testing.T) {
	t.Parallel()
	var b book
	h := b.hub(func(o *feed.Options) { o.Most = 2 })
	defer h.Close()
	first, second := read(t, h, nil, nil), read(t, h, nil, nil)
	defer second.Close()
	if _, err := h.Read(t.Context(), "prj_1", nil, nil); !fault.Is(err, fault.RateLimited) {
		t.Errorf("the third got %v", err)
	}
	first.Close()
	first.Close() // again is nothing
	read(t, h, nil, nil).Close()
}

func TestWhenThePlacesAreTakenAProjectWithFewReadersGetsOneOfTheProjectWithTheMost(t *testing.T) {
	t.Parallel()
	var b book
	h := b.hub(func(o *feed.Options) { o.Most = 4 })
	defer h.Close()
	join := func(project string) (*feed.Reader, error) { return h.Read(t.Context(), project, nil, nil) }
	var many []*feed.Reader
	for range 4 {
		r, err := join("prj_1")
		if err != nil {
			t.Fatal(err)
		}
		many = append(many, r)
	}
	for i := range 2 {
		r, err := join("prj_2")
		if err != nil {
			t.Fatalf("reader %d of another project got %v", i, err)
		}
		t.Cleanup(r.Close)
		if _, err := many[3-i].Next(t.Context()); !fault.Is(err, fault.RateLimited) {
			t.Errorf("who had the place before got %v", err)
		}
	}
	for _, project := range []string{"prj_1", "prj_2"} { // both have two of four
		if _, err := join(project); !fault.Is(err, fault.RateLimited) {
			t.Errorf("one more of %s got %v", project, err)
		}
	}
	for _, r := range many {
		r.Close()
	}
	if n := h.Readers(); n != 2 {
		t.Errorf("%d readers are left", n)
	}
}

func TestAFaultOfTheLogIsGotOver(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		r := read(t, h, nil, nil)
		defer r.Close()
		b.mu.Lock()
		b.fail = errors.New("away")
		b.mu.Unlock()
		b.append(1)
		h.Wake()
		<-time.After(10 * time.Second)
		b.mu.Lock()
		b.fail = nil
		b.mu.Unlock()
		take(t, r, 1)
	})
}

func TestClosingEndsEveryReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b book
		h := b.hub()
		ended := make(chan error, 3)
		for range 3 {
			r := read(t, h, nil, nil)
			go func() {
				defer r.Close()
				_, err := r.Next(t.Context())
				ended <- err
			}()
		}
		synctest.Wait()
		h.Close()
		for range 3 {
			if err := <-ended; err == nil {
				t.Error("a reader ended without an error")
			}
		}
		if _, err := h.Read(t.Context(), "prj_1", nil, nil); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestProjectsAreReadApart(t *testing.T) {
	t.Parallel()
	live(t, func(t *testing.T, b *book, h *feed.Hub) {
		r, err := h.Read(t.Context(), "prj_2", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		b.append(10)
		h.Wake()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if list, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("another project's reader got %s, %v", fmt.Sprint(list), err)
		}
	})
}
