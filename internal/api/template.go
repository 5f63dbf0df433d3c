package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Template is what emails are made of, in MailGlyph's keys and then ours.
type Template struct {
	ID          string    `json:"id" example:"tpl_01jq7z9f3v8k2m5n"`
	Name        string    `json:"name" doc:"For people" example:"Welcome"`
	Description *string   `json:"description" doc:"What it is for" example:"The first email after signing up"`
	Subject     string    `json:"subject" doc:"Liquid" example:"Welcome, {{ firstName | default: \"there\" }}"`
	Body        string    `json:"body" doc:"HTML with Liquid; what is shown of values is escaped" example:"<p>Hi {{ firstName }}</p>"`
	Text        *string   `json:"text" doc:"The text part, with Liquid; null: it is made of the HTML; empty: there is none" example:"Hi {{ firstName }}"`
	From        string    `json:"from,omitempty" format:"email" doc:"Whom it is from; absent: the send says it" example:"hello@acme.test"`
	FromName    *string   `json:"fromName" doc:"The name beside it" example:"Acme"`
	ReplyTo     *string   `json:"replyTo" format:"email" doc:"Where answers go" example:"help@acme.test"`
	Type        string    `json:"type" enum:"TRANSACTIONAL,MARKETING" doc:"TRANSACTIONAL reaches those who unsubscribed, too"`
	ProjectID   string    `json:"projectId" example:"prj_default"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`

	Key          string       `json:"key,omitempty" doc:"A word of your own that finds it, as the id does" example:"onboarding/welcome"`
	Version      int64        `json:"version" doc:"Every change is one more" example:"3"`
	Origin       string       `json:"origin" enum:"api,folder" doc:"folder: it is a file of the server's folder of templates, and is changed there"`
	Opens        *bool        `json:"opens,omitempty" doc:"Whether opens are watched; absent: as everywhere" example:"true"`
	Clicks       *bool        `json:"clicks,omitempty" doc:"Whether clicks are watched; absent: as everywhere" example:"false"`
	DisplayNames displayNames `json:"displayNames,omitempty" doc:"What values are called: of platformName it shows the name of platform" example:"{\"platformName\":{\"kajabi\":\"Kajabi\"}}"`
	Note         string       `json:"note,omitempty" doc:"Why this version was made" example:"as version 1"`
	By           string       `json:"by,omitempty" doc:"Who made this version" example:"key_4f"`
}

type displayNames map[string]map[string]string

