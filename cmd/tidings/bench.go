package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"tidings/internal/bench"
)

type benchCommand struct {
	printing
	Events      int64  `default:"100000" placeholder:"N" help:"Signed events to post to each number of connections."`
	Connections []int  `default:"64,256" placeholder:"N,…" help:"Numbers of connections to measure."`
	Batch       int    `placeholder:"N" help:"Events of a request, as SendGrid sends them. Default: one, as Amazon SNS does."`
	Postgres    string `placeholder:"URL" help:"Measure PostgreSQL: databases tidings_bench… are made there and dropped. Default: SQLite."`
	Questions   int    `default:"1000" placeholder:"N" help:"Requests of each kind of question after each load."`
	Profile     string `placeholder:"FILE" type:"path" help:"Write the server's processor profile of the last load, for go tool pprof."`
	Dir         string `default:"data/bench" placeholder:"DIR" type:"path" help:"For signatures, which are used again, and SQLite files, which are removed."`
}

// Help is the long help.
func (*benchCommand) Help() string {
	return `Signs the load first (at 2,000 a second and core, once for each number of events), then starts this program as a
server of its own and posts.

  tidings bench
  tidings bench --events 2000000
  tidings bench --events 1000000 --connections 4 --batch 500
  tidings bench --postgres postgres://postgres@127.0.0.1:5432/postgres`
}

// Run measures and prints tables of Markdown.
func (b *benchCommand) Run(c *console) error {
	if b.Events < 1 || b.Questions < 1 || b.Batch < 0 || b.Batch > 10_000 {
		return usageError{errors.New("--events and --questions must be at least 1, --batch from 1 to 10000")}
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if err := os.MkdirAll(b.Dir, 0o750); err != nil {
		return fmt.Errorf("make --dir: %w", err)
	}
	var stage string
	show, hide := func(int64, int64) {}, func() {}
	report, err := bench.Run(c.ctx, bench.Options{
		Binary: binary, DB: b.Postgres, Dir: b.Dir, Events: b.Events, Connections: b.Connections, Batch: b.Batch,
		Profile: b.Profile, Questions: b.Questions,
		Progress: func(now string, done, total int64) {
			if now != stage {
				hide()
				stage = now
				show, hide = c.progress(now)
			}
			show(done, total)
		},
	})
	hide()
	if err != nil {
		return err
	}
	return b.print(c, report, func(w io.Writer) { report.Markdown(w) })
}
