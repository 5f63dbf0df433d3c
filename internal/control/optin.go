package control

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// JoinRules bound what strangers may do with forms. The zero value bounds nothing, and wishes last DefaultConfirmFor.
type JoinRules struct {
	Client  *Rates        // what one network address sends of one form, or asks of links
	Form    *Rates        // what is sent of one form
	Confirm time.Duration // how long a wish can be confirmed
}

// DefaultConfirmFor is how long a wish to be subscribed can be confirmed.
const DefaultConfirmFor = 7 * 24 * time.Hour

// joinQuiet is how long one wish of a contact through a form is as good as another.
const joinQuiet = 10 * time.Minute

// maxFieldValue is the longest value of a field of a form, in characters.
const maxFieldValue = 500

// JoinRequest is what somebody sent with a form.
type JoinRequest struct {
	Token  string // of the form's link
	Origin string // of the page that sent it; empty: no page did, or the browser does not tell
	Client netip.Addr
	Agent  string // its user agent
	Email  string
	Fields map[string]string
	Trap   string // what came in FormTrap: people leave it empty
}

// OpenForm finds a form by the token of its link, for whoever has it.
func (c *Control) OpenForm(ctx context.Context, token string) (store.Form, error) {
	if len(token) > 100 || !isWord(token) {
		return store.Form{}, fault.Missing("there is no form under this link")
	}
	f, err := c.Store.FormOfToken(ctx, token)
	if err != nil {
		return f, fmt.Errorf("find form: %w", err)
	}
	return f, nil
}

// isWord reports whether a text has letters, digits, hyphens and underscores alone.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

// MayPost reports whether a page of an origin may send a form. A request that names none comes from no page.
func (c *Control) MayPost(f *store.Form, origin string) bool {
	if origin == "" {
		return true
	}
	clean, err := webOrigin(origin)
	return err == nil && slices.Contains(c.formOrigins(f), clean)
}

// Join does what somebody asked with a form. Nothing that it answers depends on what is known of the address.
func (c *Control) Join(ctx context.Context, f *store.Form, r *JoinRequest) error {
	if !c.MayPost(f, r.Origin) {
		return fault.New(fault.Forbidden, "foreign_origin", "pages of %.100q may not send this form", r.Origin).
			WithHint("whoever owns the form can add the site to its origins")
	}
	now := c.Now().UTC()
	if r.Client.IsValid() {
		if err := c.Joining.Client.take(f.ID+" "+network(r.Client), now, CodeRateLimited, "sent from this address"); err != nil {
			return err
		}
	}
	if err := c.Joining.Form.take(f.ID, now, CodeRateLimited, "sent with this form"); err != nil {
		return err
	}
	address, attributes, err := readJoin(f, r)
	if err != nil || r.Trap != "" { // a program filled it in, which is told what people are told
		return err
	}
	err = c.Store.Join(ctx, &store.Joining{
		Form: f, Address: address, Attributes: attributes, ID: auth.NewID("opt_"), ExpiresAt: now.Add(c.confirmFor()),
		Client: clientOf(r), Quiet: joinQuiet,
	})
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

func (c *Control) confirmFor() time.Duration {
	if c.Joining.Confirm <= 0 {
		return DefaultConfirmFor
	}
	return c.Joining.Confirm
}

// clientOf is what is known of whoever sent a form; nil: nothing.
func clientOf(r *JoinRequest) *event.Client {
	x := event.Client{UserAgent: cutRunes(cleanLine(r.Agent), maxFieldValue)}
	if r.Client.IsValid() {
		x.IP = r.Client.String()
	}
	if x == (event.Client{}) {
		return nil
	}
	return &x
}

// cleanLine takes out of a text what no line of it can hold.
func cleanLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// readJoin checks what somebody sent. The fields of its errors are those of the form.
func readJoin(f *store.Form, r *JoinRequest) (string, map[string]json.RawMessage, error) {
	var p problems
	email := strings.TrimSpace(r.Email)
	var address, problem string
	switch {
	case email == "":
		p.add("email", "is required")
	case strings.ContainsFunc(email, unicode.IsControl) || !utf8.ValidString(email):
		p.add("email", "holds control characters")
	default:
		if address, problem = readAddress([]byte(email)); strings.HasPrefix(problem, "is ") {
			p.add("email", "%s", problem)
		} else if problem != "" { // it repeats the address, which stands beside it
			p.add("email", "is not an email address, such as ann@acme.test")
		}
	}
	attributes := make(map[string]json.RawMessage, len(f.Fields))
	for _, x := range f.Fields {
		value := strings.TrimSpace(r.Fields[x.Name])
		least := 0
		if x.Required {
			least = 1
		}
		before := len(p)
		p.text(x.Name, value, least, maxFieldValue)
		if value != "" && len(p) == before {
			raw, err := json.Marshal(value)
			if err != nil {
				return "", nil, fmt.Errorf("encode a field: %w", err)
			}
			attributes[x.Name] = raw
		}
	}
	return address, attributes, p.err()
}

// Confirmation is the page that a link to confirm leads to.
type Confirmation struct {
	store.OptIn
	Form *store.Form // nil: it was deleted since
}

// OpenConfirmation finds what a link would confirm. It changes nothing. A link that nobody made is NotFound; one whose time
// is over is Gone, unless it was used.
func (c *Control) OpenConfirmation(ctx context.Context, token string, client netip.Addr) (Confirmation, error) {
	id, err := c.wishOf(ctx, token, client)
	if err != nil {
		return Confirmation{}, err
	}
	o, err := c.Store.OptIn(ctx, id)
	if err != nil {
		return Confirmation{}, fmt.Errorf("find what is confirmed: %w", err)
	}
	if o.ConfirmedAt.IsZero() && !o.ExpiresAt.After(c.Now()) {
		return Confirmation{}, fault.New(fault.Gone, "confirmation_expired", "the time to confirm this is over")
	}
	return c.withForm(ctx, o)
}

// ConfirmJoin subscribes whoever asked for it. A link that was used before changes nothing and is answered the same.
func (c *Control) ConfirmJoin(ctx context.Context, token string, client netip.Addr) (Confirmation, error) {
	id, err := c.wishOf(ctx, token, client)
	if err != nil {
		return Confirmation{}, err
	}
	o, err := c.Store.Confirm(ctx, id)
	if err != nil {
		return Confirmation{}, fmt.Errorf("confirm: %w", err)
	}
	return c.withForm(ctx, o)
}

func (c *Control) withForm(ctx context.Context, o store.OptIn) (Confirmation, error) {
	out := Confirmation{OptIn: o}
	list, err := c.Store.FormByID(ctx, o.Form)
	if err != nil {
		return out, fmt.Errorf("find form: %w", err)
	}
	out.Form = list
	return out, nil
}

const (
	wishPrefix  = "opt_"
	wishLetters = 16
	sealLetters = 32 // of base64: 192 bits
)

// wishOf proves the token of a link and returns the wish that it is of.
func (c *Control) wishOf(ctx context.Context, token string, client netip.Addr) (string, error) {
	if client.IsValid() {
		if err := c.Joining.Client.take("confirm "+network(client), c.Now(), CodeRateLimited, "asked from this address"); err != nil {
			return "", err
		}
	}
	unknown := fault.Missing("nobody asked for this")
	if len(token) != wishLetters+sealLetters || !isWord(token) {
		return "", unknown
	}
	key, err := c.Store.LinkKey(ctx)
	if err != nil {
		return "", err
	}
	id := wishPrefix + token[:wishLetters]
	if len(key) == 0 || !hmac.Equal([]byte(wishToken(key, id)), []byte(token)) {
		return "", unknown
	}
	return id, nil
}

// wishToken is the token of a wish's link: its id and the proof that we made it, each of a fixed length.
func wishToken(key []byte, id string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("confirm " + id))
	return strings.TrimPrefix(id, wishPrefix) + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:sealLetters]
}

