// Package form provides the pages on which people say what mail they want, by forms and by the links of emails: made by the
// server, without scripts.
// Only POST changes anything: programs that look at every link of an email open them with GET.
package form

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The paths below which the pages are.
const (
	subscribePath = "/subscribe/"
	confirmPath   = "/confirm/"
)

const (
	maxBody = 64 << 10
	timeout = 10 * time.Second
)

type door struct {
	control *control.Control
	log     *slog.Logger
	pages   *pages
}

// New makes the handler of the pages; other paths go to next.
func New(c *control.Control, log *slog.Logger, next http.Handler) http.Handler {
	d := &door{control: c, log: log, pages: newPages()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var token string
		serve := d.subscribe
		switch {
		case strings.HasPrefix(r.URL.Path, subscribePath):
			token = r.URL.Path[len(subscribePath):]
		case strings.HasPrefix(r.URL.Path, confirmPath):
			token, serve = r.URL.Path[len(confirmPath):], d.confirm
		case strings.HasPrefix(r.URL.Path, control.UnsubscribePath):
			token, serve = r.URL.Path[len(control.UnsubscribePath):], d.unsubscribe
		case strings.HasPrefix(r.URL.Path, control.PreferencesPath):
			token, serve = r.URL.Path[len(control.PreferencesPath):], d.preferences
		default:
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		d.headers(w)
		serve(w, r.WithContext(ctx), token)
	})
}

// headers go with every answer. Same-origin lets the page's own POST name its origin, and tells no other site of the link.
func (d *door) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Content-Security-Policy", policy(pageCSS, ""))
}

// allowed answers methods that a path does not take.
func allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, "this page takes "+strings.Join(methods, ", "), http.StatusMethodNotAllowed)
	return false
}

func (d *door) subscribe(w http.ResponseWriter, r *http.Request, token string) {
	if !allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions) {
		return
	}
	asked := &visit{door: d, w: w, r: r}
	f, err := d.control.OpenForm(r.Context(), token)
	if err == nil {
		err = asked.of(&f)
	}
	if err != nil {
		asked.fail(err)
		return
	}
	asked.share()
	switch r.Method {
	case http.MethodPost:
		asked.post()
	case http.MethodOptions:
		asked.preflight()
	default:
		asked.show(http.StatusOK, d.page(&f, nil, nil))
	}
}

// visit is one request about a form.
type visit struct {
	*door
	w     http.ResponseWriter
	r     *http.Request
	form  *store.Form // nil: there is none under this link
	brand store.Brand
}

// of takes a form, and the brand of whoever made it.
func (v *visit) of(f *store.Form) (err error) {
	if v.form = f; f != nil {
		v.brand, err = v.control.Brand(v.r.Context(), control.Actor{Project: f.Project})
	}
	return err
}

func (v *visit) show(status int, p *page) { v.pages.show(v.w, v.r, status, p.branded(v.brand)) }

