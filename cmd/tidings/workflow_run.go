package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type workflowFigures struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	Version     int64 `placeholder:"N" help:"Only runs of this version."`
}

// Help is the long help.
func (*workflowFigures) Help() string {
	return `opened and clicked are of people, and count an email once.

  tidings workflow figures onboarding`
}

// Run counts what runs did.
func (s *workflowFigures) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		f, err := ops.WorkflowFigures(c.ctx, who, s.ID, s.Version)
		if err != nil {
			return err
		}
		view := api.WorkflowFiguresOf(&f)
		return s.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%d started: %d go on, %d failed and wait for a person, %d came to the end, %d exited, %d were cancelled.\n",
				view.Started, view.Open, view.FailedNow, view.Completed, view.Exited, view.Cancelled)
			rows := make([][]string, len(view.Steps))
			for i := range view.Steps {
				rows[i] = figuresRow(&view.Steps[i])
			}
			table(w, []string{"step", "does", "entered", "there now", "failed", "left", "sent", "opened", "clicked"}, rows)
		})
	})
}

func figuresRow(x *api.StepFigures) []string {
	var left []string
	for _, outcome := range slices.Sorted(maps.Keys(x.Left)) {
		word := outcome
		if word == "" {
			word = "done"
		}
		left = append(left, word+" "+strconv.FormatInt(x.Left[outcome], 10))
	}
	row := []string{x.Step, x.Type}
	for _, n := range []int64{x.Entered, x.Waiting, x.Failed} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	row = append(row, strings.Join(left, ", "))
	for _, n := range []int64{x.Sent, x.Opened, x.Clicked} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return row
}

type workflowRuns struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	Status      string `placeholder:"WORD" help:"Only those: RUNNING, WAITING, COMPLETED, EXITED, FAILED or CANCELLED."`
	Contact     string `placeholder:"ADDRESS" help:"Only this contact's, by id or address."`
	Step        string `placeholder:"STEP" help:"Only those that are at this step, or ended there."`
	Limit       int    `default:"20" placeholder:"N" help:"How many, at most 100."`
	Cursor      string `placeholder:"CURSOR" help:"The next page: nextCursor of the one before."`
}

// Help is the long help.
func (*workflowRuns) Help() string {
	return `Newest first.

  tidings workflow runs onboarding
  tidings workflow runs onboarding --status FAILED
  tidings workflow runs onboarding --contact ann@acme.test --json`
}

// Run lists runs.
func (s *workflowRuns) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		var statuses []string
		if s.Status != "" {
			statuses = []string{s.Status}
		}
		page, err := ops.Runs(c.ctx, who, control.RunFilter{
			Workflow: s.ID, Statuses: statuses, Contact: s.Contact, Step: s.Step, PageSize: s.Limit, Cursor: s.Cursor,
		})
		if err != nil {
			return err
		}
		view := api.ExecutionListOf(&page)
		return s.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, len(view.Executions))
			for i := range view.Executions {
				x := &view.Executions[i]
				rows[i] = []string{
					x.ID, x.Email, x.Status, strconv.FormatInt(x.Version, 10), x.Step, when(x.StartedAt), when(x.DueAt), x.Reason,
				}
			}
			table(w, []string{"id", "contact", "status", "version", "step", "started", "due", "because"}, rows)
			if view.NextCursor != "" {
				fmt.Fprintf(w, "The next page: --cursor %s\n", view.NextCursor)
			}
		})
	})
}

// oneRun names a run.
type oneRun struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The run's id (exe_…)."`
}

func (p *printing) printRun(c *console, v *control.RunView, err error) error {
	if err != nil {
		return err
	}
	view := api.ExecutionDetailsOf(v)
	return p.printAPI(c, view, func(w io.Writer) {
		fmt.Fprintf(w, "%s of %s in %s, version %d: %s", view.ID, plain(view.Email), plain(v.Key), view.Version, view.Status)
		if view.Reason != "" {
			fmt.Fprintf(w, " (%s)", plain(view.Reason))
		}
		if !view.DueAt.IsZero() {
			fmt.Fprintf(w, ", due %s", when(view.DueAt))
		}
		fmt.Fprintln(w)
		rows := make([][]string, len(view.Steps))
		for i := range view.Steps {
			x := &view.Steps[i]
			left, send := "", ""
			if x.LeftAt != nil {
				left = when(*x.LeftAt)
			}
			if x.Send != nil {
				send = x.Send.ID + " " + x.Send.Status
			}
			rows[i] = []string{x.Step, x.Type, when(x.EnteredAt), left, x.Outcome, x.Detail, x.Variant, send}
		}
		table(w, []string{"step", "does", "entered", "left", "outcome", "because", "variant", "email"}, rows)
	})
}

