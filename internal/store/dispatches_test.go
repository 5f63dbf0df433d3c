package store_test

import (
	"fmt"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// dispatchBench is a store with an endpoint, and a clock.
type dispatchBench struct {
	t *testing.T
	*store.Store
	now      time.Time
	endpoint store.Endpoint
}

func onBothDispatches(t *testing.T, run func(t *testing.T, b *dispatchBench)) {
	t.Helper()
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		b := &dispatchBench{t: t, now: start}
		b.Store = open(func(o *store.Options) { o.Now = func() time.Time { return b.now } })
		b.endpoint = b.create("ours")
		run(t, b)
	})
}

func (b *dispatchBench) create(name string) store.Endpoint {
	b.t.Helper()
	x := store.Endpoint{Sealed: []byte("sealed")}
	x.Definition = dispatch.Definition{Name: name, URL: "https://acme.test/", Headers: map[string]string{"Authorization": "secret"}}
	x, err := b.CreateEndpoint(b.t.Context(), store.DefaultProject, x, 100, store.Act{At: b.now, By: "test", Door: "test", Operation: "createEndpoint"})
	noError(b.t, err)
	return x
}

// hold holds what there is for half a minute.
func (b *dispatchBench) hold(holder string) []store.Endpoint {
	b.t.Helper()
	list, err := b.HoldEndpoints(b.t.Context(), holder, b.now, b.now.Add(30*time.Second))
	noError(b.t, err)
	return list
}

func (b *dispatchBench) step(holder string, change func(*dispatch.Step)) []dispatch.Dispatch {
	b.t.Helper()
	s := &dispatch.Step{Endpoint: b.endpoint.Ref, Holder: holder, Now: b.now}
	change(s)
	begun, err := b.StepDispatches(b.t.Context(), s)
	noError(b.t, err)
	return begun
}

// begin begins an event for each number.
func (b *dispatchBench) begin(holder, key string, numbers ...int) []dispatch.Dispatch {
	b.t.Helper()
	return b.step(holder, func(s *dispatch.Step) {
		for _, n := range numbers {
			s.Begun = append(s.Begun, dispatch.Begun{Events: []event.ID{eventNumber(n)}, Key: key})
		}
	})
}

func eventNumber(n int) (id event.ID) {
	id = event.FirstID(start)
	id[15], id[14] = byte(n), byte(n>>8)
	return id
}

func (b *dispatchBench) due(limit int) (list []dispatch.Dispatch, next time.Time) {
	b.t.Helper()
	list, next, err := b.DueDispatches(b.t.Context(), b.endpoint.Ref, b.now, limit)
	noError(b.t, err)
	return list, next
}

func ended(d dispatch.Dispatch, state dispatch.State, due time.Time, body string) dispatch.Ended {
	e := dispatch.Ended{Ref: d.Ref, Try: d.Try, State: state, Due: due, Took: 12 * time.Millisecond, Answer: []byte("a\x00b")}
	e.Outcome = dispatch.Outcome{At: start, Status: 200}
	if state != dispatch.Delivered {
		e.Status, e.Problem, e.ContentType, e.Body = 500, "500 \x00", "application/json", []byte(body)
	}
	return e
}

func TestAnEndpointIsServedByOneNodeUntilItsLeaseEnds(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		if list := b.hold("one"); len(list) != 1 || list[0].ID != b.endpoint.ID || string(list[0].Sealed) != "sealed" || list[0].Headers != nil {
			t.Fatalf("%+v", list)
		}
		if list := b.hold("two"); len(list) != 0 {
			t.Errorf("two nodes have it: %+v", list)
		}
		begun := b.begin("one", "", 1, 2, 1)
		if len(begun) != 2 || begun[0].ID != eventNumber(1).String() || begun[0].Try != 1 {
			t.Fatalf("%+v", begun)
		}
		b.now = b.now.Add(31 * time.Second)
		if list := b.hold("two"); len(list) != 1 {
			t.Fatalf("nobody has it: %+v", list)
		}
		_, err := b.StepDispatches(t.Context(), &dispatch.Step{
			Endpoint: b.endpoint.Ref, Holder: "one", Now: b.now, Ended: []dispatch.Ended{ended(begun[0], dispatch.Delivered, time.Time{}, "")},
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("who lost it stores what ended: %v", err)
		}
		if list, _ := b.due(10); len(list) != 2 || list[0].Try != 1 || list[0].Body != nil {
			t.Errorf("what was cut off does not wait: %+v", list)
		}
		noError(t, b.LeaveEndpoints(t.Context(), "two"))
		if list := b.hold("one"); len(list) != 1 {
			t.Errorf("what was given back nobody gets: %+v", list)
		}
	})
}

