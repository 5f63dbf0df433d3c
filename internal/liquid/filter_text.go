package liquid

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func textFilters() map[string]filter {
	space := unicode.IsSpace
	return map[string]filter{
		"append":  func(c *call) any { return c.joined(c.in, c.arg(0)) },
		"prepend": func(c *call) any { return c.joined(c.arg(0), c.in) },
		"capitalize": onText(func(s string) string {
			r, n := utf8.DecodeRuneInString(s)
			if n == 0 {
				return s
			}
			return string(unicode.ToUpper(r)) + strings.ToLower(s[n:])
		}),
		"downcase":       onText(strings.ToLower),
		"upcase":         onText(strings.ToUpper),
		"strip":          onText(strings.TrimSpace),
		"lstrip":         onText(func(s string) string { return strings.TrimLeftFunc(s, space) }),
		"rstrip":         onText(func(s string) string { return strings.TrimRightFunc(s, space) }),
		"strip_newlines": onText(func(s string) string { return strings.NewReplacer("\r\n", "", "\n", "").Replace(s) }),
		"remove":         func(c *call) any { return c.replaced(-1, false, "") },
		"remove_first":   func(c *call) any { return c.replaced(1, false, "") },
		"remove_last":    func(c *call) any { return c.replaced(1, true, "") },
		"replace":        func(c *call) any { return c.replaced(-1, false, c.textArg(1, "")) },
		"replace_first":  func(c *call) any { return c.replaced(1, false, c.textArg(1, "")) },
		"replace_last":   func(c *call) any { return c.replaced(1, true, c.textArg(1, "")) },
		"split":          split,
		"truncate":       truncate,
		"truncatewords":  truncateWords,
		"url_encode":     func(c *call) any { return c.encoded(url.QueryEscape) },
		"cgi_escape":     func(c *call) any { return c.encoded(url.QueryEscape) },
		"uri_escape":     func(c *call) any { return c.encoded(escapeURI) },
		"url_decode": onText(func(s string) string {
			if out, err := url.QueryUnescape(s); err == nil {
				return out
			}
			return s
		}),
		"normalize_whitespace": onText(normalizeBlanks),
		"slugify":              onText(slugify),
		"number_of_words":      func(c *call) any { return int64(len(strings.Fields(c.text()))) },
		"base64_encode": func(c *call) any {
			return c.encoded(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })
		},
		"base64_decode": onText(func(s string) string {
			b, err := base64.StdEncoding.DecodeString(s)
			if err != nil || !utf8.Valid(b) {
				return ""
			}
			return string(b)
		}),
	}
}

func (c *call) encoded(do func(string) string) any {
	s := c.text()
	if !c.fits(len(s) * 3) {
		return nil
	}
	return do(s)
}

// replaced puts a text in the place of another: n times, -1 everywhere, or once from the end.
func (c *call) replaced(n int, last bool, by string) any {
	s, old := c.text(), c.textArg(0, "")
	times := n
	if n < 0 {
		times = strings.Count(s, old)
	}
	if !c.fits(len(s) + times*len(by)) {
		return nil
	}
	var out string
	if i := strings.LastIndex(s, old); last && i >= 0 {
		out = s[:i] + by + s[i+len(old):]
	} else if last {
		out = s
	} else {
		out = strings.Replace(s, old, by, n)
	}
	if isSafe(c.in) {
		return Safe(out)
	}
	return out
}

func split(c *call) any {
	s := c.text()
	if s == "" {
		return []any{}
	}
	sep := c.textArg(0, "")
	n := strings.Count(s, sep) + 1
	if n > MaxLoop {
		c.tooLong = true
		return nil
	}
	parts := strings.Split(s, sep)
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return plain(parts)
}

func truncate(c *call) any {
	s, n, end := c.text(), int(c.intArg(0, 50)), c.textArg(1, "...")
	if n < 0 || utf8.RuneCountInString(s) <= n {
		return c.in
	}
	runes := []rune(s)
	return string(runes[:max(n-utf8.RuneCountInString(end), 0)]) + end
}

func truncateWords(c *call) any {
	s, n, end := c.text(), int(c.intArg(0, 15)), c.textArg(1, "...")
	words := strings.Fields(s)
	n = max(n, 1)
	out := strings.Join(words[:min(n, len(words))], " ")
	if len(words) > n {
		out += end
	}
	return out
}

// escapeURI writes what a URI may not hold as %XX, and leaves what has a meaning in it.
func escapeURI(s string) string {
	const hex, keep = "0123456789ABCDEF", "-_.!~*'();/?:@&=+$,#[]%"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 && isWord(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func slugify(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(s)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

func toJSON(c *call) any {
	v := c.in
	if _, ok := v.(*loopInfo); ok {
		v = nil
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if !c.jsonFits(v) || enc.Encode(v) != nil {
		return nil
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonFits counts roughly how long a value is as JSON, and stops where it is too long or too deep.
func (c *call) jsonFits(v any) bool {
	left := MaxOutput
	var count func(v any, depth int) bool
	count = func(v any, depth int) bool {
		left -= 4
		if depth > maxDepth || left < 0 {
			return false
		}
		switch v := v.(type) {
		case string:
			left -= len(v)
		case Safe:
			left -= len(v)
		case []any:
			for _, x := range v {
				if !count(x, depth+1) {
					return false
				}
			}
		case map[string]any:
			for k, x := range v {
				left -= len(k)
				if !count(x, depth+1) {
					return false
				}
			}
		}
		return left >= 0
	}
	if !count(v, 0) {
		c.tooLong = true
		return false
	}
	return true
}

// normalizeBlanks makes one blank of every run of blanks.
func normalizeBlanks(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}
