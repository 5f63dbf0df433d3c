package store

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"tidings/event"
	"tidings/internal/job"
	"tidings/internal/send"
	"tidings/internal/workflow"
)

// OriginWorkflow begins the origin of what workflows send; the workflow's id follows.
const OriginWorkflow = "workflow:"

// mail queues the emails of steps, each once for its run and visit.
func (x *runSaving) mail() error {
	var of []*RunStep
	asked := &SendBatch{Source: x.asked.Source}
	for _, s := range x.steps {
		if s.Send == nil {
			continue
		}
		one := s.Send.Send
		one.Intent = "run:" + s.Was.ID + ":" + itoa(s.Visit)
		one.Content, one.Origin = s.Send.Content, OriginWorkflow+s.Was.WorkflowID
		asked.Sends = append(asked.Sends, one)
		of = append(of, s)
	}
	if len(of) == 0 {
		return nil
	}
	q := &queueing{work: x.store.newWork(x.ctx, x.b), asked: asked, project: x.project, out: make([]QueuedSend, len(asked.Sends))}
	if err := q.run(); err != nil {
		return err
	}
	x.queue = q
	for i, s := range of {
		out := q.out[i]
		s.note(func(m *workflow.Mark) {
			m.Send = out.ID
			if out.Status == send.StatusSkipped {
				m.Outcome, m.Detail = "skipped", string(out.Reason)
			}
		})
	}
	return nil
}

// CallKind is the kind of the jobs that call webhooks of runs. The payload is a RunCall.
const CallKind = "workflow-call"

// RunCall is one step that calls a webhook.
type RunCall struct {
	Project string `json:"project"`
	Run     string `json:"run"`
	Visit   int    `json:"visit"`
}

