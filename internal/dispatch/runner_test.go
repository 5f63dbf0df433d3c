package dispatch_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
)

// shelf is a store in memory, for one project.
type shelf struct {
	mu         sync.Mutex
	endpoints  map[int64]*dispatch.Held
	holder     map[int64]string
	until      map[int64]time.Time
	disabled   map[int64]string
	dispatches []*row
	log        []dispatch.Entry
	grown      chan struct{}
	steps      int
}

type row struct {
	dispatch.Dispatch
	endpoint int64
	key      string
	state    dispatch.State
	due      time.Time
	tries    []dispatch.Ended
}

func newShelf() *shelf {
	return &shelf{
		endpoints: make(map[int64]*dispatch.Held), holder: make(map[int64]string), until: make(map[int64]time.Time),
		disabled: make(map[int64]string), grown: make(chan struct{}),
	}
}

func (s *shelf) HoldEndpoints(_ context.Context, holder string, now, until time.Time) (list []dispatch.Held, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range slices.Sorted(maps.Keys(s.endpoints)) {
		if s.disabled[ref] != "" || s.holder[ref] != holder && s.until[ref].After(now) {
			continue
		}
		if s.holder[ref] != holder {
			for _, r := range s.dispatches {
				if r.endpoint == ref && r.state == dispatch.Sending {
					r.state, r.due = dispatch.Waiting, now
				}
			}
		}
		s.holder[ref], s.until[ref] = holder, until
		list = append(list, *s.endpoints[ref])
	}
	return list, nil
}

func (s *shelf) LeaveEndpoints(_ context.Context, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref, h := range s.holder {
		if h == holder {
			delete(s.holder, ref)
			delete(s.until, ref)
		}
	}
	return nil
}

func (s *shelf) DueDispatches(_ context.Context, endpoint int64, now time.Time, limit int) (list []dispatch.Dispatch, next time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waiting []*row
	for _, r := range s.dispatches {
		if r.endpoint == endpoint && r.state == dispatch.Waiting {
			waiting = append(waiting, r)
		}
	}
	slices.SortStableFunc(waiting, func(a, b *row) int { return a.due.Compare(b.due) })
	for _, r := range waiting {
		switch {
		case r.due.After(now):
			return list, r.due, nil
		case len(list) < limit:
			list = append(list, r.Dispatch)
		}
	}
	return list, time.Time{}, nil
}

func (s *shelf) StepDispatches(_ context.Context, x *dispatch.Step) (begun []dispatch.Dispatch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holder[x.Endpoint] != x.Holder {
		return nil, fault.New(fault.Conflict, "endpoint_lost", "somebody else has it")
	}
	s.steps++
	for _, e := range x.Ended {
		r := s.dispatches[e.Ref-1]
		r.state, r.due, r.tries = e.State, e.Due, append(r.tries, e)
		if r.ContentType, r.Body = e.ContentType, e.Body; r.state != dispatch.Waiting {
			s.release(r, x.Now)
		}
	}
	for _, ref := range x.Back {
		r := s.dispatches[ref-1]
		r.state, r.due, r.Try = dispatch.Waiting, x.Now, r.Try-1
	}
	for _, b := range x.Begun {
		if r := s.begin(x, b); r != nil && r.state == dispatch.Sending {
			begun = append(begun, r.Dispatch)
		}
	}
	h := s.endpoints[x.Endpoint]
	if h.Health = x.Health; x.At != nil {
		h.At = *x.At
	}
	if x.Disabled != "" {
		s.disabled[x.Endpoint] = x.Disabled
	}
	return begun, nil
}

