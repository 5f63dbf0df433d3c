package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// The names of operations on rules that change something.
const (
	opCreateRule = "createRule"
	opUpdateRule = "updateRule"
	opDeleteRule = "deleteRule"
	opApply      = "applyFiles"
)

const (
	rulePrefix  = "rul_"
	maxRules    = 500 // of a project
	maxRuleText = 256 << 10
)

// CodeRuleChanged is the code of a Conflict: somebody changed the rule since it was read.
const CodeRuleChanged = "changed"

// RuleText is a rule as somebody wrote it: YAML or JSON, as in a file's list of rules.
type RuleText struct {
	Text    string
	Version int64 // that it was made of; 0: whichever is there
}

// RuleView is a rule for people.
type RuleView struct {
	store.Rule
	Text     string         // the definition in YAML
	Problems []rule.Problem // why it does not act, or can't do all it should
}

// Rules lists a project's rules by name.
func (c *Control) Rules(ctx context.Context, who Actor) ([]RuleView, error) {
	list, err := c.Store.Rules(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	check := &ruleCheck{control: c, who: who}
	out := make([]RuleView, len(list))
	for i := range list {
		if out[i], err = check.view(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// view makes a rule one for people.
func (k *ruleCheck) view(ctx context.Context, x *store.Rule) (v RuleView, err error) {
	v.Rule = *x
	if v.Text, err = rule.Write(&x.Definition); err != nil {
		return v, err
	}
	compiled, problems := rule.Compile(x.Definition)
	if compiled != nil {
		if problems, _, err = k.references(ctx, compiled); err != nil {
			return v, err
		}
	}
	v.Problems = problems
	return v, nil
}

// Rule finds a rule by its id or name.
func (c *Control) Rule(ctx context.Context, who Actor, idOrName string) (RuleView, error) {
	var p problems
	p.text("id", idOrName, 1, maxFilter)
	if err := p.err(); err != nil {
		return RuleView{}, err
	}
	list, err := c.Store.Rules(ctx, who.Project)
	if err != nil {
		return RuleView{}, fmt.Errorf("find rule: %w", err)
	}
	i := indexOfRule(list, idOrName)
	if i < 0 {
		return RuleView{}, fault.Missing("there is no rule %q", idOrName)
	}
	return (&ruleCheck{control: c, who: who}).view(ctx, &list[i])
}

func indexOfRule(list []store.Rule, idOrName string) int {
	return slices.IndexFunc(list, func(x store.Rule) bool { return x.ID == idOrName || x.Definition.Name == idOrName })
}

// CreateRule makes a rule.
func (c *Control) CreateRule(ctx context.Context, who Actor, in RuleText) (RuleView, error) {
	read, needs, err := c.readRule(ctx, who, in.Text)
	if err != nil {
		return RuleView{}, err
	}
	id := auth.NewID(rulePrefix)
	err = c.changeRules(ctx, who, func(have []store.Rule) ([]store.RuleChange, error) {
		if len(have) >= maxRules {
			return nil, tooManyRules()
		}
		return []store.RuleChange{c.newRule(who, id, store.RuleOfAPI, read, needs, opCreateRule)}, nil
	})
	if err != nil {
		return RuleView{}, fmt.Errorf("create rule: %w", err)
	}
	return c.Rule(ctx, who, id)
}

func tooManyRules() error {
	return fault.New(fault.Conflict, "too_many_rules", "a project may have %d rules", maxRules).
		WithHint("delete those that nobody needs")
}

func (c *Control) newRule(
	who Actor, id, origin string, r *rule.Rule, templates []int64, operation string,
) store.RuleChange {
	act := c.act(who, operation, id, "")
	act.Changes = ruleChanges(&rule.Definition{}, &r.Definition)
	return store.RuleChange{
		Rule:      store.Rule{ID: id, Project: who.Project, Origin: origin, Definition: r.Definition},
		Templates: templates, Act: act,
	}
}

// changeRules changes rules and makes this process see it at once.
func (c *Control) changeRules(
	ctx context.Context, who Actor, decide func([]store.Rule) ([]store.RuleChange, error),
) error {
	_, err := c.Store.ChangeRules(ctx, who.Project, decide)
	c.Rulebook.forget()
	return err
}

// UpdateRule replaces what a rule says.
func (c *Control) UpdateRule(ctx context.Context, who Actor, idOrName string, in RuleText) (RuleView, error) {
	read, needs, err := c.readRule(ctx, who, in.Text)
	if err != nil {
		return RuleView{}, err
	}
	var id string
	err = c.changeRules(ctx, who, func(have []store.Rule) ([]store.RuleChange, error) {
		i := indexOfRule(have, idOrName)
		if i < 0 {
			return nil, fault.Missing("there is no rule %q", idOrName)
		}
		x := have[i]
		id = x.ID
		if in.Version != 0 && in.Version != x.Version {
			return nil, fault.New(fault.Conflict, CodeRuleChanged, "the rule was changed in between: it is version %d now, not %d",
				x.Version, in.Version).WithHint("read it again and repeat the change")
		}
		change, changed := c.replaced(who, &x, x.Origin, read, needs, opUpdateRule)
		if !changed {
			return nil, nil
		}
		return []store.RuleChange{change}, nil
	})
	if err != nil {
		return RuleView{}, fmt.Errorf("change rule: %w", err)
	}
	return c.Rule(ctx, who, id)
}

// replaced is the change of a rule to another definition.
func (c *Control) replaced(
	who Actor, x *store.Rule, origin string, r *rule.Rule, templates []int64, operation string,
) (change store.RuleChange, changed bool) {
	act := c.act(who, operation, x.ID, "")
	act.Changes = ruleChanges(&x.Definition, &r.Definition)
	change = store.RuleChange{Rule: *x, Templates: templates, Act: act}
	change.Definition, change.Origin = r.Definition, origin
	return change, !sameJSON(&x.Definition, &r.Definition) || x.Origin != origin
}

// sameJSON compares definitions as they are stored.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// ruleChanges tells the audit log what differs between two definitions; of the whole only that it does.
func ruleChanges(a, b *rule.Definition) (list []store.Change) {
	if a.Name != b.Name {
		list = append(list, store.Change{Field: "name", From: a.Name, To: b.Name})
	}
	if a.Disabled != b.Disabled {
		list = append(list, store.Change{
			Field: "disabled", From: strconv.FormatBool(a.Disabled), To: strconv.FormatBool(b.Disabled),
		})
	}
	x, y := *a, *b
	x.Name, x.Disabled, y.Name, y.Disabled = "", false, "", false
	if !sameJSON(&x, &y) {
		list = append(list, store.Change{Field: "definition"})
	}
	return list
}

// DeleteRule removes a rule, and what is noted of its acts. What it sent is sent.
func (c *Control) DeleteRule(ctx context.Context, who Actor, idOrName string) error {
	err := c.changeRules(ctx, who, func(have []store.Rule) ([]store.RuleChange, error) {
		i := indexOfRule(have, idOrName)
		if i < 0 {
			return nil, fault.Missing("there is no rule %q", idOrName)
		}
		return []store.RuleChange{c.removed(who, &have[i], opDeleteRule)}, nil
	})
	if err != nil {
		return fmt.Errorf("delete rule: %w", err)
	}
	return nil
}

func (c *Control) removed(who Actor, x *store.Rule, operation string) store.RuleChange {
	act := c.act(who, operation, x.ID, "")
	act.Changes = []store.Change{{Field: "name", From: x.Definition.Name}}
	return store.RuleChange{Rule: *x, Deleted: true, Act: act}
}

// readRule reads and checks a rule that somebody wrote, and finds the templates that it needs.
func (c *Control) readRule(ctx context.Context, who Actor, text string) (*rule.Rule, []int64, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil, fault.BadField("rule", "is required")
	}
	if len(text) > maxRuleText {
		return nil, nil, fault.BadField("rule", "has %d bytes, at most %d are taken", len(text), maxRuleText)
	}
	r, wrong := rule.ReadOne([]byte(text))
	var templates []int64
	if r != nil {
		var err error
		if wrong, templates, err = (&ruleCheck{control: c, who: who}).references(ctx, r); err != nil {
			return nil, nil, err
		}
	}
	var p problems
	for _, x := range wrong {
		p.ruleProblem(x)
	}
	return r, templates, p.err()
}

// ruleProblem tells of a problem under the field of the rule where it is.
func (p *problems) ruleProblem(x rule.Problem) { p.inText("rule", x) }

// inText tells of a problem of a text under the field where it is; the line stands before it.
func (p *problems) inText(field string, x rule.Problem) {
	line, at, found := strings.Cut(x.At, ": ")
	if !found {
		line, at = "", x.At
		if strings.HasPrefix(at, "line ") {
			line, at = at, ""
		}
	}
	if at != "" {
		field += "." + at
	}
	if line != "" {
		p.add(field, "%s (%s)", x.Says, line)
		return
	}
	p.add(field, "%s", x.Says)
}

// ruleCheck checks what rules name: templates, senders, topics, segments, sources, workflows. It remembers what it looked up.
type ruleCheck struct {
	control *Control
	who     Actor

	topics   map[string]bool
	senders  map[string]bool
	segments map[string]bool
	sources  map[string]bool
	// workflows are ids and keys of those that are there.
	workflows map[string]bool
}

// named tells which sources and segments are not there.
func (k *ruleCheck) named(ctx context.Context, on rule.Match, condition *segment.Rule) (wrong []rule.Problem, err error) {
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	for i, word := range on.Source {
		if !strings.HasSuffix(word, "*") && !k.sources[word] {
			wrong = append(wrong, rule.Problem{At: indexed("on.source", i), Says: fmt.Sprintf("there is no source %.100q", word)})
		}
	}
	for _, id := range segmentsOf(condition) {
		if !k.segments[id] {
			wrong = append(wrong, rule.Problem{At: "if", Says: fmt.Sprintf("there is no segment %.100q", id)})
		}
	}
	return wrong, nil
}

// references tells which of what a rule names is not there, and finds its templates.
func (k *ruleCheck) references(ctx context.Context, r *rule.Rule) (wrong []rule.Problem, templates []int64, err error) {
	missing := func(at, format string, args ...any) {
		wrong = append(wrong, rule.Problem{At: at, Says: fmt.Sprintf(format, args...)})
	}
	wrong, err = k.named(ctx, r.On, r.Condition)
	if err != nil {
		return nil, nil, err
	}
	for i := range r.Do {
		at := indexed("do", i)
		for _, slug := range topicsOfAction(&r.Do[i]) {
			if !k.topics[slug] {
				missing(at, "there is no topic %.100q", slug)
			}
		}
		if key, where := workflowOfAction(&r.Do[i]); key != "" && !k.workflows[key] {
			missing(at+where, "there is no workflow %.100q", key)
		}
		s := r.Do[i].Send
		if s == nil {
			continue
		}
		if s.Sender != "" && !k.senders[s.Sender] {
			missing(at+".send.sender", "there is no sender %.100q", s.Sender)
		}
		t, err := k.control.Store.Template(ctx, k.who.Project, s.Template)
		if fault.Is(err, fault.NotFound) {
			missing(at+".send.template", "there is no template %.100q", s.Template)
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("find template: %w", err)
		}
		templates = append(templates, t.Ref)
		if domain := k.foreign(s, &t); domain != "" {
			missing(at+".send.from", "is of %s, and this key may not send as that", domain)
		}
	}
	return wrong, templates, nil
}

func segmentsOf(r *segment.Rule) []string {
	if r == nil {
		return nil
	}
	return r.Needs().Segments
}

func topicsOfAction(a *rule.Action) []string {
	switch {
	case a.Send != nil && a.Send.Topic != "":
		return []string{a.Send.Topic}
	case a.Subscribe != nil:
		return a.Subscribe.Topics
	case a.Unsubscribe != nil:
		return a.Unsubscribe.Topics
	}
	return nil
}

// workflowOfAction is the workflow that an action names, and where in the action.
func workflowOfAction(a *rule.Action) (idOrKey, at string) {
	switch {
	case a.Start != nil:
		return a.Start.Workflow, ".start.workflow"
	case a.Exit != nil:
		return a.Exit.Workflow, ".exit.workflow"
	}
	return "", ""
}

// foreign is the domain that a send would be from where the key that asks may not send as it.
func (k *ruleCheck) foreign(s *rule.Send, t *store.Template) string {
	allowed := k.who.Bounds.Domains
	if len(allowed) == 0 {
		return ""
	}
	from := t.From
	if m, err := mailboxOf(s.From); err == nil && m.Address != "" {
		from = m.Address
	}
	_, domain, _ := strings.Cut(strings.ToLower(from), "@")
	if slices.Contains(allowed, domain) {
		return ""
	}
	if domain == "" {
		return "the sender's own domain"
	}
	return domain
}

func (k *ruleCheck) load(ctx context.Context) error {
	if k.topics != nil {
		return nil
	}
	topics, err := k.control.topicsOf(ctx, k.who)
	if err != nil {
		return err
	}
	senders, err := k.control.Senders(ctx, k.who)
	if err != nil {
		return err
	}
	segments, err := k.control.Segments(ctx, k.who)
	if err != nil {
		return err
	}
	sources, err := k.control.Store.Sources(ctx, k.who.Project)
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	workflows, err := k.control.Store.Workflows(ctx, k.who.Project)
	if err != nil {
		return fmt.Errorf("list workflows: %w", err)
	}
	k.topics, k.senders = topics, make(map[string]bool)
	k.segments, k.sources = make(map[string]bool), make(map[string]bool)
	for i := range senders {
		k.senders[senders[i].ID], k.senders[senders[i].Name] = true, true
	}
	for i := range segments {
		k.segments[segments[i].ID] = true
	}
	for _, x := range sources {
		k.sources[x.ID], k.sources[x.Name] = true, true
	}
	k.workflows = make(map[string]bool)
	for i := range workflows {
		k.workflows[workflows[i].ID], k.workflows[workflows[i].Definition.Key] = true, true
	}
	return nil
}

const (
	defRuleActs = 50
	maxRuleActs = 200
)

// RuleActPage is a page of what a rule did, newest first.
type RuleActPage struct {
	Acts       []store.RuleAct
	NextCursor string // empty: there is no more
}

// RuleActs lists what a rule did in the time that is kept.
func (c *Control) RuleActs(ctx context.Context, who Actor, idOrName, cursor string, limit int) (page RuleActPage, err error) {
	var p problems
	before := p.refCursor(ruleActCursor, cursor)
	if limit == 0 {
		limit = defRuleActs
	}
	if limit < 1 || limit > maxRuleActs {
		p.add("limit", "must be between 1 and %d", maxRuleActs)
	}
	if err := p.err(); err != nil {
		return page, err
	}
	r, err := c.Rule(ctx, who, idOrName)
	if err != nil {
		return page, err
	}
	list, err := c.Store.RuleActs(ctx, r.Ref, before, limit+1)
	if err != nil {
		return page, fmt.Errorf("list what a rule did: %w", err)
	}
	page.Acts, page.NextCursor = cutList(ruleActCursor, list, limit, func(a *store.RuleAct) int64 { return a.Ref })
	return page, nil
}

// oftenIn is the span that Definition.PerHour speaks of.
const oftenIn = time.Hour
