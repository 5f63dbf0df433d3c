package dispatch

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tidings/event"
	"tidings/internal/fault"
)

const (
	// windowOf is how many dispatches are begun for each request that may be under way, so that none waits for a transaction.
	windowOf = 4
	// gather is how long tries that ended wait for others, to be stored together.
	gather     = 5 * time.Millisecond
	gatherMost = 64
	// restAfter is the pause after the store failed.
	restAfter = time.Second
	// placeEvery is how often the place in the log is stored where nothing else is.
	placeEvery = time.Minute
)

// worker serves one endpoint. One goroutine decides; others read the log and make requests.
type worker struct {
	*Runner
	held    *Held
	x       *Endpoint
	limiter *rate.Limiter

	again    chan struct{} // somebody wants it to look
	quit     chan struct{}
	quitting sync.Once
	done     chan struct{}
	pages    chan page
	results  chan Ended
	reached  Position // of whoever reads: where it goes on after a fault

	fresh  []freshEvent // read, and not begun
	at     Position     // everything before it is begun, or not for the endpoint, once fresh is empty
	stored Position     // what the store has of it
	placed time.Time    // when that was stored
	queue  []*task      // begun, and no request under way
	flying int
	ended  []Ended
	since  time.Time // of the first of ended
	next   time.Time // when a dispatch is due that waits; zero: none is known of
	due    bool      // the store is to be asked for what waits

	disabled string // why the endpoint is, once this is stored
}

type page struct {
	list []freshEvent
	at   Position
}

type freshEvent struct {
	Told
	at   Position
	came time.Time
}

// task is a dispatch that began, with what is told by it.
type task struct {
	Dispatch
	told []Told
}

func newWorker(r *Runner, h *Held, x *Endpoint) *worker {
	w := &worker{
		Runner: r, held: h, x: x, again: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
		pages: make(chan page), results: make(chan Ended), reached: h.At, at: h.At, stored: h.At, placed: r.Poster.Now(), due: true,
	}
	if x.PerSecond > 0 {
		w.limiter = rate.NewLimiter(rate.Limit(x.PerSecond), max(1, int(math.Ceil(x.PerSecond))))
	}
	return w
}

func (w *worker) stop() { w.quitting.Do(func() { close(w.quit) }) }

func (w *worker) look() {
	select {
	case w.again <- struct{}{}:
	default:
	}
}

func (w *worker) hasEnded() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// run serves until it is stopped or the endpoint is lost.
func (w *worker) run(ctx context.Context) {
	defer close(w.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go w.read(reading)
	for quit := (<-chan struct{})(w.quit); ; {
		var pause time.Duration
		err := w.advance(ctx, quit == nil)
		switch {
		case fault.Is(err, fault.Conflict): // another node has it
			return
		case err != nil:
			w.Log.ErrorContext(ctx, "send events to an endpoint, and try again", "endpoint", w.held.ID, "error", err)
			pause = restAfter
		case quit == nil && w.flying == 0 && len(w.ended) == 0:
			return
		default:
			w.launch(ctx)
			pause = w.pause(quit == nil)
		}
		timer := time.NewTimer(pause)
		select {
		case x := <-w.results:
			w.finish(x)
		case p := <-w.pagesWanted(quit == nil):
			w.fresh, w.at = append(w.fresh, p.list...), p.at
		case <-w.again:
			w.due = true
		case <-quit:
			quit = nil
			stopReading()
		case <-timer.C:
		}
		timer.Stop()
	}
}

// read reads the log, and finds what the endpoint is told of it.
func (w *worker) read(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.readOn(ctx); err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "read the log for an endpoint, and try again", "endpoint", w.held.ID, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(restAfter):
			}
		}
	}
}

