package yamlfile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// Write writes JSON as YAML that people read: in blocks, in the order of the JSON, and with quotes only where another reader
// could take a text for something else. What Parse makes of it is the same JSON.
func Write(raw []byte) (string, error) {
	w := &writer{from: jsontext.NewDecoder(bytes.NewReader(raw))}
	if err := w.value("", false); err != nil {
		return "", fmt.Errorf("write YAML: %w", err)
	}
	return strings.TrimPrefix(w.out.String(), "\n"), nil
}

// writer writes one value after the other.
type writer struct {
	from *jsontext.Decoder
	out  strings.Builder
}

// value writes the next value behind a key or a dash. item tells that it stands behind a dash, where a map begins on the same
// line.
func (w *writer) value(indent string, item bool) error {
	switch w.from.PeekKind() {
	case '{':
		return w.object(indent, item)
	case '[':
		return w.list(indent)
	}
	raw, err := w.from.ReadValue()
	if err != nil {
		return err
	}
	text, err := scalar(raw, indent)
	if err != nil {
		return err
	}
	w.out.WriteString(" " + text + "\n")
	return nil
}

func (w *writer) object(indent string, item bool) error {
	if _, err := w.from.ReadToken(); err != nil {
		return err
	}
	if w.from.PeekKind() == '}' {
		w.out.WriteString(" {}\n")
	} else if !item {
		w.out.WriteString("\n")
	}
	for first := true; w.from.PeekKind() != '}'; first = false {
		key, err := w.from.ReadToken()
		if err != nil {
			return err
		}
		if item && first {
			w.out.WriteString(" ")
		} else {
			w.out.WriteString(indent)
		}
		w.out.WriteString(keyWord(key.String()) + ":")
		if err := w.value(indent+"  ", false); err != nil {
			return err
		}
	}
	_, err := w.from.ReadToken()
	return err
}

// maxShort bounds a list that is written on one line.
const maxShort = 60

func (w *writer) list(indent string) error {
	whole, err := w.from.ReadValue()
	if err != nil {
		return err
	}
	if short, ok := shortList(whole); ok {
		w.out.WriteString(" " + short + "\n")
		return nil
	}
	w.out.WriteString("\n")
	outer := w.from
	defer func() { w.from = outer }()
	w.from = jsontext.NewDecoder(bytes.NewReader(whole))
	if _, err := w.from.ReadToken(); err != nil {
		return err
	}
	for w.from.PeekKind() != ']' {
		w.out.WriteString(indent + "-")
		if err := w.value(indent+"  ", true); err != nil {
			return err
		}
	}
	return nil
}

// shortList writes a list of a few words on one line.
func shortList(raw jsontext.Value) (string, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return "", false
	}
	var words []string
	for d.PeekKind() != ']' {
		if k := d.PeekKind(); k == '{' || k == '[' {
			return "", false
		}
		one, err := d.ReadValue()
		if err != nil {
			return "", false
		}
		text, err := scalar(one, "")
		if err != nil || strings.Contains(text, "\n") {
			return "", false
		}
		words = append(words, text)
	}
	line := "[" + strings.Join(words, ", ") + "]"
	return line, len(line) <= maxShort
}

var (
	// plain are texts that nobody takes for anything else.
	plain = regexp.MustCompile(`^[A-Za-z_/$][A-Za-z0-9_/$.@+=<>()-]*( [A-Za-z0-9_/$.@+=<>()-]+)*$`)
	// spans are lengths of time, and plainURL is an address: both are read as texts by every reader.
	spans    = regexp.MustCompile(`^-?([0-9]+[wdhms])+$`)
	plainURL = regexp.MustCompile(`^https?://[A-Za-z0-9_/.?=&%+~-]+$`)
)

// meant are words that readers of YAML take for something else than a text.
var meant = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"}

func isPlain(s string) bool {
	return (plain.MatchString(s) || spans.MatchString(s) || plainURL.MatchString(s)) && !slices.Contains(meant, strings.ToLower(s))
}

// keyWord writes a key. The words on, yes and no are read as themselves by today's YAML, and as they stand by people.
func keyWord(s string) string {
	if isPlain(s) || s == "on" || s == "yes" || s == "no" {
		return s
	}
	return quote(s)
}

func scalar(raw jsontext.Value, indent string) (string, error) {
	if raw.Kind() != '"' {
		return string(raw), nil
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "", err
	}
	switch s := string(b); {
	case isPlain(s):
		return s, nil
	case isBlock(s):
		return block(s, indent), nil
	default:
		return quote(s), nil
	}
}

// quote writes a text between quotes, in the escapes that JSON and YAML share.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff', r >= 0xfffe && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isBlock reports whether a text has several lines and can be written line by line.
func isBlock(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(body, "\n") || strings.HasPrefix(body, " ") || strings.HasPrefix(body,
		"\n") || strings.HasSuffix(body, "\n") {
		return false
	}
	for line := range strings.SplitSeq(body, "\n") {
		if strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return false
		}
	}
	return true
}

// block writes a text line by line.
func block(s, indent string) string {
	body, ended := strings.CutSuffix(s, "\n")
	head := "|"
	if !ended {
		head = "|-"
	}
	var b strings.Builder
	b.WriteString(head)
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String()
}
