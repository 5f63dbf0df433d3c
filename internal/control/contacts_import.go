package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"strings"

	"tidings/internal/contact"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/receipt"
)

// contactBatch is how many contacts one transaction takes: each is several rows.
const contactBatch = 2000

// ContactImportOptions say how a list of contacts is read.
type ContactImportOptions struct {
	DryRun bool // say what would happen and change nothing
	// Report gets every bad line, as CSV; nil: nobody wants it. Imported.BadLines has the first 1,000 in any case.
	Report io.Writer
}

// ImportedContacts is what an import came to. Lines = Created + Updated + Same + Bad.
type ImportedContacts struct {
	Lines    int64 // without the header and empty lines
	Created  int64
	Updated  int64
	Same     int64 // that said nothing new
	Bad      int64 // lines that were not taken, or not all of them
	BadLines []BadLine
	Columns  []string // what was made of the header: "email", "data.plan", "topics.news"; empty: passed over
}

// ImportContacts makes and changes the contacts of a list in CSV, in batches, each one transaction and one act in the audit
// log. Good lines go in where others are bad. It may be stopped and begun again: what is there is the same the second time.
// Where it fails, what it returns tells how far it came. progress may be nil.
func (c *Control) ImportContacts(
	ctx context.Context, who Actor, list io.Reader, o ContactImportOptions, progress ImportProgress,
) (ImportedContacts, error) {
	known, err := c.topicsOf(ctx, who)
	if err != nil {
		return ImportedContacts{}, err
	}
	x := &contactImporter{
		control: c, who: who, dry: o.DryRun, progress: progress, csv: newCSVReader(list), topics: known,
		at: c.Now().UnixMilli(),
	}
	if o.Report != nil {
		x.report = &exporter{w: o.Report}
		x.report.row("line", "field", "code", "message")
	}
	if o.DryRun {
		x.seen, x.seed = make(map[uint64]struct{}), maphash.MakeSeed()
	}
	err = takeList(ctx, x.csv, x)
	if x.report != nil {
		x.report.started = true // the header is there already
		err = errors.Join(err, x.report.flush())
	}
	if err != nil {
		return x.sum, fmt.Errorf("import contacts: %w", err)
	}
	return x.sum, nil
}

// contactColumn is what one column of a list says.
type contactColumn struct {
	kind columnKind
	key  string // of data and topics
}

type columnKind uint8

const (
	passedOver columnKind = iota
	emailCells
	subscribedCells
	externalCells
	tagCells
	snoozeCells
	topicCells
	dataCells
)

// ownColumns are ours and those of other programs, as columnName has them, in small letters.
var ownColumns = map[string]columnKind{
	"email": emailCells, "address": emailCells, "emailaddress": emailCells, "e mail": emailCells, "mail": emailCells,
	"subscribed": subscribedCells, "externalid": externalCells, "tags": tagCells, "snoozeduntil": snoozeCells,
	// of our own export, and nothing that one could set
	"id": passedOver, "status": passedOver, "createdat": passedOver, "updatedat": passedOver,
	"unsubscribed": passedOver, "suppressed": passedOver,
}

type contactImporter struct {
	control  *Control
	who      Actor
	dry      bool
	progress ImportProgress
	csv      *csvReader
	columns  []contactColumn // nil: no line was read yet
	topics   map[string]bool
	at       int64
	sum      ImportedContacts
	report   *exporter // nil: none

	list  []contact.Change
	lines []int // of list
	seen  map[uint64]struct{}
	seed  maphash.Seed
}

// badRecord notes a record that can't be read, and lets the list go on.
func (x *contactImporter) badRecord(err error) error {
	x.sum.Lines++
	x.bad(x.csv.begins, &BadLine{Code: badLine, Message: err.Error()})
	return nil
}

