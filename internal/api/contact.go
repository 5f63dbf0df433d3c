package api

import (
	"context"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/store"
)

// Contact is an address and what is known of it. Its first keys are MailGlyph's.
type Contact struct {
	ID         string    `json:"id" example:"con_4f"`
	Email      string    `json:"email" doc:"The normalised address" example:"ghost@acme.test"`
	Subscribed bool      `json:"subscribed" doc:"Whether it may be mailed: neither unsubscribed nor suppressed"`
	Data       object    `json:"data" doc:"The contact's attributes"`
	Status     string    `json:"status" enum:"ACTIVE,PENDING" doc:"PENDING: it came when there was no room for more active contacts"`
	ExpiresAt  *string   `json:"expiresAt" doc:"When a pending contact is removed; null: never" example:"2026-05-06T12:00:00.000Z"`
	ProjectID  string    `json:"projectId" example:"prj_default"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`

	ExternalID string          `json:"externalId,omitempty" doc:"What your own system knows it by" example:"user-17"`
	Tags       []string        `json:"tags,omitempty" doc:"Sorted" example:"[\"vip\"]"`
	Topics     map[string]bool `json:"topics,omitempty" doc:"What it said of topics, by slug: whether it takes them"`

	SnoozedUntil time.Time `json:"snoozedUntil,omitzero" doc:"Until when it wants no mail that it does not need; absent or past: it may have any"`

	Confirmation *ContactConfirmation `json:"confirmation,omitempty" doc:"Its newest wish to be subscribed by a form, where it has to confirm that; in the answer about one contact"`

	Unsubscribed bool             `json:"unsubscribed" doc:"Whether the contact opted out"`
	ConsentAt    time.Time        `json:"consentAt,omitzero" doc:"When it last opted out or in"`
	Suppressed   bool             `json:"suppressed" doc:"Whether it must not be mailed: a suppression or a pattern holds"`
	Suppressions []Suppression    `json:"suppressions" nullable:"false" doc:"Those that hold and those that ended"`
	Patterns     []Pattern        `json:"patterns" nullable:"false" doc:"Patterns that hold and match the address"`
	FirstSeenAt  time.Time        `json:"firstSeenAt,omitzero" doc:"When its earliest event occurred"`
	LastSeenAt   time.Time        `json:"lastSeenAt,omitzero" doc:"When its latest event occurred"`
	LastOpenAt   time.Time        `json:"lastOpenAt,omitzero" doc:"When a person last opened, machines left out"`
	LastClickAt  time.Time        `json:"lastClickAt,omitzero" doc:"When a person last clicked, machines left out"`
	Counts       map[string]int64 `json:"counts" doc:"Events by name"`
}

// ContactOf makes the public form of a contact. now is when suppressions must hold.
func ContactOf(k *store.Contact, now time.Time) Contact {
	out := Contact{
		ID: k.ID, Email: k.Address, Data: objectOf(k.Attributes), Status: "ACTIVE", ProjectID: k.Project,
		CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, ExternalID: k.ExternalID, Tags: k.Tags,
		Confirmation: wishOf(k.Confirmation), SnoozedUntil: k.SnoozedUntil,
		Unsubscribed: k.State.Unsubscribed, ConsentAt: millis(k.State.ConsentAt),
		FirstSeenAt: millis(k.State.FirstSeen), LastSeenAt: millis(k.State.LastSeen),
		LastOpenAt: millis(k.State.LastOpen), LastClickAt: millis(k.State.LastClick),
		Suppressions: make([]Suppression, len(k.Suppressions)), Patterns: []Pattern{}, Counts: make(map[string]int64),
	}
	if k.Status == store.ContactPending {
		out.Status = "PENDING"
		out.ExpiresAt = pointer(k.ExpiresAt.UTC().Format(timeForm))
	}
	for _, t := range k.Topics {
		if out.Topics == nil {
			out.Topics = make(map[string]bool)
		}
		out.Topics[t.Slug] = t.Takes
	}
	for i, s := range k.Suppressions {
		out.Suppressions[i] = suppressionOf(k.ID, k.Address, s, now)
	}
	for _, p := range k.Patterns {
		out.Patterns = append(out.Patterns, patternOf(p))
	}
	out.Suppressed = control.IsSuppressed(k, now)
	out.Subscribed = !out.Unsubscribed && !out.Suppressed
	for slot, n := range k.State.Counts {
		if name := event.SlotName(slot); name != "" && n > 0 {
			out.Counts[string(name)] = n
		}
	}
	return out
}

// ContactPath names a contact in a path.
type ContactPath struct {
	ID string `path:"id" doc:"The contact's id, its address, or ext: and its external id" example:"ghost@acme.test"`
}

type contactOut struct{ Body Contact }

func (a *api) getContact(ctx context.Context, in *ContactPath) (*contactOut, error) {
	k, err := a.Control.Contact(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &contactOut{ContactOf(&k, a.Control.Now())}, nil
}

type contactEventsIn struct {
	ContactPath
	Message string `query:"message" doc:"The provider's message id" example:"0102019a-two"`
	EventFilters
}

func (a *api) listContactEvents(ctx context.Context, in *contactEventsIn) (*eventPageOut, error) {
	f := in.filter()
	f.Message = in.Message
	page, err := a.Control.ContactEvents(ctx, who(ctx), in.ID, f)
	if err != nil {
		return nil, err
	}
	return &eventPageOut{eventPageOf(page)}, nil
}

// Suppression is a standing reason not to mail a contact.
type Suppression struct {
	ContactID string    `json:"contactId" example:"con_4f"`
	Email     string    `json:"email" example:"ghost@acme.test"`
	Reason    string    `json:"reason" enum:"hard_bounce,soft_bounce,complaint,provider,manual"`
	Active    bool      `json:"active" doc:"Whether it holds now"`
	Since     time.Time `json:"since" doc:"When its earliest fact occurred"`
	Until     time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: it does not"`
	LiftedAt  time.Time `json:"liftedAt,omitzero" doc:"When a person lifted it"`
	EventID   *string   `json:"eventId" doc:"The fact; null for an act of a person" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	Note      string    `json:"note,omitempty" doc:"What was written when somebody put it there"`

	By           string `json:"by,omitempty" doc:"Who put it there: a person's or key's id, or cli; absent: an event did, or it is not known" example:"key_1"`
	ByName       string `json:"byName,omitempty" doc:"The person's name; absent: it was no person" example:"lea"`
	LiftedBy     string `json:"liftedBy,omitempty" doc:"Who lifted it" example:"key_1"`
	LiftedByName string `json:"liftedByName,omitempty" doc:"The person's name" example:"lea"`
	LiftNote     string `json:"liftNote,omitempty" doc:"Why it was lifted" example:"new mailbox, confirmed by phone"`
}

func suppressionOf(contactID, address string, s contact.Suppression, now time.Time) Suppression {
	out := Suppression{
		ContactID: contactID, Email: address, Reason: string(s.Reason), Active: s.Active(now),
		Since: s.Since, Until: s.Until, LiftedAt: s.LiftedAt, Note: s.Note,
		By: s.By.ID, ByName: s.By.Name, LiftedBy: s.LiftedBy.ID, LiftedByName: s.LiftedBy.Name, LiftNote: s.LiftNote,
	}
	if !s.Event.IsZero() {
		out.EventID = pointer(s.Event.String())
	}
	return out
}