func (s *shelf) begin(x *dispatch.Step, b dispatch.Begun) *row {
	if b.Ref != 0 {
		r := s.dispatches[b.Ref-1]
		r.state, r.Try = dispatch.Sending, r.Try+1
		return r
	}
	state := dispatch.Sending
	for _, r := range s.dispatches {
		if r.endpoint != x.Endpoint {
			continue
		}
		if slices.Contains(r.Events, b.Events[0]) {
			return nil
		}
		if b.Key != "" && r.key == b.Key && (r.state == dispatch.Sending || r.state == dispatch.Waiting || r.state == dispatch.Behind) {
			state = dispatch.Behind
		}
	}
	r := &row{endpoint: x.Endpoint, key: b.Key, state: state}
	r.Ref, r.Events, r.First, r.Try = int64(len(s.dispatches)+1), b.Events, x.Now, 1
	if r.ID = b.Events[0].String(); b.Batch {
		r.ID = fmt.Sprint("dsp_", r.Ref)
	}
	if state == dispatch.Behind {
		r.Try = 0
	}
	s.dispatches = append(s.dispatches, r)
	return r
}

// release lets the next of a key go.
func (s *shelf) release(ended *row, now time.Time) {
	for _, r := range s.dispatches {
		if ended.key != "" && r.endpoint == ended.endpoint && r.key == ended.key && r.state == dispatch.Behind {
			r.state, r.due = dispatch.Waiting, now
			return
		}
	}
}

// happen adds events to the log.
func (s *shelf) happen(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		seq := len(s.log) + 1
		e := &event.Event{Name: event.EmailDelivery, OccurredAt: signedAt, Message: &event.Message{ID: fmt.Sprint("m", seq%3)}}
		if seq%10 == 0 {
			e.Name = event.EmailBounce
		}
		e.ID[15], e.ID[14] = byte(seq), byte(seq>>8)
		s.log = append(s.log, dispatch.Entry{At: dispatch.Position{Seq: int64(seq)}, Event: e})
	}
	close(s.grown)
	s.grown = make(chan struct{})
}

// cursor reads the log.
type cursor struct {
	*shelf
	at dispatch.Position
}

func (c *cursor) Next(ctx context.Context) ([]dispatch.Entry, error) {
	for {
		c.mu.Lock()
		list, grown := c.log[min(int(c.at.Seq), len(c.log)):], c.grown
		c.mu.Unlock()
		if len(list) > 0 {
			list = list[:min(len(list), 20)]
			c.at = list[len(list)-1].At
			return list, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *cursor) At() dispatch.Position { return c.at }
func (c *cursor) Close()                {}

// receiver is the other side: what it got, and what it answers.
type receiver struct {
	mu     sync.Mutex
	got    []string // the ids, one for each request
	tries  []string // "id/number of the try"
	bodies map[string]string
	flying int
	most   int
	answer func(r *http.Request, n int) (status int, header http.Header, wait time.Duration)
}

func (x *receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	id := r.Header.Get(dispatch.HeaderID)
	x.got, x.tries = append(x.got, id), append(x.tries, id+"/"+r.Header.Get(dispatch.HeaderAttempt))
	n := len(x.got)
	if was, known := x.bodies[id]; known && was != string(body) {
		x.bodies[id] = "other bytes in another try"
	} else {
		x.bodies[id] = string(body)
	}
	x.flying++
	x.most = max(x.most, x.flying)
	x.mu.Unlock()
	status, header, wait := http.StatusOK, http.Header(nil), time.Millisecond
	if x.answer != nil {
		status, header, wait = x.answer(r, n)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		err = r.Context().Err()
	}
	x.mu.Lock()
	x.flying--
	x.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("so be it")), Request: r}, nil
}

func (x *receiver) list() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.got)
}

// world joins a shelf and receivers by host, in fake time.
type world struct {
	t *testing.T
	*shelf
	receivers map[string]*receiver
}

func inWorld(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run(t, &world{t: t, shelf: newShelf(), receivers: make(map[string]*receiver)})
	})
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	return w.receivers[r.URL.Hostname()].RoundTrip(r)
}

// endpoint adds one, with its receiver.
func (w *world) endpoint(d dispatch.Definition) *receiver {
	ref := int64(len(w.endpoints) + 1)
	d.Name = fmt.Sprint("e", ref)
	d.URL = cmp.Or(d.URL, "https://"+d.Name+".test/")
	w.endpoints[ref] = &dispatch.Held{Ref: ref, ID: d.Name, Project: "prj_1", Definition: d, Keys: []dispatch.Key{{Secret: dispatch.NewSecret()}}}
	x := &receiver{bodies: make(map[string]string)}
	w.receivers[d.Name+".test"] = x
	return x
}

