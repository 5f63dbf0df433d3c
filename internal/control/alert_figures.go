package control

import (
	"context"
	"slices"
	"time"

	"tidings/internal/alert"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// watched is what a rule sees of one subject.
type watched struct {
	subject alert.Subject
	figures alert.Figures
}

// usualWindows is how many windows before the present one tell what is usual.
const usualWindows = 14

// watch reads the figures of all subjects of a rule. Of rates it also looks at those in more, though they are no more among
// those with most email.
func (c *Control) watch(ctx context.Context, project string, x *alert.Live, more []string, now time.Time) ([]watched, error) {
	switch x.Kind {
	case alert.BounceRate, alert.ComplaintRate:
		return c.watchRates(ctx, project, x, more, now)
	case alert.Silence:
		return c.watchSilence(ctx, project, now)
	case alert.Refusals:
		return c.watchRefusals(ctx, project, now.Add(-x.Window))
	case alert.EndpointFailing:
		return c.watchEndpoints(ctx, project, now.Add(-x.Window))
	case alert.Suppressions:
		return c.watchSuppressions(ctx, project, x, now)
	}
	return nil, nil
}

// rateFilter asks for what a rate is made of. Sources and the project are counted by the hour, the rest by days of UTC: those
// that the window touches.
func rateFilter(x *alert.Live, from, to time.Time) StatsFilter {
	f := StatsFilter{By: x.By, Names: attendedNames, Limit: maxLimit}
	unit := time.Hour
	switch x.By {
	case alert.ByProject:
		f.By = "name"
	case alert.ByDomain, alert.ByTemplate:
		unit = 24 * time.Hour
	}
	f.From = from.UTC().Truncate(unit).Format(time.RFC3339)
	f.To = to.UTC().Truncate(unit).Add(unit).Format(time.RFC3339)
	return f
}

func (c *Control) watchRates(
	ctx context.Context, project string, x *alert.Live, more []string, now time.Time,
) (list []watched, err error) {
	who := Actor{Project: project, By: DoorServer, Door: DoorServer}
	f := rateFilter(x, now.Add(-x.Window), now)
	report, err := c.Stats(ctx, who, f)
	if err != nil {
		return nil, err
	}
	rows := report.Rows
	if x.By == alert.ByProject {
		rows = []StatsRow{sumRows(rows)}
	}
	for _, key := range more {
		if slices.ContainsFunc(rows, func(r StatsRow) bool { return r.Value == key }) || x.By == alert.ByProject {
			continue
		}
		f.Value = key
		one, err := c.Stats(ctx, who, f)
		if err != nil {
			return nil, err
		}
		row := sumRows(one.Rows)
		row.Value = key
		rows = append(rows, row)
	}
	names, err := c.subjectNames(ctx, project, x)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.Value == "" && x.By != alert.ByProject {
			continue
		}
		list = append(list, watched{alert.Subject{Key: r.Value, Name: names[r.Value]}, rateOf(r.Rates, x)})
	}
	return list, nil
}

func rateOf(rates []stats.Rate, x *alert.Live) alert.Figures {
	rate := stats.NewRate(x.Kind.Rate(), 0, 0)
	for _, r := range rates {
		if r.Name == rate.Name {
			rate = r
		}
	}
	return alert.RateFigures(rate, x.Least)
}

// subjectNames are the names of what a rule is about, where ids alone are known: of sources.
func (c *Control) subjectNames(ctx context.Context, project string, x *alert.Live) (map[string]string, error) {
	if x.By != alert.BySource {
		return nil, nil //nolint:nilnil // a nil map has no names
	}
	return c.sourceNames(ctx, project)
}

func (c *Control) watchSilence(ctx context.Context, project string, now time.Time) (list []watched, err error) {
	pulses, err := c.Store.SourcePulses(ctx, project)
	if err != nil {
		return nil, err
	}
	for _, x := range pulses {
		if x.Disabled {
			continue
		}
		s := silence(x.Hours, x.LastReceiptAt, now)
		list = append(list, watched{alert.Subject{Key: x.ID, Name: x.Name}, alert.Figures{
			Silent: s.Silent, Since: s.Since, Pause: int64(s.Usual / time.Second),
		}})
	}
	return list, nil
}

// watchRefusals leaves out disabled sources: who disabled one knows that it refuses everything.
func (c *Control) watchRefusals(ctx context.Context, project string, since time.Time) (list []watched, err error) {
	refused, err := c.Store.RefusedSince(ctx, project, since)
	if err != nil {
		return nil, err
	}
	for _, x := range refused {
		if x.Disabled {
			continue
		}
		f := alert.Figures{Detail: x.Last}
		for code, n := range x.ByCode {
			if code != codeDisabled {
				f.Count += n
			}
		}
		list = append(list, watched{alert.Subject{Key: x.ID, Name: x.Name}, f})
	}
	return list, nil
}

// watchEndpoints leaves out those that a person disabled.
func (c *Control) watchEndpoints(ctx context.Context, project string, since time.Time) (list []watched, err error) {
	pulses, err := c.Store.EndpointPulses(ctx, project, since)
	if err != nil {
		return nil, err
	}
	for i := range pulses {
		x := &pulses[i]
		if x.Disabled && x.GivenUp == "" {
			continue
		}
		f := alert.Figures{Count: x.Dead, Since: x.Health.Failing, Disabled: x.Disabled, Detail: x.Health.Problem}
		if x.Disabled {
			f.Detail = x.GivenUp
		}
		list = append(list, watched{alert.Subject{Key: x.ID, Name: x.Name}, f})
	}
	return list, nil
}

func (c *Control) watchSuppressions(
	ctx context.Context, project string, x *alert.Live, now time.Time,
) ([]watched, error) {
	counts, err := c.Store.SuppressionsBefore(ctx, project, now, x.Window, 1+usualWindows)
	if err != nil {
		return nil, err
	}
	return []watched{{figures: alert.Figures{Count: counts[0], Usual: median(counts[1:])}}}, nil
}

// median is the middle of numbers: of an even number of them the mean of the two in the middle.
func median(list []int64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return float64(sorted[(n-1)/2]+sorted[n/2]) / 2
}

// alertKey names the alert of a rule about a subject.
type alertKey struct{ rule, subject string }

func keyOf(x *store.Alert) alertKey { return alertKey{x.Rule, x.Subject.Key} }
