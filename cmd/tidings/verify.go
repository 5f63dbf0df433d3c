package main

import (
	"fmt"
	"io"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/store"
)

type verifyCommand struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
}

// Help is the long help.
func (*verifyCommand) Help() string {
	return `Counts the stored events anew and compares with every counter, message and contact. Ends with code 4 where they differ.
It works beside a running server.

  tidings verify
  tidings verify --json`
}

// verifyView is the result as it is printed.
type verifyView struct {
	Events      int64            `json:"events"`
	Messages    int64            `json:"messages"`
	Contacts    int64            `json:"contacts"`
	Counters    int64            `json:"counters"`
	Differences []differenceView `json:"differences"`
}

type differenceView struct {
	What string `json:"what"`
	Have string `json:"have"`
	Want string `json:"want"`
}

// Run recounts.
func (v *verifyCommand) Run(c *console) error {
	return v.with(c, config.Config{Rules: v.Rules}, func(ops *control.Control, _ control.Actor) error {
		show, hide := c.progress("recount")
		found, err := ops.Verify(c.ctx, show)
		hide()
		if err != nil {
			return err
		}
		view := verifyView{found.Events, found.Messages, found.Contacts, found.Counters, []differenceView{}}
		for _, d := range found.Differences {
			view.Differences = append(view.Differences, differenceView{d.What, d.Have, d.Want})
		}
		if err := v.print(c, view, func(w io.Writer) { printVerification(w, found) }); err != nil {
			return err
		}
		if len(found.Differences) > 0 {
			return errDifferences
		}
		return nil
	})
}

func printVerification(w io.Writer, v store.Verification) {
	fmt.Fprintf(w, "Recounted %d events of %d messages and %d contacts against %d counters: ",
		v.Events, v.Messages, v.Contacts, v.Counters)
	if len(v.Differences) == 0 {
		fmt.Fprintln(w, "they are equal.")
		return
	}
	fmt.Fprintf(w, "%d differences.\n", len(v.Differences))
	var rows [][]string
	for _, d := range v.Differences {
		rows = append(rows, []string{d.What, d.Have, d.Want})
	}
	section(w, []string{"what", "have", "want"}, rows)
}
