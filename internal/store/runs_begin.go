package store

import (
	"encoding/json"
	"fmt"

	"tidings/internal/workflow"
)

// start lets contacts enter, where the workflow's way of entering again allows it.
func (x *runSaving) start() error {
	for i := range x.asked.Starts {
		if x.entering[i] == 0 {
			continue
		}
		if err := x.startOne(&x.asked.Starts[i], x.entering[i], &x.started[i]); err != nil {
			return err
		}
	}
	return nil
}

func (x *runSaving) startOne(s *RunStart, contact int64, out *RunStarted) error {
	if !x.workflows[s.Workflow] {
		out.Refused = "the workflow is gone"
		return nil
	}
	var there int64
	again, err := one(x.ctx, x.b, `SELECT ref FROM runs WHERE workflow = $1 AND contact = $2 AND begun_by = $3`,
		[]any{s.Workflow, contact, s.BegunBy}, &there)
	if err != nil {
		return err
	}
	if again {
		out.ID, out.Refused = publicID(runPrefix, there), "the same began it before"
		return nil
	}
	past, err := x.pastRuns(s.Workflow, contact)
	if err != nil {
		return err
	}
	why, end := s.Reentry.Admit(past, x.now)
	if why != "" {
		out.Refused = why
		return nil
	}
	if end {
		if err := x.replace(s.Workflow, contact); err != nil {
			return err
		}
	}
	ref, err := x.insertRun(s, contact)
	out.ID = publicID(runPrefix, ref)
	return err
}

// pastRuns are the runs of a contact in a workflow that decide whether it may enter: the newest ones.
func (x *runSaving) pastRuns(of, contact int64) (past []workflow.Past, err error) {
	err = x.b.query(x.ctx, `SELECT status, started_at FROM runs WHERE workflow = $1 AND contact = $2 ORDER BY ref DESC LIMIT `+
		itoa(workflow.MaxPerHour), []any{of, contact}, func(r row) error {
		var status, started int64
		err := r.Scan(&status, &started)
		past = append(past, workflow.Past{Open: runStatuses[status-1].Open(), StartedAt: at(started)})
		return err
	})
	if err != nil {
		return nil, err
	}
	var there int64
	open, err := one(x.ctx, x.b, firstOpenRun, []any{of, contact}, &there)
	if open {
		past = append(past, workflow.Past{Open: true, StartedAt: at(there)})
	}
	return past, err
}

// openOfContact finds the runs of a contact in a workflow that go on among all of theirs there, which are few. The sign keeps the
// planner of SQLite from walking all runs of the workflow that go on.
const (
	openOfContact = "r.workflow = $1 AND r.contact = $2 AND +" + openRuns
	firstOpenRun  = "SELECT r.started_at FROM runs r WHERE " + openOfContact + " ORDER BY r.ref LIMIT 1"
)

// replace ends the runs of a contact in a workflow that go on.
func (x *runSaving) replace(of, contact int64) error {
	list, err := runsWhere(x.ctx, x.b, `WHERE `+openOfContact+` ORDER BY r.ref`, of, contact)
	if err != nil {
		return err
	}
	for i := range list {
		now, marks := list[i].End(workflow.Exited, "replaced", "the contact entered again", x.now)
		s := &RunStep{Was: &list[i], Now: now, Marks: marks}
		if _, err := x.updateOne(s); err != nil {
			return err
		}
		x.steps = append(x.steps, s)
	}
	return nil
}

func (x *runSaving) insertRun(s *RunStart, contact int64) (ref int64, err error) {
	vars, err := encodeVars(s.Vars)
	if err != nil {
		return 0, err
	}
	place := s.Place
	if place == 0 {
		if _, err := one(x.ctx, x.b, `SELECT coalesce(max(seq), 0) FROM events WHERE contact = $1`, []any{contact},
			&place); err != nil {
			return 0, err
		}
	}
	_, err = one(x.ctx, x.b, `INSERT INTO runs (workflow, version, contact, shard, begun_by, status, step, visit, phase,
		tries, due_at, place,
		started_at, entered_at, ended_at, unmailed, reason, vars) VALUES ($1, $2, $3, $4, $5, 1, '', 0, 0, 0, $6, $7, $6, $6, 0,
		$8, '', $9)
		RETURNING ref`, []any{
		s.Workflow, s.Version, contact, shardOf(contact), s.BegunBy, ms(x.now), place, truth(s.Unmailed),
		vars,
	}, &ref)
	if err != nil {
		return 0, err
	}
	v := runVersion{s.Workflow, s.Version}
	x.open[v]++
	x.counts[runCountKey{v, "", StartedWord}]++
	x.shards[shardOf(contact)] = true
	return ref, nil
}

func encodeVars(v workflow.Vars) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode what a run knows: %w", err)
	}
	return string(raw), nil
}
