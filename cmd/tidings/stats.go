package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/stats"
)

type statsCommand struct {
	Overview statsOverview `cmd:"" default:"withargs" help:"How the project did, and what needs attention (this is also what stats alone does)."`
	Count    statsCount    `cmd:"" help:"Count events by name, template, source, … and by day or hour."`
	Links    statsLinks    `cmd:"" help:"The links most clicked."`
	Funnel   statsFunnel   `cmd:"" help:"What became of the messages that were sent."`
	Delays   statsDelays   `cmd:"" help:"How long people took to open and to click."`
	Reasons  statsReasons  `cmd:"" help:"Why mail bounced at a domain."`
	Reach    statsReach    `cmd:"" help:"How many people a template reached."`
}

// spanned is the flags of a span.
type spanned struct {
	From string `placeholder:"TIME" help:"Not before this date or time. Default: 30 days before --to."`
	To   string `placeholder:"TIME" help:"Before this date or time. Default: the end of today."`
}

type statsOverview struct {
	database `embed:""`
	printing `embed:""`
	spanned  `embed:""`
	Zone     string `default:"UTC" placeholder:"NAME" help:"Whose days are meant: Europe/Berlin."`
}

// Help is the long help.
func (*statsOverview) Help() string {
	return `Totals, rates and what changed since the span of the same length before. A rate needs attention where providers
act upon it and there are enough messages to be sure (Wilson's lower bound).

    tidings stats
    tidings stats --from 2026-05-01 --to 2026-06-01 --zone Europe/Berlin`
}

// Run prints the overview.
func (s *statsOverview) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		o, err := ops.Overview(c.ctx, who, control.OverviewFilter{From: s.From, To: s.To, Zone: s.Zone})
		if err != nil {
			return err
		}
		return s.print(c, api.OverviewOf(o), func(w io.Writer) { printOverview(w, o) })
	})
}

func printOverview(w io.Writer, o control.Overview) {
	fmt.Fprintf(w, "%s to %s, and the same time before\n\n", day(o.From, o.Zone), day(o.To.Add(-time.Second), o.Zone))
	var rows [][]string
	for _, name := range event.EmailNames() {
		now, then := ofName(o.Now.Cells, name), ofName(o.Then.Cells, name)
		if now.N != 0 || then.N != 0 {
			rows = append(rows, []string{
				string(name), strconv.FormatInt(now.N, 10), strconv.FormatInt(then.N, 10), change(now.N, then.N),
			})
		}
	}
	if len(rows) == 0 {
		fmt.Fprintln(w, "Nothing was counted. See tidings source list for what comes in, or ask for another time.")
		return
	}
	table(w, []string{"event", "now", "before", "change"}, rows)
	fmt.Fprintln(w)
	printRates(w, o.Now.Rates, o.Then.Rates)
	fmt.Fprintln(w)
	printBars(w, o.Days, o.Zone)
	if len(o.Attention) == 0 {
		fmt.Fprintln(w, "\nNo rate needs attention.")
		return
	}
	fmt.Fprintln(w, "\nNeeds attention:")
	rows = nil
	for _, a := range o.Attention {
		rows = append(rows, []string{string(a.Rate.Level), a.Rate.Name, percent(a.Rate.Value), a.By, a.Value})
	}
	table(w, []string{"level", "rate", "share", "of", "value"}, rows)
}

// ofName sums the classes of a name that count.
func ofName(cells []stats.Cell, name event.Name) (sum stats.Count) {
	for _, c := range cells {
		if c.Name == name && c.Class != stats.Aside && c.Class != stats.OfCandidates {
			sum = sum.Plus(c.Count)
		}
	}
	return sum
}

func change(now, then int64) string {
	if then == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.0f %%", 100*float64(now-then)/float64(then))
}

func percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

