package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// WorkflowBook keeps the workflows of all projects that anybody may be in, compiled. It is safe for concurrent use.
type WorkflowBook struct {
	store *store.Store

	mu      sync.Mutex
	version string
	books   map[string]*workflowBook // by project; never changed
}

// workflowBook are the workflows of a project.
type workflowBook struct {
	current []*liveWorkflow // those that contacts enter
	all     map[liveKey]*liveWorkflow
}

// entered is the workflow of an id or key that contacts enter; nil: there is none that is enabled.
func (b *workflowBook) entered(idOrKey string) *liveWorkflow {
	for _, live := range b.current {
		if live.stored.ID == idOrKey || live.Key == idOrKey {
			return live
		}
	}
	return nil
}

type liveKey struct{ workflow, version int64 }

// liveWorkflow is a version of a workflow at work.
type liveWorkflow struct {
	*workflow.Graph
	stored store.LiveWorkflow
	// snapshot: a step asks what the contact was when the run began, as Mailshot does.
	snapshot bool
	// unsubscribes: a step unsubscribes the contact.
	unsubscribes bool
}

// NewWorkflowBook makes an empty book, which reads the workflows when it is asked.
func NewWorkflowBook(s *store.Store) *WorkflowBook { return &WorkflowBook{store: s} }

// of returns the workflows of a project as they are now.
func (b *WorkflowBook) of(ctx context.Context, project string) (*workflowBook, error) {
	version, err := b.store.WorkflowsVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the version of the workflows: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.books == nil || version != b.version {
		if err := b.load(ctx); err != nil {
			return nil, err
		}
	}
	if x := b.books[project]; x != nil {
		return x, nil
	}
	return &workflowBook{}, nil
}

func (b *WorkflowBook) load(ctx context.Context) error {
	list, version, err := b.store.LiveWorkflows(ctx)
	if err != nil {
		return fmt.Errorf("read the workflows: %w", err)
	}
	books := make(map[string]*workflowBook)
	for _, x := range list {
		graph, problems := workflow.Compile(x.Definition)
		if len(problems) > 0 {
			continue
		}
		book := books[x.Project]
		if book == nil {
			book = &workflowBook{all: make(map[liveKey]*liveWorkflow)}
			books[x.Project] = book
		}
		live := &liveWorkflow{
			Graph: graph, stored: x, snapshot: asksSnapshot(&graph.Definition),
			unsubscribes: unsubscribes(&graph.Definition),
		}
		book.all[liveKey{x.Ref, x.Live}] = live
		if x.Current {
			book.current = append(book.current, live)
		}
	}
	b.books, b.version = books, version
	return nil
}

// subscriberPath begins Mailshot's paths.
const subscriberPath = "$.subscriber."

func asksSnapshot(d *workflow.Definition) bool {
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Choice != nil && strings.HasPrefix(s.Choice.Field, subscriberPath) ||
			s.Wait != nil && strings.HasPrefix(s.Wait.Until, subscriberPath) {
			return true
		}
	}
	return false
}

func unsubscribes(d *workflow.Definition) bool {
	return slices.ContainsFunc(d.Steps, func(s workflow.Step) bool { return s.Update != nil && s.Update.Unsubscribe })
}

// triggered reports whether an event lets its person enter.
func (l *liveWorkflow) triggered(x *rule.Event) bool {
	entry := l.TriggerEntry()
	return entry != nil && entry.Matches(x) && entry.InTime(&x.Event, x.ReceivedAt)
}

// person is whom an event lets enter.
func (l *liveWorkflow) person(x *rule.Event) (rule.Person, error) {
	if entry := l.TriggerEntry(); !entry.Mapper.IsZero() {
		return entry.Mapper.Person(x)
	}
	return rule.Person{Email: x.Recipient}, nil
}

// exitsOwn reports whether an event ends the runs of its own contact.
func (l *liveWorkflow) exitsOwn(x *rule.Event) bool {
	for _, entry := range l.Exits() {
		if entry.Mapper.IsZero() && entry.Matches(x) {
			return true
		}
	}
	return false
}

// exitsMapped are the addresses of those whose runs an event ends by a mapping.
func (l *liveWorkflow) exitsMapped(x *rule.Event) (emails []string) {
	for _, entry := range l.Exits() {
		if entry.Mapper.IsZero() || !entry.Matches(x) {
			continue
		}
		if person, err := entry.Mapper.Person(x); err == nil && person.Email != "" {
			emails = append(emails, person.Email)
		}
	}
	return emails
}

// awaits reports whether a run waits for an event.
func (l *liveWorkflow) awaits(r *store.Run, x *rule.Event) bool {
	m := l.WaitMatcher(r.Step)
	return m != nil && r.Status == workflow.Waiting && m.Matches(x)
}

// isLate reports whether a run is due for so long that the workflow's policy speaks.
func (l *liveWorkflow) isLate(r *store.Run, now time.Time) bool {
	after, err := l.Late.After.Duration()
	return err == nil && after > 0 && !r.Due.IsZero() && now.Sub(r.Due) > after
}
