package template

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"tidings/internal/liquid"
)

const mark = "data-tidings-n"

// tag is a start tag as it stands in a source.
type tag struct {
	from, to int
	name     string
	styled   []declaration
}

// sheet is a style element as it stands in a source.
type sheet struct {
	from, to   int // of the whole element
	open, shut int // of what it holds
	keep       bool
}

// inline writes the rules of style elements into the elements that they are about, for many readers of mail know no other
// styles. What depends on the reader (@media, :hover) stays, and so does a style element with data-no-inline. Everything else
// of the source stays as it was written, Liquid above all.
func inline(src string) (string, []Problem) {
	if !strings.Contains(src, "<style") && !strings.Contains(src, "<STYLE") {
		return src, nil
	}
	tags, sheets, marked := scanHTML(src)
	doc, err := html.Parse(strings.NewReader(marked))
	if err != nil {
		return src, nil
	}
	var patches []patch
	var warnings []Problem
	var rules []rule
	for _, s := range sheets {
		if s.keep {
			continue
		}
		css := src[s.open:s.shut]
		if strings.Contains(css, "{%") {
			warnings = append(warnings, problemAt(src, s.open, "These styles hold {% %}, and stay where they are: "+
				"readers of mail that know no <style> don't show them."))
			continue
		}
		own, kept := parseSheet(css, len(rules))
		rules = append(rules, own...)
		if strings.TrimSpace(kept) == "" {
			patches = append(patches, patch{s.from, s.to, ""})
		} else {
			patches = append(patches, patch{s.open, s.shut, "\n" + kept + "\n"})
		}
	}
	apply(doc, rules, tags)
	for i := range tags {
		if t := &tags[i]; len(t.styled) > 0 {
			patches = append(patches, t.patch(src))
		}
	}
	return patched(src, patches), warnings
}

// masked is a source with blanks in the place of Liquid, so that it can be read as HTML at the same offsets.
func masked(src string) string {
	b := []byte(src)
	for _, m := range liquid.Marks(src) {
		fill := byte(' ')
		if m.From > 0 && b[m.From-1] == '=' {
			fill = 'x'
		}
		for i := m.From; i < m.To; i++ {
			if b[i] != '\n' {
				b[i] = fill
			}
		}
	}
	return string(b)
}

// scanHTML finds the tags and style elements of a source, and gives it with its tags numbered.
func scanHTML(src string) (tags []tag, sheets []sheet, marked string) {
	flat := masked(src)
	z := html.NewTokenizer(strings.NewReader(flat))
	var out strings.Builder
	at := 0
	var open *sheet
	for {
		kind := z.Next()
		raw := z.Raw()
		from, to := at, at+len(raw)
		at = to
		if kind == html.ErrorToken {
			return tags, sheets, out.String()
		}
		text := flat[from:to]
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			t := tag{from: from, to: to, name: string(name)}
			end := 1 + len(name)
			out.WriteString(text[:end] + " " + mark + `="` + strconv.Itoa(len(tags)) + `"` + text[end:])
			if t.name == "style" {
				open = &sheet{from: from, open: to, keep: stays(z, more)}
			}
			tags = append(tags, t)
			continue
		case html.EndTagToken:
			if name, _ := z.TagName(); open != nil && string(name) == "style" {
				open.shut, open.to = from, to
				sheets = append(sheets, *open)
				open = nil
			}
		}
		out.WriteString(text)
	}
}

// stays reports whether a style element asks to be left, or is for some readers only.
func stays(z *html.Tokenizer, more bool) bool {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		forSome := string(key) == "media" && !slices.Contains([]string{"", "all", "screen"}, string(value))
		if string(key) == "data-no-inline" || forSome {
			return true
		}
	}
	return false
}

