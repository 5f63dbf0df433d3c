package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// OptIn is a contact's wish to be subscribed.
type OptIn struct {
	ID          string // opt_…; the token of its link is made of it
	Contact     string // con_…
	Form        string // frm_…
	RequestedAt time.Time
	ExpiresAt   time.Time // it can be confirmed before
	ConfirmedAt time.Time // zero: not yet
}

// Joining is what somebody sent with a form.
type Joining struct {
	Form       *Form
	Address    string // event.Address.Key
	Attributes map[string]json.RawMessage
	Client     *event.Client // nil: nothing is known of it

	ID        string        // of the wish, where it has to be confirmed
	ExpiresAt time.Time     // of the same
	Quiet     time.Duration // how long one wish of a contact through a form is as good as another
}

// wish is what is kept of a wish until it is confirmed.
type wish struct {
	Attributes map[string]json.RawMessage `json:"attributes,omitempty"`
	Topics     []string                   `json:"topics,omitempty"`
}

func (x *wish) topics() map[string]bool {
	takes := make(map[string]bool, len(x.Topics))
	for _, slug := range x.Topics {
		takes[slug] = true
	}
	return takes
}

const (
	formOrigin  = "form"
	unconfirmed = "unconfirmed" // why a contact that waits is not subscribed
)

// Join does what somebody asked with a form. Without double opt-in the contact is subscribed. With it, and always where the
// contact unsubscribed before, it is a wish: nobody is subscribed, and contact.confirmation is written, at most once in
// Quiet. Of an address that is suppressed nothing is stored. Whoever asks is not told which of these it was.
func (s *Store) Join(ctx context.Context, j *Joining) error {
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		ref, err := projectRef(ctx, b, j.Form.Project)
		if err != nil {
			return err
		}
		w = s.newWork(ctx, b)
		says := wish{Attributes: j.Attributes, Topics: j.Form.Topics}
		entry := &receipt.Entry{Source: &source.Source{Project: j.Form.Project, ProjectRef: ref}, Changes: []contact.Change{{
			Address: j.Address, Attributes: says.Attributes, Topics: says.topics(), Consent: contact.OptIn,
			At: ms(w.now), Origin: formOrigin, By: j.Form.ID,
		}}}
		w.collectChanges([]*receiptRow{{entry: entry}})
		if err := w.lockContacts(); err != nil {
			return err
		}
		asks, err := w.waits(j, w.changes[0])
		if err != nil {
			return err
		}
		for _, step := range [...]func() error{
			w.applyChanges, w.saveState, w.flip, func() error { return w.wishes(j, &says, asks) }, w.saveFacts, w.tellInterested,
			w.saveCounters,
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case err != nil:
		return fmt.Errorf("join: %w", err)
	}
	w.keepTerms()
	return nil
}

// waits decides whether what somebody asked for has to be confirmed, and takes out of the change what waits for that. It is
// errUnchanged where nothing is to be done at all.
func (w *work) waits(j *Joining, x *changeRow) (bool, error) {
	c, status := x.contact, int64(0)
	if _, err := one(w.ctx, w.b, `SELECT status FROM contacts WHERE ref = $1`, []any{c.ref}, &status); err != nil {
		return false, err
	}
	held, err := w.isSuppressed(c)
	if err != nil {
		return false, err
	}
	patterns, err := patternsOf(w.ctx, w.b, c.project, c.address)
	if err != nil {
		return false, err
	}
	if held || len(patterns) > 0 {
		return false, errUnchanged
	}
	if !j.Form.DoubleOptIn && (c.created || !c.state.Unsubscribed) {
		return false, nil
	}
	var known int64
	recent, err := one(w.ctx, w.b, `SELECT 1 FROM optins WHERE contact = $1 AND form = $2 AND requested_at > $3 LIMIT 1`,
		[]any{c.ref, j.Form.ID, ms(w.now.Add(-j.Quiet))}, &known)
	if err != nil || recent {
		return false, errors.Join(err, errUnchanged)
	}
	x.Attributes, x.Topics, x.Consent = nil, nil, contact.NoConsent
	if c.created || status == goneContact { // it comes to be, and is not subscribed
		x.Consent, x.Reason, c.before = contact.OptOut, unconfirmed, true
	}
	return true, nil
}

