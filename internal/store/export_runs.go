package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/job"
)

// ExportKind is the kind of the jobs that write what an export is due to write. Their payload is the export's id.
const ExportKind = "export"

const (
	exportBegun = 1
	exportDone  = 2
)

// ExportRun is one run of an export: it writes what is in the log after From, up to To.
type ExportRun struct {
	Ref                  int64
	Label                string // its files are named by it
	ByHand               bool
	PeriodFrom, PeriodTo time.Time // the time that it is for
	From, To             Position
	Done                 bool
	Tries                int
	Problem              string // of the last try; empty: it went well, or is under way
	BegunAt, DoneAt      time.Time
	ExportSum
}

// ExportSum is what a run wrote.
type ExportSum struct {
	Events   int64 // that the export is for
	Rows     int64
	Files    int64
	Bytes    int64
	Manifest string // its name
}

func exportRunsWhere(ctx context.Context, c conn, where string, args ...any) (list []ExportRun, err error) {
	err = c.query(ctx, `SELECT r.ref, r.label, r.by_hand, r.period_from, r.period_to, r.from_xid, r.from_seq, r.to_xid, r.to_seq,
		r.state, r.tries, r.problem, r.events, r.lines, r.files, r.bytes, r.manifest, r.begun_at, r.done_at
		FROM export_runs r `+where,
		args, func(r row) error {
			var x ExportRun
			var byHand, from, to, begun, done int64
			var state int
			var after, upTo string
			err := r.Scan(&x.Ref, &x.Label, &byHand, &from, &to, &after, &x.From.Seq, &upTo, &x.To.Seq, &state, &x.Tries, &x.Problem,
				&x.Events, &x.Rows, &x.Files, &x.Bytes, &x.Manifest, &begun, &done)
			if err != nil {
				return err
			}
			x.ByHand, x.Done = byHand != 0, state == exportDone
			x.PeriodFrom, x.PeriodTo, x.BegunAt, x.DoneAt = at(from), at(to), at(begun), at(done)
			if x.From.Transaction, err = strconv.ParseUint(after, 10, 64); err == nil {
				x.To.Transaction, err = strconv.ParseUint(upTo, 10, 64)
			}
			list = append(list, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read runs of exports: %w", err)
	}
	return list, nil
}

// ExportRuns lists runs of an export, the newest first: those before a Ref, 0 for the newest, at most limit.
func (s *Store) ExportRuns(ctx context.Context, exportRef, before int64, limit int) (list []ExportRun, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = exportRunsWhere(ctx, c, `WHERE r.export = $1 AND ($2 = 0 OR r.ref < $2) ORDER BY r.ref DESC LIMIT $3`,
			exportRef, before, limit)
		return err
	})
	return list, err
}

// WakeExports lets jobs write what is due.
func (s *Store) WakeExports(ctx context.Context) error {
	return s.engine.write(ctx, func(c conn) error {
		var jobs []job.NewJob
		err := c.query(ctx, `SELECT ref FROM exports WHERE disabled_at = 0 AND due_at <= $1 ORDER BY ref`, []any{ms(s.now())},
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				jobs = append(jobs, exportJob(publicID(exportPrefix, ref)))
				return err
			})
		if err != nil {
			return err
		}
		_, err = enqueue(ctx, c, s.now(), jobs)
		return err
	})
}

func exportJob(id string) job.NewJob {
	return job.NewJob{Kind: ExportKind, Key: id, Payload: []byte(id), Alone: true}
}

// BeginExportRun returns an export with the run that is to be written: one that was begun and is not done, else that of the
// time that is over, which is stored first. There is no run, without a label, where nothing is due.
func (s *Store) BeginExportRun(ctx context.Context, id string) (x Export, run ExportRun, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		x, run = Export{}, ExportRun{}
		ref, _ := refOf(exportPrefix, id)
		if _, err := c.exec(ctx, `UPDATE exports SET rev = rev WHERE ref = $1`, ref); err != nil { // and locks it
			return err
		}
		found, err := exportsWhere(ctx, c, `WHERE e.ref = $1`, ref)
		if err != nil || len(found) == 0 {
			return err // it was deleted
		}
		x = found[0]
		if run, err = begunRun(ctx, c, ref); err != nil {
			return err
		}
		if run.Label != "" {
			run.Tries++
			_, err := c.exec(ctx, `UPDATE export_runs SET tries = $2 WHERE ref = $1`, run.Ref, run.Tries)
			return err
		}
		return s.beginDue(ctx, c, &x, &run)
	})
	return x, run, err
}

// begunRun is the run of an export that is not done; without a label there is none.
func begunRun(ctx context.Context, c conn, ref int64) (run ExportRun, err error) {
	list, err := exportRunsWhere(ctx, c, `WHERE r.export = $1 AND r.state = $2`, ref, exportBegun)
	if err == nil && len(list) > 0 {
		run = list[0]
	}
	return run, err
}

// beginDue begins the run of the time that is over, if none was for it.
func (s *Store) beginDue(ctx context.Context, c conn, x *Export, run *ExportRun) error {
	now := s.now()
	from, to := x.Every.Last(now)
	if !x.DisabledAt.IsZero() {
		return nil
	}
	if !to.After(x.DoneTo) {
		_, err := c.exec(ctx, `UPDATE exports SET due_at = $2 WHERE ref = $1`, x.Ref, ms(x.Every.Next(now)))
		return err
	}
	*run = ExportRun{Label: x.Every.Label(from), PeriodFrom: x.DoneTo, PeriodTo: to, Tries: 1}
	return s.insertRun(ctx, c, x, run)
}

