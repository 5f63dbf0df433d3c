package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/send"
	"tidings/internal/store"
	"tidings/internal/template"
	"tidings/internal/workflow"
)

// callPatience is after what time a run calls its webhook again where the job that should have is lost.
const callPatience = 15 * time.Minute

// originStep is the origin of what workflows say of contacts.
const originStep = "workflow"

func jitter() float64 { return rand.Float64() } //nolint:gosec // it spreads tries, nobody gains by guessing it

// askIf answers what a condition asks: of the contact as it is now.
func (x *stepping) askIf(ctx context.Context, step *workflow.Step) (workflow.Input, error) {
	no, yes := workflow.Input{Kind: workflow.Answered, Outcome: workflow.No}, workflow.Input{
		Kind:    workflow.Answered,
		Outcome: workflow.Yes,
	}
	if condition := x.live.Condition(step.ID); condition != nil {
		now := x.now.UnixMilli()
		facts, err := x.control.Store.Facts(ctx, x.project, x.was.Address, condition, now)
		if err != nil {
			return no, fmt.Errorf("evaluate the condition: %w", err)
		}
		if condition.Eval(facts, now) != segment.True {
			return no, nil
		}
	}
	q := store.MailedQuery{Contact: x.was.Contact}
	if step.Condition.Run {
		q.Run = x.was.ID
	}
	for _, asked := range [...]struct {
		template string
		what     store.MailedWhat
	}{{step.Condition.Sent, store.MailSent}, {step.Condition.Opened, store.MailOpened}, {
		step.Condition.Clicked,
		store.MailClicked,
	}} {
		if asked.template == "" {
			continue
		}
		q.What = asked.what
		var err error
		if q.Template, err = x.control.templateLabel(ctx, x.project, asked.template); err != nil {
			return no, err
		}
		was, err := x.control.Store.WasMailed(ctx, x.project, q)
		if err != nil || !was {
			return no, err
		}
	}
	return yes, nil
}

// askField answers which branch of a choice fits.
func (x *stepping) askField(ctx context.Context, step *workflow.Step) (workflow.Input, error) {
	facts, err := x.facts(ctx, step)
	if err != nil {
		return workflow.Input{}, err
	}
	vars := x.out.Now.Vars
	return workflow.Input{Kind: workflow.Answered, Outcome: x.live.Choose(step.ID, facts, &vars, x.now)}, nil
}

// askTime answers which time of the contact's a wait is until.
func (x *stepping) askTime(ctx context.Context, step *workflow.Step) (workflow.Input, error) {
	facts, err := x.facts(ctx, step)
	if err != nil {
		return workflow.Input{}, err
	}
	return workflow.Input{Kind: workflow.Answered, Until: workflow.TimeOf(step.Wait.Until, facts)}, nil
}

// facts reads what a step asks of the contact.
func (x *stepping) facts(ctx context.Context, step *workflow.Step) (*segment.Facts, error) {
	facts, err := x.control.Store.FactsOf(ctx, x.project, x.was.Contact, x.live.Needs(step.ID), x.now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read what a step asks: %w", err)
	}
	return facts, nil
}

// stepContent is what a step sends, but for what the run knows.
type stepContent struct {
	send.Content
	err error
}

// mail queues the email of a step, or says when it may go.
func (x *stepping) mail(ctx context.Context, want workflow.Effect) (workflow.Input, error) {
	content, err := x.content(ctx, want)
	if err != nil {
		return workflow.Input{}, err
	}
	to, err := x.recipient(ctx, want.Step.Send)
	if err != nil {
		return workflow.Input{}, err
	}
	if to != x.was.Address {
		content.Transactional = true // who is named is told of the contact: nobody asked them for consent
	}
	held, err := x.hold(ctx, content)
	if err != nil {
		return workflow.Input{}, err
	}
	if held != nil {
		return *held, nil
	}
	vars := &x.out.Now.Vars
	content.Run, content.Depth, content.Event = x.was.ID, vars.Depth, vars.Event
	if len(vars.Data) > 0 {
		if content.Data, err = json.Marshal(vars.Data); err != nil {
			return workflow.Input{}, fmt.Errorf("encode what the run knows: %w", err)
		}
	}
	x.mailed[x.was.Contact]++
	one := store.NewSend{
		ID: auth.NewID(send.IDPrefix),
		Change: contact.Change{
			Address: to, Update: to == x.was.Address, At: x.now.UnixMilli(), Origin: originStep, By: x.was.WorkflowID,
			Born: contact.OptOut,
		},
	}
	x.out.Visit, x.out.Send = x.out.Now.Visit, &store.RunSend{Send: one, Content: content}
	return workflow.Input{Kind: workflow.Done, Outcome: workflow.OutcomeSent, Send: one.ID}, nil
}