// wishes stores a wish, and the event that tells of it. Older ones of the contact that nobody can confirm any more go.
func (w *work) wishes(j *Joining, says *wish, asks bool) error {
	if !asks {
		return nil
	}
	c := w.changes[0].contact
	if err := putWish(w.ctx, w.b, c.ref, j.ID, j.Form.ID, says, w.now, j.ExpiresAt); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{
		"form": j.Form.ID, "request": j.ID, "topics": j.Form.Topics, "expiresAt": j.ExpiresAt.UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	e, err := w.derived(c, event.Event{
		Name: event.ContactConfirmation, OccurredAt: w.now, Data: data, Client: j.Client,
	}, j.ID)
	if err != nil {
		return err
	}
	return w.derive([]*eventRow{e})
}

func putWish(ctx context.Context, c conn, ref int64, id, form string, says *wish, now, expires time.Time) error {
	text, err := json.Marshal(says)
	if err != nil {
		return err
	}
	if err := makeLinkKey(ctx, c); err != nil {
		return err
	}
	if _, err := c.exec(ctx, `DELETE FROM optins WHERE contact = $1 AND confirmed_at = 0 AND expires_at <= $2`,
		ref, ms(now)); err != nil {
		return err
	}
	_, err = c.exec(ctx, `INSERT INTO optins (id, contact, form, says, requested_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, id, ref, form, string(text), ms(now), ms(expires))
	return err
}

const selectOptIn = `SELECT o.id, o.contact, o.form, o.requested_at, o.expires_at, o.confirmed_at FROM optins o `

func optIn(ctx context.Context, c conn, where string, args ...any) (o OptIn, ref int64, err error) {
	var requested, expires, confirmed int64
	found, err := one(ctx, c, selectOptIn+where, args, &o.ID, &ref, &o.Form, &requested, &expires, &confirmed)
	if err != nil || !found {
		return OptIn{}, 0, err
	}
	o.Contact, o.RequestedAt, o.ExpiresAt, o.ConfirmedAt = publicID(contactPrefix, ref), at(requested), at(expires), at(confirmed)
	return o, ref, nil
}

// OptIn finds a wish by its id, whosever it is.
func (s *Store) OptIn(ctx context.Context, id string) (o OptIn, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		o, _, err = optIn(ctx, c, `WHERE o.id = $1`, id)
		return err
	})
	if err == nil && o.ID == "" {
		err = fault.Missing("nobody asked for this")
	}
	return o, err
}

// Confirm subscribes whoever wished it, once: again it changes nothing. It is Gone where the time is over.
func (s *Store) Confirm(ctx context.Context, id string) (o OptIn, err error) {
	var w *work
	err = s.engine.ingest(ctx, func(b batch) error {
		w = s.newWork(ctx, b)
		var ref int64
		if o, ref, err = optIn(ctx, b, `WHERE o.id = $1`, id); err != nil {
			return err
		}
		switch {
		case o.ID == "":
			return fault.Missing("nobody asked for this")
		case !o.ConfirmedAt.IsZero():
			return nil
		case !o.ExpiresAt.After(w.now):
			return fault.New(fault.Gone, "confirmation_expired", "the time to confirm this is over")
		}
		var says string
		first, err := one(ctx, b, `UPDATE optins SET confirmed_at = $2 WHERE id = $1 AND confirmed_at = 0 RETURNING says`,
			[]any{id, ms(w.now)}, &says)
		if err != nil || !first {
			return err
		}
		o.ConfirmedAt = w.now
		return w.subscribe(ref, &o, says)
	})
	if err != nil {
		return o, fmt.Errorf("confirm: %w", err)
	}
	w.keepTerms()
	return o, nil
}

// subscribe does what a contact wished.
func (w *work) subscribe(ref int64, o *OptIn, text string) error {
	var says wish
	if err := json.Unmarshal([]byte(text), &says); err != nil {
		return fmt.Errorf("read what was wished: %w", err)
	}
	src, address := &source.Source{}, ""
	if _, err := one(w.ctx, w.b, `SELECT c.address, c.project, p.id FROM contacts c JOIN projects p ON p.ref = c.project
		WHERE c.ref = $1`, []any{ref}, &address, &src.ProjectRef, &src.Project); err != nil {
		return err
	}
	if _, err := w.b.exec(w.ctx, `UPDATE optins SET says = '' WHERE id = $1`, o.ID); err != nil {
		return err
	}
	return w.edit(&receipt.Entry{Source: src, Changes: []contact.Change{{
		Address: address, Update: true, Attributes: says.Attributes, Topics: says.topics(), Consent: contact.OptIn,
		At: max(ms(w.now), ms(o.RequestedAt)+1), Origin: formOrigin, By: o.Form,
	}}})
}

// Wish finds the newest wish of a contact that can be confirmed still, through one form or any; where there is none and a form
// is given it makes one, without an event.
func (s *Store) Wish(
	ctx context.Context, project, idOrAddress string, f *Form, id string, expires time.Time, act Act,
) (o OptIn, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err == nil {
			ref, err = standing(ctx, c, ref)
		}
		if err != nil {
			return err
		}
		var status int64
		found, err := one(ctx, c, `SELECT status FROM contacts WHERE ref = $1 AND status <> `+itoa(goneContact), []any{ref}, &status)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no contact %q", idOrAddress)
		}
		where, args := `WHERE o.contact = $1 AND o.confirmed_at = 0 AND o.expires_at > $2`, []any{ref, ms(act.At)}
		if f != nil {
			where, args = where+` AND o.form = $3`, append(args, f.ID)
		}
		o, _, err = optIn(ctx, c, where+` ORDER BY o.ref DESC LIMIT 1`, args...)
		switch {
		case err != nil:
			return err
		case o.ID == "" && f == nil:
			return fault.New(fault.Conflict, "nothing_to_confirm", "the contact did not ask to be subscribed, or its time is over").
				WithField("form").WithHint("name a form: then a link is made all the same")
		case o.ID == "":
			says := wish{Topics: f.Topics}
			o = OptIn{ID: id, Contact: publicID(contactPrefix, ref), Form: f.ID, RequestedAt: act.At, ExpiresAt: expires}
			err = putWish(ctx, c, ref, id, f.ID, &says, act.At, expires)
		}
		act.Subject = o.Contact
		return err
	})
	return o, err
}

// newestOptIn is the newest wish of a contact; nil: there was none.
func newestOptIn(ctx context.Context, c conn, ref int64) (*OptIn, error) {
	o, _, err := optIn(ctx, c, `WHERE o.contact = $1 ORDER BY o.ref DESC LIMIT 1`, ref)
	if err != nil || o.ID == "" {
		return nil, err
	}
	return &o, nil
}

// LinkKey is the secret that links are signed with, the same for every node and after a restore. It is made with the first
// wish; nil: there was none.
func (s *Store) LinkKey(ctx context.Context) (key []byte, err error) {
	text := ""
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT value FROM meta WHERE name = 'link_key'`, nil, &text)
		return err
	})
	if err == nil {
		key, err = hex.DecodeString(text)
	}
	if err != nil {
		return nil, fmt.Errorf("find the key of links: %w", err)
	}
	return key, nil
}

func makeLinkKey(ctx context.Context, c conn) error {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails, see crypto/rand
	_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('link_key', $1) ON CONFLICT (name) DO NOTHING`,
		hex.EncodeToString(fresh))
	return err
}

// keptWish is how long a wish that nobody confirmed is kept when its time is over, so that its link says so.
const keptWish = 30 * 24 * time.Hour

// retainWishes removes wishes that nobody confirmed, with what was to be known of the contacts.
func retainWishes(ctx context.Context, c conn, now time.Time) error {
	_, err := c.exec(ctx, `DELETE FROM optins WHERE ref IN (SELECT ref FROM optins WHERE confirmed_at = 0 AND expires_at < $1
		LIMIT $2)`, ms(now.Add(-keptWish)), retainBatch)
	return err
}
