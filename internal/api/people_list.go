package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// KnownPerson is somebody who may sign in, or might.
type KnownPerson struct {
	ID           string    `json:"id" example:"per_01jq7z9f3v8k2m5n"`
	Name         string    `json:"name" doc:"What the person signs in with" example:"lea"`
	State        string    `json:"state" enum:"active,invited,disabled" doc:"invited: no password was set yet, or it was taken away"`
	CreatedAt    time.Time `json:"createdAt" doc:"When the person was invited"`
	LastSignInAt time.Time `json:"lastSignInAt,omitzero" doc:"Absent: never"`
	DisabledAt   time.Time `json:"disabledAt,omitzero" doc:"Absent: not disabled"`
}

func personOf(p store.Person) KnownPerson {
	out := KnownPerson{
		ID: p.ID, Name: p.Name, State: "active", CreatedAt: p.CreatedAt, LastSignInAt: p.LastSignInAt, DisabledAt: p.DisabledAt,
	}
	switch {
	case !p.DisabledAt.IsZero():
		out.State = "disabled"
	case p.Hash == "":
		out.State = "invited"
	}
	return out
}

// PersonList is everybody who may sign in.
type PersonList struct {
	People []KnownPerson `json:"people" nullable:"false" doc:"Oldest first"`
}

// InvitedPerson is a person with the link that sets the password.
type InvitedPerson struct {
	KnownPerson
	Link          string    `json:"link" doc:"Sets the password, once. It is shown this once" example:"https://tidings.test/ui/welcome#Jm3o…"`
	LinkExpiresAt time.Time `json:"linkExpiresAt" doc:"Until when it works"`
}

func invitedOf(i control.Invited) *invitedPersonOut {
	i.Person.Hash = "" // a reset took it away
	return &invitedPersonOut{InvitedPerson{KnownPerson: personOf(i.Person), Link: i.Link, LinkExpiresAt: i.ExpiresAt}}
}

type (
	personListOut    struct{ Body PersonList }
	personOut        struct{ Body KnownPerson }
	invitedPersonOut struct{ Body InvitedPerson }
)

func (a *api) listPeople(ctx context.Context, _ *nothingIn) (*personListOut, error) {
	list, err := a.Control.People(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &personListOut{PersonList{People: make([]KnownPerson, len(list))}}
	for i := range list {
		out.Body.People[i] = personOf(list[i])
	}
	return out, nil
}

type createPersonIn struct {
	Body struct {
		Name string `json:"name" doc:"What the person is to sign in with: no blanks, the same in any case" example:"lea"`
	}
}

func (a *api) createPerson(ctx context.Context, in *createPersonIn) (*invitedPersonOut, error) {
	made, err := a.Control.CreatePerson(ctx, who(ctx), in.Body.Name)
	if err != nil {
		return nil, err
	}
	return invitedOf(made), nil
}

// PersonPath names a person in a path.
type PersonPath struct {
	ID string `path:"id" doc:"The person's id, or name" example:"per_01jq7z9f3v8k2m5n"`
}

func (a *api) resetPerson(ctx context.Context, in *PersonPath) (*invitedPersonOut, error) {
	made, err := a.Control.ResetPerson(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return invitedOf(made), nil
}

func (a *api) disablePerson(ctx context.Context, in *PersonPath) (*personOut, error) {
	p, err := a.Control.DisablePerson(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &personOut{personOf(p)}, nil
}

func (a *api) enablePerson(ctx context.Context, in *PersonPath) (*personOut, error) {
	p, err := a.Control.EnablePerson(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &personOut{personOf(p)}, nil
}
