package control

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/internal/store"
	"tidings/internal/template"
)

// rendering is whom a content is rendered for.
type rendering struct {
	contact                  *store.Contact
	name                     string          // shown beside the address
	data                     json.RawMessage // this recipient's own; it goes before the content's
	unsubscribe, preferences string
	templates                *templateMemo // nil: the template is read anew
}

// templateMemo keeps the template of each content of one claim, in which many are of one. It is safe for concurrent use.
type templateMemo struct{ byContent sync.Map }

// of is the content's template, which find gets the first time.
func (m *templateMemo) of(content *send.Content, find func() (store.Template, error)) (store.Template, error) {
	if m == nil {
		return find()
	}
	known, _ := m.byContent.Load(content)
	if t, ok := known.(store.Template); ok {
		return t, nil
	}
	t, err := find()
	if err == nil {
		m.byContent.Store(content, t)
	}
	return t, err
}

// texts renders a content for one recipient. What is wrong with the content is an error of kind Invalid.
func (c *Control) texts(ctx context.Context, project string, content *send.Content, r *rendering) (out send.Rendered, err error) {
	t, err := r.templates.of(content, func() (store.Template, error) { return c.contentTemplate(ctx, project, content) })
	if err != nil {
		return out, err
	}
	in, err := TemplateContext(r.contact, c.Now())
	if err != nil {
		return out, err
	}
	in.UnsubscribeURL, in.ManageURL = r.unsubscribe, r.preferences
	if in.Data, err = mergedData(content.Data, r.data); err != nil {
		return out, err
	}
	if r.name != "" && in.Data["name"] == nil {
		in.Data["name"] = r.name
	}
	if len(content.Event) > 0 {
		if in.Event, err = objectOf(content.Event); err != nil {
			return out, err
		}
	}
	e, wrong, err := c.RenderTemplate(ctx, &t, in)
	if err != nil {
		return out, err
	}
	if len(wrong) > 0 {
		return out, templateFault(wrong)
	}
	out = send.Rendered{Subject: e.Subject, HTML: e.HTML, Text: e.Text, From: content.From, ReplyTo: content.ReplyTo}
	if out.From.Address == "" {
		out.From = send.Mailbox{Name: t.FromName, Address: t.From}
	}
	if len(out.ReplyTo) == 0 && t.ReplyTo != "" {
		out.ReplyTo = []send.Mailbox{{Address: t.ReplyTo}}
	}
	return out, nil
}

// templateFault is what is wrong with a template, for whoever sends with it.
func templateFault(list []template.Problem) error {
	var p problems
	for _, x := range list {
		p.add(x.Part, "line %d, column %d: %s", x.Line, x.Column, x.Says)
	}
	return p.err()
}

// contentTemplate is the template of a content: the stored one with what the content says itself in its place.
func (c *Control) contentTemplate(ctx context.Context, project string, content *send.Content) (t store.Template, err error) {
	if content.Template != "" {
		if content.Version > 0 {
			t, err = c.Store.TemplateVersion(ctx, project, content.Template, content.Version)
		} else {
			t, err = c.Store.Template(ctx, project, content.Template)
		}
		if err != nil {
			return t, fmt.Errorf("find template: %w", err)
		}
	}
	if content.Subject == "" && content.HTML == "" && content.Text == nil {
		return t, nil
	}
	t.ID = "" // it is none that is kept compiled
	if content.Subject != "" {
		t.Subject = content.Subject
	}
	if content.HTML != "" {
		t.Body, t.Text = content.HTML, nil
	}
	if content.Text != nil {
		t.Text = content.Text
	}
	return t, nil
}

func mergedData(common, own json.RawMessage) (map[string]any, error) {
	data, err := objectOf(common)
	if err != nil {
		return nil, err
	}
	more, err := objectOf(own)
	if err != nil {
		return nil, err
	}
	maps.Copy(data, more)
	return data, nil
}

// useTemplate takes from a template what a content leaves out.
func (c *Control) useTemplate(ctx context.Context, project, idOrKey string, content *send.Content) error {
	t, err := c.Store.Template(ctx, project, idOrKey)
	if err != nil {
		return err
	}
	content.Template, content.Version, content.Label = t.ID, t.Version, t.Key
	if t.Key == "" {
		content.Label = t.ID
	}
	content.Transactional = t.Type != template.Marketing
	content.NoOpens, content.NoClicks = t.Opens != nil && !*t.Opens, t.Clicks != nil && !*t.Clicks
	if content.From.Address == "" && t.From != "" {
		content.From = send.Mailbox{Name: t.FromName, Address: t.From}
	}
	return nil
}

// checkContent reports what is wrong with the texts of a content before anybody is mailed with it.
func (c *Control) checkContent(ctx context.Context, project string, content *send.Content) error {
	t, err := c.contentTemplate(ctx, project, content)
	if err != nil {
		return err
	}
	if _, wrong := c.compiled(&t); len(wrong) > 0 {
		return templateFault(wrong)
	}
	return nil
}

// senderFrom is whom a sender sends as where nobody says otherwise.
func (c *Control) senderFrom(ctx context.Context, project, name string) (send.Mailbox, error) {
	out := c.Outgoing
	if out == nil { // the command line keeps no senders at work
		out = sender.NewRegistry(c.Store, c.Ways)
		defer out.Close()
	}
	live, err := out.Sender(ctx, project, name)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return send.Mailbox{}, fault.BadField("sender", "%v", err)
	}
	if err != nil {
		return send.Mailbox{}, fmt.Errorf("find sender: %w", err)
	}
	return live.Row.From, nil
}
