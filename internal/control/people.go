package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// invitationLasts is how long a link works.
const invitationLasts = 24 * time.Hour

// Invited is a person and the link that sets the password.
type Invited struct {
	Person    store.Person
	Link      string // to be shown this once
	ExpiresAt time.Time
}

// invite makes an invitation, and its link.
func (c *Control) invite(now time.Time) (i store.Invitation, link string) {
	token := auth.Token()
	// Behind the # a token reaches no server, no log and no proxy.
	link = strings.TrimSuffix(c.PublicURL, "/") + "/ui/welcome#" + token
	return store.Invitation{Hash: auth.Hash(token), CreatedAt: now, ExpiresAt: now.Add(invitationLasts)}, link
}

// FirstLink makes a link for whoever comes first, where nobody can sign in yet; else it is empty.
func (c *Control) FirstLink(ctx context.Context) (link string, err error) {
	has, err := c.Store.HasPeople(ctx)
	if err != nil || has {
		return "", wrap("look for people", err)
	}
	i, link := c.invite(c.Now().UTC())
	if err := c.Store.InviteFirst(ctx, i); err != nil {
		return "", fmt.Errorf("invite the first person: %w", err)
	}
	return link, nil
}

// CreatePerson makes a person who can sign in once the link was used.
func (c *Control) CreatePerson(ctx context.Context, who Actor, name string) (Invited, error) {
	var p problems
	key := p.personName("name", name)
	if err := p.err(); err != nil {
		return Invited{}, err
	}
	now := c.Now().UTC()
	person := store.Person{ID: auth.NewID("per_"), Project: who.Project, Name: name, NameKey: key, CreatedAt: now}
	act := c.act(who, opCreatePerson, person.ID, "")
	act.Changes = []store.Change{{Field: "name", To: name}}
	i, link := c.invite(now)
	if err := c.Store.CreatePerson(ctx, person, i, act); err != nil {
		return Invited{}, fmt.Errorf("create person: %w", err)
	}
	return Invited{Person: person, Link: link, ExpiresAt: i.ExpiresAt}, nil
}

// People lists the people who may sign in, disabled ones too, oldest first.
func (c *Control) People(ctx context.Context, who Actor) ([]store.Person, error) {
	list, err := c.Store.People(ctx, who.Project)
	return list, wrap("list people", err)
}

// ResetPerson takes a person's password away, ends the sessions and makes a link that sets the next password.
func (c *Control) ResetPerson(ctx context.Context, who Actor, name string) (Invited, error) {
	person, err := c.person(ctx, who, name)
	if err != nil {
		return Invited{}, err
	}
	if person.ID == who.By {
		return Invited{}, fault.New(fault.Conflict, "own_person",
			"that is you: a new link would sign you out before you could use it").
			WithHint("change your password instead")
	}
	if !person.DisabledAt.IsZero() {
		return Invited{}, fault.New(fault.Conflict, "person_disabled", "%s may not sign in", person.Name).
			WithHint("first: tidings person enable %s", person.Name)
	}
	act := c.act(who, opResetPerson, person.ID, "")
	act.Changes = []store.Change{{Field: "password"}}
	i, link := c.invite(act.At)
	if err := c.Store.ResetPerson(ctx, person.ID, i, act); err != nil {
		return Invited{}, fmt.Errorf("reset person: %w", err)
	}
	return Invited{Person: person, Link: link, ExpiresAt: i.ExpiresAt}, nil
}

// DisablePerson keeps a person from signing in and ends the sessions and links. Again it changes nothing. The last one who
// can sign in stays, unless who runs the server says otherwise at the command line.
func (c *Control) DisablePerson(ctx context.Context, who Actor, name string) (store.Person, error) {
	change := c.Store.DisablePersonButLast
	if who.Door == doorCLI {
		change = c.Store.DisablePerson
	}
	return c.changePerson(ctx, who, opDisablePerson, name, change)
}

// EnablePerson lets a person sign in again. Again it changes nothing.
func (c *Control) EnablePerson(ctx context.Context, who Actor, name string) (store.Person, error) {
	return c.changePerson(ctx, who, opEnablePerson, name, c.Store.EnablePerson)
}

func (c *Control) changePerson(
	ctx context.Context, who Actor, operation, name string, change func(context.Context, string, store.Act) error,
) (store.Person, error) {
	person, err := c.person(ctx, who, name)
	if err != nil {
		return store.Person{}, err
	}
	act := c.act(who, operation, person.ID, "")
	act.Changes = []store.Change{{Field: "disabledAt", From: stamp(person.DisabledAt)}}
	if operation == opDisablePerson {
		act.Changes[0].To = stamp(act.At)
	}
	if err := change(ctx, person.ID, act); err != nil {
		return store.Person{}, fmt.Errorf("change person: %w", err)
	}
	person, err = c.Store.Person(ctx, person.ID)
	return person, wrap("find person", err)
}

// person finds one of the actor's project by name, in any case, or by id.
func (c *Control) person(ctx context.Context, who Actor, name string) (store.Person, error) {
	person, err := c.Store.PersonByName(ctx, nameKey(name))
	if fault.Is(err, fault.NotFound) {
		person, err = c.Store.Person(ctx, name)
	}
	if err == nil && person.Project != who.Project || fault.Is(err, fault.NotFound) {
		return store.Person{}, fault.Missing("there is no person %.60q", name).WithHint("see: tidings person list")
	}
	return person, wrap("find person", err)
}

// wrap adds the step to an error; nil stays nil.
func wrap(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", step, err)
}
