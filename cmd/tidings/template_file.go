package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/template"
)

// errBrokenTemplates is the answer where a template can't be sent.
var errBrokenTemplates = errors.New("some templates are broken")

type templatePush struct {
	database `embed:""`
	printing `embed:""`
	File     string `arg:"" type:"path" help:"HTML file, with or without front matter."`
	Key      string `placeholder:"KEY" help:"Key of the template (onboarding/welcome); default: the file's name without .html."`
	Subject  string `placeholder:"TEXT" help:"Subject, where the front matter has none."`
	Type     string `enum:",TRANSACTIONAL,MARKETING" default:"" placeholder:"TYPE" help:"Type, where the front matter has none; default: MARKETING."`
}

// Help is the long help.
func (*templatePush) Help() string {
	return `A template with the key gets a new version, else one is made. Nothing changes where the file is what is stored.

  tidings template push welcome.html --key onboarding/welcome --subject 'Welcome, {{ firstName | default: "there" }}'
  tidings template push receipt.html --type TRANSACTIONAL --subject Receipt --json`
}

// Run stores a file as a template.
func (s *templatePush) Run(c *console) error {
	b, err := os.ReadFile(s.File)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	f := template.ParseFile(string(b))
	if f.Wrong != "" {
		return fmt.Errorf("%s: %s", s.File, f.Wrong)
	}
	e := s.edit(&f)
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		t, err := ops.UpdateTemplate(c.ctx, who, *e.Key, e, 0)
		if fault.KindOf(err) == fault.NotFound {
			t, err = ops.CreateTemplate(c.ctx, who, e)
		}
		if err != nil {
			return err
		}
		return s.printAPI(c, api.TemplateOf(&t, who.Project), func(w io.Writer) {
			fmt.Fprintf(w, "%s (%s) is at version %d.\n", plain(t.Key), t.ID, t.Version)
		})
	})
}

// edit is what a file says of a template, with what flags say where it says nothing.
func (s *templatePush) edit(f *template.File) control.TemplateEdit {
	or := func(texts ...string) *string {
		for _, x := range texts {
			if x != "" {
				return &x
			}
		}
		return new(string)
	}
	key := or(s.Key, strings.TrimSuffix(filepath.Base(s.File), filepath.Ext(s.File)))
	e := control.TemplateEdit{
		Key: key, Name: or(f.Name, *key), Description: &f.Description, Subject: or(f.Subject, s.Subject), Body: &f.HTML,
		From: &f.From, FromName: &f.FromName, ReplyTo: &f.ReplyTo, Type: or(f.Type, s.Type, template.Marketing),
		HasText: true, Opens: f.Opens, HasOpens: true, Clicks: f.Clicks, HasClicks: true,
	}
	if f.Text != "" {
		e.Text = &f.Text
	}
	return e
}

type templatePreview struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	Template       string `arg:"" help:"The template's id or key, or an HTML file."`
	Contact        string `placeholder:"ID|ADDRESS" help:"For whom; default: nobody in particular."`
	Data           string `placeholder:"JSON" help:"What would come with the send."`
	Part           string `enum:"all,subject,html,text" default:"all" placeholder:"PART" help:"Print only this: subject, html or text."`
}

// Help is the long help.
func (*templatePreview) Help() string {
	return `Nothing is stored or sent. Exit code 6: the template is broken.

  tidings template preview onboarding/welcome --contact ghost@acme.test
  tidings template preview onboarding/welcome --data '{"order":17}' --part html`
}

// Run shows what becomes of a template.
func (s *templatePreview) Run(c *console) error {
	n := control.TemplateTrial{Template: s.Template, Contact: s.Contact, Data: json.RawMessage(s.Data)}
	offset := 0
	if b, err := os.ReadFile(s.Template); err == nil {
		f := template.ParseFile(string(b))
		offset = f.Offset
		if f.Wrong != "" {
			return fmt.Errorf("%s: %s", s.Template, f.Wrong)
		}
		n.Template, n.Edit = "", control.TemplateEdit{Subject: &f.Subject, Body: &f.HTML}
		if f.Text != "" {
			n.Edit.Text, n.Edit.HasText = &f.Text, true
		}
	}
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		found, err := ops.PreviewTemplate(c.ctx, who, n)
		if err != nil {
			return err
		}
		view := api.TemplatePreviewOf(&found)
		for _, list := range [...][]api.TemplateProblem{view.Problems, view.Warnings} {
			for i := range list {
				if list[i].Part == template.PartBody && list[i].Line > 0 {
					list[i].Line += offset
				}
			}
		}
		if err := s.printAPI(c, view, func(w io.Writer) { s.write(w, &view) }); err != nil {
			return err
		}
		if len(view.Problems) > 0 {
			return errBrokenTemplates
		}
		return nil
	})
}

