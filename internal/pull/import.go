// Package pull provides events that are fetched rather than posted, and their way to the same commit: files of records, queues.
// It never imports the store: it declares the few calls it makes.
package pull

import (
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// Importer takes the records of files in. Its fields are set once; Run may be called once.
type Importer struct {
	Builder receipt.Builder
	// Adapter finds an adapter by its slug.
	Adapter func(slug string) (provider.Adapter, bool)
	// Source finds the source that records of a provider are stored under.
	Source func(ctx context.Context, slug string) (*source.Source, error)
	// Known tells which of a source's receipts are stored, with their problems.
	Known func(ctx context.Context, src *source.Source, keys []receipt.Key) (map[receipt.Key][]provider.Problem, error)
	// Commit stores entries in one transaction and fills their outcomes.
	Commit func(context.Context, []*receipt.Entry) error
	// Format is what all files are; empty: it is told by what they hold.
	Format Format
	// Provider is the provider of all records; empty: Amazon SES, and of our own events the one that each names.
	Provider string
	// Now is when the records came.
	Now time.Time
}

// File is one file to import.
type File struct {
	Name string // for people
	Open func() (io.ReadCloser, error)
}

// BadRecord is one that was not taken, or not as it is.
type BadRecord struct {
	File    string `json:"file"`
	Line    int64  `json:"line"`   // of its begin, from 1; 0: of the whole file
	Offset  int64  `json:"offset"` // of its begin, in bytes of the decompressed file
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Report is what an import came to.
type Report struct {
	Files    int64 // that were read, to their end or until they were broken
	Records  int64
	Skipped  int64 // of Records, those of receipts that were stored before
	Receipts int64 // that were stored

	New       int64 // events that were not there before
	Known     int64 // events that were
	Upgraded  int64 // events that were email.unknown and are now understood
	Conflicts int64 // events that were there with another content: the first stays
	Expired   int64 // events older than the retention

	Bad      int64            // problems, but for CodeConsent, which is as it should be
	Problems map[string]int64 // by code
	First    []BadRecord      // the first of Bad
}

// maxTold is how many bad records a report tells.
const maxTold = 100

// Progress is called after every transaction with the records done so far, and how many bytes of the files, as they lie
// on the disk, were read.
type Progress func(records, bytes int64)

// Run imports files one after the other. Parsing goes beside storing. Whatever was stored stays stored: an import that
// was stopped is begun again with the same files, and passes over what is there. progress may be nil.
func (im *Importer) Run(ctx context.Context, files []File, progress Progress) (Report, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := max(2, runtime.GOMAXPROCS(0))
	p := &pipeline{
		Importer: im, work: make(chan *group, workers), order: make(chan *group, 2*workers),
		report: Report{Problems: map[string]int64{}},
	}
	var running sync.WaitGroup
	running.Go(func() {
		defer close(p.order)
		defer close(p.work)
		p.failed = p.cutFiles(ctx, files)
	})
	for range workers {
		running.Go(func() {
			for g := range p.work {
				g.err = p.parse(ctx, g)
				close(g.parsed)
			}
		})
	}
	err := p.store(ctx, progress)
	stop()
	for range p.order { // so that nobody waits for a place in it
		continue
	}
	running.Wait()
	p.tellFiles()
	if err == nil {
		err = p.failed // else it was stopped because storing failed
	}
	return p.report, err
}

// pipeline is one run: files are cut into chunks, these gathered into groups, parsed beside each other and stored in
// their order, each group in one transaction.
type pipeline struct {
	*Importer
	work   chan *group
	order  chan *group
	report Report

	// Of the goroutine that cuts files, until it ended.
	failed  error
	cut     []BadRecord
	done    int64 // files
	before  int64 // bytes of the files before this one
	current *group
}

// group is what one transaction stores.
type group struct {
	chunks  []*chunk
	records int
	bytes   int
	read    int64 // bytes of the files that were read by then
	parsed  chan struct{}
	err     error
}

// store commits groups in their order.
func (p *pipeline) store(ctx context.Context, progress Progress) error {
	for g := range p.order {
		select {
		case <-g.parsed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if g.err != nil {
			return g.err
		}
		if err := p.commit(ctx, g); err != nil {
			return err
		}
		for _, c := range g.chunks {
			p.count(c)
		}
		if progress != nil {
			progress(p.report.Records, g.read)
		}
	}
	return ctx.Err()
}

func (p *pipeline) commit(ctx context.Context, g *group) error {
	entries := make([]*receipt.Entry, 0, len(g.chunks))
	for _, c := range g.chunks {
		if c.entry != nil {
			entries = append(entries, c.entry)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return p.Commit(ctx, entries)
}

// count adds what became of a chunk to the report.
func (p *pipeline) count(c *chunk) {
	r := &p.report
	r.Records += int64(len(c.spans))
	problems := c.known
	if c.entry != nil {
		problems = c.entry.Problems
		o := c.entry.Outcome
		if !o.Duplicate {
			r.Receipts++
		}
		r.New, r.Known = r.New+int64(o.New), r.Known+int64(o.Known)
		r.Upgraded, r.Conflicts = r.Upgraded+int64(o.Upgraded), r.Conflicts+int64(o.Conflicts)
		r.Expired += int64(o.Expired)
	}
	if c.entry == nil || c.entry.Outcome.Duplicate {
		r.Skipped += int64(len(c.spans))
	}
	for _, x := range problems {
		if x.Element < 0 || x.Element >= len(c.spans) {
			continue // it is counted among the conflicts
		}
		at := c.spans[x.Element]
		r.bad(BadRecord{File: c.file, Line: at.line, Offset: at.offset, Code: x.Code, Message: x.Message})
	}
}

func (r *Report) bad(b BadRecord) {
	r.Problems[b.Code]++
	if b.Code == CodeConsent {
		return
	}
	r.Bad++
	if len(r.First) < maxTold {
		r.First = append(r.First, b)
	}
}

// tellFiles adds what was wrong with whole files.
func (p *pipeline) tellFiles() {
	p.report.Files = p.done
	for _, b := range p.cut {
		p.report.bad(b)
	}
}

// Codes are the codes of the report's problems, sorted.
func (r *Report) Codes() []string { return slices.Sorted(maps.Keys(r.Problems)) }
