package mcp

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Profile is a contact, with Mailshot's keys first.
type Profile struct {
	Email        string      `json:"email" jsonschema:"the address; masked (g***@acme.test) unless the key may see addresses"`
	FirstName    *Untrusted  `json:"firstName,omitempty" jsonschema:"the attribute firstName"`
	Attributes   []Attribute `json:"attributes,omitempty" jsonschema:"what the sender's application stored of the contact, at most 20"`
	Tags         []Untrusted `json:"tags" jsonschema:"at most 20"`
	Unsubscribed bool        `json:"unsubscribed"`
	Suppressed   bool        `json:"suppressed" jsonschema:"a standing reason not to mail the address holds"`
	CreatedAt    string      `json:"createdAt"`
	UpdatedAt    string      `json:"updatedAt"`
	ContactID    string      `json:"contactId" jsonschema:"con_…, to use in place of the address"`
	LastSeenAt   string      `json:"lastSeenAt,omitempty" jsonschema:"when its latest event occurred"`
}

// Attribute is one attribute of a contact. Its name comes from outside too.
type Attribute struct {
	Name  Untrusted `json:"name"`
	Value Untrusted `json:"value"`
}

func (v view) profile(k *store.Contact, now time.Time) Profile {
	p := Profile{
		Email: v.address(k.Address), Tags: []Untrusted{}, Unsubscribed: k.State.Unsubscribed,
		Suppressed: control.IsSuppressed(k, now),
		CreatedAt:  stamp(k.CreatedAt), UpdatedAt: stamp(k.UpdatedAt), ContactID: k.ID, LastSeenAt: stampOf(k.State.LastSeen),
	}
	for _, tag := range k.Tags[:min(len(k.Tags), maxList)] {
		p.Tags = append(p.Tags, Untrusted{v.clean(tag)})
	}
	var attributes map[string]json.RawMessage
	if len(k.Attributes) == 0 || json.Unmarshal(k.Attributes, &attributes) != nil {
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value := string(attributes[name])
		var text string
		if json.Unmarshal(attributes[name], &text) == nil {
			value = text
		}
		switch {
		case name == "firstName":
			p.FirstName = v.text(value)
		case len(p.Attributes) < maxList:
			p.Attributes = append(p.Attributes, Attribute{Untrusted{v.clean(name)}, Untrusted{v.clean(value)}})
		}
	}
	return p
}

// Suppression is a standing reason not to mail an address, with Mailshot's keys first.
type Suppression struct {
	Email             string     `json:"email,omitempty"`
	Reason            string     `json:"reason" jsonschema:"hard_bounce, soft_bounce, complaint, provider or manual"`
	SESNotificationID string     `json:"sesNotificationId,omitempty" jsonschema:"the id of the event that it comes from, for search by read of tidings://events/{id}"`
	RecordedAt        string     `json:"recordedAt"`
	Until             string     `json:"until,omitempty" jsonschema:"when it ends by itself; absent: it does not"`
	Note              *Untrusted `json:"note,omitempty" jsonschema:"what a person or an import wrote"`
	ContactID         string     `json:"contactId"`
}

func (v view) suppression(id, address string, s contact.Suppression) Suppression {
	out := Suppression{
		Email: v.address(address), Reason: string(s.Reason), RecordedAt: stamp(s.Since), Until: stamp(s.Until),
		Note: v.text(s.Note), ContactID: id,
	}
	if !s.Event.IsZero() {
		out.SESNotificationID = s.Event.String()
	}
	return out
}

// SentMail is an email in the send log, with Mailshot's keys first.
type SentMail struct {
	TemplateKey  *Untrusted `json:"templateKey,omitempty"`
	SequenceID   *Untrusted `json:"sequenceId,omitempty"`
	Subject      *Untrusted `json:"subject,omitempty"`
	SESMessageID string     `json:"sesMessageId,omitempty" jsonschema:"the provider's message id"`
	SentAt       string     `json:"sentAt,omitempty"`
	Status       string     `json:"status,omitempty" jsonschema:"the event that tells most of it"`
	MessageID    string     `json:"messageId" jsonschema:"msg_…: the email to this recipient"`
}

func (v view) sent(m *store.Message) SentMail {
	return SentMail{
		TemplateKey: v.text(m.Info.Template), SequenceID: v.text(m.Info.Workflow), Subject: v.text(m.Info.Subject),
		SESMessageID: id(m.Info.ID), SentAt: stamp(m.Info.SentAt), Status: string(m.Status), MessageID: m.ID,
	}
}

// Subscriber is what get_subscriber answers.
type Subscriber struct {
	Profile     Profile      `json:"profile"`
	Executions  []Execution  `json:"executions" jsonschema:"sequences under way, the newest 20"`
	SendLog     []SentMail   `json:"sendLog" jsonschema:"the newest 20 emails"`
	Suppression *Suppression `json:"suppression" jsonschema:"the newest standing reason not to mail the address; null: none"`
}

type emailIn struct {
	Email string `json:"email" jsonschema:"an address in any spelling, or a contact's id (con_…)"`
}

