package mcp

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/stats"
)

// Period is the span that an answer is about.
type Period struct {
	StartDate string `json:"startDate" jsonschema:"the first moment"`
	EndDate   string `json:"endDate" jsonschema:"the first moment after it"`
}

// Counts are events by name.
type Counts struct {
	Delivery  int64 `json:"delivery"`
	Open      int64 `json:"open" jsonschema:"opens, those of programs too"`
	Click     int64 `json:"click" jsonschema:"clicks, those of programs too"`
	Bounce    int64 `json:"bounce"`
	Complaint int64 `json:"complaint"`
	Reply     int64 `json:"reply"`
}

// HumanCounts are the events that people caused.
type HumanCounts struct {
	Open  int64 `json:"open" jsonschema:"opens, those of programs, and of whom nobody knows, left out"`
	Click int64 `json:"click" jsonschema:"clicks, those of programs, and of whom nobody knows, left out"`
}

// Rate is a share of emails.
type Rate struct {
	Name  string  `json:"name" jsonschema:"delivery, bounce, complaint, open, click or unsubscribe"`
	Part  int64   `json:"part"`
	Of    int64   `json:"of"`
	Value float64 `json:"value" jsonschema:"part / of, 0 to 1"`
	Level string  `json:"level" jsonschema:"ok, warn (providers put senders under review) or severe (providers stop senders)"`
}

// DeliveryStats is what get_delivery_stats answers.
type DeliveryStats struct {
	Period Period      `json:"period"`
	Counts Counts      `json:"counts" jsonschema:"totals of all events"`
	Total  int64       `json:"total" jsonschema:"the sum of counts"`
	Human  HumanCounts `json:"human" jsonschema:"what people did: prefer these figures"`
	Rates  []Rate      `json:"rates" jsonschema:"shares of emails, of people's opens and clicks"`
}

type spanIn struct {
	StartDate string `json:"startDate,omitempty" jsonschema:"the first day (2026-05-04, UTC) or time; default 30 days before the end"`
	EndDate   string `json:"endDate,omitempty" jsonschema:"the last day, which is part of the span, or a time; default today"`
}

func (x *session) statsTools() {
	add(x, definition[spanIn, DeliveryStats]{
		name: "get_delivery_stats", title: "Get delivery statistics",
		description: "How many events there were in a span, from counters, however many they are: totals, what people did beside " +
			"them, and rates against the limits of mailbox providers. Times are cut to the hour.",
		run: x.deliveryStats,
	})
	add(x, definition[spanIn, Report]{
		name: "deliverability_report", title: "Report deliverability",
		description: "How mail was received in a span and in the span before it: rates, what needs attention and what to do, the " +
			"ten largest mailbox domains and sending domains, and why mail bounced. Use it for reviews and to find where a problem is.",
		run: x.report,
	})
}

func (x *session) deliveryStats(ctx context.Context, _ *mcp.CallToolRequest, in spanIn) (out DeliveryStats, err error) {
	r, err := x.Control.Stats(ctx, x.who, control.StatsFilter{By: "name", From: in.StartDate, To: endOf(in.EndDate)})
	if err != nil {
		return out, err
	}
	out.Period = Period{stamp(r.From), stamp(r.To)}
	out.Rates = []Rate{}
	for _, row := range r.Rows {
		out.Counts.add(row.Cells)
		out.Human.add(row.Cells)
		out.Rates = ratesOf(row.Rates)
	}
	c := out.Counts
	out.Total = c.Delivery + c.Open + c.Click + c.Bounce + c.Complaint + c.Reply
	return out, nil
}

func (c *Counts) add(cells []stats.Cell) {
	to := map[event.Name]*int64{
		event.EmailDelivery: &c.Delivery, event.EmailOpen: &c.Open, event.EmailClick: &c.Click, event.EmailBounce: &c.Bounce,
		event.EmailComplaint: &c.Complaint, event.EmailReply: &c.Reply,
	}
	for _, cell := range cells {
		if n := to[cell.Name]; n != nil {
			*n += cell.N
		}
	}
}

func (h *HumanCounts) add(cells []stats.Cell) {
	for _, cell := range cells {
		switch {
		case cell.Class != stats.ByHuman:
		case cell.Name == event.EmailOpen:
			h.Open += cell.N
		case cell.Name == event.EmailClick:
			h.Click += cell.N
		}
	}
}

func ratesOf(list []stats.Rate) []Rate {
	out := make([]Rate, len(list))
	for i, r := range list {
		out[i] = Rate{r.Name, r.Part, r.Of, r.Value, string(r.Level)}
	}
	return out
}

// Report is what deliverability_report answers.
type Report struct {
	Period       Period      `json:"period"`
	Rates        []Rate      `json:"rates"`
	RatesBefore  []Rate      `json:"ratesBefore" jsonschema:"of the span of the same length before"`
	Counts       Counts      `json:"counts"`
	CountsBefore Counts      `json:"countsBefore"`
	Attention    []Finding   `json:"attention" jsonschema:"what endangers the sender, the worst first; empty: nothing"`
	Domains      []ReportRow `json:"domains" jsonschema:"mailbox domains with most events"`
	Senders      []ReportRow `json:"senders" jsonschema:"domains that send"`
	Reasons      []ReportRow `json:"reasons" jsonschema:"why mail bounced or was complained of"`
}

// Finding is something that somebody should know.
type Finding struct {
	Code     string     `json:"code"`
	Severity string     `json:"severity" jsonschema:"critical, warning or info"`
	Message  string     `json:"message"`
	Of       *Untrusted `json:"of,omitempty" jsonschema:"the template, domain or code that it is about"`
	Remedy   string     `json:"remedy,omitempty" jsonschema:"what a person should do"`
}

// ReportRow is one line of a table.
type ReportRow struct {
	Value  *Untrusted `json:"value,omitempty" jsonschema:"the domain or reason; absent: it was not said"`
	Counts Counts     `json:"counts"`
	Rates  []Rate     `json:"rates,omitempty" jsonschema:"absent where there is nothing to take a share of"`
}

func (x *session) report(ctx context.Context, _ *mcp.CallToolRequest, in spanIn) (out Report, err error) {
	d, err := x.Control.Deliverability(ctx, x.who, control.OverviewFilter{From: in.StartDate, To: endOf(in.EndDate)})
	if err != nil {
		return out, err
	}
	out = Report{
		Period: Period{stamp(d.From), stamp(d.To)}, Rates: ratesOf(d.Now.Rates), RatesBefore: ratesOf(d.Then.Rates),
		Attention: x.view.findings(d.Findings), Domains: x.view.rows(d.Domains, true), Senders: x.view.rows(d.Senders, true),
		Reasons: x.view.rows(d.Reasons, false),
	}
	out.Counts.add(d.Now.Cells)
	out.CountsBefore.add(d.Then.Cells)
	return out, nil
}

func (v view) findings(list []control.Finding) []Finding {
	out := make([]Finding, len(list))
	for i, f := range list {
		out[i] = Finding{f.Code, string(f.Severity), v.clean(f.Message), v.text(f.Cause), f.Remedy}
	}
	return out
}

func (v view) rows(list []control.StatsRow, rates bool) []ReportRow {
	out := make([]ReportRow, len(list))
	for i, r := range list {
		out[i].Value = v.text(r.Value)
		out[i].Counts.add(r.Cells)
		if rates {
			out[i].Rates = ratesOf(r.Rates)
		}
	}
	return out
}