// TemplateOf makes the public form of a template.
func TemplateOf(t *store.Template, project string) Template {
	return Template{
		ID: t.ID, Name: t.Name, Description: textOrNull(t.Description), Subject: t.Subject, Body: t.Body, Text: t.Text, From: t.From,
		FromName: textOrNull(t.FromName), ReplyTo: textOrNull(t.ReplyTo), Type: t.Type, ProjectID: project, CreatedAt: t.CreatedAt,
		UpdatedAt: t.UpdatedAt, Key: t.Key, Version: t.Version, Origin: t.Origin, Opens: t.Opens, Clicks: t.Clicks,
		DisplayNames: t.DisplayNames, Note: t.Note, By: t.By,
	}
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// TemplateProblem is what is wrong with a template, or doubtful.
type TemplateProblem struct {
	Part    string `json:"part,omitempty" enum:"subject,body,text" doc:"Of the template; absent: the whole"`
	Line    int    `json:"line,omitempty" doc:"From 1; absent: no line in particular" example:"3"`
	Column  int    `json:"column,omitempty" doc:"In characters, from 1" example:"12"`
	Message string `json:"message" example:"There is no filter \"upcas\". Did you mean upcase?"`
}

// TemplateTrouble is a file of the server's folder of templates that is not as it should be. The template stays as it was.
type TemplateTrouble struct {
	File     string            `json:"file" doc:"Within the folder" example:"onboarding/welcome.html"`
	Problems []TemplateProblem `json:"problems" nullable:"false" doc:"Their lines are the file's"`
	FoundAt  time.Time         `json:"foundAt" doc:"When it was read so first"`
}

// TemplateList is one page of templates, as MailGlyph gives it, and what is wrong with files.
type TemplateList struct {
	Data       []Template        `json:"data" nullable:"false" doc:"Newest first"`
	Total      int64             `json:"total" doc:"How many there are in all" example:"12"`
	Page       int               `json:"page" doc:"Which page it is, from 1" example:"1"`
	PageSize   int               `json:"pageSize" doc:"How many a page has at most" example:"20"`
	TotalPages int               `json:"totalPages" doc:"How many pages there are" example:"1"`
	NextCursor string            `json:"nextCursor,omitempty" doc:"For the next page; absent: there is no more"`
	Problems   []TemplateTrouble `json:"problems,omitempty" doc:"Files of the server's folder that are not as they should be"`
}

// TemplateListOf makes the public form of a page.
func TemplateListOf(page *control.TemplatePage, project string) TemplateList {
	size := int64(page.PageSize)
	out := TemplateList{
		Data: make([]Template, len(page.Templates)), Total: page.Total, Page: page.Page, PageSize: page.PageSize,
		TotalPages: int((page.Total + size - 1) / size), NextCursor: page.NextCursor,
	}
	for i := range page.Templates {
		out.Data[i] = TemplateOf(&page.Templates[i], project)
	}
	for _, x := range page.Troubles {
		t := TemplateTrouble{File: x.Path, Problems: make([]TemplateProblem, len(x.Problems)), FoundAt: x.FoundAt}
		for i, p := range x.Problems {
			t.Problems[i] = TemplateProblem(p)
		}
		out.Problems = append(out.Problems, t)
	}
	return out
}

type listTemplatesIn struct {
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"How many a page has at most"`
	Cursor string `query:"cursor" doc:"The nextCursor of the page before"`
	Type   string `query:"type" enum:"TRANSACTIONAL,MARKETING" doc:"Only those of this type"`
	Search string `query:"search" maxLength:"1000" doc:"A part of the name, key or subject, in any case, or the id" example:"welcome"`
}

type templateListOut struct{ Body TemplateList }

func (a *api) listTemplates(ctx context.Context, in *listTemplatesIn) (*templateListOut, error) {
	page, err := a.Control.Templates(ctx, who(ctx), control.TemplateSearch{
		Type: in.Type, Search: in.Search, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return &templateListOut{TemplateListOf(&page, who(ctx).Project)}, nil
}

// TemplateWish is what a template may be made or changed to.
type TemplateWish struct {
	Key          *string       `json:"key,omitempty" maxLength:"200" doc:"A word of your own that finds it, as the id does; empty: none" example:"onboarding/welcome"`
	Name         *string       `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"For people" example:"Welcome"`
	Description  nullable      `json:"description,omitempty" doc:"What it is for; null: nothing" example:"The first email after signing up"`
	Subject      *string       `json:"subject,omitempty" minLength:"1" maxLength:"998" doc:"Liquid" example:"Welcome, {{ firstName }}"`
	Body         *string       `json:"body,omitempty" doc:"HTML with Liquid" example:"<p>Hi {{ firstName }}</p>"`
	Text         nullable      `json:"text,omitempty" doc:"The text part, with Liquid; null: it is made of the HTML; empty: there is none" example:"Hi {{ firstName }}"`
	From         *string       `json:"from,omitempty" maxLength:"512" doc:"Whom it is from; empty: the send says it" example:"hello@acme.test"`
	FromName     nullable      `json:"fromName,omitempty" doc:"The name beside it; null: none" example:"Acme"`
	ReplyTo      nullable      `json:"replyTo,omitempty" doc:"Where answers go; null: to whom it is from" example:"help@acme.test"`
	Type         *string       `json:"type,omitempty" enum:"TRANSACTIONAL,MARKETING" doc:"TRANSACTIONAL reaches those who unsubscribed, too"`
	Opens        nullableBool  `json:"opens,omitempty" doc:"Whether opens are watched; null: as everywhere" example:"true"`
	Clicks       nullableBool  `json:"clicks,omitempty" doc:"Whether clicks are watched; null: as everywhere" example:"false"`
	DisplayNames *displayNames `json:"displayNames,omitempty" doc:"What values are called: of platformName it shows the name of platform" example:"{\"platformName\":{\"kajabi\":\"Kajabi\"}}"`
}

func (w *TemplateWish) edit() control.TemplateEdit {
	return control.TemplateEdit{
		Key: w.Key, Name: w.Name, Description: w.Description.text(), Subject: w.Subject, Body: w.Body,
		Text: w.Text.value, HasText: w.Text.said, From: w.From, FromName: w.FromName.text(), ReplyTo: w.ReplyTo.text(), Type: w.Type,
		Opens: w.Opens.value, HasOpens: w.Opens.said, Clicks: w.Clicks.value, HasClicks: w.Clicks.said,
		DisplayNames: (*map[string]map[string]string)(w.DisplayNames),
	}
}

// NewTemplate is a template to make. Name, subject, body and type are needed.
type NewTemplate struct {
	TemplateWish
}

type createTemplateIn struct{ Body NewTemplate }

type templateOut struct {
	ETag string `header:"ETag" doc:"For If-None-Match and If-Match"`
	Body Template
}

func (a *api) oneTemplate(ctx context.Context, t *store.Template, err error) (*templateOut, error) {
	if err != nil {
		return nil, err
	}
	return &templateOut{strconv.FormatInt(t.Version, 10), TemplateOf(t, who(ctx).Project)}, nil
}

func (a *api) createTemplate(ctx context.Context, in *createTemplateIn) (*templateOut, error) {
	t, err := a.Control.CreateTemplate(ctx, who(ctx), in.Body.edit())
	return a.oneTemplate(ctx, &t, err)
}

// TemplatePath names a template in a path.
type TemplatePath struct {
	ID string `path:"id" doc:"The template's id, or its key with %2F for its slashes" example:"tpl_01jq7z9f3v8k2m5n"`
}

func (a *api) getTemplate(ctx context.Context, in *TemplatePath) (*templateOut, error) {
	t, err := a.Control.Template(ctx, who(ctx), in.ID)
	return a.oneTemplate(ctx, &t, err)
}

type updateTemplateIn struct {
	TemplatePath
	IfMatch string `header:"If-Match" doc:"The ETag of the template that the change is made for; if it was changed since, the answer is 412"`
	Body    TemplateWish
}

func (a *api) updateTemplate(ctx context.Context, in *updateTemplateIn) (*templateOut, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	t, err := a.Control.UpdateTemplate(ctx, who(ctx), in.ID, in.Body.edit(), version)
	if f, ok := asChanged(err); ok && version != 0 {
		p := a.newProblem(http.StatusPreconditionFailed, f.Code, f.Message)
		p.Hint = f.Hint
		return nil, p
	}
	return a.oneTemplate(ctx, &t, err)
}

func (a *api) deleteTemplate(ctx context.Context, in *TemplatePath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteTemplate(ctx, who(ctx), in.ID)
}

type listTemplateVersionsIn struct {
	TemplatePath
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"How many a page has at most"`
	Cursor string `query:"cursor" doc:"The nextCursor of the page before"`
}

// TemplateVersions are what a template was.
type TemplateVersions struct {
	Versions   []Template `json:"versions" nullable:"false" doc:"Newest first"`
	NextCursor string     `json:"nextCursor,omitempty" doc:"For the next page; absent: there is no more"`
}

type templateVersionsOut struct{ Body TemplateVersions }

func (a *api) listTemplateVersions(ctx context.Context, in *listTemplateVersionsIn) (*templateVersionsOut, error) {
	page, err := a.Control.TemplateVersions(ctx, who(ctx), in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &templateVersionsOut{TemplateVersions{make([]Template, len(page.Versions)), page.NextCursor}}
	for i := range page.Versions {
		out.Body.Versions[i] = TemplateOf(&page.Versions[i], who(ctx).Project)
	}
	return out, nil
}

type templateVersionPath struct {
	TemplatePath
	Version int64 `path:"version" doc:"Which version, from 1" example:"1"`
}

func (a *api) getTemplateVersion(ctx context.Context, in *templateVersionPath) (*templateOut, error) {
	t, err := a.Control.TemplateVersion(ctx, who(ctx), in.ID, in.Version)
	return a.oneTemplate(ctx, &t, err)
}

func (a *api) restoreTemplate(ctx context.Context, in *templateVersionPath) (*templateOut, error) {
	t, err := a.Control.RestoreTemplate(ctx, who(ctx), in.ID, in.Version)
	return a.oneTemplate(ctx, &t, err)
}

// nullable is a text that may be null, which is something else than absent.
type nullable struct {
	said  bool
	value *string
}

func (n nullable) text() *string {
	empty := ""
	if n.said && n.value == nil {
		return &empty
	}
	return n.value
}

// Schema describes it in the OpenAPI document.
func (nullable) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// UnmarshalJSON notes that it was said.
func (n *nullable) UnmarshalJSON(b []byte) error {
	n.said = true
	return json.Unmarshal(b, &n.value)
}

type nullableBool struct {
	said  bool
	value *bool
}

// Schema describes it in the OpenAPI document.
func (nullableBool) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeBoolean, Nullable: true}
}

// UnmarshalJSON notes that it was said.
func (n *nullableBool) UnmarshalJSON(b []byte) error {
	n.said = true
	return json.Unmarshal(b, &n.value)
}

// asChanged finds the fault that says that something was changed in between.
func asChanged(err error) (*fault.Error, bool) {
	f, ok := asFault(err)
	return f, ok && f.Code == store.CodeChanged
}