func (in emailIn) target() string { return in.Email }

type listIn struct {
	Status string `json:"status,omitempty" jsonschema:"active (may be mailed), unsubscribed, suppressed or all; default all"`
	Limit  int    `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
	Cursor string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before"`
}

// Profiles is a page of contacts.
type Profiles struct {
	Subscribers []Profile `json:"subscribers"`
	NextCursor  string    `json:"nextCursor,omitempty" jsonschema:"absent: there is no more"`
}

type pageIn struct {
	Limit  int    `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
	Cursor string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before"`
}

// Suppressions is a page of suppressions.
type Suppressions struct {
	Suppressed []Suppression `json:"suppressed"`
	NextCursor string        `json:"nextCursor,omitempty" jsonschema:"absent: there is no more"`
}

func (x *session) subscriberTools() {
	add(x, definition[emailIn, Subscriber]{
		name: "get_subscriber", title: "Get a subscriber",
		description: "One contact by address or id: profile, the newest 20 emails with what became of them, and " +
			"why it is " +
			"suppressed if it is. Use it for questions about one person. For why an email did not arrive use " +
			"explain_message.",
		target: emailIn.target, run: x.getSubscriber,
	})
	add(x, definition[listIn, Profiles]{
		name: "list_subscribers", title: "List subscribers",
		description: "Contacts, the newest first, by status. A page may hold fewer than its limit while there " +
			"is more: go on " +
			"with cursor. It is for looking, not for counting: figures come from get_delivery_stats.",
		plain: func(p Profiles) any { return p.Subscribers }, more: func(p Profiles) string { return p.NextCursor },
		run: x.listSubscribers,
	})
	add(x, definition[pageIn, Suppressions]{
		name: "list_suppressed", title: "List suppressed addresses",
		description: "Standing reasons not to mail addresses, those that hold now, the newest first. One " +
			"address may have several.",
		plain: func(p Suppressions) any { return p.Suppressed }, more: func(p Suppressions) string { return p.NextCursor },
		run: x.listSuppressed,
	})
}

func (x *session) getSubscriber(ctx context.Context, _ *mcp.CallToolRequest, in emailIn) (out Subscriber, err error) {
	k, err := x.Control.Contact(ctx, x.who, in.Email)
	if err != nil {
		return out, err
	}
	page, err := x.Control.ListMessages(ctx, x.who, control.MessageFilter{Contact: k.ID, Limit: defaultLimit})
	if err != nil {
		return out, err
	}
	now := x.Control.Now()
	runs, _, err := x.Control.AskRuns(ctx, x.who, control.AskedRuns{Contact: k.ID, Limit: maxList})
	if err != nil {
		return out, err
	}
	out = Subscriber{Profile: x.view.profile(&k, now), Executions: x.view.executions(runs), SendLog: make([]SentMail, 0,
		len(page.Messages))}
	for i := range page.Messages {
		out.SendLog = append(out.SendLog, x.view.sent(&page.Messages[i]))
	}
	var newest time.Time
	for _, s := range k.Suppressions {
		if s.Active(now) && !s.Since.Before(newest) {
			row := x.view.suppression(k.ID, k.Address, s)
			out.Suppression, newest = &row, s.Since
		}
	}
	return out, nil
}

// statuses are Mailshot's words for what contacts are filtered by.
var statuses = map[string]control.ContactFilter{
	"": {}, "all": {}, "active": {Subscribed: "true"}, "suppressed": {Suppressed: "true"}, "unsubscribed": {Subscribed: "false"},
}

func (x *session) listSubscribers(ctx context.Context, _ *mcp.CallToolRequest, in listIn) (out Profiles, err error) {
	f, known := statuses[in.Status]
	if !known {
		return out, fault.BadField("status", "%.60q is not known: want active, unsubscribed, suppressed or all", in.Status)
	}
	f.Cursor = in.Cursor
	if f.Limit, err = limit(in.Limit); err != nil {
		return out, err
	}
	page, err := x.Control.ListContacts(ctx, x.who, f)
	if err != nil {
		return out, err
	}
	out = Profiles{Subscribers: make([]Profile, 0, len(page.Contacts)), NextCursor: page.NextCursor}
	for i := range page.Contacts {
		if k := &page.Contacts[i]; in.Status != "unsubscribed" || k.State.Unsubscribed {
			out.Subscribers = append(out.Subscribers, x.view.profile(k, x.Control.Now()))
		}
	}
	return out, nil
}

func (x *session) listSuppressed(ctx context.Context, _ *mcp.CallToolRequest, in pageIn) (out Suppressions, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	active := true
	page, err := x.Control.ListSuppressions(ctx, x.who, control.SuppressionFilter{Active: &active, Cursor: in.Cursor, Limit: n})
	if err != nil {
		return out, err
	}
	out = Suppressions{Suppressed: make([]Suppression, 0, len(page.Rows)), NextCursor: page.NextCursor}
	for _, r := range page.Rows {
		out.Suppressed = append(out.Suppressed, x.view.suppression(r.ContactID, r.Address, r.Suppression))
	}
	return out, nil
}
