package export

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"tidings/event"
)

// A group of rows is written when it has so many rows, or about so many bytes of text: what a writer holds in memory.
const (
	groupRows  = 100_000
	groupBytes = 32 << 20
	pageBytes  = 64 << 10
	// maxDictionary is how large a column's dictionary may be; from then on its values stand for themselves.
	maxDictionary = 256 << 10
	rowsAtOnce    = 128
)

// ParquetWriter writes one Parquet file with our columns, in groups of rows, each column compressed with zstd.
type ParquetWriter struct {
	w     *parquet.GenericWriter[row]
	rows  []row
	group int // rows of the group that is being made
	bytes int // about its size
}

// NewParquet begins a file.
func NewParquet(w io.Writer) *ParquetWriter {
	return &ParquetWriter{
		w: parquet.NewGenericWriter[row](w, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
			parquet.PageBufferSize(pageBytes), parquet.DictionaryMaxBytes(maxDictionary),
			parquet.CreatedBy("tidings", "", "")),
		rows: make([]row, 0, rowsAtOnce),
	}
}

// Write adds events.
func (p *ParquetWriter) Write(list []event.Event) error {
	for i := range list {
		p.rows = append(p.rows, row{})
		if err := p.rows[len(p.rows)-1].fill(&list[i]); err != nil {
			return err
		}
		p.bytes += sizeOf(&list[i])
		if len(p.rows) == cap(p.rows) || p.bytes >= groupBytes {
			if err := p.hand(); err != nil {
				return err
			}
		}
	}
	return p.hand()
}

// sizeOf is about how much of the memory of a group an event takes, mostly by its texts.
func sizeOf(e *event.Event) int {
	n := 300 + len(e.Data)
	if e.Click != nil {
		n += len(e.Click.URL)
	}
	if e.Bounce != nil {
		n += len(e.Bounce.Diagnostic)
	}
	if e.Message != nil {
		for k, v := range e.Message.Metadata {
			n += len(k) + len(v)
		}
	}
	return n
}

// hand passes on the rows, and ends the group where it is large enough.
func (p *ParquetWriter) hand() error {
	if len(p.rows) == 0 {
		return nil
	}
	if _, err := p.w.Write(p.rows); err != nil {
		return fmt.Errorf("write rows of Parquet: %w", err)
	}
	p.group += len(p.rows)
	clear(p.rows)
	p.rows = p.rows[:0]
	if p.group >= groupRows || p.bytes >= groupBytes {
		return p.Flush()
	}
	return nil
}

// Flush ends the group of rows that is being made.
func (p *ParquetWriter) Flush() error {
	p.group, p.bytes = 0, 0
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write a group of rows of Parquet: %w", err)
	}
	return nil
}

// Close ends the file with its footer. It does not close what it was written to.
func (p *ParquetWriter) Close() error {
	if err := p.w.Close(); err != nil {
		return fmt.Errorf("end a file of Parquet: %w", err)
	}
	return nil
}
