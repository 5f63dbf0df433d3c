package control

import (
	"context"
	"fmt"

	"tidings/internal/store"
)

// mailsOf counts the emails of runs, in their order.
func (c *Control) mailsOf(ctx context.Context, list []store.Run) ([]int64, error) {
	refs := make([]int64, len(list))
	for i := range list {
		refs[i] = list[i].Ref
	}
	mails, err := c.Store.CountRunMails(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("count emails of runs: %w", err)
	}
	out := make([]int64, len(list))
	for i, ref := range refs {
		out[i] = mails[ref]
	}
	return out, nil
}

// CountRuns counts runs by workflow and status, of each status up to maxRunTotal. Pages say nothing.
func (c *Control) CountRuns(ctx context.Context, who Actor, f RunFilter) ([]store.RunsOf, error) {
	var p problems
	if len(f.Statuses) == 0 {
		f.Statuses = RunStatuses()
	}
	q := f.query(&p, who)
	if err := p.err(); err != nil {
		return nil, err
	}
	list, err := c.Store.CountRunsByStatus(ctx, q, maxRunTotal)
	if err != nil {
		return nil, fmt.Errorf("count runs: %w", err)
	}
	return list, nil
}
