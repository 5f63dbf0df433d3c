package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/mailglyph"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/send"
	"tidings/internal/store"
)

// What the origin of what rules and workflows send begins with; the id follows.
const (
	originRule     = "rule:"
	originWorkflow = store.OriginWorkflow
)

// maxDepth is how many sends may lead to one another by rules: a circle ends there.
const maxDepth = 3

// RunRules lets the rules of a project act on events. It may be run again: what was done for an event is not done twice.
func (c *Control) RunRules(ctx context.Context, payload []byte) error {
	var w store.RuleWork
	if err := json.Unmarshal(payload, &w); err != nil {
		return fmt.Errorf("read the work of rules: %w", err)
	}
	list, err := c.Rulebook.of(ctx, w.Project, 0)
	if err != nil {
		return err
	}
	for _, id := range w.Events {
		e, err := c.Store.Event(ctx, w.Project, id)
		if fault.Is(err, fault.NotFound) {
			continue // it was erased, or its time was over
		}
		if err != nil {
			return fmt.Errorf("find event: %w", err)
		}
		if err := c.ruleOver(ctx, w.Project, list, &e); err != nil {
			return err
		}
	}
	return nil
}

// ruleOver lets every rule that is for an event act on it.
func (c *Control) ruleOver(ctx context.Context, project string, list []bookedRule, e *event.Event) error {
	x, err := c.ruleEvent(ctx, project, e)
	if err != nil || isImport(x.SourceName) {
		return err // history makes nobody act
	}
	for _, r := range list {
		if !r.Matches(x) || !r.InTime(e, e.ReceivedAt) {
			continue
		}
		a := &acting{control: c, rule: r, event: x, project: project}
		if err := a.run(ctx); err != nil {
			return fmt.Errorf("rule %s: %w", r.stored.ID, err)
		}
	}
	return nil
}

// ruleEvent is an event as rules and workflows match it.
func (c *Control) ruleEvent(ctx context.Context, project string, e *event.Event) (*rule.Event, error) {
	x := &rule.Event{Event: *e}
	if src := x.Source; src != nil && src.ID != "" {
		found, err := c.Store.Source(ctx, project, src.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return x, fmt.Errorf("find source: %w", err)
		}
		if found != nil {
			x.SourceName = found.Name
		}
	}
	return x, nil
}

// isImport reports whether a source is one that imported events are stored under.
func isImport(name string) bool {
	return name == ImportSource || strings.HasPrefix(name, ImportSource+" (")
}

// acting is a rule at work on one event.
type acting struct {
	control *Control
	rule    bookedRule
	event   *rule.Event
	project string

	depth int // of the send that the event speaks of; -1: not looked up yet
}

// run does all that the rule is to do.
func (a *acting) run(ctx context.Context) error {
	a.depth = -1
	for i := range a.rule.Do {
		if err := a.one(ctx, i, &a.rule.Do[i]); err != nil {
			return err
		}
	}
	return nil
}

// one does one action. What stands in its way for good is noted; an error is the store's.
func (a *acting) one(ctx context.Context, place int, what *rule.Action) error {
	act := store.RuleAct{
		Rule: a.rule.stored.Ref, Event: a.event.ID, Place: place, At: a.control.Now().UTC(), Action: what.Word(),
		Outcome: store.RuleFailed,
	}
	of := -1
	if what.Send != nil {
		of = place
	}
	person, err := a.rule.Person(a.event, of)
	if err != nil {
		return a.note(ctx, act, err.Error())
	}
	address, wrong := readAddress([]byte(person.Email))
	if wrong != "" {
		return a.note(ctx, act, fmt.Sprintf("%.100q %s", person.Email, wrong))
	}
	k, err := a.control.Store.Contact(ctx, a.project, address)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("find contact: %w", err)
	}
	holds, err := a.control.holds(ctx, a.project, a.rule.Condition, address, known, person.Attributes)
	if err != nil || !holds {
		return err
	}
	if known {
		act.Contact = k.ID
		since := a.control.Now().Add(-oftenIn)
		n, err := a.control.Store.RuleActsSince(ctx, act.Rule, k.Ref, since)
		if err != nil {
			return fmt.Errorf("count acts: %w", err)
		}
		if n >= a.rule.Often() {
			act.Outcome = store.RuleSkipped
			return a.note(ctx, act, "acted "+strconv.FormatInt(n, 10)+" times for this contact within an hour: see perHour")
		}
	}
	change := a.change(address, person.Attributes)
	if what.Subscribe != nil {
		change.Tags = person.Tags
	}
	switch {
	case what.Send != nil:
		return a.send(ctx, &act, what.Send, change)
	case what.Start != nil:
		in := entering{event: &a.event.Event, known: known, contact: &k, attributes: person.Attributes}
		return a.start(ctx, &act, what.Start, &in, change)
	case what.Exit != nil:
		return a.exit(ctx, &act, what.Exit, &k)
	}
	what.Change(&change)
	act.Outcome = store.RuleDone
	return a.control.Store.EditByRule(ctx, a.project, change, &act)
}

