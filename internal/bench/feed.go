package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// FeedOptions say how the live feed is measured.
type FeedOptions struct {
	Options  // Events, Connections and Questions are not asked for
	Readers  int
	Rate     int // events posted a second
	Duration time.Duration
}

// FeedReport is what many readers of the live feed got, and what it cost the server.
type FeedReport struct {
	Engine    string        `json:"engine"`
	Readers   int           `json:"readers"`
	Posted    int64         `json:"posted"`    // notifications
	PerSecond float64       `json:"perSecond"` // of them
	Events    int64         `json:"events"`    // stored: some notifications are about several people
	Delivered int64         `json:"delivered"` // events, to all readers together
	Told      float64       `json:"told"`      // of them a second
	Bytes     float64       `json:"bytes"`     // read a second, by all readers together
	Missing   int64         `json:"missing"`   // events that a reader never got
	Repeated  int64         `json:"repeated"`  // events that a reader got again
	Drops     int64         `json:"drops"`     // connections that ended before the feed did; their readers went on
	LagP50    time.Duration `json:"lagP50,format:nano"`
	LagP99    time.Duration `json:"lagP99,format:nano"`
	LagMax    time.Duration `json:"lagMax,format:nano"`
	AckP99    time.Duration `json:"ackP99,format:nano"`
	ServerCPU float64       `json:"serverCpu"` // processors in use, user and system
	LoadCPU   float64       `json:"loadCpu"`   // the same of the readers and the load, which share the machine
	Memory    []Memory      `json:"memory"`    // of the server, each second
}

// Memory is what the server holds at a moment of the load.
type Memory struct {
	At  time.Duration `json:"at,format:nano"`
	RSS int64         `json:"rss"` // bytes
}

const (
	// feedPosters are the connections that the load comes over: enough that a slow answer does not hold up the next post.
	feedPosters = 64
	// patience is how long readers may take for what they don't have when the load ends.
	patience = 30 * time.Second
	// lagOf is of one in how many events the lag is taken: to look into each would cost more than to send it.
	lagOf = 16
)

// RunFeed connects readers, posts at an even rate and measures what they get. The lag of an event is from its arrival at
// the server to a reader's.
func RunFeed(ctx context.Context, o FeedOptions) (report FeedReport, err error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	report = FeedReport{Engine: o.engine(), Readers: o.Readers, Posted: int64(float64(o.Rate) * o.Duration.Seconds())}
	p, err := prepare(ctx, o.Dir, report.Posted, func(done, total int64) { o.Progress("sign", done, total) })
	if err != nil {
		return report, err
	}
	db, err := newDatabase(ctx, o.DB, o.Dir, "benchfeed")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.drop(context.WithoutCancel(ctx))) }()
	s, err := startServer(ctx, o.Binary, db.url, o.Dir, o.Profile, "--feed-readers", strconv.Itoa(o.Readers))
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	l := &load{
		prepared: p, address: s.address, sample: report.Posted, every: time.Second / time.Duration(o.Rate),
		progress: func(done, total int64) { o.Progress("post to the feed", done, total) },
	}
	if err := l.createSource(ctx, s); err != nil {
		return report, err
	}
	err = o.watch(ctx, s, l, &report)
	return report, err
}

// watch has everybody read while the load runs.
func (o FeedOptions) watch(ctx context.Context, s *server, l *load, report *FeedReport) error {
	key, err := s.createKey(ctx)
	if err != nil {
		return err
	}
	a := &audience{address: s.address, key: key, client: &http.Client{
		Transport: &http.Transport{ReadBufferSize: readBuffer, DisableCompression: true},
	}}
	if err := a.gather(ctx, o.Readers, o.Progress); err != nil {
		return err
	}
	defer a.leave()
	memory, stop := s.remember()
	defer stop()
	var out outcome
	began := time.Now()
	spent, err := s.measure(func() (err error) {
		out, err = l.run(ctx, feedPosters)
		return err
	})
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	if report.Events, err = s.stored(ctx); err != nil {
		return err
	}
	if err := a.wait(ctx, report.Events, patience); err != nil {
		return err
	}
	stop()
	a.leave()
	report.PerSecond, report.AckP99, report.Memory = float64(report.Posted)/took, out.p99, memory()
	report.ServerCPU, report.LoadCPU = spent.server.cpu.Seconds()/took, spent.generator.cpu.Seconds()/took
	a.tell(report, began)
	return nil
}

// stored is how many events the database has.
func (s *server) stored(ctx context.Context) (int64, error) {
	var v struct {
		Events int64 `json:"events"`
	}
	err := s.command(ctx, &v, "verify")
	return v.Events, err
}

// remember looks at the server's memory now and each second until stop is called; memory returns what it saw.
func (s *server) remember() (memory func() []Memory, stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	var list []Memory
	began := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			if u, err := usageOf(s.process.Process.Pid); err == nil {
				list = append(list, Memory{time.Since(began), u.rss})
			}
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
	var once sync.Once
	return func() []Memory { return list }, func() {
		once.Do(func() { close(quit) })
		<-ended
	}
}

// gather connects so many readers, and returns when each knows from where on it is told.
func (a *audience) gather(ctx context.Context, readers int, progress func(string, int64, int64)) error {
	a.ctx, a.cancel = context.WithCancel(ctx)
	a.readers = make([]*reader, readers)
	connecting, _ := errgroup.WithContext(ctx)
	connecting.SetLimit(feedPosters)
	var mu sync.Mutex
	var connected int64
	for i := range a.readers {
		r := &reader{audience: a}
		a.readers[i] = r
		connecting.Go(func() error {
			if err := r.connect(); err != nil {
				return fmt.Errorf("connect a reader: %w", err)
			}
			mu.Lock()
			defer mu.Unlock()
			connected++
			progress("connect readers", connected, int64(readers))
			return nil
		})
	}
	if err := connecting.Wait(); err != nil {
		a.cancel()
		return err
	}
	for _, r := range a.readers {
		a.reading.Go(r.run)
	}
	return nil
}
