package pull

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// A chunk is what becomes one receipt: small enough that the element of one event is found quickly, large enough that
// what records share is kept once. A group of chunks is one transaction.
const (
	chunkRecords = 200
	chunkBytes   = 240 << 10
	groupRecords = 1000
	groupBytes   = 2 << 20
)

// chunk is some records of a file in their order.
type chunk struct {
	file     string
	provider string
	format   Format
	raw      []byte
	spans    []span
	sum      [sha256.Size]byte

	known []provider.Problem // of the receipt that was stored before
	entry *receipt.Entry     // nil: it was stored before
}

// span is a piece in a chunk.
type span struct {
	from, to     int
	line, offset int64
	code, detail string
}

func (c *chunk) add(p *piece) {
	from := len(c.raw)
	c.raw = append(c.raw, p.bytes...)
	c.spans = append(c.spans, span{from, len(c.raw), p.line, p.offset, p.code, p.detail})
	c.raw = append(c.raw, '\n')
}

func (c *chunk) full() bool { return len(c.spans) >= chunkRecords || len(c.raw) >= chunkBytes }

// seal computes how the chunk is known.
func (c *chunk) seal() {
	h := sha256.New()
	h.Write([]byte(c.format))
	h.Write(newline)
	h.Write(c.raw)
	h.Sum(c.sum[:0])
}

func (c *chunk) pieces() []piece {
	list := make([]piece, len(c.spans))
	for i, s := range c.spans {
		list[i] = piece{bytes: c.raw[s.from:s.to:s.to], line: s.line, offset: s.offset, code: s.code, detail: s.detail}
	}
	return list
}

// cutFiles cuts all files.
func (p *pipeline) cutFiles(ctx context.Context, files []File) error {
	for _, f := range files {
		err := p.cutFile(ctx, f)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			p.cut = append(p.cut, BadRecord{File: f.Name, Code: codeOf(err), Message: err.Error()})
			continue
		}
		p.done++
	}
	return p.flush(ctx)
}

func (p *pipeline) cutFile(ctx context.Context, f File) (err error) {
	file, err := f.Open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	plain, read, err := plainOf(file)
	if err != nil {
		return err
	}
	x := &cutting{pipeline: p, file: f.Name, read: read, open: map[string]*chunk{}}
	err = x.run(ctx, plain)
	p.before += read.n
	return err
}

// cutting cuts one file. Records of each provider have a chunk of their own.
type cutting struct {
	*pipeline
	file   string
	read   *counting
	format Format
	open   map[string]*chunk
}

func (x *cutting) run(ctx context.Context, plain *bufio.Reader) error {
	next := x.begin(plain)
	for {
		p, err := next()
		if errors.Is(err, io.EOF) {
			return x.end(ctx)
		}
		if err != nil {
			return err
		}
		if len(p.bytes) == 0 && p.code != "" { // the file, not a record of it
			x.cut = append(x.cut, BadRecord{File: x.file, Line: p.line, Offset: p.offset, Code: p.code, Message: p.detail})
			continue
		}
		if err := x.add(ctx, &p); err != nil {
			return err
		}
	}
}

// begin tells by the first bytes how the file is written.
func (x *cutting) begin(plain *bufio.Reader) (next func() (piece, error)) {
	x.format = x.Format
	head, _ := plain.Peek(4 << 10) // what is wrong with the file is told when it is read
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	first, _, _ := bytes.Cut(head, newline)
	if x.format == "" && isEngage(string(first)) {
		x.format = FormatEngage
	}
	if x.format == FormatEngage {
		return newEngageReader(plain).next
	}
	return newSplitter(plain).next
}

func (x *cutting) add(ctx context.Context, p *piece) error {
	if x.format == "" && p.code == "" {
		x.format = formatOfRecord(p.bytes)
	}
	slug := x.providerOf(p)
	c := x.open[slug]
	if c != nil && c.format != x.format { // the first lines were no records: they are told with the rest
		c.format = x.format
	}
	if c == nil {
		c = &chunk{file: x.file, provider: slug, format: x.format}
		x.open[slug] = c
	}
	if c.add(p); !c.full() {
		return nil
	}
	delete(x.open, slug)
	return x.take(ctx, c)
}

