package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"tidings/internal/api"
	"tidings/internal/fault"
)

// The exit codes, which description documents.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDifferences = 4
	exitNotNow      = 5
	exitBadLines    = 6
)

// exitCodes is this door's table: what kind of error ends with which code. The rest ends with exitFailed.
var exitCodes = map[fault.Kind]int{
	fault.Invalid:     exitUsage,
	fault.NotFound:    exitNotFound,
	fault.Gone:        exitNotFound,
	fault.RateLimited: exitNotNow,
	fault.Unavailable: exitNotNow,
	fault.Timeout:     exitNotNow,
}

// fail prints an error, if there is one, with what to do about it, and returns the exit code.
func (c *console) fail(err error) int {
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(c.err, "tidings: %s\n", strings.TrimRight(line, "\n"))
	}
	for _, hint := range hints(err) {
		fmt.Fprintf(c.err, "  hint: %s\n", hint)
	}
	if _, usage := errors.AsType[usageError](err); usage {
		return exitUsage
	}
	if errors.Is(err, errDifferences) || errors.Is(err, errDrift) {
		return exitDifferences
	}
	if errors.Is(err, errNoMessage) {
		return exitData
	}
	if errors.Is(err, errBadLines) || errors.Is(err, errBadRecords) || errors.Is(err, errBrokenTemplates) {
		return exitBadLines
	}
	if code, known := exitCodes[fault.KindOf(err)]; known {
		return code
	}
	return exitFailed
}

func hints(err error) []string {
	var found []string
	for _, f := range fault.Fields(err) {
		if f.Hint != "" {
			found = append(found, f.Hint)
		}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && len(found) == 0 && f.Hint != "" {
		found = append(found, f.Hint)
	}
	return found
}

// printing is the flag of every command that prints something.
type printing struct {
	JSON bool `help:"Print JSON."`
}

// print writes v as JSON, or else as a person reads it.
func (p printing) print(c *console, v any, text func(w io.Writer)) error {
	if !p.JSON {
		text(c.out)
		return nil
	}
	return writeJSON(c.out, v)
}

// printAPI is print for what the API answers, too: its JSON is the API's, byte for byte.
func (p printing) printAPI(c *console, v any, text func(w io.Writer)) error {
	if !p.JSON {
		text(c.out)
		return nil
	}
	if err := api.Encode(c.out, v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprintln(c.out)
	return nil
}

// writeJSON writes one line: programs read it.
func writeJSON(w io.Writer, v any, options ...json.Options) error {
	if err := json.MarshalWrite(w, v, append(options, json.Deterministic(true))...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprintln(w)
	return nil
}

// table writes aligned columns, and says so where there are no rows. Control characters in cells are shown, not sent to
// the terminal: much of what is printed was written by strangers.
func table(w io.Writer, head []string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(head, "\t")))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	t.Flush()
	if len(rows) == 0 {
		fmt.Fprintln(w, "(none)")
	}
}

// plain makes a text from outside harmless to a terminal.
func plain(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '\ufffd'
		}
		return r
	}, s)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// into has a file written that is there whole or not at all, and that its owner alone may read; without a name the standard
// output is written.
func (c *console) into(file string, write func(io.Writer) error) error {
	if file == "" {
		return write(c.out)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".tidings-export-*")
	if err != nil {
		return usageError{fmt.Errorf("the file: %w", err)}
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", file, err), os.Remove(f.Name()))
	}
	return nil
}

// isTerminal reports whether a person looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// progress shows how far a long work is, where a person looks. A total below 1 means that nobody knows how much there is.
// Updates come from one goroutine at a time; done takes the bar away.
func (c *console) progress(what string) (update func(n, total int64), done func()) {
	if !isTerminal(c.err) {
		return func(int64, int64) {}, func() {}
	}
	var bar *progressbar.ProgressBar
	update = func(n, total int64) {
		if bar == nil {
			bar = newBar(c.err, what, total)
		}
		if total > 0 && total != bar.GetMax64() {
			bar.ChangeMax64(total)
		}
		// A bar that can't be drawn is not worth an error.
		_ = bar.Set64(n)
	}
	return update, func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
}

func newBar(w io.Writer, what string, total int64) *progressbar.ProgressBar {
	if total < 1 {
		total = -1
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(total > 0),
	)
}