// node runs a runner until the returned function is called.
func (w *world) node() (end func()) {
	w.t.Helper()
	told := func(x *dispatch.Endpoint, e *dispatch.Entry) dispatch.Told {
		return dispatch.Told{
			Event: e.Event.ID, ID: e.Event.ID.String(), Name: string(e.Event.Name), OccurredAt: e.Event.OccurredAt, Public: []byte(fmt.Sprintf(`{"n":%d}`, e.At.Seq)),
			Key: map[bool]string{true: e.Event.Message.ID}[x.Ordered],
		}
	}
	r := dispatch.NewRunner(dispatch.Options{
		Store: w, Random: func() float64 { return 0.5 }, Limits: dispatch.Limits{},
		Poster: &dispatch.Poster{Client: &http.Client{Transport: w}, UserAgent: "Tidings", Now: time.Now},
		Read: func(_ context.Context, _ string, after dispatch.Position) (dispatch.Log, error) {
			return &cursor{w.shelf, after}, nil
		},
		Tell: func(_ context.Context, _ string, x *dispatch.Endpoint, e *dispatch.Entry) (*dispatch.Told, error) {
			return new(told(x, e)), nil
		},
		Find: func(_ context.Context, _ string, x *dispatch.Endpoint, d *dispatch.Dispatch) (list []dispatch.Told, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for i := range w.log {
				if slices.Contains(d.Events, w.log[i].Event.ID) {
					list = append(list, told(x, &w.log[i]))
				}
			}
			return list, nil
		},
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() {
		w.t.Helper()
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) count(state dispatch.State) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.dispatches {
		if r.state == state {
			n++
		}
	}
	return n
}

func TestEveryEventThatAnEndpointWantsGoesThereOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		all := w.endpoint(dispatch.Definition{})
		bounces := w.endpoint(dispatch.Definition{})
		w.endpoints[2].On.Event = []string{"email.bounce"}
		w.happen(100)
		defer w.node()()
		<-time.After(time.Second)
		w.happen(100)
		<-time.After(time.Second)
		if n, m := len(all.list()), len(bounces.list()); n != 200 || m != 20 || w.count(dispatch.Delivered) != 220 {
			t.Errorf("%d and %d requests, %d delivered", n, m, w.count(dispatch.Delivered))
		}
		if all.most > dispatch.DefaultConcurrency {
			t.Errorf("%d at once", all.most)
		}
	})
}

func TestAnEndpointThatHangsDelaysNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hanging, good := w.endpoint(dispatch.Definition{}), w.endpoint(dispatch.Definition{})
		hanging.answer = func(*http.Request, int) (int, http.Header, time.Duration) { return 200, nil, time.Hour }
		defer w.node()()
		<-time.After(time.Second)
		w.happen(50)
		<-time.After(100 * time.Millisecond)
		if n := len(good.list()); n != 50 {
			t.Errorf("%d of 50 came", n)
		}
		<-time.After(20 * time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range w.dispatches {
			if r.endpoint == 1 && len(r.tries) > 0 && !strings.Contains(r.tries[0].Problem, "no answer within") {
				t.Fatalf("%+v", r.tries[0])
			}
		}
	})
}

func TestWhatFailsIsTriedAgainWithTheSameBytesUntilItIsTaken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{})
		x.answer = func(_ *http.Request, n int) (int, http.Header, time.Duration) {
			return map[bool]int{true: 503, false: 200}[n%3 == 0], nil, time.Millisecond
		}
		w.happen(300)
		defer w.node()()
		<-time.After(time.Hour)
		if n := w.count(dispatch.Delivered); n != 300 {
			t.Errorf("%d delivered", n)
		}
		seen := slices.Clone(x.tries)
		slices.Sort(seen)
		if len(slices.Compact(seen)) != len(x.tries) {
			t.Error("a try has the number of another one")
		}
		for id, body := range x.bodies {
			if strings.HasPrefix(body, "other") {
				t.Errorf("%s: %s", id, body)
			}
		}
	})
}