func (w *worker) readOn(ctx context.Context) error {
	log, err := w.Read(ctx, w.held.Project, w.reached)
	if err != nil {
		return err
	}
	defer log.Close()
	for {
		list, err := log.Next(ctx)
		if err != nil {
			return err
		}
		p := page{at: log.At()}
		for i := range list {
			e := &list[i]
			if !w.x.Wants(e.Event.Name) {
				continue
			}
			told, err := w.Tell(ctx, w.held.Project, w.x, e)
			if err != nil {
				return err
			}
			if told != nil {
				p.list = append(p.list, freshEvent{*told, e.At, w.Poster.Now()})
			}
		}
		select {
		case w.pages <- p:
			w.reached = p.at
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pagesWanted is where the next page comes from, where one is wanted.
func (w *worker) pagesWanted(quitting bool) <-chan page {
	if quitting || len(w.fresh) >= w.most() {
		return nil
	}
	return w.pages
}

// most is how many events are read ahead.
func (w *worker) most() int {
	if w.x.Batch != nil {
		return w.x.Batch.Max
	}
	return 1
}

// room is how many dispatches may begin.
func (w *worker) room(now time.Time) int {
	return w.held.Health.Room(now, w.flying+len(w.queue), windowOf*w.x.AtOnce())
}

// roomToWait is how many of those that waited may begin: where what is new waits, too, that has half the room, so that it
// does not stand behind all that is sent again.
func (w *worker) roomToWait(room int) int {
	if len(w.fresh) == 0 {
		return room
	}
	return (room + 1) / 2
}

// advance begins what may begin, and stores what ended.
func (w *worker) advance(ctx context.Context, quitting bool) error {
	now := w.Poster.Now()
	s := &Step{Endpoint: w.held.Ref, Holder: w.holder, Now: now, Health: w.held.Health, Disabled: w.disabled, Ended: w.ended}
	room := w.room(now)
	if quitting || now.Before(w.held.Health.Until) {
		room = 0
		for _, t := range w.queue {
			s.Back = append(s.Back, t.Ref)
		}
	}
	waiting, err := w.waiting(ctx, now, w.roomToWait(room))
	if err != nil {
		return err
	}
	for _, d := range waiting {
		s.Begun = append(s.Begun, Begun{Ref: d.Ref, Events: d.Events})
	}
	groups := w.groups(room-len(waiting), now)
	taken := 0
	for _, g := range groups {
		b := Begun{Batch: w.x.Batch != nil, Key: g[0].Key}
		for i := range g {
			b.Events = append(b.Events, g[i].Event)
		}
		s.Begun, taken = append(s.Begun, b), taken+len(g)
	}
	if at, moved := w.place(taken); moved && (len(s.Begun)+len(s.Ended) > 0 || now.Sub(w.placed) >= placeEvery || quitting) {
		s.At = &at
	}
	if !w.worth(s, now) {
		return nil
	}
	begun, err := w.Store.StepDispatches(ctx, s)
	if err != nil {
		return err
	}
	w.took(s, begun, waiting, groups)
	return nil
}

// waiting are the dispatches that are due for another try.
func (w *worker) waiting(ctx context.Context, now time.Time, room int) (list []Dispatch, err error) {
	if room <= 0 || !w.due && (w.next.IsZero() || w.next.After(now)) {
		return nil, nil
	}
	if list, w.next, err = w.Store.DueDispatches(ctx, w.held.Ref, now, room); err != nil {
		return nil, err
	}
	w.due = len(list) == room
	return list, nil
}

// groups are the fresh events that begin now, each group as one dispatch.
func (w *worker) groups(room int, now time.Time) (list [][]freshEvent) {
	size := w.most()
	for rest := w.fresh; room > 0 && len(rest) > 0; room-- {
		n := min(size, len(rest))
		if n < size && now.Sub(rest[0].came) < w.x.BatchWait() {
			break
		}
		list, rest = append(list, rest[:n]), rest[n:]
	}
	return list
}

// place is the place in the log once so many fresh events are taken, and whether it moved.
func (w *worker) place(taken int) (at Position, moved bool) {
	switch {
	case taken == len(w.fresh):
		at = w.at
	case taken > 0:
		at = w.fresh[taken-1].at
	default:
		at = w.stored
	}
	return at, at != w.stored
}

// worth reports whether a transaction is worth it now: what ended waits a moment for others.
func (w *worker) worth(s *Step, now time.Time) bool {
	if len(s.Begun)+len(s.Back) > 0 || s.At != nil || s.Disabled != "" {
		return true
	}
	return len(s.Ended) >= gatherMost || len(s.Ended) > 0 && (w.flying == 0 || now.Sub(w.since) >= gather)
}

// took follows what was stored.
func (w *worker) took(s *Step, begun, waiting []Dispatch, groups [][]freshEvent) {
	w.ended = nil
	if w.disabled = ""; s.Disabled != "" {
		w.stop() // what is under way ends
	}
	if s.At != nil {
		w.stored, w.placed = *s.At, s.Now
	}
	if len(s.Back) > 0 {
		w.queue, w.due = nil, true
	}
	told := make(map[event.ID][]freshEvent, len(groups))
	for _, g := range groups {
		told[g[0].Event] = g
		w.fresh = w.fresh[len(g):]
	}
	for _, d := range begun {
		t := &task{Dispatch: d}
		if slices.ContainsFunc(waiting, func(o Dispatch) bool { return o.Ref == d.Ref }) {
			w.queue = append(w.queue, t)
			continue
		}
		for _, f := range told[d.Events[0]] {
			if slices.Contains(d.Events, f.Event) { // else the endpoint was told of it before
				t.told = append(t.told, f.Told)
			}
		}
		w.queue = append(w.queue, t)
	}
	if len(w.fresh) == 0 {
		w.fresh = nil // its array was grown for what is gone
	}
}

// launch begins requests for what was begun.
func (w *worker) launch(ctx context.Context) {
	for len(w.queue) > 0 && w.flying < w.x.AtOnce() && (w.limiter == nil || w.limiter.Allow()) {
		t := w.queue[0]
		w.queue = w.queue[1:]
		w.flying++
		go func() { w.results <- w.try(ctx, t) }()
	}
}

// try makes one request.
func (w *worker) try(ctx context.Context, t *task) Ended {
	began := time.Now()
	end := Ended{Ref: t.Ref, Try: t.Try}
	if err := w.prepare(ctx, t); err != nil {
		end.Outcome, end.State = Outcome{At: w.Poster.Now(), Problem: err.Error()}, Waiting
		if errors.Is(err, errGone) {
			end.State = Dropped
		}
		return w.after(t, end)
	}
	var answer []byte
	end.Outcome, answer = w.Poster.Post(ctx, &Request{
		URL: w.x.URL, Headers: w.x.Headers, Secrets: Valid(w.held.Keys, w.Poster.Now()), ID: t.ID, Try: t.Try,
		ContentType: t.ContentType, Body: t.Body,
	})
	end.Took, end.Answer, end.State = time.Since(began), answer, Delivered
	if !end.OK() {
		end.State, end.ContentType, end.Body = Waiting, t.ContentType, t.Body
	}
	return w.after(t, end)
}

var errGone = errors.New("the event is gone: it was erased, or its time was over")

// prepare makes the body, where none was kept.
func (w *worker) prepare(ctx context.Context, t *task) (err error) {
	if t.Body != nil {
		return nil
	}
	if t.told == nil {
		if t.told, err = w.Find(ctx, w.held.Project, w.x, &t.Dispatch); err != nil {
			return err
		}
	}
	if len(t.told) == 0 {
		return errGone
	}
	// In the same order whenever it is made.
	slices.SortFunc(t.told, func(a, b Told) int { return bytes.Compare(a.Event[:], b.Event[:]) })
	t.ContentType, t.Body, err = w.x.Body(t.told)
	return err
}

// after decides when a try that failed is followed by another.
func (w *worker) after(t *task, end Ended) Ended {
	if end.State != Waiting {
		return end
	}
	due, ok := Again(t.Try, end.At, t.First, w.x.Within(), end.After, w.Random())
	if end.Due = due; !ok {
		end.State = Dead
	}
	return end
}

// finish takes a try that ended.
func (w *worker) finish(x Ended) {
	w.flying--
	if len(w.ended) == 0 {
		w.since = w.Poster.Now()
	}
	w.ended = append(w.ended, x)
	if x.State == Dropped {
		return
	}
	var why string
	if w.held.Health, why = w.held.Health.After(x.Outcome); why != "" {
		w.disabled = why
	}
	if x.State == Waiting && (w.next.IsZero() || x.Due.Before(w.next)) {
		w.next = x.Due
	}
}

// pause is how long there is nothing to do, unless something comes.
func (w *worker) pause(quitting bool) time.Duration {
	now := w.Poster.Now()
	wait := placeEvery
	until := func(t time.Time) {
		if !t.IsZero() {
			wait = min(wait, max(t.Sub(now), 0))
		}
	}
	if len(w.ended) > 0 {
		until(w.since.Add(gather))
	}
	if quitting { // nothing begins any more
		return wait
	}
	if held := w.held.Health.Until; now.Before(held) {
		until(held)
		return wait
	}
	if !w.next.IsZero() && w.room(now) > 0 {
		until(w.next)
	}
	if len(w.fresh) > 0 && w.room(now) > 0 {
		until(w.fresh[0].came.Add(w.batchWait()))
	}
	if len(w.queue) > 0 && w.flying < w.x.AtOnce() && w.limiter != nil {
		wait = min(wait, time.Duration(float64(time.Second)/float64(w.limiter.Limit())))
	}
	return wait
}

func (w *worker) batchWait() time.Duration {
	if w.x.Batch == nil {
		return 0
	}
	return w.x.BatchWait()
}
