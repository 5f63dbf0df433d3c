package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"tidings/internal/control"
	"tidings/internal/export"
)

type exportCommand struct {
	Events exportEvents `cmd:"" help:"Write events into a file: JSON lines, CSV or Parquet."`
}

type exportEvents struct {
	database   `embed:""`
	eventMatch `embed:""`
	File       string `arg:"" optional:"" help:"Where to write. Default: the standard output."`
	Format     string `enum:",jsonl,csv,parquet" default:"" placeholder:"FORMAT" help:"jsonl, csv or parquet. Default: what the file's name ends with, else jsonl."`
	Columns    string `enum:",engage" default:"" placeholder:"NAME" help:"Of CSV: engage, for Engage's columns."`
	Raw        bool   `help:"Of CSV: leave cells that look like formulas as they are, for machines."`
	Gzip       bool   `help:"Compress JSON lines and CSV. A file whose name ends with .gz is, too."`
	Order      string `enum:"id,seq" default:"id" placeholder:"ORDER" help:"id: newest first; seq: as they were committed."`
	Receipt    string `placeholder:"ID" help:"That this receipt (rcp_…) was the first to tell."`
	From       string `aliases:"since" placeholder:"TIME" help:"Not before this time or date."`
	To         string `aliases:"until" placeholder:"TIME" help:"Before this time or date."`
}

// Help is the long help.
func (*exportEvents) Help() string {
	return `Writes all events of a filter, however many. In CSV, cells that a spreadsheet would take for a formula begin with an
apostrophe. A file is there whole or not at all, and its owner alone may read it.

  tidings export events all.jsonl.gz
  tidings export events may.parquet --since 2026-05-01 --until 2026-06-01
  tidings export events bounces.csv --name bounced
  tidings export events --order seq --name clicked > clicks.jsonl`
}

// Run exports.
func (x *exportEvents) Run(c *console) error {
	asked := control.EventExport{EventFilter: x.filter(), Options: x.options(), Order: x.Order}
	asked.Receipt, asked.From, asked.To = x.Receipt, x.From, x.To
	return x.local(c, func(ops *control.Control, who control.Actor) error {
		show, hide := c.progress("export")
		defer hide()
		return c.into(x.File, func(w io.Writer) error {
			out := bufio.NewWriterSize(w, 1<<20)
			err := ops.ExportEvents(c.ctx, who, asked, out, func(events int64) { show(events, 0) })
			if err != nil {
				return err // what is in the buffer would be taken for more than a part
			}
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			return nil
		})
	})
}

// options are what was asked for, with what the file's name tells of it.
func (x *exportEvents) options() export.Options {
	o := export.Options{Format: x.Format, Columns: x.Columns, Raw: x.Raw, Gzip: x.Gzip}
	name, zipped := strings.CutSuffix(x.File, ".gz")
	o.Gzip = o.Gzip || zipped
	if o.Format != "" {
		return o
	}
	for _, format := range [...]string{export.CSV, export.Parquet} {
		if strings.HasSuffix(name, "."+format) {
			o.Format = format
		}
	}
	return o
}
