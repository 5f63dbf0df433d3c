package control

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// tellRuns tells workflows of the next events of a shard, up to the last one, and returns how many.
func (c *Control) tellRuns(ctx context.Context, shard, last int64) (int, error) {
	list, err := c.Store.WorkflowEvents(ctx, shard, last, runsAtOnce)
	if err != nil {
		return 0, fmt.Errorf("list the events that workflows may want: %w", err)
	}
	list = together(list)
	if len(list) == 0 {
		return 0, nil
	}
	b, err := c.newRunBatch(ctx, list[0].Project)
	if err != nil {
		return 0, err
	}
	for i := range list {
		if err := b.tell(ctx, &list[i]); err != nil {
			return 0, err
		}
		b.asked.Done = append(b.asked.Done, list[i].Ref)
	}
	return len(list), b.save(ctx)
}

// together are the first events that one transaction can tell of: all of one project, and of each contact one, so that what
// one changes is there for the next. Those without a contact, which may be about anybody, are told alone.
func together(list []store.WorkflowEvent) []store.WorkflowEvent {
	seen := make(map[int64]bool)
	for i, x := range list {
		if x.Project != list[0].Project || seen[x.Contact] || i > 0 && (x.Contact == 0 || list[0].Contact == 0) {
			return list[:i]
		}
		seen[x.Contact] = true
	}
	return list
}

// maxWorkflowDepth is how many emails may lead to one another by workflows, each by an event of the one before: a circle ends
// there.
const maxWorkflowDepth = 10

// telling is one event on its way to the workflows of a project.
type telling struct {
	*runBatch
	item  *store.WorkflowEvent
	event *rule.Event
	told  map[int64]bool // the runs that it did something to

	mailings map[string]mailing // by address
}

// tell lets an event end runs, wake those that wait for it, and begin new ones.
func (b *runBatch) tell(ctx context.Context, item *store.WorkflowEvent) error {
	if item.Place == 0 {
		return nil // it was erased, or its time was over
	}
	e, err := b.control.Store.Event(ctx, item.Project, item.ID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find event: %w", err)
	}
	x, err := b.control.ruleEvent(ctx, item.Project, &e)
	if err != nil || isImport(x.SourceName) {
		return err // history makes nobody act
	}
	t := &telling{runBatch: b, item: item, event: x, told: make(map[int64]bool), mailings: make(map[string]mailing)}
	if item.Contact != 0 {
		if err := t.own(ctx); err != nil {
			return err
		}
	}
	if item.Run != 0 {
		return nil
	}
	if err := t.exits(ctx); err != nil {
		return err
	}
	return t.triggers(ctx)
}

