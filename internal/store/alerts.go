package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tidings/internal/alert"
	"tidings/internal/fault"
	"tidings/internal/stats"
)

const alertPrefix = "alt_"

// Alert is one alert, from when it was raised to its end.
type Alert struct {
	Ref      int64
	ID       string // alt_…
	Rule     string // alr_…
	RuleName string // as of then
	Kind     alert.Kind
	By       string
	Window   time.Duration
	Subject  alert.Subject
	// State is as of the last look. Of one that is over its Level is the highest that it had.
	State      alert.State
	SevereAt   time.Time // zero: it never was severe
	ResolvedAt time.Time // zero: it is not over
	Reason     string    // why it is over, where its figures are not
	Raised     alert.Figures
	Figures    alert.Figures // as of the last look

	NotedAt    time.Time // when a person took note; zero: nobody did
	NotedBy    string
	Note       string
	MutedUntil time.Time // nobody is told of it before; zero: it is not muted
}

// alertLevels are stored as numbers, which are their places here from 1 on. They never change.
var alertLevels = []stats.Level{stats.Warn, stats.Severe}

const selectAlert = `SELECT ref, rule, rule_name, kind, cut_by, span, subject, subject_name, level, raised_at, severe_at,
	resolved_at, reason, seen_at, clear, raised, figures, noted_at, noted_by, note, muted_until FROM alerts `

func alertsWhere(ctx context.Context, c conn, where string, args ...any) (list []Alert, err error) {
	err = c.query(ctx, selectAlert+where, args, func(r row) error {
		x, err := scanAlert(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func scanAlert(r row) (x Alert, err error) {
	var kind, raised, figures string
	var span, level, raisedAt, severe, resolved, seen, good, noted, muted int64
	err = r.Scan(&x.Ref, &x.Rule, &x.RuleName, &kind, &x.By, &span, &x.Subject.Key, &x.Subject.Name, &level, &raisedAt, &severe,
		&resolved, &x.Reason, &seen, &good, &raised, &figures, &noted, &x.NotedBy, &x.Note, &muted)
	if err != nil {
		return x, err
	}
	x.ID, x.Kind, x.Window = publicID(alertPrefix, x.Ref), alert.Kind(kind), time.Duration(span)*time.Millisecond
	x.State = alert.State{
		Level: alertLevels[level-1], Since: at(raisedAt), SeenAt: at(seen), Clearing: good >= 0,
		Clear: time.Duration(max(good, 0)) * time.Millisecond,
	}
	x.SevereAt, x.ResolvedAt, x.NotedAt, x.MutedUntil = at(severe), at(resolved), at(noted), at(muted)
	for text, to := range map[string]*alert.Figures{raised: &x.Raised, figures: &x.Figures} {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			return x, fmt.Errorf("figures of alert %s: %w", x.ID, err)
		}
	}
	if raised == figures {
		x.Raised = x.Figures
	}
	return x, nil
}

// AlertStates are what a pass over the rules of a project begins with.
type AlertStates struct {
	Looked map[string]time.Time // by rule; none: never
	Open   []Alert              // by ref
	Muted  []Alert              // open ones or not
}

// AlertStates reads them.
func (s *Store) AlertStates(ctx context.Context, project string, now time.Time) (x AlertStates, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x = AlertStates{Looked: make(map[string]time.Time)}
		err = c.query(ctx, `SELECT rule, at FROM alert_looks WHERE project = $1`, []any{p}, func(r row) error {
			var rule string
			var when int64
			err := r.Scan(&rule, &when)
			x.Looked[rule] = at(when)
			return err
		})
		if err != nil {
			return err
		}
		if x.Open, err = alertsWhere(ctx, c, `WHERE project = $1 AND resolved_at = 0 ORDER BY ref`, p); err != nil {
			return err
		}
		x.Muted, err = alertsWhere(ctx, c, `WHERE project = $1 AND muted_until <> 0 AND muted_until > $2 ORDER BY
			ref`, p, ms(now))
		return err
	})
	if err != nil {
		return x, fmt.Errorf("read alerts: %w", err)
	}
	return x, nil
}

// AlertPass is what a pass over the rules of a project found.
type AlertPass struct {
	Project string
	At      time.Time
	// Looked are the rules that were looked at, each with when it had been before. Where one was looked at in between, by
	// another node, nothing of the pass is stored.
	Looked  map[string]time.Time
	Alerts  []Alert // those that were raised have no Ref
	Notices []NewNotice
}

// NewNotice is what a channel is to be told.
type NewNotice struct {
	Channel   int64 // AlertChannel.Ref; 0: endpoints
	Recipient string
	// Items are what is told, Of the places of their alerts in AlertPass.Alerts. The ids of items are filled in.
	Items []alert.Item
	Of    []int
}

// NoteAlerts stores a pass, and the jobs that tell of it, in one transaction. It reports whether it did: see AlertPass.Looked.
func (s *Store) NoteAlerts(ctx context.Context, x *AlertPass) (noted bool, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		noted = false
		p, err := projectRef(ctx, c, x.Project)
		if err != nil {
			return err
		}
		if err := lookedAt(ctx, c, p, x); err != nil {
			return err
		}
		for i := range x.Alerts {
			if err := putAlert(ctx, c, p, &x.Alerts[i]); err != nil {
				return err
			}
		}
		noted = true
		return s.putNotices(ctx, c, p, x)
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return false, fmt.Errorf("note alerts: %w", err)
	}
	return noted, nil
}

