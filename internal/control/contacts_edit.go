package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// ContactEdit is what somebody says of a contact. Nil and empty fields say nothing.
type ContactEdit struct {
	Email      string // in any spelling; required where the contact may be new
	Subscribed *bool
	Data       map[string]json.RawMessage // merged into the attributes; null takes a key away
	ExternalID *string                    // empty takes it away
	Tags       []string                   // added
	RemoveTags []string
	Topics     map[string]bool // by slug: whether the contact takes it
	// SnoozedUntil is until when it wants no mail that it does not need, a time or a date; empty ends that.
	SnoozedUntil *string
	Note         string // why, for the audit log of UpdateContact
}

// EditedContact is what became of it.
type EditedContact struct {
	Contact store.Contact
	New     bool
	Ignored []string // keys of Data that attributes can't have
}

const (
	maxTag      = 100
	maxTags     = 100 // of one edit
	maxExternal = 255
)

// originOf says how something was said, for the history of consent.
func originOf(who Actor) string {
	if who.Name != "" {
		return "person"
	}
	return who.Door
}

// change reads an edit. prefix goes before the names of fields.
func (p *problems) change(prefix string, e *ContactEdit, who Actor, now time.Time) (x contact.Change, ignored []string) {
	x = contact.Change{
		Attributes: e.Data, Tags: e.Tags, Untag: e.RemoveTags, Topics: e.Topics, At: now.UnixMilli(),
		Origin: originOf(who), By: who.By, ExternalID: e.ExternalID,
	}
	if e.Subscribed != nil {
		if x.Consent = contact.OptOut; *e.Subscribed {
			x.Consent = contact.OptIn
		}
	}
	ignored, bad, err := contact.CheckAttributes(e.Data)
	for _, b := range bad {
		p.add(prefix+"data."+shortKey(b.Key), "%s", b.Err)
	}
	if err != nil {
		p.add(prefix+"data", "%s", err)
	}
	p.tags(prefix+"tags", e.Tags)
	p.tags(prefix+"removeTags", e.RemoveTags)
	if e.ExternalID != nil {
		p.text(prefix+"externalId", *e.ExternalID, 0, maxExternal)
	}
	if e.SnoozedUntil != nil {
		until, err := parseWhen(prefix+"snoozedUntil", *e.SnoozedUntil)
		p.addError(err)
		ms := int64(0)
		if !until.IsZero() {
			ms = until.UnixMilli()
		}
		x.Snooze = &ms
	}
	return x, ignored
}

// shortKey is a key as the path of a field can hold it.
func shortKey(key string) string {
	clean := strings.ToValidUTF8(key, "\ufffd")
	return string([]rune(clean)[:min(60, len([]rune(clean)))])
}

func (p *problems) tags(field string, tags []string) {
	if len(tags) > maxTags {
		p.add(field, "may have %d tags, not %d", maxTags, len(tags))
		return
	}
	for i, tag := range tags {
		p.text(indexed(field, i), tag, 1, maxTag)
		if strings.TrimSpace(tag) != tag {
			p.add(indexed(field, i), "begins or ends with a blank")
		}
	}
}

// topics checks that topics are there.
func (c *Control) topicsOf(ctx context.Context, who Actor) (map[string]bool, error) {
	list, err := c.Store.Topics(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	known := make(map[string]bool, len(list))
	for _, x := range list {
		known[x.Slug] = true
	}
	return known, nil
}

func (p *problems) knownTopics(prefix string, topics map[string]bool, known map[string]bool) {
	for _, slug := range slices.Sorted(maps.Keys(topics)) {
		if !known[slug] {
			p.add(prefix+"topics."+shortKey(slug), "there is no such topic")
		}
	}
}

// PutContact makes a contact, or changes the one with the address. A new one is subscribed unless the edit says otherwise.
func (c *Control) PutContact(ctx context.Context, who Actor, e ContactEdit) (EditedContact, error) {
	var p problems
	now := c.Now().UTC()
	x, ignored := p.change("", &e, who, now)
	address, problem := readAddress([]byte(strings.TrimSpace(e.Email)))
	if problem != "" {
		p.add("email", "%s", problem)
	}
	x.Address = address
	if err := c.finishEdit(ctx, who, &p, &x, nil); err != nil {
		return EditedContact{}, err
	}
	return c.edit(ctx, who, x, ignored, c.act(who, opPutContact, "", ""))
}

// UpdateContact changes a contact that is there, found by its id (con_…), its address or its external id (ext:…).
func (c *Control) UpdateContact(ctx context.Context, who Actor, id string, e ContactEdit) (EditedContact, error) {
	var p problems
	x, ignored := p.change("", &e, who, c.Now().UTC())
	k, err := c.Contact(ctx, who, id)
	if err != nil {
		return EditedContact{}, errors.Join(p.err(), err)
	}
	x.Address, x.Update = k.Address, true
	if err := c.finishEdit(ctx, who, &p, &x, &k); err != nil {
		return EditedContact{}, err
	}
	return c.edit(ctx, who, x, ignored, c.act(who, opUpdateContact, "", e.Note))
}

// finishEdit checks what the database knows. old is the contact where it was read before.
func (c *Control) finishEdit(ctx context.Context, who Actor, p *problems, x *contact.Change, old *store.Contact) error {
	if len(x.Topics) > 0 {
		known, err := c.topicsOf(ctx, who)
		if err != nil {
			return err
		}
		p.knownTopics("", x.Topics, known)
	}
	if err := p.err(); err != nil {
		return err
	}
	if old == nil {
		k, err := c.Store.Contact(ctx, who.Project, x.Address)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return fmt.Errorf("find contact: %w", err)
		}
		old = &k
	}
	if _, err := x.Merge(old.Attributes); errors.Is(err, contact.ErrTooLarge) {
		return fault.BadField("data", "with what is there it is too much: %s", contact.ErrTooLarge)
	}
	if x.ExternalID == nil || *x.ExternalID == "" {
		return nil
	}
	other, err := c.Store.Contact(ctx, who.Project, externalID+*x.ExternalID)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return fmt.Errorf("find contact: %w", err)
	case other.Address != x.Address:
		return externalTaken(other.ID)
	}
	return nil
}

