package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/internal/template"
)

// RenderTemplate makes an email of a template for one contact. A template without an ID is what somebody gave with the send. With
// problems there is no email that may be sent: they say what is wrong with the template, or which bound it passed; it will be so
// at the next try, too. The error is the context's.
func (c *Control) RenderTemplate(
	ctx context.Context, t *store.Template, in *template.Context,
) (template.Email, []template.Problem, error) {
	x, wrong := c.compiled(t)
	if len(wrong) > 0 {
		return template.Email{}, wrong, nil
	}
	e, wrong, err := x.Render(ctx, in)
	if err != nil {
		return e, nil, fmt.Errorf("render template: %w", err)
	}
	return e, wrong, nil
}

// compiled is a template that can be rendered: one that is stored is compiled once.
func (c *Control) compiled(t *store.Template) (*template.Compiled, []template.Problem) {
	if c.Compiled == nil || t.ID == "" {
		return template.Compile(sourceOf(&t.TemplateContent))
	}
	return c.Compiled.Compile(t.ID+"/"+strconv.FormatInt(t.Version, 10), sourceOf(&t.TemplateContent))
}

// TemplateContext is what a template may ask of a contact. Data and Event and the links are the caller's to add.
func TemplateContext(k *store.Contact, now time.Time) (*template.Context, error) {
	in := &template.Context{
		ContactID: k.ID, Email: k.Address, Subscribed: !k.State.Unsubscribed && !IsSuppressed(k, now), Now: now.UTC(),
	}
	attributes, err := objectOf(k.Attributes)
	if err != nil {
		return nil, fmt.Errorf("attributes of contact %s: %w", k.ID, err)
	}
	in.Attributes = attributes
	return in, nil
}

// objectOf reads a JSON object; numbers stay as they are written. Nothing is an empty one.
func objectOf(raw json.RawMessage) (map[string]any, error) {
	out := map[string]any{}
	if len(raw) == 0 || string(raw) == "null" {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read JSON object: %w", err)
	}
	return out, nil
}

// TemplateTrial is a template to look at: one that is stored, with what is given in the place of what it has, or only what is
// given; and for whom.
type TemplateTrial struct {
	Template string // id or key; empty: only Edit
	Edit     TemplateEdit
	Contact  string // id or address; empty: nobody in particular
	Data     json.RawMessage
	Event    json.RawMessage
	Known    []string // of Validate: names that every send will give, with all that is below them
}

// TemplateFinding is what became of a look at a template. Problems stop it from being sent, warnings do not.
type TemplateFinding struct {
	Email     template.Email // of Preview
	Problems  []template.Problem
	Warnings  []template.Problem
	Variables []string // that it asks for
}

// PreviewTemplate renders a template for a contact, or for nobody, without storing or sending anything.
func (c *Control) PreviewTemplate(ctx context.Context, who Actor, n TemplateTrial) (out TemplateFinding, err error) {
	t, in, err := c.trial(ctx, who, &n)
	if err != nil {
		return out, err
	}
	x, wrong := template.Compile(sourceOf(&t.TemplateContent))
	if len(wrong) > 0 {
		out.Problems = wrong
		return out, nil
	}
	vars := in.Variables(t.DisplayNames)
	out.Warnings = append(x.Unknown(func(path []string) bool { return reaches(vars, path) }), x.Warnings()...)
	out.Variables = x.Variables()
	if out.Email, out.Problems, err = x.Render(ctx, in); err != nil {
		return out, fmt.Errorf("render template: %w", err)
	}
	return out, nil
}

// ValidateTemplate tells what is wrong with a template and what is doubtful, for whomever it will be rendered: of variables it
// knows the attributes that contacts of the project have, and those that it is told of.
func (c *Control) ValidateTemplate(ctx context.Context, who Actor, n TemplateTrial) (out TemplateFinding, err error) {
	t, in, err := c.trial(ctx, who, &n)
	if err != nil {
		return out, err
	}
	x, wrong := template.Compile(sourceOf(&t.TemplateContent))
	if len(wrong) > 0 {
		out.Problems = wrong
		return out, nil
	}
	attributes, err := c.Store.AttributePaths(ctx, who.Project)
	if err != nil {
		return out, fmt.Errorf("list attributes: %w", err)
	}
	known := knownNames(attributes)
	vars := in.Variables(t.DisplayNames)
	out.Warnings = append(x.Unknown(func(path []string) bool {
		if path[0] == "data" || path[0] == "contact" && len(path) > 1 && path[1] == "data" {
			path = path[min(len(path), map[string]int{"data": 1, "contact": 2}[path[0]]):]
		}
		return len(path) == 0 || known[strings.Join(path, ".")] || slices.Contains(n.Known, path[0]) || reaches(vars, path)
	}), x.Warnings()...)
	out.Variables = x.Variables()
	if t.Type == template.Marketing && !x.Uses("unsubscribeUrl") && !x.Uses("manageUrl") {
		out.Warnings = append(out.Warnings, template.Problem{
			Part: template.PartBody,
			Says: "A MARKETING email shows how to unsubscribe: {{ unsubscribeUrl }} or {{ manageUrl }} is not in it.",
		})
	}
	return out, nil
}

// knownNames are paths and all that they begin with.
func knownNames(paths []string) map[string]bool {
	known := make(map[string]bool, 2*len(paths))
	for _, path := range paths {
		for i, r := range path {
			if r == '.' {
				known[path[:i]] = true
			}
		}
		known[path] = true
	}
	return known
}

// reaches reports whether there is a value under a path.
func reaches(v any, path []string) bool {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return v != nil // size, first and the like
		}
		if v, ok = m[name]; !ok {
			return false
		}
	}
	return true
}

// trial finds what is to be looked at, and for whom.
func (c *Control) trial(ctx context.Context, who Actor, n *TemplateTrial) (t store.Template, in *template.Context, err error) {
	var p problems
	p.text("template", n.Template, 0, maxFilter)
	p.text("contact", n.Contact, 0, maxFilter)
	if n.Contact != "" {
		p.contact("contact", n.Contact)
	}
	data, err := objectOf(n.Data)
	if err != nil {
		p.add("data", "must be a JSON object")
	}
	event, err := objectOf(n.Event)
	if err != nil {
		p.add("event", "must be a JSON object")
	}
	if n.Template == "" && n.Edit.Body == nil && n.Edit.Subject == nil && n.Edit.Text == nil {
		p.add("template", "is required where no subject, body or text is given")
	}
	if err := p.err(); err != nil {
		return t, nil, err
	}
	if n.Template != "" {
		if t, err = c.Template(ctx, who, n.Template); err != nil {
			return t, nil, asField(err, "template")
		}
	}
	n.Edit.apply(&t)
	in = &template.Context{Email: "somebody@example.com", Subscribed: true, Attributes: map[string]any{}}
	if n.Contact != "" {
		k, err := c.Contact(ctx, who, n.Contact)
		if err != nil {
			return t, nil, asField(err, "contact")
		}
		if in, err = TemplateContext(&k, c.Now()); err != nil {
			return t, nil, err
		}
	}
	in.Data, in.Now = data, c.Now().UTC()
	if len(event) > 0 {
		in.Event = event
	}
	in.UnsubscribeURL, in.ManageURL = c.public("/unsubscribe/preview"), c.public("/preferences/preview")
	return t, in, nil
}

// asField makes what is not there a mistake of the field that names it.
func asField(err error, field string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound {
		return fault.BadField(field, "%s", f.Message)
	}
	return err
}
