package store

import (
	"context"
	"encoding/json"

	"tidings/event"
	"tidings/internal/job"
	"tidings/internal/rule"
)

// RuleKind is the kind of the jobs that let rules act on events. The payload is a RuleWork.
const RuleKind = "rule"

// RuleWork are events of a project that some rule may be for.
type RuleWork struct {
	Project string     `json:"project"`
	Events  []event.ID `json:"events"`
}

// ruleWants are the rules of every project, as of a version of them. It is never changed.
type ruleWants struct {
	version  string
	projects map[int64]*projectRules
}

type projectRules struct {
	id    string
	rules []*rule.Rule
}

// ruled reads the rules, where some changed since they were read last.
func (s *Store) ruled(ctx context.Context, c conn, version string) (*ruleWants, error) {
	if known := s.ruleWants.Load(); known != nil && known.version == version {
		return known, nil
	}
	list, err := rulesWhere(ctx, c, `ORDER BY r.ref`)
	if err != nil {
		return nil, err
	}
	fresh := &ruleWants{version: version, projects: make(map[int64]*projectRules)}
	for _, x := range list {
		compiled, problems := rule.Compile(x.Definition)
		if len(problems) > 0 {
			continue // a version before this one took it; it says so where rules are listed
		}
		p := fresh.projects[x.ProjectRef]
		if p == nil {
			p = &projectRules{id: x.Project}
			fresh.projects[x.ProjectRef] = p
		}
		p.rules = append(p.rules, compiled)
	}
	s.ruleWants.Store(fresh)
	return fresh, nil
}

// maxRuleEvents bounds the events of one job.
const maxRuleEvents = 50

// tellRules lets rules act on the new events of the batch that some rule may be for.
func (w *work) tellRules() error {
	if len(w.events) == 0 {
		return nil
	}
	now, err := w.versionsNow()
	if err != nil {
		return err
	}
	wanted, err := w.store.ruled(w.ctx, w.b, now.rules)
	if err != nil || len(wanted.projects) == 0 {
		return err
	}
	var jobs []job.NewJob
	waiting := make(map[*projectRules]*RuleWork)
	flush := func(p *projectRules) {
		payload, err := json.Marshal(waiting[p])
		if err != nil { // ids and a text always encode
			panic(err)
		}
		jobs = append(jobs, job.NewJob{Kind: RuleKind, Payload: payload, Priority: job.Urgent})
		delete(waiting, p)
	}
	for _, e := range w.events {
		p := wanted.projects[e.project]
		if !e.inserted || p == nil || !p.want(e, w) {
			continue
		}
		if waiting[p] == nil {
			waiting[p] = &RuleWork{Project: p.id}
		}
		waiting[p].Events = append(waiting[p].Events, e.ID)
		if len(waiting[p].Events) == maxRuleEvents {
			flush(p)
		}
	}
	for _, p := range wanted.projects {
		if waiting[p] != nil {
			flush(p)
		}
	}
	_, err = enqueue(w.ctx, w.b, w.now, jobs)
	return err
}

// want reports whether some rule may be for an event: its name fits, and it is not too old.
func (p *projectRules) want(e *eventRow, w *work) bool {
	for _, r := range p.rules {
		if r.Wants(e.Name) && r.InTime(&e.Event.Event, w.now) {
			return true
		}
	}
	return false
}
