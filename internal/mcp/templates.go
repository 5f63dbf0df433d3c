package mcp

import (
	"context"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/internal/template"
)

// Templates is a page of templates, the newest first.
type Templates struct {
	Templates  []TemplateRow `json:"templates"`
	NextCursor string        `json:"nextCursor,omitempty" jsonschema:"absent: there is no more"`
}

// TemplateRow is one template, with Mailshot's keys first.
type TemplateRow struct {
	Key          string `json:"key" jsonschema:"what the other tools take as templateKey: the template's own key, or its id (tpl_…) where it has none"`
	Size         int    `json:"size" jsonschema:"of its HTML, in bytes"`
	LastModified string `json:"lastModified" jsonschema:"when its newest version was made"`

	ID      string     `json:"id" jsonschema:"tpl_…"`
	Version int64      `json:"version" jsonschema:"from 1"`
	Type    string     `json:"type" jsonschema:"MARKETING, or TRANSACTIONAL, which reaches also who unsubscribed"`
	Name    *Untrusted `json:"name,omitempty"`
	Subject *Untrusted `json:"subject,omitempty" jsonschema:"Liquid, as it is written"`
}

type templatesIn struct {
	Prefix string `json:"prefix,omitempty" jsonschema:"only those whose key begins so: onboarding/"`
	pageIn
}

type templateIn struct {
	TemplateKey string `json:"templateKey" jsonschema:"the template's key, or its id (tpl_…)"`
}

func (in templateIn) target() string { return in.TemplateKey }

type previewTemplateIn struct {
	templateIn
	Email string `json:"email,omitempty" jsonschema:"for whom: an address in any spelling, or a contact's id (con_…); absent: for nobody in particular"`
}

// Rendered is what preview_template answers: an email, or an error.
type Rendered struct {
	HTML  *Untrusted `json:"html,omitempty" jsonschema:"what the email's body holds; angle brackets are ‹ and ›, and what is long is cut"`
	Error *Untrusted `json:"error,omitempty" jsonschema:"why no email can be made of it; the others are absent then"`

	Subject  *Untrusted   `json:"subject,omitempty"`
	Text     *Untrusted   `json:"text,omitempty" jsonschema:"the text part; it is the easier one to read"`
	Problems []ProblemRow `json:"problems" jsonschema:"what stops it from being sent"`
	Warnings []ProblemRow `json:"warnings" jsonschema:"what is doubtful for this contact, and stops nothing"`
}

// Validated is what validate_template answers.
type Validated struct {
	Valid       bool       `json:"valid" jsonschema:"it can be sent"`
	TemplateKey string     `json:"templateKey"`
	Error       *Untrusted `json:"error,omitempty" jsonschema:"the first problem"`

	Problems  []ProblemRow `json:"problems" jsonschema:"what stops it from being sent, each with its place"`
	Warnings  []ProblemRow `json:"warnings" jsonschema:"what is doubtful and stops nothing: unknown variables, links, images"`
	Variables []Untrusted  `json:"variables" jsonschema:"what it asks for, at most 20"`
}

// ProblemRow is something wrong or doubtful in a part of a template.
type ProblemRow struct {
	Part   string    `json:"part" jsonschema:"subject, body or text"`
	Line   int       `json:"line,omitempty" jsonschema:"from 1; absent: the part as a whole"`
	Column int       `json:"column,omitempty"`
	Says   Untrusted `json:"says"`
}

func (x *session) templateTools() {
	add(x, definition[templatesIn, Templates]{
		name: "list_templates", title: "List templates",
		description: "What emails are made of, the newest first, with the keys that the other tools take.",
		target:      func(in templatesIn) string { return in.Prefix },
		plain:       func(p Templates) any { return p.Templates }, more: func(p Templates) string { return p.NextCursor },
		run: x.listTemplates,
	})
	add(x, definition[previewTemplateIn, Rendered]{
		name: "preview_template", title: "Preview a template",
		description: "The email that a template becomes for one contact: subject, text and HTML. Nothing is stored or sent, and " +
			"its links are not real ones.",
		target: func(in previewTemplateIn) string { return in.TemplateKey }, run: x.previewTemplate,
	})
	add(x, definition[templateIn, Validated]{
		name: "validate_template", title: "Validate a template",
		description: "Whether a template can be sent, and all that is wrong or doubtful in it with its place: syntax, variables " +
			"that no contact has, links and images that do not work, a missing way to unsubscribe.",
		target: templateIn.target, run: x.validateTemplate,
	})
}

