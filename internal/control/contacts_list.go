package control

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/event"
	"tidings/internal/store"
)

// ContactFilter is a question about contacts. Empty fields do not filter.
type ContactFilter struct {
	// Search is a text of the address. Addresses that begin with it come first; one that begins with @ is a domain.
	Search                string
	Domain                string
	Subscribed            string // "true": may be mailed; "false": may not
	Suppressed            string // "true": a suppression holds; "false": none does
	SeenAfter, SeenBefore string // of its latest event: a time or a date; SeenAfter inclusive, SeenBefore exclusive
	Cursor                string
	Limit                 int // 1 to 1000; 0 means 100
}

// ContactPage is one page of contacts, newest first, or by address where they begin with what is searched for.
type ContactPage struct {
	Contacts   []store.Contact
	NextCursor string // empty: there is no more
	Total      *int64 // of the first page, where it is known
}

// ListContacts answers a question about contacts.
func (c *Control) ListContacts(ctx context.Context, who Actor, f ContactFilter) (ContactPage, error) {
	var p problems
	q := store.ContactQuery{
		Project: who.Project, Now: c.Now().UTC(), Limit: f.Limit,
		Count: f.Cursor == "", Subscribed: p.truth("subscribed", f.Subscribed), Suppressed: p.truth("suppressed", f.Suppressed),
	}
	q.Search, q.Domain = p.search(f.Search, f.Domain)
	q.After = p.contactCursor(f.Cursor, q.Search)
	q.SeenAfter, q.SeenBefore = p.spanOf("seenAfter", f.SeenAfter, "seenBefore", f.SeenBefore)
	p.limit(f.Limit)
	if err := p.err(); err != nil {
		return ContactPage{}, err
	}
	page, err := c.Store.ListContacts(ctx, q)
	if err != nil {
		return ContactPage{}, fmt.Errorf("list contacts: %w", err)
	}
	return ContactPage{Contacts: page.Contacts, NextCursor: cursorOfContact(page.Next), Total: page.Total}, nil
}

// truth reads a word that says yes or no; nil for neither.
func (p *problems) truth(field, word string) *bool {
	yes := word == "true"
	if word == "" {
		return nil
	}
	if !yes && word != "false" {
		p.add(field, "%.100q is neither true nor false", word)
	}
	return &yes
}

// search brings a text of an address, and a domain, to the form in which addresses are stored.
func (p *problems) search(search, domain string) (text, of string) {
	p.text("search", search, 0, maxFilter)
	p.text("domain", domain, 0, maxFilter)
	search = strings.TrimSpace(search)
	if d, ok := strings.CutPrefix(search, "@"); ok {
		if domain != "" {
			p.add("domain", "search names a domain already: give one of the two")
		}
		search, domain = "", d
		if d == "" {
			p.add("search", "there is no domain behind the @")
		}
	}
	if domain != "" {
		of = storedDomain(domain)
	}
	return event.ParseAddress(search).Key, of
}

// cursorOfContact writes the place where a page ended: a contact's number, or 0 and an address.
func cursorOfContact(place store.ContactPlace) string {
	switch {
	case place.Address != "":
		return encodeCursor(contactCursor, append(binary.BigEndian.AppendUint64(nil, 0), place.Address...))
	case place.Ref != 0:
		return encodeCursor(contactCursor, binary.BigEndian.AppendUint64(nil, uint64(place.Ref)))
	}
	return ""
}

// contactCursor reads such a place. An address is one only where addresses that begin with a text are walked.
func (p *problems) contactCursor(cursor, search string) (place store.ContactPlace) {
	if cursor == "" {
		return place
	}
	const refSize = 8
	b, ok := decodeAnyCursor(contactCursor, cursor)
	if !ok || len(b) < refSize {
		p.badCursor()
		return place
	}
	ref, address := binary.BigEndian.Uint64(b), string(b[refSize:])
	byRef := ref > 0 && ref <= math.MaxInt64 && address == ""
	byAddress := ref == 0 && search != "" && strings.HasPrefix(address, search) && utf8.ValidString(address) &&
		!strings.ContainsFunc(address, unicode.IsControl)
	if !byRef && !byAddress {
		p.badCursor()
		return place
	}
	return store.ContactPlace{Address: address, Ref: int64(ref)}
}