// change is what the rule says of a contact before any action.
func (a *acting) change(address string, attributes map[string]json.RawMessage) contact.Change {
	x := contact.Change{
		// What somebody says after the event goes before; the event itself, a flip of consent perhaps, does not.
		Address: address, Attributes: knownAttributes(attributes), At: a.event.OccurredAt.UnixMilli() + 1,
		Origin: "rule", By: a.rule.stored.ID,
	}
	if a.event.Name == event.EmailReceived || a.event.Name == event.EmailReply {
		x.Born = contact.OptOut // to write to us is not to ask for mail
	}
	return x
}

func (a *acting) note(ctx context.Context, act store.RuleAct, detail string) error {
	act.Detail = detail
	return a.control.Store.NoteRuleAct(ctx, &act)
}

// holds reports whether a condition is true of a contact; of one that is not there yet, of what is said of it. nil holds for
// everybody.
func (c *Control) holds(
	ctx context.Context, project string, condition *segment.Rule, address string, known bool, attributes map[string]json.RawMessage,
) (bool, error) {
	if condition == nil {
		return true, nil
	}
	now := c.Now().UnixMilli()
	if known {
		facts, err := c.Store.Facts(ctx, project, address, condition, now)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) { // a segment that it names is gone
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("evaluate the condition: %w", err)
		}
		return condition.Eval(facts, now) == segment.True, nil
	}
	raw, err := json.Marshal(attributes)
	if err != nil {
		return false, fmt.Errorf("encode attributes: %w", err)
	}
	values, err := attribute.Values(raw)
	if err != nil {
		return false, nil //nolint:nilerr // such attributes no contact can have
	}
	facts := &segment.Facts{Email: address, Data: values, Member: func(string) bool { return false }}
	return condition.Eval(facts, now) == segment.True, nil
}

// send queues the email, once for the event.
func (a *acting) send(ctx context.Context, act *store.RuleAct, s *rule.Send, change contact.Change) error {
	depth, err := a.depthOf(ctx)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		act.Outcome = store.RuleSkipped
		return a.note(ctx, *act, "the event came of an email that rules sent in turn: a circle ends here")
	}
	content, err := a.control.ruleContent(ctx, a.project, s, a.event)
	if isOfRule(err) {
		return a.note(ctx, *act, err.Error())
	}
	if err != nil {
		return err
	}
	content.Depth = depth
	src, err := a.control.sendSource(ctx, a.project)
	if err != nil {
		return err
	}
	delay, err := s.After()
	if err != nil {
		return a.note(ctx, *act, err.Error())
	}
	batch := &store.SendBatch{Source: src, Content: content, Origin: originRule + a.rule.stored.ID}
	if delay > 0 {
		batch.DueAt = a.event.OccurredAt.Add(delay)
	}
	batch.Sends = []store.NewSend{{
		ID: auth.NewID(send.IDPrefix), Change: change,
		Intent: originRule + a.rule.stored.ID + ":" + a.event.ID.String() + ":" + strconv.Itoa(act.Place),
	}}
	out, err := a.control.Store.QueueSends(ctx, batch, nil)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	x := out[0]
	act.Send, act.Contact, act.Outcome = x.ID, x.Contact, store.RuleDone
	if x.Reason != "" {
		act.Outcome = store.RuleSkipped
		return a.note(ctx, *act, string(x.Reason))
	}
	return a.note(ctx, *act, "")
}

