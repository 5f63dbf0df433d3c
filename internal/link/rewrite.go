package link

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Rewriting says what a message's HTML gets. The zero value only takes out the attributes that are ours to read.
type Rewriting struct {
	// Pixel is the address of the image that tells of an open; empty: there is none.
	Pixel string
	// Click makes the link that leads to a target and tells of it; nil: links stay as they are.
	Click func(target string, tags map[string][]string) string
	// Keep reports whether a link stays as it is; nil: none does for this reason.
	Keep func(target string) bool
}

// The attributes of a link that are read and taken out, as of Amazon SES.
const (
	noTrack  = "ses:no-track"
	linkTags = "ses:tags"
)

// Rewrite makes a message's HTML with links that tell of clicks, and an image at its end that tells of an open. Everything
// else stays as it is, byte for byte. Links stay that are neither http nor https (mailto:, tel:, #part), that carry
// ses:no-track, that no browser would follow, or that are longer than 2,000 bytes. n is how many links were rewritten.
func Rewrite(text string, o Rewriting) (out string, n int) {
	r := rewriter{Rewriting: o, end: -1}
	r.out.Grow(len(text) + len(text)/2)
	tokens := html.NewTokenizer(strings.NewReader(text))
	read := 0
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		raw := text[read : read+len(tokens.Raw())]
		read += len(raw)
		r.token(tokens, kind, raw)
	}
	r.out.WriteString(text[read:]) // a tag that has no end
	if o.Pixel == "" {
		return r.out.String(), r.n
	}
	out = r.out.String()
	if r.end < 0 {
		r.end = len(out)
	}
	return out[:r.end] + pixel(o.Pixel) + out[r.end:], r.n
}

// pixel is an image that nobody sees, and that programs which read aloud pass over.
func pixel(address string) string {
	return `<img src="` + html.EscapeString(address) +
		`" alt="" width="1" height="1" border="0" style="display:block;width:1px;height:1px;border:0;overflow:hidden">`
}

// rewriter is one message on its way.
type rewriter struct {
	Rewriting
	out strings.Builder
	end int // where the body ends in out; negative: it was not seen
	n   int
}

func (r *rewriter) token(t *html.Tokenizer, kind html.TokenType, raw string) {
	switch kind {
	case html.EndTagToken:
		if name, _ := t.TagName(); string(name) == "body" || string(name) == "html" && r.end < 0 {
			r.end = r.out.Len()
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		if len(raw) < 2 || raw[1]|0x20 != 'a' { // its attributes need not be read
			break
		}
		token := t.Token()
		if (token.Data == "a" || token.Data == "area") && r.link(&token) {
			raw = tag(&token)
		}
	default:
	}
	r.out.WriteString(raw)
}

// link changes the tag of a link, and reports whether it did.
func (r *rewriter) link(t *html.Token) (changed bool) {
	var tags map[string][]string
	href, tracked := -1, true
	kept := t.Attr[:0]
	for _, a := range t.Attr {
		switch {
		case a.Key == noTrack:
			tracked, changed = false, true
			continue
		case a.Key == linkTags:
			tags, changed = tagsOf(a.Val), true
			continue
		case a.Key == "href" && href < 0:
			href = len(kept)
		}
		kept = append(kept, a)
	}
	t.Attr = kept
	if href < 0 || !tracked || r.Click == nil {
		return changed
	}
	target, ok := Target(t.Attr[href].Val)
	if !ok || r.Keep != nil && r.Keep(target) {
		return changed
	}
	t.Attr[href].Val = r.Click(target, tags)
	r.n++
	return true
}

// Target is what a browser would follow of a link's address; ok is false for all but http and https.
func Target(s string) (target string, ok bool) {
	s = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\n' || c == '\r' {
			return -1
		}
		return c
	}, strings.Trim(s, " \t\n\f\r"))
	if len(s) > maxTarget || strings.ContainsFunc(s, unicode.IsControl) || strings.Contains(s, `\`) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return "", false
	}
	return s, true
}

// tagsOf reads the tags of a link: name:value;name:value.
func tagsOf(s string) map[string][]string {
	var tags map[string][]string
	n := 0
	for pair := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(pair, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "" || len(key) > maxTag || len(value) > maxTag || n == maxTags {
			continue
		}
		if tags == nil {
			tags = make(map[string][]string)
		}
		tags[key] = append(tags[key], value)
		n++
	}
	return tags
}

// tag writes a start tag anew.
func tag(t *html.Token) string {
	var b strings.Builder
	b.WriteByte('<')
	b.WriteString(t.Data)
	for _, a := range t.Attr {
		b.WriteByte(' ')
		b.WriteString(a.Key)
		b.WriteString(`="`)
		b.WriteString(html.EscapeString(a.Val))
		b.WriteByte('"')
	}
	if t.Type == html.SelfClosingTagToken {
		b.WriteString(" /")
	}
	b.WriteByte('>')
	return b.String()
}
