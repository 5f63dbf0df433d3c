package control

import (
	"context"
	"encoding/json"
	"fmt"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

const (
	opTestTemplate = "testTemplate"
	originTest     = "test"
	// testMark begins the subject of a test, so that nobody takes it for the real one.
	testMark = "[Test] "
)

// TemplateTest asks for one email of a template to somebody who wants to see it.
type TemplateTest struct {
	Template string       // id or key
	To       send.Mailbox // who looks at it
	Contact  string       // id or address of the contact whose data it shows; empty: the recipient's own
	Data     []byte       // a JSON object: what would come with the send; it goes before the contact's attributes
	Event    []byte       // a JSON object: the event that would lead to it
	Sender   string       // id or name; empty: the project's default
}

// TestTemplate sends a template to somebody who wants to see it, whatever they said of mail: it is their own wish. Whoever is
// suppressed gets none all the same. Nothing of it counts for the template.
func (c *Control) TestTemplate(ctx context.Context, who Actor, in *TemplateTest) (SentEmail, error) {
	now := c.Now()
	s := &sending{control: c, who: who, in: &SendRequest{}, now: now}
	content, change, err := c.testContent(ctx, who, in)
	if err != nil {
		return SentEmail{}, err
	}
	s.batch = store.SendBatch{Content: content, Origin: originTest, Sends: []store.NewSend{{
		ID: auth.NewID(send.IDPrefix), Change: change, Name: in.To.Name,
	}}}
	if err := s.mayUse(ctx); err != nil {
		return SentEmail{}, err
	}
	if s.batch.Source, err = c.sendSource(ctx, who.Project); err != nil {
		return SentEmail{}, err
	}
	act := c.act(who, opTestTemplate, in.Template, "")
	out, err := c.Store.QueueSends(ctx, &s.batch, &act)
	if err != nil {
		return SentEmail{}, fmt.Errorf("send a test: %w", err)
	}
	x := out[0]
	return SentEmail{
		ID: x.ID, Message: x.Message, Contact: x.Contact, Email: in.To.Address, Status: x.Status, Reason: x.Reason,
	}, nil
}

// testContent is what a test holds, and what is said of whom it goes to.
func (c *Control) testContent(ctx context.Context, who Actor, in *TemplateTest) (*send.Content, contact.Change, error) {
	var p problems
	content := &send.Content{Sender: in.Sender}
	address, wrong := readAddress([]byte(in.To.Address))
	p.says("to", wrong)
	p.mailName("to", in.To.Name)
	p.text("contact", in.Contact, 0, maxFilter)
	p.text("sender", in.Sender, 0, maxFilter)
	for _, x := range [...]struct {
		field string
		from  []byte
		to    *json.RawMessage
	}{{"data", in.Data, &content.Data}, {"event", in.Event, &content.Event}} {
		if _, err := objectOf(x.from); err != nil {
			p.add(x.field, "must be a JSON object")
		}
		*x.to = x.from
	}
	change := contact.Change{Address: address, At: c.Now().UnixMilli(), Origin: originTest, By: who.By, Born: contact.OptOut}
	if err := p.err(); err != nil {
		return nil, change, err
	}
	t, err := c.Store.Template(ctx, who.Project, in.Template)
	if err != nil {
		return nil, change, err
	}
	if err := c.useTemplate(ctx, who.Project, t.ID, content); err != nil {
		return nil, change, err
	}
	content.Label, content.Transactional, content.Subject = "", true, testMark+t.Subject
	content.NoOpens, content.NoClicks, content.Tags = true, true, []string{originTest}
	if live, err := c.Outgoing.Sender(ctx, who.Project, in.Sender); err == nil && live.Row.ID == send.ImplicitSender &&
		content.From.Address == "" { // it is looked at on this machine: that nobody is named yet is no hindrance
		content.From = send.Mailbox{Address: localFrom}
	}
	if in.Contact == "" {
		return content, change, nil
	}
	return content, change, c.showAs(ctx, who, in, content)
}

// showAs renders a content for another contact than the one it goes to. What came of it stands in the content as data, where
// nothing in it is a template any more.
func (c *Control) showAs(ctx context.Context, who Actor, in *TemplateTest, content *send.Content) error {
	k, err := c.Store.Contact(ctx, who.Project, in.Contact)
	if fault.Is(err, fault.NotFound) {
		return fault.BadField("contact", "there is no contact %.100q", in.Contact)
	}
	if err != nil {
		return fmt.Errorf("find contact: %w", err)
	}
	base := c.public("")
	texts, err := c.texts(ctx, who.Project, content, &rendering{
		contact: &k, unsubscribe: base + "/unsubscribe/preview", preferences: base + "/preferences/preview",
	})
	if err != nil {
		return err
	}
	shown, err := json.Marshal(map[string]any{"test": map[string]string{
		"subject": texts.Subject, "html": texts.HTML, "text": texts.Text,
	}})
	if err != nil {
		return fmt.Errorf("write what is shown: %w", err)
	}
	content.Template, content.Version, content.Data, content.Event = "", 0, shown, nil
	content.Subject, content.HTML = "{{ data.test.subject }}", "{{ data.test.html | raw }}"
	content.Text = new("{{ data.test.text }}")
	if texts.Text == "" {
		content.Text = new("")
	}
	content.ReplyTo = texts.ReplyTo
	return nil
}
