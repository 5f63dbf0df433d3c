package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"tidings/event"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The orders of an export of events.
const (
	orderID  = "id"  // newest first, as lists have them; the empty one
	orderSeq = "seq" // as they were committed
)

const (
	eventExportPage = 1000
	// pagesAhead are read before they are written; makers turn rows into texts meanwhile.
	pagesAhead = 3
	makers     = 2
	// exportWait is when who was refused may try again.
	exportWait = 10 * time.Second
)

// EventExport says which events are written, and how. Cursor and Limit of the filter are not of exports.
type EventExport struct {
	EventFilter
	export.Options
	Order string // id: newest first; seq: as they were committed; empty: id
}

// checkExport reports all that is wrong with what was asked for.
func (c *Control) checkExport(x EventExport) (store.EventQuery, error) {
	var p problems
	for _, wrong := range x.Check() {
		p.add(wrong.At, "%s", wrong.Says)
	}
	p.oneOf("order", x.Order, []string{orderID, orderSeq})
	if x.Order == orderSeq && (x.Contact != "" || x.Message != "" || x.Receipt != "") {
		p.add("order", "must be %s with a contact, a message or a receipt, whose events an index finds", orderID)
	}
	q, err := c.eventQuery(x.EventFilter)
	q.Limit = eventExportPage
	return q, errors.Join(p.err(), err)
}

// ExportEvents writes all events of a filter, and tells how many there were so far. It reads in pages, so it holds up nobody;
// what comes while it runs may be missing. Nothing is written before the first page was read. With an error after
// that what was written is a part.
func (c *Control) ExportEvents(ctx context.Context, who Actor, x EventExport, w io.Writer, tell func(events int64)) error {
	q, err := c.checkExport(x)
	if err != nil {
		return err
	}
	if c.Exporting != nil {
		if !c.Exporting.TryAcquire(1) {
			return fault.New(fault.RateLimited, "too_many_exports", "as many exports run as the server does at once").
				WithHint("wait until one is done").WithAfter(exportWait)
		}
		defer c.Exporting.Release(1)
	}
	q.Project = who.Project
	next, match := c.pagesByID(q), func(*event.Event) bool { return true }
	if x.Order == orderSeq {
		if next, err = c.pagesBySeq(ctx, who.Project, store.Position{}, nil); err != nil {
			return fmt.Errorf("export events: %w", err)
		}
		if m := matcher(q); m != nil {
			match = m
		}
	}
	out := newEventFile(w, x.Options)
	events := int64(0)
	err = eachEventPage(ctx, next, out.make(match), func(p *eventPage) error {
		if err := out.write(p); err != nil {
			return notWritten(err)
		}
		events += int64(p.count)
		if tell != nil {
			tell(events)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	return notWritten(out.close())
}

func notWritten(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Unavailable, "export_not_written", err, "the export could not be written")
}

// readPage reads the next page of events. more is false with the last one.
type readPage func(ctx context.Context) (rows store.EventRows, more bool, err error)

func (c *Control) pagesByID(q store.EventQuery) readPage {
	return func(ctx context.Context) (store.EventRows, bool, error) {
		rows, err := c.Store.ReadEvents(ctx, q)
		q.After = rows.Next
		return rows, !rows.Next.IsZero(), err
	}
}

// pagesBySeq walks the log after a position up to an end; nil: where it ends now.
func (c *Control) pagesBySeq(ctx context.Context, project string, after store.Position, end *store.Position) (readPage, error) {
	if end == nil {
		now, err := c.Store.End(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the end of the log: %w", err)
		}
		end = &now
	}
	return func(ctx context.Context) (store.EventRows, bool, error) {
		rows, err := c.Store.ReadLog(ctx, project, after, eventExportPage)
		if err != nil {
			return rows, false, err
		}
		more := rows.Len() == eventExportPage
		if rows.UpTo(*end) {
			more = false
		}
		if more {
			after = rows.At()
		}
		return rows, more, nil
	}, nil
}

// eventPage is a page of events on its way into a file.
type eventPage struct {
	rows   store.EventRows
	events []event.Event // nil: they are in text
	text   []byte
	count  int
	err    error
	done   chan struct{} // closed once it is made
}

// eachEventPage reads pages, makes several at once, and uses them one after another in their order.
func eachEventPage(ctx context.Context, next readPage, makePage, use func(*eventPage) error) error {
	g, ctx := errgroup.WithContext(ctx)
	todo, ordered := make(chan *eventPage), make(chan *eventPage, pagesAhead)
	g.Go(func() error {
		defer close(todo)
		defer close(ordered)
		return readAhead(ctx, next, todo, ordered)
	})
	for range makers {
		g.Go(func() error {
			for p := range todo {
				p.err = makePage(p)
				close(p.done)
			}
			return nil
		})
	}
	g.Go(func() error {
		for p := range ordered {
			select {
			case <-p.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if p.err != nil {
				return p.err
			}
			if err := use(p); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

func readAhead(ctx context.Context, next readPage, todo, ordered chan<- *eventPage) error {
	for more := true; more; {
		p := &eventPage{done: make(chan struct{})}
		var err error
		if p.rows, more, err = next(ctx); err != nil {
			return err
		}
		for _, to := range [...]chan<- *eventPage{ordered, todo} {
			select {
			case to <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// eventFile is one file of events while it is written.
type eventFile struct {
	text    export.Text // nil: Parquet
	begun   bool        // what stands before the first line is written
	parquet *export.ParquetWriter
	zip     *gzip.Writer // nil: it is not compressed
	w       io.Writer
	spare   sync.Pool // of texts that were written
}

func newEventFile(w io.Writer, o export.Options) *eventFile {
	f := &eventFile{text: o.Text(), w: w}
	switch {
	case f.text == nil:
		f.parquet = export.NewParquet(w)
	case o.Gzip:
		f.zip = gzip.NewWriter(w)
		f.w = f.zip
	}
	return f
}

// make turns the rows of a page into what is written.
func (f *eventFile) make(match func(*event.Event) bool) func(*eventPage) error {
	return func(p *eventPage) (err error) {
		if p.events, err = p.rows.Events(); err != nil {
			return err
		}
		p.events = slices.DeleteFunc(p.events, func(e event.Event) bool { return !match(&e) })
		p.count = len(p.events)
		if f.text == nil {
			return nil
		}
		if spare, ok := f.spare.Get().(*[]byte); ok {
			p.text = (*spare)[:0]
		}
		for i := range p.events {
			if p.text, err = f.text.Append(p.text, &p.events[i]); err != nil {
				return fmt.Errorf("write event %s: %w", p.events[i].ID, err)
			}
		}
		p.events = nil
		return nil
	}
}

// write writes a page.
func (f *eventFile) write(p *eventPage) error {
	if f.text == nil {
		return f.parquet.Write(p.events)
	}
	if err := f.head(); err != nil {
		return err
	}
	_, err := f.w.Write(p.text)
	f.spare.Put(&p.text)
	return err
}

func (f *eventFile) head() error {
	if f.begun {
		return nil
	}
	f.begun = true
	_, err := f.w.Write(f.text.Head(nil))
	return err
}

// close writes the end of the file.
func (f *eventFile) close() error {
	if f.text == nil {
		return f.parquet.Close()
	}
	if err := f.head(); err != nil || f.zip == nil {
		return err
	}
	return f.zip.Close()
}
