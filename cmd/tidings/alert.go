package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"tidings/internal/api"
	"tidings/internal/control"
)

type alertCommand struct {
	List    alertList    `cmd:"" help:"List the alerts that hold now."`
	History alertHistory `cmd:"" help:"List the alerts that were, too."`
	Rules   alertRules   `cmd:"" help:"List what raises alerts."`
}

type alertList struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*alertList) Help() string {
	return `Newest first, with what to look at. A server looks each minute; see docs/alerts.md.

  tidings alert list
  tidings alert list --json`
}

// Run lists what holds now.
func (s *alertList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Alerts(c.ctx, who, control.AlertFilter{State: control.AlertIsRaised})
		if err != nil {
			return err
		}
		view := api.AlertListOf(&page)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Alerts) == 0 {
				fmt.Fprintln(w, "There are no alerts.")
				return
			}
			rows := make([][]string, len(view.Alerts))
			for i, x := range view.Alerts {
				rows[i] = []string{x.ID, x.Level, x.Rule, cmp.Or(x.SubjectName, x.Subject), when(x.RaisedAt), x.Facts}
			}
			table(w, []string{"id", "level", "rule", "about", "since", "facts"}, rows)
		})
	})
}

type alertHistory struct {
	database `embed:""`
	printing `embed:""`
	Rule     string `placeholder:"RULE" help:"Only those of a rule, by its id (alr_…) or name."`
	Limit    int    `default:"50" placeholder:"N" help:"How many, at most 1000."`
	Cursor   string `placeholder:"CURSOR" help:"The next page: nextCursor of the one before."`
}

// Help is the long help.
func (*alertHistory) Help() string {
	return `Newest first. What is over is kept for 400 days.

  tidings alert history
  tidings alert history --rule alr_bounces --limit 10`
}

// Run lists what was.
func (s *alertHistory) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Alerts(c.ctx, who, control.AlertFilter{Rule: s.Rule, Cursor: s.Cursor, Limit: s.Limit})
		if err != nil {
			return err
		}
		view := api.AlertListOf(&page)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Alerts) == 0 {
				fmt.Fprintln(w, "There were no alerts.")
				return
			}
			rows := make([][]string, len(view.Alerts))
			for i, x := range view.Alerts {
				rows[i] = []string{
					x.ID, x.Level, x.Rule, cmp.Or(x.SubjectName, x.Subject), when(x.RaisedAt), when(x.ResolvedAt), x.AcknowledgedBy, x.Note,
				}
			}
			table(w, []string{"id", "level", "rule", "about", "from", "until", "noted by", "note"}, rows)
			if view.NextCursor != "" {
				fmt.Fprintf(w, "The next page: --cursor %s\n", view.NextCursor)
			}
		})
	})
}

type alertRules struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*alertRules) Help() string {
	return `The rules that every project has, and those that were made. Change them on the page of alerts or by the API.

  tidings alert rules`
}

// Run lists the rules.
func (s *alertRules) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		list, err := ops.AlertRules(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.AlertRuleListOf(list)
		return s.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, len(view.Rules))
			for i, x := range view.Rules {
				state := "on"
				if !x.Enabled {
					state = "off"
				}
				rows[i] = []string{x.ID, x.Name, state, x.Kind, x.By, x.Window, numberOf(x.Warn), numberOf(x.Severe), x.Hold}
			}
			table(w, []string{"id", "name", "state", "kind", "by", "window", "warn", "severe", "hold"}, rows)
		})
	})
}

// numberOf writes a threshold; 0 is none.
func numberOf(x float64) string {
	if x == 0 {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
