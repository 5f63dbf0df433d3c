package control

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// The limits of a list: what is over them costs its own line and nothing else.
const (
	maxRecord      = 64 << 10 // bytes of one record, whatever its lines
	maxRecordLines = 100      // that one quoted field may hold
)

var (
	errLongRecord = errors.New("is longer than 64 KiB")
	errOpenQuote  = errors.New("has a quote that is never closed")
	errBadQuote   = errors.New("has text between a closing quote and the next separator")
)

// csvReader reads records as RFC 4180 has them, and what programs make of it: lines that end with LF, CRLF or CR, any
// one-byte separator, quotes only where they begin a field. A bad record costs its first line alone: the line after it
// is read anew. What it returns is good until the next call.
type csvReader struct {
	r      *bufio.Reader
	comma  byte
	line   int      // number of the last line read, from 1
	begins int      // the line at which the last record began
	ahead  [][]byte // lines that were read for a quote that did not end well
	bytes  int64    // read so far

	record []byte
	fields [][]byte
	text   []byte // of the fields that are not a part of record as it is
	skipLF bool   // the last line ended with CR: an LF that follows is a part of it
}

func newCSVReader(r io.Reader) *csvReader {
	return &csvReader{r: bufio.NewReaderSize(r, maxRecord), comma: ','}
}

// next reads one record. The errors of this file are about the record, and reading goes on after them; every other
// error, io.EOF too, is the end.
func (c *csvReader) next() ([][]byte, error) {
	line, err := c.nextLine()
	c.begins = c.line
	if err != nil {
		return nil, err
	}
	c.record = append(c.record[:0], line...)
	if bytes.IndexByte(c.record, '"') < 0 {
		return c.plain(), nil
	}
	return c.quoted()
}

// plain splits a record without quotes.
func (c *csvReader) plain() [][]byte {
	c.fields = c.fields[:0]
	rest := c.record
	for {
		i := bytes.IndexByte(rest, c.comma)
		if i < 0 {
			c.fields = append(c.fields, rest)
			return c.fields
		}
		c.fields = append(c.fields, rest[:i])
		rest = rest[i+1:]
	}
}

// quoted splits a record with quotes, and reads on where one holds the ends of lines.
func (c *csvReader) quoted() ([][]byte, error) {
	var more [][]byte
	for {
		err := c.split()
		if !errors.Is(err, errOpenQuote) || len(more) == maxRecordLines {
			return c.fields, c.giveBack(more, err)
		}
		line, readErr := c.nextLine()
		switch {
		case errors.Is(readErr, io.EOF):
			return nil, c.giveBack(more, errOpenQuote)
		case errors.Is(readErr, errLongRecord):
			// The long line is told when its turn comes: as a line of nothing but its length.
			return nil, c.giveBack(append(more, nil), errLongRecord)
		case readErr != nil:
			return nil, readErr
		}
		more = append(more, bytes.Clone(line))
		c.record = append(append(c.record, '\n'), line...)
		if len(c.record) > maxRecord {
			return nil, c.giveBack(more, errOpenQuote)
		}
	}
}

// giveBack lets lines be read again where the record that took them is bad.
func (c *csvReader) giveBack(lines [][]byte, err error) error {
	if err == nil {
		return nil
	}
	c.ahead = append(lines, c.ahead...)
	c.line -= len(lines)
	return err
}

// split takes the record apart.
func (c *csvReader) split() error {
	c.fields, c.text = c.fields[:0], c.text[:0]
	// Fields point into text, which must not move while it grows.
	if cap(c.text) < len(c.record) {
		c.text = make([]byte, 0, 2*len(c.record))
	}
	rest, more := c.record, true
	for more {
		var field []byte
		var err error
		if len(rest) > 0 && rest[0] == '"' {
			field, rest, more, err = c.unquote(rest[1:])
		} else if i := bytes.IndexByte(rest, c.comma); i >= 0 {
			field, rest = rest[:i], rest[i+1:]
		} else {
			field, more = rest, false
		}
		if err != nil {
			return err
		}
		c.fields = append(c.fields, field)
	}
	return nil
}

// unquote reads a field after its opening quote, and the separator after it if there is more.
func (c *csvReader) unquote(s []byte) (field, rest []byte, more bool, err error) {
	from := len(c.text)
	for {
		i := bytes.IndexByte(s, '"')
		if i < 0 {
			return nil, nil, false, errOpenQuote
		}
		c.text = append(c.text, s[:i]...)
		s = s[i+1:]
		if len(s) == 0 || s[0] != '"' {
			break
		}
		c.text, s = append(c.text, '"'), s[1:]
	}
	field, s = c.text[from:len(c.text):len(c.text)], bytes.TrimLeft(s, " ")
	switch {
	case len(s) == 0:
		return field, nil, false, nil
	case s[0] == c.comma:
		return field, s[1:], true, nil
	}
	return nil, nil, false, errBadQuote
}

// nextLine reads a line without its end. Of one that is too long it reads all and keeps nothing.
func (c *csvReader) nextLine() ([]byte, error) {
	if len(c.ahead) > 0 {
		line := c.ahead[0]
		c.ahead = c.ahead[1:]
		c.line++
		if line == nil {
			return nil, errLongRecord
		}
		return line, nil
	}
	line, ended, err := c.part()
	if err != nil {
		return nil, err
	}
	c.line++
	if ended {
		return line, nil
	}
	for !ended {
		if _, ended, err = c.part(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return nil, errLongRecord
}

// part reads up to the end of a line, or a buffer full of one, which ended then denies.
func (c *csvReader) part() (b []byte, ended bool, err error) {
	b, err = c.peek()
	if err != nil {
		return nil, false, err
	}
	n := bytes.IndexAny(b, "\r\n")
	if n < 0 && len(b) < c.r.Size() {
		// There may be more to come: the line's end, or the list's.
		b, err = c.r.Peek(c.r.Size())
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		n = bytes.IndexAny(b, "\r\n")
	}
	if n < 0 {
		_, err = c.r.Discard(len(b))
		c.bytes += int64(len(b))
		return b, len(b) < c.r.Size(), err
	}
	c.skipLF = b[n] == '\r'
	_, err = c.r.Discard(n + 1)
	c.bytes += int64(n + 1)
	return b[:n], true, err
}

// peek returns what is in the buffer, after what remains of the last line's end, or io.EOF.
func (c *csvReader) peek() ([]byte, error) {
	if _, err := c.r.Peek(1); err != nil {
		return nil, err
	}
	b, _ := c.r.Peek(c.r.Buffered())
	if c.skipLF && b[0] == '\n' {
		c.skipLF = false
		if _, err := c.r.Discard(1); err != nil {
			return nil, err
		}
		c.bytes++
		return c.peek()
	}
	c.skipLF = false
	return b, nil
}
