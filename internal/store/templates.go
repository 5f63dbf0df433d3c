package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tidings/internal/fault"
	"tidings/internal/workflow"
)

// Where templates come from.
const (
	TemplateOfAPI    = "api"
	TemplateOfFolder = "folder" // a file of the server's folder is the template: it is changed there
)

// Template is what emails are made of, as it is in one of its versions.
type Template struct {
	Ref       int64
	ID        string // tpl_…
	Key       string // of the project's own choice: onboarding/welcome; empty: none
	Origin    string
	Version   int64 // from 1
	By        string
	Note      string // why the version was made; for people
	CreatedAt time.Time
	UpdatedAt time.Time // when the version was made
	TemplateContent
}

// TemplateContent is what changes from version to version.
type TemplateContent struct {
	Name         string                       `json:"name"`
	Description  string                       `json:"description,omitempty"`
	Subject      string                       `json:"subject"`
	Body         string                       `json:"body"`           // HTML
	Text         *string                      `json:"text,omitempty"` // nil: made of the HTML; empty: there is none
	From         string                       `json:"from,omitempty"`
	FromName     string                       `json:"fromName,omitempty"`
	ReplyTo      string                       `json:"replyTo,omitempty"`
	Type         string                       `json:"type"`             // TRANSACTIONAL or MARKETING
	Opens        *bool                        `json:"opens,omitempty"`  // whether opens are watched; nil: as everywhere
	Clicks       *bool                        `json:"clicks,omitempty"` // the same of clicks
	DisplayNames map[string]map[string]string `json:"displayNames,omitempty"`
}

// CodeTemplateInFolder is the code of a Conflict: the template is a file, and is changed there.
const CodeTemplateInFolder = "template_in_folder"

// selectTemplate reads templates in a version: v is joined by what follows.
const selectTemplate = `SELECT t.ref, t.id, t.key, t.origin, v.version, v.by, v.note, t.created_at, v.created_at, v.content
	FROM templates t JOIN template_versions v ON v.template = t.ref `

func scanTemplate(r row) (t Template, err error) {
	var created, updated int64
	var content string
	err = r.Scan(&t.Ref, &t.ID, &t.Key, &t.Origin, &t.Version, &t.By, &t.Note, &created, &updated, &content)
	t.CreatedAt, t.UpdatedAt = at(created), at(updated)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(content), &t.TemplateContent); err != nil {
		return t, fmt.Errorf("content of template %s, version %d: %w", t.ID, t.Version, err)
	}
	return t, nil
}

func templates(ctx context.Context, c conn, where string, args ...any) (list []Template, err error) {
	err = c.query(ctx, selectTemplate+where, args, func(r row) error {
		t, err := scanTemplate(r)
		list = append(list, t)
		return err
	})
	return list, err
}

// templateOf finds a template by its id or key, as it is now.
func templateOf(ctx context.Context, c conn, project int64, id string) (Template, error) {
	list, err := templates(ctx, c, `WHERE v.version = t.version AND t.project = $1 AND (t.id = $2 OR t.key = $2 AND t.key <> '')
		ORDER BY t.ref LIMIT 1`, project, id)
	if err != nil {
		return Template{}, err
	}
	if len(list) == 0 {
		return Template{}, fault.Missing("there is no template %q", id)
	}
	return list[0], nil
}

// Template finds a template by its id or key, as it is now.
func (s *Store) Template(ctx context.Context, project, id string) (t Template, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		t, err = templateOf(ctx, c, p, id)
		return err
	})
	return t, err
}

// TemplateVersion finds a template as it was in one of its versions.
func (s *Store) TemplateVersion(ctx context.Context, project, id string, version int64) (t Template, err error) {
	list, err := s.TemplateVersions(ctx, project, id, version+1, 1)
	if err != nil {
		return t, err
	}
	if len(list) == 0 || list[0].Version != version {
		return t, fault.Missing("template %q has no version %d", id, version)
	}
	return list[0], nil
}

// TemplateVersions lists the versions of a template, newest first: those before a version, 0 for all, at most limit.
func (s *Store) TemplateVersions(
	ctx context.Context, project, id string, before int64, limit int,
) (list []Template, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		t, err := templateOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		if before == 0 {
			before = t.Version + 1
		}
		list, err = templates(ctx, c, `WHERE v.template = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT `+itoa(limit),
			t.Ref, before)
		return err
	})
	return list, err
}

