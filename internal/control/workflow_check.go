package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// workflowCheck checks what workflows name: templates, senders, topics, segments. It remembers what it looked up.
type workflowCheck struct {
	*ruleCheck

	tracked   map[string]bool            // segments by id and slug: whether who enters them makes events
	templates map[string]*store.Template // by what workflows call them; nil: there is none
}

func (c *Control) newWorkflowCheck(who Actor) *workflowCheck {
	return &workflowCheck{ruleCheck: &ruleCheck{control: c, who: who}, templates: make(map[string]*store.Template)}
}

func (k *workflowCheck) load(ctx context.Context) error {
	if k.tracked != nil {
		return nil
	}
	if err := k.ruleCheck.load(ctx); err != nil {
		return err
	}
	list, err := k.control.Segments(ctx, k.who)
	if err != nil {
		return err
	}
	k.tracked = make(map[string]bool, 2*len(list))
	for i := range list {
		k.tracked[list[i].ID], k.tracked[list[i].Slug] = list[i].Track, list[i].Track
	}
	return nil
}

// template finds a template by its key or id; nil: there is none.
func (k *workflowCheck) template(ctx context.Context, idOrKey string) (*store.Template, error) {
	if t, known := k.templates[idOrKey]; known {
		return t, nil
	}
	t, err := k.control.Store.Template(ctx, k.who.Project, idOrKey)
	switch {
	case fault.Is(err, fault.NotFound):
		k.templates[idOrKey] = nil
		return nil, nil //nolint:nilnil // there is none, which is an answer
	case err != nil:
		return nil, fmt.Errorf("find template: %w", err)
	}
	k.templates[idOrKey] = &t
	return &t, nil
}

// references tells which of what a workflow names is not there, and finds the templates that it needs.
func (k *workflowCheck) references(ctx context.Context, g *workflow.Graph) (wrong []rule.Problem, templates []int64, err error) {
	if err := k.load(ctx); err != nil {
		return nil, nil, err
	}
	for _, x := range g.References() {
		switch says, ref, err := k.reference(ctx, x); {
		case err != nil:
			return nil, nil, err
		case says != "":
			wrong = append(wrong, rule.Problem{At: x.At, Says: says})
		case ref != 0:
			templates = append(templates, ref)
		}
	}
	foreign, err := k.foreignSends(ctx, g)
	return append(wrong, foreign...), templates, err
}

// reference says what is wrong with one thing that is named; of a template that is there it gives the reference.
func (k *workflowCheck) reference(ctx context.Context, x workflow.Reference) (says string, template int64, err error) {
	there := true
	switch x.Kind {
	case workflow.OfTemplate:
		if x.Name == workflow.AnyTemplate {
			return "", 0, nil
		}
		t, err := k.template(ctx, x.Name)
		if err != nil || t == nil {
			return fmt.Sprintf("there is no template %.100q", x.Name), 0, err
		}
		return "", t.Ref, nil
	case workflow.OfSender:
		there = k.senders[x.Name]
	case workflow.OfTopic:
		there = k.topics[x.Name]
	case workflow.OfSegment:
		tracked, known := k.tracked[x.Name]
		if there = known; known && !tracked && x.At == workflow.AtTriggerSegment {
			says = fmt.Sprintf("nobody is seen to enter the segment %.100q: its members are not kept. Set its trackMembership", x.Name)
			return says, 0, nil
		}
	}
	if !there {
		return fmt.Sprintf("there is no %s %.100q", x.Kind, x.Name), 0, nil
	}
	return "", 0, nil
}

// foreignSends are the emails that would be from a domain that the key which asks may not send as.
func (k *workflowCheck) foreignSends(ctx context.Context, g *workflow.Graph) (wrong []rule.Problem, err error) {
	if len(k.who.Bounds.Domains) == 0 {
		return nil, nil
	}
	for i := range g.Steps {
		s := g.Steps[i].Send
		if s == nil {
			continue
		}
		names := []string{s.Template}
		for _, v := range s.Variants {
			names = append(names, v.Template)
		}
		from := s.From
		if from == "" {
			from = g.From
		}
		for _, name := range names {
			if name == "" {
				continue
			}
			t, err := k.template(ctx, name)
			if err != nil {
				return nil, err
			}
			if t == nil {
				continue
			}
			if domain := k.foreign(&rule.Send{From: from}, t); domain != "" {
				at := indexed("steps", i) + ".send.from"
				wrong = append(wrong, rule.Problem{At: at, Says: "is of " + domain + ", and this key may not send as that"})
				break
			}
		}
	}
	return wrong, nil
}

