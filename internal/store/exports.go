package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/export"
	"tidings/internal/fault"
)

const exportPrefix = "exp_"

// Export is an export that is due by itself.
type Export struct {
	export.Definition
	Ref        int64
	ID         string // exp_…
	Project    string // prj_…
	Rev        int64  // grows with every change
	CreatedAt  time.Time
	CreatedBy  string
	UpdatedAt  time.Time
	DisabledAt time.Time // zero: it is enabled
	At         Position  // what lies before was written, or is not for it
	DoneTo     time.Time // the end of the time that runs were for
	DueAt      time.Time // when it is looked at next
	Failures   int       // in a row
	FailingAt  time.Time // since when; zero: the last try went well
	Problem    string    // of the last failure
	Last       ExportRun // the newest run; without a label: there is none
}

const selectExport = `SELECT e.ref, p.id, e.definition, e.rev, e.disabled_at, e.at_xid, e.at_seq, e.done_to, e.due_at, e.failures,
	e.failing_at, e.problem, e.created_at, e.created_by, e.updated_at FROM exports e JOIN projects p ON p.ref = e.project `

func exportsWhere(ctx context.Context, c conn, where string, args ...any) (list []Export, err error) {
	err = c.query(ctx, selectExport+where, args, func(r row) error {
		var x Export
		var definition, transaction string
		var disabled, doneTo, due, failing, created, updated int64
		err := r.Scan(&x.Ref, &x.Project, &definition, &x.Rev, &disabled, &transaction, &x.At.Seq, &doneTo, &due, &x.Failures,
			&failing, &x.Problem, &created, &x.CreatedBy, &updated)
		if err != nil {
			return err
		}
		x.ID, x.DisabledAt, x.DoneTo, x.DueAt = publicID(exportPrefix, x.Ref), at(disabled), at(doneTo), at(due)
		x.FailingAt, x.CreatedAt, x.UpdatedAt = at(failing), at(created), at(updated)
		if x.At.Transaction, err = strconv.ParseUint(transaction, 10, 64); err != nil {
			return fmt.Errorf("the place of export %s: %w", x.ID, err)
		}
		if err := json.Unmarshal([]byte(definition), &x.Definition); err != nil {
			return fmt.Errorf("export %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// Exports lists the exports of a project by name, each with its newest run.
func (s *Store) Exports(ctx context.Context, project string) (list []Export, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if list, err = exportsWhere(ctx, c, `WHERE e.project = $1 ORDER BY e.name`, p); err != nil {
			return err
		}
		for i := range list {
			if err := lastRun(ctx, c, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func lastRun(ctx context.Context, c conn, x *Export) error {
	runs, err := exportRunsWhere(ctx, c, `WHERE r.export = $1 ORDER BY r.ref DESC LIMIT 1`, x.Ref)
	if err == nil && len(runs) > 0 {
		x.Last = runs[0]
	}
	return err
}

// Export finds one by its id or name.
func (s *Store) Export(ctx context.Context, project, idOrName string) (x Export, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if x, err = exportOf(ctx, c, p, idOrName); err != nil {
			return err
		}
		return lastRun(ctx, c, &x)
	})
	return x, err
}

func exportOf(ctx context.Context, c conn, project int64, idOrName string) (x Export, err error) {
	ref, _ := refOf(exportPrefix, idOrName)
	list, err := exportsWhere(ctx, c, `WHERE e.project = $1 AND (e.ref = $2 OR e.name = $3)
		ORDER BY e.ref = $2 DESC`, project, ref, idOrName)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no export %q", idOrName)
	}
	if err != nil {
		return x, err
	}
	return list[0], nil
}

// CreateExport stores a new export and returns it with what it was given. It writes what is committed from now on, or with
// all everything that is stored.
func (s *Store) CreateExport(ctx context.Context, project string, x Export, all bool, a Act) (Export, error) {
	err := s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if err := freeExport(ctx, c, p, &x); err != nil {
			return err
		}
		if !all {
			var err error
			if x.At, err = s.endIn(ctx, c); err != nil {
				return err
			}
		}
		definition, err := json.Marshal(x.Definition)
		if err != nil {
			return fmt.Errorf("encode export: %w", err)
		}
		_, err = one(ctx, c, `INSERT INTO exports (project, name, definition, place, disabled_at, at_xid, at_seq, done_to, due_at,
			created_at, created_by, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10) RETURNING ref`, []any{
			p, x.Name, string(definition), x.Place(), ms(x.DisabledAt), strconv.FormatUint(x.At.Transaction, 10), x.At.Seq,
			ms(a.At), ms(x.Every.Next(a.At)), ms(a.At), a.By,
		}, &x.Ref)
		if err != nil {
			return err
		}
		a.Subject = publicID(exportPrefix, x.Ref)
		x, err = exportOf(ctx, c, p, a.Subject)
		return err
	})
	return x, err
}

// freeExport refuses a name or a place that another export has.
func freeExport(ctx context.Context, c conn, project int64, x *Export) error {
	var ref int64
	taken, err := one(ctx, c, `SELECT ref FROM exports WHERE project = $1 AND name = $2 AND ref <> $3`,
		[]any{project, x.Name, x.Ref}, &ref)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "name_taken", "there is an export %q already", x.Name).WithField("name")
	}
	taken, err = one(ctx, c, `SELECT ref FROM exports WHERE place = $1 AND ref <> $2`, []any{x.Place(), x.Ref}, &ref)
	if err != nil {
		return err
	}
	if taken {
		field := "folder"
		if x.S3 != nil {
			field = "s3.prefix"
		}
		return fault.New(fault.Conflict, "place_taken", "another export has its files there").WithField(field).
			WithHint("give each export a folder, or a prefix, of its own")
	}
	return nil
}

// ChangeExport lets a function change an export, under a lock: what it returns is stored. Its errors are returned as they are,
// and then nothing is stored.
func (s *Store) ChangeExport(
	ctx context.Context, project, idOrName string, a Act, change func(*Export, *Act) error,
) (x Export, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if x, err = s.lockExport(ctx, c, p, idOrName); err != nil {
			return err
		}
		a.Subject = x.ID
		if err := change(&x, &a); err != nil {
			return err
		}
		if err := freeExport(ctx, c, p, &x); err != nil {
			return err
		}
		definition, err := json.Marshal(x.Definition)
		if err != nil {
			return fmt.Errorf("encode export: %w", err)
		}
		_, err = c.exec(ctx, `UPDATE exports SET name = $2, definition = $3, place = $4, disabled_at = $5, due_at = $6,
			updated_at = $7, rev = rev + 1 WHERE ref = $1`, x.Ref, x.Name, string(definition), x.Place(), ms(x.DisabledAt), ms(x.DueAt),
			ms(a.At))
		if err != nil {
			return err
		}
		if x, err = exportOf(ctx, c, p, x.ID); err != nil {
			return err
		}
		return lastRun(ctx, c, &x)
	})
	return x, err
}

// lockExport finds an export and keeps others from changing it until the transaction ends.
func (s *Store) lockExport(ctx context.Context, c conn, project int64, idOrName string) (x Export, err error) {
	if x, err = exportOf(ctx, c, project, idOrName); err != nil {
		return x, err
	}
	if _, err := c.exec(ctx, `UPDATE exports SET rev = rev WHERE ref = $1`, x.Ref); err != nil {
		return x, err
	}
	return exportOf(ctx, c, project, x.ID)
}

// DeleteExport removes an export and what is known of its runs. Its files stay.
func (s *Store) DeleteExport(ctx context.Context, project, idOrName string, a Act) error {
	return s.actOf(ctx, project, &a, func(c conn, p int64) error {
		x, err := s.lockExport(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		a.Subject, a.Changes = x.ID, []Change{{Field: "name", From: x.Name}}
		for _, sql := range [...]string{`DELETE FROM export_runs WHERE export = $1`, `DELETE FROM exports WHERE ref = $1`} {
			if _, err := c.exec(ctx, sql, x.Ref); err != nil {
				return err
			}
		}
		return nil
	})
}
