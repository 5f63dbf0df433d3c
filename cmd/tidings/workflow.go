package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type workflowCommand struct {
	List     workflowList     `cmd:"" help:"List workflows."`
	Show     workflowShow     `cmd:"" help:"Show a workflow."`
	Create   workflowCreate   `cmd:"" help:"Make a workflow of a file."`
	Update   workflowUpdate   `cmd:"" help:"Replace what a workflow says by a file."`
	Try      workflowTry      `cmd:"" help:"Tell who would have entered a workflow by stored events, and what would have been sent."`
	Enable   workflowEnable   `cmd:"" help:"Let contacts enter a workflow."`
	Disable  workflowDisable  `cmd:"" help:"Let nobody enter a workflow any more."`
	Delete   workflowDelete   `cmd:"" help:"Delete a workflow with its runs."`
	Versions workflowVersions `cmd:"" help:"List what a workflow said, or compare two versions."`
	Diagram  workflowDiagram  `cmd:"" help:"Draw a workflow."`
	Figures  workflowFigures  `cmd:"" help:"Count what runs did at each step."`
	Runs     workflowRuns     `cmd:"" help:"List the runs of a workflow."`
	Run      workflowRun      `cmd:"" help:"Show a run with every step that it entered."`
	Start    workflowStart    `cmd:"" help:"Let a contact enter a workflow."`
	Retry    workflowRetry    `cmd:"" help:"Let a run that failed try again."`
	Skip     workflowSkip     `cmd:"" help:"Let a run go on behind its step."`
	Cancel   workflowCancel   `cmd:"" help:"End a run."`
	Move     workflowMove     `cmd:"" help:"Put runs on another version."`
	Settings workflowSettings `cmd:"" help:"Show or set what holds for all workflows."`
}

type workflowList struct {
	database `embed:""`
	printing `embed:""`
	Search   string `placeholder:"TEXT" help:"Only those with the text in their key, name or description."`
	Page     int    `default:"1" placeholder:"N" help:"Which page of 100, from 1."`
}

// Help is the long help.
func (*workflowList) Help() string {
	return `By key. runs are those that go on, of every version.

  tidings workflow list
  tidings workflow list --search onboarding --json`
}

// Run lists the workflows.
func (s *workflowList) Run(c *console) error {
	const perPage = 100
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Workflows(c.ctx, who, s.Search, s.Page, perPage)
		if err != nil {
			return err
		}
		view := api.WorkflowListOf(&page)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Data) == 0 {
				fmt.Fprintln(w, "There are no workflows. Make a folder of them and apply it: tidings apply --help")
				return
			}
			rows := make([][]string, len(view.Data))
			for i := range view.Data {
				x := &view.Data[i]
				state := "on"
				if !x.Enabled {
					state = "off"
				} else if len(x.Problems) > 0 {
					state = "broken"
				}
				rows[i] = []string{
					x.ID, x.Key, x.Name, state, x.Origin, x.TriggerType, strconv.FormatInt(x.Version, 10),
					strconv.FormatInt(x.OpenExecutions, 10),
				}
			}
			table(w, []string{"id", "key", "name", "state", "origin", "trigger", "version", "runs"}, rows)
			for i := range view.Data {
				printWorkflowProblems(w, view.Data[i].Key+": ", view.Data[i].Problems)
			}
			if view.Page < view.TotalPages {
				fmt.Fprintf(w, "The next page: --page %d\n", view.Page+1)
			}
		})
	})
}

func printWorkflowProblems(w io.Writer, before string, list []api.RuleProblem) {
	for _, p := range list {
		fmt.Fprintf(w, "%sproblem: %s: %s\n", before, plain(p.At), plain(p.Message))
	}
}

// oneWorkflow names a workflow.
type oneWorkflow struct {
	database `embed:""`
	ID       string `arg:"" help:"The workflow's id (wfl_…) or key."`
}

type workflowShow struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
}

// Help is the long help.
func (*workflowShow) Help() string {
	return `In YAML, as it may stand in a file.

  tidings workflow show onboarding
  tidings workflow show onboarding > onboarding.yaml
  tidings workflow show onboarding --json`
}

// Run shows a workflow.
func (s *workflowShow) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.Workflow(c.ctx, who, s.ID)
		return s.printWorkflow(c, &v, err)
	})
}

func (p *printing) printWorkflow(c *console, v *control.WorkflowView, err error) error {
	if err != nil {
		return err
	}
	view := api.WorkflowDetailsOf(v)
	return p.printAPI(c, view, func(w io.Writer) {
		state := "enabled"
		if !view.Enabled {
			state = "not enabled"
		}
		fmt.Fprintf(w, "# %s, version %d, of %s, %s\n%s", view.ID, view.Version, view.Origin, state, plainLines(view.Text))
		printWorkflowProblems(w, "# ", view.Problems)
		for _, x := range view.Warnings {
			fmt.Fprintf(w, "# note: %s: %s\n", plain(x.At), plain(x.Message))
		}
	})
}