// own tells the runs of the event's own contact.
func (t *telling) own(ctx context.Context) error {
	runs, err := t.control.Store.OpenRuns(ctx, t.item.Contact)
	if err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	for i := range runs {
		r := &runs[i]
		live := t.book.all[liveKey{r.Workflow, r.Version}]
		if live == nil || t.item.Run != 0 && r.Ref != t.item.Run {
			continue
		}
		if t.item.Run == 0 {
			why, err := t.stops(ctx, live, r)
			if err != nil {
				return err
			}
			if why != "" {
				if err := t.give(ctx, r, workflow.Input{Kind: workflow.Left, Detail: why}); err != nil {
					return err
				}
				continue
			}
		}
		if t.item.Place > max(r.Place, r.Vars.Seen[t.event.Name]) && live.awaits(r, t.event) {
			r.Vars.Sees(t.event.Name, t.item.Place)
			if err := t.give(ctx, r, workflow.Input{Kind: workflow.Came, Told: toldOf(&t.event.Event)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// give tells a run, once.
func (t *telling) give(ctx context.Context, r *store.Run, in workflow.Input) error {
	if t.told[r.Ref] {
		return nil
	}
	t.told[r.Ref] = true
	return t.step(ctx, r, in)
}

// stops says why an event ends a run of its contact: an exit of the workflow, or that the contact may not be mailed any more.
// Who is suppressed leaves every run, who unsubscribes those that are not transactional, but for the run that this very act
// began, and those of a workflow that unsubscribes by a step of its own. What was stored before the run began does not end it.
func (t *telling) stops(ctx context.Context, live *liveWorkflow, r *store.Run) (string, error) {
	if t.item.Place <= r.Place {
		return "", nil
	}
	if live.exitsOwn(t.event) {
		return "exit: " + string(t.event.Name), nil
	}
	if !forbidsMail(t.event.Name) || begunWith(r, &t.event.Event) {
		return "", nil
	}
	now, err := t.standing(ctx, r.Address)
	switch {
	case err != nil:
		return "", err
	case now.suppressed != "":
		return "suppressed: " + now.suppressed, nil
	case t.event.Name != event.ContactUnsubscribed || !now.unsubscribed ||
		live.Transactional || live.unsubscribes && t.byWorkflow():
		return "", nil
	}
	return "unsubscribed", nil
}

// mailing is whether a contact may be mailed.
type mailing struct {
	suppressed   string // why; empty: it is not
	unsubscribed bool
}

// standing is whether the contact of an address may be mailed now.
func (t *telling) standing(ctx context.Context, address string) (mailing, error) {
	if known, there := t.mailings[address]; there {
		return known, nil
	}
	var m mailing
	k, err := t.control.Store.Contact(ctx, t.project, address)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return m, fmt.Errorf("find contact: %w", err)
	}
	m.unsubscribed = k.State.Unsubscribed
	for _, s := range k.Suppressions {
		if s.Active(t.now) {
			m.suppressed = string(s.Reason)
		}
	}
	t.mailings[address] = m
	return m, nil
}

// byWorkflow reports whether a step of a workflow unsubscribed the contact.
func (t *telling) byWorkflow() bool {
	var data struct {
		Origin string `json:"origin"`
	}
	return json.Unmarshal(t.event.Data, &data) == nil && data.Origin == originStep
}

// forbids are the events after which their contact is mailed no more. A run that one of them begins goes on without mailing.
var forbids = [...]event.Name{event.EmailBounce, event.EmailComplaint, event.EmailUnsubscribe, event.ContactUnsubscribed}

func forbidsMail(name event.Name) bool { return slices.Contains(forbids[:], name) }

// begunWith reports whether a run was begun by an event or by what the event followed from, which happened when it did.
func begunWith(r *store.Run, e *event.Event) bool {
	if r.BegunBy == e.ID.String() {
		return true
	}
	var by struct {
		Name       event.Name `json:"name"`
		OccurredAt string     `json:"occurredAt"`
	}
	if err := json.Unmarshal(r.Vars.Event, &by); err != nil {
		return false
	}
	return forbidsMail(by.Name) && by.OccurredAt == occurredText(e)
}

// exits ends the runs of whomever an exit's mapping finds.
func (t *telling) exits(ctx context.Context) error {
	for _, live := range t.book.all {
		for _, email := range live.exitsMapped(t.event) {
			address, wrong := readAddress([]byte(email))
			if wrong != "" {
				continue
			}
			k, err := t.control.Store.Contact(ctx, t.project, address)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("find contact: %w", err)
			}
			runs, err := t.control.Store.OpenRuns(ctx, k.Ref)
			if err != nil {
				return fmt.Errorf("list runs: %w", err)
			}
			for i := range runs {
				if runs[i].Workflow != live.stored.Ref || runs[i].Version != live.stored.Live {
					continue
				}
				in := workflow.Input{Kind: workflow.Left, Detail: "exit: " + string(t.event.Name)}
				if err := t.give(ctx, &runs[i], in); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// triggers lets the event's person enter the workflows that it begins.
func (t *telling) triggers(ctx context.Context) error {
	for _, live := range t.book.current {
		if !live.triggered(t.event) {
			continue
		}
		person, err := live.person(t.event)
		if err != nil || person.Email == "" {
			continue
		}
		if err := t.enter(ctx, live, person); err != nil {
			return err
		}
	}
	return nil
}

func (t *telling) enter(ctx context.Context, live *liveWorkflow, person rule.Person) error {
	address, wrong := readAddress([]byte(person.Email))
	if wrong != "" {
		return nil
	}
	k, err := t.control.Store.Contact(ctx, t.project, address)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("find contact: %w", err)
	}
	holds, err := t.control.holds(ctx, t.project, live.TriggerIf(), address, known, person.Attributes)
	if err != nil || !holds {
		return err
	}
	depth, err := t.control.sendDepth(ctx, t.project, &t.event.Event)
	if err != nil || depth > maxWorkflowDepth {
		return err // emails that lead to one another: the circle ends here
	}
	in := entering{
		live: live, event: &t.event.Event, depth: depth, known: known, contact: &k, attributes: person.Attributes,
	}
	start, err := in.start(contact.Change{
		Address: address, Attributes: knownAttributes(person.Attributes), At: t.event.OccurredAt.UnixMilli() + 1,
		Origin: originStep, By: live.stored.ID,
	})
	if err != nil {
		return err
	}
	start.BegunBy = t.event.ID.String()
	if known && k.Ref == t.item.Contact { // in the log of somebody else its place is another one
		start.Place = t.item.Place
	}
	if start.Unmailed { // a bounce that passes forbids nothing
		now, err := t.standing(ctx, address)
		if err != nil {
			return err
		}
		start.Unmailed = now.suppressed != "" || now.unsubscribed
	}
	t.asked.Starts = append(t.asked.Starts, start)
	return nil
}

// entering is a contact that enters a workflow because of an event.
type entering struct {
	live       *liveWorkflow
	event      *event.Event
	depth      int // how many emails led to the event
	known      bool
	contact    *store.Contact             // where known
	attributes map[string]json.RawMessage // what the event says of the contact
}

// start is how the contact enters, with what is said of it.
func (x *entering) start(change contact.Change) (store.RunStart, error) {
	told := toldOf(x.event)
	start := store.RunStart{
		Workflow: x.live.stored.Ref, Version: x.live.stored.Live, Reentry: x.live.Reentry, Change: change,
		Vars:     workflow.Vars{Event: told.Event, Data: told.Data, Depth: x.depth},
		Unmailed: forbidsMail(x.event.Name) && !x.live.Transactional,
	}
	if x.event.Name == event.EmailReceived || x.event.Name == event.EmailReply {
		start.Change.Born = contact.OptOut // to write to us is not to ask for mail
	}
	var err error
	if x.live.snapshot {
		start.Vars.Subscriber, err = subscriberOf(change.Address, x.contact, x.known, x.attributes)
	}
	return start, err
}

// toldOf is an event as runs are told of it.
func toldOf(e *event.Event) *workflow.Told {
	fields := eventForTemplates(e)
	if _, there := fields["data"]; !there && e.Name.Slot() == 0 && len(e.Data) > 0 {
		fields["data"] = e.Data // {{ event.data.plan }} beside MailGlyph's {{ event.plan }}
	}
	raw, err := json.Marshal(fields)
	if err != nil { // what an event holds was decoded from JSON
		panic(err)
	}
	told := &workflow.Told{ID: e.ID, Event: raw}
	if e.Name.Slot() == 0 && len(e.Data) > 0 {
		if json.Unmarshal(e.Data, &told.Data) != nil {
			told.Data = nil // no object
		}
	}
	return told
}

// subscriberOf is a contact as Mailshot's paths name it: $.subscriber.attributes.plan.
func subscriberOf(address string, k *store.Contact, known bool, mapped map[string]json.RawMessage) (json.RawMessage, error) {
	attributes := make(map[string]json.RawMessage)
	if known && len(k.Attributes) > 0 {
		if err := json.Unmarshal(k.Attributes, &attributes); err != nil {
			return nil, fmt.Errorf("attributes of contact %s: %w", k.ID, err)
		}
	}
	maps.Copy(attributes, mapped)
	x := map[string]any{"email": address, "attributes": attributes}
	if name, there := attributes["firstName"]; there {
		x["firstName"] = name
	}
	return json.Marshal(x)
}