func TestADeadEndpointIsProbedAndThenDisabledAndLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{For: "168h"})
		x.answer = func(*http.Request, int) (int, http.Header, time.Duration) { return 500, nil, time.Millisecond }
		w.happen(1000)
		end := w.node()
		<-time.After(24 * time.Hour)
		if n := len(x.list()); n > 24*12+100 {
			t.Errorf("%d requests in a day", n)
		}
		<-time.After(6 * 24 * time.Hour)
		if !strings.Contains(w.disabled[1], "five days") {
			t.Errorf("disabled: %q", w.disabled[1])
		}
		w.mu.Lock()
		x.answer = nil
		delete(w.disabled, 1) // a person enables it
		w.endpoints[1].Health, w.endpoints[1].Rev = dispatch.Health{}, 1
		w.mu.Unlock()
		<-time.After(6 * time.Hour)
		end()
		if n := w.count(dispatch.Delivered) + w.count(dispatch.Dead); n != 1000 {
			t.Errorf("%d of 1000 have an end", n)
		}
	})
}

func TestAReceiverIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{Concurrency: 1})
		x.answer = func(_ *http.Request, n int) (int, http.Header, time.Duration) {
			if n == 1 {
				return 429, http.Header{"Retry-After": {"600"}}, time.Millisecond
			}
			return 200, nil, time.Millisecond
		}
		w.happen(20)
		defer w.node()()
		<-time.After(599 * time.Second)
		if n := len(x.list()); n != 1 {
			t.Errorf("%d requests before the time it named", n)
		}
		<-time.After(time.Minute)
		if n := w.count(dispatch.Delivered); n != 20 {
			t.Errorf("%d delivered", n)
		}
	})
}

func TestTheEventsOfOneEmailGoOneAfterTheOtherWhereThatIsAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{Ordered: true})
		failed := false
		x.answer = func(r *http.Request, n int) (int, http.Header, time.Duration) {
			if n == 2 && !failed {
				failed = true
				return 500, nil, time.Millisecond
			}
			return 200, nil, time.Duration(20-n%20) * time.Millisecond
		}
		w.happen(30)
		defer w.node()()
		<-time.After(time.Minute)
		if n := w.count(dispatch.Delivered); n != 30 {
			t.Fatalf("%d delivered", n)
		}
		last := make(map[string]int64)
		for _, id := range x.list() {
			for i := range w.log {
				if e := w.log[i]; e.Event.ID.String() == id {
					if e.At.Seq < last[e.Event.Message.ID] {
						t.Errorf("event %d came after %d", e.At.Seq, last[e.Event.Message.ID])
					}
					last[e.Event.Message.ID] = e.At.Seq
				}
			}
		}
	})
}

func TestABatchWaitsForMoreAndNotForever(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{Batch: &dispatch.Batch{Max: 50, Wait: "5s"}})
		defer w.node()()
		<-time.After(time.Second)
		w.happen(120)
		<-time.After(time.Second)
		if n := len(x.list()); n != 2 {
			t.Errorf("%d requests for two whole batches", n)
		}
		<-time.After(5 * time.Second)
		if n := len(x.list()); n != 3 {
			t.Errorf("%d requests once the rest waited", n)
		}
	})
}

func TestRequestsKeepToTheirRate(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{PerSecond: 10})
		w.happen(1000)
		defer w.node()()
		<-time.After(30 * time.Second)
		if n := len(x.list()); n < 280 || n > 320 {
			t.Errorf("%d requests in 30 s", n)
		}
	})
}

func TestAnotherNodeGoesOnWhereOneWasStopped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		x := w.endpoint(dispatch.Definition{})
		x.answer = func(*http.Request, int) (int, http.Header, time.Duration) { return 200, nil, 100 * time.Millisecond }
		w.happen(500)
		first := w.node()
		<-time.After(time.Second)
		second := w.node()
		first()
		<-time.After(time.Minute)
		second()
		got := slices.Clone(x.list())
		slices.Sort(got)
		if len(slices.Compact(got)) != 500 || len(x.list()) != 500 {
			t.Errorf("%d requests", len(x.list()))
		}
	})
}
