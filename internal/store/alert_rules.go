package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/alert"
	"tidings/internal/fault"
)

// AlertRule is a stored rule about alerts. One with the id of a rule that every project has stands in its place.
type AlertRule struct {
	Ref        int64
	ID         string // alr_…
	Definition alert.Rule
	Version    int64 // from 1
	CreatedAt  time.Time
	CreatedBy  string
	UpdatedAt  time.Time
}

func alertRulesWhere(ctx context.Context, c conn, where string, args ...any) (list []AlertRule, err error) {
	err = c.query(ctx, `SELECT ref, id, definition, version, created_at, created_by, updated_at FROM alert_rules `+where, args,
		func(r row) error {
			var x AlertRule
			var definition string
			var created, updated int64
			if err := r.Scan(&x.Ref, &x.ID, &definition, &x.Version, &created, &x.CreatedBy, &updated); err != nil {
				return err
			}
			x.CreatedAt, x.UpdatedAt = at(created), at(updated)
			if err := json.Unmarshal([]byte(definition), &x.Definition); err != nil {
				return fmt.Errorf("definition of alert rule %s: %w", x.ID, err)
			}
			list = append(list, x)
			return nil
		})
	return list, err
}

// AlertRules lists the stored rules of a project by name.
func (s *Store) AlertRules(ctx context.Context, project string) (list []AlertRule, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list, err = alertRulesWhere(ctx, c, `WHERE project = $1 ORDER BY name`, p)
		return err
	})
	return list, err
}

// AlertRuleChange is what becomes of one rule: it is stored under its ID, or Deleted.
type AlertRuleChange struct {
	AlertRule
	Deleted bool
}

// ChangeAlertRule lets decide say what becomes of a rule, from all that are stored. It may complete the act. Where it returns nil
// nothing is stored. What a rule has raised ends with the next look, if the rule is gone.
func (s *Store) ChangeAlertRule(
	ctx context.Context, project string, a Act, decide func(have []AlertRule, a *Act) (*AlertRuleChange, error),
) error {
	return s.actOf(ctx, project, &a, func(c conn, p int64) error {
		have, err := alertRulesWhere(ctx, c, `WHERE project = $1 ORDER BY name`, p)
		if err != nil {
			return err
		}
		x, err := decide(have, &a)
		if err != nil {
			return err
		}
		if x == nil {
			return errUnchanged
		}
		if x.Deleted {
			_, err = c.exec(ctx, `DELETE FROM alert_rules WHERE project = $1 AND id = $2`, p, x.ID)
			return err
		}
		return putAlertRule(ctx, c, p, &x.AlertRule, a)
	})
}

func putAlertRule(ctx context.Context, c conn, project int64, x *AlertRule, a Act) error {
	var other string
	taken, err := one(ctx, c, `SELECT id FROM alert_rules WHERE project = $1 AND name = $2 AND id <> $3`,
		[]any{project, x.Definition.Name, x.ID}, &other)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "name_taken", "the rule %s has the name %q", other, x.Definition.Name).WithField("name")
	}
	definition, err := json.Marshal(x.Definition)
	if err != nil {
		return fmt.Errorf("encode alert rule: %w", err)
	}
	_, err = c.exec(ctx, `INSERT INTO alert_rules (id, project, name, definition, version, created_at, created_by, updated_at)
		VALUES ($1, $2, $3, $4, 1, $5, $6, $5) ON CONFLICT (project, id) DO UPDATE SET name = excluded.name,
		definition = excluded.definition, version = alert_rules.version + 1, updated_at = excluded.updated_at`,
		x.ID, project, x.Definition.Name, string(definition), ms(a.At), a.By)
	return err
}
