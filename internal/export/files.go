package export

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"tidings/event"
)

// Sink takes a file. It is there whole after Commit, or not at all.
type Sink interface {
	io.Writer
	// Commit ends the file: it is durable then, under its name.
	Commit() error
	// Abort gives it up. After Commit it does nothing.
	Abort()
}

// Place is where the files of a run go.
type Place interface {
	// Create begins a file. One that has the name is replaced at its Commit. Names have slashes.
	Create(ctx context.Context, name string) (Sink, error)
	Close() error
}

// The bounds of a run's files.
const (
	maxFileRows = 1_000_000
	// maxOpen Parquet files are written at once, and about openBytes are in groups of rows that are not full: a run may meet
	// events of many days.
	maxOpen     = 8
	openBytes   = 2 * groupBytes
	writeAtOnce = 64 << 10
)

// Files are the files of a run while they are written. One goroutine uses it.
type Files struct {
	place   Place
	options Options
	run     string
	text    Text
	most    int64 // rows of a file

	open  []*part // the one that was written to last is the last
	parts map[string]int
	done  []File
	buf   []byte
}

// NewFiles begins the files of a run.
func NewFiles(place Place, o Options, run string) *Files {
	return &Files{place: place, options: o, run: run, text: o.Text(), most: maxFileRows, parts: make(map[string]int)}
}

// part is one file that is open.
type part struct {
	File
	day     string
	sink    Sink
	sum     hash.Hash
	out     *bufio.Writer // text goes there
	zip     *gzip.Writer
	parquet *ParquetWriter
}

// Write implements io.Writer: it counts what goes into the file.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.sink.Write(b)
	p.sum.Write(b[:n])
	p.Bytes += int64(n)
	return n, err
}

// Write adds events to the file they belong to.
func (f *Files) Write(ctx context.Context, list []event.Event) error {
	if f.text != nil {
		for i := range list {
			if err := f.line(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	for len(list) > 0 { // those of one day after another go together
		day := dayOf(&list[0])
		n := slices.IndexFunc(list, func(e event.Event) bool { return dayOf(&e) != day })
		if n < 0 {
			n = len(list)
		}
		p, err := f.part(ctx, day)
		if err != nil {
			return err
		}
		n = min(n, int(f.most-p.Rows))
		if err := p.parquet.Write(list[:n]); err != nil {
			return fmt.Errorf("write %s: %w", p.Name, err)
		}
		for i := range list[:n] {
			p.note(&list[i])
		}
		list = list[n:]
	}
	return f.spare()
}

func dayOf(e *event.Event) string { return e.OccurredAt.UTC().Format(time.DateOnly) }

// line writes the line of an event, where there is one.
func (f *Files) line(ctx context.Context, e *event.Event) (err error) {
	if f.buf, err = f.text.Append(f.buf[:0], e); err != nil || len(f.buf) == 0 {
		return err
	}
	p, err := f.part(ctx, "")
	if err != nil {
		return err
	}
	if _, err := p.out.Write(f.buf); err != nil {
		return fmt.Errorf("write %s: %w", p.Name, err)
	}
	p.note(e)
	return nil
}

// note counts an event that the file has.
func (p *part) note(e *event.Event) {
	p.Rows++
	p.LastID = e.ID.String()
	if p.FirstID == "" {
		p.FirstID, p.Earliest, p.Latest = p.LastID, e.OccurredAt, e.OccurredAt
	}
	if e.OccurredAt.Before(p.Earliest) {
		p.Earliest = e.OccurredAt
	}
	if e.OccurredAt.After(p.Latest) {
		p.Latest = e.OccurredAt
	}
}

// part is the file for a day, with room for more.
func (f *Files) part(ctx context.Context, day string) (*part, error) {
	if i := slices.IndexFunc(f.open, func(p *part) bool { return p.day == day }); i >= 0 {
		p := f.open[i]
		if p.Rows < f.most {
			f.open = append(slices.Delete(f.open, i, i+1), p)
			return p, nil
		}
		if err := f.end(i); err != nil {
			return nil, err
		}
	}
	if len(f.open) >= maxOpen {
		if err := f.end(0); err != nil {
			return nil, err
		}
	}
	f.parts[day]++
	p := &part{File: File{Name: f.options.fileName(f.run, day, f.parts[day])}, day: day, sum: sha256.New()}
	var err error
	if p.sink, err = f.place.Create(ctx, p.Name); err != nil {
		return nil, fmt.Errorf("begin %s: %w", p.Name, err)
	}
	f.open = append(f.open, p)
	switch {
	case f.text == nil:
		p.parquet = NewParquet(p)
		return p, nil
	case f.options.Gzip:
		p.zip = gzip.NewWriter(p)
		p.out = bufio.NewWriter(p.zip)
	default:
		p.out = bufio.NewWriterSize(p, writeAtOnce)
	}
	if _, err := p.out.Write(f.text.Head(nil)); err != nil {
		return nil, fmt.Errorf("write %s: %w", p.Name, err)
	}
	return p, nil
}

// spare ends groups of rows while the groups of all files are large together.
func (f *Files) spare() error {
	total := 0
	for _, p := range f.open {
		total += p.parquet.bytes
	}
	for _, p := range f.open {
		if total <= openBytes {
			return nil
		}
		total -= p.parquet.bytes
		if err := p.parquet.Flush(); err != nil {
			return fmt.Errorf("write %s: %w", p.Name, err)
		}
	}
	return nil
}

// end ends the i-th open file.
func (f *Files) end(i int) error {
	p := f.open[i]
	var err error
	if p.parquet != nil {
		err = p.parquet.Close()
	} else {
		err = p.out.Flush()
	}
	if p.zip != nil && err == nil {
		err = p.zip.Close()
	}
	if err == nil {
		err = p.sink.Commit()
	}
	if err != nil {
		return fmt.Errorf("end %s: %w", p.Name, err)
	}
	p.SHA256 = hex.EncodeToString(p.sum.Sum(nil))
	f.open = slices.Delete(f.open, i, i+1)
	f.done = append(f.done, p.File)
	return nil
}

// Close ends all files and lists them by name.
func (f *Files) Close() ([]File, error) {
	for len(f.open) > 0 {
		if err := f.end(0); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.done, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return f.done, nil
}

// Abort gives up the files that are open. After Close it does nothing.
func (f *Files) Abort() {
	for _, p := range f.open {
		p.sink.Abort()
	}
	f.open = nil
}
