package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"tidings/internal/contact"
)

// ContactQuery selects contacts of a project. Zero fields do not filter.
type ContactQuery struct {
	Project string
	// Search is a text of the address, normalised. Contacts whose address begins with it come first, by address, then
	// those that have it elsewhere, newest first.
	Search                string
	Domain                string // of the address, normalised; narrows Search, and then all come newest first
	Subscribed            *bool  // whether it may be mailed: neither unsubscribed nor suppressed
	Suppressed            *bool  // whether a suppression or a pattern holds
	SeenAfter, SeenBefore time.Time
	Now                   time.Time // when suppressions must hold
	After                 ContactPlace
	Limit                 int // 1 to 1000; 0 means 100
	// Count asks for ContactPage.Total.
	Count bool
}

// ContactPlace is where a page of contacts ended: at an address while they come by address, else at a Contact.Ref. The
// zero value is the beginning.
type ContactPlace struct {
	Address string
	Ref     int64
}

// ContactPage is one page of contacts.
type ContactPage struct {
	Contacts []Contact
	Next     ContactPlace // zero: no more
	// Total is how many contacts there are of what was asked for; nil: not asked, or a filter makes it long to count.
	Total *int64
}

// contactChunk is how many contacts one statement reads. A page looks at scanBound of them at most.
const contactChunk = 1000

// ListContacts returns one page of contacts, newest first but for what ContactQuery says of Search. A page that looked at
// many contacts ends before its limit; Next goes on from there.
func (s *Store) ListContacts(ctx context.Context, q ContactQuery) (page ContactPage, err error) {
	q.Limit = limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		w := &contactWalk{c: c, ctx: ctx, q: q, project: project, engine: s.Engine(), place: q.After, size: contactChunk}
		if q.unfiltered() {
			w.size = min(max(q.Limit+1, defaultLimit), contactChunk)
		}
		page = ContactPage{}
		if page.Next, err = w.run(); err != nil {
			return err
		}
		page.Contacts = w.found
		list := make([]*Contact, len(page.Contacts))
		for i := range page.Contacts {
			list[i] = &page.Contacts[i]
		}
		if err := addLabels(ctx, c, project, list); err != nil {
			return err
		}
		if q.Count {
			page.Total, err = s.total(ctx, c, &q, project, &page)
		}
		return err
	})
	return page, err
}

// unfiltered reports whether every contact of the project is one that is asked for.
func (q *ContactQuery) unfiltered() bool {
	return q.Search == "" && q.Subscribed == nil && q.Suppressed == nil && q.SeenAfter.IsZero() && q.SeenBefore.IsZero()
}

// contactWalk goes over contacts along an index, in chunks.
type contactWalk struct {
	c       conn
	ctx     context.Context // of the one call that this value lives for
	q       ContactQuery
	project int64
	engine  string
	place   ContactPlace
	size    int // of a chunk
	found   []Contact
}

// run fills the page and returns where the next one begins.
func (w *contactWalk) run() (ContactPlace, error) {
	for looked := 0; looked < scanBound; looked += w.size {
		read, err := w.chunk()
		if err != nil {
			return ContactPlace{}, err
		}
		if len(w.found) > w.q.Limit {
			w.found = w.found[:w.q.Limit]
			return w.q.placeOf(&w.found[w.q.Limit-1]), nil
		}
		if read == w.size {
			continue
		}
		if !w.byAddress() {
			return ContactPlace{}, nil
		}
		w.place = ContactPlace{Ref: lastRef} // those that begin with the text are done
	}
	return w.place, nil
}

// lastRef is above every contact.
const lastRef = 1<<63 - 1

// byAddress reports whether the walk is still among the addresses that begin with what is searched for.
func (w *contactWalk) byAddress() bool {
	return w.q.Search != "" && w.q.Domain == "" && w.place.Ref == 0
}

// placeOf is the place of a contact that was found: those that begin with the text come by address.
func (q *ContactQuery) placeOf(k *Contact) ContactPlace {
	if q.Search != "" && q.Domain == "" && strings.HasPrefix(k.Address, q.Search) {
		return ContactPlace{Address: k.Address}
	}
	return ContactPlace{Ref: k.Ref}
}

// chunk reads the next contacts and keeps those that match. It returns how many it looked at.
func (w *contactWalk) chunk() (read int, err error) {
	var list []Contact
	var last Contact
	sql, args := w.scan()
	err = w.c.query(w.ctx, sql, args, func(r row) error {
		k, project, err := scanContact(r)
		if err != nil {
			return err
		}
		last, read = k, read+1
		if project == w.project && w.matches(&k) {
			list = append(list, k)
		}
		return nil
	})
	if err != nil || read == 0 {
		return read, err
	}
	if w.byAddress() {
		w.place = ContactPlace{Address: last.Address}
	} else {
		w.place = ContactPlace{Ref: last.Ref}
	}
	return read, w.keep(list)
}

