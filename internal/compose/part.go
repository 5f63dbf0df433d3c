package compose

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"mime/quotedprintable"
	"strconv"
	"strings"

	"github.com/emersion/go-message/textproto"

	"tidings/internal/send"
)

// fields are header fields in their order. Their values hold single blanks only, where lines may be folded.
type fields []send.Header

func (f *fields) add(name, value string) { *f = append(*f, send.Header{Name: name, Value: value}) }

// header keeps the names as they are written: some services look at their case.
func (f fields) header() (h textproto.Header) {
	for i := len(f) - 1; i >= 0; i-- { // it adds at the top
		h.AddRaw([]byte(f[i].Name + ": " + fold(len(f[i].Name)+2, f[i].Value) + "\r\n"))
	}
	return h
}

// softLine is where lines of headers are folded, at blanks.
const softLine = 76

// fold breaks a value at blanks so that lines are short; used bytes of the first one are taken.
func fold(used int, value string) string {
	if used+len(value) <= softLine {
		return value
	}
	var b strings.Builder
	b.Grow(len(value) + len(value)/softLine*2 + 2)
	for i, word := range strings.Split(value, " ") {
		switch {
		case i > 0 && used+1+len(word) > softLine:
			b.WriteString("\r\n ")
			used = 1
		case i > 0:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String()
}

// part is a MIME part: several parts in it, or content.
type part struct {
	kind    string // "text/html"
	params  map[string]string
	binary  bool // base64, else quoted-printable
	more    fields
	content []byte
	parts   []part
}

// body is what the email holds: mixed(alternative(text, related(html, images)), files), as far as it has each.
func body(m *send.Mail) part {
	var images, files []part
	for _, a := range m.Attachments {
		if a.ContentID != "" && m.HTML != "" {
			images = append(images, file(a))
		} else {
			files = append(files, file(a))
		}
	}
	var kinds []part
	if m.Text != "" || m.HTML == "" {
		kinds = append(kinds, words("text/plain", m.Text))
	}
	if m.HTML != "" {
		kinds = append(kinds, several("multipart/related", append([]part{words("text/html", m.HTML)}, images...)))
	}
	whole := several("multipart/mixed", append([]part{several("multipart/alternative", kinds)}, files...))
	// A body in quoted-printable or base64 can't hold "=_" (RFC 2045, section 6.7), so no text is taken for a boundary.
	seed := sha256.Sum256([]byte(m.MessageID))
	n := 0
	whole.bound(hex.EncodeToString(seed[:12]), &n)
	return whole
}

func words(kind, text string) part {
	return part{kind: kind, params: map[string]string{"charset": "utf-8"}, content: []byte(text)}
}

// several is one part of several, or the only one.
func several(kind string, parts []part) part {
	if len(parts) == 1 {
		return parts[0]
	}
	return part{kind: kind, parts: parts}
}

func (p *part) bound(seed string, n *int) {
	if len(p.parts) == 0 {
		return
	}
	*n++
	p.params = map[string]string{"boundary": "=_" + strconv.Itoa(*n) + "_" + seed}
	for i := range p.parts {
		p.parts[i].bound(seed, n)
	}
}

const unknownContent = "application/octet-stream"

// contentType is that of an attachment; one that can't be read, or that would be no attachment, is unknown content.
func contentType(s string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(s)
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") ||
		strings.HasPrefix(kind, "message/") || mime.FormatMediaType(kind, params) == "" {
		return unknownContent, nil
	}
	return kind, params
}

func file(a send.Attachment) part {
	kind, params := contentType(a.ContentType)
	p := part{kind: kind, params: params, binary: true, content: a.Content}
	disposition := "attachment"
	if a.ContentID != "" {
		disposition = "inline"
		p.more.add("Content-ID", "<"+a.ContentID+">")
	}
	if a.Name != "" {
		disposition = mime.FormatMediaType(disposition, map[string]string{"filename": a.Name})
	}
	p.more.add("Content-Disposition", disposition)
	return p
}

func (p *part) fields(f *fields) {
	f.add("Content-Type", mime.FormatMediaType(p.kind, p.params))
	switch {
	case len(p.parts) > 0:
	case p.binary:
		f.add("Content-Transfer-Encoding", "base64")
	default:
		f.add("Content-Transfer-Encoding", "quoted-printable")
	}
	*f = append(*f, p.more...)
}

// write writes the part as a whole message, below other fields.
func (p *part) write(w io.Writer, above fields) error {
	p.fields(&above)
	if err := textproto.WriteHeader(w, above.header()); err != nil {
		return err
	}
	return p.fill(w)
}

func (p *part) fill(w io.Writer) error {
	switch {
	case len(p.parts) > 0:
		return p.fillParts(w)
	case p.binary:
		return writeBase64(w, p.content)
	}
	q := quotedprintable.NewWriter(w)
	if _, err := q.Write(p.content); err != nil {
		return err
	}
	return q.Close()
}

func (p *part) fillParts(w io.Writer) error {
	mw := textproto.NewMultipartWriter(w)
	if err := mw.SetBoundary(p.params["boundary"]); err != nil {
		return err
	}
	for i := range p.parts {
		var own fields
		p.parts[i].fields(&own)
		inner, err := mw.CreatePart(own.header())
		if err != nil {
			return err
		}
		if err := p.parts[i].fill(inner); err != nil {
			return err
		}
	}
	return mw.Close()
}

// base64Line is how many bytes make a line of 76 letters.
const base64Line = 57

func writeBase64(w io.Writer, content []byte) error {
	line := make([]byte, 0, base64Line/3*4+2)
	for len(content) > 0 {
		n := min(base64Line, len(content))
		line = append(base64.StdEncoding.AppendEncode(line[:0], content[:n]), '\r', '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
		content = content[n:]
	}
	return nil
}
