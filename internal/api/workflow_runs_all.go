package api

import (
	"context"
)

type listAllExecutionsIn struct {
	Workflow string `query:"workflow" doc:"A workflow's id or key" example:"onboarding"`
	ExecutionFilter
	ExecutionPaging
}

func (a *api) listExecutions(ctx context.Context, in *listAllExecutionsIn) (*executionListOut, error) {
	return a.executions(ctx, in.of(in.Workflow), &in.ExecutionPaging)
}

// ExecutionCount is how many runs of a workflow have a status.
type ExecutionCount struct {
	WorkflowID string `json:"workflowId" doc:"Whose runs they are" example:"wfl_4f"`
	Workflow   string `json:"workflow" doc:"The workflow's key" example:"onboarding"`
	Status     string `json:"status" enum:"RUNNING,WAITING,COMPLETED,EXITED,FAILED,CANCELLED" doc:"Where they are in their life"`
	Count      int64  `json:"count" doc:"How many; of each status at most 100,000 are counted" example:"120"`
}

// ExecutionCounts are how many runs there are.
type ExecutionCounts struct {
	Counts []ExecutionCount `json:"counts" nullable:"false" doc:"By status, then by the workflow's key; what has none is left out"`
}

type countExecutionsIn struct {
	Workflow string `query:"workflow" doc:"A workflow's id or key" example:"onboarding"`
	ExecutionFilter
}

type executionCountsOut struct{ Body ExecutionCounts }

func (a *api) getExecutionCounts(ctx context.Context, in *countExecutionsIn) (*executionCountsOut, error) {
	list, err := a.Control.CountRuns(ctx, who(ctx), in.of(in.Workflow))
	if err != nil {
		return nil, err
	}
	out := &executionCountsOut{ExecutionCounts{make([]ExecutionCount, len(list))}}
	for i, x := range list {
		out.Body.Counts[i] = ExecutionCount{x.WorkflowID, x.Key, string(x.Status), x.N}
	}
	return out, nil
}

// ExecutionID names a run in a path.
type ExecutionID struct {
	Execution string `path:"execution" doc:"The run's id" example:"exe_4f"`
}

func (a *api) getExecutionByID(ctx context.Context, in *ExecutionID) (*executionOut, error) {
	v, err := a.Control.Run(ctx, who(ctx), "", in.Execution)
	return oneExecution(&v, err)
}