// defaultProvider is whose records are imported where nothing says so.
const defaultProvider = "ses"

// providerOf tells the provider of a record. An event of ours names it before anything that a stranger wrote.
func (x *cutting) providerOf(p *piece) string {
	if x.Provider != "" {
		return x.Provider
	}
	if x.format == FormatEvents {
		if _, rest, ok := bytes.Cut(p.bytes[:min(len(p.bytes), 1000)], []byte(`"provider":`)); ok {
			rest = bytes.TrimLeft(rest, " \t\r\n\"")
			if slug, _, ok := bytes.Cut(rest, []byte(`"`)); ok && x.hasAdapter(string(slug)) {
				return string(slug)
			}
		}
	}
	return defaultProvider
}

func (x *cutting) hasAdapter(slug string) bool {
	_, ok := x.Adapter(slug)
	return ok
}

// formatOfRecord tells our own events from what Amazon SES writes.
func formatOfRecord(record []byte) Format {
	members, err := provider.Members(record)
	if err != nil {
		return FormatSES
	}
	names := make(map[string]bool, len(members))
	for _, m := range members {
		names[m.Name] = true
	}
	if names["id"] && names["name"] && names["occurredAt"] {
		return FormatEvents
	}
	return FormatSES
}

// end takes the chunks that are not full.
func (x *cutting) end(ctx context.Context) error {
	for _, slug := range slices.Sorted(maps.Keys(x.open)) {
		if err := x.take(ctx, x.open[slug]); err != nil {
			return err
		}
	}
	return nil
}

// take puts a chunk into the group that is being gathered.
func (x *cutting) take(ctx context.Context, c *chunk) error {
	if c.format == "" {
		c.format = FormatSES
	}
	c.seal()
	p := x.pipeline
	if p.current == nil {
		p.current = &group{parsed: make(chan struct{})}
	}
	g := p.current
	g.chunks, g.records, g.bytes = append(g.chunks, c), g.records+len(c.spans), g.bytes+len(c.raw)
	g.read = p.before + x.read.n
	if g.records < groupRecords && g.bytes < groupBytes {
		return nil
	}
	return p.flush(ctx)
}

// flush hands the group on, to be parsed and to be stored.
func (p *pipeline) flush(ctx context.Context) error {
	g := p.current
	if g == nil {
		return nil
	}
	p.current = nil
	for _, to := range [...]chan *group{p.work, p.order} {
		select {
		case to <- g:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// parse reads the chunks of a group that are not known yet.
func (p *pipeline) parse(ctx context.Context, g *group) error {
	bySource := map[*source.Source][]*chunk{}
	var sources []*source.Source
	for _, c := range g.chunks {
		src, err := p.Source(ctx, c.provider)
		if err != nil {
			return err
		}
		if bySource[src] == nil {
			sources = append(sources, src)
		}
		bySource[src] = append(bySource[src], c)
	}
	for _, src := range sources {
		if err := p.parseOf(ctx, src, bySource[src]); err != nil {
			return err
		}
	}
	return nil
}

func (p *pipeline) parseOf(ctx context.Context, src *source.Source, chunks []*chunk) error {
	keys := make([]receipt.Key, len(chunks))
	for i, c := range chunks {
		keys[i] = keyOf(c.sum)
	}
	known, err := p.Known(ctx, src, keys)
	if err != nil {
		return err
	}
	a, _ := p.Adapter(src.Provider)
	for i, c := range chunks {
		if problems, had := known[keys[i]]; had {
			c.known = problems
			continue
		}
		r := &reader{builder: p.Builder, adapter: a, source: src, format: c.format}
		c.entry = r.read(c.pieces(), c.sum, p.Now)
		c.raw = nil
	}
	return nil
}
