package store

import "context"

// moveRuns makes the runs of a contact those of another one that it was merged into. What began a run of both began it once for
// each: the two are told apart by their place.
func moveRuns(ctx context.Context, c conn, stays, goes int64) error {
	_, err := c.exec(ctx, `UPDATE runs SET contact = $1, shard = $3, rev = rev + 1, begun_by = CASE WHEN EXISTS (SELECT 1 FROM
		runs o
		WHERE o.workflow = runs.workflow AND o.contact = $1 AND o.begun_by = runs.begun_by) THEN begun_by || ':' || CAST(ref AS TEXT)
		ELSE begun_by END WHERE contact = $2`, stays, goes, shardOf(stays))
	if err == nil {
		_, err = c.exec(ctx, `UPDATE workflow_events SET contact = $1 WHERE contact = $2`, stays, goes)
	}
	return err
}

// endsRuns take away the runs of a contact that is gone, for good: what they know is of the contact. Those that go on are
// counted as ended.
var endsRuns = [...]string{
	`INSERT INTO run_counts (workflow, version, step, word, n) SELECT workflow, version, '', 'exited', count(*) FROM runs r
		WHERE contact = $1 AND ` + openRuns + ` GROUP BY workflow, version
		ON CONFLICT (workflow, version, step, word) DO UPDATE SET n = run_counts.n + excluded.n`,
	`UPDATE workflow_versions SET open = open - (SELECT count(*) FROM runs r WHERE r.workflow = workflow_versions.workflow
		AND r.version = workflow_versions.version AND r.contact = $1 AND ` + openRuns + `)
		WHERE workflow IN (SELECT workflow FROM runs r WHERE r.contact = $1 AND ` + openRuns + `)`,
	`DELETE FROM run_steps WHERE run IN (SELECT ref FROM runs WHERE contact = $1)`,
	`DELETE FROM runs WHERE contact = $1`,
}

func endRuns(ctx context.Context, c conn, contact int64) error {
	var first int64
	there, err := one(ctx, c, `SELECT 1 FROM runs WHERE contact = $1 LIMIT 1`, []any{contact}, &first)
	if err != nil || !there {
		return err
	}
	for _, sql := range endsRuns {
		if _, err := c.exec(ctx, sql, contact); err != nil {
			return err
		}
	}
	return touchMeta(ctx, c, workflowsVersion)
}

// retainRuns removes what ended before a time. Of each contact the last run of a workflow stays, without what it knew and
// did: who enters once shall not enter again. Of it no time is known then.
func retainRuns(ctx context.Context, c conn, before int64) (n int64, err error) {
	const old = `(SELECT ref FROM runs WHERE ended_at > 0 AND ended_at < $1 ORDER BY ended_at, ref LIMIT $2)`
	if _, err := c.exec(ctx, `DELETE FROM run_steps WHERE run IN `+old, before, retainBatch); err != nil {
		return 0, err
	}
	gone, err := c.exec(ctx, `DELETE FROM runs WHERE ref IN `+old+` AND EXISTS (SELECT 1 FROM runs o
		WHERE o.workflow = runs.workflow AND o.contact = runs.contact AND o.ref > runs.ref)`, before, retainBatch)
	if err != nil {
		return 0, err
	}
	kept, err := c.exec(ctx, `UPDATE runs SET ended_at = 0, vars = '{}', reason = '', rev = rev + 1 WHERE ref IN `+old, before,
		retainBatch-gone)
	return gone + kept, err
}
