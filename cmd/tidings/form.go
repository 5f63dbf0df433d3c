package main

import (
	"fmt"
	"io"
	"strings"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/store"
)

type formCommand struct {
	Create formCreate `cmd:"" help:"Make a form through which people subscribe themselves."`
	List   formList   `cmd:"" help:"List the forms with their links."`
	Delete formDelete `cmd:"" help:"Delete a form: its link ends."`
}

type formCreate struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	Name           string   `required:"" placeholder:"TEXT" help:"Title of its page."`
	Single         bool     `help:"Subscribe at once, without a mail to confirm it. Who unsubscribed before has to confirm all the same."`
	Topic          []string `sep:"none" placeholder:"SLUG" help:"Topic that people take with it; may be repeated."`
	Field          []string `sep:"none" placeholder:"NAME=LABEL" help:"What it asks for beside the address, an attribute; NAME! is required; may be repeated."`
	Origin         []string `sep:"none" placeholder:"URL" help:"Site whose pages may send it (https://acme.test); may be repeated."`
	RedirectURL    string   `placeholder:"URL" help:"Where people go once they sent it, at one of the origins."`
	ConfirmedURL   string   `placeholder:"URL" help:"Where people go once they confirmed it, at one of the origins."`
}

// Help is the long help.
func (*formCreate) Help() string {
	return `Its link is its page, and where forms of your own pages are sent to. Tidings makes the links to confirm; you send them:
see docs/forms.md.

  tidings form create --name "News of Acme" --field 'firstName!=First name' --field city=City \
    --origin https://acme.test --redirect-url https://acme.test/thanks --public-url https://tidings.example.com
  tidings form create --name News --single --json`
}

// Run makes a form.
func (s *formCreate) Run(c *console) error {
	double := !s.Single
	fields := make([]store.FormField, len(s.Field))
	for i, pair := range s.Field {
		name, label, _ := strings.Cut(pair, "=")
		name, required := strings.CutSuffix(name, "!")
		fields[i] = store.FormField{Name: name, Label: label, Required: required}
	}
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		f, err := ops.CreateForm(c.ctx, who, control.FormEdit{
			Name: &s.Name, DoubleOptIn: &double, Topics: &s.Topic, Fields: &fields, Origins: &s.Origin,
			RedirectURL: &s.RedirectURL, ConfirmedURL: &s.ConfirmedURL,
		})
		if err != nil {
			return err
		}
		view := api.FormOf(&f, ops.FormURL(&f))
		return s.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%s\nThis is the link of %s (%s). It is public.\n", view.URL, plain(f.Name), f.ID)
		})
	})
}

type formList struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
}

// Help is the long help.
func (*formList) Help() string {
	return `Newest first.

  tidings form list
  tidings form list --public-url https://tidings.example.com --json`
}

// Run lists the forms.
func (s *formList) Run(c *console) error {
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Forms(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.FormListOf(list, ops.FormURL)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "There are no forms. Make one: tidings form create --name News")
				return
			}
			rows := make([][]string, 0, len(list))
			for _, f := range view.Forms {
				confirms := map[bool]string{true: "yes", false: "no"}[f.DoubleOptIn]
				rows = append(rows, []string{f.ID, f.Name, confirms, strings.Join(f.Topics, " "), f.URL})
			}
			table(w, []string{"id", "name", "confirms", "topics", "link"}, rows)
		})
	})
}

type formDelete struct {
	database `embed:""`
	ID       string `arg:"" help:"The form's id."`
}

// Help is the long help.
func (*formDelete) Help() string {
	return `Links that people were sent to confirm go on working.

  tidings form delete frm_01jq7z9f3v8k2m5n`
}

// Run deletes a form.
func (s *formDelete) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if err := ops.DeleteForm(c.ctx, who, s.ID); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is deleted.\n", plain(s.ID))
		return nil
	})
}