func TestWhatFailedWaitsWithItsBytesAndKeepsItsTries(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		b.hold("one")
		begun := b.begin("one", "", 1, 2, 3)
		later := b.now.Add(time.Minute)
		b.step("one", func(s *dispatch.Step) {
			s.Ended = []dispatch.Ended{
				ended(begun[0], dispatch.Waiting, later, "body"), ended(begun[1], dispatch.Delivered, time.Time{}, ""),
			}
			s.Back = []int64{begun[2].Ref}
			s.At = &dispatch.Position{Seq: 7}
			s.Health = dispatch.Health{Row: 1}
		})
		list, next := b.due(10)
		if len(list) != 1 || list[0].Ref != begun[2].Ref || list[0].Try != 0 || !next.Equal(later) {
			t.Fatalf("%+v %v", list, next)
		}
		b.now = later
		list, next = b.due(1)
		if len(list) != 1 || next.IsZero() {
			t.Errorf("%+v %v", list, next)
		}
		again := b.step("one", func(s *dispatch.Step) {
			for _, d := range begun[:1] {
				s.Begun = append(s.Begun, dispatch.Begun{Ref: d.Ref, Events: d.Events})
			}
		})
		if len(again) != 1 || again[0].Try != 2 || string(again[0].Body) != "body" || again[0].ContentType != "application/json" ||
			again[0].ID != begun[0].ID || !again[0].First.Equal(start) {
			t.Errorf("%+v", again)
		}
		x, err := b.Endpoint(t.Context(), store.DefaultProject, "ours")
		noError(t, err)
		if x.At.Seq != 7 || x.Health.Row != 0 {
			t.Errorf("%+v", x)
		}
	})
}

func TestOfOneKeyOneGoesAfterTheOther(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		b.hold("one")
		begun := b.begin("one", "m1", 1, 2, 3)
		if len(begun) != 1 {
			t.Fatalf("%+v", begun)
		}
		for n := range 3 {
			b.step("one", func(s *dispatch.Step) {
				s.Ended = []dispatch.Ended{ended(begun[0], dispatch.Delivered, time.Time{}, "")}
			})
			list, _ := b.due(10)
			if n == 2 {
				if len(list) != 0 {
					t.Errorf("%+v", list)
				}
				return
			}
			if len(list) != 1 || list[0].ID != eventNumber(n+2).String() {
				t.Fatalf("after %d: %+v", n, list)
			}
			begun = b.step("one", func(s *dispatch.Step) { s.Begun = []dispatch.Begun{{Ref: list[0].Ref, Events: list[0].Events}} })
		}
	})
}

func TestABatchHoldsOnlyWhatTheEndpointWasNotToldOf(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		b.hold("one")
		batch := func(numbers ...int) []dispatch.Dispatch {
			return b.step("one", func(s *dispatch.Step) {
				x := dispatch.Begun{Batch: true}
				for _, n := range numbers {
					x.Events = append(x.Events, eventNumber(n))
				}
				s.Begun = []dispatch.Begun{x}
			})
		}
		first, second, third := batch(1, 2), batch(2, 3), batch(1, 3)
		if len(first) != 1 || len(first[0].Events) != 2 || len(second) != 1 || fmt.Sprint(second[0].Events) != fmt.Sprint([]event.ID{eventNumber(3)}) ||
			len(third) != 0 {
			t.Errorf("%+v %+v %+v", first, second, third)
		}
		b.now = b.now.Add(time.Hour)
		b.hold("two")
		list, _ := b.due(10)
		if len(list) != 2 || list[0].ID != first[0].ID || len(list[0].Events) != 2 {
			t.Errorf("%+v", list)
		}
	})
}

func TestAnEndpointThatIsDisabledIsServedByNobodyAndGoesWithAllThatWasSent(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		ctx, p := t.Context(), store.DefaultProject
		act := store.Act{At: b.now, By: "test", Door: "test", Operation: "changeEndpoint"}
		b.hold("one")
		b.begin("one", "", 1)
		b.step("one", func(s *dispatch.Step) { s.Disabled = "410" })
		if list := b.hold("one"); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		x, err := b.Endpoint(ctx, p, b.endpoint.ID)
		noError(t, err)
		if x.Disabled != "410" || !x.DisabledAt.Equal(b.now) {
			t.Errorf("%+v", x)
		}
		x, err = b.ChangeEndpoint(ctx, p, "ours", &act, func(x *store.Endpoint) error {
			x.DisabledAt, x.Disabled, x.Name = time.Time{}, "", "mine"
			return nil
		})
		noError(t, err)
		b.now = b.now.Add(time.Hour)
		if list := b.hold("one"); len(list) != 1 || list[0].Name != "mine" || list[0].Rev != 2 || x.Rev != 2 {
			t.Errorf("%+v", list)
		}
		if _, err := b.CreateEndpoint(ctx, p, x, 100, act); !fault.Is(err, fault.Conflict) {
			t.Errorf("two of one name: %v", err)
		}
		noError(t, b.DeleteEndpoint(ctx, p, "mine", act))
		if list, err := b.Endpoints(ctx, p); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
		if list, _ := b.due(10); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
}
