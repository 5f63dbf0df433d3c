package main

import (
	"fmt"
	"io"

	"tidings/internal/config"
	"tidings/internal/control"
)

type recountCommand struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
}

// Help is the long help.
func (*recountCommand) Help() string {
	return `Puts counters and the states of messages right, by the stored events. It works beside a running server, which goes on
taking in. What it finds wrong with contacts and suppressions it only tells (code 4): they hold acts of people too.

    tidings recount`
}

// Run puts counters right.
func (r *recountCommand) Run(c *console) error {
	return r.with(c, config.Config{Rules: r.Rules}, func(ops *control.Control, who control.Actor) error {
		show, hide := c.progress("recount")
		done, err := ops.Recount(c.ctx, who, show)
		hide()
		if err != nil {
			return err
		}
		view := struct {
			Events   int64            `json:"events"`
			Messages int64            `json:"messages"`
			Counters int64            `json:"counters"`
			Left     []differenceView `json:"left"`
		}{done.Events, done.Messages, done.Counters, []differenceView{}}
		for _, d := range done.Left {
			view.Left = append(view.Left, differenceView{d.What, d.Have, d.Want})
		}
		err = r.print(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "Put right: %d counters, the states of %d messages, the classes of %d events.\n",
				done.Counters, done.Messages, done.Events)
			for _, d := range done.Left {
				fmt.Fprintf(w, "Left as it is: %s has %s, its events say %s\n", plain(d.What), plain(d.Have), plain(d.Want))
			}
		})
		if err == nil && len(done.Left) > 0 {
			err = errDifferences
		}
		return err
	})
}
