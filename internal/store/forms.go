package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidings/internal/fault"
)

// Form is a form through which people subscribe themselves.
type Form struct {
	ID          string // frm_…
	Project     string // prj_…
	Token       string // of its link; whoever knows it may ask to be subscribed
	Name        string
	DoubleOptIn bool     // nobody is subscribed before they confirmed it
	Topics      []string // slugs of the topics that people take with it
	Fields      []FormField
	Origins     []string // of web sites that may post to it, beside ours
	// RedirectURL is where people go once they sent it, ConfirmedURL where once they confirmed it; empty: a page of ours.
	RedirectURL, ConfirmedURL string
	CreatedAt, UpdatedAt      time.Time
}

// FormField is what a form asks for beside the address. It becomes an attribute.
type FormField struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Required bool   `json:"required,omitempty"`
}

const selectForm = `SELECT f.id, p.id, f.token, f.name, f.double_opt_in, f.topics, f.fields, f.origins, f.redirect_url,
	f.confirmed_url, f.created_at, f.updated_at FROM forms f JOIN projects p ON p.ref = f.project `

func scanForm(r row) (f Form, err error) {
	var topics, fields, origins string
	var created, updated int64
	err = r.Scan(&f.ID, &f.Project, &f.Token, &f.Name, &f.DoubleOptIn, &topics, &fields, &origins, &f.RedirectURL,
		&f.ConfirmedURL, &created, &updated)
	f.CreatedAt, f.UpdatedAt = at(created), at(updated)
	if err != nil {
		return f, err
	}
	return f, errors.Join(json.Unmarshal([]byte(topics), &f.Topics), json.Unmarshal([]byte(fields), &f.Fields),
		json.Unmarshal([]byte(origins), &f.Origins))
}

// lists are the texts of a form's lists.
func (f *Form) lists() (topics, fields, origins string, err error) {
	for _, x := range [...]struct {
		list any
		text *string
	}{{f.Topics, &topics}, {f.Fields, &fields}, {f.Origins, &origins}} {
		b, err := json.Marshal(x.list)
		if err != nil {
			return "", "", "", fmt.Errorf("encode form: %w", err)
		}
		*x.text = string(b)
	}
	return topics, fields, origins, nil
}

// Forms lists the forms of a project, newest first.
func (s *Store) Forms(ctx context.Context, project string) ([]Form, error) {
	return s.forms(ctx, `WHERE p.id = $1 ORDER BY f.ref DESC`, project)
}

// Form finds a form by its id.
func (s *Store) Form(ctx context.Context, project, id string) (Form, error) {
	list, err := s.forms(ctx, `WHERE p.id = $1 AND f.id = $2`, project, id)
	return theForm(list, err, "there is no form %q", id)
}

// FormOfToken finds a form by the token of its link, whosever it is.
func (s *Store) FormOfToken(ctx context.Context, token string) (Form, error) {
	list, err := s.forms(ctx, `WHERE f.token = $1`, token)
	return theForm(list, err, "there is no form under this link")
}

func theForm(list []Form, err error, missing string, args ...any) (Form, error) {
	switch {
	case err != nil:
		return Form{}, err
	case len(list) == 0:
		return Form{}, fault.Missing(missing, args...)
	}
	return list[0], nil
}

func (s *Store) forms(ctx context.Context, where string, args ...any) (list []Form, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, selectForm+where, args, func(r row) error {
			f, err := scanForm(r)
			list = append(list, f)
			return err
		})
	})
	return list, err
}

// CreateForm stores a form, at most of so many of the project: one more is a Conflict.
func (s *Store) CreateForm(ctx context.Context, f *Form, most int, act Act) error {
	topics, fields, origins, err := f.lists()
	if err != nil {
		return err
	}
	return s.actOf(ctx, f.Project, &act, func(c conn, project int64) error {
		var n int
		if _, err := one(ctx, c, `SELECT count(*) FROM forms WHERE project = $1`, []any{project}, &n); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.Conflict, "too_many_forms", "a project may have %d forms", most).
				WithHint("delete those that nobody needs")
		}
		act.Changes = formChanges(&Form{}, f)
		_, err := c.exec(ctx, `INSERT INTO forms (id, project, token, name, double_opt_in, topics, fields, origins,
			redirect_url, confirmed_url, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
			f.ID, project, f.Token, f.Name, f.DoubleOptIn, topics, fields, origins, f.RedirectURL, f.ConfirmedURL, ms(act.At))
		return err
	})
}

// UpdateForm replaces a form by what change makes of it.
func (s *Store) UpdateForm(ctx context.Context, project, id string, change func(*Form) error, act Act) (f Form, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, _ int64) error {
		found := false
		err := c.query(ctx, selectForm+`WHERE p.id = $1 AND f.id = $2`, []any{project, id}, func(r row) (err error) {
			found = true
			f, err = scanForm(r)
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no form %q", id)
		}
		before := f
		if err := change(&f); err != nil {
			return err
		}
		if act.Changes = formChanges(&before, &f); len(act.Changes) == 0 {
			return errUnchanged
		}
		topics, fields, origins, err := f.lists()
		if err != nil {
			return err
		}
		f.UpdatedAt = act.At
		_, err = c.exec(ctx, `UPDATE forms SET name = $2, double_opt_in = $3, topics = $4, fields = $5, origins = $6,
			redirect_url = $7, confirmed_url = $8, updated_at = $9 WHERE id = $1`,
			id, f.Name, f.DoubleOptIn, topics, fields, origins, f.RedirectURL, f.ConfirmedURL, ms(act.At))
		return err
	})
	return f, err
}

// DeleteForm removes a form. Links that people were sent to confirm go on working.
func (s *Store) DeleteForm(ctx context.Context, project, id string, act Act) error {
	return s.actOf(ctx, project, &act, func(c conn, ref int64) error {
		var name string
		found, err := one(ctx, c, `DELETE FROM forms WHERE project = $1 AND id = $2 RETURNING name`, []any{ref, id}, &name)
		if err == nil && !found {
			err = fault.Missing("there is no form %q", id)
		}
		act.Changes = []Change{{Field: "name", From: name}}
		return err
	})
}

// formChanges tells the audit log what differs between two forms.
func formChanges(a, b *Form) (list []Change) {
	names := func(f *Form) string {
		words := make([]string, len(f.Fields))
		for i, x := range f.Fields {
			if words[i] = x.Name; x.Required {
				words[i] += " (required)"
			}
			words[i] += ": " + x.Label
		}
		return strings.Join(words, ", ")
	}
	for _, x := range [...]struct{ field, from, to string }{
		{"name", a.Name, b.Name},
		{"doubleOptIn", word(a.DoubleOptIn), word(b.DoubleOptIn)},
		{"topics", strings.Join(a.Topics, ", "), strings.Join(b.Topics, ", ")},
		{"fields", names(a), names(b)},
		{"origins", strings.Join(a.Origins, ", "), strings.Join(b.Origins, ", ")},
		{"redirectUrl", a.RedirectURL, b.RedirectURL},
		{"confirmedUrl", a.ConfirmedURL, b.ConfirmedURL},
	} {
		if x.from != x.to {
			list = append(list, Change{Field: x.field, From: x.from, To: x.to})
		}
	}
	return list
}

// FormByID finds a form by its id, whosever it is; nil: it is gone.
func (s *Store) FormByID(ctx context.Context, id string) (*Form, error) {
	list, err := s.forms(ctx, `WHERE f.id = $1`, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
