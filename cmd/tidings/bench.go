package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tidings/internal/bench"
)

type benchCommand struct {
	printing
	Events      int64         `default:"100000" placeholder:"N" help:"Signed events to post to each number of connections."`
	Connections []int         `default:"64,256" placeholder:"N,…" help:"Numbers of connections to measure."`
	Batch       int           `placeholder:"N" help:"Events of a request, as SendGrid sends them. Default: one, as Amazon SNS does."`
	Postgres    string        `placeholder:"URL" help:"Measure PostgreSQL: databases tidings_bench… are made there and dropped. Default: SQLite."`
	Readers     int           `placeholder:"N" help:"Measure the live feed instead, with so many readers."`
	Rate        int           `default:"500" placeholder:"N" help:"Events a second that they are told of."`
	Duration    time.Duration `default:"60s" placeholder:"TIME" help:"For how long."`
	Questions   int           `default:"1000" placeholder:"N" help:"Requests of each kind of question after each load."`
	Profile     string        `placeholder:"FILE" type:"path" help:"Write the server's processor profile of the last load, for go tool pprof."`
	Dir         string        `default:"data/bench" placeholder:"DIR" type:"path" help:"For signatures, which are used again, and SQLite files, which are removed."`
}

// Help is the long help.
func (*benchCommand) Help() string {
	return `Signs the load first (at 2,000 a second and core, once for each number of events), then starts this program as a
server of its own and posts.

  tidings bench
  tidings bench --events 2000000
  tidings bench --events 1000000 --connections 4 --batch 500
  tidings bench --readers 1000 --rate 500 --duration 60s
  tidings bench --postgres postgres://postgres@127.0.0.1:5432/postgres`
}

// Run measures and prints tables of Markdown.
func (b *benchCommand) Run(c *console) error {
	if b.Events < 1 || b.Questions < 1 || b.Batch < 0 || b.Batch > 10_000 {
		return usageError{errors.New("--events and --questions must be at least 1, --batch from 1 to 10000")}
	}
	if b.Readers < 0 || b.Rate < 1 || b.Duration < time.Second {
		return usageError{errors.New("--readers and --rate must be at least 1, --duration at least 1s")}
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if err := os.MkdirAll(b.Dir, 0o750); err != nil {
		return fmt.Errorf("make --dir: %w", err)
	}
	o := bench.Options{
		Binary: binary, DB: b.Postgres, Dir: b.Dir, Events: b.Events, Connections: b.Connections, Batch: b.Batch,
		Profile: b.Profile, Questions: b.Questions,
	}
	var hide func()
	o.Progress, hide = c.stages()
	if b.Readers > 0 {
		report, err := bench.RunFeed(c.ctx, bench.FeedOptions{Options: o, Readers: b.Readers, Rate: b.Rate, Duration: b.Duration})
		hide()
		if err != nil {
			return err
		}
		return b.print(c, report, func(w io.Writer) { report.Markdown(w) })
	}
	report, err := bench.Run(c.ctx, o)
	hide()
	if err != nil {
		return err
	}
	return b.print(c, report, func(w io.Writer) { report.Markdown(w) })
}

// stages shows the progress of one work after the other.
func (c *console) stages() (progress func(stage string, done, total int64), hide func()) {
	var stage string
	show, end := func(int64, int64) {}, func() {}
	return func(now string, done, total int64) {
		if now != stage {
			end()
			stage = now
			show, end = c.progress(now)
		}
		show(done, total)
	}, func() { end() }
}