// recipient is who gets the email of a step.
func (x *stepping) recipient(ctx context.Context, s *workflow.Send) (string, error) {
	if s.To == "" {
		return x.was.Address, nil
	}
	text, err := x.render(ctx, s.To)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(text) == "" {
		return "", fault.BadField("to", "%.100q made an empty text here, and no address", s.To)
	}
	address, wrong := readAddress([]byte(text))
	if wrong != "" {
		return "", fault.BadField("to", "%.100q %s", text, wrong)
	}
	return address, nil
}

// content is what a step sends. What is wrong with it is found once for all runs of a batch.
func (x *stepping) content(ctx context.Context, want workflow.Effect) (*send.Content, error) {
	key := fmt.Sprint(x.was.Workflow, "/", x.was.Version, "/", want.Step.ID, "/", want.Variant)
	known := x.contents[key]
	if known == nil {
		c, err := x.makeContent(ctx, want)
		if err != nil && !isOfRule(err) {
			return nil, err // the store's, which may pass
		}
		known = &stepContent{err: err}
		if c != nil {
			known.Content = *c
		}
		x.contents[key] = known
	}
	if known.err != nil {
		return nil, known.err
	}
	c := known.Content
	c.Metadata = maps.Clone(c.Metadata)
	return &c, nil
}

func (x *stepping) makeContent(ctx context.Context, want workflow.Effect) (*send.Content, error) {
	s, d := want.Step.Send, &x.live.Definition
	r := rule.Send{
		Template: s.Template, Subject: s.Subject, Sender: cmp.Or(s.Sender, d.Sender), From: cmp.Or(s.From, d.From),
		ReplyTo: cmp.Or(s.ReplyTo, d.ReplyTo), Topic: cmp.Or(s.Topic, d.Topic), Transactional: d.Transactional,
	}
	if s.Transactional != nil {
		r.Transactional = *s.Transactional
	}
	tag := stepTag(x.was.WorkflowID, want.Step.ID)
	tags := []string{tag}
	if want.Variant >= 0 {
		v := s.Variants[want.Variant]
		r.Template, r.Subject = v.Template, cmp.Or(v.Subject, s.Subject)
		tags = append(tags, tag+"."+want.Step.VariantName(want.Variant))
	}
	c, err := x.control.sendContent(ctx, x.project, &r)
	if err != nil {
		return nil, err
	}
	c.Workflow, c.Step, c.Tags = d.Key, want.Step.ID, tags
	return c, x.control.checkContent(ctx, x.project, c)
}

// stepTag is the tag by which the emails of a step are counted.
func stepTag(workflow, step string) string { return workflow + "." + step }

// hold says until when an email has to wait, or that it is skipped: quiet hours, and too many emails for one contact.
func (x *stepping) hold(ctx context.Context, content *send.Content) (*workflow.Input, error) {
	if x.out.Now.Visit > manyVisits {
		if held, err := x.room(ctx, workflow.Cap{Mails: mailsInCircle, In: "1h"}); held != nil || err != nil {
			return held, err
		}
	}
	if content.Transactional {
		return nil, nil //nolint:nilnil // nothing holds it
	}
	limits := x.settings.Of(&x.live.Definition)
	if limits.Quiet != nil {
		if until := limits.Quiet.Until(x.now, x.env.Zone); !until.IsZero() {
			return &workflow.Input{Kind: workflow.Held, Until: until, Detail: "quiet hours"}, nil
		}
	}
	if limits.Cap == nil {
		return nil, nil //nolint:nilnil // the same
	}
	return x.room(ctx, *limits.Cap)
}

// A run that has entered so many steps may go round in a circle: it mails its contact only so often an hour from then on.
const (
	manyVisits    = 50
	mailsInCircle = 10
)