type workflowRun struct {
	oneRun `embed:""`
}

// Help is the long help.
func (*workflowRun) Help() string {
	return `With when it entered and left each step, by which way, and what became of the email.

  tidings workflow run exe_1
  tidings workflow run exe_1 --json`
}

// Run shows a run.
func (s *workflowRun) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.Run(c.ctx, who, "", s.ID)
		return s.printRun(c, &v, err)
	})
}

type workflowStart struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	Contact     string `arg:"" help:"Who enters: a contact's id, address or external id (ext:…)."`
	Data        string `placeholder:"JSON" help:"What its templates may name as data: an object."`
	Once        string `placeholder:"WORD" help:"Start it once for this word, however often this is called."`
}

// Help is the long help.
func (*workflowStart) Help() string {
	return `The contact must be there. A server that runs begins it within a second.

  tidings workflow start onboarding ann@acme.test
  tidings workflow start onboarding ann@acme.test --data '{"plan":"team"}' --once order-1042`
}

// Run starts a run.
func (s *workflowStart) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, _, err := ops.StartRun(c.ctx, who, s.ID, control.NewRun{
			Contact: s.Contact, Context: []byte(s.Data),
			IdempotencyKey: s.Once,
		})
		return s.printRun(c, &v, err)
	})
}

type workflowRetry struct {
	oneRun `embed:""`
	Note   string `placeholder:"TEXT" help:"Why, for the audit log."`
}

// Help is the long help.
func (*workflowRetry) Help() string {
	return `It tries the step where it failed again.

  tidings workflow retry exe_2 --note 'the address is mended'`
}

// Run lets a run try again.
func (s *workflowRetry) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.RetryRun(c.ctx, who, "", s.ID, s.Note)
		return s.printRun(c, &v, err)
	})
}

type workflowSkip struct {
	oneRun  `embed:""`
	Outcome string `placeholder:"WORD" help:"The way that it takes: yes, no, timeout, … Default: that of whoever it does not concern."`
	Note    string `placeholder:"TEXT" help:"Why, for the audit log."`
}

// Help is the long help.
func (*workflowSkip) Help() string {
	return `A run that failed or waits goes on behind its step.

  tidings workflow skip exe_1
  tidings workflow skip exe_2 --note 'nobody is there to mail'`
}

// Run lets a run go on.
func (s *workflowSkip) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.SkipRun(c.ctx, who, "", s.ID, s.Outcome, s.Note)
		return s.printRun(c, &v, err)
	})
}

type workflowCancel struct {
	oneRun `embed:""`
	Note   string `placeholder:"TEXT" help:"Why, for the audit log."`
}

// Help is the long help.
func (*workflowCancel) Help() string {
	return `It ends where it is. What it sent is sent.

  tidings workflow cancel exe_1 --note 'asked by phone'`
}

// Run ends a run.
func (s *workflowCancel) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.CancelRun(c.ctx, who, "", s.ID, s.Note)
		return s.printRun(c, &v, err)
	})
}

type workflowMove struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	Version     int64             `placeholder:"N" help:"That they are on from now. Default: the one that contacts enter."`
	Step        map[string]string `placeholder:"OLD=NEW" help:"From a step of theirs to one of that version. May be given again."`
	From        int64             `placeholder:"N" help:"Only runs of this version."`
	Runs        []string          `name:"run" placeholder:"ID" help:"Only this run. May be given again. Default: all that go on or failed."`
	Note        string            `placeholder:"TEXT" help:"Why, for the audit log."`
	DryRun      bool              `help:"Only tell what would become of them."`
}