func (x *session) listTemplates(ctx context.Context, _ *mcp.CallToolRequest, in templatesIn) (out Templates, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	page, err := x.Control.Templates(ctx, x.who, control.TemplateSearch{Prefix: in.Prefix, Cursor: in.Cursor, Limit: n})
	if err != nil {
		return out, err
	}
	out = Templates{Templates: make([]TemplateRow, len(page.Templates)), NextCursor: page.NextCursor}
	for i := range page.Templates {
		t := &page.Templates[i]
		out.Templates[i] = TemplateRow{
			Key: keyOf(t), Size: len(t.Body), LastModified: stamp(t.UpdatedAt), ID: t.ID, Version: t.Version, Type: t.Type,
			Name: x.view.text(t.Name), Subject: x.view.text(t.Subject),
		}
	}
	return out, nil
}

// keyOf is what a template is asked for by. Keys are words of a few letters, so they are shown as they are.
func keyOf(t *store.Template) string {
	if t.Key == "" {
		return t.ID
	}
	return t.Key
}

func (x *session) previewTemplate(
	ctx context.Context, _ *mcp.CallToolRequest, in previewTemplateIn,
) (out Rendered, err error) {
	n := control.TemplateTrial{}
	t, err := x.Control.Template(ctx, x.who, in.TemplateKey)
	if err != nil {
		return out, err
	}
	n.Template = t.ID
	if in.Email != "" {
		k, err := x.Control.Contact(ctx, x.who, in.Email)
		if err != nil {
			return out, err
		}
		n.Contact = k.ID
	}
	found, err := x.Control.PreviewTemplate(ctx, x.who, n)
	if err != nil {
		return out, err
	}
	out = Rendered{Problems: x.problems(found.Problems), Warnings: x.problems(found.Warnings)}
	if len(found.Problems) > 0 {
		out.Error = &out.Problems[0].Says
		return out, nil
	}
	out.HTML, out.Subject = x.view.long(bodyOf(found.Email.HTML)), x.view.text(found.Email.Subject)
	out.Text = x.view.long(found.Email.Text)
	return out, nil
}

// bodyOf is what stands in the body of an HTML document: its head is styles, as a rule, and would be all that is shown.
func bodyOf(html string) string {
	if at := strings.Index(html, "<body"); at >= 0 {
		html = html[at:]
		if end := strings.IndexByte(html, '>'); end >= 0 {
			html = html[end+1:]
		}
	}
	if end := strings.LastIndex(html, "</body"); end >= 0 {
		html = html[:end]
	}
	return strings.TrimSpace(html)
}

func (x *session) validateTemplate(ctx context.Context, _ *mcp.CallToolRequest, in templateIn) (out Validated, err error) {
	t, err := x.Control.Template(ctx, x.who, in.TemplateKey)
	if err != nil {
		return out, err
	}
	found, err := x.Control.ValidateTemplate(ctx, x.who, control.TemplateTrial{Template: t.ID})
	if err != nil {
		return out, err
	}
	out = Validated{
		Valid: len(found.Problems) == 0, TemplateKey: keyOf(&t), Problems: x.problems(found.Problems),
		Warnings: x.problems(found.Warnings), Variables: []Untrusted{},
	}
	if !out.Valid {
		out.Error = &out.Problems[0].Says
	}
	for _, name := range found.Variables[:min(len(found.Variables), maxList)] {
		out.Variables = append(out.Variables, Untrusted{x.view.clean(name)})
	}
	return out, nil
}

func (x *session) problems(list []template.Problem) []ProblemRow {
	out := make([]ProblemRow, 0, min(len(list), maxList))
	for _, p := range list[:min(len(list), maxList)] {
		out = append(out, ProblemRow{p.Part, p.Line, p.Column, Untrusted{x.view.clean(p.Says)}})
	}
	return out
}
