package main

import (
	"fmt"
	"io"
	"time"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/store"
)

type personCommand struct {
	Create  personCreate  `cmd:"" help:"Make a person and print the link that sets the password."`
	List    personList    `cmd:"" help:"List the people."`
	Reset   personReset   `cmd:"" help:"Print a link that sets a new password; end the person's sessions."`
	Disable personDisable `cmd:"" help:"Keep a person from signing in; end the person's sessions."`
	Enable  personEnable  `cmd:"" help:"Let a person sign in again."`
}

// personView is a person as it is printed.
type personView struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Link          string    `json:"link,omitempty"` // after create and reset
	LinkExpiresAt time.Time `json:"linkExpiresAt,omitzero"`
	Password      bool      `json:"password"` // one was set
	CreatedAt     time.Time `json:"createdAt"`
	LastSignInAt  time.Time `json:"lastSignInAt,omitzero"`
	DisabledAt    time.Time `json:"disabledAt,omitzero"`
}

func viewPerson(p store.Person) personView {
	return personView{
		ID: p.ID, Name: p.Name, Password: p.Hash != "", CreatedAt: p.CreatedAt, LastSignInAt: p.LastSignInAt,
		DisabledAt: p.DisabledAt,
	}
}

// personLink is what create and reset have in common: they print a link.
type personLink struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	Name           string `arg:"" help:"What the person signs in with."`
}

func (p personLink) run(c *console, invite func(*control.Control, control.Actor) (control.Invited, error)) error {
	return p.with(c, config.Config{Address: p.Address}, func(ops *control.Control, who control.Actor) error {
		made, err := invite(ops, who)
		if err != nil {
			return err
		}
		view := viewPerson(made.Person)
		view.Password, view.Link, view.LinkExpiresAt = false, made.Link, made.ExpiresAt
		return p.print(c, view, func(w io.Writer) {
			const text = "%s\nThis link sets the password of %s, once, until %s (UTC). It is shown this once: give it to nobody else.\n"
			fmt.Fprintf(w, text, made.Link, plain(made.Person.Name), when(made.ExpiresAt))
		})
	})
}

type personCreate struct {
	personLink `embed:""`
}

// Help is the long help.
func (*personCreate) Help() string {
	return `The person opens the link in a browser and chooses a password of 12 characters or more. Names are the same in any
case. With --public-url (or TIDINGS_PUBLIC_URL) as the server has it, the link works from elsewhere.

  tidings person create lea --public-url https://tidings.example.com
  tidings person create max --json`
}

// Run makes a person.
func (p *personCreate) Run(c *console) error {
	return p.run(c, func(ops *control.Control, who control.Actor) (control.Invited, error) {
		return ops.CreatePerson(c.ctx, who, p.Name)
	})
}

type personReset struct {
	personLink `embed:""`
}

// Help is the long help.
func (*personReset) Help() string {
	return `For who forgot the password, lost the link, or left a browser open somewhere. The password from before works no more,
and whatever browser the person is signed in with is signed out.

  tidings person reset mia --public-url https://tidings.example.com`
}

// Run makes a link.
func (p *personReset) Run(c *console) error {
	return p.run(c, func(ops *control.Control, who control.Actor) (control.Invited, error) {
		return ops.ResetPerson(c.ctx, who, p.Name)
	})
}

type personList struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*personList) Help() string {
	return `Disabled people are listed too.

  tidings person list`
}

// Run lists the people.
func (p *personList) Run(c *console) error {
	return p.local(c, func(ops *control.Control, who control.Actor) error {
		people, err := ops.People(c.ctx, who)
		if err != nil {
			return err
		}
		views := make([]personView, 0, len(people))
		rows := make([][]string, 0, len(people))
		for _, x := range people {
			views = append(views, viewPerson(x))
			rows = append(rows, []string{x.ID, x.Name, personState(x), when(x.CreatedAt), when(x.LastSignInAt)})
		}
		return p.print(c, views, func(w io.Writer) {
			table(w, []string{"id", "name", "state", "created", "last sign-in"}, rows)
		})
	})
}

func personState(p store.Person) string {
	switch {
	case !p.DisabledAt.IsZero():
		return "disabled " + when(p.DisabledAt)
	case p.Hash == "":
		return "waits for the link to be used"
	}
	return "active"
}

// personChange is what disable and enable have in common.
type personChange struct {
	database `embed:""`
	printing `embed:""`
	Name     string `arg:"" help:"The person's name or id."`
}

func (p personChange) run(
	c *console, said string, change func(*control.Control, control.Actor) (store.Person, error),
) error {
	return p.local(c, func(ops *control.Control, who control.Actor) error {
		person, err := change(ops, who)
		if err != nil {
			return err
		}
		return p.print(c, viewPerson(person), func(w io.Writer) { fmt.Fprintf(w, "%s "+said+"\n", plain(person.Name)) })
	})
}

type personDisable struct {
	personChange `embed:""`
}

// Help is the long help.
func (*personDisable) Help() string {
	return `It takes effect with the next request, on every node. What the person did stays in the audit log.

  tidings person disable mia`
}

// Run disables a person.
func (p *personDisable) Run(c *console) error {
	return p.run(c, "can't sign in any more.", func(ops *control.Control, who control.Actor) (store.Person, error) {
		return ops.DisablePerson(c.ctx, who, p.Name)
	})
}

type personEnable struct {
	personChange `embed:""`
}

// Help is the long help.
func (*personEnable) Help() string {
	return `The password is the one from before; links from before do not work.

  tidings person enable mia`
}

// Run enables a person.
func (p *personEnable) Run(c *console) error {
	return p.run(c, "may sign in.", func(ops *control.Control, who control.Actor) (store.Person, error) {
		return ops.EnablePerson(c.ctx, who, p.Name)
	})
}