// call lets jobs call webhooks.
func (x *runSaving) call() error {
	var jobs []job.NewJob
	for _, s := range x.steps {
		if !s.Call {
			continue
		}
		payload, err := json.Marshal(RunCall{x.asked.Source.Project, s.Was.ID, s.Visit})
		if err != nil {
			return err
		}
		jobs = append(jobs, job.NewJob{
			Kind: CallKind, Key: s.Was.ID + ":" + itoa(s.Visit), Payload: payload, Priority: job.Urgent,
		})
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err := enqueue(x.ctx, x.b, x.now, jobs)
	return err
}

// maxMarkText bounds what is told of a step: others may have written it.
const maxMarkText = 4096

// mark stores the steps that runs entered and left.
func (x *runSaving) mark() error {
	for _, s := range x.steps {
		byVisit := make(map[int]workflow.Mark)
		for _, m := range s.Marks {
			m.Outcome, m.Detail = event.CleanText(m.Outcome, maxMarkText), event.CleanText(m.Detail, maxMarkText)
			version := s.Was.Version
			if s.Other != 0 && m.Visit > s.Was.Visit {
				version = s.Other
			}
			known := byVisit[m.Visit]
			if m.Entered.IsZero() {
				m.Entered = known.Entered
			} else {
				x.counts[runCountKey{runVersion{s.Was.Workflow, version}, m.Step, EnteredWord}]++
			}
			if !m.Left.IsZero() {
				x.counts[runCountKey{runVersion{s.Was.Workflow, version}, m.Step, LeftWord + m.Outcome}]++
			}
			m.Variant = cmp.Or(m.Variant, known.Variant)
			byVisit[m.Visit] = m
		}
		for _, visit := range slices.Sorted(maps.Keys(byVisit)) {
			m := byVisit[visit]
			entered := m.Entered
			if entered.IsZero() {
				entered = s.Was.EnteredAt
			}
			_, err := x.b.exec(x.ctx, `INSERT INTO run_steps (run, visit, step, entered_at, left_at, outcome, detail, variant, send)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (run, visit) DO UPDATE SET left_at = excluded.left_at,
				outcome = excluded.outcome, detail = excluded.detail,
				send = CASE WHEN excluded.send <> '' THEN excluded.send ELSE run_steps.send END`,
				s.Was.Ref, m.Visit, m.Step, ms(entered), ms(m.Left), m.Outcome, m.Detail, m.Variant, m.Send)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// maxLookBack bounds the events that are told to a run that begins to wait: of more the oldest count.
const maxLookBack = 10_000

// lookBack tells runs that begin to wait for events of those that are here already: since the run began, or was told of the last
// one. The contact is locked, so that an event that is not here yet will find the run waiting.
func (x *runSaving) lookBack() error {
	for _, s := range x.steps {
		if s.Await == nil || !s.Now.Status.Open() {
			continue
		}
		ids, err := x.since(s)
		if err != nil {
			return err
		}
		for _, id := range ids {
			n := workflowEvent{project: x.project, contact: s.Was.Contact, event: id, run: s.Was.Ref}
			if err := n.note(x.ctx, x.b); err != nil {
				return err
			}
			x.shards[shardOf(n.contact)] = true
		}
	}
	return nil
}

// since finds the events that a run begins to wait for and that came since it began.
func (x *runSaving) since(s *RunStep) (ids []event.ID, err error) {
	contacts, err := mergedRefs(x.ctx, x.b, x.project, publicID(contactPrefix, s.Was.Contact))
	if err != nil {
		return nil, err
	}
	args := []any{s.Was.Place, x.project}
	exact := s.Await.Exact()
	for _, name := range exact {
		args = append(args, string(name))
	}
	named := `1 = 0`
	if len(exact) > 0 {
		named = `text IN (` + marks(len(args)-len(exact)+1, len(exact)) + `)`
	}
	for _, start := range s.Await.Starts() {
		args = append(args, start)
		named += ` OR substr(text, 1, ` + itoa(utf8.RuneCountInString(start)) + `) = $` + itoa(len(args))
	}
	for _, ref := range contacts {
		args = append(args, ref)
	}
	if len(contacts) == 0 {
		return nil, nil
	}
	err = x.b.query(x.ctx, `SELECT e.id, n.text, e.seq FROM events e JOIN terms n ON n.ref = e.name
		WHERE e.contact IN (`+marks(len(args)-len(contacts)+1, len(contacts))+`) AND e.seq > $1
		AND e.name IN (SELECT ref FROM terms WHERE project = $2 AND kind = `+itoa(termName)+` AND (`+named+`)) ORDER BY e.seq`, args,
		func(r row) error {
			var id event.ID
			var name string
			var place int64
			err := r.Scan(&id, &name, &place)
			if place > s.Now.Vars.Seen[event.Name(name)] && len(ids) < maxLookBack {
				ids = append(ids, id)
			}
			return err
		})
	return ids, err
}

// count stores what the runs did, and how many go on.
func (x *runSaving) count() error {
	keys := slices.SortedFunc(maps.Keys(x.counts), func(a, b runCountKey) int {
		return cmp.Or(cmp.Compare(a.workflow, b.workflow), cmp.Compare(a.version, b.version), cmp.Compare(a.step, b.step),
			cmp.Compare(a.word, b.word))
	})
	for _, k := range keys {
		if x.counts[k] == 0 {
			continue
		}
		_, err := x.b.exec(x.ctx, `INSERT INTO run_counts (workflow, version, step, word, n) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workflow, version, step, word) DO UPDATE SET n = run_counts.n + excluded.n`,
			k.workflow, k.version, k.step, k.word, x.counts[k])
		if err != nil {
			return err
		}
	}
	return x.countOpen()
}

// countOpen keeps how many runs of each version go on. Where the first begins or the last ends, a version that contacts do not
// enter comes among the live ones or leaves them.
func (x *runSaving) countOpen() error {
	versions := slices.SortedFunc(maps.Keys(x.open), func(a, b runVersion) int {
		return cmp.Or(cmp.Compare(a.workflow, b.workflow), cmp.Compare(a.version, b.version))
	})
	changed := false
	for _, v := range versions {
		by := x.open[v]
		if by == 0 {
			continue
		}
		var open, entered int64
		_, err := one(x.ctx, x.b, `UPDATE workflow_versions SET open = open + $3 WHERE workflow = $1 AND version = $2
			RETURNING open, (SELECT count(*) FROM workflows w WHERE w.ref = $1 AND w.enabled <> 0 AND w.version = $2)`,
			[]any{v.workflow, v.version, by}, &open, &entered)
		if err != nil {
			return err
		}
		changed = changed || entered == 0 && (open == 0 || open == by)
	}
	if !changed {
		return nil
	}
	return touchMeta(x.ctx, x.b, workflowsVersion)
}

// finishEvents removes the events that workflows were told of.
func (x *runSaving) finishEvents() error {
	if x.stale > 0 {
		return nil
	}
	for part := range slices.Chunk(x.asked.Done, contactChunk/2) {
		args := make([]any, len(part))
		for i, ref := range part {
			args[i] = ref
		}
		if _, err := x.b.exec(x.ctx, `DELETE FROM workflow_events WHERE ref IN (`+marks(1, len(part))+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}
