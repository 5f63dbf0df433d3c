package template

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// PlainText writes HTML as a text for people: headings underlined, lists with their marks, links with where they lead, the
// cells of a table beside each other, quotations marked. What is hidden, styles and scripts are not in it.
//
// It reads tags by itself: a tokenizer of the standard takes five times as long, and this is done for every email.
func PlainText(src string) string {
	w := &textWriter{}
	w.out.Grow(len(src) / 2)
	for i := 0; i < len(src); {
		n := strings.IndexByte(src[i:], '<')
		if n < 0 {
			n = len(src) - i
		}
		if n > 0 && w.skip == 0 {
			w.text(unescaped(src[i : i+n]))
		}
		if i += n; i < len(src) {
			i = w.markup(src, i)
		}
	}
	w.flush()
	if n := len(strings.TrimRight(w.out.String(), "\n ")); n < w.out.Len() {
		return w.out.String()[:n] + "\n"
	}
	w.out.WriteByte('\n')
	return w.out.String()
}

func unescaped(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// markup reads what begins with <: a tag, a comment, or the sign itself. It gives where the rest begins.
func (w *textWriter) markup(src string, i int) int {
	switch rest := src[i+1:]; {
	case strings.HasPrefix(rest, "!--"):
		if n := strings.Index(rest[3:], "-->"); n >= 0 {
			return i + 4 + n + 3
		}
		return len(src)
	case rest != "" && (rest[0] == '!' || rest[0] == '?'):
		return tagEnd(src, i)
	case len(rest) > 1 && rest[0] == '/' && isLetter(rest[1]):
		end := tagEnd(src, i)
		w.end(atomOf(src[i+2 : end]))
		return end
	case rest != "" && isLetter(rest[0]):
		end := tagEnd(src, i)
		return w.start(src, src[i:end], end)
	}
	if w.skip == 0 {
		w.text("<")
	}
	return i + 1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// tagEnd finds the byte after a tag's >, which may stand in quotes before.
func tagEnd(src string, i int) int {
	for ; i < len(src); i++ {
		switch c := src[i]; {
		case c == '>':
			return i + 1
		case (c == '"' || c == '\'') && src[i-1] == '=':
			n := strings.IndexByte(src[i+1:], c)
			if n < 0 {
				return len(src)
			}
			i += n + 1
		}
	}
	return len(src)
}

// atomOf is the name that a tag begins with.
func atomOf(s string) (atom.Atom, string) {
	var b [16]byte
	end, small := 0, true
	for ; end < len(s); end++ {
		c := s[end]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == ':':
		case c >= 'A' && c <= 'Z':
			c, small = c|0x20, false
		default:
			return named(s[:end], &b, small)
		}
		if end < len(b) {
			b[end] = c
		}
	}
	return named(s, &b, small)
}

// named is the atom of a name, whose first letters are in b in small ones.
func named(name string, b *[16]byte, small bool) (atom.Atom, string) {
	if !small {
		name = strings.ToLower(name)
	}
	if len(name) > len(b) {
		return 0, name
	}
	return atom.Lookup(b[:len(name)]), name
}

type textWriter struct {
	out    strings.Builder
	line   []byte
	blank  bool // a blank waits
	wanted int  // line ends that must stand before the next line
	lists  []int
	quotes int
	quoted bool   // the last line was quoted
	mark   []byte // stands before the next line
	under  byte   // what a heading is underlined with
	pre    int

	skip     int    // depth within what is not shown
	skipName string // the element that is not shown
	link     string
	linkAt   int // where its text began in line
}

// isVoid tells elements that never have an end.
func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Source,
		atom.Track, atom.Wbr:
		return true
	}
	return false
}

// start reads a start tag, and gives where the rest begins: after a style or script all of it.
func (w *textWriter) start(src, raw string, end int) int {
	a, name := atomOf(raw[1:])
	if w.skip > 0 {
		if name == w.skipName && !isVoid(a) {
			w.skip++
		}
		return end
	}
	hidden := false
	switch a {
	case atom.Style, atom.Script, atom.Title, atom.Textarea:
		if n := strings.Index(strings.ToLower(src[end:]), "</"+name); n >= 0 {
			return tagEnd(src, end+n)
		}
		return len(src)
	case atom.Head, atom.Template, atom.Svg, atom.Noscript, atom.Object, atom.Select:
		hidden = true
	}
	if hidden || isHidden(raw) {
		if !isVoid(a) {
			w.skip, w.skipName = 1, name
		}
		return end
	}
	w.element(a, raw)
	return end
}

func isHidden(raw string) bool {
	if len(raw) < len("<a hidden>") {
		return false
	}
	if !strings.Contains(raw, "none") && !strings.Contains(raw, "NONE") && !strings.Contains(raw, "hidden") {
		return false
	}
	if from, _, _ := attribute(raw, "hidden"); from >= 0 || strings.Contains(raw, " hidden>") || strings.Contains(raw, " hidden ") {
		return true
	}
	from, to, _ := attribute(raw, "style")
	return from >= 0 && strings.Contains(strings.ToLower(strings.Join(strings.Fields(raw[from:to]), "")), "display:none")
}

func attributeText(raw, name string) string {
	from, to, _ := attribute(raw, name)
	if from < 0 {
		return ""
	}
	return strings.TrimSpace(unescaped(raw[from:to]))
}

