package control

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tidings/internal/auth"
	"tidings/internal/store"
	"tidings/internal/template"
)

// The names of operations on templates that change something.
const (
	opCreateTemplate  = "createTemplate"
	opUpdateTemplate  = "updateTemplate"
	opDeleteTemplate  = "deleteTemplate"
	opRestoreTemplate = "restoreTemplate"
	opReadFolder      = "readTemplateFolder" // by the server itself
)

const (
	maxTemplates    = 5000 // of a project
	maxTemplateKey  = 200
	maxSubject      = 998 // characters: a line of a header
	maxDisplayNames = 100
	maxDisplayWords = 1000
	templatePrefix  = "tpl_"
	defTemplatePage = 20
	maxTemplatePage = 100
)

// TemplateSearch is a question about templates. Empty fields do not filter.
type TemplateSearch struct {
	Type   string // TRANSACTIONAL or MARKETING
	Search string // a part of the name, key or subject, in any case, or the id
	Prefix string // what the key begins with
	Cursor string
	Limit  int // 1 to 100; 0 means 20
}

// TemplatePage is one page of templates, newest first.
type TemplatePage struct {
	Templates  []store.Template
	Total      int64
	Page       int // from 1
	PageSize   int
	NextCursor string                  // empty: there is no more
	Troubles   []store.TemplateTrouble // files of the folder that are not as they should be
}

// Templates answers a question about templates.
func (c *Control) Templates(ctx context.Context, who Actor, f TemplateSearch) (page TemplatePage, err error) {
	var p problems
	p.oneOf("type", f.Type, []string{template.Transactional, template.Marketing})
	p.text("search", f.Search, 0, maxFilter)
	p.text("prefix", f.Prefix, 0, maxFilter)
	after := p.refCursor(templateCursor, f.Cursor)
	if f.Limit == 0 {
		f.Limit = defTemplatePage
	}
	if f.Limit < 1 || f.Limit > maxTemplatePage {
		p.add("limit", "must be between 1 and %d", maxTemplatePage)
	}
	if err := p.err(); err != nil {
		return page, err
	}
	list, err := c.Store.ListTemplates(ctx, store.TemplateQuery{
		Project: who.Project, Type: f.Type, Search: strings.TrimSpace(f.Search), Prefix: f.Prefix, After: after,
		Limit: f.Limit,
	})
	if err != nil {
		return page, fmt.Errorf("list templates: %w", err)
	}
	page = TemplatePage{
		Templates: list.Templates, Total: list.Total, Page: int(list.Before)/f.Limit + 1, PageSize: f.Limit,
		NextCursor: cursorOfRef(templateCursor, list.Next),
	}
	if page.Troubles, err = c.Store.TemplateTroubles(ctx, who.Project); err != nil {
		return page, fmt.Errorf("list problems of template files: %w", err)
	}
	return page, nil
}

// Template finds a template by its id or key, as it is now.
func (c *Control) Template(ctx context.Context, who Actor, id string) (store.Template, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Template{}, err
	}
	t, err := c.Store.Template(ctx, who.Project, id)
	if err != nil {
		return t, fmt.Errorf("find template: %w", err)
	}
	return t, nil
}

// TemplateEdit is what somebody says of a template. Nil fields say nothing; of a new template they are empty.
type TemplateEdit struct {
	Key, Name, Description, Subject, Body *string
	Text                                  *string // nil with HasText: made of the HTML
	HasText                               bool
	From, FromName, ReplyTo, Type         *string
	Opens, Clicks                         *bool
	HasOpens, HasClicks                   bool // nil with it: as everywhere
	DisplayNames                          *map[string]map[string]string
}

