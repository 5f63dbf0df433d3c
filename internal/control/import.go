package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The limits of imports.
const (
	// MaxImportBytes is the longest list that is taken in one request over the network.
	MaxImportBytes = 256 << 20
	// maxImportLines is the longest list; longer ones are imported in parts.
	maxImportLines = 5_000_000
	// maxBadLines is how many bad lines are told. All are counted.
	maxBadLines = 1000
	// importBatch is how many lines one transaction takes: long enough to be quick, short enough for ingest beside it.
	importBatch = 4000
	// importWindow is how many lines are sorted by address before they are stored: neighbours in the index are written
	// together then, which is a tenth of the writing for a long list in no order.
	importWindow = 25 * importBatch
)

// ImportOptions say how a list is read.
type ImportOptions struct {
	Reason string // of lines that say none; empty: manual
	DryRun bool   // say what would happen and change nothing
}

// Imported is what an import came to. Lines = Added + Known + Bad.
type Imported struct {
	Lines    int64 // without the header and empty lines
	Added    int64 // suppressions and patterns that did not hold before
	Known    int64 // that held before, or stand in the list a second time
	Patterns int64 // of Added and Known, how many are patterns
	Bad      int64 // lines that were not taken
	BadLines []BadLine
	Ignored  []string // columns of the header that mean nothing here
}

// ImportProgress is called after every batch with the lines done so far and about how many bytes of the list they are.
type ImportProgress func(lines, bytes int64)

// ImportSuppressions adds the suppressions of a list in CSV, in batches, each one transaction and one act in the audit
// log. Good lines go in where others are bad. It may be stopped and begun again: what is there is known the second time.
// Where it fails, what it returns tells how far it came. progress may be nil.
func (c *Control) ImportSuppressions(
	ctx context.Context, who Actor, list io.Reader, o ImportOptions, progress ImportProgress,
) (Imported, error) {
	var p problems
	p.oneOf("reason", o.Reason, Reasons())
	if err := p.err(); err != nil {
		return Imported{}, err
	}
	now := c.Now().UTC()
	x := &importer{
		control: c, who: who, dry: o.DryRun, progress: progress, csv: newCSVReader(list),
		lines: lineReader{now: now, reason: contact.Reason(o.Reason)},
	}
	if o.Reason == "" {
		x.lines.reason = contact.Manual
	}
	if o.DryRun {
		x.seen, x.seed = make(map[uint64]struct{}), maphash.MakeSeed()
	}
	if err := takeList(ctx, x.csv, x); err != nil {
		return x.sum, fmt.Errorf("import suppressions: %w", err)
	}
	return x.sum, nil
}

type importer struct {
	control  *Control
	who      Actor
	dry      bool
	progress ImportProgress
	csv      *csvReader
	layout   *layout // nil: no line was read yet
	lines    lineReader
	sum      Imported

	list     []store.NewSuppression
	patterns []store.NewPattern
	// seen has the hashes of what a dry run met, which the database does not know.
	seen map[uint64]struct{}
	seed maphash.Seed
}

// listTaker is what an import does with the records of a list.
type listTaker interface {
	record(ctx context.Context, fields [][]byte) error
	badRecord(err error) error       // of a record that can't be read; the list goes on
	flush(ctx context.Context) error // stores what waits
}

// takeList reads a list to its end, or as far as one goes. What was read is stored in any case, but where x fails.
func takeList(ctx context.Context, csv *csvReader, x listTaker) error {
	for {
		fields, err := csv.next()
		switch {
		case errors.Is(err, io.EOF):
			return x.flush(ctx)
		case csv.line > maxImportLines:
			return errors.Join(errLongList, x.flush(ctx))
		case isBadRecord(err):
			err = x.badRecord(err)
		case err != nil:
			return errors.Join(unreadable(err), x.flush(ctx))
		default:
			err = x.record(ctx, fields)
		}
		if err != nil {
			return err
		}
	}
}

// isBadRecord reports whether an error costs a line and not the list.
func isBadRecord(err error) bool {
	return errors.Is(err, errLongRecord) || errors.Is(err, errOpenQuote) || errors.Is(err, errBadQuote)
}

var errLongList = fault.New(fault.TooLarge, fault.TooLarge.String(), "the list has more than %d lines; those were taken",
	maxImportLines).WithHint("import it in parts")

func unreadable(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.Unavailable, "list_not_read", err, "the list could not be read to its end").
		WithHint("import it again: what was taken is known then")
}

func (x *importer) record(ctx context.Context, fields [][]byte) error {
	if x.layout == nil {
		isHeader, err := x.begin()
		if err != nil || isHeader {
			return err
		}
		// The separator may have changed: split the line again.
		if err := x.csv.split(); err != nil {
			return x.badRecord(err)
		}
		fields = x.csv.fields
	}
	if isEmpty(fields) {
		return nil
	}
	cells, bad := x.layout.pick(fields)
	if bad == nil && isPattern(cells[addressColumn]) {
		var n store.NewPattern
		if n, bad = x.lines.pattern(cells); bad == nil {
			x.patterns = append(x.patterns, n)
			return x.good(ctx)
		}
	}
	if bad == nil {
		var n store.NewSuppression
		if n, bad = x.lines.suppression(cells); bad == nil {
			x.list = append(x.list, n)
			return x.good(ctx)
		}
	}
	x.bad(bad)
	return nil
}

