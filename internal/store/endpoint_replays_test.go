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

func (b *dispatchBench) act(operation string) store.Act {
	return store.Act{At: b.now, By: "test", Door: "test", Operation: operation}
}

// rows are the dispatches of the endpoint, newest first.
func (b *dispatchBench) rows(states ...dispatch.State) []store.DispatchRow {
	b.t.Helper()
	page, err := b.Dispatches(b.t.Context(), store.DispatchQuery{Project: store.DefaultProject, Endpoint: b.endpoint.ID, States: states})
	noError(b.t, err)
	return page.Dispatches
}

// ends stores how tries ended that began.
func (b *dispatchBench) ends(holder string, state dispatch.State, begun ...dispatch.Dispatch) {
	b.t.Helper()
	b.step(holder, func(s *dispatch.Step) {
		for _, d := range begun {
			s.Ended = append(s.Ended, dispatch.Ended{
				Ref: d.Ref, Try: d.Try, Outcome: dispatch.Outcome{At: b.now, Status: 503, Problem: "503"}, State: state,
				Answer: []byte("no"), Body: []byte("{}"), Due: b.now.Add(time.Minute),
			})
		}
	})
}

func TestADispatchThatEndedIsSentAgainUnderItsIDAndOneUnderWayIsNot(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		ctx, p := t.Context(), store.DefaultProject
		b.hold("one")
		begun := b.begin("one", "", 1, 2)
		id := b.rows()[0].ID
		if _, err := b.SendAgain(ctx, p, id, b.act("retryDispatch")); !fault.Is(err, fault.Conflict) {
			t.Errorf("one under way: %v", err)
		}
		if _, err := b.DropDispatch(ctx, p, id, b.act("dropDispatch")); !fault.Is(err, fault.Conflict) {
			t.Errorf("one under way: %v", err)
		}
		b.ends("one", dispatch.Dead, begun...)
		if dead := b.rows(dispatch.Dead); len(dead) != 2 || dead[0].Last.Problem != "503" || string(dead[0].Last.Answer) != "no" {
			t.Errorf("given up: %+v", dead)
		}
		b.now = b.now.Add(time.Hour)
		x, err := b.SendAgain(ctx, p, id, b.act("retryDispatch"))
		noError(t, err)
		due, _ := b.due(10)
		if x.State != dispatch.Waiting || !x.AgainAt.Equal(b.now) || len(due) != 1 || due[0].ID != begun[1].ID || !due[0].First.Equal(b.now) ||
			string(due[0].Body) != "{}" {
			t.Errorf("%+v is due as %+v", x, due)
		}
		_, err = b.DropDispatch(ctx, p, id, b.act("dropDispatch"))
		noError(t, err)
		if due, _ := b.due(10); len(due) != 0 {
			t.Errorf("dropped, and due: %+v", due)
		}
		_, _, tries, err := b.Dispatch(ctx, p, id)
		noError(t, err)
		if len(tries) != 1 || tries[0].Status != 503 {
			t.Errorf("tries %+v", tries)
		}
	})
}

func TestAReplayQueuesWhatEndedAndWhatWasNeverSentOnceEach(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		ctx, p := t.Context(), store.DefaultProject
		b.hold("one")
		begun := b.begin("one", "", 1, 2)
		b.ends("one", dispatch.Delivered, begun[0])
		x, err := b.CreateEndpointReplay(ctx, p, b.endpoint.ID, store.EndpointReplay{Since: b.now, PerSecond: 2.5}, b.act("replayEndpoint"))
		noError(t, err)
		if _, err := b.CreateEndpointReplay(ctx, p, b.endpoint.ID, x, b.act("replayEndpoint")); !fault.Is(err, fault.Conflict) {
			t.Errorf("two at once: %v", err)
		}
		x.State, x.Seen = store.ReplayRunning, 3
		never := event.NewID(b.now, p, "test", "never")
		list := []store.Again{{Event: begun[0].Events[0], Due: b.now}, {Event: begun[1].Events[0], Due: b.now}, {Event: never, Due: b.now.Add(time.Second)}}
		for range 2 { // the second time they wait already
			goesOn, err := b.QueueReplay(ctx, &x, list, b.now)
			noError(t, err)
			if !goesOn {
				t.Error("it ended")
			}
		}
		got, e, err := b.EndpointReplay(ctx, x.ID)
		noError(t, err)
		if got.Queued != 2 || got.Seen != 3 || got.PerSecond != 2.5 || e.ID != b.endpoint.ID {
			t.Errorf("%+v", got)
		}
		if due, next := b.due(10); len(due) != 1 || due[0].ID != begun[0].ID || !next.Equal(b.now.Add(time.Second)) {
			t.Errorf("due %+v, next %s", due, next)
		}
		_, err = b.CancelEndpointReplay(ctx, p, b.endpoint.ID, x.ID, b.act("cancelEndpointReplay"))
		noError(t, err)
		if goesOn, err := b.QueueReplay(ctx, &x, list, b.now); goesOn || err != nil {
			t.Errorf("cancelled, and goes on: %v", err)
		}
	})
}

