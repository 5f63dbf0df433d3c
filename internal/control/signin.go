package control

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Credentials are what a person signs in with.
type Credentials struct {
	Name     string
	Password string
	Client   Client
}

// SignedIn is a new session.
type SignedIn struct {
	Session store.Session // with its person
	Token   string        // of the cookie
	Until   time.Time     // when the cookie is of no use in any case; the session may be over before
}

// SignIn proves a name and a password and makes a session. It takes the same work whether the name is known or not, and
// tells no difference. It is RateLimited after too many wrong passwords.
func (c *Control) SignIn(ctx context.Context, in Credentials) (SignedIn, error) {
	var p problems
	p.text("name", in.Name, 1, maxName)
	p.shortPassword("password", in.Password)
	if err := p.err(); err != nil {
		return SignedIn{}, err
	}
	key := nameKey(in.Name)
	person, err := c.Store.PersonByName(ctx, key)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return SignedIn{}, fmt.Errorf("find person: %w", err)
	}
	right, err := c.Gate.prove(ctx, c.Now(), key, in.Client.Address, in.Password, person.Hash)
	if err != nil {
		return SignedIn{}, wrap("sign in", err)
	}
	if !right {
		return SignedIn{}, c.refuse(ctx, person, in.Client, "wrong password", fault.New(fault.Unauthenticated,
			"wrong_password", "the name or the password is wrong").
			WithHint("whoever runs the server can make a link that sets a new one: tidings person reset NAME"))
	}
	if !person.DisabledAt.IsZero() {
		return SignedIn{}, c.refuse(ctx, person, in.Client, "disabled", fault.New(fault.Forbidden,
			"person_disabled", "this person may not sign in").
			WithHint("whoever runs the server can change that: tidings person enable NAME"))
	}
	made := c.newSession(person, in.Client)
	if err := c.Store.CreateSession(ctx, made.Session, c.actOf(person, opSignIn, made.Session)); err != nil {
		return SignedIn{}, fmt.Errorf("create session: %w", err)
	}
	return made, nil
}

// shortPassword checks a password that is to be proved: whatever it is, it must not be much to read.
func (p *problems) shortPassword(field, password string) {
	if password == "" {
		p.add(field, "is required")
	}
	if len(password) > maxPasswordBytes {
		p.add(field, "must not have more than %d bytes", maxPasswordBytes)
	}
}

// refuse notes that somebody could not sign in, as often as is worth reading, and returns the reason. What was typed is not
// kept: it may be a password in the wrong field.
func (c *Control) refuse(ctx context.Context, person store.Person, from Client, note string, reason error) error {
	act := ByServer(c.Now(), opRefuseSignIn)
	if !c.Gate.notes.AllowN(act.At, 1) {
		return reason
	}
	if person.ID == "" {
		note = "unknown name"
	} else {
		act.Project, act.Subject = person.Project, person.ID
	}
	act.Door, act.Note = auth.DoorUI, fromWhere(note, from)
	if err := c.Store.NoteAct(ctx, act); err != nil {
		return fmt.Errorf("note the refusal: %w", err)
	}
	return reason
}

func fromWhere(note string, from Client) string {
	if network := auth.Network(from.Address); network != "" {
		return note + ", from " + network
	}
	return note
}

func (c *Control) newSession(p store.Person, from Client) SignedIn {
	session, token := auth.NewSession(p, c.Now().UTC(), from.agent(), auth.Network(from.Address))
	return SignedIn{Session: session, Token: token, Until: session.CreatedAt.Add(auth.SessionLongest)}
}

// actOf is the act of a person who makes a session.
func (c *Control) actOf(p store.Person, operation string, s store.Session) store.Act {
	who := Actor{Project: p.Project, By: p.ID, Door: auth.DoorUI}
	note := ""
	if s.IP != "" {
		note = "from " + s.IP
	}
	return c.act(who, operation, p.ID, note)
}

// Invitation finds a link that works, by its token. It is a NotFound or Gone error with the reason where it does not.
func (c *Control) Invitation(ctx context.Context, token string) (store.Invitation, error) {
	i, err := c.Store.Invitation(ctx, auth.Hash(token), c.Now())
	return i, wrap("find invitation", err)
}

// Acceptance is the use of a link.
type Acceptance struct {
	Token    string
	Name     string // required of the first person; of others it may be left out
	Password string
	Client   Client
}

