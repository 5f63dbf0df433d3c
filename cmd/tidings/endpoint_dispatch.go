package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
)

type endpointDispatches struct {
	outlet   `embed:""`
	ID       string   `arg:"" optional:"" help:"The endpoint's id (end_…) or name; without it: of all."`
	State    []string `placeholder:"STATE" help:"sending, waiting, behind, delivered, dead (given up) or dropped; may be repeated."`
	Event    string   `placeholder:"ID" help:"What became of one event, at every endpoint."`
	Dispatch string   `placeholder:"ID" help:"One dispatch (dsp_…), with all its tries."`
	Limit    int      `default:"20" placeholder:"N" help:"The most rows."`
	Cursor   string   `placeholder:"TEXT" help:"nextCursor of the page before."`
}

// Help is the long help.
func (*endpointDispatches) Help() string {
	return `Newest first.

  tidings endpoint dispatches crm
  tidings endpoint dispatches --state dead`
}

// Run lists dispatches.
func (s *endpointDispatches) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		if s.Dispatch != "" {
			return s.one(c, ops, who)
		}
		page, err := ops.Dispatches(c.ctx, who, control.DispatchFilter{
			Endpoint: s.ID, Event: s.Event, States: s.State, Cursor: s.Cursor, Limit: s.Limit,
		})
		if err != nil {
			return err
		}
		view := api.DispatchPageOf(page)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(view.Dispatches) == 0 {
				fmt.Fprintln(w, "Nothing of that kind was sent.")
				return
			}
			rows := make([][]string, len(view.Dispatches))
			for i, x := range view.Dispatches {
				rows[i] = []string{x.ID, x.EndpointName, x.WebhookID, x.State, strconv.Itoa(x.Tries), moment(x.TriedAt), x.Problem}
			}
			table(w, []string{"id", "endpoint", "webhook-id", "state", "tries", "last try", "problem"}, rows)
			if view.NextCursor != "" {
				fmt.Fprintf(w, "There is more: --cursor %s\n", view.NextCursor)
			}
		})
	})
}

func (s *endpointDispatches) one(c *console, ops *control.Control, who control.Actor) error {
	d, err := ops.Dispatch(c.ctx, who, s.Dispatch)
	if err != nil {
		return err
	}
	view := api.DispatchDetailOf(&d)
	return s.printAPI(c, view, func(w io.Writer) {
		printDispatch(w, &view.Dispatch)
		rows := make([][]string, len(view.Attempts))
		for i, a := range view.Attempts {
			rows[i] = []string{
				strconv.Itoa(a.Try), moment(a.At), strconv.Itoa(a.Status), strconv.FormatInt(a.TookMs, 10), a.Problem,
				a.Answer,
			}
		}
		table(w, []string{"try", "at", "status", "ms", "problem", "answer"}, rows)
	})
}

func printDispatch(w io.Writer, x *api.Dispatch) {
	fmt.Fprintf(w, "%s of %s is %s.\n", x.ID, plain(x.EndpointName), x.State)
}

// oneDispatch names a dispatch.
type oneDispatch struct {
	outlet `embed:""`
	ID     string `arg:"" help:"The dispatch's id (dsp_…)."`
}

type endpointRetry struct {
	oneDispatch `embed:""`
}

// Help is the long help.
func (*endpointRetry) Help() string {
	return `Under the id that it had. A server sends it within some seconds.

  tidings endpoint retry dsp_1`
}

// Run sends a dispatch again.
func (s *endpointRetry) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		x, err := ops.RetryDispatch(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		view := api.DispatchOf(&x)
		return s.printAPI(c, view, func(w io.Writer) { printDispatch(w, &view) })
	})
}

type endpointDrop struct {
	oneDispatch `embed:""`
}

// Help is the long help.
func (*endpointDrop) Help() string {
	return `One that was given up leaves the list of those.

  tidings endpoint drop dsp_1`
}

// Run drops a dispatch.
func (s *endpointDrop) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		x, err := ops.DropDispatch(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		view := api.DispatchOf(&x)
		return s.printAPI(c, view, func(w io.Writer) { printDispatch(w, &view) })
	})
}

type endpointReplay struct {
	oneEndpoint `embed:""`
	Event       []string  `placeholder:"ID" help:"Event to send again; may be repeated."`
	Since       time.Time `placeholder:"TIME" help:"What was stored from then on (2026-05-04T00:00:00Z)."`
	Until       time.Time `placeholder:"TIME" help:"Up to then; without it up to now."`
	OnlyDead    bool      `help:"What was given up, and nothing else."`
	PerSecond   *float64  `placeholder:"N" help:"How many are sent in a second; 0 is as fast as the endpoint lets it, 50 where nothing is said."`
	Cancel      string    `placeholder:"ID" help:"Cancel a replay (erp_…) instead."`
}

// Help is the long help.
func (*endpointReplay) Help() string {
	return `Under the ids that they had, so that a receiver knows what it has already. A span is worked through by a server.

  tidings endpoint replay crm --since 2026-05-04T00:00:00Z --until 2026-05-05T00:00:00Z
  tidings endpoint replay lake --since 2026-05-04T00:00:00Z --only-dead`
}

// Run sends an endpoint events again.
func (s *endpointReplay) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		if s.Cancel != "" {
			x, err := ops.CancelEndpointReplay(c.ctx, who, s.ID, s.Cancel)
			if err != nil {
				return err
			}
			view := api.EndpointReplayOf(&x)
			return s.printAPI(c, view, func(w io.Writer) { fmt.Fprintf(w, "%s is %s.\n", view.ID, view.State) })
		}
		x, err := ops.ReplayEndpoint(c.ctx, who, s.ID, control.EndpointReplayWish{
			Events: s.Event, Since: s.Since, Until: s.Until, OnlyDead: s.OnlyDead, PerSecond: s.PerSecond,
		})
		if err != nil {
			return err
		}
		view := api.EndpointReplayOf(&x)
		return s.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%s is %s.\n", view.ID, view.State)
			if !view.EndedAt.IsZero() {
				fmt.Fprintf(w, "%d are sent again.\n", view.Queued)
			}
		})
	})
}