// begin reads the header.
func (x *contactImporter) begin() error {
	if x.csv.line == 1 {
		x.csv.record = bytes.TrimPrefix(x.csv.record, []byte("\xef\xbb\xbf"))
	}
	first := bytes.TrimSpace(x.csv.record)
	if len(first) == 0 {
		return nil
	}
	for _, m := range magic {
		if bytes.HasPrefix(first, []byte(m.bytes)) {
			return fault.BadField("list", "the list is %s", m.what).WithHint("save it as CSV (UTF-8) with a header first")
		}
	}
	for _, comma := range []byte{',', ';', '\t'} {
		x.csv.comma = comma
		if err := x.csv.split(); err != nil {
			continue
		}
		if fields := x.csv.fields; slices.ContainsFunc(fields, func(f []byte) bool { return x.columnOf(f).kind == emailCells }) {
			return x.header(fields)
		}
	}
	return fault.BadField("header", "%.100q is not a header with a column email", first).
		WithHint("begin the list with a line such as email,firstName,plan,tags")
}

func (x *contactImporter) columnOf(cell []byte) contactColumn {
	name := strings.TrimSpace(string(export.Unguarded(cell)))
	if key, ok := strings.CutPrefix(name, "data."); ok {
		return contactColumn{dataCells, key}
	}
	if key, ok := strings.CutPrefix(name, "topics."); ok {
		return contactColumn{topicCells, key}
	}
	if kind, ok := ownColumns[strings.ToLower(columnName.Replace(name))]; ok {
		return contactColumn{kind, ""}
	}
	if name == "" || slices.Contains(contact.Reserved(), name) {
		return contactColumn{}
	}
	return contactColumn{dataCells, name}
}

var columnWords = map[columnKind]string{
	emailCells: "email", subscribedCells: "subscribed", externalCells: "externalId", tagCells: "tags", snoozeCells: "snoozedUntil",
	topicCells: "topics.", dataCells: "data.",
}

func (x *contactImporter) header(fields [][]byte) error {
	var p problems
	seen := make(map[contactColumn]string)
	for _, f := range fields {
		col, name := x.columnOf(f), shortKey(strings.TrimSpace(string(f)))
		if before, twice := seen[col]; twice && col.kind != passedOver {
			p.add("header", "the columns %.60q and %.60q mean the same", before, name)
		}
		switch {
		case col.kind == topicCells && !x.topics[col.key]:
			p.add("header", "there is no topic %.60q: make it first, or take the column away", col.key)
		case col.kind == dataCells && (col.key == "" || len(col.key) > contact.MaxKey):
			p.add("header", "%.60q is no name of an attribute: it may have 1 to %d bytes", name, contact.MaxKey)
		}
		seen[col] = name
		x.columns = append(x.columns, col)
		x.sum.Columns = append(x.sum.Columns, columnWords[col.kind]+col.key)
	}
	return p.err()
}

func (x *contactImporter) record(ctx context.Context, fields [][]byte) error {
	if x.columns == nil {
		return x.begin()
	}
	if isEmpty(fields) {
		return nil
	}
	x.sum.Lines++
	change, bad := x.read(fields)
	if bad != nil {
		x.bad(x.csv.begins, bad)
		return nil
	}
	x.list, x.lines = append(x.list, change), append(x.lines, x.csv.begins)
	if len(x.list) < importWindow {
		return nil
	}
	return x.flush(ctx)
}

// read makes a change out of a line.
func (x *contactImporter) read(fields [][]byte) (c contact.Change, bad *BadLine) {
	c = contact.Change{At: x.at, Origin: contact.OriginImport, By: x.who.By}
	for i, f := range fields {
		f = bytes.TrimSpace(f)
		if i >= len(x.columns) {
			if len(f) > 0 {
				return c, &BadLine{Code: badLine, Message: fmt.Sprintf("has %d fields, more than the list has columns (%d)",
					len(fields), len(x.columns))}
			}
			continue
		}
		col := x.columns[i]
		if len(f) == 0 && col.kind != emailCells {
			continue
		}
		if problem := readers[col.kind](&c, col.key, export.Unguarded(f)); problem != "" {
			return c, &BadLine{Field: columnWords[col.kind] + col.key, Code: fault.Invalid.String(), Message: problem}
		}
	}
	if c.Address == "" { // the line ends before its column
		return c, &BadLine{Field: "email", Code: badAddress, Message: "is required"}
	}
	if _, wrong, err := contact.CheckAttributes(c.Attributes); len(wrong) > 0 {
		return c, &BadLine{Field: "data." + shortKey(wrong[0].Key), Code: fault.Invalid.String(), Message: wrong[0].Err.Error()}
	} else if err != nil {
		return c, &BadLine{Field: "data", Code: receipt.ProblemAttributes, Message: err.Error()}
	}
	return c, nil
}

