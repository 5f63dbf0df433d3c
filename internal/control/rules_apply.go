package control

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
)

// ApplyFile is one file of a folder that is applied.
type ApplyFile struct {
	Path string // within the folder, with slashes: "rules/welcome.yaml"
	Text string
}

// ApplyRequest is a folder of definitions.
type ApplyRequest struct {
	Files  []ApplyFile
	DryRun bool // the plan alone: nothing is changed
	Keep   bool // what came of files that are not in the folder any more stays
}

// The actions of a plan.
const (
	PlanCreate = "create"
	PlanUpdate = "update"
	PlanDelete = "delete"
	PlanSame   = "same"
)

// PlanItem is what becomes of one thing.
type PlanItem struct {
	Kind   string // rule or workflow
	Name   string
	ID     string // empty: it is not there yet
	Path   string // of the file that has it; empty: none has
	Action string
	Diff   string // unified; empty where nothing changes
}

// FileProblem is one thing that is wrong with a file.
type FileProblem struct {
	Path string
	Line int    // 0: the whole file
	At   string // "rules[0].on.event"
	Says string
}

// Plan is what applying a folder does, or did.
type Plan struct {
	Items    []PlanItem // by kind and name
	Problems []FileProblem
	Warnings []FileProblem // what is not as it was meant for whom the file was written for
	Ignored  []string      // paths that nobody reads
	Applied  bool          // false: it was a dry run, there are problems, or nothing changes
}

// Changes counts what is not as it should be.
func (p *Plan) Changes() (n int) {
	for _, x := range p.Items {
		if x.Action != PlanSame {
			n++
		}
	}
	return n
}

const (
	maxApplyFiles = 1000
	maxApplyText  = 8 << 20 // bytes of all files
	ruleKind      = "rule"
	workflowKind  = "workflow"
)

// Apply makes a project's rules and workflows those of a folder. Where a file has a problem nothing is changed.
func (c *Control) Apply(ctx context.Context, who Actor, in ApplyRequest) (Plan, error) {
	if err := in.check(); err != nil {
		return Plan{}, err
	}
	a := &applying{control: c, who: who, in: &in, check: c.newWorkflowCheck(who)}
	if err := a.read(ctx); err != nil {
		return a.plan, err
	}
	if len(a.plan.Problems) > 0 {
		return a.plan, nil
	}
	if len(a.rules)+len(a.workflows) == 0 {
		return a.plan, fault.BadField("files", "hold no rule and no workflow: want a folder with rules/*.yaml or workflows/*.yaml")
	}
	err := c.Store.ChangeDefinitions(ctx, who.Project, func(
		rules []store.Rule, workflows []store.Workflow,
	) ([]store.RuleChange, []store.WorkflowChange, error) {
		a.plan.Items = nil
		ofRules, err := a.decide(rules)
		if err != nil {
			return nil, nil, err
		}
		ofWorkflows, err := a.decideWorkflows(workflows)
		if err == nil && len(ofWorkflows) > 0 && !covers(who.Scopes, needs[opDefineWorkflow]) {
			err = missingScope(needs[opDefineWorkflow])
		}
		if err != nil || in.DryRun {
			return nil, nil, err
		}
		a.plan.Applied = len(ofRules)+len(ofWorkflows) > 0
		return ofRules, ofWorkflows, nil
	})
	c.Rulebook.forget()
	if err != nil {
		return Plan{}, fmt.Errorf("apply: %w", err)
	}
	slices.SortFunc(a.plan.Items, func(x, y PlanItem) int {
		return cmp.Or(strings.Compare(x.Kind, y.Kind), strings.Compare(x.Name, y.Name))
	})
	return a.plan, nil
}

func (in *ApplyRequest) check() error {
	var p problems
	if n := len(in.Files); n < 1 || n > maxApplyFiles {
		p.add("files", "must have 1 to %d entries, not %d", maxApplyFiles, n)
	}
	size := 0
	for i, f := range in.Files {
		p.text(indexed("files", i)+".path", f.Path, 1, maxFilter)
		size += len(f.Text)
	}
	if size > maxApplyText {
		p.add("files", "have %d bytes, at most %d are taken", size, maxApplyText)
	}
	return p.err()
}

// applying is a folder on its way into the store.
type applying struct {
	control   *Control
	who       Actor
	in        *ApplyRequest
	check     *workflowCheck
	rules     []fileRule
	workflows []fileWorkflow
	plan      Plan
}

// fileRule is a rule of a file.
type fileRule struct {
	*rule.Rule
	path      string
	templates []int64
	lined     func(rule.Problem) rule.Problem // where in the file a problem of the rule is
}

// What a folder holds, by the first part of its paths.
const (
	rulesFolder     = "rules"
	workflowsFolder = "workflows"
)