func (w *textWriter) element(a atom.Atom, raw string) {
	switch a {
	case atom.Br:
		w.endLine(1)
	case atom.Hr:
		w.endLine(2)
		w.line = append(w.line, "----------"...)
		w.endLine(2)
	case atom.Img:
		w.text(attributeText(raw, "alt"))
	case atom.A:
		w.link, w.linkAt = attributeText(raw, "href"), len(w.line)
	case atom.P, atom.Table, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dl, atom.Form, atom.Figure:
		w.endLine(2)
	case atom.H1, atom.H2:
		w.endLine(2)
		if w.under = '='; a == atom.H2 {
			w.under = '-'
		}
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Dt,
		atom.Dd, atom.Center, atom.Caption, atom.Figcaption, atom.Body, atom.Tr:
		w.endLine(1)
	case atom.Td, atom.Th:
		if len(w.line) > 0 {
			w.line, w.blank = append(w.line, " | "...), false
		}
	case atom.Ul, atom.Ol:
		w.endLine(2 - min(len(w.lists), 1))
		number := 0
		if a == atom.Ul {
			number = -1
		}
		w.lists = append(w.lists, number)
	case atom.Li:
		w.endLine(1)
		w.item()
	case atom.Blockquote:
		w.endLine(2)
		w.quotes++
	case atom.Pre:
		w.endLine(2)
		w.pre++
	}
}

func (w *textWriter) item() {
	w.mark = w.mark[:0]
	for range len(w.lists) - 1 {
		w.mark = append(w.mark, "  "...)
	}
	if len(w.lists) == 0 || w.lists[len(w.lists)-1] < 0 {
		w.mark = append(w.mark, "* "...)
		return
	}
	n := &w.lists[len(w.lists)-1]
	*n++
	w.mark = append(strconv.AppendInt(w.mark, int64(*n), 10), ". "...)
}

func (w *textWriter) end(a atom.Atom, name string) {
	if w.skip > 0 {
		if name == w.skipName {
			w.skip--
		}
		return
	}
	switch a {
	case atom.A:
		w.endLink()
	case atom.P, atom.Table, atom.H3, atom.H4, atom.H5, atom.H6, atom.H1, atom.H2, atom.Dl, atom.Form, atom.Figure:
		w.endLine(2)
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Tr,
		atom.Li, atom.Dt, atom.Dd, atom.Center, atom.Caption, atom.Figcaption:
		w.endLine(1)
	case atom.Ul, atom.Ol:
		w.lists = w.lists[:max(len(w.lists)-1, 0)]
		w.endLine(2 - min(len(w.lists), 1))
		w.mark = w.mark[:0]
	case atom.Blockquote:
		w.endLine(2)
		w.quotes = max(w.quotes-1, 0)
	case atom.Pre:
		w.endLine(2)
		w.pre = max(w.pre-1, 0)
	}
}

// endLink writes where a link leads, unless its text says so or it leads nowhere.
func (w *textWriter) endLink() {
	href := w.link
	w.link = ""
	label := strings.TrimSpace(string(w.line[min(w.linkAt, len(w.line)):]))
	shown := strings.TrimPrefix(strings.TrimPrefix(href, "mailto:"), "tel:")
	if href == "" || strings.HasPrefix(href, "#") || shown == label || strings.TrimSuffix(shown, "/") == label {
		return
	}
	if label == "" {
		w.text(shown)
		return
	}
	w.blank = false
	w.line = append(append(append(w.line, " ("...), shown...), ')')
}

// isWord tells bytes that stand in a text as they are. What is special of others begins with one of the three.
func isWord(c byte) bool { return c > ' ' && c != 0xC2 && c != 0xE2 && c != 0xCD }

// text adds words to the line; runs of blanks are one.
func (w *textWriter) text(s string) {
	if w.pre > 0 {
		for i, part := range strings.Split(s, "\n") {
			if i > 0 {
				w.endLine(1)
				w.wanted = max(w.wanted, 1)
			}
			w.line = append(w.line, part...)
		}
		return
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
			w.blank = true
			i++
			continue
		case c == 0xC2 && i+1 < len(s) && s[i+1] == 0xA0: // no-break space
			w.blank = true
			i += 2
			continue
		case c == 0xE2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2] >= 0x8B && s[i+2] <= 0x8F: // zero width
			i += 3
			continue
		case c == 0xCD && i+1 < len(s) && s[i+1] == 0x8F: // combining grapheme joiner, of preheaders
			i += 2
			continue
		}
		end := i + 1
		for end < len(s) && (isWord(s[end]) || s[end] == ' ' && end+1 < len(s) && isWord(s[end+1])) {
			end++
		}
		if w.blank && len(w.line) > 0 {
			w.line = append(w.line, ' ')
		}
		w.blank = false
		w.line = append(w.line, s[i:end]...)
		i = end
	}
}

// endLine ends a line, and asks for so many line ends before the next.
func (w *textWriter) endLine(ends int) {
	w.flush()
	if w.out.Len() > 0 {
		w.wanted = max(w.wanted, ends)
	}
}

func (w *textWriter) flush() {
	w.blank = false
	line := bytes.TrimRight(w.line, " |")
	if len(line) == 0 {
		w.line = w.line[:0]
		return
	}
	for range w.wanted {
		if w.quotes > 0 && w.quoted && strings.HasSuffix(w.out.String(), "\n") {
			w.out.WriteByte('>')
		}
		w.out.WriteByte('\n')
	}
	w.wanted, w.quoted = 0, w.quotes > 0
	for range w.quotes {
		w.out.WriteString("> ")
	}
	w.out.Write(w.mark)
	w.out.Write(line)
	w.mark = w.mark[:0]
	if w.under != 0 {
		w.out.WriteByte('\n')
		for range min(utf8.RuneCount(line), 70) {
			w.out.WriteByte(w.under)
		}
		w.under = 0
	}
	w.line = w.line[:0]
	w.linkAt = 0
	w.wanted = 1
}