// share lets pages of the form's sites read the answer.
func (v *visit) share() {
	v.w.Header().Add("Vary", "Origin")
	v.w.Header().Add("Vary", "Accept")
	if origin := v.r.Header.Get("Origin"); origin != "" && v.control.MayPost(v.form, origin) {
		v.w.Header().Set("Access-Control-Allow-Origin", origin)
		v.w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

func (v *visit) preflight() {
	h := v.w.Header()
	h.Set("Allow", "GET, HEAD, POST, OPTIONS")
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", http.MethodPost)
		h.Set("Access-Control-Allow-Headers", "Content-Type, Accept")
		h.Set("Access-Control-Max-Age", "600")
	}
	v.w.WriteHeader(http.StatusNoContent)
}

// post is the one way to be subscribed. What it answers does not depend on what is known of the address.
func (v *visit) post() {
	asked, err := v.read()
	if err == nil {
		err = v.control.Join(v.r.Context(), v.form, asked)
	}
	switch {
	case err != nil:
		v.refuse(asked, err)
	case v.wantsJSON():
		v.write(jsonType, http.StatusOK, thanks{Success: true, Message: sent(v.form), RedirectURL: v.form.RedirectURL})
	case v.form.RedirectURL != "":
		v.redirect(v.form.RedirectURL)
	default:
		v.show(http.StatusOK, said(v.form.Name, "Thank you", sent(v.form)))
	}
}

func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// sent is what everybody is told, whether the address is known or not.
func sent(f *store.Form) string {
	if f.DoubleOptIn {
		return "Please look into your mailbox: we sent you a link. You are subscribed once you confirm it there."
	}
	return "You are on the list. If you unsubscribed before, look into your mailbox: then we sent you a link to confirm that you " +
		"want our mail again."
}

// thanks is the answer to a program.
type thanks struct {
	Success     bool   `json:"success"`
	Message     string `json:"message"`
	RedirectURL string `json:"redirectUrl,omitempty"`
}

// wantsJSON reports whether a program asks: it sends JSON, or asks for it.
func (v *visit) wantsJSON() bool {
	kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	return kind == jsonType || strings.Contains(v.r.Header.Get("Accept"), jsonType)
}

const jsonType = "application/json"

// read reads what was sent.
func (v *visit) read() (*control.JoinRequest, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxBody)
	asked := &control.JoinRequest{
		Origin: v.r.Header.Get("Origin"), Client: control.ClientAddress(v.r), Agent: v.r.UserAgent(), Fields: map[string]string{},
	}
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == jsonType:
		return asked, v.readJSON(asked)
	case err == nil && kind == "application/x-www-form-urlencoded":
		return asked, v.readForm(asked)
	}
	return asked, fault.New(fault.Invalid, "unsupported_media_type",
		"a form is sent as application/x-www-form-urlencoded or as JSON")
}

func (v *visit) readForm(asked *control.JoinRequest) error {
	v.r.URL.RawQuery = "" // what stands in a link is not sent
	if err := v.r.ParseForm(); err != nil {
		return unreadable(err)
	}
	asked.Email, asked.Trap = v.r.PostForm.Get("email"), v.r.PostForm.Get(control.FormTrap)
	for _, x := range v.form.Fields {
		asked.Fields[x.Name] = v.r.PostForm.Get(x.Name)
	}
	return nil
}

func (v *visit) readJSON(asked *control.JoinRequest) error {
	var body map[string]string
	if err := json.UnmarshalRead(v.r.Body, &body); err != nil {
		return unreadable(err)
	}
	asked.Email, asked.Trap = body["email"], body[control.FormTrap]
	for _, x := range v.form.Fields {
		asked.Fields[x.Name] = body[x.Name]
	}
	return nil
}

func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "body_too_large", "the request is too large")
	}
	return fault.New(fault.Invalid, "malformed", "the request can't be read: want the fields of the form, each a text")
}

func (d *door) confirm(w http.ResponseWriter, r *http.Request, token string) {
	if !allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	v := &visit{door: d, w: w, r: r}
	client := control.ClientAddress(r)
	if r.Method != http.MethodPost {
		x, err := d.control.OpenConfirmation(r.Context(), token, client)
		if err == nil {
			err = v.of(x.Form)
		}
		if err != nil {
			v.fail(err)
			return
		}
		v.show(http.StatusOK, d.confirmation(&x, token))
		return
	}
	x, err := d.control.ConfirmJoin(r.Context(), token, client)
	if err == nil {
		err = v.of(x.Form)
	}
	switch {
	case err != nil:
		v.fail(err)
	case x.Form != nil && x.Form.ConfirmedURL != "":
		v.redirect(x.Form.ConfirmedURL)
	default:
		v.show(http.StatusOK, said(titleOf(x.Form),
			"You are subscribed", "Thank you for confirming. You can close this page."))
	}
}

// titleOf is what a form is called.
func titleOf(f *store.Form) string {
	if f == nil {
		return anybody
	}
	return f.Name
}

// origins are those of the sites that a form may send people to: a browser that follows it asks the page's policy.
func origins(list ...string) (out []string) {
	for _, s := range list {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			out = append(out, u.Scheme+"://"+u.Host)
		}
	}
	return out
}
