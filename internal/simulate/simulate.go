// Package simulate provides a mail world that never was: people, senders, and what Amazon SES would tell of it,
// signed by a certificate of its own and posted like Amazon SNS does. A seed makes it repeat. It knows what a server
// should contain afterwards without asking any of the server's rules.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// DefaultTopic is the topic that simulated notifications say they come from.
const DefaultTopic = "arn:aws:sns:eu-west-1:123456789012:simulated-mail"

// Options say how much happens, and how fast. The zero value of a field means its default.
type Options struct {
	URL        string        // of the source to post to
	Topic      string        // default DefaultTopic
	Seed       uint64        // the same seed and start make the same notifications
	Start      time.Time     // when the first message is sent; default ten days before today's midnight, UTC
	Span       time.Duration // over how long the messages are spread in simulated time; default 7 days
	Events     int64         // distinct facts; 0: until the context or Duration ends
	Duration   time.Duration // real time; 0: no bound
	Rate       float64       // facts a second; 0: as fast as the server answers
	Recipients int           // people; default 20,000
	Noise      float64       // share of notifications that come twice; negative: none; default 0.03
	Window     int           // notifications within which the order is lost; negative: none; default 50
	Live       bool          // facts happen now, at Rate, and people hurry
	Workers    int           // connections; default 8
	Client     *http.Client  // default: a new one

	Every time.Duration // between two messages in simulated time; computed
	Hurry float64       // how much faster than life people are; computed
}

// grace is how long the last posts may take after the context has ended.
const grace = 10 * time.Second

// factsPerMessage is about how many facts a message makes.
const factsPerMessage = 2.4

func (o Options) withDefaults(now time.Time) Options {
	o.Topic = or(o.Topic, DefaultTopic)
	o.Span = or(o.Span, 7*24*time.Hour)
	o.Recipients = or(o.Recipients, 20_000)
	o.Workers = or(o.Workers, 8)
	o.Noise = max(0, or(o.Noise, 0.03))
	o.Window = max(0, or(o.Window, 50))
	o.Hurry = 1
	o.Every = 10 * time.Minute
	if o.Events > 0 {
		o.Every = min(o.Every, max(time.Millisecond, time.Duration(float64(o.Span)*factsPerMessage/float64(o.Events))))
	}
	if o.Start.IsZero() {
		o.Start = now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	}
	if o.Live {
		o.Start = now.UTC().Truncate(time.Millisecond)
		o.Rate = or(o.Rate, 10)
		o.Every = max(time.Millisecond, time.Duration(float64(time.Second)*factsPerMessage/o.Rate))
		o.Hurry = 240 // two hours become half a minute
		o.Window = min(o.Window, 3)
	}
	o.Start = o.Start.UTC().Truncate(time.Millisecond)
	return o
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Run simulates until Events, Duration or the context ends, posts every notification until it is accepted, and returns
// what the server should contain. An end by the context is no error. progress is told the facts that were made; nil
// is fine.
func Run(ctx context.Context, o Options, id *Identity, progress func(facts int64)) (Summary, error) {
	o = o.withDefaults(time.Now())
	w := &world{opts: o}
	r := &run{
		world: w, progress: progress, items: make(chan item, 2*o.Workers),
		expected: newExpectation(w),
		stream:   stream{world: w},
		disorder: disorder{window: o.Window, noise: o.Noise, r: w.dice(streamNoise, 0)},
		poster:   newPoster(o, id, w),
	}
	// What was made has to arrive, or the summary would be wrong: the posts outlive the context by a little.
	posts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	group, posts := errgroup.WithContext(posts)
	group.Go(func() error {
		defer close(r.items)
		return r.produce(ctx, posts)
	})
	for range o.Workers {
		group.Go(func() error { return r.poster.work(posts, r.items) })
	}
	err := group.Wait()
	s := r.expected.summary()
	s.Posts, s.Notifications, s.Retries = r.poster.posts.Load(), r.notifications, r.poster.retries.Load()
	if err != nil {
		return s, fmt.Errorf("simulate: %w", err)
	}
	return s, nil
}

type run struct {
	world         *world
	progress      func(int64)
	items         chan item
	expected      *expectation
	stream        stream
	disorder      disorder
	poster        *poster
	notifications int64
}

// produce makes facts until it is time to stop. It ends early where posting ended.
func (r *run) produce(ctx, posts context.Context) error {
	o := r.world.opts
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Duration)
		defer cancel()
	}
	pace := newPace(o)
	out := func(it item) error {
		select {
		case r.items <- it:
			return nil
		case <-posts.Done():
			return context.Cause(posts)
		}
	}
	for n := int64(0); o.Events == 0 || n < o.Events; n++ {
		f := r.stream.pull()
		if pace.wait(ctx, f) != nil {
			break
		}
		r.expected.add(f)
		if err := r.disorder.take(item{fact: f}, out); err != nil {
			return err
		}
		if r.progress != nil {
			r.progress(n + 1)
		}
	}
	r.notifications = r.expected.facts + r.disorder.respelled
	return r.disorder.flush(out)
}

// pace says when the next fact may leave.
type pace struct {
	limit *rate.Limiter // nil: at once, or when it happens
	live  bool
}

func newPace(o Options) pace {
	if o.Live || o.Rate <= 0 {
		return pace{live: o.Live}
	}
	return pace{limit: rate.NewLimiter(rate.Limit(o.Rate), max(1, int(o.Rate/20)))}
}

var errEnded = errors.New("ended")

func (p pace) wait(ctx context.Context, f Fact) error {
	if ctx.Err() != nil {
		return errEnded
	}
	if p.limit != nil {
		return p.limit.Wait(ctx)
	}
	if !p.live {
		return nil
	}
	timer := time.NewTimer(time.Until(time.UnixMilli(f.at)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errEnded
	}
}
