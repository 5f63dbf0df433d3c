package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"tidings/internal/alert"
)

const (
	alertTrialSpan = 30 * 24 * time.Hour
	maxPastAlerts  = 200
)

// AlertFinding is what a rule would have said.
type AlertFinding struct {
	Since  time.Time
	Step   time.Duration // between two looks
	Alerts []alert.Past  // newest first
	Cut    bool          // there were more
}

// TryAlertRule tells which alerts a rule would have raised in the last 30 days, from the counters that are kept. Only rates can
// be tried: what else rules look at is not kept for long, or only as it is now.
func (c *Control) TryAlertRule(ctx context.Context, who Actor, r alert.Rule) (out AlertFinding, err error) {
	r.Name = cmp.Or(r.Name, "trial")
	x, err := c.checkAlertRule(ctx, who, r)
	if err != nil {
		return out, err
	}
	if !x.Kind.IsRate() {
		var p problems
		p.add("kind", "can't be tried: rates alone are counted by the hour or day")
		return out, p.err()
	}
	now := c.Now().UTC()
	out.Step = time.Hour
	if x.By == alert.ByDomain || x.By == alert.ByTemplate {
		out.Step = 24 * time.Hour
	}
	out.Since = now.Add(-alertTrialSpan).Truncate(out.Step)
	rows, err := c.trialRows(ctx, who, x, out.Since.Add(-x.Window), now, out.Step)
	if err != nil {
		return out, err
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		steps := trialSteps(x, rows[key], out.Since, now, out.Step)
		out.Alerts = append(out.Alerts, alert.Replay(x, alert.Subject{Key: key}, steps, out.Step)...)
	}
	slices.SortStableFunc(out.Alerts, func(a, b alert.Past) int { return b.RaisedAt.Compare(a.RaisedAt) })
	if out.Cut = len(out.Alerts) > maxPastAlerts; out.Cut {
		out.Alerts = out.Alerts[:maxPastAlerts]
	}
	names, err := c.subjectNames(ctx, who.Project, x)
	for i := range out.Alerts {
		out.Alerts[i].Subject.Name = names[out.Alerts[i].Subject.Key]
	}
	return out, err
}

// trialRows reads what was counted in each hour or day, by subject.
func (c *Control) trialRows(
	ctx context.Context, who Actor, x *alert.Live, from, to time.Time, step time.Duration,
) (map[string][]StatsRow, error) {
	const chunk = 31 * 24 * time.Hour // as many hours are listed at once
	rows := make(map[string][]StatsRow)
	for begin := from.Truncate(24 * time.Hour); begin.Before(to); begin = begin.Add(chunk) {
		end := begin.Add(chunk)
		if end.After(to) {
			end = to.Truncate(step).Add(step)
		}
		f := rateFilter(x, begin, end.Add(-time.Millisecond))
		if f.Unit = unitHour; step > time.Hour {
			f.Unit = unitDay
		}
		report, err := c.Stats(ctx, who, f)
		if err != nil {
			return nil, err
		}
		for _, r := range report.Rows {
			if r.Value != "" || x.By == alert.ByProject {
				rows[r.Value] = append(rows[r.Value], r)
			}
		}
	}
	return rows, nil
}

// trialSteps are what a rule would have seen at the end of each hour or day.
func trialSteps(x *alert.Live, rows []StatsRow, since, now time.Time, step time.Duration) (list []alert.Step) {
	slices.SortFunc(rows, func(a, b StatsRow) int { return a.At.Compare(b.At) })
	first, next := 0, 0 // rows from first to before next are in the window
	for at := since.Add(step); !at.After(now.Add(step)); at = at.Add(step) {
		for next < len(rows) && rows[next].At.Before(at) {
			next++
		}
		for first < next && rows[first].At.Before(at.Add(-step-x.Window).Truncate(step)) {
			first++
		}
		figures := rateOf(sumRows(rows[first:next]).Rates, x)
		list = append(list, alert.Step{At: earlier(at, now), Figures: figures})
	}
	return list
}
