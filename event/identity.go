package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// ID is the identity of a fact: a UUIDv8 (RFC 9562, section 5.8) of 48 bits of identity time (Unix milliseconds,
// truncated to the second), then 74 bits of SHA-256 over the fact's natural key. The same fact has the same id on
// every machine and by every path, and ids sort by time as bytes, as text and as a database's UUID.
type ID [16]byte

// KeyVersion is the version of the rules that make natural keys. It is part of the hash, so that a change of rules
// can't silently give a new meaning to an old id. It changes only with a migration of stored ids.
const KeyVersion = 1

// NewID makes the id of the fact that key names within project and provider. The parts are hashed with their
// lengths, so no delimiter can be forged. at must be valid, see ValidTime.
func NewID(at time.Time, project, provider string, key ...string) ID {
	var stack [keyBuffer]byte // most keys fit, and cost no allocation
	b := append(stack[:0], KeyVersion)
	b = appendPart(b, project)
	b = appendPart(b, provider)
	for _, k := range key {
		b = appendPart(b, k)
	}
	sum := sha256.Sum256(b)
	return assemble(at, sum[:])
}

const keyBuffer = 1024

func appendPart(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

func assemble(at time.Time, sum []byte) ID {
	var id ID
	ms := uint64(at.Unix()) * 1000
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], ms)
	copy(id[:6], t[2:])
	copy(id[6:], sum[:10])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant 10
	return id
}

// FirstID returns the lowest id of the second that at lies in: the lower bound of a range of time.
func FirstID(at time.Time) ID {
	if at.Before(minTime) {
		return ID{}
	}
	return assemble(at, make([]byte, 10))
}

var (
	minTime = time.Unix(0, 0)
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// ValidTime reports whether t can be an identity time: from 1970 to 9999. The zero time is not.
func ValidTime(t time.Time) bool { return !t.Before(minTime) && !t.After(maxTime) }

// Time returns the identity time: the whole second that the id was made with.
func (id ID) Time() time.Time {
	var t [8]byte
	copy(t[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(t[:]))).UTC()
}

// IsZero reports whether the id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// String writes the id as a lower-case UUID.
func (id ID) String() string {
	b, _ := id.MarshalText()
	return string(b)
}

// MarshalText writes the id as a lower-case UUID.
func (id ID) MarshalText() ([]byte, error) {
	dst := make([]byte, 36)
	hex.Encode(dst[0:8], id[0:4])
	dst[8] = '-'
	hex.Encode(dst[9:13], id[4:6])
	dst[13] = '-'
	hex.Encode(dst[14:18], id[6:8])
	dst[18] = '-'
	hex.Encode(dst[19:23], id[8:10])
	dst[23] = '-'
	hex.Encode(dst[24:36], id[10:16])
	return dst, nil
}

// UnmarshalText reads a UUID in its 36-character form, in either case.
func (id *ID) UnmarshalText(b []byte) error {
	parsed, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

var errID = errors.New("not an event id: want a UUID such as 019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11")

// ParseID reads an id in its 36-character form. It accepts every UUID: an id from elsewhere is merely not found.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, errID
	}
	compact := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(compact)); err != nil {
		return ID{}, errID
	}
	return id, nil
}
