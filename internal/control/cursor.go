package control

import (
	"encoding/base64"
	"encoding/binary"

	"tidings/event"
	"tidings/internal/fault"
)

const codeBadCursor = "bad_cursor"

// Kinds of cursors. A cursor of one list is refused by another.
const (
	eventCursor       = 'e'
	suppressionCursor = 's'
	receiptCursor     = 'r'
	auditCursor       = 'a'
	contactCursor     = 'c'
	replayCursor      = 'y'
	erasureCursor     = 'z'
	messageCursor     = 'm'
	patternCursor     = 'p'
	sendCursor        = 'n'
	templateCursor    = 't'
	versionCursor     = 'v'
	ruleActCursor     = 'u'
	exportRunCursor   = 'X'
	runCursor         = 'x'
	dispatchCursor    = 'd'
	alertCursor       = 'l'
)

func encodeCursor(kind byte, value []byte) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{kind}, value...))
}

func decodeCursor(kind byte, cursor string, size int) ([]byte, bool) {
	b, ok := decodeAnyCursor(kind, cursor)
	return b, ok && len(b) == size
}

// decodeAnyCursor reads a cursor whose length is not fixed.
func decodeAnyCursor(kind byte, cursor string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) == 0 || b[0] != kind {
		return nil, false
	}
	return b[1:], true
}

func (p *problems) badCursor() {
	p.addError(fault.New(fault.Invalid, codeBadCursor, "this is not a cursor of this list").WithField("cursor").
		WithHint("pass the nextCursor of the page before, unchanged, or leave it out for the first page"))
}

// cutList cuts a list that was read with one row more than a page holds, and tells the cursor of the next page; empty: there is
// none.
func cutList[T any](kind byte, list []T, limit int, place func(*T) int64) (page []T, next string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], cursorOfRef(kind, place(&list[limit-1]))
}

func cursorOfEvent(id event.ID) string { return cursorOfID(eventCursor, id) }

func cursorOfID(kind byte, id event.ID) string {
	if id.IsZero() {
		return ""
	}
	return encodeCursor(kind, id[:])
}

func (p *problems) eventCursor(cursor string) event.ID { return p.idCursor(eventCursor, cursor) }

// messageCursor is an event, too: the one that an email stands at in its list.
func (p *problems) messageCursor(cursor string) event.ID { return p.idCursor(messageCursor, cursor) }

func (p *problems) idCursor(kind byte, cursor string) (id event.ID) {
	if cursor == "" {
		return id
	}
	b, ok := decodeCursor(kind, cursor, len(id))
	copy(id[:], b)
	if !ok || id.IsZero() {
		p.badCursor()
	}
	return id
}

func cursorOfRef(kind byte, ref int64) string {
	if ref == 0 {
		return ""
	}
	return encodeCursor(kind, binary.BigEndian.AppendUint64(nil, uint64(ref)))
}

func (p *problems) refCursor(kind byte, cursor string) int64 {
	if cursor == "" {
		return 0
	}
	var ref int64
	if b, ok := decodeCursor(kind, cursor, 8); ok {
		ref = int64(binary.BigEndian.Uint64(b))
	}
	if ref <= 0 {
		p.badCursor()
	}
	return ref
}
