package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/store"
)

// The names of operations on forms that change something.
const (
	opCreateForm   = "createForm"
	opUpdateForm   = "updateForm"
	opDeleteForm   = "deleteForm"
	opConfirmation = "createConfirmation"
)

const (
	maxForms       = 100 // of a project
	maxFormName    = 100
	maxFormFields  = 10
	maxFormTopics  = 20
	maxFormOrigins = 20
	maxFieldName   = 60
	maxFieldLabel  = 100
	maxFormURL     = 1000
)

// FormTrap is the name of the field that people do not see and programs fill in.
const FormTrap = "leave_empty"

// FormEdit is what somebody says of a form. Nil fields say nothing; of a new form they are empty.
type FormEdit struct {
	Name                      *string
	DoubleOptIn               *bool // of a new form: true
	Topics                    *[]string
	Fields                    *[]store.FormField
	Origins                   *[]string
	RedirectURL, ConfirmedURL *string
}

func (e *FormEdit) apply(f *store.Form) {
	set(&f.Name, e.Name)
	f.Name = strings.TrimSpace(f.Name)
	set(&f.DoubleOptIn, e.DoubleOptIn)
	set(&f.Topics, e.Topics)
	set(&f.Fields, e.Fields)
	set(&f.Origins, e.Origins)
	set(&f.RedirectURL, e.RedirectURL)
	set(&f.ConfirmedURL, e.ConfirmedURL)
}

// Forms lists the forms through which people subscribe themselves, newest first.
func (c *Control) Forms(ctx context.Context, who Actor) ([]store.Form, error) {
	list, err := c.Store.Forms(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list forms: %w", err)
	}
	return list, nil
}

// Form finds a form by its id.
func (c *Control) Form(ctx context.Context, who Actor, id string) (store.Form, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Form{}, err
	}
	f, err := c.Store.Form(ctx, who.Project, id)
	if err != nil {
		return f, fmt.Errorf("find form: %w", err)
	}
	return f, nil
}

// FormURL is the link of a form: where its page is, and where it is sent to.
func (c *Control) FormURL(f *store.Form) string { return c.public("/subscribe/" + f.Token) }

func (c *Control) public(path string) string { return strings.TrimSuffix(c.PublicURL, "/") + path }

// CreateForm makes a form.
func (c *Control) CreateForm(ctx context.Context, who Actor, e FormEdit) (store.Form, error) {
	now := c.Now().UTC()
	f := store.Form{
		ID: auth.NewID("frm_"), Project: who.Project, Token: auth.Token(), DoubleOptIn: true, CreatedAt: now, UpdatedAt: now,
	}
	e.apply(&f)
	known, err := c.topicsOf(ctx, who)
	if err != nil {
		return f, err
	}
	if err := c.checkForm(&f, known); err != nil {
		return f, err
	}
	if err := c.Store.CreateForm(ctx, &f, maxForms, c.act(who, opCreateForm, f.ID, "")); err != nil {
		return f, fmt.Errorf("create form: %w", err)
	}
	return f, nil
}

// UpdateForm changes a form. The form that comes of it is checked as a whole; its link stays.
func (c *Control) UpdateForm(ctx context.Context, who Actor, id string, e FormEdit) (store.Form, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Form{}, err
	}
	known, err := c.topicsOf(ctx, who)
	if err != nil {
		return store.Form{}, err
	}
	f, err := c.Store.UpdateForm(ctx, who.Project, id, func(f *store.Form) error {
		for _, slug := range f.Topics { // one that was deleted since is no mistake of this change
			known[slug] = known[slug] || e.Topics == nil
		}
		e.apply(f)
		return c.checkForm(f, known)
	}, c.act(who, opUpdateForm, id, ""))
	if err != nil {
		return f, fmt.Errorf("change form: %w", err)
	}
	return f, nil
}

// DeleteForm removes a form: its link ends. Links that people were sent to confirm go on working.
func (c *Control) DeleteForm(ctx context.Context, who Actor, id string) error {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return err
	}
	if err := c.Store.DeleteForm(ctx, who.Project, id, c.act(who, opDeleteForm, id, "")); err != nil {
		return fmt.Errorf("delete form: %w", err)
	}
	return nil
}

// checkForm names everything that is wrong with a form, and puts its lists into their one shape.
func (c *Control) checkForm(f *store.Form, topics map[string]bool) error {
	var p problems
	p.text("name", f.Name, 1, maxFormName)
	if len(f.Topics) > maxFormTopics {
		p.add("topics", "may have %d topics, not %d", maxFormTopics, len(f.Topics))
	}
	for i, slug := range f.Topics[:min(len(f.Topics), maxFormTopics)] {
		switch {
		case !topics[slug]:
			p.add(indexed("topics", i), "%.60q: there is no such topic", slug)
		case slices.Contains(f.Topics[:i], slug):
			p.add(indexed("topics", i), "%.60q is there twice", slug)
		}
	}
	p.formFields(f.Fields)
	if len(f.Origins) > maxFormOrigins {
		p.add("origins", "may have %d origins, not %d", maxFormOrigins, len(f.Origins))
		f.Origins = nil
	}
	f.Origins = p.bound("origins", f.Origins, webOrigin)
	p.landing("redirectUrl", f.RedirectURL, c.formOrigins(f))
	p.landing("confirmedUrl", f.ConfirmedURL, c.formOrigins(f))
	for _, list := range [...]*[]string{&f.Topics, &f.Origins} {
		if *list == nil {
			*list = []string{}
		}
	}
	if f.Fields == nil {
		f.Fields = []store.FormField{}
	}
	return p.err()
}

func (p *problems) formFields(fields []store.FormField) {
	if len(fields) > maxFormFields {
		p.add("fields", "may have %d fields, not %d", maxFormFields, len(fields))
		return
	}
	seen := map[string]bool{"email": true, FormTrap: true}
	for i, x := range fields {
		at := indexed("fields", i)
		p.text(at+".name", x.Name, 1, maxFieldName)
		p.text(at+".label", x.Label, 1, maxFieldLabel)
		ignored, bad, _ := contact.CheckAttributes(map[string]json.RawMessage{x.Name: json.RawMessage(`""`)})
		switch {
		case seen[x.Name]:
			p.add(at+".name", "%.60q is there twice, or a field of every form", x.Name)
		case len(ignored) > 0:
			p.add(at+".name", "%.60q is a name of ours: no attribute can be called so", x.Name)
		case len(bad) > 0 && x.Name != "":
			p.add(at+".name", "%s", bad[0].Err)
		}
		seen[x.Name] = true
	}
}

// formOrigins are the origins of pages that may send a form: ours, and those that it names.
func (c *Control) formOrigins(f *store.Form) []string {
	list := slices.Clone(f.Origins)
	if ours, err := webOrigin(originOfURL(c.PublicURL)); err == nil {
		list = append(list, ours)
	}
	return list
}

// originOfURL is the origin of a URL; empty where it has none.
func originOfURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// landing checks where people are sent to: a page of a site that may send the form. So a form leads nowhere else.
func (p *problems) landing(field, s string, origins []string) {
	if s == "" {
		return
	}
	p.text(field, s, 1, maxFormURL)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		strings.ContainsAny(s, `\ `) {
		p.add(field, "must be a URL such as https://acme.test/thanks")
		return
	}
	if at, err := webOrigin(originOfURL(s)); err != nil || !slices.Contains(origins, at) {
		p.add(field, "must be at one of the form's origins: people are sent to no other site")
	}
}
