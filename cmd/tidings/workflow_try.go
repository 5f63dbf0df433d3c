package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type workflowTry struct {
	database `embed:""`
	printing `embed:""`
	What     string `arg:"" name:"file-or-id" help:"A file with one workflow, - for standard input; or the id (wfl_…) or key of one that is stored."`
	Days     int    `default:"7" placeholder:"N" help:"How far back, at most 90."`
}

// Help is the long help.
func (*workflowTry) Help() string {
	return `Tells who would have entered by the events of the last days, and of the newest 50 what would have been sent when
		and where
they would stand now. Conditions are asked of contacts as they are now. Nothing is stored or sent.

  tidings workflow try onboarding.yaml --days 30
  tidings workflow try onboarding --json`
}

// asked is what is tried: a file where there is one, else a workflow that is stored.
func (s *workflowTry) asked() (in control.WorkflowTrial, err error) {
	in.Days = s.Days
	var text []byte
	switch _, gone := os.Stat(s.What); {
	case s.What == "-":
		text, err = io.ReadAll(os.Stdin)
	case gone == nil:
		text, err = os.ReadFile(s.What)
	case strings.ContainsAny(s.What, "./\\"): // which no key has
		return in, fmt.Errorf("read the workflow: %w", gone)
	default:
		in.ID = s.What
	}
	in.Text = string(text)
	return in, err
}

// Run tries a workflow.
func (s *workflowTry) Run(c *console) error {
	in, err := s.asked()
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		f, err := ops.DryRunWorkflow(c.ctx, who, in)
		if err != nil {
			return err
		}
		view := api.WorkflowTrialOf(&f)
		return s.printAPI(c, view, func(w io.Writer) { printDryRun(w, &view) })
	})
}

func printDryRun(w io.Writer, x *api.WorkflowTrial) {
	fmt.Fprintf(w, "Of %d events since %s the trigger is for %d, and %d runs would have begun.\n", x.Looked, when(x.Since),
		x.Matched, x.Entered)
	if x.Cut {
		fmt.Fprintln(w, "There are more events than were looked at.")
	}
	for _, r := range x.Refused {
		fmt.Fprintf(w, "%d times nobody would have entered: %s\n", r.Number, plain(r.Why))
	}
	var rows [][]string
	for _, d := range x.Days {
		rows = append(rows, []string{d.Day, strconv.FormatInt(d.Entered, 10)})
	}
	if len(rows) > 0 {
		table(w, []string{"day", "entered"}, rows)
	}
	rows = nil
	for i := range x.Sample {
		run := &x.Sample[i]
		var mails []string
		for _, m := range run.Sends {
			mails = append(mails, m.Template+" "+when(m.At))
		}
		rows = append(rows, []string{
			when(run.Event.OccurredAt), run.Event.Name, run.Email, run.Status, run.Step, run.Reason, strings.Join(mails, ", "),
		})
	}
	if len(rows) > 0 {
		table(w, []string{"at", "event", "who", "status", "step", "because", "emails"}, rows)
	}
}