// TemplateQuery selects templates. Zero fields do not filter.
type TemplateQuery struct {
	Project string
	Type    string
	Search  string // a part of the name, key or subject, in any case, or the id
	Prefix  string // what the key begins with
	After   int64  // Template.Ref of the last of the page before
	Limit   int    // at least 1
}

// TemplatePage is one page of templates, newest first.
type TemplatePage struct {
	Templates []Template
	Total     int64 // that the question selects in all
	Before    int64 // of those before this page
	Next      int64 // zero: no more
}

// ListTemplates answers a question about templates. A project has few: the index templates_project serves it.
func (s *Store) ListTemplates(ctx context.Context, q TemplateQuery) (page TemplatePage, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		page = TemplatePage{}
		p, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		where, args := `WHERE v.version = t.version AND t.project = $1`, []any{p}
		if q.Type != "" {
			args = append(args, q.Type)
			where += fmt.Sprintf(` AND v.type = $%d`, len(args))
		}
		if q.Search != "" {
			args = append(args, "%"+likeEscape(strings.ToLower(q.Search))+"%")
			where += fmt.Sprintf(` AND (lower(v.name) LIKE $%[1]d ESCAPE '\' OR lower(t.key) LIKE $%[1]d ESCAPE '\' OR
				lower(v.subject) LIKE $%[1]d ESCAPE '\' OR t.id = $%[2]d)`, len(args), len(args)+1)
			args = append(args, q.Search)
		}
		if q.Prefix != "" {
			args = append(args, q.Prefix)
			where += fmt.Sprintf(` AND substr(t.key, 1, length($%[1]d)) = $%[1]d`, len(args))
		}
		if _, err := one(ctx, c, `SELECT count(*) FROM templates t JOIN template_versions v ON v.template = t.ref `+where, args,
			&page.Total); err != nil {
			return err
		}
		if q.After != 0 {
			args = append(args, q.After)
			if _, err := one(ctx, c, `SELECT count(*) FROM templates t JOIN template_versions v ON v.template = t.ref `+where+
				fmt.Sprintf(` AND t.ref >= $%d`, len(args)), args, &page.Before); err != nil {
				return err
			}
			where += fmt.Sprintf(` AND t.ref < $%d`, len(args))
		}
		page.Templates, err = templates(ctx, c, where+` ORDER BY t.ref DESC LIMIT `+itoa(q.Limit+1), args...)
		return err
	})
	if err == nil && len(page.Templates) > q.Limit {
		page.Templates = page.Templates[:q.Limit]
		page.Next = page.Templates[q.Limit-1].Ref
	}
	return page, err
}

