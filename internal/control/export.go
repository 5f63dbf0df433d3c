package control

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The formats of exports.
const (
	CSV   = export.CSV
	JSONL = export.JSONL
)

// exportPage is how many suppressions one read takes.
const exportPage = 1000

// CheckFormat reports a format that exports do not have. Empty means CSV.
func CheckFormat(format string) error {
	var p problems
	p.oneOf("format", format, []string{CSV, JSONL})
	return p.err()
}

// exported is one line of an export.
type exported struct {
	Address string         `json:"address"` // or a pattern
	Reason  contact.Reason `json:"reason"`
	Since   string         `json:"since,omitempty"`
	Until   string         `json:"until,omitempty"`
	Note    string         `json:"note,omitempty"`
	Event   string         `json:"event,omitempty"` // the fact that it comes from; absent: somebody put it there
	By      string         `json:"by,omitempty"`    // who did: a person's or key's id, or cli
}

// ExportSuppressions writes all suppressions and patterns that hold, as CSV that ImportSuppressions reads back, or as
// JSON lines. It reads in pages, so it holds up nobody; what is added while it runs may be missing. Nothing is written
// before the first page was read.
func (c *Control) ExportSuppressions(ctx context.Context, who Actor, format string, w io.Writer) error {
	if err := CheckFormat(format); err != nil {
		return err
	}
	x := &exporter{w: w, json: format == JSONL}
	holds := true
	pages := []func() error{
		func() error {
			return c.exportPatterns(ctx, store.PatternQuery{Project: who.Project, Active: &holds, Limit: exportPage}, x)
		},
		func() error {
			return c.exportList(ctx, store.SuppressionQuery{
				Project: who.Project, Active: &holds, Now: c.Now().UTC(), Limit: exportPage,
			}, x)
		},
	}
	for _, each := range pages {
		if err := each(); err != nil {
			return fmt.Errorf("export suppressions: %w", err)
		}
	}
	return nil
}

func (c *Control) exportPatterns(ctx context.Context, q store.PatternQuery, x *exporter) error {
	for {
		page, err := c.Store.SuppressionPatterns(ctx, q)
		if err != nil {
			return err
		}
		for _, p := range page.Patterns {
			x.add(exported{Address: string(p.Pattern), Reason: contact.Manual, Note: p.Note, By: p.By})
		}
		if err := x.flush(); err != nil {
			return err
		}
		if q.After = page.Next; q.After == 0 {
			return nil
		}
	}
}

func (c *Control) exportList(ctx context.Context, q store.SuppressionQuery, x *exporter) error {
	for {
		page, err := c.Store.ListSuppressions(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			x.add(exported{
				Address: r.Address, Reason: r.Reason, Since: exportTime(r.Since), Until: exportTime(r.Until), Note: r.Note,
				Event: exportEvent(r.Event), By: r.By.ID,
			})
		}
		if err := x.flush(); err != nil {
			return err
		}
		if q.After = page.Next; q.After == 0 {
			return nil
		}
	}
}

// exportTime writes a time to the millisecond, as it is stored.
func exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func exportEvent(id event.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// exporter writes lines, a page at a time.
type exporter struct {
	w       io.Writer
	json    bool
	started bool
	buf     []byte
	err     error // of a line that has no JSON
}

func (x *exporter) add(e exported) {
	if x.json {
		line, err := json.Marshal(e)
		x.err = joinFirst(x.err, err)
		x.buf = append(append(x.buf, line...), '\n')
		return
	}
	x.row(e.Address, string(e.Reason), e.Since, e.Until, e.Note, e.Event, e.By)
}

func joinFirst(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

func (x *exporter) row(cells ...string) {
	for i, cell := range cells {
		if i > 0 {
			x.buf = append(x.buf, ',')
		}
		x.buf = export.AppendCell(x.buf, cell)
	}
	x.buf = append(x.buf, '\r', '\n')
}

func (x *exporter) flush() error {
	if x.err != nil {
		return x.err
	}
	if !x.started && !x.json {
		rows := x.buf
		x.buf = nil
		x.row("address", "reason", "since", "until", "note", "event", "by")
		x.buf = append(x.buf, rows...)
	}
	x.started = true
	_, err := x.w.Write(x.buf)
	x.buf = x.buf[:0]
	if err != nil {
		return fault.Wrap(fault.Unavailable, "export_not_written", err, "the export could not be written")
	}
	return nil
}
