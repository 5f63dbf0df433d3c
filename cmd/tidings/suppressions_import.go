package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

// errBadLines is import's answer where lines were not taken.
var errBadLines = errors.New("some lines of the list are bad")

// toldLines is how many bad lines a person reads; --json has more.
const toldLines = 20

type suppressionsImport struct {
	database `embed:""`
	printing `embed:""`
	File     string `arg:"" help:"The list; - is the standard input."`
	Reason   string `placeholder:"REASON" help:"Of lines that say none: hard_bounce, soft_bounce, complaint, provider or manual. Default: manual."`
	DryRun   bool   `help:"Say what would happen and change nothing."`
}

// Help is the long help.
func (*suppressionsImport) Help() string {
	return `The list is CSV with a header that names address (or email, recipient), and reason, since, until and note where there
are such, in any order; or one address a line. Lines that begin with *@ are domains. The columns of Amazon SES, SendGrid and
Mailgun are understood. Good lines are taken where others are bad (code 6). A list may be imported again: what is there is
known the second time.

  tidings suppressions import list.csv --dry-run
  tidings suppressions import bounces.csv --reason hard_bounce
  tidings suppressions import - --json`
}

// Run imports a list.
func (s *suppressionsImport) Run(c *console) error {
	list, size, err := s.open()
	if err != nil {
		return err
	}
	defer list.Close()
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		show, hide := c.progress("import")
		sum, err := ops.ImportSuppressions(c.ctx, who, list, control.ImportOptions{Reason: s.Reason, DryRun: s.DryRun},
			func(lines, bytes int64) { show(lines, estimate(lines, bytes, size)) })
		hide()
		if err != nil && sum.Lines == 0 {
			return err
		}
		view := api.ImportReportOf(sum, s.DryRun)
		printed := s.print(c, view, func(w io.Writer) { printImport(w, view) })
		if err == nil && sum.Bad > 0 {
			err = errBadLines
		}
		return errors.Join(err, printed)
	})
}

// open opens the list, and tells its size: 0 where nobody knows it.
func (s *suppressionsImport) open() (list io.ReadCloser, size int64, err error) {
	if s.File == "-" {
		return io.NopCloser(os.Stdin), 0, nil
	}
	f, err := os.Open(s.File)
	if err != nil {
		return nil, 0, usageError{fmt.Errorf("the list: %w", err)}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("look at the list: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// estimate is how many lines a list probably has, by what was read of it.
func estimate(lines, bytes, size int64) int64 {
	if size == 0 || bytes == 0 {
		return 0
	}
	return max(lines, int64(float64(lines)*float64(size)/float64(bytes)))
}

func printImport(w io.Writer, r api.ImportReport) {
	added := "added"
	if r.DryRun {
		added = "would be added"
	}
	fmt.Fprintf(w, "%d lines: %d %s, %d known before, %d bad.\n", r.Lines, r.Added, added, r.Known, r.Bad)
	if r.Patterns > 0 {
		fmt.Fprintf(w, "Patterns among them: %d\n", r.Patterns)
	}
	if len(r.Ignored) > 0 {
		fmt.Fprintf(w, "Columns passed over: %s\n", plain(strings.Join(r.Ignored, ", ")))
	}
	if r.Bad == 0 {
		return
	}
	fmt.Fprintln(w)
	rows := make([][]string, 0, toldLines)
	for _, b := range r.BadLines[:min(len(r.BadLines), toldLines)] {
		rows = append(rows, []string{strconv.Itoa(b.Line), b.Field, b.Message})
	}
	table(w, []string{"line", "field", "problem"}, rows)
	if more := r.Bad - int64(len(rows)); more > 0 {
		fmt.Fprintf(w, "\nand %d more: --json tells the first 1,000\n", more)
	}
}

type suppressionsExport struct {
	database `embed:""`
	File     string `arg:"" optional:"" help:"Where to write. Default: the standard output."`
	Format   string `default:"csv" enum:"csv,jsonl" help:"csv or jsonl."`
}

// Help is the long help.
func (*suppressionsExport) Help() string {
	return `Writes the suppressions and patterns that hold. In CSV, cells that a spreadsheet would take for a formula begin with an
apostrophe, which import takes off again. A file is there whole or not at all, and its owner alone may read it.

  tidings suppressions export list.csv
  tidings suppressions export --format jsonl | head`
}

// Run exports.
func (s *suppressionsExport) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		return c.into(s.File, func(w io.Writer) error { return ops.ExportSuppressions(c.ctx, who, s.Format, w) })
	})
}
