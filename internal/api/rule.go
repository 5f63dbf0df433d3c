package api

import (
	"context"
	"encoding/json"
	"time"

	"tidings/internal/control"
)

// Rule is what a team wants to happen when an event comes.
type Rule struct {
	ID          string         `json:"id" example:"rul_4f"`
	Name        string         `json:"name" doc:"Unique in the project" example:"Welcome"`
	Description string         `json:"description,omitempty" doc:"What it is for" example:"Greets new accounts"`
	Enabled     bool           `json:"enabled" doc:"Whether it acts"`
	Origin      string         `json:"origin" doc:"api, or files: a folder that was applied has it" example:"files"`
	Version     int64          `json:"version" doc:"Grows with every change" example:"3"`
	Events      []string       `json:"events" nullable:"false" doc:"The names of events that it is for" example:"[\"account.created\"]"`
	Actions     []string       `json:"actions" nullable:"false" doc:"What it does, in words: send, subscribe, unsubscribe" example:"[\"send\"]"`
	Rule        string         `json:"rule" doc:"The whole rule, in YAML" example:"name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: welcome\n"`
	Definition  ruleDefinition `json:"definition" doc:"The same as an object"`
	Problems    []RuleProblem  `json:"problems" nullable:"false" doc:"Why it can't do all it should"`
	Acted       RuleActed      `json:"acted" doc:"What it did in the last 30 days"`
	CreatedAt   time.Time      `json:"createdAt"`
	UpdatedAt   time.Time      `json:"updatedAt"`
}

// ruleDefinition is the JSON of a rule, which the page on rules explains.
type ruleDefinition = object

// RuleProblem is one thing that is wrong with a rule.
type RuleProblem struct {
	At      string `json:"at" doc:"Where in the rule" example:"do[0].send.template"`
	Message string `json:"message" doc:"What is wrong there" example:"there is no template \"welcome\""`
}

// RuleActed is how often a rule acted.
type RuleActed struct {
	Done    int64     `json:"done" doc:"Acts that were done" example:"120"`
	Skipped int64     `json:"skipped" doc:"Acts that were not to be done: the contact may not be mailed, or the rule acted often enough" example:"4"`
	Failed  int64     `json:"failed" doc:"Acts that could not be done" example:"0"`
	LastAt  time.Time `json:"lastAt,omitzero" doc:"The last of all; absent: there was none"`
}

// RuleOf makes the public form of a rule.
func RuleOf(v *control.RuleView) Rule {
	d := &v.Definition
	out := Rule{
		ID: v.ID, Name: d.Name, Description: d.Description, Enabled: !d.Disabled, Origin: v.Origin, Version: v.Version,
		Events: append([]string{}, d.On.Event...), Actions: make([]string, len(d.Do)), Rule: v.Text,
		Problems: make([]RuleProblem, len(v.Problems)), CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
		Acted: RuleActed{Done: v.Acted.Done, Skipped: v.Acted.Skipped, Failed: v.Acted.Failed, LastAt: v.Acted.LastAt},
	}
	for i := range d.Do {
		out.Actions[i] = d.Do[i].Word()
	}
	for i, p := range v.Problems {
		out.Problems[i] = RuleProblem{p.At, p.Says}
	}
	raw, err := json.Marshal(d)
	if err == nil {
		out.Definition = objectOf(raw)
	}
	return out
}

// RuleList is a project's rules.
type RuleList struct {
	Rules []Rule `json:"rules" nullable:"false" doc:"By name"`
}

type ruleListOut struct{ Body RuleList }

