package liquid

import (
	"html"
	"maps"
	"slices"
	"strings"
)

// call is one use of a filter.
type call struct {
	s       *state
	at      int
	in      any
	args    []any
	named   map[string]any
	tooLong bool
}

// filter makes a value of another. It takes whatever it gets: what makes no sense to it stays as it is or is nothing.
type filter func(c *call) any

func (c *call) arg(i int) any {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

func (c *call) has(i int) bool { return i < len(c.args) }

func (c *call) text() string { return c.s.text(c.in) }

func (c *call) textArg(i int, otherwise string) string {
	if !c.has(i) {
		return otherwise
	}
	return c.s.text(c.args[i])
}

func (c *call) intArg(i int, otherwise int64) int64 {
	if !c.has(i) || c.args[i] == nil {
		return otherwise
	}
	return integer(c.args[i])
}

// fits checks the length of a text that is about to be made.
func (c *call) fits(n int) bool {
	c.tooLong = c.tooLong || n > MaxOutput || n < 0
	return !c.tooLong
}

// list is the value as a list: what is none is a list of itself, nothing an empty one.
func (c *call) list() []any { return listOf(c.in) }

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// isSafe reports whether a value is HTML already.
func isSafe(v any) bool {
	_, ok := v.(Safe)
	return ok
}

// onText makes a filter of a function of texts. HTML stays HTML.
func onText(do func(string) string) filter {
	return func(c *call) any {
		out := do(c.text())
		if !c.fits(len(out)) {
			return nil
		}
		if isSafe(c.in) {
			return Safe(out)
		}
		return out
	}
}

// joined is two texts one after the other. Where one of them is HTML, the other becomes it.
func (c *call) joined(a, b any) any {
	x, y := c.s.text(a), c.s.text(b)
	if !c.fits(len(x) + len(y)) {
		return nil
	}
	if !isSafe(a) && !isSafe(b) {
		return x + y
	}
	return c.s.safe(a) + c.s.safe(b)
}

// safe is a value as HTML, where HTML is made.
func (s *state) safe(v any) Safe {
	if isSafe(v) || !s.o.Escape {
		return Safe(s.text(v))
	}
	return Safe(escaped(s.text(v)))
}

var filters = mergeFilters(textFilters(), htmlFilters(), numberFilters(), listFilters(), otherFilters())

func mergeFilters(parts ...map[string]filter) map[string]filter {
	all := map[string]filter{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func filterNames() []string { return slices.Sorted(maps.Keys(filters)) }

func otherFilters() map[string]filter {
	return map[string]filter{
		"default": func(c *call) any {
			if c.in == false && truth(c.named["allow_false"]) {
				return c.in
			}
			if !truth(c.in) || emptiness(0).holds(c.in) {
				return c.arg(0)
			}
			return c.in
		},
		"date":                func(c *call) any { return c.date(c.textArg(0, "%A, %B %-e, %Y at %-l:%M %P %z")) },
		"date_to_xmlschema":   func(c *call) any { return c.date("%Y-%m-%dT%H:%M:%S%:z") },
		"date_to_rfc822":      func(c *call) any { return c.date("%a, %d %b %Y %H:%M:%S %z") },
		"date_to_string":      func(c *call) any { return c.date("%d %b %Y") },
		"date_to_long_string": func(c *call) any { return c.date("%d %B %Y") },
		"json":                toJSON,
		"jsonify":             toJSON,
		"inspect":             toJSON,
		"raw":                 func(c *call) any { return Safe(c.text()) },
		"size": func(c *call) any {
			if v := c.s.property(c.in, "size"); v != nil {
				return v
			}
			return int64(0)
		},
	}
}

func htmlFilters() map[string]filter {
	return map[string]filter{
		"escape": escape,
		"escape_once": func(c *call) any {
			s := html.UnescapeString(c.text())
			if !c.fits(len(s) * 6) {
				return nil
			}
			return Safe(html.EscapeString(s))
		},
		"xml_escape": escape,
		"newline_to_br": func(c *call) any {
			s := c.text()
			if !c.fits(len(s) * 7) {
				return nil
			}
			if c.s.o.Escape {
				s = string(c.s.safe(c.in))
			}
			return Safe(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "<br />\n"))
		},
		"strip_html": func(c *call) any { return stripHTML(c.text()) },
	}
}

func escape(c *call) any {
	s := c.text()
	if isSafe(c.in) || !c.fits(len(s)*6) {
		return c.in
	}
	return Safe(html.EscapeString(s))
}

// stripHTML takes out tags, comments, scripts and styles.
func stripHTML(s string) string {
	var b strings.Builder
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		lower = s
	}
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '<')
		if n < 0 {
			b.WriteString(s[i:])
			break
		}
		b.WriteString(s[i : i+n])
		i += n
		end := ">"
		for start, e := range map[string]string{"<script": "</script>", "<style": "</style>", "<!--": "-->"} {
			if strings.HasPrefix(lower[i:], start) {
				end = e
			}
		}
		n = strings.Index(lower[i:], end)
		if n < 0 {
			b.WriteString(s[i:])
			break
		}
		i += n + len(end)
	}
	return b.String()
}
