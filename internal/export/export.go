// Package export provides the files that events go out in, as functions of values: their formats and columns, how they are
// named and cut, what a manifest says of them, and when a scheduled export is due.
package export

import (
	"slices"
	"strings"

	"tidings/event"
)

// The formats of files.
const (
	JSONL   = "jsonl"   // the public JSON of an event a line
	CSV     = "csv"     // a line of cells an event, after a header
	Parquet = "parquet" // typed columns
)

// EngageColumns are the columns of Engage's hourly export, in place of ours. They go with CSV alone.
const EngageColumns = "engage"

// Options say what a file of events is. The zero value is JSONL.
type Options struct {
	Format  string `json:"format,omitempty"`  // empty: JSONL
	Columns string `json:"columns,omitempty"` // empty: ours
	Raw     bool   `json:"raw,omitempty"`     // of CSV: cells that look like formulas stay as they are, for machines
	Gzip    bool   `json:"gzip,omitempty"`    // of JSONL and CSV: Parquet is compressed inside
}

// check tells what is wrong with options.
func (o Options) check(p *problems) {
	if !slices.Contains([]string{"", JSONL, CSV, Parquet}, o.Format) {
		p.wrong("format", "must be %s, %s or %s, not %.60q", JSONL, CSV, Parquet, o.Format)
		return
	}
	csv := o.Format == CSV
	if o.Columns != "" && o.Columns != EngageColumns {
		p.wrong("columns", "must be %s, or left out, not %.60q", EngageColumns, o.Columns)
	} else if o.Columns != "" && !csv {
		p.wrong("columns", "is for the format %s", CSV)
	}
	if o.Raw && !csv {
		p.wrong("raw", "is for the format %s", CSV)
	}
	if o.Gzip && o.Format == Parquet {
		p.wrong("gzip", "is not for the format %s, which is compressed inside", Parquet)
	}
}

// Check tells all that is wrong with options.
func (o Options) Check() []Problem {
	var p problems
	o.check(&p)
	return p.list
}

// Extension is how names of such files end: ".csv.gz".
func (o Options) Extension() string {
	x := "." + JSONL
	if o.Format != "" {
		x = "." + o.Format
	}
	if o.Gzip {
		x += ".gz"
	}
	return x
}

// Text makes the lines of a format that is text. It may be used by several goroutines.
type Text interface {
	// Head appends what stands before the first line.
	Head(b []byte) []byte
	// Append appends the line of an event; nothing where the columns have none for it.
	Append(b []byte, e *event.Event) ([]byte, error)
}

// Text makes the lines of the format; nil where it is none of text. The options were checked.
func (o Options) Text() Text {
	switch {
	case o.Format == Parquet:
		return nil
	case o.Format == CSV && o.Columns == EngageColumns:
		return engage{o.Raw}
	case o.Format == CSV:
		return flat{o.Raw}
	}
	return lines{}
}

// lines are the public JSON of events.
type lines struct{}

func (lines) Head(b []byte) []byte { return b }

func (lines) Append(b []byte, e *event.Event) ([]byte, error) {
	b, err := AppendJSON(b, e)
	return append(b, '\n'), err
}

// SafeName makes a part of a file's name of a text: other characters than letters, digits, dots, hyphens and underscores
// become hyphens, and none begins with a dot.
func SafeName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, s)
	return strings.TrimLeft(s, ".")
}
