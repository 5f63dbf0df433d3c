package yamlfile

import (
	"bytes"
	"fmt"
)

// The bounds of a file: the library's time grows by the square of what they bound.
const (
	// MaxFile bounds a file, in bytes.
	MaxFile = 1 << 20

	maxLines  = 20_000 // of YAML in blocks; JSON may have more
	maxNested = 500    // brackets and braces that are open at once
	maxDashes = 50     // lists that begin within each other on one line
)

// unbounded says what there is too much of in a file; empty: nothing.
func unbounded(b []byte) string {
	if len(b) > MaxFile {
		return fmt.Sprintf("has %d bytes, at most %d are read", len(b), MaxFile)
	}
	head := bytes.TrimSpace(b)
	isJSON := len(head) > 0 && (head[0] == '{' || head[0] == '[')
	if n := bytes.Count(b, []byte("\n")); n > maxLines && !isJSON {
		return fmt.Sprintf("has %d lines, at most %d are read", n, maxLines)
	}
	nested := 0
	for _, c := range b {
		switch c {
		case '[', '{':
			nested++
		case ']', '}':
			nested = max(nested-1, 0)
		}
		if nested > maxNested {
			return fmt.Sprintf("has more than %d brackets within each other", maxNested)
		}
	}
	for line := range bytes.Lines(b) {
		start := line[:len(line)-len(bytes.TrimLeft(line, " \t-?"))]
		if bytes.Count(start, []byte("- "))+bytes.Count(start, []byte("? ")) > maxDashes {
			return fmt.Sprintf("has more than %d lists within each other on one line", maxDashes)
		}
	}
	return ""
}