func (a *api) listRules(ctx context.Context, _ *struct{}) (*ruleListOut, error) {
	list, err := a.Control.Rules(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &ruleListOut{RuleListOf(list)}, nil
}

// RuleListOf makes the public form of rules.
func RuleListOf(list []control.RuleView) RuleList {
	out := RuleList{Rules: make([]Rule, len(list))}
	for i := range list {
		out.Rules[i] = RuleOf(&list[i])
	}
	return out
}

type ruleOut struct{ Body Rule }

type createRuleIn struct {
	Body struct {
		Rule string `json:"rule" maxLength:"262144" doc:"One rule, YAML or JSON" example:"name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: welcome\n"`
	}
}

func (a *api) createRule(ctx context.Context, in *createRuleIn) (*ruleOut, error) {
	v, err := a.Control.CreateRule(ctx, who(ctx), control.RuleText{Text: in.Body.Rule})
	if err != nil {
		return nil, err
	}
	return &ruleOut{RuleOf(&v)}, nil
}

// RulePath names a rule in a path.
type RulePath struct {
	ID string `path:"id" doc:"The rule's id or name" example:"rul_4f"`
}

func (a *api) getRule(ctx context.Context, in *RulePath) (*ruleOut, error) {
	v, err := a.Control.Rule(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &ruleOut{RuleOf(&v)}, nil
}

type updateRuleIn struct {
	RulePath
	Body struct {
		Rule    string `json:"rule" maxLength:"262144" doc:"What the rule says from now on, YAML or JSON" example:"name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: welcome\n"`
		Version int64  `json:"version,omitempty" minimum:"0" doc:"That it was made of; absent: whichever is there" example:"3"`
	}
}

func (a *api) updateRule(ctx context.Context, in *updateRuleIn) (*ruleOut, error) {
	v, err := a.Control.UpdateRule(ctx, who(ctx), in.ID, control.RuleText{Text: in.Body.Rule, Version: in.Body.Version})
	if err != nil {
		return nil, err
	}
	return &ruleOut{RuleOf(&v)}, nil
}

func (a *api) deleteRule(ctx context.Context, in *RulePath) (*struct{}, error) {
	return nil, a.Control.DeleteRule(ctx, who(ctx), in.ID)
}

type ruleActsIn struct {
	RulePath
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit" default:"50" doc:"1 to 200"`
}

// RuleAct is what a rule did for an event.
type RuleAct struct {
	EventID   string    `json:"eventId" doc:"For which event" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	ContactID string    `json:"contactId,omitempty" doc:"For whom; absent: nobody was found"`
	Action    string    `json:"action" doc:"send, subscribe or unsubscribe" example:"send"`
	Outcome   string    `json:"outcome" enum:"done,skipped,failed" doc:"What came of it"`
	Detail    string    `json:"detail,omitempty" doc:"Why it was skipped or failed" example:"unsubscribed"`
	SendID    string    `json:"sendId,omitempty" doc:"The email that came of it" example:"snd_4f"`
	At        time.Time `json:"at" doc:"When"`
}

// RuleActList is a page of what a rule did.
type RuleActList struct {
	Acts       []RuleAct `json:"acts" nullable:"false" doc:"Newest first"`
	NextCursor string    `json:"nextCursor,omitempty" doc:"For the next page; absent: there is none"`
}

// RuleActListOf makes the public form of a page of acts.
func RuleActListOf(page *control.RuleActPage) RuleActList {
	out := RuleActList{Acts: make([]RuleAct, len(page.Acts)), NextCursor: page.NextCursor}
	for i, x := range page.Acts {
		out.Acts[i] = RuleAct{
			EventID: x.Event.String(), ContactID: x.Contact, Action: x.Action, Outcome: x.Outcome, Detail: x.Detail, SendID: x.Send,
			At: x.At,
		}
	}
	return out
}

type ruleActsOut struct{ Body RuleActList }

func (a *api) listRuleActs(ctx context.Context, in *ruleActsIn) (*ruleActsOut, error) {
	page, err := a.Control.RuleActs(ctx, who(ctx), in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return &ruleActsOut{RuleActListOf(&page)}, nil
}

type tryRuleIn struct {
	Body struct {
		Rule  string `json:"rule" maxLength:"262144" doc:"One rule, YAML or JSON; it need not be stored" example:"name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: welcome\n"`
		Since string `json:"since,omitempty" maxLength:"40" doc:"Events from then on: a time or a date; absent: the last seven days" example:"2026-05-01"`
		Limit int    `json:"limit,omitempty" doc:"How many events are shown, 1 to 100; absent: 20" example:"20"`
	}
}

// RuleTrial is what a rule would have done with stored events.
type RuleTrial struct {
	Looked  int64       `json:"looked" doc:"Events whose name the rule is for" example:"310"`
	Matched int64       `json:"matched" doc:"Of those, the ones that it is for" example:"12"`
	Cut     bool        `json:"cut" doc:"There are more events than were looked at"`
	Since   time.Time   `json:"since" doc:"Events from then on"`
	Matches []RuleMatch `json:"matches" nullable:"false" doc:"The newest first"`
}

// RuleMatch is an event that a rule is for.
type RuleMatch struct {
	Event Event       `json:"event" doc:"The event"`
	Acts  []RuleWould `json:"acts" nullable:"false" doc:"What the rule would do for it now"`
}

// RuleWould is what an action would do.
type RuleWould struct {
	Action    string `json:"action" doc:"send, subscribe or unsubscribe" example:"send"`
	Email     string `json:"email,omitempty" doc:"Whom it is about; absent: nobody was found"`
	ContactID string `json:"contactId,omitempty" doc:"The contact; absent: it would be made"`
	Outcome   string `json:"outcome" enum:"done,skipped,failed" doc:"What would come of it"`
	Detail    string `json:"detail,omitempty" doc:"Why it would be skipped or fail" example:"unsubscribed"`
}

type ruleTrialOut struct{ Body RuleTrial }

func (a *api) tryRule(ctx context.Context, in *tryRuleIn) (*ruleTrialOut, error) {
	f, err := a.Control.TryRule(ctx, who(ctx), control.RuleTrial{Text: in.Body.Rule, Since: in.Body.Since, Limit: in.Body.Limit})
	if err != nil {
		return nil, err
	}
	return &ruleTrialOut{RuleTrialOf(&f)}, nil
}

// RuleTrialOf makes the public form of a trial.
func RuleTrialOf(f *control.RuleFinding) RuleTrial {
	out := RuleTrial{
		Looked: f.Looked, Matched: f.Matched, Cut: f.Cut, Since: f.Since, Matches: make([]RuleMatch, len(f.Matches)),
	}
	for i := range f.Matches {
		m := &f.Matches[i]
		x := RuleMatch{Event: EventOf(&m.Event), Acts: make([]RuleWould, len(m.Acts))}
		for k, w := range m.Acts {
			x.Acts[k] = RuleWould{Action: w.Action, Email: w.Email, ContactID: w.Contact, Outcome: w.Outcome, Detail: w.Detail}
		}
		out.Matches[i] = x
	}
	return out
}

type applyIn struct {
	Body struct {
		Files []struct {
			Path string `json:"path" maxLength:"1000" doc:"Within the folder, with slashes" example:"rules/welcome.yaml"`
			Text string `json:"text" doc:"What the file holds" example:"rules:\n- name: Welcome\n  on:\n    event: account.created\n  do:\n  - send:\n      template: welcome\n"`
		} `json:"files" doc:"The files of the folder"`
		DryRun bool `json:"dryRun,omitempty" doc:"Only tell what would change"`
		Keep   bool `json:"keep,omitempty" doc:"What came of files that are not there any more stays"`
	}
}

// Plan is what applying a folder does, or did.
type Plan struct {
	Items    []PlanItem    `json:"items" nullable:"false" doc:"What becomes of each thing, by kind and name"`
	Problems []PlanProblem `json:"problems" nullable:"false" doc:"What is wrong with the files: with any nothing is changed"`
	Warnings []PlanProblem `json:"warnings" nullable:"false" doc:"What is not as it was meant for whom a file was written for"`
	Ignored  []string      `json:"ignored" nullable:"false" doc:"Files that nobody reads" example:"[\"README.md\"]"`
	Applied  bool          `json:"applied" doc:"Whether something was changed"`
}

// PlanItem is what becomes of one thing.
type PlanItem struct {
	Kind   string `json:"kind" doc:"rule or workflow" example:"rule"`
	Name   string `json:"name" example:"Welcome"`
	ID     string `json:"id,omitempty" doc:"Of what is there; absent: it is new" example:"rul_4f"`
	Path   string `json:"path,omitempty" doc:"The file that has it; absent: none has" example:"rules/welcome.yaml"`
	Action string `json:"action" enum:"create,update,delete,same" doc:"What becomes of it"`
	Diff   string `json:"diff,omitempty" doc:"A unified difference; absent where nothing changes" example:"-    template: hello\n+    template: welcome\n"`
}

// PlanProblem is one thing that is wrong with a file.
type PlanProblem struct {
	Path    string `json:"path" doc:"The file" example:"rules/welcome.yaml"`
	Line    int    `json:"line,omitempty" doc:"The line; absent: the whole file" example:"7"`
	At      string `json:"at,omitempty" doc:"Where in its rules" example:"rules[0].on.event"`
	Message string `json:"message" doc:"What is wrong there" example:"is required"`
}

// PlanOf makes the public form of a plan.
func PlanOf(p *control.Plan) Plan {
	out := Plan{
		Items: make([]PlanItem, len(p.Items)), Problems: planProblemsOf(p.Problems), Warnings: planProblemsOf(p.Warnings),
		Ignored: append([]string{}, p.Ignored...), Applied: p.Applied,
	}
	for i, x := range p.Items {
		out.Items[i] = PlanItem(x)
	}
	return out
}

func planProblemsOf(list []control.FileProblem) []PlanProblem {
	out := make([]PlanProblem, len(list))
	for i, x := range list {
		out[i] = PlanProblem{x.Path, x.Line, x.At, x.Says}
	}
	return out
}

type planOut struct{ Body Plan }

func (a *api) applyFiles(ctx context.Context, in *applyIn) (*planOut, error) {
	req := control.ApplyRequest{DryRun: in.Body.DryRun, Keep: in.Body.Keep}
	for _, f := range in.Body.Files {
		req.Files = append(req.Files, control.ApplyFile{Path: f.Path, Text: f.Text})
	}
	p, err := a.Control.Apply(ctx, who(ctx), req)
	if err != nil {
		return nil, err
	}
	return &planOut{PlanOf(&p)}, nil
}
