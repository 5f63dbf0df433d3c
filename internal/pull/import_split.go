package pull

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The codes of what a file holds that is no record.
const (
	CodeNotJSON  = "not_json"        // not an object of JSON
	CodeTooLong  = "too_long"        // longer than maxRecord
	CodeCut      = "cut"             // the file ends within a record, an array or its compression
	CodeNotRead  = "not_read"        // the file could not be read to its end
	CodeBomb     = "compressed_bomb" // the file grows beyond all measure when it is decompressed
	CodeBadQuote = "bad_csv"         // a line of CSV with a quote in the wrong place or the wrong number of columns
)

const (
	maxRecord = 4 << 20  // bytes of the longest record: SES writes 256 KiB, six times that where escaped
	maxKept   = 16 << 10 // bytes that are kept of what is no record
	maxNested = 64       // how deep objects and arrays nest, as in package provider
)

// piece is what a file holds at one place: a record, or something that is none. Its bytes are valid until the next one.
type piece struct {
	bytes  []byte
	line   int64  // of its first byte, from 1
	offset int64  // of its first byte in the decompressed file
	code   string // why it is no record; empty for one that may be
	detail string // for people
}

// splitter cuts JSON values out of a stream: one on each line, one after another, in arrays, or in the pages of our own
// API. It looks no further than it must: whether a record is valid JSON is for who reads it. After something broken it
// goes on at the next line.
type splitter struct {
	from   io.Reader
	buf    []byte // buf[pos:end] is what is read and not taken
	pos    int
	end    int
	line   int64
	offset int64
	open   int  // arrays that are open
	page   bool // the innermost open array is the list of a page
	failed error
}

const firstBuffer = 256 << 10

func newSplitter(from io.Reader) *splitter {
	return &splitter{from: from, buf: make([]byte, firstBuffer), line: 1}
}

// more reads on. It reports false at the end, whyever it ended.
func (s *splitter) more() bool {
	if s.failed != nil {
		return false
	}
	if s.pos > 0 {
		copy(s.buf, s.buf[s.pos:s.end])
		s.pos, s.end = 0, s.end-s.pos
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for {
		n, err := s.from.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.failed = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// take gives up the next n bytes.
func (s *splitter) take(n int) []byte {
	b := s.buf[s.pos : s.pos+n]
	s.pos += n
	s.offset += int64(n)
	s.line += int64(bytes.Count(b, newline))
	return b
}

var newline = []byte("\n")

// next returns the next piece, and io.EOF after the last. A file that can't be read to its end is told as a piece.
func (s *splitter) next() (piece, error) {
	for {
		if s.pos == s.end && !s.more() {
			return s.last()
		}
		c := s.buf[s.pos]
		switch {
		case c == '{':
			if s.open == 0 && s.beginPage() {
				continue
			}
			return s.object(scan{}), nil
		case c == '[':
			s.open++
		case c == ']' && s.open > 0:
			if s.open--; s.open == 0 && s.page {
				s.page = false
				s.take(1)
				if p := s.object(scan{depth: 1, before: ']'}); p.code != "" {
					return p, nil
				}
				continue
			}
		case c == ' ', c == '\t', c == '\r', c == '\n', c == ',', c == 0x1e: // also RFC 7464's separator
		case s.offset == 0 && s.skipMark():
			continue
		default:
			return s.junk(), nil
		}
		s.take(1)
	}
}

// last tells why the file ended, if it is not whole.
func (s *splitter) last() (piece, error) {
	p := piece{line: s.line, offset: s.offset}
	switch {
	case errors.Is(s.failed, io.EOF) && s.open > 0:
		s.open = 0
		p.code, p.detail = CodeCut, "the file ends in the middle of an array"
	case errors.Is(s.failed, io.EOF):
		return p, io.EOF
	default:
		p.code, p.detail = codeOf(s.failed), s.failed.Error()
		s.failed = io.EOF
		s.open = 0
	}
	return p, nil
}

// codeOf names why a file could not be read to its end.
func codeOf(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return CodeCut
	case errors.Is(err, errBomb):
		return CodeBomb
	}
	return CodeNotRead
}

// skipMark takes the byte order mark that some editors write at the begin.
func (s *splitter) skipMark() bool {
	mark := []byte("\xef\xbb\xbf")
	for s.end-s.pos < len(mark) && s.more() {
		continue
	}
	if !bytes.HasPrefix(s.buf[s.pos:s.end], mark) {
		return false
	}
	s.take(len(mark))
	return true
}

// beginPage takes what stands before the list in a page of our own API: {"events":[
func (s *splitter) beginPage() bool {
	const enough = 64
	for s.end-s.pos < enough && s.more() {
		continue
	}
	rest := s.buf[s.pos:s.end]
	for _, want := range []string{"{", `"events"`, ":", "["} {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !bytes.HasPrefix(rest, []byte(want)) {
			return false
		}
		rest = rest[len(want):]
	}
	s.take(s.end - s.pos - len(rest))
	s.open, s.page = 1, true
	return true
}

// object takes one object, from the state that the scan is in.
func (s *splitter) object(sc scan) piece {
	p := piece{line: s.line, offset: s.offset}
	i := 0
	for {
		n, found := sc.run(s.buf[s.pos+i : s.end])
		i += n
		switch {
		case found == wholeObject && i <= maxRecord:
			p.bytes = s.take(i)
			return p
		case found == brokenObject:
			return s.broken(p, i)
		case i > maxRecord:
			p.code, p.detail = CodeTooLong, fmt.Sprintf("it is longer than %d bytes", maxRecord)
			p.bytes = bytes.Clone(s.buf[s.pos : s.pos+maxKept])
			s.toNextLine()
			return p
		case !s.more():
			p.code, p.detail = CodeCut, "the file ends in the middle of a record"
			p.bytes = s.take(i)
			p.bytes = p.bytes[:min(len(p.bytes), maxKept)]
			return p
		}
	}
}

// broken takes what can't become an object, up to the line's end before the place where that is known.
func (s *splitter) broken(p piece, at int) piece {
	p.code, p.detail = CodeNotJSON, "it is not an object of JSON"
	if cut := bytes.LastIndexByte(s.buf[s.pos:s.pos+at], '\n'); cut >= 0 {
		p.bytes = bytes.TrimRight(s.take(cut+1), "\r\n")
		p.bytes = p.bytes[:min(len(p.bytes), maxKept)]
		return p
	}
	p.bytes = s.toNextLine()
	return p
}

// junk takes the rest of a line that does not begin with an object.
func (s *splitter) junk() piece {
	p := piece{line: s.line, offset: s.offset, code: CodeNotJSON, detail: "it is not an object of JSON"}
	p.bytes = s.toNextLine()
	return p
}

// toNextLine takes everything to the end of the line, however long, and returns the begin of it.
func (s *splitter) toNextLine() []byte {
	var kept []byte
	for {
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '\n'); i >= 0 {
			kept = append(kept, s.take(i+1)...)
			return bytes.TrimRight(kept[:min(len(kept), maxKept)], "\r\n")
		}
		rest := s.take(s.end - s.pos)
		kept = append(kept, rest[:min(len(rest), maxKept-min(len(kept), maxKept))]...)
		if !s.more() {
			return kept[:min(len(kept), maxKept)]
		}
	}
}
