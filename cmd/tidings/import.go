package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/pull"
)

// errBadRecords is import's answer where records were not taken.
var errBadRecords = errors.New("some records are bad")

type importCommand struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
	Paths        []string `arg:"" name:"path" help:"Files, folders, patterns and s3://bucket/prefix; - is the standard input."`
	Source       string   `placeholder:"ID" help:"The source (src_…) to store them under. Default: one named import, made where there is none."`
	Format       string   `placeholder:"FORMAT" help:"ses, events or engage. Default: told by what a file holds."`
	DryRun       bool     `help:"Say what would happen and change nothing."`
}

// Help is the long help.
func (*importCommand) Help() string {
	return `Reads what Amazon SES wrote through Firehose (bare records, SNS envelopes, EventBridge's), the events of tidings events
--json and of the API, and Engage's hourly CSV. JSON may stand one on a line, one after another or in arrays; files may be
compressed by gzip. It works beside a running server. Objects of Amazon S3 are read where they are, with the region,
endpoint and credentials that other AWS programs use (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL).

A record is nothing new the second time: an import may be stopped and begun again with the same files. Imports never
change consent; hard bounces and complaints suppress as ever. Good records are taken where others are bad (code 6).

  tidings import archive/
  tidings import events.json 'archive/*.gz' --dry-run
  tidings import s3://acme-mail-archive/ses/2026/05/ --dry-run
  tidings import 2026-05-04_10:00.csv --source src_01jq7z9f3v8k2m5n --json
  tidings events --provider ses --limit 1000 --json | tidings import - --format events`
}

// importView is the report as it is printed.
type importView struct {
	Files     int64            `json:"files"`
	Records   int64            `json:"records"`
	Skipped   int64            `json:"skipped"`
	New       int64            `json:"new"`
	Known     int64            `json:"known"`
	Upgraded  int64            `json:"upgraded"`
	Conflicts int64            `json:"conflicts"`
	Expired   int64            `json:"expired"`
	Receipts  int64            `json:"receipts"`
	Bad       int64            `json:"bad"`
	Problems  map[string]int64 `json:"problems"`
	First     []pull.BadRecord `json:"badRecords"`
	DryRun    bool             `json:"dryRun"`
}

func importViewOf(r pull.Report, dryRun bool) importView {
	v := importView{
		Files: r.Files, Records: r.Records, Skipped: r.Skipped, New: r.New, Known: r.Known, Upgraded: r.Upgraded,
		Conflicts: r.Conflicts, Expired: r.Expired, Receipts: r.Receipts, Bad: r.Bad, Problems: r.Problems, First: r.First,
		DryRun: dryRun,
	}
	if v.First == nil {
		v.First = []pull.BadRecord{}
	}
	return v
}

// Run imports.
func (i *importCommand) Run(c *console) error {
	files, size, err := filesOf(c.ctx, i.Paths)
	if err != nil {
		return err
	}
	return i.with(c, config.Config{Rules: i.Rules}, func(ops *control.Control, who control.Actor) error {
		show, hide := c.progress("import")
		report, err := ops.ImportEvents(c.ctx, who,
			control.EventImport{Source: i.Source, Format: i.Format, DryRun: i.DryRun}, files,
			func(records, bytes int64) { show(records, estimate(records, bytes, size)) })
		hide()
		if err != nil && report.Records == 0 {
			return err
		}
		view := importViewOf(report, i.DryRun)
		printed := i.print(c, view, func(w io.Writer) { printImported(w, view, report.Codes()) })
		switch {
		case c.ctx.Err() != nil:
			err = fmt.Errorf("stopped; import the same files again to go on: %w", c.ctx.Err())
		case err == nil && report.Bad > 0:
			err = errBadRecords
		}
		return errors.Join(err, printed)
	})
}

func printImported(w io.Writer, v importView, codes []string) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	added := "events added"
	if v.DryRun {
		added = "events that would be added"
	}
	table(w, []string{"what", "count"}, [][]string{
		{"files read", n(v.Files)},
		{"records", n(v.Records)},
		{"records imported before", n(v.Skipped)},
		{added, n(v.New)},
		{"events that were there", n(v.Known)},
		{"unknown events now understood", n(v.Upgraded)},
		{"events with another content", n(v.Conflicts)},
		{"events too old to keep", n(v.Expired)},
		{"problems", n(v.Bad)},
	})
	if len(codes) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows := make([][]string, 0, len(codes))
	for _, code := range codes {
		rows = append(rows, []string{code, n(v.Problems[code])})
	}
	table(w, []string{"problem", "count"}, rows)
	if len(v.First) == 0 {
		return
	}
	fmt.Fprintln(w)
	printBadRecords(w, v)
}

func printBadRecords(w io.Writer, v importView) {
	rows := make([][]string, 0, toldLines)
	for _, b := range v.First[:min(len(v.First), toldLines)] {
		at := strconv.FormatInt(b.Line, 10)
		if b.Line == 0 {
			at = "-"
		}
		rows = append(rows, []string{b.File, at, strconv.FormatInt(b.Offset, 10), b.Code, b.Message})
	}
	table(w, []string{"file", "line", "byte", "problem", "what is wrong"}, rows)
	if more := v.Bad - int64(len(rows)); more > 0 {
		fmt.Fprintf(w, "\nand %d more: --json tells the first 100\n", more)
	}
}