// Help is the long help.
func (*workflowMove) Help() string {
	return `A run whose step does the same in the other version waits on as it was. Any other begins anew the step that --step names
for it, or the one of the same id; where there is none it stays on its version.

  tidings workflow move onboarding --dry-run
  tidings workflow move onboarding
  tidings workflow move onboarding --version 1 --step wait=wait --run exe_1`
}

// Run moves runs.
func (s *workflowMove) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.MoveRuns(c.ctx, who, s.ID, control.RunMove{
			Version: s.Version, From: s.From, Steps: s.Step, Runs: s.Runs, Note: s.Note, Dry: s.DryRun,
		})
		if err != nil {
			return err
		}
		return s.printAPI(c, api.ExecutionsMovedOf(&x), func(w io.Writer) {
			if s.DryRun {
				fmt.Fprintf(w, "%d runs would be on version %d.\n", x.Moved, x.Version)
			} else {
				fmt.Fprintf(w, "%d runs are on version %d now.\n", x.Moved, x.Version)
			}
			for _, step := range slices.Sorted(maps.Keys(x.Anew)) {
				fmt.Fprintf(w, "%d of them, at %s, begin a step anew.\n", x.Anew[step], plain(step))
			}
			for _, step := range slices.Sorted(maps.Keys(x.Left)) {
				fmt.Fprintf(w, "%d stay at %s, which it does not have: --step %s=…\n", x.Left[step], plain(step), plain(step))
			}
			if x.More {
				fmt.Fprintln(w, "There are more: the same again goes on.")
			}
		})
	})
}

type workflowSettings struct {
	database `embed:""`
	printing `embed:""`
	Cap      *int   `placeholder:"N" help:"So many emails of workflows for one contact, within --in; 0: as many as there are."`
	In       string `placeholder:"SPAN" help:"Within so long: 7d."`
	Then     string `placeholder:"WORD" help:"What becomes of more: wait, or skip."`
	Quiet    string `placeholder:"HOURS" help:"When only transactional emails go: 22:00-07:00; none: there are no such hours."`
	Zone     string `placeholder:"ZONE" help:"Whose time that is: contact, or Europe/Vienna."`
}

// Help is the long help.
func (*workflowSettings) Help() string {
	return `They hold for workflows that do not say otherwise, from the next email on. What is not given stays.

  tidings workflow settings
  tidings workflow settings --cap 3 --in 7d --quiet 22:00-07:00 --zone Europe/Vienna`
}

// Run shows or sets the settings.
func (s *workflowSettings) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.WorkflowSettings(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.WorkflowSettingsOf(x)
		if s.change(&view) {
			if x, err = ops.SetWorkflowSettings(c.ctx, who, view.Settings()); err != nil {
				return err
			}
		}
		return s.printAPI(c, api.WorkflowSettingsOf(x), func(w io.Writer) {
			fmt.Fprintf(w, "emails for one contact: %s\nquiet hours: %s\n", plain(x.Cap.String()), plain(x.Quiet.String()))
		})
	})
}

// change puts what was given in place of what a setting is, and tells whether anything was.
func (s *workflowSettings) change(x *api.WorkflowSettings) bool {
	if s.Cap == nil && s.In == "" && s.Then == "" && s.Quiet == "" && s.Zone == "" {
		return false
	}
	if x.Cap == nil {
		x.Cap = &api.WorkflowCap{}
	}
	if s.Cap != nil {
		x.Cap.Mails = *s.Cap
	}
	x.Cap.In, x.Cap.Then = cmp.Or(s.In, x.Cap.In), cmp.Or(s.Then, x.Cap.Then)
	if s.Cap != nil && *s.Cap == 0 || *x.Cap == (api.WorkflowCap{}) {
		x.Cap = nil
	}
	if x.Quiet == nil {
		x.Quiet = &api.WorkflowQuiet{}
	}
	if s.Quiet != "" {
		x.Quiet.From, x.Quiet.To, _ = strings.Cut(s.Quiet, "-")
	}
	x.Quiet.Zone = cmp.Or(s.Zone, x.Quiet.Zone)
	if s.Quiet == "none" || *x.Quiet == (api.WorkflowQuiet{}) {
		x.Quiet = nil
	}
	return true
}