func externalTaken(other string) error {
	return fault.New(fault.Conflict, receipt.ProblemExternalID, "another contact has this external id: %s", other).
		WithField("externalId").WithHint("merge the two with POST /contacts/{id}/merge, or take it away there first")
}

// changeProblems say what a problem of a change means to the one who asked.
var changeProblems = map[string]error{
	receipt.ProblemAttributes: fault.BadField("data", "with what is there it is too much: %s", contact.ErrTooLarge),
	receipt.ProblemExternalID: fault.New(fault.Conflict, receipt.ProblemExternalID, "another contact has this external id").
		WithField("externalId"),
	receipt.ProblemTopic:  fault.BadField("topics", "one of the topics is not there any more"),
	receipt.ProblemErased: fault.BadField("email", "stands in the place of an address that was erased"),
}

func (c *Control) edit(ctx context.Context, who Actor, x contact.Change, ignored []string, act store.Act) (EditedContact, error) {
	out, err := c.Store.EditContacts(ctx, who.Project, []contact.Change{x}, act)
	if err != nil {
		return EditedContact{}, fmt.Errorf("change contact: %w", err)
	}
	if out[0].ID == "" {
		return EditedContact{}, fault.Missing("there is no contact %q", x.Address)
	}
	if err := changeProblems[out[0].Problem]; err != nil {
		return EditedContact{}, err
	}
	k, err := c.Store.Contact(ctx, who.Project, out[0].ID)
	if err != nil {
		return EditedContact{}, fmt.Errorf("find contact: %w", err)
	}
	return EditedContact{Contact: k, New: out[0].Created, Ignored: ignored}, nil
}

// RemoveContact takes away what was said of a contact. Its events stay, and what keeps the address from being mailed.
func (c *Control) RemoveContact(ctx context.Context, who Actor, id string) error {
	return c.removeContact(ctx, who, id, "")
}

func (c *Control) removeContact(ctx context.Context, who Actor, id, note string) error {
	var p problems
	p.text("id", id, 1, maxFilter)
	p.contact("id", id)
	if err := p.err(); err != nil {
		return err
	}
	if err := c.Store.RemoveContact(ctx, who.Project, id, c.act(who, opDeleteContact, id, note)); err != nil {
		return fmt.Errorf("remove contact: %w", err)
	}
	return nil
}

// MergeContacts makes one contact of two: from is removed, and what it has and the other lacks goes over.
func (c *Control) MergeContacts(ctx context.Context, who Actor, into, from string) (store.Contact, error) {
	var p problems
	for _, f := range [...]struct{ field, id string }{{"id", into}, {"from", from}} {
		p.text(f.field, f.id, 1, maxFilter)
		p.contact(f.field, f.id)
	}
	if err := p.err(); err != nil {
		return store.Contact{}, err
	}
	id, err := c.Store.MergeContacts(ctx, who.Project, into, from,
		contact.Change{At: c.Now().UnixMilli(), Origin: "merge", By: who.By}, c.act(who, opMergeContacts, into, ""))
	if errors.Is(err, contact.ErrTooLarge) {
		err = fault.BadField("from", "together they are too much: %s", contact.ErrTooLarge)
	}
	if err != nil {
		return store.Contact{}, fmt.Errorf("merge contacts: %w", err)
	}
	return c.Contact(ctx, who, id)
}

// maxBulk is how many contacts one request changes.
const maxBulk = 1000

// BulkContact is what became of one edit of many.
type BulkContact struct {
	Email   string // normalised; as it came where it is no address
	ID      string // con_…; empty: not taken
	New     bool
	Changed bool
	Ignored []string
	Err     error // why it was not taken, or not all of it; nil: it was
}

// PutContacts does PutContact for many, in one transaction and as one act. What is wrong with one does not hold up the others.
func (c *Control) PutContacts(ctx context.Context, who Actor, list []ContactEdit) ([]BulkContact, error) {
	if len(list) == 0 || len(list) > maxBulk {
		return nil, fault.BadField("contacts", "must have 1 to %d contacts, not %d", maxBulk, len(list))
	}
	known, err := c.topicsOf(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]BulkContact, len(list))
	var changes []contact.Change
	var places []int
	for i := range list {
		var p problems
		x, ignored := p.change("", &list[i], who, c.Now().UTC())
		address, problem := readAddress([]byte(strings.TrimSpace(list[i].Email)))
		if problem != "" {
			p.add("email", "%s", problem)
		}
		p.knownTopics("", x.Topics, known)
		x.Address = address
		out[i] = BulkContact{Email: address, Ignored: ignored, Err: p.err()}
		if out[i].Err != nil {
			out[i].Email = list[i].Email
			continue
		}
		changes, places = append(changes, x), append(places, i)
	}
	if len(changes) == 0 {
		return out, nil
	}
	act := c.act(who, opPutContacts, fmt.Sprintf("%d contacts", len(changes)), "")
	done, err := c.Store.EditContacts(ctx, who.Project, changes, act)
	if err != nil {
		return nil, fmt.Errorf("change contacts: %w", err)
	}
	for j, d := range done {
		x := &out[places[j]]
		x.ID, x.New, x.Changed, x.Err = d.ID, d.Created, d.Changed, changeProblems[d.Problem]
	}
	return out, nil
}
