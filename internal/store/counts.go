package store

import (
	"encoding/binary"
	"errors"

	"tidings/event"
)

// appendCounts writes the counts of a contact that are not zero: a slot byte and a varint each.
func appendCounts(b []byte, counts *[event.Slots]int64) []byte {
	for slot, n := range counts {
		if n != 0 {
			b = append(b, byte(slot))
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

var errCounts = errors.New("contact counts: unreadable")

func decodeCounts(b []byte) (counts [event.Slots]int64, err error) {
	for len(b) > 0 {
		n, size := binary.Varint(b[1:])
		if int(b[0]) >= event.Slots || size <= 0 {
			return counts, errCounts
		}
		counts[b[0]] = n
		b = b[1+size:]
	}
	return counts, nil
}
