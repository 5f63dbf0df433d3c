package dsn

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"

	"tidings/provider"
)

// The bounds on a message. No program that writes reports comes near them.
const (
	maxDepth      = 8         // of parts in parts
	maxParts      = 64        // in all
	maxHeader     = 256 << 10 // bytes of one header; what is beyond is not read
	maxFields     = 2000      // lines of one header
	maxReport     = 2 << 20   // bytes of the machine-readable part
	maxRecipients = 10_000
)

// The codes of problems.
const (
	codeUnreadable  = "unreadable"
	codeNotStandard = "non_standard_bounce"
	codeNoReport    = "no_report"
	codeReceipt     = "read_receipt"
	codeNoRecipient = "no_recipient"
	codeBounds      = "out_of_bounds"
)

// letter is a message, taken apart as far as its report goes.
type letter struct {
	header   message.Header
	status   []byte         // the body of message/delivery-status; nil: none
	feedback []byte         // the body of message/feedback-report; nil: none
	returned message.Header // of the message that the report is about; empty: it did not come back
	problems []provider.Problem
	parts    int
	full     bool // no more parts are read
}

// signs are the fields of which any mail has one.
var signs = []string{"From", "Date", "Message-Id", "Received", "Return-Path", "Content-Type", "Subject", "To"}

// readMail takes a message apart. It is false where body does not begin with a mail's header. A line before it as mbox
// files and Postfix's pipe have it ("From …") is passed over.
func readMail(body []byte) (*letter, bool) {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), "\r\n")
	if bytes.HasPrefix(body, []byte("From ")) {
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	head, rest := cutHeader(body)
	m := &letter{header: readHeader(head)}
	known := false
	for _, s := range signs {
		known = known || m.header.Has(s)
	}
	if !known {
		return nil, false
	}
	whole, err := message.New(m.header, bytes.NewReader(rest))
	if err != nil && !readable(err) {
		return m, true
	}
	m.walk(whole, 0)
	return m, true
}

// readable reports whether a part can be read although its charset or its encoding is unknown.
func readable(err error) bool { return message.IsUnknownCharset(err) || message.IsUnknownEncoding(err) }

// walk goes through the parts. A message within the message is only looked at from outside: it is ours, or somebody
// forwards a report, which must not count.
func (m *letter) walk(e *message.Entity, depth int) {
	parts := e.MultipartReader()
	if parts == nil {
		m.leaf(e)
		return
	}
	if depth == maxDepth {
		m.problem(-1, codeBounds, "the message has parts in parts in parts, more than anybody writes: the deeper ones are not read")
		return
	}
	for !m.full {
		part, err := parts.NextPart()
		if part == nil || err != nil && !readable(err) {
			if !errors.Is(err, io.EOF) {
				m.full = true // cut short, or no boundary: what came before is read
			}
			return
		}
		if m.parts++; m.parts > maxParts {
			m.full = true
			m.problem(-1, codeBounds, "the message has more parts than anybody writes: the later ones are not read")
			return
		}
		m.walk(part, depth+1)
	}
}

// leaf keeps the first part of each kind.
func (m *letter) leaf(e *message.Entity) {
	kind, _, _ := e.Header.ContentType()
	switch strings.ToLower(kind) {
	case "message/delivery-status", "message/global-delivery-status":
		m.keep(&m.status, e)
	case "message/feedback-report":
		m.keep(&m.feedback, e)
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		if m.returned.Len() == 0 {
			head, _ := cutHeader(readUpTo(e.Body, maxHeader))
			m.returned = readHeader(head)
		}
	}
}

func (m *letter) keep(into *[]byte, e *message.Entity) {
	if *into != nil {
		return
	}
	text := readUpTo(e.Body, maxReport+1)
	if len(text) > maxReport {
		text = text[:maxReport]
		m.problem(-1, codeBounds, "the report is longer than anybody writes: its end is not read")
	}
	*into = append([]byte{}, text...) // not nil, even if it is empty
}

// readUpTo reads at most limit bytes. An error ends the text, as in a message that was cut short.
func readUpTo(r io.Reader, limit int64) []byte {
	text, _ := io.ReadAll(io.LimitReader(r, limit))
	return text
}

func (m *letter) problem(element int, code, text string) {
	m.problems = append(m.problems, provider.Problem{Element: element, Code: code, Message: text})
}

// cutHeader parts a message at its first empty line.
func cutHeader(text []byte) (head, body []byte) {
	for at := 0; at < len(text); {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		if len(bytes.TrimSpace(text[at:at+end])) == 0 {
			return text[:at], text[at+end+1:]
		}
		at += end + 1
	}
	return text, nil
}

// readHeader reads a header without its lines that are none, so that one broken line costs only itself.
func readHeader(head []byte) message.Header {
	head = head[:min(len(head), maxHeader)]
	clean := make([]byte, 0, len(head)+2)
	kept, fields := false, 0
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && !kept {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			kept = isField(line)
		}
		if fields++; kept && fields <= maxFields {
			clean = append(append(clean, line...), '\r', '\n')
		}
	}
	h, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(clean, '\r', '\n'))))
	return message.Header{Header: h}
}

// isField reports whether a line begins with the name of a field (RFC 5322, section 2.2).
func isField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return ok && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}