func printRates(w io.Writer, now, then []stats.Rate) {
	var rows [][]string
	for i, r := range now {
		before := "-"
		if i < len(then) && then[i].Of > 0 {
			before = percent(then[i].Value)
		}
		share := "-"
		if r.Of > 0 {
			share = fmt.Sprintf("%s (%.2f to %.2f)", percent(r.Value), 100*r.Low, 100*r.High)
		}
		rows = append(rows, []string{r.Name, share, fmt.Sprintf("%d of %d", r.Part, r.Of), before, string(r.Level)})
	}
	table(w, []string{"rate", "share", "messages", "before", "level"}, rows)
}

// barWidth is how many characters the longest bar has.
const barWidth = 40

// printBars draws the events of each day.
func printBars(w io.Writer, days []control.StatsRow, zone string) {
	var most int64
	sums := make([]int64, len(days))
	for i, d := range days {
		for _, c := range d.Cells {
			sums[i] += c.N
		}
		most = max(most, sums[i])
	}
	for i, d := range days {
		fmt.Fprintf(w, "%s  %-*s %d\n", day(d.At, zone), barWidth, strings.Repeat("█", int(sums[i]*barWidth/max(1, most))), sums[i])
	}
}

func day(t time.Time, zone string) string {
	if l, err := time.LoadLocation(zone); err == nil {
		t = t.In(l)
	}
	return t.Format(time.DateOnly)
}

type statsCount struct {
	database `embed:""`
	printing `embed:""`
	spanned  `embed:""`
	By       string   `default:"name" enum:"name,source,template,workflow,tag,domain,senderDomain,reason" help:"${enum}."`
	Value    string   `placeholder:"VALUE" help:"Only this template, source, …"`
	Name     []string `placeholder:"NAME" help:"Only these event names."`
	Unit     string   `default:"total" enum:"total,day,hour" help:"total, day or hour."`
	Zone     string   `default:"UTC" placeholder:"NAME" help:"Whose days are meant: Europe/Berlin."`
	Limit    int      `default:"100" placeholder:"N" help:"The most values, 1 to 1000."`
}

// Help is the long help.
func (*statsCount) Help() string {
	return `unique counts messages once, in the day or hour of their first such event.

    tidings stats count --by template
    tidings stats count --by reason --name bounced
    tidings stats count --by template --value onboarding/welcome --unit day --from 2026-05-01 --to 2026-06-01`
}

// Run prints counters.
func (s *statsCount) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		r, err := ops.Stats(c.ctx, who, control.StatsFilter{
			By: s.By, Value: s.Value, Names: s.Name, Unit: s.Unit, From: s.From, To: s.To, Zone: s.Zone, Limit: s.Limit,
		})
		if err != nil {
			return err
		}
		return s.print(c, api.StatsOf(r), func(w io.Writer) { printStats(w, r) })
	})
}

func printStats(w io.Writer, r control.StatsReport) {
	var rows [][]string
	for _, row := range r.Rows {
		for _, c := range row.Cells {
			cells := []string{row.Value}
			if !row.At.IsZero() {
				cells = append(cells, when(row.At))
			}
			unique := strconv.FormatInt(c.Unique, 10)
			if r.By == "reason" {
				unique = "-" // a message may bounce for several
			}
			rows = append(rows, append(cells, string(c.Name), c.Class.String(), strconv.FormatInt(c.N, 10), unique))
		}
	}
	if len(rows) == 0 {
		fmt.Fprintln(w, "Nothing was counted.")
		return
	}
	head := []string{r.By, "event", "class", "count", "unique"}
	if r.Unit != "total" {
		head = []string{r.By, r.Unit, "event", "class", "count", "unique"}
	}
	table(w, head, rows)
	if r.More {
		fmt.Fprintln(w, "\nThere are more values: --limit shows up to 1000 of them.")
	}
}

// templated is the flags of questions about templates.
type templated struct {
	spanned  `embed:""`
	Template string `placeholder:"NAME" help:"Only this template."`
}

func (t templated) filter(limit int) control.TemplateFilter {
	return control.TemplateFilter{Template: t.Template, From: t.From, To: t.To, Limit: limit}
}

type statsLinks struct {
	database  `embed:""`
	printing  `embed:""`
	templated `embed:""`
	Limit     int `default:"20" placeholder:"N" help:"Length of the list, 1 to 1000."`
}