// lookedAt notes the looks, and is errUnchanged where somebody looked in between.
func lookedAt(ctx context.Context, c conn, project int64, x *AlertPass) error {
	for _, rule := range slices.Sorted(maps.Keys(x.Looked)) {
		n, err := c.exec(ctx, `INSERT INTO alert_looks (project, rule, at) VALUES ($1, $2, $3)
			ON CONFLICT (project, rule) DO UPDATE SET at = excluded.at WHERE alert_looks.at = $4`,
			project, rule, ms(x.At), ms(x.Looked[rule]))
		if err != nil {
			return err
		}
		if n == 0 {
			return errUnchanged
		}
	}
	return nil
}

func putAlert(ctx context.Context, c conn, project int64, x *Alert) error {
	figures, err := json.Marshal(x.Figures)
	if err != nil {
		return fmt.Errorf("encode figures: %w", err)
	}
	level, good := int64(slices.Index(alertLevels, x.State.Level)+1), int64(-1)
	if x.State.Clearing {
		good = x.State.Clear.Milliseconds()
	}
	if x.Ref != 0 {
		_, err = c.exec(ctx, `UPDATE alerts SET level = $2, severe_at = $3, resolved_at = $4, reason = $5, seen_at = $6, clear =
			$7,
			figures = $8 WHERE ref = $1`, x.Ref, level, ms(x.SevereAt), ms(x.ResolvedAt), x.Reason, ms(x.State.SeenAt), good,
			string(figures))
		return err
	}
	_, err = one(ctx, c, `INSERT INTO alerts (project, rule, rule_name, kind, cut_by, span, subject, subject_name, level,
		raised_at, severe_at, seen_at, clear, raised, figures, muted_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15) RETURNING ref`, []any{
		project, x.Rule, x.RuleName, string(x.Kind), x.By, x.Window.Milliseconds(), x.Subject.Key, x.Subject.Name, level,
		ms(x.State.Since), ms(x.SevereAt), ms(x.State.SeenAt), good, string(figures), ms(x.MutedUntil),
	}, &x.Ref)
	x.ID = publicID(alertPrefix, x.Ref)
	return err
}

// AlertQuery selects alerts, newest first. Zero fields do not filter.
type AlertQuery struct {
	Project string
	Open    *bool // whether they are not over
	Rule    string
	Kind    alert.Kind
	Before  int64 // Alert.Ref of the last one of the page before
	Limit   int   // 1 to 1000; 0 means 100
}

// Alerts answers a question about alerts. Next is zero where there are no more.
func (s *Store) Alerts(ctx context.Context, q AlertQuery) (list []Alert, next int64, err error) {
	limit := limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		p := &plan{}
		p.where = append(p.where, "project = "+p.arg(project))
		if q.Open != nil && *q.Open {
			p.where = append(p.where, "resolved_at = 0")
		} else if q.Open != nil {
			p.where = append(p.where, "resolved_at <> 0")
		}
		for _, f := range [...][2]string{{"rule = ", q.Rule}, {"kind = ", string(q.Kind)}} {
			if f[1] != "" {
				p.where = append(p.where, f[0]+p.arg(f[1]))
			}
		}
		if q.Before != 0 {
			p.where = append(p.where, "ref < "+p.arg(q.Before))
		}
		list, err = alertsWhere(ctx, c, `WHERE `+joinAnd(p.where)+` ORDER BY ref DESC LIMIT `+itoa(limit+1), p.args...)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list alerts: %w", err)
	}
	list, next = cutPage(list, limit, func(x *Alert) int64 { return x.Ref })
	return list, next, nil
}

// Alert finds an alert by its id, and whom it was told.
func (s *Store) Alert(ctx context.Context, project, id string) (x Alert, told []Telling, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if x, err = alertOf(ctx, c, p, id); err != nil {
			return err
		}
		told, err = tellingsOf(ctx, c, x.Ref)
		return err
	})
	return x, told, err
}

func alertOf(ctx context.Context, c conn, project int64, id string) (Alert, error) {
	ref, _ := refOf(alertPrefix, id)
	list, err := alertsWhere(ctx, c, `WHERE project = $1 AND ref = $2`, project, ref)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no alert %q", id)
	}
	if err != nil {
		return Alert{}, err
	}
	return list[0], nil
}

// ChangeAlert lets a function change who took note of an alert and until when it is muted, under a lock. All alerts of its rule
// about its subject are muted alike.
func (s *Store) ChangeAlert(
	ctx context.Context, project, id string, a Act, change func(*Alert, *Act) error,
) (x Alert, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if _, err := c.exec(ctx, `UPDATE alerts SET note = note WHERE project = $1 AND ref = $2`, p, alertRef(id)); err != nil {
			return err
		}
		if x, err = alertOf(ctx, c, p, id); err != nil {
			return err
		}
		if err := change(&x, &a); err != nil {
			return err
		}
		_, err = c.exec(ctx, `UPDATE alerts SET noted_at = $2, noted_by = $3, note = $4 WHERE ref = $1`, x.Ref,
			ms(x.NotedAt), x.NotedBy, x.Note)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `UPDATE alerts SET muted_until = $4 WHERE project = $1 AND rule = $2 AND subject = $3
			AND (ref = $5 OR resolved_at = 0 OR muted_until <> 0)`, p, x.Rule, x.Subject.Key, ms(x.MutedUntil), x.Ref)
		return err
	})
	return x, err
}

func alertRef(id string) int64 {
	ref, _ := refOf(alertPrefix, id)
	return ref
}