func (s *templatePreview) write(w io.Writer, v *api.TemplatePreview) {
	printProblems(w, s.Template, "problem", v.Problems)
	if len(v.Problems) > 0 {
		return
	}
	switch s.Part {
	case "subject":
		fmt.Fprintln(w, v.Subject)
	case "html":
		fmt.Fprint(w, v.HTML)
	case "text":
		fmt.Fprint(w, v.Text)
	default:
		fmt.Fprintf(w, "Subject: %s\n\n%s\n----- html -----\n%s\n", plain(v.Subject), v.Text, strings.TrimRight(v.HTML, "\n"))
		printProblems(w, s.Template, "warning", v.Warnings)
	}
}

type templateValidate struct {
	database `embed:""`
	printing `embed:""`
	Path     string   `arg:"" optional:"" type:"path" help:"Folder or file; default: what is stored."`
	Known    []string `sep:"," placeholder:"NAME,…" help:"Names that every send will give, beside contacts' attributes."`
}

// Help is the long help.
func (*templateValidate) Help() string {
	return `Problems stop a template from being sent: exit code 6. Warnings stop nothing. Of a folder the attributes of contacts
are not known, so nothing is said of variables; no database is needed.

  tidings template validate
  tidings template validate --known order,total --json`
}

// validatedTemplate is one row of the answer.
type validatedTemplate struct {
	Template string `json:"template"`
	api.TemplateVerdict
}

// Run tells what is wrong.
func (s *templateValidate) Run(c *console) error {
	list, err := s.verdicts(c)
	if err != nil {
		return err
	}
	broken := 0
	for _, x := range list {
		if !x.Valid {
			broken++
		}
	}
	err = s.print(c, list, func(w io.Writer) {
		for _, x := range list {
			printProblems(w, x.Template, "problem", x.Problems)
			printProblems(w, x.Template, "warning", x.Warnings)
		}
		fmt.Fprintf(w, "%d templates, %d broken.\n", len(list), broken)
	})
	if err == nil && broken > 0 {
		return errBrokenTemplates
	}
	return err
}

func (s *templateValidate) verdicts(c *console) (list []validatedTemplate, err error) {
	if s.Path != "" {
		return verdictsOfFolder(s.Path)
	}
	err = s.local(c, func(ops *control.Control, who control.Actor) error {
		search := control.TemplateSearch{Limit: 100}
		for {
			page, err := ops.Templates(c.ctx, who, search)
			if err != nil {
				return err
			}
			for _, t := range page.Templates {
				found, err := ops.ValidateTemplate(c.ctx, who, control.TemplateTrial{Template: t.ID, Known: s.Known})
				if err != nil {
					return err
				}
				name := t.Key
				if name == "" {
					name = t.ID
				}
				list = append(list, validatedTemplate{name, api.TemplateVerdictOf(&found)})
			}
			if search.Cursor = page.NextCursor; search.Cursor == "" {
				return nil
			}
		}
	})
	return list, err
}

// verdictsOfFolder looks at files alone.
func verdictsOfFolder(path string) (list []validatedTemplate, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	dir, base := path, ""
	if !info.IsDir() {
		dir, base = filepath.Split(path)
	}
	read, names, err := template.ReadFolder(os.DirFS(filepath.Clean(dir)))
	if err != nil {
		return nil, err
	}
	for i := range read {
		if base != "" && read[i].Path != base {
			continue
		}
		list = append(list, verdictOfFile(&read[i], names))
	}
	return list, nil
}

func verdictOfFile(f *template.File, names map[string]map[string]string) validatedTemplate {
	checked := control.FileTemplate(f, names)
	out := validatedTemplate{f.Path, api.TemplateVerdict{
		Valid: checked.Content != nil, Problems: []api.TemplateProblem{}, Warnings: []api.TemplateProblem{}, Variables: []string{},
	}}
	for _, p := range checked.Problems {
		out.Problems = append(out.Problems, api.TemplateProblem(p))
	}
	if checked.Content == nil {
		return out
	}
	x, _ := template.Compile(template.Source{Subject: f.Subject, HTML: f.HTML, Text: f.Text, DisplayNames: names})
	if x == nil {
		return out
	}
	out.Variables = append(out.Variables, x.Variables()...)
	for _, p := range x.Warnings() {
		line := p.Line
		if line > 0 {
			line += f.Offset
		}
		out.Warnings = append(out.Warnings, api.TemplateProblem{Part: p.Part, Line: line, Column: p.Column, Message: p.Says})
	}
	return out
}