// addVersion stores a template's content as its newest version.
func addVersion(ctx context.Context, c conn, t *Template, act *Act) error {
	b, err := json.Marshal(&t.TemplateContent)
	if err != nil {
		return fmt.Errorf("encode template: %w", err)
	}
	t.By, t.UpdatedAt = act.By, act.At
	_, err = c.exec(ctx, `INSERT INTO template_versions (template, version, name, type, subject, content, by, note, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.Ref, t.Version, t.Name, t.Type, t.Subject, string(b), t.By, t.Note, ms(t.UpdatedAt))
	return err
}

// CreateTemplate stores a template as its version 1, at most of so many of the project. Its key must be free: a Conflict,
// key_taken, says that it is not.
func (s *Store) CreateTemplate(ctx context.Context, project string, t *Template, most int, act Act) error {
	act.Subject = t.ID
	return s.actOf(ctx, project, &act, func(c conn, p int64) error {
		act.Changes = templateChanges(&Template{}, t)
		return insertTemplate(ctx, c, p, t, most, &act)
	})
}

func insertTemplate(ctx context.Context, c conn, project int64, t *Template, most int, act *Act) error {
	var n int
	if _, err := one(ctx, c, `SELECT count(*) FROM templates WHERE project = $1`, []any{project}, &n); err != nil {
		return err
	}
	if n >= most {
		return fault.New(fault.Conflict, "too_many_templates", "a project may have %d templates", most).
			WithHint("delete those that nobody needs")
	}
	t.Version, t.CreatedAt = 1, act.At
	found, err := one(ctx, c, `INSERT INTO templates (id, project, key, origin, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 1, $5, $5) ON CONFLICT DO NOTHING RETURNING ref`,
		[]any{t.ID, project, t.Key, t.Origin, ms(act.At)}, &t.Ref)
	if err != nil {
		return err
	}
	if !found {
		return keyTaken(t.Key)
	}
	return addVersion(ctx, c, t, act)
}

func keyTaken(key string) error {
	return fault.New(fault.Conflict, "key_taken", "another template has the key %q", key).WithField("key").
		WithHint("choose another key, or change that template")
}

// UpdateTemplate makes a new version of a template: what change makes of it. Where change alters nothing, nothing is stored. A
// version that is not 0 must be the template's: else somebody changed it in between, a Conflict with the code CodeChanged. A
// template of the folder is a Conflict with the code CodeTemplateInFolder.
func (s *Store) UpdateTemplate(
	ctx context.Context, project, id string, version int64, change func(*Template) error, act Act,
) (t Template, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		if t, err = templateOf(ctx, c, p, id); err != nil {
			return err
		}
		act.Subject = t.ID
		if t.Origin == TemplateOfFolder {
			return inFolder(&t)
		}
		if version != 0 && version != t.Version {
			return fault.New(fault.Conflict, CodeChanged, "template %s was changed in between: it is at version %d, not %d",
				t.ID, t.Version, version).WithHint("read it again and repeat the change")
		}
		before := t
		t.Note = ""
		if err := change(&t); err != nil {
			return err
		}
		if act.Changes = templateChanges(&before, &t); len(act.Changes) == 0 {
			t = before
			return errUnchanged
		}
		return newVersion(ctx, c, p, &t, &act)
	})
	return t, err
}

func inFolder(t *Template) error {
	return fault.New(fault.Conflict, CodeTemplateInFolder, "template %q is a file of the server's folder of templates", t.Key).
		WithHint("edit the file %s.html there: the change is taken at once", t.Key)
}

func newVersion(ctx context.Context, c conn, project int64, t *Template, act *Act) error {
	t.Version++
	var other int64
	taken, err := one(ctx, c, `SELECT ref FROM templates WHERE project = $1 AND key = $2 AND key <> '' AND ref <> $3`,
		[]any{project, t.Key, t.Ref}, &other)
	if err != nil {
		return err
	}
	if taken {
		return keyTaken(t.Key)
	}
	n, err := c.exec(ctx, `UPDATE templates SET key = $2, version = $3, updated_at = $4 WHERE ref = $1 AND version = $5`,
		t.Ref, t.Key, t.Version, ms(act.At), t.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, CodeChanged, "template %s was changed in between", t.ID).
			WithHint("read it again and repeat the change")
	}
	return addVersion(ctx, c, t, act)
}

// DeleteTemplate removes a template and its versions. One that something needs is a Conflict, template_in_use.
func (s *Store) DeleteTemplate(ctx context.Context, project, id string, act Act) error {
	return s.actOf(ctx, project, &act, func(c conn, p int64) error {
		t, err := templateOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		act.Subject = t.ID
		act.Changes = []Change{{Field: "name", From: t.Name}}
		if t.Origin == TemplateOfFolder {
			return inFolder(&t)
		}
		if err := inWorkflow(ctx, c, p, "template_in_use", workflow.OfTemplate, t.ID, t.Key); err != nil {
			return err
		}
		return removeTemplate(ctx, c, &t)
	})
}

func removeTemplate(ctx context.Context, c conn, t *Template) error {
	var kind, id, name string
	used, err := one(ctx, c, `SELECT kind, id, name FROM template_uses WHERE template = $1 ORDER BY kind, id LIMIT 1`,
		[]any{t.Ref}, &kind, &id, &name)
	if err != nil {
		return err
	}
	if used {
		return fault.New(fault.Conflict, "template_in_use", "the %s %q (%s) needs template %s", kind, name, id, t.ID).
			WithHint("change or delete that first")
	}
	for _, sql := range [...]string{
		`DELETE FROM template_versions WHERE template = $1`, `DELETE FROM templates WHERE ref = $1`,
	} {
		if _, err := c.exec(ctx, sql, t.Ref); err != nil {
			return err
		}
	}
	return nil
}
