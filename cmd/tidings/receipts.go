package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
)

type receiptsCommand struct {
	List   receiptsList   `cmd:"" default:"withargs" help:"List requests as they came, newest first (this is also what receipts alone does)."`
	Get    receiptsGet    `cmd:"" help:"Tell what became of one request."`
	Raw    receiptsRaw    `cmd:"" help:"Print what is kept of a request."`
	Replay receiptsReplay `cmd:"" help:"Parse one request again with this version."`
}

type receiptsList struct {
	database `embed:""`
	printing `embed:""`
	Problem  string `placeholder:"CODE" help:"With this problem, or with any."`
	Source   string `placeholder:"ID" help:"That came to this source (src_…)."`
	Kind     string `placeholder:"KIND" help:"Of this kind: notification, subscription_confirmation, …"`
	From     string `placeholder:"TIME" help:"That came at this time or date or later."`
	To       string `placeholder:"TIME" help:"That came before."`
	Cursor   string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*receiptsList) Help() string {
	return `A receipt is one request of a provider. They are kept for a while (--retention-receipts of the server).

  tidings receipts --problem any
  tidings receipts --source src_01jq7z9f3v8k2m5n --from 2026-05-04 --json`
}

// Run lists receipts.
func (r *receiptsList) Run(c *console) error {
	return r.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.ListReceipts(c.ctx, who, control.ReceiptFilter{
			Source: r.Source, Problem: r.Problem, Kind: r.Kind, From: r.From, To: r.To, Cursor: r.Cursor, Limit: r.Limit,
		})
		if err != nil {
			return err
		}
		view := api.ReceiptPageOf(page)
		return r.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, 0, len(view.Receipts))
			for i := range view.Receipts {
				x := &view.Receipts[i]
				rows = append(rows, []string{
					when(x.ReceivedAt), x.Kind, strconv.FormatInt(x.Count, 10), strconv.Itoa(x.Size), codesOf(x), x.SourceID, x.ID,
				})
			}
			table(w, []string{"received", "kind", "times", "bytes", "problems", "source", "id"}, rows)
			printMore(w, page.NextCursor)
		})
	})
}

// codesOf lists the codes of a receipt's problems, each once.
func codesOf(x *api.Receipt) string {
	var codes []string
	seen := make(map[string]bool)
	for _, p := range x.Problems {
		if !seen[p.Code] {
			seen[p.Code] = true
			codes = append(codes, p.Code)
		}
	}
	return strings.Join(codes, ", ")
}

type receiptsGet struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The receipt's id (rcp_…)."`
}

// Help is the long help.
func (*receiptsGet) Help() string {
	return `  tidings receipts get rcp_1c`
}

// Run prints one receipt.
func (r *receiptsGet) Run(c *console) error {
	return r.local(c, func(ops *control.Control, who control.Actor) error {
		found, err := ops.Receipt(c.ctx, who, r.ID)
		if err != nil {
			return err
		}
		view := api.ReceiptOf(&found)
		return r.printAPI(c, view, func(w io.Writer) { printReceipt(w, &view) })
	})
}

func printReceipt(w io.Writer, x *api.Receipt) {
	table(w, []string{"what", "value"}, [][]string{
		{"id", x.ID},
		{"source", x.SourceID + " (" + x.Provider + ")"},
		{"kind", x.Kind},
		{"received", when(x.ReceivedAt)},
		{"times", strconv.FormatInt(x.Count, 10)},
		{"bytes", strconv.Itoa(x.Size)},
		{"SHA-256", x.SHA256},
	})
	var rows [][]string
	for _, p := range x.Problems {
		element := "-"
		if p.Element >= 0 {
			element = strconv.Itoa(p.Element)
		}
		rows = append(rows, []string{p.Code, element, p.Message})
	}
	section(w, []string{"problem", "element", "message"}, rows)
	if len(rows) > 0 {
		fmt.Fprintf(w, "\nSee what came: tidings receipts raw %[1]s; try it again: tidings receipts replay %[1]s\n", plain(x.ID))
	}
}

type receiptsRaw struct {
	database `embed:""`
	ID       string `arg:"" help:"The receipt's id (rcp_…)."`
}

// Help is the long help.
func (*receiptsRaw) Help() string {
	return `All of the request but what must never be kept (the Signature and UnsubscribeURL of Amazon SNS).

  tidings receipts raw rcp_1c`
}

// Run prints the kept bytes as they are.
func (r *receiptsRaw) Run(c *console) error {
	return r.local(c, func(ops *control.Control, who control.Actor) error {
		raw, err := ops.ReceiptRaw(c.ctx, who, r.ID)
		if err != nil {
			return err
		}
		_, err = c.out.Write(append(raw, '\n'))
		return err
	})
}

type receiptsReplay struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
	ID           string `arg:"" help:"The receipt's id (rcp_…)."`
}

// Help is the long help.
func (*receiptsReplay) Help() string {
	return `What was missing is stored, what is there stays. tidings replay does it for many.

  tidings receipts replay rcp_1c`
}

// Run replays one receipt.
func (r *receiptsReplay) Run(c *console) error {
	return r.with(c, config.Config{Rules: r.Rules}, func(ops *control.Control, who control.Actor) error {
		done, err := ops.ReplayReceipt(c.ctx, who, r.ID)
		if err != nil {
			return err
		}
		return r.printAPI(c, api.Replayed(done), func(w io.Writer) { printReplayed(w, done) })
	})
}
