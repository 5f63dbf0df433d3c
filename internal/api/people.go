package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Person is somebody who may sign in.
type Person struct {
	ID   string `json:"id" example:"per_01jq7z9f3v8k2m5n"`
	Name string `json:"name" doc:"What the person signs in with" example:"lea"`
}

// Session is who is signed in.
type Session struct {
	ID        string    `json:"id" doc:"The session's id" example:"ses_01jq7z9f3v8k2m5n"`
	Person    Person    `json:"person" doc:"Who"`
	ExpiresAt time.Time `json:"expiresAt" doc:"When it is over if it is not used before"`
}

func sessionOf(s *store.Session) Session {
	return Session{ID: s.ID, Person: Person{ID: s.Person.ID, Name: s.Person.Name}, ExpiresAt: s.ExpiresAt}
}

type sessionOut struct{ Body Session }

// signedInOut gives a browser its session.
type signedInOut struct {
	SetCookie string `header:"Set-Cookie" doc:"tidings_session, over https __Host-tidings_session: HttpOnly, SameSite=Lax"`
	Body      Session
}

func signedIn(ctx context.Context, made control.SignedIn) *signedInOut {
	return &signedInOut{
		SetCookie: sessionCookie(visitOf(ctx).secure, made.Token, made.Until),
		Body:      sessionOf(&made.Session),
	}
}

type signInIn struct{ Body Credentials }

// Credentials are what a person signs in with.
type Credentials struct {
	Name     string `json:"name" doc:"The person's name, in any case" example:"lea"`
	Password string `json:"password" doc:"The person's password" example:"four words or more"`
}

func (a *api) signIn(ctx context.Context, in *signInIn) (*signedInOut, error) {
	made, err := a.Control.SignIn(ctx, control.Credentials{
		Name: in.Body.Name, Password: in.Body.Password, Client: visitOf(ctx).client,
	})
	if err != nil {
		return nil, err
	}
	return signedIn(ctx, made), nil
}

func (a *api) getSession(ctx context.Context, _ *nothingIn) (*sessionOut, error) {
	s, err := a.Control.Session(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &sessionOut{sessionOf(&s)}, nil
}

type signedOutOut struct {
	SetCookie string `header:"Set-Cookie" doc:"Takes the cookie away"`
}

func (a *api) signOut(ctx context.Context, _ *nothingIn) (*signedOutOut, error) {
	if err := a.Control.SignOut(ctx, who(ctx)); err != nil {
		return nil, err
	}
	return &signedOutOut{sessionCookie(visitOf(ctx).secure, "", time.Time{})}, nil
}

type invitationIn struct {
	Body struct {
		Token string `json:"token" doc:"What is behind the # of the link" example:"Jm3o…"`
	}
}

// Invitation is a link that sets a password.
type Invitation struct {
	Name      *string   `json:"name" nullable:"true" doc:"The person that it is for; null: the first, who chooses a name" example:"lea"`
	ExpiresAt time.Time `json:"expiresAt" doc:"Until when it works"`
}

type invitationOut struct{ Body Invitation }

func (a *api) getInvitation(ctx context.Context, in *invitationIn) (*invitationOut, error) {
	i, err := a.Control.Invitation(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	out := &invitationOut{Invitation{ExpiresAt: i.ExpiresAt}}
	if i.Person != "" {
		out.Body.Name = &i.Name
	}
	return out, nil
}

// Acceptance is the use of a link.
type Acceptance struct {
	Token    string `json:"token" doc:"What is behind the # of the link" example:"Jm3o…"`
	Name     string `json:"name,omitempty" doc:"Required where the link has no name" example:"lea"`
	Password string `json:"password" doc:"The new password: 12 characters or more, at most 256 bytes, not the name; any characters will do" example:"four words or more"`
}

type acceptInvitationIn struct{ Body Acceptance }

func (a *api) acceptInvitation(ctx context.Context, in *acceptInvitationIn) (*signedInOut, error) {
	made, err := a.Control.AcceptInvitation(ctx, control.Acceptance{
		Token: in.Body.Token, Name: in.Body.Name, Password: in.Body.Password, Client: visitOf(ctx).client,
	})
	if err != nil {
		return nil, err
	}
	return signedIn(ctx, made), nil
}

type changePasswordIn struct {
	Body struct {
		Old string `json:"old" doc:"The password so far" example:"four words or more"`
		New string `json:"new" doc:"The next one, under the same rules as the first" example:"another four words"`
	}
}

func (a *api) changePassword(ctx context.Context, in *changePasswordIn) (*signedInOut, error) {
	made, err := a.Control.ChangePassword(ctx, who(ctx), in.Body.Old, in.Body.New, visitOf(ctx).client)
	if err != nil {
		return nil, err
	}
	return signedIn(ctx, made), nil
}

// OpenSession is a browser in which a person is signed in.
type OpenSession struct {
	ID         string    `json:"id" example:"ses_01jq7z9f3v8k2m5n"`
	Current    bool      `json:"current" doc:"Whether it is the one that asks" example:"true"`
	CreatedAt  time.Time `json:"createdAt" doc:"When the person signed in"`
	LastSeenAt time.Time `json:"lastSeenAt" doc:"Within a minute"`
	ExpiresAt  time.Time `json:"expiresAt" doc:"When it is over if it is not used before"`
	UserAgent  string    `json:"userAgent" doc:"How the browser names itself; empty: it does not" example:"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"`
	Network    string    `json:"network" doc:"Where the person signed in from, without the end of the address; empty: not known" example:"203.0.113.0/24"`
}

// SessionList is where a person is signed in.
type SessionList struct {
	Sessions []OpenSession `json:"sessions" nullable:"false" doc:"Newest first"`
}

type sessionListOut struct{ Body SessionList }

func (a *api) listSessions(ctx context.Context, _ *nothingIn) (*sessionListOut, error) {
	list, err := a.Control.Sessions(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &sessionListOut{SessionList{Sessions: make([]OpenSession, len(list))}}
	for i := range list {
		s := &list[i]
		out.Body.Sessions[i] = OpenSession{
			ID: s.ID, Current: s.ID == who(ctx).Session, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt,
			ExpiresAt: s.ExpiresAt, UserAgent: s.UserAgent, Network: s.IP,
		}
	}
	return out, nil
}

type endSessionIn struct {
	ID string `path:"id" doc:"The session's id" example:"ses_01jq7z9f3v8k2m5n"`
}

func (a *api) endSession(ctx context.Context, in *endSessionIn) (*nothingOut, error) {
	return &nothingOut{}, a.Control.EndSession(ctx, who(ctx), in.ID)
}

// nothingOut is an answer of 204.
type nothingOut struct{}
