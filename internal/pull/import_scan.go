package pull

// scan finds the end of an object of JSON, a byte at a time, without reading what it says. It notices most of what makes
// the object broken or cut: that an object begins where none can be, as the next line does after one that was cut.
type scan struct {
	depth  int
	arrays uint64 // bit n: level n is an array
	before byte   // the last byte outside of strings that is not white space; '"' for a string
	quoted bool
	escape bool
}

type found uint8

const (
	needsMore found = iota
	wholeObject
	brokenObject
)

// run goes on with the bytes b, and returns how many of them it looked at.
func (sc *scan) run(b []byte) (n int, f found) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if sc.quoted {
			switch {
			case sc.escape:
				sc.escape = false
			case c == '\\':
				sc.escape = true
			case c == '"':
				sc.quoted, sc.before = false, '"'
			case c == '\n':
				return i, brokenObject
			}
			continue
		}
		switch c {
		case ' ', '\t', '\r', '\n':
		case '"':
			sc.quoted = true
		case '{', '[':
			if !sc.mayBegin() || sc.depth == maxNested {
				return i, brokenObject
			}
			sc.depth++
			sc.arrays &^= 1 << (sc.depth - 1)
			if c == '[' {
				sc.arrays |= 1 << (sc.depth - 1)
			}
			sc.before = c
		case '}', ']':
			if sc.inArray() != (c == ']') {
				return i, brokenObject
			}
			if sc.depth--; sc.depth == 0 {
				return i + 1, wholeObject
			}
			sc.before = c
		default:
			sc.before = c
		}
	}
	return len(b), needsMore
}

func (sc *scan) inArray() bool { return sc.arrays>>(sc.depth-1)&1 == 1 }

// mayBegin reports whether an object or array may begin here.
func (sc *scan) mayBegin() bool {
	switch {
	case sc.depth == 0:
		return true
	case sc.inArray():
		return sc.before == '[' || sc.before == ','
	}
	return sc.before == ':'
}
