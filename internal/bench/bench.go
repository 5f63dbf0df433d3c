// Package bench provides the measurement of the whole program: a server as a process of its own, signed notifications
// over many connections, then questions; speed, latency, processor, memory and disk of each.
package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options say what is measured.
type Options struct {
	Binary      string // the program that serves
	DB          string // a postgres:// URL, in which databases are made and dropped; empty: SQLite files in Dir
	Dir         string // for signatures and databases; signatures found there are used again
	Events      int64
	Connections []int
	Batch       int    // events of a request in SendGrid's form; 0: one notification of Amazon SNS each
	Questions   int    // requests of each kind; default 1,000
	Profile     string // where the server writes its processor profile; empty: nowhere
	// Progress is told what is going on; nil is fine.
	Progress func(stage string, done, total int64)
}

// Report is what was measured.
type Report struct {
	Engine string `json:"engine"`
	Events int64  `json:"events"`
	Batch  int    `json:"batch,omitzero"` // events of a request; 0: one
	Loads  []Load `json:"loads"`
}

// Load is one load over a number of connections, on a database that was empty before.
type Load struct {
	Connections   int           `json:"connections"`
	PerSecond     float64       `json:"perSecond"`
	Windows       []Window      `json:"windows"`
	P50           time.Duration `json:"p50,format:nano"`
	P99           time.Duration `json:"p99,format:nano"`
	Shed          int64         `json:"shed"`                     // requests that were told to come again
	CPUPerEvent   time.Duration `json:"cpuPerEvent,format:nano"`  // of the server, user and system
	LoadPerEvent  time.Duration `json:"loadPerEvent,format:nano"` // the same of the load generator, which shares the machine
	MaxRSS        int64         `json:"maxRss"`                   // bytes
	FinalRSS      int64         `json:"finalRss"`                 // bytes
	BytesPerEvent float64       `json:"bytesPerEvent"`
	Answers       []Answer      `json:"answers"`
}

// Answer is how long one kind of question took, through HTTP, one at a time.
type Answer struct {
	Question string        `json:"question"`
	P50      time.Duration `json:"p50,format:nano"`
	P99      time.Duration `json:"p99,format:nano"`
}

// Run measures.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Questions == 0 {
		o.Questions = 1000
	}
	report := Report{Engine: o.engine(), Events: o.Events, Batch: o.Batch}
	p := prepared{story: newStory(o.Events)}
	if o.Batch == 0 {
		var err error
		p, err = prepare(ctx, o.Dir, o.Events, func(done, total int64) { o.Progress("sign", done, total) })
		if err != nil {
			return report, err
		}
	}
	for _, n := range o.Connections {
		l, err := o.measure(ctx, p, n)
		if err != nil {
			return report, fmt.Errorf("bench with %d connections: %w", n, err)
		}
		report.Loads = append(report.Loads, l)
	}
	return report, nil
}

func (o Options) engine() string {
	if o.DB != "" {
		return "PostgreSQL"
	}
	return "SQLite"
}

func (o Options) measure(ctx context.Context, p prepared, connections int) (result Load, err error) {
	db, err := newDatabase(ctx, o.DB, o.Dir, fmt.Sprintf("bench%d", connections))
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, db.drop(context.WithoutCancel(ctx))) }()
	s, err := startServer(ctx, o.Binary, db.url, o.Dir, o.Profile)
	if err != nil {
		return result, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, s.stop())
		}
	}()
	result, samples, err := o.load(ctx, s, p, connections)
	if err != nil {
		return result, err
	}
	if result.Answers, err = s.ask(ctx, samples, o); err != nil {
		return result, err
	}
	stopped = true
	if err := s.stop(); err != nil {
		return result, err
	}
	size, err := db.bytes(ctx)
	result.BytesPerEvent = float64(size) / float64(p.events)
	return result, err
}

// load posts the story and measures what it costs the server.
func (o Options) load(ctx context.Context, s *server, p prepared, connections int) (Load, []sample, error) {
	l := &load{
		prepared: p, address: s.address, sample: max(1, p.events/int64(o.Questions)), batch: o.Batch,
		progress: func(done, total int64) { o.Progress(fmt.Sprintf("post over %d connections", connections), done, total) },
	}
	if err := l.createSource(ctx, s); err != nil {
		return Load{}, nil, err
	}
	var out outcome
	spent, err := s.measure(func() (err error) {
		out, err = l.run(ctx, connections)
		return err
	})
	if err != nil {
		return Load{}, nil, err
	}
	return Load{
		Connections: connections,
		PerSecond:   float64(p.events) / out.took.Seconds(),
		Windows:     out.windows, P50: out.p50, P99: out.p99, Shed: out.shed,
		CPUPerEvent:  spent.server.cpu / time.Duration(p.events),
		LoadPerEvent: spent.generator.cpu / time.Duration(p.events),
		MaxRSS:       spent.server.max, FinalRSS: spent.server.rss,
	}, l.samples, nil
}
