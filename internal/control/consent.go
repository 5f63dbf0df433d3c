package control

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/link"
	"tidings/internal/store"
)

// How a contact unsubscribed by a link of ours, as its event says it.
const (
	ByOneClick = "one_click" // its mail program asked (RFC 8058)
	ByPage     = "page"      // it pressed a button on our page
)

// useLink counts one act by a link.
func (c *Control) useLink(l link.Link) error {
	return c.LinkUses.take(fmt.Sprint(l.Kind, l.Ref), c.Now(), CodeRateLimited, "asked by this link")
}

// Unsubscribe unsubscribes whom a link was made for. Again it changes nothing. Whoever asks does not learn whether the contact is
// known still.
func (c *Control) Unsubscribe(ctx context.Context, l link.Link, how string, v Visitor) error {
	if err := c.useLink(l); err != nil {
		return err
	}
	a, err := c.Store.Addressee(ctx, l.Project, l.Contact)
	if err != nil {
		return err
	}
	return c.unsubscribe(ctx, &a, l.Ref, how, v)
}

func (c *Control) unsubscribe(ctx context.Context, a *store.Addressee, r link.Ref, how string, v Visitor) error {
	if a.Address == "" || a.Unsubscribed {
		return nil
	}
	// What somebody does comes after what was said before, whatever the clocks of others were.
	at := max(c.Now().UnixMilli(), a.ConsentAt)
	entry, err := c.linkEntry(ctx, a, r, event.Event{
		Name: event.EmailUnsubscribe, OccurredAt: time.UnixMilli(at).UTC(), Subscription: &event.Subscription{Origin: how},
		Client: v.client(),
	}, strconv.FormatInt(a.ConsentAt, 10))
	if err != nil {
		return err
	}
	if a.Stands != a.Address {
		entry.Changes = []contact.Change{{
			Address: a.Stands, Update: true, Consent: contact.OptOut, At: at, Origin: how,
		}}
	}
	return c.submitLink(ctx, entry)
}

// Resubscribe takes back that a contact unsubscribed. It lifts no suppression.
func (c *Control) Resubscribe(ctx context.Context, l link.Link) error {
	if err := c.useLink(l); err != nil {
		return err
	}
	a, err := c.Store.Addressee(ctx, l.Project, l.Contact)
	if err != nil {
		return err
	}
	return c.resubscribe(ctx, &a)
}

func (c *Control) resubscribe(ctx context.Context, a *store.Addressee) error {
	if a.Address == "" || !a.Unsubscribed {
		return nil
	}
	return c.prefer(ctx, a, contact.Change{Consent: contact.OptIn, At: max(c.Now().UnixMilli(), a.ConsentAt+1)})
}

func (c *Control) prefer(ctx context.Context, a *store.Addressee, x contact.Change) error {
	x.Address, x.Origin = a.Stands, ByPage
	if x.At == 0 {
		x.At = c.Now().UnixMilli()
	}
	return c.Store.Prefer(ctx, a.Project, x)
}

// Preferences is what a contact's page says of the mail that it wants.
type Preferences struct {
	Unsubscribed bool
	SnoozedUntil time.Time // zero: it does not pause
	Topics       []store.Topic
}

// PreferenceEdit is what somebody asks on the page. Zero fields change nothing.
type PreferenceEdit struct {
	Subscribed *bool
	Topics     []string // slugs of those that the contact takes; nil: as before
	Snooze     string   // the word of a SnoozeChoice, or SnoozeEnd
}

// SnoozeChoice is for how long a contact may pause.
type SnoozeChoice struct {
	Word, Label          string
	years, months, weeks int
}

// SnoozeEnd is the word that ends a pause.
const SnoozeEnd = "end"

// SnoozeChoices lists them, the shortest first.
func SnoozeChoices() []SnoozeChoice {
	return []SnoozeChoice{
		{Word: "2w", Label: "2 weeks", weeks: 2},
		{Word: "1m", Label: "1 month", months: 1},
		{Word: "6m", Label: "6 months", months: 6},
		{Word: "1y", Label: "1 year", years: 1},
	}
}

// snoozeUntil is when a pause ends that begins now; zero for SnoozeEnd.
func snoozeUntil(word string, now time.Time) (time.Time, error) {
	if word == SnoozeEnd {
		return time.Time{}, nil
	}
	for _, x := range SnoozeChoices() {
		if x.Word == word {
			return now.AddDate(x.years, x.months, 7*x.weeks).Truncate(time.Millisecond), nil
		}
	}
	return time.Time{}, fault.BadField("snooze", "%.20q is none of 2w, 1m, 6m, 1y and end", word)
}

// OpenPreferences is what the page of a link shows. It changes nothing. Of a contact that is not known it says what holds for
// one that said nothing.
func (c *Control) OpenPreferences(ctx context.Context, l link.Link) (Preferences, error) {
	_, p, err := c.preferences(ctx, l)
	return p, err
}

func (c *Control) preferences(ctx context.Context, l link.Link) (a store.Addressee, p Preferences, err error) {
	if a, err = c.Store.Addressee(ctx, l.Project, l.Contact); err != nil || a.Project == "" {
		return a, p, err
	}
	p.Unsubscribed = a.Unsubscribed
	if a.SnoozedUntil.After(c.Now()) {
		p.SnoozedUntil = a.SnoozedUntil
	}
	if p.Topics, err = c.Store.Topics(ctx, a.Project); err != nil {
		return a, p, fmt.Errorf("list topics: %w", err)
	}
	for i := range p.Topics {
		if takes, said := a.Takes[p.Topics[i].Slug]; said {
			p.Topics[i].Takes = takes
		}
	}
	return a, p, nil
}

// ChangePreferences does what somebody asked on the page of a link, and returns what it shows then: the same whether the contact
// is known or not.
func (c *Control) ChangePreferences(ctx context.Context, l link.Link, e PreferenceEdit, v Visitor) (Preferences, error) {
	if err := c.useLink(l); err != nil {
		return Preferences{}, err
	}
	a, p, err := c.preferences(ctx, l)
	if err != nil {
		return p, err
	}
	change, err := c.readPreference(&e, &p)
	if err != nil {
		return p, err
	}
	if a.Address == "" {
		return p, nil
	}
	if len(change.Topics) > 0 || change.Snooze != nil {
		if err := c.prefer(ctx, &a, change); err != nil {
			return p, err
		}
	}
	switch {
	case e.Subscribed == nil:
		return p, nil
	case *e.Subscribed:
		return p, c.resubscribe(ctx, &a)
	}
	return p, c.unsubscribe(ctx, &a, l.Ref, ByPage, v)
}

// readPreference makes the change of a contact, and of what its page shows.
func (c *Control) readPreference(e *PreferenceEdit, p *Preferences) (x contact.Change, err error) {
	if e.Subscribed != nil {
		p.Unsubscribed = !*e.Subscribed
	}
	if e.Snooze != "" {
		if p.SnoozedUntil, err = snoozeUntil(e.Snooze, c.Now().UTC()); err != nil {
			return x, err
		}
		until := int64(0)
		if !p.SnoozedUntil.IsZero() {
			until = p.SnoozedUntil.UnixMilli()
		}
		x.Snooze = &until
	}
	if e.Topics == nil {
		return x, nil
	}
	x.Topics = make(map[string]bool)
	for i := range p.Topics {
		takes := slices.Contains(e.Topics, p.Topics[i].Slug)
		if takes != p.Topics[i].Takes {
			x.Topics[p.Topics[i].Slug], p.Topics[i].Takes = takes, takes
		}
	}
	return x, nil
}
