package control

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/rule"
	"tidings/internal/store"
)

// RuleBook keeps the rules of all projects, checked, so that events are matched without a question to the store. It is safe for
// concurrent use.
type RuleBook struct {
	store *store.Store
	now   func() time.Time

	mu      sync.Mutex
	read    time.Time // when the version was last asked for; zero: the rules were not read yet
	version string
	rules   map[string][]bookedRule // by project; the slices are never changed
}

// bookedRule is a rule as it acts.
type bookedRule struct {
	*rule.Rule
	stored *store.Rule
}

// rulesFresh is how long the rules are taken for those that the store has: another process may change them.
const rulesFresh = time.Second

// NewRuleBook makes an empty book, which reads the rules when it is asked.
func NewRuleBook(s *store.Store, now func() time.Time) *RuleBook {
	return &RuleBook{store: s, now: now}
}

// of returns the rules of a project, oldest first. They are at most age old.
func (b *RuleBook) of(ctx context.Context, project string, age time.Duration) ([]bookedRule, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if since := now.Sub(b.read); !b.read.IsZero() && since >= 0 && since < age {
		return b.rules[project], nil
	}
	version, err := b.store.RulesVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the version of the rules: %w", err)
	}
	if b.read.IsZero() || version != b.version {
		if err := b.load(ctx); err != nil {
			return nil, err
		}
	}
	b.read = now
	return b.rules[project], nil
}

func (b *RuleBook) load(ctx context.Context) error {
	list, version, err := b.store.AllRules(ctx)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	b.rules, b.version = make(map[string][]bookedRule), version
	for i := range list {
		x := &list[i]
		if compiled, problems := rule.Compile(x.Definition); len(problems) == 0 {
			b.rules[x.Project] = append(b.rules[x.Project], bookedRule{compiled, x})
		}
	}
	return nil
}

// forget makes the next question look at the store.
func (b *RuleBook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = time.Time{}
}

// whomTimeout bounds a look at the store on the way of an event; without an answer the rules of before hold.
const whomTimeout = 5 * time.Second

// Whom is the Whom of a receipt.Builder: the oldest rule with a mapping that is for the event says whom it is about.
func (b *RuleBook) Whom(project string, e *event.Event) (says contact.Change, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), whomTimeout)
	defer cancel()
	list, err := b.of(ctx, project, rulesFresh)
	if err != nil {
		b.mu.Lock()
		list = b.rules[project]
		b.mu.Unlock()
	}
	for _, r := range list {
		if !r.Maps() || !r.Wants(e.Name) {
			continue
		}
		x := &rule.Event{Event: *e}
		if !r.Matches(x) {
			continue
		}
		person, err := r.Person(x, -1)
		if err != nil || person.Email == "" {
			continue
		}
		return contact.Change{Address: person.Email, Attributes: knownAttributes(person.Attributes)}, true
	}
	return says, false
}

// knownAttributes leaves out the keys that attributes can't have.
func knownAttributes(in map[string]json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(in)
	for _, key := range reservedKeys {
		delete(out, key)
	}
	return out
}