// room says until when an email has to wait, or that it is skipped, as the contact got so many; nil: there is room.
func (x *stepping) room(ctx context.Context, most workflow.Cap) (*workflow.Input, error) {
	window, err := most.In.Duration()
	if err != nil {
		return nil, fault.BadField("cap.in", "%v", err)
	}
	times, err := x.control.Store.MailTimes(ctx, x.was.Contact, x.now.Add(-window), most.Mails)
	if err != nil {
		return nil, fmt.Errorf("count emails: %w", err)
	}
	// Those of this batch are not stored yet: the newest, in front of the others.
	for range x.mailed[x.was.Contact] {
		times = slices.Insert(times, 0, x.now)
	}
	switch {
	case len(times) < most.Mails:
		return nil, nil //nolint:nilnil // nothing holds it
	case most.Then == workflow.CapSkip:
		return &workflow.Input{
			Kind: workflow.Done, Outcome: workflow.OutcomeSkipped,
			Detail: "too many emails within " + string(most.In),
		}, nil
	}
	return &workflow.Input{Kind: workflow.Held, Until: times[most.Mails-1].Add(window), Detail: "too many emails"}, nil
}

// change makes the change of a contact that a step says.
func (x *stepping) change(ctx context.Context, step *workflow.Step) (workflow.Input, error) {
	u := step.Update
	c := contact.Change{
		Address: x.was.Address, Update: true, At: x.now.UnixMilli(), Origin: originStep, By: x.was.WorkflowID, Tags: u.Tags,
		Untag: u.Untag, Topics: u.Topics,
	}
	switch {
	case u.Subscribe:
		c.Consent = contact.OptIn
	case u.Unsubscribe:
		c.Consent = contact.OptOut
	}
	attributes := make(map[string]json.RawMessage, len(u.Attributes))
	for key, raw := range u.Attributes {
		var text *string
		if json.Unmarshal(raw, &text) != nil || text == nil { // no text, or null, which removes one
			attributes[key] = raw
			continue
		}
		made, err := x.render(ctx, *text)
		if err != nil {
			return workflow.Input{}, err
		}
		if attributes[key], err = json.Marshal(made); err != nil {
			return workflow.Input{}, fmt.Errorf("encode attribute: %w", err)
		}
	}
	c.Attributes = knownAttributes(attributes)
	x.out.Visit, x.out.Edit = x.out.Now.Visit, &c
	return workflow.Input{Kind: workflow.Done}, nil
}

// render makes a text of Liquid for the run's contact.
func (x *stepping) render(ctx context.Context, text string) (string, error) {
	in, err := x.world(ctx)
	if err != nil {
		return "", err
	}
	return renderText(ctx, "text", text, in.Variables(nil), x.now)
}

// world is what the run's texts may name.
func (x *stepping) world(ctx context.Context) (*template.Context, error) {
	k, err := x.control.Store.Contact(ctx, x.project, x.was.Address)
	if err != nil {
		return nil, fmt.Errorf("find contact: %w", err)
	}
	in, err := TemplateContext(&k, x.now)
	if err != nil {
		return nil, err
	}
	vars := &x.out.Now.Vars
	if len(vars.Event) > 0 {
		if in.Event, err = objectOf(vars.Event); err != nil {
			return nil, err
		}
	}
	if len(vars.Data) > 0 {
		raw, err := json.Marshal(vars.Data)
		if err != nil {
			return nil, fmt.Errorf("encode what the run knows: %w", err)
		}
		if in.Data, err = objectOf(raw); err != nil {
			return nil, err
		}
	}
	in.Workflow = map[string]any{"id": x.was.WorkflowID, "name": cmp.Or(x.live.Name, x.live.Key)}
	in.Execution = map[string]any{"id": x.was.ID, "startedAt": x.was.StartedAt.UTC().Format(time.RFC3339Nano)}
	return in, nil
}

// templateLabel is what events call a template.
func (c *Control) templateLabel(ctx context.Context, project, idOrKey string) (string, error) {
	if idOrKey == "*" {
		return idOrKey, nil
	}
	t, err := c.Store.Template(ctx, project, idOrKey)
	if fault.Is(err, fault.NotFound) {
		return idOrKey, nil // events of others name it, or it is gone
	}
	if err != nil {
		return "", fmt.Errorf("find template: %w", err)
	}
	return cmp.Or(t.Key, t.ID), nil
}
