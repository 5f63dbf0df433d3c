package control_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tidings/internal/store"
	"tidings/test/database"
)

const benchedWorkflow = `
-- workflow.yaml --
workflow: benched
trigger: {manual: true}
steps:
  - send: hello
  - wait: 1h
  - if: {logic: AND, groups: [{filters: [{field: data.plan, operator: equals, value: team}]}]}
    then: [{exit: team}]
    else: [{exit: other}]
-- templates --
hello
`

// benchStage is a stage for a benchmark, with a workflow.
func benchStage(b *testing.B) *stage {
	b.Helper()
	s := &stage{t: b, url: database.New(b, "sqlite"), folder: b.TempDir(), files: scriptOf([]byte(benchedWorkflow)), now: scenarioStart}
	s.open()
	s.furnish()
	return s
}

// fill lets many contacts enter.
func (s *stage) fill(round, n int) {
	s.t.Helper()
	x, err := s.Store.Workflow(s.t.Context(), store.DefaultProject, "benched")
	must(s.t, err)
	var starts []store.RunStart
	for i := range n {
		start := store.RunStart{Workflow: x.Ref, Version: x.Version, BegunBy: fmt.Sprint(round)}
		start.Change.Address, start.Change.At, start.Change.Origin = fmt.Sprintf("p%d-%d@acme.test", round, i), s.clock().UnixMilli(), "workflow"
		starts = append(starts, start)
	}
	for part := range slices.Chunk(starts, 500) {
		_, _, err := s.Store.SaveRuns(s.t.Context(), &store.RunBatch{Source: s.feed, Starts: part})
		must(s.t, err)
	}
}

// turn lets the work of all shards be done.
func (s *stage) turn() {
	for shard := range int64(store.WorkflowShards) {
		must(s.t, s.RunWorkflows(s.t.Context(), shard))
	}
}

// Every run enters four steps: an email, a wait, a condition, and an exit.
func BenchmarkSteppingRuns(b *testing.B) {
	s := benchStage(b)
	const runs = 1000
	round := 0
	for b.Loop() {
		b.StopTimer()
		s.fill(round, runs)
		round++
		b.StartTimer()
		s.turn()
		s.set(s.clock().Add(time.Hour))
		s.turn()
	}
	b.ReportMetric(float64(4*runs*b.N)/b.Elapsed().Seconds(), "steps/s")
	list, err := s.Store.RunCounts(b.Context(), 1)
	must(b, err)
	for _, c := range list {
		if c.Step == "" && c.Word == "exited" && c.N != int64(round*runs) {
			b.Errorf("%d of %d are through", c.N, round*runs)
		}
	}
}