// bad notes a line that is not taken, or not all of it.
func (x *contactImporter) bad(line int, b *BadLine) {
	x.sum.Bad++
	b.Line = line
	if len(x.sum.BadLines) < maxBadLines {
		x.sum.BadLines = append(x.sum.BadLines, *b)
	}
	if x.report != nil {
		x.report.row(strconv.Itoa(line), b.Field, b.Code, b.Message)
	}
}

// flush stores what waits.
func (x *contactImporter) flush(ctx context.Context) error {
	if x.columns == nil && x.csv.line > 0 && x.sum.Lines == 0 {
		return fault.BadField("header", "there is none").WithHint("begin the list with a line such as email,firstName,plan,tags")
	}
	// In the order of addresses neighbours in the index are written together. Of lines of one address the order stays.
	order := make([]int, len(x.list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(x.list[a].Address, x.list[b].Address) })
	left := len(order)
	for batch := range slices.Chunk(order, contactBatch) {
		if err := x.store(ctx, batch); err != nil {
			x.sum.Lines -= int64(left)
			return err
		}
		left -= len(batch)
		if done := x.sum.Lines - int64(left); x.progress != nil && x.sum.Lines > 0 {
			x.progress(done, int64(float64(x.csv.bytes)*float64(done)/float64(x.sum.Lines)))
		}
	}
	x.list, x.lines = x.list[:0], x.lines[:0]
	if x.report == nil {
		return nil
	}
	x.report.started = true
	return x.report.flush()
}

// lineProblems say what a problem of a change means for its line.
var lineProblems = map[string]BadLine{
	receipt.ProblemAttributes: {
		Field: "data", Code: receipt.ProblemAttributes,
		Message: "with what is there it is too much; the rest was taken: " + contact.ErrTooLarge.Error(),
	},
	receipt.ProblemExternalID: {
		Field: "externalId", Code: receipt.ProblemExternalID, Message: "another contact has it; the rest was taken",
	},
	receipt.ProblemErased: {
		Field: "email", Code: receipt.ProblemErased,
		Message: "it was erased, and a list does not bring it back; whoever comes back does so by an act of their own",
	},
	receipt.ProblemTopic: {
		Field: "topics", Code: receipt.ProblemTopic, Message: "there is no such topic any more; the rest was taken",
	},
}

func (x *contactImporter) store(ctx context.Context, places []int) error {
	batch := make([]contact.Change, len(places))
	for i, place := range places {
		batch[i] = x.list[place]
	}
	if x.dry {
		return x.try(ctx, batch)
	}
	act := x.control.act(x.who, opImportContacts, fmt.Sprintf("%d contacts, up to line %d", len(batch), x.csv.line), "")
	out, err := x.control.Store.EditContacts(ctx, x.who.Project, batch, act)
	if err != nil {
		return err
	}
	for i, o := range out {
		b, bad := lineProblems[o.Problem]
		switch {
		case bad:
			x.bad(x.lines[places[i]], &b)
		case o.Created:
			x.sum.Created++
		case o.Changed:
			x.sum.Updated++
		default:
			x.sum.Same++
		}
	}
	return nil
}

// try says of a batch what would be new. Whether what is there would change it does not look at: it counts as updated.
func (x *contactImporter) try(ctx context.Context, batch []contact.Change) error {
	addresses := make([]string, len(batch))
	for i := range batch {
		addresses[i] = batch[i].Address
	}
	there, err := x.control.Store.KnownContacts(ctx, x.who.Project, addresses)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		h := maphash.String(x.seed, a)
		_, twice := x.seen[h]
		x.seen[h] = struct{}{}
		if there[a] || twice {
			x.sum.Updated++
		} else {
			x.sum.Created++
		}
	}
	return nil
}