func TestAnEndpointThatIsDisabledKeepsWhatEndsAndBeginsNothing(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		b.hold("one")
		begun := b.begin("one", "", 1)
		act := b.act("disableEndpoint")
		_, err := b.ChangeEndpoint(t.Context(), store.DefaultProject, b.endpoint.ID, &act, func(x *store.Endpoint) error {
			x.DisabledAt = b.now
			return nil
		})
		noError(t, err)
		_, err = b.StepDispatches(t.Context(), &dispatch.Step{Endpoint: b.endpoint.Ref, Holder: "one", Now: b.now})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("it is held still: %v", err)
		}
		act.Operation = "enableEndpoint"
		_, err = b.ChangeEndpoint(t.Context(), store.DefaultProject, b.endpoint.ID, &act, func(x *store.Endpoint) error {
			x.DisabledAt = time.Time{}
			return nil
		})
		noError(t, err)
		b.hold("one")
		if due, _ := b.due(10); len(due) != 1 || due[0].ID != begun[0].ID {
			t.Errorf("what was under way is due as %+v", due)
		}
	})
}

func TestRetentionRemovesOldDispatchesButNotThoseSentAgainOrUnderWay(t *testing.T) {
	onBothDispatches(t, func(t *testing.T, b *dispatchBench) {
		ctx := t.Context()
		b.hold("one")
		old := b.begin("one", "", 1, 2, 3)
		b.ends("one", dispatch.Waiting, old[0])
		b.ends("one", dispatch.Delivered, old[1])
		b.now = b.now.Add(31 * 24 * time.Hour)
		b.hold("one")
		_, err := b.SendAgain(ctx, store.DefaultProject, b.rows(dispatch.Delivered)[0].ID, b.act("retryDispatch"))
		noError(t, err)
		b.begin("one", "", 4)
		n, err := b.RetainDispatches(ctx, b.now.Add(-30*24*time.Hour), b.now)
		noError(t, err)
		states := make(map[dispatch.State]int)
		for _, x := range b.rows() {
			states[x.State]++
		}
		// One waited for its next try for a month: that is over. Another one is sent again; two are under way.
		if n != 1 || states[dispatch.Waiting] != 1 || states[dispatch.Sending] != 2 {
			t.Errorf("%d removed, left %v", n, states)
		}
	})
}

func TestAPlaceInTheLogIsFoundByTheTimeThatEventsWereStored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "log")
		total := 0
		for i := range 40 {
			var facts []fact
			for k := range i % 3 {
				facts = append(facts, fact{name: event.EmailDelivery, message: fmt.Sprintf("m%d-%d", i, k), to: "a@b.test"})
			}
			if len(facts) == 0 {
				continue
			}
			e := f.entry(facts...)
			for k := range e.Events {
				e.Events[k].ReceivedAt = start.Add(time.Duration(i) * time.Minute)
			}
			f.commit(e)
			total += len(facts)
		}
		walkLog(t, s, store.Position{}, total, 1000) // all can be read
		for _, minutes := range []int{-5, 0, 1, 2, 7, 20, 38, 39, 50} {
			when := start.Add(time.Duration(minutes) * time.Minute)
			at, err := s.PlaceAt(t.Context(), when)
			noError(t, err)
			list, err := s.Follow(t.Context(), store.DefaultProject, at, 1000)
			noError(t, err)
			want, late := 0, 0
			for i := max(minutes, 0); i < 40; i++ {
				want += i % 3
			}
			for _, x := range list {
				if !x.Event.ReceivedAt.Before(when) {
					late++
				}
			}
			if early := len(list) - late; late != want || early > 2 {
				t.Errorf("from minute %d: %d events, want %d; %d lie before", minutes, late, want, early)
			}
		}
	})
}