func (s *Store) insertRun(ctx context.Context, c conn, x *Export, run *ExportRun) error {
	end, err := s.endIn(ctx, c)
	if err != nil {
		return err
	}
	run.From, run.To, run.BegunAt = x.At, end, s.now()
	if end.Before(x.At) { // it begins where a database that was restored does not reach
		run.To = x.At
	}
	byHand := 0
	if run.ByHand {
		byHand = 1
	}
	_, err = one(ctx, c, `INSERT INTO export_runs (export, label, by_hand, period_from, period_to, from_xid, from_seq, to_xid,
		to_seq, state, tries, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ref`, []any{
		x.Ref, run.Label, byHand, ms(run.PeriodFrom), ms(run.PeriodTo), strconv.FormatUint(run.From.Transaction, 10), run.From.Seq,
		strconv.FormatUint(run.To.Transaction, 10), run.To.Seq, exportBegun, run.Tries, ms(run.BegunAt),
	}, &run.Ref)
	return err
}

// AskExportRun begins a run by hand, for what was committed since the last one, and lets a job write it. A run that is under
// way, or failing, is tried at once in its place.
func (s *Store) AskExportRun(ctx context.Context, project, idOrName string, a Act) (run ExportRun, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		x, err := s.lockExport(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		if !x.DisabledAt.IsZero() {
			return fault.New(fault.Conflict, "disabled", "the export %q is disabled", x.Name).WithHint("enable it first")
		}
		if run, err = begunRun(ctx, c, x.Ref); err != nil {
			return err
		}
		if run.Label == "" {
			run = ExportRun{Label: export.ByHand(a.At), ByHand: true, PeriodFrom: x.DoneTo, PeriodTo: a.At.UTC()}
			twice, err := exportRunsWhere(ctx, c, `WHERE r.export = $1 AND r.label = $2`, x.Ref, run.Label)
			if err != nil {
				return err
			}
			if len(twice) > 0 { // in one millisecond
				run = twice[0]
				return errUnchanged
			}
			if err := s.insertRun(ctx, c, &x, &run); err != nil {
				return err
			}
		}
		a.Subject, a.Changes = x.ID, []Change{{Field: "run", To: run.Label}}
		if _, err := c.exec(ctx, `UPDATE exports SET due_at = $2 WHERE ref = $1`, x.Ref, ms(a.At)); err != nil {
			return err
		}
		_, err = enqueue(ctx, c, s.now(), []job.NewJob{{Kind: ExportKind, Key: x.ID, Payload: []byte(x.ID), Priority: job.Urgent}})
		return err
	})
	return run, err
}

// EndExportRun stores that a run is done and that its export goes on after it. It does nothing where that was stored before, or
// the export is gone.
func (s *Store) EndExportRun(ctx context.Context, x *Export, run *ExportRun, sum ExportSum) error {
	return s.engine.write(ctx, func(c conn) error {
		now := s.now()
		n, err := c.exec(ctx, `UPDATE export_runs SET state = $2, problem = '', events = $3, lines = $4, files = $5, bytes = $6,
			manifest = $7, done_at = $8 WHERE ref = $1 AND state = $9`, run.Ref, exportDone, sum.Events, sum.Rows, sum.Files, sum.Bytes,
			sum.Manifest, ms(now), exportBegun)
		if err != nil || n == 0 {
			return err
		}
		due := x.Every.Next(run.PeriodTo)
		if _, to := x.Every.Last(now); to.After(run.PeriodTo) {
			due = now
		}
		_, err = c.exec(ctx, `UPDATE exports SET at_xid = $2, at_seq = $3, done_to = $4, due_at = $5, failures = 0, failing_at = 0,
			problem = '' WHERE ref = $1`, x.Ref, strconv.FormatUint(run.To.Transaction, 10), run.To.Seq, ms(run.PeriodTo), ms(due))
		return err
	})
}

// FailExportRun stores why a run failed. It stays due, and is tried again after a pause that grows to an hour.
func (s *Store) FailExportRun(ctx context.Context, x *Export, run *ExportRun, problem string) error {
	return s.engine.write(ctx, func(c conn) error {
		now := s.now()
		_, err := c.exec(ctx, `UPDATE export_runs SET problem = $2 WHERE ref = $1 AND state = $3`, run.Ref, problem, exportBegun)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `UPDATE exports SET failures = failures + 1, problem = $2, due_at = $3,
			failing_at = CASE WHEN failing_at = 0 THEN $4 ELSE failing_at END WHERE ref = $1`, x.Ref, problem,
			ms(now.Add(export.Again(x.Failures+1))), ms(now))
		return err
	})
}

// retainExportRuns removes what is known of old runs that are done. Their files stay.
func retainExportRuns(ctx context.Context, c conn, before int64) error {
	_, err := c.exec(ctx, `DELETE FROM export_runs WHERE ref IN (SELECT ref FROM (SELECT ref, state, done_at FROM export_runs
		ORDER BY ref LIMIT $1) x WHERE state = $2 AND done_at < $3)`, retainBatch, exportDone, before)
	return err
}
