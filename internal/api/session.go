package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
)

// The cookie of a session. Over https it has the prefix that no other host and no plain connection can set: RFC 6265bis,
// section 4.1.3.2.
const (
	cookieName       = "tidings_session"
	secureCookieName = "__Host-" + cookieName
)

// session is the security scheme of people.
const session = "session"

// pathsOfPeople begin with it: they are for the pages of the web UI.
const pathsOfPeople = "/ui/"

// visit is what a handler of people needs of its request.
type visit struct {
	client control.Client
	secure bool
}

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey).(visit)
	return v
}

func (a *api) visit(r *http.Request) visit {
	return visit{client: control.Client{Address: control.ClientAddress(r), UserAgent: r.UserAgent()}, secure: a.secure(r)}
}

// secure reports whether the browser speaks https, perhaps to a proxy in front. Who claims it falsely gets a cookie that
// the own browser does not send back, and nothing else.
func (a *api) secure(r *http.Request) bool {
	outermost, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if r.TLS != nil || strings.EqualFold(strings.TrimSpace(outermost), "https") {
		return true
	}
	u, err := url.Parse(a.Control.PublicURL)
	return err == nil && u.Scheme == "https" && strings.EqualFold(u.Host, r.Host)
}

// sessionToken is the token of the request's cookie; empty: there is none. Over https only the cookie that nobody else can
// set is one.
func (a *api) sessionToken(r *http.Request) string {
	name := cookieName
	if a.secure(r) {
		name = secureCookieName
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// sessionCookie is the header that gives a browser its session, or with an empty token takes it away. Lax: a link in an
// email may open a page, for GET never acts; nothing else comes with the cookie from another site.
func sessionCookie(secure bool, token string, expires time.Time) string {
	c := http.Cookie{
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
		Expires: expires,
	}
	if secure {
		c.Name = secureCookieName
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// crossOrigin refuses what another site makes a browser send.
func (a *api) crossOrigin(r *http.Request) error {
	if err := a.origins.Check(r); err != nil {
		return fault.New(fault.Forbidden, "cross_origin", "this request was made by a page of another site").
			WithHint("open the page at its own address; behind a proxy that changes Host, set --public-url")
	}
	return nil
}

// originsOf lets the pages of the public URL send what changes something, whatever a proxy makes of Host.
func originsOf(publicURL string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		// It refuses what is no origin; then it trusts none.
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	return p
}

// admitPerson proves who asks by the cookie.
func (a *api) admitPerson(r *http.Request, o control.Operation) (control.Actor, error) {
	if err := a.crossOrigin(r); err != nil {
		return control.Actor{}, err
	}
	p, err := a.Auth.AuthenticateSession(r.Context(), a.sessionToken(r))
	if err != nil {
		return control.Actor{}, err
	}
	return control.Admit(o, p)
}

// byCookie reports whether a request is one of a person: it has no key, and a cookie, or asks for what is for people alone.
func (a *api) byCookie(r *http.Request, o control.Operation) bool {
	return a.People && r.Header.Get("Authorization") == "" && (o.Scope == control.Person || a.sessionToken(r) != "")
}
