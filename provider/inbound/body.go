package inbound

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxDepth  = 8
	maxParts  = 64
	maxSource = 1 << 20 // bytes of a part that are read
)

// raw is the mail as it came.
func (m *mapping) raw() []byte {
	text := []byte(m.Content)
	if !strings.EqualFold(string(m.Receipt.Action.Encoding), "base64") {
		return text
	}
	decoded, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	if err != nil && len(decoded) == 0 {
		return text
	}
	return decoded
}

// readHead reads the header of a mail, as far as it goes.
func readHead(raw []byte) (f fields) {
	for name, values := range head(bufio.NewReader(bytes.NewReader(raw))) {
		for _, v := range values {
			if len(f) < maxFields {
				f.add(name, v)
			}
		}
	}
	return f
}

func head(r *bufio.Reader) textproto.MIMEHeader {
	h, _ := textproto.NewReader(r).ReadMIMEHeader() // what came before an error counts
	return h
}

// html is the body of the mail as somebody wrote it: its HTML, else its text as HTML; empty: neither can be read.
func (m *mapping) html() string {
	r := bufio.NewReader(bytes.NewReader(m.raw()))
	var p parts
	p.walk(head(r), r, 0)
	switch {
	case p.html != "":
		return p.html
	case p.text != "":
		return textHTML(p.text)
	case p.broken:
		m.problem(codeBody, "the body of the mail is in no form that is known: the event has none")
	}
	return ""
}

// parts are the first readable ones of a mail.
type parts struct {
	html, text string
	n          int
	broken     bool
}

func (p *parts) walk(h textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind, params = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		p.walkParts(multipart.NewReader(body, params["boundary"]), depth)
		return
	}
	if disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition")); disposition == "attachment" {
		return
	}
	into := map[string]*string{"text/html": &p.html, "text/plain": &p.text}[kind]
	if into == nil || *into != "" {
		return
	}
	text, err := io.ReadAll(io.LimitReader(decoder(h.Get("Content-Transfer-Encoding"), body), maxSource))
	if err != nil && len(text) == 0 {
		p.broken = true
		return
	}
	*into = inUTF8(text, params["charset"])
}

func (p *parts) walkParts(r *multipart.Reader, depth int) {
	if depth == maxDepth {
		return
	}
	for p.n < maxParts {
		part, err := r.NextRawPart()
		if err != nil {
			p.broken = p.broken || err != io.EOF
			return
		}
		p.n++
		p.walk(part.Header, part, depth+1)
	}
}

func decoder(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}

func inUTF8(text []byte, charset string) string {
	if e, err := htmlindex.Get(charset); err == nil && charset != "" {
		if decoded, err := e.NewDecoder().Bytes(text); err == nil {
			text = decoded
		}
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// textHTML writes a text as HTML.
func textHTML(s string) string {
	s = html.EscapeString(strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n"))
	return strings.ReplaceAll(s, "\n", "<br>")
}