func (e *TemplateEdit) apply(t *store.Template) {
	for _, x := range [...]struct{ to, from *string }{
		{&t.Key, e.Key},
		{&t.Name, e.Name},
		{&t.Description, e.Description},
		{&t.Subject, e.Subject},
		{&t.Body, e.Body},
		{&t.From, e.From},
		{&t.FromName, e.FromName},
		{&t.ReplyTo, e.ReplyTo},
		{&t.Type, e.Type},
	} {
		set(x.to, x.from)
	}
	if e.HasText {
		t.Text = e.Text
	}
	if e.HasOpens {
		t.Opens = e.Opens
	}
	if e.HasClicks {
		t.Clicks = e.Clicks
	}
	set(&t.DisplayNames, e.DisplayNames)
	t.Name = strings.TrimSpace(t.Name)
}

// CreateTemplate makes a template.
func (c *Control) CreateTemplate(ctx context.Context, who Actor, e TemplateEdit) (store.Template, error) {
	t := store.Template{ID: auth.NewID(templatePrefix), Origin: store.TemplateOfAPI}
	e.apply(&t)
	if err := checkTemplate(&t); err != nil {
		return t, err
	}
	if err := c.Store.CreateTemplate(ctx, who.Project, &t, maxTemplates, c.act(who, opCreateTemplate, t.ID, "")); err != nil {
		return t, fmt.Errorf("create template: %w", err)
	}
	return t, nil
}

// UpdateTemplate makes a new version of a template, which is checked as a whole. A version that is not 0 must be the template's
// now: else a Conflict with the code store.CodeChanged.
func (c *Control) UpdateTemplate(
	ctx context.Context, who Actor, id string, e TemplateEdit, version int64,
) (store.Template, error) {
	return c.changeTemplate(ctx, who, opUpdateTemplate, id, version, func(t *store.Template) error {
		e.apply(t)
		return checkTemplate(t)
	})
}

func (c *Control) changeTemplate(
	ctx context.Context, who Actor, op, id string, version int64, change func(*store.Template) error,
) (store.Template, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Template{}, err
	}
	t, err := c.Store.UpdateTemplate(ctx, who.Project, id, version, change, c.act(who, op, id, ""))
	if err != nil {
		return t, fmt.Errorf("change template: %w", err)
	}
	return t, nil
}

// RestoreTemplate makes what a template was in an old version its newest version.
func (c *Control) RestoreTemplate(ctx context.Context, who Actor, id string, version int64) (store.Template, error) {
	old, err := c.TemplateVersion(ctx, who, id, version)
	if err != nil {
		return old, err
	}
	return c.changeTemplate(ctx, who, opRestoreTemplate, old.ID, 0, func(t *store.Template) error {
		t.TemplateContent = old.TemplateContent
		t.Note = fmt.Sprintf("as version %d", version)
		return nil
	})
}

// DeleteTemplate removes a template with its versions. One that something needs is a Conflict.
func (c *Control) DeleteTemplate(ctx context.Context, who Actor, id string) error {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return err
	}
	if err := c.Store.DeleteTemplate(ctx, who.Project, id, c.act(who, opDeleteTemplate, id, "")); err != nil {
		return fmt.Errorf("delete template: %w", err)
	}
	return nil
}

// TemplateVersionPage are versions of a template, newest first.
type TemplateVersionPage struct {
	Versions   []store.Template
	NextCursor string // empty: there is no more
}

// TemplateVersions lists what a template was, newest first; a limit of 0 means 20.
func (c *Control) TemplateVersions(
	ctx context.Context, who Actor, id, cursor string, limit int,
) (page TemplateVersionPage, err error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	before := p.refCursor(versionCursor, cursor)
	if limit == 0 {
		limit = defTemplatePage
	}
	if limit < 1 || limit > maxTemplatePage {
		p.add("limit", "must be between 1 and %d", maxTemplatePage)
	}
	if err := p.err(); err != nil {
		return page, err
	}
	list, err := c.Store.TemplateVersions(ctx, who.Project, id, before, limit+1)
	if err != nil {
		return page, fmt.Errorf("list versions of template: %w", err)
	}
	page.Versions, page.NextCursor = cutList(versionCursor, list, limit, func(t *store.Template) int64 { return t.Version })
	return page, nil
}

