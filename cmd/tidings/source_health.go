package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/source"
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
	return `First its state in one word and what is wrong, the worst first, with what to do; then what that rests on: what came
last, what was refused and why, how late events are, what could not be understood and what waits for a person.

States: disabled, failing (much is refused), pending (a subscription waits to be confirmed), silent (it used to send and has
stopped), new (nothing has come yet), healthy.

  tidings source health src_01jq7z9f3v8k2m5n
  tidings source health src_01jq7z9f3v8k2m5n --json`
}

// Run prints the health of a source.
func (s *sourceHealth) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		h, err := ops.SourceHealth(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.print(c, api.HealthOf(&h), func(w io.Writer) { printHealth(w, &h) })
	})
}

func printHealth(w io.Writer, h *control.SourceHealth) {
	fmt.Fprintf(w, "%s\n", strings.ToUpper(string(h.State)))
	for _, f := range h.Findings {
		printLine(w, string(f.Severity), f.Message, f.Remedy)
	}
	fmt.Fprintln(w)
	table(w, []string{"what", "value"}, [][]string{
		{"last request", when(h.LastReceiptAt)},
		{"last event", when(h.LastEventAt)},
		{"requests in 24 h", strconv.FormatInt(h.Receipts24h, 10)},
		{"redelivered in 24 h", strconv.FormatInt(h.Repeats24h, 10)},
		{"events in 24 h", strconv.FormatInt(h.Events24h, 10)},
		{"too old in 24 h", strconv.FormatInt(h.Expired24h, 10)},
		{"lag, median", control.InWords(h.LagP50)},
		{"lag, 95 in 100", control.InWords(h.LagP95)},
		{"lag, longest", control.InWords(h.LagMax)},
		{"longest usual pause", usual(h.Silence)},
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
		rows = append(rows, []string{
			r.Code, strconv.FormatInt(r.Count24h, 10), strconv.FormatInt(r.Count, 10), when(r.LastAt), r.LastMessage,
		})
	}
	section(w, []string{"refusal", "24 h", "7 days", "last", "message"}, rows)
	rows = nil
	for _, n := range h.Queues {
		rows = append(rows, []string{n.Node, when(n.ReceivedAt), when(n.FailedAt), n.Code})
	}
	section(w, []string{"reads the queue", "last answer", "failed", "code"}, rows)
	rows = nil
	for _, x := range h.Pending {
		rows = append(rows, []string{control.ConfirmationID(x), x.Topic, when(x.AskedAt), x.Problem})
	}
	section(w, []string{"waits for a person", "topic", "asked", "problem"}, rows)
}

// usual is the pause that a source makes, where it has sent long enough to tell.
func usual(s control.Silence) string {
	if !s.Known {
		return ""
	}
	return control.InWords(s.Usual)
}

// printLine writes a word, what it is about, and below it what to do.
func printLine(w io.Writer, word, text, remedy string) {
	fmt.Fprintf(w, "  %-10s%s\n", word, plain(text))
	if remedy != "" {
		fmt.Fprintf(w, "  %-10s-> %s\n", "", plain(remedy))
	}
}

// section is a further table of one answer, left out where it is empty.
func section(w io.Writer, head []string, rows [][]string) {
	if len(rows) > 0 {
		fmt.Fprintln(w)
		table(w, head, rows)
	}
}
