package contact

import (
	"encoding/binary"
	"fmt"

	"tidings/event"
)

// lastSize is how many bytes a time of Lasts takes: a big-endian number, so that times compare as bytes do, in a database
// too. Six bytes reach beyond the year 10000.
const lastSize = 6

// LastBytes writes a time, in Unix milliseconds, as AppendLasts does. Times before 1970 become 1970.
func LastBytes(ms int64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(ms, 0)))
	return b[8-lastSize:]
}

// LastSQL is the time of a slot in a column that AppendLasts made, as SQL: LastBytes of it, or nothing, which is less than
// any time.
func LastSQL(column string, slot int) string {
	return fmt.Sprintf("substr(%s, %d, %d)", column, (slot-1)*lastSize+1, lastSize)
}

// AppendLasts writes State.Lasts, up to the last slot that has a time. Slot 0, which stands for events that are not of
// emails, is left out.
func AppendLasts(b []byte, lasts *[event.Slots]int64) []byte {
	end := 0
	for slot, at := range lasts {
		if at != 0 {
			end = slot
		}
	}
	for slot := 1; slot <= end; slot++ {
		b = append(b, LastBytes(lasts[slot])...)
	}
	return b
}

// DecodeLasts reads what AppendLasts wrote. Bytes beyond the slots of this version are passed over.
func DecodeLasts(b []byte) (lasts [event.Slots]int64) {
	for slot := 1; slot < event.Slots && len(b) >= lastSize; slot++ {
		lasts[slot] = DecodeLast(b)
		b = b[lastSize:]
	}
	return lasts
}

// DecodeLast reads one time of LastBytes; fewer bytes than it has are never.
func DecodeLast(b []byte) int64 {
	if len(b) < lastSize {
		return 0
	}
	var whole [8]byte
	copy(whole[8-lastSize:], b)
	return int64(binary.BigEndian.Uint64(whole[:]))
}