func (c *Control) confirmURL(key []byte, id string) string {
	return c.public("/confirm/" + wishToken(key, id))
}

// ConfirmLink is a link that a contact confirms with.
type ConfirmLink struct {
	URL       string
	ExpiresAt time.Time
}

// CreateConfirmation gives the link of the newest wish of a contact, through one form or any. Where there is none and a form is
// given, it makes one.
func (c *Control) CreateConfirmation(ctx context.Context, who Actor, id, form string) (ConfirmLink, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	p.contact("id", id)
	p.text("form", form, 0, maxFilter)
	if err := p.err(); err != nil {
		return ConfirmLink{}, err
	}
	var of *store.Form
	if form != "" {
		f, err := c.Form(ctx, who, form)
		if err != nil {
			return ConfirmLink{}, err
		}
		of = &f
	}
	expires := c.Now().UTC().Add(c.confirmFor())
	o, err := c.Store.Wish(ctx, who.Project, id, of, auth.NewID(wishPrefix), expires, c.act(who, opConfirmation, id, ""))
	if err != nil {
		return ConfirmLink{}, fmt.Errorf("find what is to be confirmed: %w", err)
	}
	key, err := c.Store.LinkKey(ctx)
	if err != nil {
		return ConfirmLink{}, err
	}
	return ConfirmLink{URL: c.confirmURL(key, o.ID), ExpiresAt: o.ExpiresAt}, nil
}

// seesLinks reports whether somebody is told the links by which contacts confirm: who could subscribe them anyway. An
// assistant never is.
func (w Actor) seesLinks() bool {
	return !w.Public && w.Door != DoorMCP && covers(w.Scopes, contactsWrite)
}

// linker puts the link into an event contact.confirmation; ok is false for all other events.
type linker func(ctx context.Context, e event.Event) (linked event.Event, ok bool, err error)

// linker returns a linker for whoever may see links; nil for everybody else. One goroutine may use it.
func (c *Control) linker(who Actor) linker {
	if !who.seesLinks() {
		return nil
	}
	var key []byte
	return func(ctx context.Context, e event.Event) (event.Event, bool, error) {
		if e.Name != event.ContactConfirmation {
			return e, false, nil
		}
		var data map[string]any
		if len(e.Data) > 0 {
			if err := json.Unmarshal(e.Data, &data); err != nil {
				return e, false, fmt.Errorf("decode an event: %w", err)
			}
		}
		id, _ := data["request"].(string)
		if id == "" { // it was erased
			return e, false, nil
		}
		if len(key) == 0 {
			var err error
			if key, err = c.Store.LinkKey(ctx); err != nil {
				return e, false, err
			}
		}
		data["confirmUrl"] = c.confirmURL(key, id)
		raw, err := json.Marshal(data)
		if err != nil {
			return e, false, fmt.Errorf("encode an event: %w", err)
		}
		e.Data = raw
		return e, true, nil
	}
}

// showLinks puts the links into events, for whoever may see them.
func (c *Control) showLinks(ctx context.Context, who Actor, events []event.Event) (err error) {
	link := c.linker(who)
	for i := range events {
		if link == nil || err != nil {
			break
		}
		events[i], _, err = link(ctx, events[i])
	}
	return err
}