// TemplateVersion finds a template as it was in one of its versions.
func (c *Control) TemplateVersion(ctx context.Context, who Actor, id string, version int64) (store.Template, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if version < 1 {
		p.add("version", "must be 1 or more")
	}
	if err := p.err(); err != nil {
		return store.Template{}, err
	}
	t, err := c.Store.TemplateVersion(ctx, who.Project, id, version)
	if err != nil {
		return t, fmt.Errorf("find version of template: %w", err)
	}
	return t, nil
}

// templateKey is a path of words, as Mailshot's keys are: onboarding/welcome.
var templateKey = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$`)

// checkTemplate names everything that is wrong with a template.
func checkTemplate(t *store.Template) error {
	var p problems
	p.text("name", t.Name, 1, maxName)
	if t.Key != "" && (!templateKey.MatchString(t.Key) || len(t.Key) > maxTemplateKey || strings.HasPrefix(t.Key, templatePrefix)) {
		p.add("key", "must be words of letters, digits, dots and hyphens with slashes between (onboarding/welcome), of at most %d "+
			"characters, not beginning with %s", maxTemplateKey, templatePrefix)
	}
	p.templateContent(&t.TemplateContent, 1)
	return p.err()
}

// templateContent checks what a template holds. Its subject may be shorter than one character only where the send names it.
func (p *problems) templateContent(t *store.TemplateContent, leastSubject int) {
	p.text("description", t.Description, 0, maxNote)
	p.text("subject", t.Subject, leastSubject, maxSubject)
	p.oneOf("type", t.Type, []string{template.Transactional, template.Marketing})
	if t.Type == "" {
		p.add("type", "is required: TRANSACTIONAL or MARKETING")
	}
	if strings.TrimSpace(t.Body) == "" {
		p.add("body", "is required")
	}
	p.sending(t)
	p.displayNames(t.DisplayNames)
	for _, x := range [...]struct{ field, text string }{{"body", t.Body}, {"text", textOf(t)}} {
		if !utf8.ValidString(x.text) {
			p.add(x.field, "is not valid UTF-8")
		}
	}
	_, wrong := template.Compile(sourceOf(t))
	for _, x := range wrong {
		p.add(x.Part, "line %d, column %d: %s", x.Line, x.Column, x.Says)
	}
}

func textOf(t *store.TemplateContent) string {
	if t.Text == nil {
		return ""
	}
	return *t.Text
}

// sending checks whom an email is from. The name may be Liquid, the addresses may not: they decide who answers for it.
func (p *problems) sending(t *store.TemplateContent) {
	p.text("fromName", t.FromName, 0, maxName)
	for _, x := range [...]struct{ field, address string }{{"from", t.From}, {"replyTo", t.ReplyTo}} {
		if x.address == "" {
			continue
		}
		if _, problem := readAddress([]byte(x.address)); problem != "" {
			p.add(x.field, "%s", problem)
		}
	}
}

func (p *problems) displayNames(names map[string]map[string]string) {
	if len(names) > maxDisplayNames {
		p.add("displayNames", "may have %d variables, not %d", maxDisplayNames, len(names))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		words := names[name]
		at := "displayNames." + name
		if !strings.HasSuffix(name, "Name") || name == "Name" || len(name) > maxFieldName {
			p.add(at, "must be called after the value that it names: platformName shows what platform is called")
		}
		if len(words) > maxDisplayWords {
			p.add(at, "may have %d words, not %d", maxDisplayWords, len(words))
		}
	}
}

// sourceOf is what a template is compiled of.
func sourceOf(t *store.TemplateContent) template.Source {
	return template.Source{
		Subject: t.Subject, HTML: t.Body, Text: textOf(t), NoText: t.Text != nil && *t.Text == "", DisplayNames: t.DisplayNames,
	}
}
