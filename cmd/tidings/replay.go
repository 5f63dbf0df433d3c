package main

import (
	"io"
	"strconv"

	"tidings/internal/config"
	"tidings/internal/control"
)

type replayCommand struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
	Source       string `placeholder:"ID" help:"Only what came to this source (src_…)."`
	From         string `placeholder:"TIME" help:"Only what came at this time or date or later."`
	To           string `placeholder:"TIME" help:"Only what came before."`
	OnlyProblems bool   `help:"Only receipts with a problem."`
}

// Help is the long help.
func (*replayCommand) Help() string {
	return `The same fact has the same id whenever it is read, so a replay adds only what was missing. It works beside a running
server and may be stopped and begun again.

  tidings replay
  tidings replay --source src_01jq7z9f3v8k2m5n --json`
}

// replayView is the result as it is printed.
type replayView struct {
	Receipts   int64 `json:"receipts"`
	Unreadable int64 `json:"unreadable"`
	Problems   int64 `json:"problems"`
	New        int64 `json:"new"`
	Known      int64 `json:"known"`
	Upgraded   int64 `json:"upgraded"`
	Conflicts  int64 `json:"conflicts"`
	Expired    int64 `json:"expired"`
}

// Run replays.
func (r *replayCommand) Run(c *console) error {
	return r.with(c, config.Config{Rules: r.Rules}, func(ops *control.Control, who control.Actor) error {
		show, hide := c.progress("replay")
		done, err := ops.Replay(c.ctx, who, control.ReplayFilter{
			Source: r.Source, From: r.From, To: r.To, OnlyProblems: r.OnlyProblems,
		}, show)
		hide()
		if err != nil {
			return err
		}
		view := replayView(done)
		return r.print(c, view, func(w io.Writer) { printReplayed(w, done) })
	})
}

func printReplayed(w io.Writer, done control.Replayed) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	table(w, []string{"what", "count"}, [][]string{
		{"receipts parsed", n(done.Receipts)},
		{"receipts that can't be read", n(done.Unreadable)},
		{"receipts with problems", n(done.Problems)},
		{"events that were missing", n(done.New)},
		{"events that were there", n(done.Known)},
		{"unknown events now understood", n(done.Upgraded)},
		{"events with another content", n(done.Conflicts)},
		{"events too old to keep", n(done.Expired)},
	})
}