// AcceptInvitation uses a link: it sets the password, ends the person's sessions elsewhere and makes one.
func (c *Control) AcceptInvitation(ctx context.Context, in Acceptance) (SignedIn, error) {
	hash := auth.Hash(in.Token)
	i, err := c.Store.Invitation(ctx, hash, c.Now())
	if err != nil {
		return SignedIn{}, fmt.Errorf("find invitation: %w", err)
	}
	person, err := c.invited(ctx, i, in)
	if err != nil {
		return SignedIn{}, err
	}
	if person.Hash, err = c.Gate.Passwords.Hash(ctx, in.Password); err != nil {
		return SignedIn{}, err
	}
	made := c.newSession(person, in.Client)
	act := c.actOf(person, opAcceptInvitation, made.Session)
	act.Changes = []store.Change{{Field: "password"}}
	if i.Person == "" {
		act.Changes = append(act.Changes, store.Change{Field: "name", To: person.Name})
	}
	if made.Session.Person, err = c.Store.AcceptInvitation(ctx, hash, person, made.Session, act); err != nil {
		return SignedIn{}, fmt.Errorf("accept invitation: %w", err)
	}
	return made, nil
}

// invited is the person that a link is for, without a hash: the one it names, or a new one.
func (c *Control) invited(ctx context.Context, i store.Invitation, in Acceptance) (person store.Person, err error) {
	var p problems
	if i.Person == "" {
		now := c.Now().UTC()
		person = store.Person{
			ID: auth.NewID("per_"), Project: store.DefaultProject, Name: in.Name, CreatedAt: now, LastSignInAt: now,
		}
		person.NameKey = p.personName("name", in.Name)
	} else if person, err = c.Store.Person(ctx, i.Person); err != nil {
		return person, fmt.Errorf("find person: %w", err)
	}
	if in.Name != "" && i.Person != "" && nameKey(in.Name) != person.NameKey {
		p.add("name", "is %q by this link: leave it out", person.Name)
	}
	p.password("password", in.Password, person.Name)
	return person, p.err()
}

// ChangePassword sets the password of the person who asks, ends all sessions and makes a new one.
func (c *Control) ChangePassword(ctx context.Context, who Actor, old, next string, from Client) (SignedIn, error) {
	person, err := c.Store.Person(ctx, who.By)
	if err != nil {
		return SignedIn{}, fmt.Errorf("find person: %w", err)
	}
	var p problems
	p.shortPassword("old", old)
	p.password("new", next, person.Name)
	if old == next && next != "" {
		p.add("new", "is the password that you have")
	}
	if err := p.err(); err != nil {
		return SignedIn{}, err
	}
	// Whoever found an open browser must not guess here what cannot be guessed at the door.
	right, err := c.Gate.prove(ctx, c.Now(), person.NameKey, from.Address, old, person.Hash)
	if err != nil {
		return SignedIn{}, wrap("change password", err)
	}
	if !right {
		return SignedIn{}, fault.New(fault.Invalid, "wrong_password", "is not your password").WithField("old")
	}
	hash, err := c.Gate.Passwords.Hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	made := c.newSession(person, from)
	act := c.actOf(person, opChangePassword, made.Session)
	act.Changes = []store.Change{{Field: "password"}}
	if err := c.Store.ChangePassword(ctx, hash, made.Session, act); err != nil {
		return SignedIn{}, fmt.Errorf("change password: %w", err)
	}
	return made, nil
}

// Sessions lists where the person who asks is signed in, newest first.
func (c *Control) Sessions(ctx context.Context, who Actor) ([]store.Session, error) {
	list, err := c.Store.Sessions(ctx, who.By, c.Now())
	return list, wrap("list sessions", err)
}

// Session is the session in which a person asks.
func (c *Control) Session(ctx context.Context, who Actor) (store.Session, error) {
	list, err := c.Sessions(ctx, who)
	if err != nil {
		return store.Session{}, err
	}
	for i := range list {
		if list[i].ID == who.Session {
			return list[i], nil
		}
	}
	return store.Session{}, fault.New(fault.Unauthenticated, auth.CodeNoSession, "nobody is signed in here, or not any more").
		WithHint("sign in at /ui/")
}

// SignOut ends the session in which a person asks.
func (c *Control) SignOut(ctx context.Context, who Actor) error {
	return wrap("sign out", c.Store.EndSession(ctx, who.By, who.Session, c.act(who, opSignOut, who.By, "")))
}

// EndSession ends a session of the person who asks.
func (c *Control) EndSession(ctx context.Context, who Actor, id string) error {
	return wrap("end session", c.Store.EndSession(ctx, who.By, id, c.act(who, opEndSession, id, "")))
}
