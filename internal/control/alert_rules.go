package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/internal/alert"
	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The names of operations on alerts that change something.
const (
	opCreateAlertRule    = "createAlertRule"
	opUpdateAlertRule    = "updateAlertRule"
	opDeleteAlertRule    = "deleteAlertRule"
	opAcknowledgeAlert   = "acknowledgeAlert"
	opMuteAlert          = "muteAlert"
	opCreateAlertChannel = "createAlertChannel"
	opUpdateAlertChannel = "updateAlertChannel"
	opDeleteAlertChannel = "deleteAlertChannel"
	opTestAlertChannel   = "testAlertChannel"
)

const (
	alertRulePrefix = "alr_"
	maxAlertRules   = 100 // of a project, beside those that every project has
)

// AlertRule is a rule about alerts for people. One that every project has and nobody changed has a Version of 0.
type AlertRule struct {
	*alert.Live
	Version   int64
	UpdatedAt time.Time
}

// AlertRules lists the rules of a project by name: those that every project has, and those that somebody made.
func (c *Control) AlertRules(ctx context.Context, who Actor) ([]AlertRule, error) {
	stored, err := c.Store.AlertRules(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list alert rules: %w", err)
	}
	return withUsual(stored), nil
}

// withUsual puts stored rules together with those that every project has, where nobody changed them.
func withUsual(stored []store.AlertRule) []AlertRule {
	var out []AlertRule
	for i := range stored {
		x := &stored[i]
		live, wrong := alert.Compile(x.Definition)
		if len(wrong) > 0 { // it was checked when it was stored, by a version that knew more
			continue
		}
		live.ID, live.BuiltIn, live.Changed = x.ID, alert.IsUsual(x.ID), alert.IsUsual(x.ID)
		out = append(out, AlertRule{live, x.Version, x.UpdatedAt})
	}
	for _, live := range alert.Usual() {
		if !slices.ContainsFunc(stored, func(x store.AlertRule) bool { return x.ID == live.ID }) {
			out = append(out, AlertRule{Live: live})
		}
	}
	slices.SortFunc(out, func(a, b AlertRule) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// AlertRule finds a rule by its id or name.
func (c *Control) AlertRule(ctx context.Context, who Actor, idOrName string) (AlertRule, error) {
	list, err := c.AlertRules(ctx, who)
	if err != nil {
		return AlertRule{}, err
	}
	return alertRuleIn(list, idOrName)
}

func alertRuleIn(list []AlertRule, idOrName string) (AlertRule, error) {
	for _, match := range [...]func(x AlertRule) bool{
		func(x AlertRule) bool { return x.ID == idOrName }, func(x AlertRule) bool { return x.Name == idOrName },
	} {
		if i := slices.IndexFunc(list, match); i >= 0 {
			return list[i], nil
		}
	}
	return AlertRule{}, fault.Missing("there is no alert rule %.100q", idOrName)
}

// CreateAlertRule makes a rule. Servers look at it within a minute.
func (c *Control) CreateAlertRule(ctx context.Context, who Actor, r alert.Rule) (AlertRule, error) {
	live, err := c.checkAlertRule(ctx, who, r)
	if err != nil {
		return AlertRule{}, err
	}
	id := auth.NewID(alertRulePrefix)
	err = c.Store.ChangeAlertRule(ctx, who.Project, c.act(who, opCreateAlertRule, id, ""),
		func(have []store.AlertRule, a *store.Act) (*store.AlertRuleChange, error) {
			if len(have) >= maxAlertRules {
				return nil, fault.New(fault.Conflict, "too_many_rules", "a project may have %d alert rules", maxAlertRules).
					WithHint("delete those that nobody needs")
			}
			a.Changes = alertRuleChanges(&alert.Rule{}, &live.Rule)
			return putAlertRule(have, id, live)
		})
	if err != nil {
		return AlertRule{}, fmt.Errorf("create alert rule: %w", err)
	}
	return c.AlertRule(ctx, who, id)
}

// putAlertRule is the change that stores a rule, where its name is free: rules that every project has have theirs, too.
func putAlertRule(have []store.AlertRule, id string, live *alert.Live) (*store.AlertRuleChange, error) {
	for _, x := range withUsual(have) {
		if x.Name == live.Name && x.ID != id {
			return nil, fault.New(fault.Conflict, "name_taken", "the rule %s has the name %q", x.ID, x.Name).WithField("name")
		}
	}
	return &store.AlertRuleChange{AlertRule: store.AlertRule{ID: id, Definition: live.Rule}}, nil
}

// checkAlertRule checks a rule and the channels that it names.
func (c *Control) checkAlertRule(ctx context.Context, who Actor, r alert.Rule) (*alert.Live, error) {
	live, wrong := alert.Compile(r)
	var p problems
	for _, x := range wrong {
		p.add(x.At, "%s", x.Says)
	}
	if len(r.Channels) > 0 {
		channels, err := c.Store.AlertChannels(ctx, who.Project)
		if err != nil {
			return nil, fmt.Errorf("list channels: %w", err)
		}
		for i, word := range r.Channels {
			if !slices.ContainsFunc(channels, func(x store.AlertChannel) bool { return x.ID == word || x.Name == word }) {
				p.add(indexed("channels", i), "there is no channel %.100q", word)
			}
		}
	}
	return live, p.err()
}

// UpdateAlertRule replaces what a rule says. Of one that every project has it says something else from then on, in this project.
func (c *Control) UpdateAlertRule(ctx context.Context, who Actor, idOrName string, change func(*alert.Rule)) (AlertRule, error) {
	was, err := c.AlertRule(ctx, who, idOrName)
	if err != nil {
		return AlertRule{}, err
	}
	r := was.Rule
	r.Channels = slices.Clone(r.Channels)
	change(&r)
	live, err := c.checkAlertRule(ctx, who, r)
	if err != nil {
		return AlertRule{}, err
	}
	err = c.Store.ChangeAlertRule(ctx, who.Project, c.act(who, opUpdateAlertRule, was.ID, ""),
		func(have []store.AlertRule, a *store.Act) (*store.AlertRuleChange, error) {
			now, err := alertRuleIn(withUsual(have), was.ID)
			if err != nil {
				return nil, err
			}
			if now.Version != was.Version {
				return nil, fault.New(fault.Conflict, CodeRuleChanged, "the rule was changed in between").
					WithHint("read it again and repeat the change")
			}
			if a.Changes = alertRuleChanges(&was.Rule, &live.Rule); len(a.Changes) == 0 {
				return nil, nil //nolint:nilnil // there is nothing to do
			}
			return putAlertRule(have, was.ID, live)
		})
	if err != nil {
		return AlertRule{}, fmt.Errorf("change alert rule: %w", err)
	}
	return c.AlertRule(ctx, who, was.ID)
}

// DeleteAlertRule removes a rule; what it raised ends with the next look. One that every project has is as it was at the
// beginning: who does not want it switches it off.
func (c *Control) DeleteAlertRule(ctx context.Context, who Actor, idOrName string) error {
	was, err := c.AlertRule(ctx, who, idOrName)
	if err != nil {
		return err
	}
	if was.BuiltIn && !was.Changed {
		return fault.New(fault.Conflict, "built_in", "every project has the rule %q", was.Name).
			WithHint("switch it off instead: change its enabled to false")
	}
	err = c.Store.ChangeAlertRule(ctx, who.Project, c.act(who, opDeleteAlertRule, was.ID, ""),
		func(_ []store.AlertRule, a *store.Act) (*store.AlertRuleChange, error) {
			a.Changes = []store.Change{{Field: "name", From: was.Name}}
			return &store.AlertRuleChange{AlertRule: store.AlertRule{ID: was.ID}, Deleted: true}, nil
		})
	if err != nil {
		return fmt.Errorf("delete alert rule: %w", err)
	}
	return nil
}

// alertRuleChanges tells the audit log what differs between two rules.
func alertRuleChanges(a, b *alert.Rule) (list []store.Change) {
	x, y := fieldsOf(a), fieldsOf(b)
	names := sortedKeys(x)
	for name := range y {
		if _, both := x[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if x[name] != y[name] {
			list = append(list, store.Change{Field: name, From: x[name], To: y[name]})
		}
	}
	return list
}

// fieldsOf are the fields of a rule's JSON, as texts.
func fieldsOf(r *alert.Rule) map[string]string {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil
	}
	out := make(map[string]string, len(fields))
	for name, value := range fields {
		out[name] = strings.Trim(string(value), `"`)
	}
	return out
}
