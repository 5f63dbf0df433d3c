package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tidings/internal/store"
)

// ContactRow is one contact of an export.
type ContactRow struct {
	ID           string          `json:"id"`
	Email        string          `json:"email"`
	Subscribed   bool            `json:"subscribed"` // may be mailed
	Unsubscribed bool            `json:"unsubscribed"`
	Suppressed   bool            `json:"suppressed"`
	Status       string          `json:"status"`
	ExternalID   string          `json:"externalId,omitempty"`
	Tags         []string        `json:"tags,omitempty"`
	Topics       map[string]bool `json:"topics,omitempty"`
	Data         json.RawMessage `json:"data"`
	CreatedAt    string          `json:"createdAt"`
	UpdatedAt    string          `json:"updatedAt"`
	SnoozedUntil string          `json:"snoozedUntil,omitempty"`
}

// ExportContacts writes all contacts of a filter, as CSV that ImportContacts reads back, or as JSON lines. It reads in
// pages, so it holds up nobody; CSV reads twice, to know its columns first. Nothing is written before the first page was read.
func (c *Control) ExportContacts(ctx context.Context, who Actor, f ContactFilter, format string, w io.Writer) error {
	if err := CheckFormat(format); err != nil {
		return err
	}
	f.Limit = exportPage
	x := &contactExporter{exporter: exporter{w: w, json: format == JSONL, started: true}}
	if !x.json {
		if err := c.eachContact(ctx, who, f, x.gather); err != nil {
			return fmt.Errorf("export contacts: %w", err)
		}
		x.head()
	}
	if err := c.eachContact(ctx, who, f, func(list []store.Contact) error { return x.page(c, list) }); err != nil {
		return fmt.Errorf("export contacts: %w", err)
	}
	return x.flush()
}

func (c *Control) eachContact(ctx context.Context, who Actor, f ContactFilter, use func([]store.Contact) error) error {
	for {
		page, err := c.ListContacts(ctx, who, f)
		if err != nil {
			return err
		}
		if err := use(page.Contacts); err != nil {
			return err
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			return nil
		}
	}
}

// contactExporter writes contacts.
type contactExporter struct {
	exporter
	keys, topics map[string]bool
	keyList      []string
	topicList    []string
}

// gather notes the attributes and topics that contacts have.
func (x *contactExporter) gather(list []store.Contact) error {
	if x.keys == nil {
		x.keys, x.topics = make(map[string]bool), make(map[string]bool)
	}
	for i := range list {
		var data map[string]json.RawMessage
		if err := json.Unmarshal(list[i].Attributes, &data); err != nil {
			return err
		}
		for key := range data {
			x.keys[key] = true
		}
		for _, t := range list[i].Topics {
			x.topics[t.Slug] = true
		}
	}
	return nil
}

// head writes the header. Attributes are named data.<key>, so that none is taken for a column of ours.
func (x *contactExporter) head() {
	x.keyList, x.topicList = slices.Sorted(maps.Keys(x.keys)), slices.Sorted(maps.Keys(x.topics))
	cells := []string{"email", "subscribed", "externalId", "tags", "status", "createdAt", "updatedAt", "snoozedUntil"}
	for _, slug := range x.topicList {
		cells = append(cells, "topics."+slug)
	}
	for _, key := range x.keyList {
		cells = append(cells, "data."+key)
	}
	x.row(cells...)
}

func (x *contactExporter) page(c *Control, list []store.Contact) error {
	now := c.Now()
	for i := range list {
		r := rowOf(&list[i], IsSuppressed(&list[i], now))
		if x.json {
			line, err := json.Marshal(r)
			x.err = joinFirst(x.err, err)
			x.buf = append(append(x.buf, line...), '\n')
			continue
		}
		if err := x.line(&r); err != nil {
			return err
		}
	}
	return x.flush()
}

func rowOf(k *store.Contact, suppressed bool) ContactRow {
	r := ContactRow{
		ID: k.ID, Email: k.Address, Unsubscribed: k.State.Unsubscribed, Suppressed: suppressed,
		Subscribed: !suppressed && !k.State.Unsubscribed, Status: "ACTIVE", ExternalID: k.ExternalID, Tags: k.Tags,
		Data: k.Attributes, CreatedAt: exportTime(k.CreatedAt), UpdatedAt: exportTime(k.UpdatedAt),
	}
	if !k.SnoozedUntil.IsZero() {
		r.SnoozedUntil = exportTime(k.SnoozedUntil)
	}
	if k.Status == store.ContactPending {
		r.Status = "PENDING"
	}
	for _, t := range k.Topics {
		if r.Topics == nil {
			r.Topics = make(map[string]bool)
		}
		r.Topics[t.Slug] = t.Takes
	}
	return r
}

// line writes a contact as ImportContacts reads it: subscribed is what the contact said, not whether it is suppressed.
func (x *contactExporter) line(r *ContactRow) error {
	var data map[string]json.RawMessage
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return err
	}
	cells := []string{
		r.Email, strconv.FormatBool(!r.Unsubscribed), r.ExternalID, strings.Join(r.Tags, ";"), r.Status, r.CreatedAt, r.UpdatedAt,
		r.SnoozedUntil,
	}
	for _, slug := range x.topicList {
		cell := ""
		if takes, said := r.Topics[slug]; said {
			cell = strconv.FormatBool(takes)
		}
		cells = append(cells, cell)
	}
	for _, key := range x.keyList {
		cells = append(cells, untyped(data[key]))
	}
	x.row(cells...)
	return nil
}

// untyped writes a value so that typedCell reads it again: a text stays in JSON's quotes where it would be taken for
// something else without them.
func untyped(value json.RawMessage) string {
	var s string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == "" || strings.TrimSpace(s) != s || s[0] == '\'' || strings.ContainsFunc(s, unicode.IsControl) {
		return string(value)
	}
	if again, problem := typedCell([]byte(s)); problem != "" || again[0] != '"' || s[0] == '"' {
		return string(value)
	}
	return s
}