// read reads all files before it checks what they name, for they name one another.
func (a *applying) read(ctx context.Context) error {
	for _, f := range a.in.Files {
		folder, _, _ := strings.Cut(f.Path, "/")
		switch ext := path.Ext(f.Path); {
		case ext != ".yaml" && ext != ".yml" && ext != ".json":
			a.plan.Ignored = append(a.plan.Ignored, f.Path)
		case folder == rulesFolder:
			a.readRules(f)
		case folder == workflowsFolder:
			a.readWorkflows(f)
		default:
			a.plan.Ignored = append(a.plan.Ignored, f.Path)
		}
	}
	if err := a.check.load(ctx); err != nil {
		return err
	}
	for _, w := range a.workflows {
		a.check.workflows[w.Key] = true
	}
	if err := a.checkRules(ctx); err != nil {
		return err
	}
	return a.checkWorkflows(ctx)
}

func (a *applying) readRules(f ApplyFile) {
	file := rule.Read([]byte(f.Text))
	for _, p := range file.Problems {
		a.problem(f.Path, p)
	}
	for i, r := range file.Rules {
		a.rules = append(a.rules, fileRule{Rule: r, path: f.Path, lined: func(p rule.Problem) rule.Problem {
			p.At = indexed("rules", i) + "." + p.At
			return file.Lined(p)
		}})
	}
}

func (a *applying) checkRules(ctx context.Context) error {
	seen := make(map[string]string) // the path of each name
	for i := range a.rules {
		r := &a.rules[i]
		if other, there := seen[r.Name]; there {
			a.problem(r.path, r.lined(rule.Problem{At: "name", Says: fmt.Sprintf("%.100q is a rule of %s, too", r.Name, other)}))
		}
		seen[r.Name] = r.path
		wrong, templates, err := a.check.ruleCheck.references(ctx, r.Rule)
		if err != nil {
			return err
		}
		for _, p := range wrong {
			a.problem(r.path, r.lined(p))
		}
		r.templates = templates
	}
	return nil
}

// lineOf is how a problem names its line.
var lineOf = regexp.MustCompile(`^line ([0-9]+)(: )?`)

func (a *applying) problem(file string, p rule.Problem) {
	a.plan.Problems = append(a.plan.Problems, fileProblem(file, p))
}

func fileProblem(file string, p rule.Problem) FileProblem {
	x := FileProblem{Path: file, At: p.At, Says: p.Says}
	if found := lineOf.FindStringSubmatch(p.At); found != nil {
		x.Line, _ = strconv.Atoi(found[1])
		x.At = strings.TrimPrefix(p.At, found[0])
	}
	return x
}

// decide compares the rules that are there with those of the files.
func (a *applying) decide(have []store.Rule) (changes []store.RuleChange, err error) {
	left := slices.Clone(have)
	for _, r := range a.rules {
		item := PlanItem{Kind: ruleKind, Name: r.Name, Path: r.path, Action: PlanSame}
		i := slices.IndexFunc(left, func(x store.Rule) bool { return x.Definition.Name == r.Name })
		var change store.RuleChange
		changed := true
		before := ""
		if i < 0 {
			item.Action = PlanCreate
			change = a.control.newRule(a.who, auth.NewID(rulePrefix), store.RuleOfFiles, r.Rule, r.templates, opApply)
		} else {
			x := left[i]
			left = slices.Delete(left, i, i+1)
			item.ID = x.ID
			if change, changed = a.control.replaced(a.who, &x, store.RuleOfFiles, r.Rule, r.templates, opApply); changed {
				item.Action = PlanUpdate
			}
			if before, err = rule.Write(&x.Definition); err != nil {
				return nil, err
			}
		}
		if changed {
			changes = append(changes, change)
		}
		if item.Diff, err = diffOf(before, &r.Definition, item.Action); err != nil {
			return nil, err
		}
		a.plan.Items = append(a.plan.Items, item)
	}
	gone, err := a.prune(left)
	if err != nil {
		return nil, err
	}
	changes = append(gone, changes...) // what goes may have a name that comes
	if len(have)+len(changes) > 2*maxRules || len(a.rules) > maxRules {
		return nil, tooManyRules()
	}
	return changes, nil
}

// prune removes the rules of files that no file has any more.
func (a *applying) prune(left []store.Rule) (changes []store.RuleChange, err error) {
	for i := range left {
		x := &left[i]
		if x.Origin != store.RuleOfFiles || a.in.Keep {
			continue
		}
		item := PlanItem{Kind: ruleKind, Name: x.Definition.Name, ID: x.ID, Action: PlanDelete}
		before, err := rule.Write(&x.Definition)
		if err != nil {
			return nil, err
		}
		item.Diff = udiff.Unified("now", "then", before, "")
		a.plan.Items = append(a.plan.Items, item)
		changes = append(changes, a.control.removed(a.who, x, opApply))
	}
	return changes, nil
}

func diffOf(before string, d *rule.Definition, action string) (string, error) {
	if action == PlanSame {
		return "", nil
	}
	after, err := rule.Write(d)
	if err != nil {
		return "", err
	}
	return udiff.Unified("now", "then", before, after), nil
}
