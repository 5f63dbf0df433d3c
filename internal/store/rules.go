package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/rule"
)

// Where rules come from.
const (
	RuleOfAPI   = "api"
	RuleOfFiles = "files" // of a folder that was applied: applying it again brings them back as they stand there
)

// Rule is a stored rule.
type Rule struct {
	Ref        int64
	ID         string // rul_…
	Project    string
	ProjectRef int64
	Origin     string
	Definition rule.Definition
	Version    int64 // from 1
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Acted      RuleCount
}

// RuleCount is how often a rule acted in the time that acts are kept.
type RuleCount struct {
	Done, Skipped, Failed int64
	LastAt                time.Time // zero: it has not
}

// RuleChange is what becomes of one rule. A new one has no Ref; one that goes has no Definition.
type RuleChange struct {
	Rule
	Deleted   bool
	Templates []int64 // Template.Ref of those that it needs
	Act       Act
}

// rulesVersion is the row of meta that changes with every rule.
const rulesVersion = "rules"

const selectRule = `SELECT r.ref, r.id, p.id, r.project, r.origin, r.definition, r.version, r.created_at, r.updated_at
	FROM rules r JOIN projects p ON p.ref = r.project `

func rulesWhere(ctx context.Context, c conn, where string, args ...any) (list []Rule, err error) {
	err = c.query(ctx, selectRule+where, args, func(r row) error {
		var x Rule
		var definition string
		var created, updated int64
		err := r.Scan(&x.Ref, &x.ID, &x.Project, &x.ProjectRef, &x.Origin, &definition, &x.Version, &created, &updated)
		if err != nil {
			return err
		}
		x.CreatedAt, x.UpdatedAt = at(created), at(updated)
		if err := json.Unmarshal([]byte(definition), &x.Definition); err != nil {
			return fmt.Errorf("definition of rule %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// Rules lists the rules of a project by name, with how often they acted.
func (s *Store) Rules(ctx context.Context, project string) (list []Rule, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		if list, err = rulesWhere(ctx, c, `WHERE p.id = $1 ORDER BY r.name`, project); err != nil {
			return err
		}
		return countActs(ctx, c, list)
	})
	return list, err
}

func countActs(ctx context.Context, c conn, list []Rule) error {
	places := make(map[int64]*Rule, len(list))
	for i := range list {
		places[list[i].Ref] = &list[i]
	}
	for _, x := range list {
		err := c.query(ctx, `SELECT outcome, count(*), max(at) FROM rule_acts WHERE rule = $1 GROUP BY outcome`, []any{x.Ref},
			func(r row) error {
				var outcome string
				var n, last int64
				if err := r.Scan(&outcome, &n, &last); err != nil {
					return err
				}
				counts := &places[x.Ref].Acted
				switch outcome {
				case RuleDone:
					counts.Done = n
				case RuleSkipped:
					counts.Skipped = n
				default:
					counts.Failed += n
				}
				if t := at(last); t.After(counts.LastAt) {
					counts.LastAt = t
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// AllRules lists the rules of every project, and the version that they are of: another one means that some rule changed.
func (s *Store) AllRules(ctx context.Context) (list []Rule, version string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		v, err := readVersions(ctx, c)
		if err != nil {
			return err
		}
		version = v.rules
		list, err = rulesWhere(ctx, c, `ORDER BY r.ref`)
		return err
	})
	return list, version, err
}

// RulesVersion changes whenever any rule does.
func (s *Store) RulesVersion(ctx context.Context) (version string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		v, err := readVersions(ctx, c)
		version = v.rules
		return err
	})
	return version, err
}

// ChangeRules lets decide say what becomes of a project's rules, and does all of it in one transaction. Where decide returns no
// change nothing is stored.
func (s *Store) ChangeRules(
	ctx context.Context, project string, decide func(have []Rule) ([]RuleChange, error),
) (changes []RuleChange, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		have, err := rulesWhere(ctx, c, `WHERE r.project = $1 ORDER BY r.name`, ref)
		if err != nil {
			return err
		}
		if changes, err = decide(have); err != nil {
			return err
		}
		return changeRules(ctx, c, ref, changes)
	})
	return changes, err
}

func changeRules(ctx context.Context, c conn, project int64, changes []RuleChange) error {
	if len(changes) == 0 {
		return nil
	}
	for i := range changes {
		if err := changeRule(ctx, c, project, &changes[i]); err != nil {
			return err
		}
		if err := record(ctx, c, project, changes[i].Act); err != nil {
			return err
		}
	}
	return touchMeta(ctx, c, rulesVersion)
}

// ruleUse is the kind of template_uses of rules.
const ruleUse = "rule"

func changeRule(ctx context.Context, c conn, project int64, x *RuleChange) error {
	if _, err := c.exec(ctx, `DELETE FROM template_uses WHERE kind = $1 AND id = $2`, ruleUse, x.ID); err != nil {
		return err
	}
	if x.Deleted {
		for _, sql := range [...]string{`DELETE FROM rule_acts WHERE rule = $1`, `DELETE FROM rules WHERE ref = $1`} {
			if _, err := c.exec(ctx, sql, x.Ref); err != nil {
				return err
			}
		}
		return nil
	}
	if err := putRule(ctx, c, project, x); err != nil {
		return err
	}
	for _, t := range x.Templates {
		_, err := c.exec(ctx, `INSERT INTO template_uses (template, kind, id, name) VALUES ($1, $2, $3, $4)
			ON CONFLICT (template, kind, id) DO NOTHING`, t, ruleUse, x.ID, x.Definition.Name)
		if err != nil {
			return err
		}
	}
	return nil
}

func putRule(ctx context.Context, c conn, project int64, x *RuleChange) error {
	definition, err := json.Marshal(x.Definition)
	if err != nil {
		return fmt.Errorf("encode rule: %w", err)
	}
	var other string
	taken, err := one(ctx, c, `SELECT id FROM rules WHERE project = $1 AND name = $2 AND id <> $3`,
		[]any{project, x.Definition.Name, x.ID}, &other)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "name_taken", "the rule %s has the name %q", other, x.Definition.Name).WithField("name")
	}
	x.UpdatedAt = x.Act.At
	if x.Ref != 0 {
		x.Version++
		_, err = c.exec(ctx, `UPDATE rules SET name = $2, origin = $3, definition = $4, version = $5, updated_at = $6
			WHERE ref = $1`, x.Ref, x.Definition.Name, x.Origin, string(definition), x.Version, ms(x.UpdatedAt))
		return err
	}
	x.Version, x.CreatedAt = 1, x.Act.At
	_, err = one(ctx, c, `INSERT INTO rules (id, project, name, origin, definition, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $6) RETURNING ref`,
		[]any{x.ID, project, x.Definition.Name, x.Origin, string(definition), ms(x.Act.At)}, &x.Ref)
	return err
}
