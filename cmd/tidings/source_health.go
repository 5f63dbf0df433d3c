package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"tidings/event"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/source"
	"tidings/internal/store"
)

type sourceConfirm struct {
	database     `embed:""`
	printing     `embed:""`
	ID           string `arg:"" help:"The source's id (src_…)."`
	Confirmation string `arg:"" optional:"" help:"The confirmation's id (cnf_…); without it they are listed."`
	ConfigFile   string `name:"config" placeholder:"FILE" type:"path" help:"The server's --config, for the networks that may be reached."`
}

// confirmationView is a subscription that asked to be confirmed. Its URL holds a token and is never shown.
type confirmationView struct {
	ID          string    `json:"id"`
	Topic       string    `json:"topic"`
	Note        string    `json:"note"`
	AskedAt     time.Time `json:"askedAt"`
	ConfirmedAt time.Time `json:"confirmedAt,omitzero"`
	Problem     string    `json:"problem,omitempty"`
}

func viewConfirmation(x source.Confirmation) confirmationView {
	return confirmationView{control.ConfirmationID(x), x.Topic, x.Note, x.AskedAt, x.ConfirmedAt, x.Problem}
}

// Help is the long help.
func (*sourceConfirm) Help() string {
	return `Amazon SNS asks before it posts to a source. A topic that the source names is confirmed without a person, unless the
source was created with --confirm-by-hand.

  tidings source confirm src_01jq7z9f3v8k2m5n
  tidings source confirm src_01jq7z9f3v8k2m5n cnf_01jq7z9f3v8k2m5n`
}

// Run lists or confirms.
func (s *sourceConfirm) Run(c *console) error {
	return s.with(c, config.Config{ConfigFile: s.ConfigFile}, func(ops *control.Control, who control.Actor) error {
		if s.Confirmation == "" {
			return s.list(c, ops, who)
		}
		x, err := ops.ConfirmSubscription(c.ctx, who, s.ID, s.Confirmation)
		if err != nil {
			return err
		}
		return s.print(c, viewConfirmation(x), func(w io.Writer) { fmt.Fprintf(w, "%s is confirmed.\n", plain(x.Topic)) })
	})
}

func (s *sourceConfirm) list(c *console, ops *control.Control, who control.Actor) error {
	list, err := ops.Confirmations(c.ctx, who, s.ID)
	if err != nil {
		return err
	}
	views := make([]confirmationView, 0, len(list))
	rows := make([][]string, 0, len(list))
	for _, x := range list {
		v := viewConfirmation(x)
		views = append(views, v)
		rows = append(rows, []string{v.ID, v.Topic, v.Note, when(v.AskedAt), when(v.ConfirmedAt), v.Problem})
	}
	return s.print(c, views, func(w io.Writer) {
		table(w, []string{"id", "topic", "note", "asked", "confirmed", "problem"}, rows)
	})
}

type sourceHealth struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The source's id (src_…)."`
}

// Help is the long help.
func (*sourceHealth) Help() string {
	return `What came last, what was refused and why, how late events are, what could not be understood and what waits for a person.

  tidings source health src_01jq7z9f3v8k2m5n
  tidings source health src_01jq7z9f3v8k2m5n --json`
}

// healthView is a source's health as it is printed. Durations are in milliseconds.
type healthView struct {
	LastReceiptAt time.Time                `json:"lastReceiptAt,omitzero"`
	LastEventAt   time.Time                `json:"lastEventAt,omitzero"`
	LastByName    map[event.Name]time.Time `json:"lastByName"`
	Receipts24h   int64                    `json:"receipts24h"`
	Repeats24h    int64                    `json:"repeats24h"`
	Events24h     int64                    `json:"events24h"`
	Expired24h    int64                    `json:"expired24h"`
	LagP50        int64                    `json:"lagP50Ms"`
	LagMax        int64                    `json:"lagMaxMs"`
	Problems24h   map[string]int64         `json:"problems24h"`
	Refusals      []refusalView            `json:"refusals"`
	Pending       []confirmationView       `json:"pending"`
}

type refusalView struct {
	Code        string    `json:"code"`
	Count       int64     `json:"count"`
	LastAt      time.Time `json:"lastAt"`
	LastMessage string    `json:"lastMessage"`
}

func viewHealth(h store.Health) healthView {
	v := healthView{
		LastReceiptAt: h.LastReceiptAt, LastEventAt: h.LastEventAt, LastByName: h.LastByName,
		Receipts24h: h.Receipts24h, Repeats24h: h.Repeats24h, Events24h: h.Events24h, Expired24h: h.Expired24h,
		LagP50: h.LagP50.Milliseconds(), LagMax: h.LagMax.Milliseconds(), Problems24h: h.Problems24h,
		Refusals: []refusalView{}, Pending: []confirmationView{},
	}
	for _, r := range h.Refusals {
		v.Refusals = append(v.Refusals, refusalView{r.Code, r.Count, r.LastAt, r.LastMessage})
	}
	for _, x := range h.Pending {
		v.Pending = append(v.Pending, viewConfirmation(x))
	}
	return v
}

// Run prints the health of a source.
func (s *sourceHealth) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		h, err := ops.SourceHealth(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.print(c, viewHealth(h), func(w io.Writer) { printHealth(w, h) })
	})
}

func printHealth(w io.Writer, h store.Health) {
	table(w, []string{"what", "value"}, [][]string{
		{"last request", when(h.LastReceiptAt)},
		{"last event", when(h.LastEventAt)},
		{"requests in 24 h", strconv.FormatInt(h.Receipts24h, 10)},
		{"redelivered in 24 h", strconv.FormatInt(h.Repeats24h, 10)},
		{"events in 24 h", strconv.FormatInt(h.Events24h, 10)},
		{"too old in 24 h", strconv.FormatInt(h.Expired24h, 10)},
		{"lag, median", h.LagP50.String()},
		{"lag, longest", h.LagMax.String()},
	})
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(h.LastByName)) {
		rows = append(rows, []string{string(name), when(h.LastByName[name])})
	}
	section(w, []string{"event", "last"}, rows)
	rows = nil
	for _, code := range slices.Sorted(maps.Keys(h.Problems24h)) {
		rows = append(rows, []string{code, strconv.FormatInt(h.Problems24h[code], 10)})
	}
	section(w, []string{"problem in 24 h", "count"}, rows)
	rows = nil
	for _, r := range h.Refusals {
		rows = append(rows, []string{r.Code, strconv.FormatInt(r.Count, 10), when(r.LastAt), r.LastMessage})
	}
	section(w, []string{"refusal in 7 days", "count", "last", "message"}, rows)
	rows = nil
	for _, x := range h.Pending {
		rows = append(rows, []string{control.ConfirmationID(x), x.Topic, when(x.AskedAt), x.Problem})
	}
	section(w, []string{"waits for a person", "topic", "asked", "problem"}, rows)
}

// section is a further table of one answer, left out where it is empty.
func section(w io.Writer, head []string, rows [][]string) {
	if len(rows) > 0 {
		fmt.Fprintln(w)
		table(w, head, rows)
	}
}
