package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type templateCommand struct {
	List     templateList     `cmd:"" help:"List templates, and files of the folder that are broken."`
	Show     templateShow     `cmd:"" help:"Show a template, or one of its versions."`
	Push     templatePush     `cmd:"" help:"Make a template of a file, or a new version of it."`
	Preview  templatePreview  `cmd:"" help:"Show what becomes of a template for a contact."`
	Test     templateTest     `cmd:"" help:"Send a template to somebody who wants to see it."`
	Validate templateValidate `cmd:"" help:"Tell what is wrong with templates: those of a folder, or those that are stored."`
}

type templateList struct {
	database `embed:""`
	printing `embed:""`
	Search   string `placeholder:"TEXT" help:"Only those with this in their name, key or subject."`
	Type     string `enum:",TRANSACTIONAL,MARKETING" default:"" placeholder:"TYPE" help:"TRANSACTIONAL or MARKETING."`
	Limit    int    `default:"100" placeholder:"N" help:"How many, at most 100."`
	Cursor   string `placeholder:"CURSOR" help:"The next page: nextCursor of the one before."`
}

// Help is the long help.
func (*templateList) Help() string {
	return `Newest first.

  tidings template list
  tidings template list --search welcome --json`
}

// Run lists the templates.
func (s *templateList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Templates(c.ctx, who, control.TemplateSearch{
			Search: s.Search, Type: s.Type, Limit: s.Limit, Cursor: s.Cursor,
		})
		if err != nil {
			return err
		}
		view := api.TemplateListOf(&page, who.Project)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Data) == 0 {
				fmt.Fprintln(w, "There are no templates. Make one of a file: tidings template push welcome.html")
			} else {
				rows := make([][]string, len(view.Data))
				for i, t := range view.Data {
					rows[i] = []string{
						t.ID, t.Key, t.Name, strings.ToLower(t.Type), strconv.FormatInt(t.Version, 10), t.Origin, when(t.UpdatedAt),
						t.Subject,
					}
				}
				table(w, []string{"id", "key", "name", "type", "version", "origin", "changed", "subject"}, rows)
			}
			if view.NextCursor != "" {
				fmt.Fprintf(w, "%d in all; the next page: --cursor %s\n", view.Total, view.NextCursor)
			}
			for _, x := range view.Problems {
				printProblems(w, x.File, "problem", x.Problems)
			}
		})
	})
}

// printProblems prints what is wrong as compilers do, so that editors find the place.
func printProblems(w io.Writer, file, word string, list []api.TemplateProblem) {
	for _, p := range list {
		place := file
		if p.Part != "" && p.Part != "body" {
			place += " (" + p.Part + ")"
		}
		if p.Line > 0 {
			place += fmt.Sprintf(":%d:%d", p.Line, max(p.Column, 1))
		}
		fmt.Fprintf(w, "%s: %s: %s\n", plain(place), word, plain(p.Message))
	}
}

type templateShow struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The template's id or key."`
	Version  int64  `placeholder:"N" help:"As it was in this version; default: as it is."`
}

// Help is the long help.
func (*templateShow) Help() string {
	return `The versions are listed below it.

  tidings template show onboarding/welcome
  tidings template show onboarding/welcome --version 1 --json`
}

// Run shows a template.
func (s *templateShow) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		t, err := ops.Template(c.ctx, who, s.ID)
		if err == nil && s.Version != 0 {
			t, err = ops.TemplateVersion(c.ctx, who, s.ID, s.Version)
		}
		if err != nil {
			return err
		}
		versions, err := ops.TemplateVersions(c.ctx, who, s.ID, "", 0)
		if err != nil {
			return err
		}
		view := api.TemplateOf(&t, who.Project)
		return s.printAPI(c, view, func(w io.Writer) {
			from := view.From
			if view.FromName != nil {
				from = *view.FromName + " <" + from + ">"
			}
			for _, x := range [...][2]string{
				{"id", view.ID},
				{"key", view.Key},
				{"name", view.Name},
				{"type", view.Type},
				{"from", from},
				{"subject", view.Subject},
				{"version", fmt.Sprintf("%d of %s, by %s", view.Version, when(view.UpdatedAt), view.By)},
			} {
				if x[1] != "" {
					fmt.Fprintf(w, "%-8s %s\n", x[0], plain(x[1]))
				}
			}
			fmt.Fprintf(w, "\n%s\n", strings.TrimRight(view.Body, "\n"))
			if view.Text != nil && *view.Text != "" {
				fmt.Fprintf(w, "\n----- text -----\n%s\n", strings.TrimRight(*view.Text, "\n"))
			}
			rows := make([][]string, len(versions.Versions))
			for i, v := range versions.Versions {
				rows[i] = []string{strconv.FormatInt(v.Version, 10), when(v.UpdatedAt), v.By, v.Note, v.Subject}
			}
			fmt.Fprintln(w)
			table(w, []string{"version", "made", "by", "note", "subject"}, rows)
		})
	})
}