// Help is the long help.
func (*statsLinks) Help() string {
	return `Links stand without their query; ":id" stands for a number or a token in a path.

    tidings stats links --template news/monthly`
}

// Run lists links.
func (s *statsLinks) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		l, err := ops.Links(c.ctx, who, s.filter(s.Limit))
		if err != nil {
			return err
		}
		return s.print(c, api.LinksOf(l), func(w io.Writer) {
			if len(l.Rows) == 0 {
				fmt.Fprintln(w, "No link was clicked.")
				return
			}
			var rows [][]string
			for _, r := range l.Rows {
				rows = append(rows, []string{
					strconv.FormatInt(r.Unique, 10), strconv.FormatInt(r.Clicks, 10), strconv.FormatInt(r.Machine, 10), r.Template, r.URL,
				})
			}
			table(w, []string{"people", "clicks", "machine", "template", "link"}, rows)
		})
	})
}

type statsFunnel struct {
	database  `embed:""`
	printing  `embed:""`
	templated `embed:""`
}

// Help is the long help.
func (*statsFunnel) Help() string {
	return `Follows the messages that were sent in a span, however much later they were opened or clicked.

    tidings stats funnel --template onboarding/welcome --from 2026-05-01 --to 2026-06-01`
}

// Run prints the funnel.
func (s *statsFunnel) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		f, err := ops.Funnel(c.ctx, who, s.filter(0))
		if err != nil {
			return err
		}
		return s.print(c, api.FunnelOf(f), func(w io.Writer) {
			for _, x := range f.Stages {
				bar := strings.Repeat("█", int(x.Share*barWidth))
				fmt.Fprintf(w, "%-10s %-*s %6.1f %%  %d", x.Name, barWidth, bar, 100*x.Share, x.Messages)
				if x.Machine > 0 {
					fmt.Fprintf(w, "  (and %d by programs alone)", x.Machine)
				}
				fmt.Fprintln(w)
			}
		})
	})
}

type statsDelays struct {
	database  `embed:""`
	printing  `embed:""`
	templated `embed:""`
}

// Help is the long help.
func (*statsDelays) Help() string {
	return `From sending to the first open or click of a person. Exact to a fifth.

    tidings stats delays --template onboarding/welcome`
}

// Run prints delays.
func (s *statsDelays) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		d, err := ops.Delays(c.ctx, who, s.filter(0))
		if err != nil {
			return err
		}
		return s.print(c, api.DelaysOf(d), func(w io.Writer) {
			var rows [][]string
			for _, r := range d.Rows {
				rows = append(rows, []string{
					string(r.Name), strconv.FormatInt(r.Messages, 10), r.P50.String(), r.P75.String(), r.P90.String(), r.P99.String(),
				})
			}
			table(w, []string{"event", "messages", "half within", "75 %", "90 %", "99 %"}, rows)
		})
	})
}

type statsReach struct {
	database `embed:""`
	printing `embed:""`
	spanned  `embed:""`
	Template string   `arg:"" help:"The template."`
	Name     []string `default:"email.open" placeholder:"NAME" help:"What they did; any of them."`
	Machines bool     `help:"Count what programs did too."`
}

// Help is the long help.
func (*statsReach) Help() string {
	return `Counts distinct people, by the template's events. Without --from and --to, of all time.

    tidings stats reach onboarding/welcome --from 2026-05-04 --to 2026-05-11`
}

// Run counts people.
func (s *statsReach) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		r, err := ops.Reach(c.ctx, who, control.ReachFilter{
			Template: s.Template, Names: s.Name, From: s.From, To: s.To, Machines: s.Machines,
		})
		if err != nil {
			return err
		}
		return s.print(c, api.Reach(r), func(w io.Writer) {
			least := ""
			if r.Bounded {
				least = "at least "
			}
			fmt.Fprintf(w, "%s%d contacts, by %s%d events\n", least, r.Contacts, least, r.Events)
		})
	})
}