func isEmpty(fields [][]byte) bool {
	for _, f := range fields {
		if len(bytes.TrimSpace(f)) > 0 {
			return false
		}
	}
	return true
}

// magic are the first bytes of files that are no text.
var magic = []struct{ bytes, what, hint string }{
	{"PK\x03\x04", "a spreadsheet or an archive", "save it as CSV (UTF-8) first"},
	{"\x1f\x8b", "compressed", "decompress it first"},
	{"\xff\xfe", "in UTF-16", "save it as UTF-8 first"},
	{"\xfe\xff", "in UTF-16", "save it as UTF-8 first"},
	{"{", "JSON", "write it as CSV first, with a line such as EmailAddress,Reason,LastUpdateTime above it"},
	{"[", "JSON", "write it as CSV first, with a line such as EmailAddress,Reason,LastUpdateTime above it"},
}

// begin reads the first line that is not empty: it says how the list is written. It reports whether it is a header.
func (x *importer) begin() (isHeader bool, err error) {
	if x.csv.line == 1 {
		x.csv.record = bytes.TrimPrefix(x.csv.record, []byte("\xef\xbb\xbf"))
	}
	first := bytes.TrimSpace(x.csv.record)
	for _, m := range magic {
		if bytes.HasPrefix(first, []byte(m.bytes)) {
			return false, fault.BadField("list", "the list is %s", m.what).WithHint("%s", m.hint)
		}
	}
	if bytes.IndexByte(first, 0) >= 0 {
		return false, fault.BadField("list", "the list is no text").WithHint("save it as CSV (UTF-8) first")
	}
	if len(bytes.Trim(first, ",;\t ")) == 0 {
		return true, nil
	}
	l, err := layoutOf(first)
	if err != nil {
		return false, err
	}
	x.layout, x.csv.comma, x.sum.Ignored = &l, l.comma, l.ignored
	return l.header, nil
}

// badRecord notes a record that can't be read, and lets the list go on.
func (x *importer) badRecord(err error) error {
	x.bad(&BadLine{Code: badLine, Message: err.Error()})
	return nil
}

// bad notes a line that is not taken.
func (x *importer) bad(b *BadLine) {
	x.sum.Lines++
	x.sum.Bad++
	if len(x.sum.BadLines) < maxBadLines {
		b.Line = x.csv.begins
		x.sum.BadLines = append(x.sum.BadLines, *b)
	}
}

// good notes a line that waits to be stored, and stores what waits when it is enough.
func (x *importer) good(ctx context.Context) error {
	x.sum.Lines++
	if len(x.list) < importWindow && len(x.patterns) < importBatch {
		return nil
	}
	return x.flush(ctx)
}

func (x *importer) flush(ctx context.Context) error {
	if err := x.flushList(ctx); err != nil {
		return err
	}
	if err := x.flushPatterns(ctx); err != nil {
		return err
	}
	x.report(0)
	return nil
}

// report tells how far the import is; left lines were read and wait.
func (x *importer) report(left int) {
	if lines := x.sum.Lines; x.progress != nil && lines > 0 {
		done := lines - int64(left)
		x.progress(done, int64(float64(x.csv.bytes)*float64(done)/float64(lines)))
	}
}

func (x *importer) act(n int, what string) store.Act {
	return x.control.act(x.who, opImportSuppressions, fmt.Sprintf("%d %s, up to line %d", n, what, x.csv.line), "")
}

func (x *importer) flushList(ctx context.Context) error {
	// Of lines of one address the order stays: the last note counts.
	slices.SortStableFunc(x.list, func(a, b store.NewSuppression) int { return strings.Compare(a.Address, b.Address) })
	left := len(x.list)
	for batch := range slices.Chunk(x.list, importBatch) {
		known, err := x.control.Store.Suppress(ctx, x.who.Project, batch, x.dry, x.act(len(batch), "suppressions"))
		if err != nil {
			return x.untaken(err, left+len(x.patterns))
		}
		for i, n := range batch {
			x.count(known[i], n.Address, string(n.Reason))
		}
		left -= len(batch)
		x.report(left)
	}
	x.list = x.list[:0]
	return nil
}

func (x *importer) flushPatterns(ctx context.Context) error {
	if len(x.patterns) == 0 {
		return nil
	}
	known, err := x.control.Store.SuppressPatterns(ctx, x.who.Project, x.patterns, x.dry, x.act(len(x.patterns), "patterns"))
	if err != nil {
		return x.untaken(err, len(x.patterns))
	}
	for i, n := range x.patterns {
		x.count(known[i], string(n.Pattern), "")
		x.sum.Patterns++
	}
	x.patterns = x.patterns[:0]
	return nil
}

// untaken takes lines that could not be stored out of the sum.
func (x *importer) untaken(err error, lines int) error {
	x.sum.Lines -= int64(lines)
	return err
}

func (x *importer) count(known bool, address, reason string) {
	if x.dry {
		h := maphash.String(x.seed, address+"\n"+reason)
		_, seen := x.seen[h]
		x.seen[h] = struct{}{}
		known = known || seen
	}
	if known {
		x.sum.Known++
	} else {
		x.sum.Added++
	}
}