// keep adds the contacts of a list that match what is known beside them.
func (w *contactWalk) keep(list []Contact) error {
	room := w.q.Limit + 1 - len(w.found)
	if w.q.Subscribed == nil && w.q.Suppressed == nil && len(list) > room {
		list = list[:room]
	}
	if err := w.addSuppressions(list); err != nil {
		return err
	}
	for i := range list {
		if len(w.found) > w.q.Limit {
			return nil
		}
		k := &list[i]
		suppressed := len(k.Patterns) > 0 || slices.ContainsFunc(k.Suppressions, func(x contact.Suppression) bool {
			return x.Active(w.q.Now)
		})
		if is(w.q.Suppressed, suppressed) && is(w.q.Subscribed, !suppressed && !k.State.Unsubscribed) {
			k.Project = w.q.Project
			w.found = append(w.found, *k)
		}
	}
	return nil
}

func is(want *bool, have bool) bool { return want == nil || *want == have }

// matches tells of a contact's own row whether it is asked for.
func (w *contactWalk) matches(k *Contact) bool {
	q := w.q
	seen := at(k.State.LastSeen)
	switch {
	case k.Status == ContactGone,
		q.Domain != "" && domainOf(k.Address) != q.Domain,
		!q.SeenAfter.IsZero() && seen.Before(q.SeenAfter),
		!q.SeenBefore.IsZero() && !seen.Before(q.SeenBefore),
		q.Subscribed != nil && *q.Subscribed && k.State.Unsubscribed:
		return false
	case q.Search == "" || w.byAddress():
		return true
	case q.Domain != "":
		return strings.Contains(k.Address, q.Search)
	}
	return strings.Contains(k.Address, q.Search) && !strings.HasPrefix(k.Address, q.Search)
}

// contactDomain is the domain of an address as the index contacts_domain of each engine has it.
var contactDomain = map[string]string{
	"sqlite":   "substr(address, length(rtrim(address, replace(address, '@', ''))) + 1)",
	"postgres": "split_part(address, '@', -1)",
}

// afterPrefix is greater than whatever follows a prefix in an address.
const afterPrefix = "\U0010ffff"

// scan is the statement of the next chunk: along the unique index of the address, along contacts_domain, or along the
// primary key.
func (w *contactWalk) scan() (string, []any) {
	p := &plan{}
	order := "ref DESC"
	switch {
	case w.byAddress():
		p.where = append(p.where, "project = "+p.arg(w.project), "address >= "+p.arg(max(w.place.Address, w.q.Search)),
			"address < "+p.arg(w.q.Search+afterPrefix))
		if w.place.Address != "" {
			p.where = append(p.where, "address > "+p.arg(w.place.Address))
		}
		order = "address"
	case w.q.Domain != "":
		p.where = append(p.where, "project = "+p.arg(w.project), contactDomain[w.engine]+" = "+p.arg(w.q.Domain))
	}
	if w.place.Ref != 0 {
		p.where = append(p.where, "ref < "+p.arg(w.place.Ref))
	}
	sql := selectContact
	if len(p.where) > 0 {
		sql += ` WHERE ` + joinAnd(p.where)
	}
	return sql + ` ORDER BY ` + order + ` LIMIT ` + itoa(w.size), p.args
}

// addSuppressions reads the suppressions of contacts and the patterns that match them.
func (w *contactWalk) addSuppressions(list []Contact) error {
	byRef, byPattern := make(map[int64]*Contact, len(list)), make(map[contact.Pattern][]*Contact)
	var refs, names []any
	for i := range list {
		k := &list[i]
		byRef[k.Ref], refs = k, append(refs, k.Ref)
		for _, p := range contact.PatternsOf(k.Address) {
			if byPattern[p] == nil {
				names = append(names, string(p))
			}
			byPattern[p] = append(byPattern[p], k)
		}
	}
	for part := range slices.Chunk(refs, contactChunk/2) {
		err := w.c.query(w.ctx, selectSuppression+`WHERE x.contact IN (`+marks(1, len(part))+`)
			ORDER BY x.contact, x.reason`, part, func(r row) error {
			x, err := scanSuppression(r)
			if ref, ok := refOf(contactPrefix, x.ContactID); ok && err == nil {
				byRef[ref].Suppressions = append(byRef[ref].Suppressions, x.Suppression)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(names, contactChunk/2) {
		rows, err := patterns(w.ctx, w.c, `WHERE project = $1 AND lifted_at = 0 AND pattern IN (`+marks(2, len(part))+`)
			ORDER BY ref`, append([]any{w.project}, part...)...)
		if err != nil {
			return err
		}
		for _, x := range rows {
			for _, k := range byPattern[x.Pattern] {
				k.Patterns = append(k.Patterns, x)
			}
		}
	}
	return nil
}