type workflowCreate struct {
	database `embed:""`
	printing `embed:""`
	ruleFile `embed:""`
	Enable   bool `help:"Let contacts enter at once."`
}

// Help is the long help.
func (*workflowCreate) Help() string {
	return `The file holds one workflow: ours, in YAML or JSON, MailGlyph's JSON, or a sequence of Mailshot. For many, keep a
		folder:
tidings apply --help

  tidings workflow create farewell-flow.yaml --enable
  tidings workflow show onboarding | sed 's/^workflow: .*/workflow: second/' | tidings workflow create -`
}

// Run makes a workflow.
func (s *workflowCreate) Run(c *console) error {
	text, err := s.read(c)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.CreateWorkflow(c.ctx, who, control.WorkflowText{Text: text, Enabled: &s.Enable})
		return s.printWorkflow(c, &v, err)
	})
}

type workflowUpdate struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	ruleFile    `embed:""`
}

// Help is the long help.
func (*workflowUpdate) Help() string {
	return `The file holds one workflow, which becomes a new version. Runs stay on the version that they began on:
tidings workflow move --help

  tidings workflow update onboarding onboarding.yaml`
}

// Run changes a workflow.
func (s *workflowUpdate) Run(c *console) error {
	text, err := s.read(c)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.DefineWorkflow(c.ctx, who, s.ID, control.WorkflowText{Text: text})
		return s.printWorkflow(c, &v, err)
	})
}

type workflowEnable struct {
	oneWorkflow `embed:""`
}

// Help is the long help.
func (*workflowEnable) Help() string {
	return `What happened before begins nothing.

  tidings workflow enable onboarding`
}

// Run enables a workflow.
func (s *workflowEnable) Run(c *console) error { return s.enable(c, true, "is enabled") }

func (s *oneWorkflow) enable(c *console, on bool, word string) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.EnableWorkflow(c.ctx, who, s.ID, on)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s %s.\n", plain(v.Definition.Key), word)
		return nil
	})
}

type workflowDisable struct {
	oneWorkflow `embed:""`
}

// Help is the long help.
func (*workflowDisable) Help() string {
	return `Who is in it goes on.

  tidings workflow disable onboarding`
}

// Run disables a workflow.
func (s *workflowDisable) Run(c *console) error { return s.enable(c, false, "is not enabled any more") }

type workflowDelete struct {
	oneWorkflow `embed:""`
}

// Help is the long help.
func (*workflowDelete) Help() string {
	return `Its versions and runs go with it. What they sent is sent.

  tidings workflow delete onboarding`
}

// Run deletes a workflow.
func (s *workflowDelete) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if err := ops.DeleteWorkflow(c.ctx, who, s.ID); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is deleted.\n", plain(s.ID))
		return nil
	})
}

type workflowVersions struct {
	oneWorkflow `embed:""`
	printing    `embed:""`
	From        int64 `placeholder:"N" help:"Compare this version …"`
	To          int64 `placeholder:"N" help:"… with this one. Default: the one that contacts enter."`
}

// Help is the long help.
func (*workflowVersions) Help() string {
	return `Newest first, with how many runs of each go on.

  tidings workflow versions onboarding
  tidings workflow versions onboarding --from 1`
}

// Run lists versions, or compares two.
func (s *workflowVersions) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if s.From != 0 || s.To != 0 {
			d, err := ops.CompareWorkflow(c.ctx, who, s.ID, s.From, s.To)
			if err != nil {
				return err
			}
			return s.printAPI(c, api.WorkflowDiff(d), func(w io.Writer) { fmt.Fprint(w, plainLines(d.Diff)) })
		}
		list, err := ops.WorkflowVersions(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		view, err := api.WorkflowVersionListOf(list)
		if err != nil {
			return err
		}
		return s.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, len(view.Versions))
			for i := range view.Versions {
				x := &view.Versions[i]
				rows[i] = []string{
					strconv.FormatInt(x.Version, 10), when(x.CreatedAt), x.CreatedBy, strconv.FormatInt(x.OpenExecutions, 10),
					strconv.Itoa(strings.Count(x.Text, "\n")),
				}
			}
			table(w, []string{"version", "at", "by", "runs", "lines"}, rows)
		})
	})
}

type workflowDiagram struct {
	oneWorkflow `embed:""`
	Version     int64 `placeholder:"N" help:"Of the workflow. Default: the one that contacts enter."`
}

// Help is the long help.
func (*workflowDiagram) Help() string {
	return `As a flowchart in the language of Mermaid, which many editors show.

  tidings workflow diagram onboarding > onboarding.mmd`
}

// Run draws a workflow.
func (s *workflowDiagram) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		text, err := ops.DrawWorkflow(c.ctx, who, s.ID, s.Version)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(c.out, plainLines(text))
		return err
	})
}
