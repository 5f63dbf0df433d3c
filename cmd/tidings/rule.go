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

type ruleCommand struct {
	List   ruleList   `cmd:"" help:"List rules and what they did."`
	Show   ruleShow   `cmd:"" help:"Show a rule."`
	Try    ruleTry    `cmd:"" help:"Tell what a rule would have done with stored events."`
	Acts   ruleActs   `cmd:"" help:"List what a rule did."`
	Create ruleCreate `cmd:"" help:"Make a rule of a file."`
	Update ruleUpdate `cmd:"" help:"Replace what a rule says by a file."`
	Delete ruleDelete `cmd:"" help:"Delete a rule."`
}

type ruleList struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*ruleList) Help() string {
	return `By name. done, skipped and failed are acts of the last 30 days.

  tidings rule list
  tidings rule list --json`
}

// Run lists the rules.
func (s *ruleList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Rules(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.RuleListOf(list)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Rules) == 0 {
				fmt.Fprintln(w, "There are no rules. Make a folder of them and apply it: tidings apply --help")
				return
			}
			rows := make([][]string, len(view.Rules))
			for i, x := range view.Rules {
				state := "on"
				if !x.Enabled {
					state = "off"
				} else if len(x.Problems) > 0 {
					state = "broken"
				}
				rows[i] = []string{
					x.ID, x.Name, state, x.Origin, strings.Join(x.Events, ", "), strings.Join(x.Actions, ", "),
					strconv.FormatInt(x.Acted.Done, 10), strconv.FormatInt(x.Acted.Skipped, 10), strconv.FormatInt(x.Acted.Failed, 10),
				}
			}
			table(w, []string{"id", "name", "state", "origin", "events", "does", "done", "skipped", "failed"}, rows)
			for _, x := range view.Rules {
				for _, p := range x.Problems {
					fmt.Fprintf(w, "%s: problem: %s: %s\n", plain(x.Name), plain(p.At), plain(p.Message))
				}
			}
		})
	})
}

// oneRule names a rule.
type oneRule struct {
	database `embed:""`
	ID       string `arg:"" help:"The rule's id (rul_…) or name."`
}