// isOfRule reports whether an error is the fault of what the rule says, and no trouble that may pass.
func isOfRule(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict)
}

// depthOf is how deep a send that this event leads to is.
func (a *acting) depthOf(ctx context.Context) (int, error) {
	if a.depth >= 0 {
		return a.depth, nil
	}
	var err error
	a.depth, err = a.control.sendDepth(ctx, a.project, &a.event.Event)
	return a.depth, err
}

// sendDepth is how many sends by rules and workflows led to an event, each by an event of the one before.
func (c *Control) sendDepth(ctx context.Context, project string, e *event.Event) (int, error) {
	id := sendNamed(e)
	if id == "" {
		return 0, nil
	}
	x, err := c.Store.Send(ctx, project, id)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find send: %w", err)
	}
	if !strings.HasPrefix(x.Origin, originRule) && !strings.HasPrefix(x.Origin, originWorkflow) {
		return 0, nil
	}
	return x.Content.Depth + 1, nil
}

// sendNamed is the send of ours that an event speaks of; empty: none.
func sendNamed(e *event.Event) string {
	if e.Message != nil {
		if id := send.IDOf(e.Message.ID, e.Message.Metadata); id != "" {
			return id
		}
	}
	var data struct {
		Send string `json:"send"`
	}
	if e.Name.Builtin() && json.Unmarshal(e.Data, &data) == nil {
		return data.Send
	}
	return ""
}

// sendContent makes what a rule or a step sends, without what is told of an event.
func (c *Control) sendContent(ctx context.Context, project string, s *rule.Send) (*send.Content, error) {
	content := &send.Content{Subject: s.Subject, Sender: s.Sender, Topic: s.Topic}
	if s.From != "" {
		from, err := mailboxOf(s.From)
		if err != nil {
			return nil, fault.BadField("from", "%v", err)
		}
		content.From = from
	}
	if s.ReplyTo != "" {
		to, err := mailboxOf(s.ReplyTo)
		if err != nil {
			return nil, fault.BadField("replyTo", "%v", err)
		}
		content.ReplyTo = []send.Mailbox{to}
	}
	if err := c.useTemplate(ctx, project, s.Template, content); err != nil {
		return nil, fmt.Errorf("find template: %w", err)
	}
	content.Transactional = s.Transactional
	from, err := c.senderFrom(ctx, project, s.Sender)
	if err != nil {
		return nil, err
	}
	if content.From.Address == "" {
		content.From = from
	}
	if content.From.Address == "" {
		return nil, fault.BadField("from", "is required: neither the rule, nor its template, nor the sender has an address")
	}
	return content, nil
}

// ruleContent makes what a rule sends for an event.
func (c *Control) ruleContent(ctx context.Context, project string, s *rule.Send, e *rule.Event) (*send.Content, error) {
	content, err := c.sendContent(ctx, project, s)
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(eventForTemplates(&e.Event))
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	content.Event = told
	if e.Name.Slot() == 0 && len(e.Data) > 0 {
		content.Data = e.Data
	}
	return content, c.checkContent(ctx, project, content)
}

// eventForTemplates is what templates see as event: its data in MailGlyph's words, and what every event has.
func eventForTemplates(e *event.Event) map[string]any {
	told := mailglyph.Data(e)
	for key, value := range map[string]any{
		"id": e.ID.String(), "name": string(e.Name), "recipient": e.Recipient,
		"occurredAt": occurredText(e),
	} {
		if _, there := told[key]; !there {
			told[key] = value
		}
	}
	return told
}

func occurredText(e *event.Event) string { return e.OccurredAt.UTC().Format(time.RFC3339Nano) }

// mailboxOf reads an address with a name or without: "App <app@acme.test>". Nothing is an empty one.
func mailboxOf(text string) (send.Mailbox, error) {
	if text == "" {
		return send.Mailbox{}, nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return send.Mailbox{}, fmt.Errorf("%.100q is no address such as App <app@acme.test>", text)
	}
	return send.Mailbox{Name: a.Name, Address: a.Address}, nil
}