// apply finds the elements of each rule, from the weakest rule to the strongest.
func apply(doc *html.Node, rules []rule, tags []tag) {
	slices.SortStableFunc(rules, func(a, b rule) int {
		for i := range a.weight {
			if c := cmp.Compare(a.weight[i], b.weight[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.order, b.order)
	})
	for _, r := range rules {
		for _, n := range cascadia.QueryAll(doc, r.selector) {
			for _, a := range n.Attr {
				if i, err := strconv.Atoi(a.Val); a.Key == mark && err == nil && i < len(tags) {
					tags[i].style(r.declarations)
				}
			}
		}
	}
}

// style lays declarations over those that are there. What is important is not overruled by what is not.
func (t *tag) style(list []declaration) {
	for _, d := range list {
		i := slices.IndexFunc(t.styled, func(x declaration) bool { return x.property == d.property })
		if i >= 0 && t.styled[i].important && !d.important {
			continue
		}
		if i >= 0 {
			t.styled = slices.Delete(t.styled, i, i+1)
		}
		t.styled = append(t.styled, d)
	}
}

// patch writes the declarations into the tag's style attribute: what was written there goes before them, but for what is
// important.
func (t *tag) patch(src string) patch {
	raw := masked(src)[t.from:t.to]
	var weak, strong []string
	for _, d := range t.styled {
		if d.important {
			strong = append(strong, d.property+": "+d.value+" !important")
		} else {
			weak = append(weak, d.property+": "+d.value)
		}
	}
	from, to, quote := attribute(raw, "style")
	if from < 0 {
		at := t.from + 1 + len(t.name)
		return patch{at, at, ` style="` + quoted(strings.Join(append(weak, strong...), "; "), '"') + `"`}
	}
	from, to = t.from+from, t.from+to
	was := strings.Trim(strings.TrimSpace(src[from:to]), ";")
	parts := weak
	if was != "" {
		parts = append(parts, was)
	}
	if quote == 0 {
		return patch{from, to, `"` + quoted(strings.Join(append(parts, strong...), "; "), '"') + `"`}
	}
	for i := range weak {
		parts[i] = quoted(parts[i], quote)
	}
	for _, s := range strong {
		parts = append(parts, quoted(s, quote))
	}
	return patch{from, to, strings.Join(parts, "; ")}
}

// quoted puts the other kind of quotes into a value that stands within quotes.
func quoted(s string, quote byte) string {
	if quote == '\'' {
		return strings.ReplaceAll(s, "'", `"`)
	}
	return strings.ReplaceAll(s, `"`, "'")
}

// attribute finds the value of an attribute within a tag, without its quotes; -1: it is not there.
func attribute(raw, name string) (from, to int, quote byte) {
	i := 1
	for i < len(raw) && !isSpace(raw[i]) && raw[i] != '>' && raw[i] != '/' {
		i++
	}
	for i < len(raw) {
		for i < len(raw) && (isSpace(raw[i]) || raw[i] == '/') {
			i++
		}
		start := i
		for i < len(raw) && !isSpace(raw[i]) && raw[i] != '=' && raw[i] != '>' && raw[i] != '/' {
			i++
		}
		key := raw[start:i]
		for i < len(raw) && isSpace(raw[i]) {
			i++
		}
		if i >= len(raw) || raw[i] != '=' {
			if i == start {
				i++
			}
			continue
		}
		for i++; i < len(raw) && isSpace(raw[i]); i++ {
		}
		vf, vt, q := value(raw, i)
		if strings.EqualFold(key, name) {
			return vf, vt, q
		}
		i = vt
		if q != 0 {
			i++
		}
	}
	return -1, -1, 0
}

func value(raw string, i int) (from, to int, quote byte) {
	if i < len(raw) && (raw[i] == '"' || raw[i] == '\'') {
		n := strings.IndexByte(raw[i+1:], raw[i])
		if n < 0 {
			return i + 1, len(raw), raw[i]
		}
		return i + 1, i + 1 + n, raw[i]
	}
	end := i
	for end < len(raw) && !isSpace(raw[end]) && raw[end] != '>' {
		end++
	}
	return i, end, 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// patch replaces a part of a source.
type patch struct {
	from, to int
	by       string
}

func patched(src string, list []patch) string {
	slices.SortStableFunc(list, func(a, b patch) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := 0
	for _, p := range list {
		if p.from < at {
			continue
		}
		b.WriteString(src[at:p.from])
		b.WriteString(p.by)
		at = p.to
	}
	b.WriteString(src[at:])
	return b.String()
}
