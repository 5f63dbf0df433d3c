package auth

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
)

// How long a session lasts: until it was not used for sessionIdle, and never longer than SessionLongest.
const (
	sessionIdle    = 12 * time.Hour
	SessionLongest = 30 * 24 * time.Hour
)

// DoorUI is the door of people who are signed in.
const DoorUI = "ui"

// CodeNoSession is the code of questions by nobody: there is no cookie, or its session is over.
const CodeNoSession = "no_session"

// SessionEnd is when a session is over that was made and last used at these times.
func SessionEnd(made, used time.Time) time.Time {
	end, longest := used.Add(sessionIdle), made.Add(SessionLongest)
	if longest.Before(end) {
		return longest
	}
	return end
}

// NewSession makes a session of a person, and the token that is its cookie, which is never stored.
func NewSession(p store.Person, now time.Time, agent, ip string) (s store.Session, token string) {
	token = Token()
	return store.Session{
		ID: NewID("ses_"), Hash: Hash(token), Person: p, CreatedAt: now, LastSeenAt: now, ExpiresAt: SessionEnd(now, now),
		UserAgent: agent, IP: ip,
	}, token
}

// AuthenticateSession recognises the token of a session's cookie. An error is of kind Unauthenticated where there is no
// token, or its session is not known or over, or its person may not sign in any more.
func (a *Authenticator) AuthenticateSession(ctx context.Context, token string) (Principal, error) {
	none := fault.New(fault.Unauthenticated, CodeNoSession, "nobody is signed in here, or not any more").WithHint("sign in at /ui/")
	if token == "" || len(token) > maxKey {
		return Principal{}, none
	}
	hash, now := Hash(token), a.now()
	s, err := a.store.SessionByHash(ctx, hash)
	if fault.Is(err, fault.NotFound) || err == nil && subtle.ConstantTimeCompare(s.Hash[:], hash[:]) != 1 {
		return Principal{}, none
	}
	if err != nil {
		return Principal{}, err
	}
	if !now.Before(s.ExpiresAt) || !s.Person.DisabledAt.IsZero() {
		return Principal{}, none
	}
	a.touchSession(ctx, s, now)
	return Principal{
		Person: s.Person.ID, PersonName: s.Person.Name, Session: s.ID, Project: s.Person.Project, Kind: store.SecretKey,
		Door: DoorUI,
	}, nil
}

// touchSession notes that a session was used and lasts longer, at most once a minute. A failure costs only the note.
func (a *Authenticator) touchSession(ctx context.Context, s store.Session, now time.Time) {
	if now.Sub(s.LastSeenAt) < touchEvery || !a.due(s.ID, now) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchTimeout)
	defer cancel()
	if err := a.store.TouchSession(ctx, s.ID, now, SessionEnd(s.CreatedAt, now)); err != nil {
		a.logger.WarnContext(ctx, "the use of a session was not noted", "session", s.ID, "error", err)
	}
}

// Network is what is kept of an address: enough to tell home from work, too little to tell who. It is the address without
// its last 8 bits (IPv4) or 80 (IPv6), as a prefix; of what is no address it is empty.
func Network(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	bits := 48
	if address.Is4() {
		bits = 24
	}
	prefix, err := address.Prefix(bits)
	if err != nil || !prefix.IsValid() {
		return ""
	}
	return prefix.String()
}
