package control

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tidings/internal/alert"
	"tidings/internal/stats"
)

// Deliverability is how mail is received: the overview, and what it is made of.
type Deliverability struct {
	Overview
	Domains  []StatsRow // of recipients, those with most events first
	Senders  []StatsRow // domains that send
	Reasons  []StatsRow // of bounces and complaints
	Findings []Finding  // in our own words, the worst first; empty: nothing needs attention
}

// deliverabilityRows is how many rows each table has.
const deliverabilityRows = 10

// Deliverability reports how mail is received in a span, by default the last 30 days. Tables are of the days that the
// span touches. What it is made of is counted at once: it takes as long as the longest.
func (c *Control) Deliverability(ctx context.Context, who Actor, f OverviewFilter) (Deliverability, error) {
	_, span, _, err := c.statsQuery(who, StatsFilter{By: "name", Unit: unitDay, From: f.From, To: f.To, Zone: f.Zone})
	if err != nil {
		return Deliverability{}, err
	}
	var d Deliverability
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		d.Overview, err = c.Overview(ctx, who, f)
		return err
	})
	for _, table := range []struct {
		by   string
		rows *[]StatsRow
	}{
		{"domain", &d.Domains},
		{"senderDomain", &d.Senders},
		{"reason", &d.Reasons},
	} {
		all.Go(func() error {
			report, err := c.Stats(ctx, who, StatsFilter{
				By: table.by, From: span.From.Truncate(24 * time.Hour).Format(time.RFC3339),
				To: span.To.Add(24*time.Hour - 1).Truncate(24 * time.Hour).Format(time.RFC3339), Limit: deliverabilityRows,
			})
			*table.rows = report.Rows
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return Deliverability{}, err
	}
	for _, a := range d.Attention {
		d.Findings = append(d.Findings, attentionFinding(a))
	}
	return d, nil
}

// attentionWords say of what a rate is.
var attentionWords = map[string]string{
	"project": "of everything sent", "template": "of one template", "senderDomain": "of one sending domain",
}

// attentionRemedies say what lowers a rate.
var attentionRemedies = map[string]string{
	"bounce": alert.Remedy(alert.BounceRate), "complaint": alert.Remedy(alert.ComplaintRate),
}

func attentionFinding(a Attention) Finding {
	f := Finding{
		Code: a.Rate.Name, Cause: a.Value, Severity: Warning, Remedy: attentionRemedies[a.Rate.Name],
		Message: fmt.Sprintf("The %s rate %s is %.2f %% (%d of %d).", a.Rate.Name, attentionWords[a.By], 100*a.Rate.Value,
			a.Rate.Part, a.Rate.Of),
	}
	if a.Rate.Level == stats.Severe {
		f.Severity = Critical
	}
	return f
}