// readWorkflow is a workflow of a text that was checked.
type readWorkflow struct {
	*workflow.Graph
	templates []int64
	warnings  []rule.Problem
}

const maxWorkflowText = 1 << 20

// read reads and checks the one workflow of a text, in any of the formats.
func (k *workflowCheck) read(ctx context.Context, text string) (*readWorkflow, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fault.BadField("workflow", "is required")
	}
	if len(text) > maxWorkflowText {
		return nil, fault.BadField("workflow", "has %d bytes, at most %d are taken", len(text), maxWorkflowText)
	}
	f := workflow.Read([]byte(text))
	wrong := f.Problems
	out := &readWorkflow{warnings: f.Warnings}
	switch {
	case len(wrong) > 0:
	case len(f.Graphs) != 1:
		return nil, fault.BadField("workflow", "holds %d workflows: want one. A folder may have many: tidings apply", len(f.Graphs))
	default:
		out.Graph = f.Graphs[0]
		var err error
		if wrong, out.templates, err = k.references(ctx, out.Graph); err != nil {
			return nil, err
		}
		for i := range wrong {
			wrong[i] = f.Lined(0, wrong[i])
		}
	}
	for _, r := range f.Rules {
		out.warnings = append(out.warnings, rule.Problem{At: "events", Says: fmt.Sprintf("%q is no part of the workflow but a rule: "+
			"apply the file, or make the rule", r.Name)})
	}
	return out, workflowProblems(wrong)
}

// check compiles a definition and checks what it names.
func (k *workflowCheck) check(ctx context.Context, d workflow.Definition) (*readWorkflow, error) {
	g, wrong := workflow.Compile(d)
	out := &readWorkflow{Graph: g}
	if g != nil {
		var err error
		if wrong, out.templates, err = k.references(ctx, g); err != nil {
			return nil, err
		}
	}
	return out, workflowProblems(wrong)
}

func workflowProblems(wrong []rule.Problem) error {
	var p problems
	for _, x := range wrong {
		p.inText("workflow", x)
	}
	return p.err()
}

// patched is a definition with some fields of MailGlyph's shape in place of its own: name, description, allowReentry,
// triggerType and triggerConfig.
func patched(d workflow.Definition, fields map[string]json.RawMessage) (workflow.Definition, []rule.Problem, error) {
	var description *string
	again := d.Reentry.Mode != "" && d.Reentry.Mode != workflow.Once
	was := again
	for name, into := range map[string]any{"name": &d.Name, "description": &description, "allowReentry": &again} {
		if raw, said := fields[name]; said {
			if err := json.Unmarshal(raw, into); err != nil {
				return d, nil, fault.BadField(name, "does not fit: %v", err)
			}
		}
	}
	if _, said := fields["description"]; said {
		d.Description = ""
		set(&d.Description, description)
	}
	switch {
	case again && !was:
		d.Reentry = workflow.Reentry{Mode: workflow.After}
	case !again && was:
		d.Reentry = workflow.Reentry{}
	}
	return patchedTrigger(d, fields)
}

func patchedTrigger(d workflow.Definition, fields map[string]json.RawMessage) (workflow.Definition, []rule.Problem, error) {
	kind, kindSaid := fields["triggerType"]
	config, configSaid := fields["triggerConfig"]
	if !kindSaid && !configSaid {
		return d, nil, nil
	}
	glyph, err := workflow.ToMailGlyph(&d)
	if err != nil {
		return d, nil, err
	}
	now := workflow.Glyph{Name: "trigger", TriggerType: glyph.TriggerType, TriggerConfig: config}
	if kindSaid {
		if err := json.Unmarshal(kind, &now.TriggerType); err != nil {
			return d, nil, fault.BadField("triggerType", "does not fit: %v", err)
		}
	}
	if !configSaid && now.TriggerType == glyph.TriggerType {
		now.TriggerConfig = glyph.TriggerConfig
	}
	made, _, wrong := workflow.FromMailGlyph(&now)
	t := made.Trigger
	t.ID, t.Name, t.At = d.Trigger.ID, d.Trigger.Name, d.Trigger.At
	d.Trigger = t
	return d, wrong, nil
}
