// Package erase provides what erasing a person means, as functions of values: how an address is known again by a keyed hash,
// how its spellings are found and replaced in texts, what stays of an event, and how a request that tells of several people
// is written anew without one of them. It is pure.
package erase

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"

	"tidings/event"
)

// KeySize is how many bytes the key of the hashes has.
const KeySize = 32

// Hash is the keyed hash (HMAC-SHA-256) of an address in a project. Without the key nobody can tell which address it is of,
// nor try addresses.
type Hash [sha256.Size]byte

// HashOf hashes an address in its normal form, event.Address.Key. project is the integer of the project, so that the same
// address has other hashes in others.
func HashOf(key []byte, project int64, address string) (h Hash) {
	m := hmac.New(sha256.New, key)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(project))
	// Writing to a hash never fails.
	_, _ = m.Write(n[:])
	_, _ = m.Write([]byte(address))
	m.Sum(h[:0])
	return h
}

// Mark begins the local part of what stands in the place of an erased address.
const Mark = "erased-"

// letters are those of a pseudonym. They have no capitals, because addresses are compared in small letters.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// hashed is how many bytes of a hash a pseudonym shows: 160 bits, which no two addresses share.
const hashed = 20

// Pseudonym is what stands in the place of an address: erased-<hash>@<domain>. The domain stays, because counters go by it. n
// counts how often the address was erased, from 1 on.
func Pseudonym(h Hash, n int64, address string) string {
	local := Mark + letters.EncodeToString(h[:hashed])
	if n > 1 {
		local += "-" + strconv.FormatInt(n, 10)
	}
	return local + address[domainAt(address):]
}

// domainAt is where the @ of an address is, or its end.
func domainAt(address string) int {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return i
	}
	return len(address)
}

// IsPseudonym reports whether an address has the form of those that Pseudonym makes.
func IsPseudonym(address string) bool {
	local := address[:domainAt(address)]
	rest, ok := strings.CutPrefix(local, Mark)
	return ok && len(rest) >= letters.EncodedLen(hashed)
}

// Event takes out of an event what is a person's, and leaves what is counted: names, times, classes, reasons, and of a
// link the part that clicks are counted by, which link returns for it. Doing it again changes nothing.
func Event(e *event.Event, link func(*event.Event) string) {
	e.RecipientAs, e.Client, e.Data, e.Raw = "", nil, []byte("{}"), nil
	if b := e.Bounce; b != nil {
		e.Bounce = &event.Bounce{Class: b.Class, Final: b.Final, Reason: b.Reason, SMTPCode: b.SMTPCode, EnhancedCode: b.EnhancedCode}
	}
	if d := e.Delay; d != nil {
		e.Delay = &event.Delay{Reason: d.Reason, Until: d.Until, SMTPCode: d.SMTPCode, EnhancedCode: d.EnhancedCode}
	}
	if d := e.Delivery; d != nil {
		e.Delivery = &event.Delivery{ProcessingMs: d.ProcessingMs}
	}
	if s := e.Subscription; s != nil {
		e.Subscription = &event.Subscription{Topics: s.Topics}
	}
	for _, r := range [...]**event.Refusal{&e.Reject, &e.Failure} {
		if *r != nil {
			*r = &event.Refusal{}
		}
	}
	if o := e.Open; o != nil {
		e.Open = &event.Engagement{First: o.First, Count: o.Count}
	}
	if k := e.Click; k != nil {
		e.Click = &event.Engagement{First: k.First, Count: k.Count, URL: link(e)}
	}
	if b := e.Bus; b != nil {
		e.Bus = &event.Bus{Name: b.Name, App: b.App, ARN: b.ARN, Account: b.Account, Region: b.Region}
	}
	if a := e.Automation; a != nil {
		e.Automation = &event.Automation{Verdict: a.Verdict}
	}
	if e.Message != nil {
		m := *e.Message
		Message(&m)
		e.Message = &m
	}
}

// Message takes out of what is said of an email what may be its recipient's: the subject and the metadata. The sender, the
// time and what emails are counted by stay.
func Message(m *event.Message) { m.Subject, m.Metadata = "", nil }

// Message scrubs what is said of an email: tags and metadata that name the person, and its subject.
func (p *Person) Message(m *event.Message) {
	m.Subject, m.From = p.Scrub(m.Subject), p.Scrub(m.From)
	tags, metadata := m.Tags, m.Metadata
	m.Tags, m.Metadata = nil, nil
	for _, tag := range tags {
		m.Tags = append(m.Tags, p.Scrub(tag))
	}
	for key, value := range metadata {
		if m.Metadata == nil {
			m.Metadata = make(map[string]string, len(metadata))
		}
		m.Metadata[p.Scrub(key)] = p.Scrub(value)
	}
}
