package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

type broadcastAudience struct {
	broadcastOne `embed:""`
}

// Help is the long help.
func (*broadcastAudience) Help() string {
	return `Nothing is stored or sent.

  tidings broadcast audience brc_01jq7z9f3v8k2m5n`
}

// Run measures the audience.
func (b *broadcastAudience) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.MeasureBroadcast(c.ctx, who, b.ID)
		if err != nil {
			return err
		}
		view := api.BroadcastAudienceOf(&x)
		return b.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%d in the audience, %d would be mailed.\n", view.Size, view.Recipients)
			for _, reason := range slices.Sorted(maps.Keys(view.LeftOut)) {
				fmt.Fprintf(w, "%d left out: %s\n", view.LeftOut[reason], strings.ReplaceAll(string(reason), "_", " "))
			}
			if p := view.Preview; p != nil {
				fmt.Fprintf(w, "\nAs %s would get it:\nFrom: %s\nSubject: %s\n\n%s\n", p.Email, p.From, p.Subject,
					strings.TrimSpace(p.Text))
			}
		})
	})
}

type broadcastTest struct {
	broadcastOne `embed:""`
	To           string `required:"" placeholder:"ADDRESS" help:"Whom the test goes to."`
}

// Help is the long help.
func (*broadcastTest) Help() string {
	return `The email counts for nothing. It is handed over by a server that runs.

  tidings broadcast test brc_01jq7z9f3v8k2m5n --to lea@acme.test`
}

// Run sends the test.
func (b *broadcastTest) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.TestBroadcast(c.ctx, who, b.ID, b.To)
		if err != nil {
			return err
		}
		view := api.BroadcastTestOf(&x)
		return b.printAPI(c, view, func(w io.Writer) { fmt.Fprintln(w, view.Message+": "+view.Send) })
	})
}

type broadcastSend struct {
	broadcastOne `embed:""`
	At           string `placeholder:"TIME" help:"When it begins, such as 2026-05-04T06:00:00Z; by default at once."`
}

// Help is the long help.
func (*broadcastSend) Help() string {
	return `A server that runs does the work; it may be stopped and started meanwhile. Each contact gets it at most once.

  tidings broadcast send brc_01jq7z9f3v8k2m5n
  tidings broadcast send brc_01jq7z9f3v8k2m5n --at 2026-05-04T06:00:00Z`
}

// Run sends or schedules it.
func (b *broadcastSend) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.SendBroadcast(c.ctx, who, b.ID, b.At)
		said := "It begins now. Watch it: tidings broadcast get " + b.ID + " --watch"
		if x.Status == store.BroadcastScheduled {
			said = "It begins " + when(x.ScheduledFor) + "."
		}
		return b.show(c, ops, &x, err, said)
	})
}

type broadcastPause struct {
	broadcastOne `embed:""`
	Note         string `placeholder:"TEXT" help:"Why."`
}

// Help is the long help.
func (*broadcastPause) Help() string {
	return `  tidings broadcast pause brc_01jq7z9f3v8k2m5n --note "the subject has a mistake"`
}

// Run pauses it.
func (b *broadcastPause) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.PauseBroadcast(c.ctx, who, b.ID, b.Note)
		return b.show(c, ops, &x, err, "It is paused. Go on: tidings broadcast resume "+b.ID)
	})
}

type broadcastResume struct {
	broadcastOne `embed:""`
}

// Help is the long help.
func (*broadcastResume) Help() string {
	return `  tidings broadcast resume brc_01jq7z9f3v8k2m5n`
}

// Run lets it go on.
func (b *broadcastResume) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.ResumeBroadcast(c.ctx, who, b.ID)
		return b.show(c, ops, &x, err, "It goes on.")
	})
}

type broadcastCancel struct {
	broadcastOne `embed:""`
}

// Help is the long help.
func (*broadcastCancel) Help() string {
	return `It can't be undone.

  tidings broadcast cancel brc_01jq7z9f3v8k2m5n`
}

// Run ends it.
func (b *broadcastCancel) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.CancelBroadcast(c.ctx, who, b.ID)
		return b.show(c, ops, &x, err, "It is cancelled.")
	})
}

type broadcastStats struct {
	broadcastOne `embed:""`
}

// Help is the long help.
func (*broadcastStats) Help() string {
	return `  tidings broadcast stats brc_01jq7z9f3v8k2m5n`
}

// Run tells what became of it.
func (b *broadcastStats) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.BroadcastStats(c.ctx, who, b.ID)
		if err != nil {
			return err
		}
		view := api.BroadcastStatsOf(&x)
		return b.printAPI(c, view, func(w io.Writer) { printBroadcastStats(w, &view) })
	})
}

func printBroadcastStats(w io.Writer, x *api.BroadcastStats) {
	percent := func(share float64) string { return fmt.Sprintf("%.2f %%", share*100) }
	rows := [][]string{
		{"in the audience", number(x.AudienceSize), ""},
		{"recipients", number(x.TotalRecipients), ""},
		{"handed over", number(x.SentCount), ""},
		{"delivered", number(x.DeliveredCount), percent(x.DeliveryRate)},
		{"opened by people", number(x.OpenedHumanCount), percent(x.OpenRate)},
		{"clicked by people", number(x.ClickedHumanCount), percent(x.ClickRate)},
		{"bounced", number(x.BouncedCount), percent(x.BounceRate)},
		{"complained", number(x.ComplainedCount), percent(x.ComplaintRate)},
		{"unsubscribed", number(x.UnsubscribedCount), ""},
	}
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"had no turn yet", x.WaitingCount},
		{"queued", x.QueuedCount},
		{"skipped", x.SkippedCount},
		{"failed", x.FailedCount},
		{"canceled", x.CanceledCount},
		{"uncertain", x.UncertainCount},
	} {
		if f.n != 0 {
			rows = append(rows, []string{f.name, number(f.n), ""})
		}
	}
	table(w, []string{strings.ToLower(x.Status), "emails", "share"}, rows)
}
