package inbound

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// allowed are the elements that stay, without their attributes; every other goes, and what stands in it stays.
var allowed = map[atom.Atom]bool{
	atom.A: true, atom.B: true, atom.Blockquote: true, atom.Br: true, atom.Code: true, atom.Dd: true, atom.Div: true, atom.Dl: true,
	atom.Dt: true, atom.Em: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
	atom.Hr: true, atom.I: true, atom.Li: true, atom.Ol: true, atom.P: true, atom.Pre: true, atom.S: true, atom.Span: true,
	atom.Strong: true, atom.Sub: true, atom.Sup: true, atom.Table: true, atom.Tbody: true, atom.Td: true, atom.Tfoot: true,
	atom.Th: true, atom.Thead: true, atom.Tr: true, atom.U: true, atom.Ul: true,
}

// hidden are the elements that go with what stands in them.
var hidden = map[atom.Atom]bool{
	atom.Applet: true, atom.Audio: true, atom.Embed: true, atom.Head: true, atom.Iframe: true, atom.Math: true, atom.Noembed: true,
	atom.Noframes: true, atom.Noscript: true, atom.Object: true, atom.Script: true, atom.Select: true, atom.Style: true,
	atom.Svg: true, atom.Template: true, atom.Textarea: true, atom.Title: true, atom.Video: true, atom.Xmp: true,
	atom.Plaintext: true,
}

// void are the elements without an end.
var void = map[atom.Atom]bool{atom.Br: true, atom.Hr: true}

// maxOpen is how many elements may be open at once; what is deeper goes.
const maxOpen = 100

// sanitizer writes HTML that can do nothing: no scripts, no styles, no pictures, no forms; links lead to the web or to mail.
type sanitizer struct {
	out    strings.Builder
	open   []atom.Atom
	hidden []atom.Atom // those that are open
	limit  int
}

// sanitize makes HTML harmless and cuts it to about limit bytes, at a character; every element that it opens is closed.
func sanitize(s string, limit int) string {
	x := sanitizer{limit: limit}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(maxSource)
	for x.out.Len() < limit {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		x.token(kind, z.Token())
	}
	for _, a := range slices.Backward(x.open) {
		x.out.WriteString("</" + a.String() + ">")
	}
	return strings.TrimSpace(x.out.String())
}

func (x *sanitizer) token(kind html.TokenType, t html.Token) {
	switch kind {
	case html.TextToken:
		if len(x.hidden) == 0 {
			x.text(t.Data)
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		x.begin(t, kind == html.SelfClosingTagToken)
	case html.EndTagToken:
		x.end(t.DataAtom)
	}
}

func (x *sanitizer) text(s string) {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, clean(s, max(x.limit-x.out.Len(), 0)))
	x.out.WriteString(html.EscapeString(s))
}

func (x *sanitizer) begin(t html.Token, selfClosing bool) {
	a := t.DataAtom
	switch {
	case hidden[a]:
		if !selfClosing && len(x.hidden) < maxOpen {
			x.hidden = append(x.hidden, a)
		}
		return
	case len(x.hidden) > 0 || !allowed[a] || len(x.open) >= maxOpen:
		return
	}
	x.out.WriteString("<" + a.String())
	if a == atom.A {
		if href := safeLink(t.Attr); href != "" {
			x.out.WriteString(` href="` + html.EscapeString(href) + `" rel="nofollow noopener noreferrer"`)
		}
	}
	x.out.WriteString(">")
	switch {
	case void[a]:
	case selfClosing:
		x.out.WriteString("</" + a.String() + ">")
	default:
		x.open = append(x.open, a)
	}
}

// end closes an element, and those in it that were left open. Ends of what is not open go.
func (x *sanitizer) end(a atom.Atom) {
	if len(x.hidden) > 0 {
		for i, h := range slices.Backward(x.hidden) {
			if h == a {
				x.hidden = x.hidden[:i]
				break
			}
		}
		return
	}
	at := -1
	for i, o := range slices.Backward(x.open) {
		if o == a {
			at = i
			break
		}
	}
	if at < 0 {
		return
	}
	for _, o := range slices.Backward(x.open[at:]) {
		x.out.WriteString("</" + o.String() + ">")
	}
	x.open = x.open[:at]
}

// safeLink is the target of a link that may stay.
func safeLink(attributes []html.Attribute) string {
	for _, attr := range attributes {
		if attr.Key != "href" {
			continue
		}
		href := strings.TrimSpace(attr.Val)
		lower := strings.ToLower(href)
		const longest = 2000
		bad := strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || r == 0x7f })
		for _, scheme := range [...]string{"https://", "http://", "mailto:"} {
			if strings.HasPrefix(lower, scheme) && !bad && len(href) <= longest {
				return href
			}
		}
		return ""
	}
	return ""
}
