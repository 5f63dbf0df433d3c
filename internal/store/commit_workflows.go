package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tidings/event"
	"tidings/internal/job"
	"tidings/internal/workflow"
)

// WorkflowKind is the kind of the jobs that let runs go on. There is one for each shard, which is its payload.
const WorkflowKind = "workflow"

// WorkflowShards are the parts that the work on runs is shared by: what concerns one contact is in one part, and one node at
// a time works on it.
const WorkflowShards = 4

func shardOf(contact int64) int64 { return contact % WorkflowShards }

// workflowWants are the live workflows of every project, as of a version of them. But for what is remembered it is never
// changed.
type workflowWants struct {
	version  string
	projects map[int64]*projectWorkflows
}

type projectWorkflows struct {
	graphs []*workflow.Graph

	known sync.Map // event.Name → bool: whether one of them wants events of that name
	names atomic.Int64
}

// maxKnownNames bounds what is remembered: names come from outside.
const maxKnownNames = 10_000

// want reports whether events of a name may concern a workflow. Who unsubscribes or is suppressed leaves what goes on.
func (p *projectWorkflows) want(name event.Name) bool {
	if name == event.ContactUnsubscribed || name == event.EmailBounce || name == event.EmailComplaint {
		return true
	}
	if known, ok := p.known.Load(name); ok {
		return known == true
	}
	wanted := false
	for _, g := range p.graphs {
		wanted = wanted || g.Wants(name)
	}
	if p.names.Add(1) <= maxKnownNames {
		p.known.Store(name, wanted)
	}
	return wanted
}

// workflowsWanted reads the live workflows, where some changed since they were read last.
func (s *Store) workflowsWanted(ctx context.Context, c conn, version string) (*workflowWants, error) {
	if known := s.workflowWants.Load(); known != nil && known.version == version {
		return known, nil
	}
	list, err := liveWorkflows(ctx, c)
	if err != nil {
		return nil, err
	}
	fresh := &workflowWants{version: version, projects: make(map[int64]*projectWorkflows)}
	for _, x := range list {
		graph, problems := workflow.Compile(x.Definition)
		if len(problems) > 0 {
			continue // a version before this one took it; it says so where workflows are listed
		}
		p := fresh.projects[x.ProjectRef]
		if p == nil {
			p = &projectWorkflows{}
			fresh.projects[x.ProjectRef] = p
		}
		p.graphs = append(p.graphs, graph)
	}
	s.workflowWants.Store(fresh)
	return fresh, nil
}

// tellWorkflows notes the new events of the batch that a workflow may want.
func (w *work) tellWorkflows() error {
	if len(w.events) == 0 {
		return nil
	}
	now, err := w.versionsNow()
	if err != nil {
		return err
	}
	wanted, err := w.store.workflowsWanted(w.ctx, w.b, now.workflows)
	if err != nil || len(wanted.projects) == 0 {
		return err
	}
	told := make(map[int64]bool)
	for _, e := range w.events {
		p := wanted.projects[e.project]
		if !e.inserted || p == nil || !p.want(e.Name) {
			continue
		}
		n := workflowEvent{project: e.project, event: e.ID}
		if e.contact != nil {
			n.contact = e.contact.ref
		}
		if err := n.note(w.ctx, w.b); err != nil {
			return err
		}
		told[shardOf(n.contact)] = true
	}
	return wakeWorkflows(w.ctx, w.b, w.now, told)
}

// workflowEvent is an event that workflows are to be told of.
type workflowEvent struct {
	project, contact int64 // contact 0: nobody's
	event            event.ID
	run              int64 // the one run that is to be told; 0: all
}

func (n *workflowEvent) note(ctx context.Context, c conn) error {
	_, err := c.exec(ctx, `INSERT INTO workflow_events (shard, project, event, run, contact) VALUES ($1, $2, $3, $4, $5)`,
		shardOf(n.contact), n.project, n.event, n.run, n.contact)
	return err
}

// wakeWorkflows lets the work on shards begin.
func wakeWorkflows(ctx context.Context, c conn, now time.Time, shards map[int64]bool) error {
	var jobs []job.NewJob
	for shard := range int64(WorkflowShards) {
		if shards[shard] {
			jobs = append(jobs, WorkflowJob(shard))
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err := enqueue(ctx, c, now, jobs)
	return err
}

// WorkflowJob is the work on a shard.
func WorkflowJob(shard int64) job.NewJob {
	name := itoa(int(shard))
	return job.NewJob{Kind: WorkflowKind, Key: WorkflowKind + ":" + name, Payload: []byte(name), Priority: job.Urgent}
}