type ruleShow struct {
	oneRule  `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*ruleShow) Help() string {
	return `In YAML, as it may stand in a file's list of rules.

  tidings rule show Welcome
  tidings rule show Welcome --json`
}

// Run shows a rule.
func (s *ruleShow) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.Rule(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		view := api.RuleOf(&v)
		return s.printAPI(c, view, func(w io.Writer) { printRule(w, &view) })
	})
}

func printRule(w io.Writer, x *api.Rule) {
	fmt.Fprintf(w, "# %s, version %d, of %s\n%s", x.ID, x.Version, x.Origin, plainLines(x.Rule))
	for _, p := range x.Problems {
		fmt.Fprintf(w, "# problem: %s: %s\n", plain(p.At), plain(p.Message))
	}
}

// plainLines is plain for a text of several lines.
func plainLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		if lines[i] != "" {
			lines[i] = plain(lines[i])
		}
	}
	return strings.Join(lines, "\n")
}

type ruleFile struct {
	File string `arg:"" help:"A file with one rule, YAML or JSON; - for standard input."`
}

func (f ruleFile) read(c *console) (string, error) {
	if f.File == "-" {
		b, err := io.ReadAll(os.Stdin)
		return string(b), err
	}
	b, err := os.ReadFile(f.File)
	return string(b), err
}

type ruleCreate struct {
	database `embed:""`
	printing `embed:""`
	ruleFile `embed:""`
}

// Help is the long help.
func (*ruleCreate) Help() string {
	return `The file holds one rule, as it stands in a list of rules. For many, keep a folder: tidings apply --help

  tidings rule create farewell.yaml
  tidings rule show Welcome | sed 's/^name: Welcome/name: Welcome too/' | tidings rule create -`
}

// Run makes a rule.
func (s *ruleCreate) Run(c *console) error {
	text, err := s.read(c)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.CreateRule(c.ctx, who, control.RuleText{Text: text})
		if err != nil {
			return err
		}
		view := api.RuleOf(&v)
		return s.printAPI(c, view, func(w io.Writer) { printRule(w, &view) })
	})
}

type ruleUpdate struct {
	oneRule  `embed:""`
	printing `embed:""`
	ruleFile `embed:""`
}

// Help is the long help.
func (*ruleUpdate) Help() string {
	return `The file holds one rule, which replaces what the rule said. Servers take it up within a second.

  tidings rule update Welcome welcome.yaml`
}

// Run changes a rule.
func (s *ruleUpdate) Run(c *console) error {
	text, err := s.read(c)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		v, err := ops.UpdateRule(c.ctx, who, s.ID, control.RuleText{Text: text})
		if err != nil {
			return err
		}
		view := api.RuleOf(&v)
		return s.printAPI(c, view, func(w io.Writer) { printRule(w, &view) })
	})
}

type ruleDelete struct {
	oneRule `embed:""`
}

// Help is the long help.
func (*ruleDelete) Help() string {
	return `What it sent is sent; what is noted of its acts goes with it.

  tidings rule delete Welcome`
}

// Run deletes a rule.
func (s *ruleDelete) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if err := ops.DeleteRule(c.ctx, who, s.ID); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is deleted.\n", plain(s.ID))
		return nil
	})
}

type ruleTry struct {
	database `embed:""`
	printing `embed:""`
	ruleFile `embed:""`
	Since    string `placeholder:"TIME" help:"Events from then on: a time or a date. Default: the last seven days."`
	Limit    int    `default:"20" placeholder:"N" help:"How many events are shown, at most 100."`
}

// Help is the long help.
func (*ruleTry) Help() string {
	return `Nothing is sent or changed. Contacts are taken as they are now.

  tidings rule try welcome.yaml
  tidings rule try welcome.yaml --since 2026-05-01 --json`
}

// Run tries a rule.
func (s *ruleTry) Run(c *console) error {
	text, err := s.read(c)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		f, err := ops.TryRule(c.ctx, who, control.RuleTrial{Text: text, Since: s.Since, Limit: s.Limit})
		if err != nil {
			return err
		}
		view := api.RuleTrialOf(&f)
		return s.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "Of %d events since %s the rule is for %d.\n", view.Looked, when(view.Since), view.Matched)
			if view.Cut {
				fmt.Fprintln(w, "There are more events than were looked at.")
			}
			var rows [][]string
			for _, m := range view.Matches {
				for _, x := range m.Acts {
					rows = append(rows, []string{when(m.Event.OccurredAt), m.Event.Name, x.Email, x.Action, x.Outcome, x.Detail})
				}
			}
			if len(rows) > 0 {
				table(w, []string{"at", "event", "who", "would", "outcome", "because"}, rows)
			}
		})
	})
}

type ruleActs struct {
	oneRule  `embed:""`
	printing `embed:""`
	Limit    int    `default:"50" placeholder:"N" help:"How many, at most 200."`
	Cursor   string `placeholder:"CURSOR" help:"The next page: nextCursor of the one before."`
}

// Help is the long help.
func (*ruleActs) Help() string {
	return `Of the last 30 days, newest first.

  tidings rule acts Welcome`
}

// Run lists what a rule did.
func (s *ruleActs) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.RuleActs(c.ctx, who, s.ID, s.Cursor, s.Limit)
		if err != nil {
			return err
		}
		view := api.RuleActListOf(&page)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Acts) == 0 {
				fmt.Fprintln(w, "It did nothing in the last 30 days.")
				return
			}
			rows := make([][]string, len(view.Acts))
			for i, x := range view.Acts {
				rows[i] = []string{when(x.At), x.Action, x.Outcome, x.ContactID, x.SendID, x.EventID, x.Detail}
			}
			table(w, []string{"at", "action", "outcome", "contact", "send", "event", "because"}, rows)
			if view.NextCursor != "" {
				fmt.Fprintf(w, "The next page: --cursor %s\n", view.NextCursor)
			}
		})
	})
}
