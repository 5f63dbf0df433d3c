package workflow

import "strings"

// moves are places of a definition that stand elsewhere in its file.
type moves struct{ moved []move }

type move struct{ from, to string }

func (m *moves) add(from, to string) { m.moved = append(m.moved, move{from, to}) }

// placed is where a place of the definition stands in the file; other: where it stands if it was not moved.
func (m *moves) placed(other, at string) string {
	for i := len(m.moved) - 1; i >= 0; i-- { // what was told of later lies deeper
		x := m.moved[i]
		if rest, ok := strings.CutPrefix(at, x.from); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			if x.to == "" {
				return strings.TrimPrefix(rest, ".")
			}
			return x.to + rest
		}
	}
	return other
}
