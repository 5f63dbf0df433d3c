// Package web provides the pages of the web UI, as they were built: compressed once, kept by browsers as long as they hold,
// under a policy that lets them load nothing from elsewhere. What they show comes from the API.
package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

const (
	prefix = "/ui/"
	index  = "index.html"
	assets = "assets/"
)

// headers go with every page and asset.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options":     "nosniff",
	"Referrer-Policy":            "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Vary":                       "Accept, Accept-Encoding",
}

// Pages serves the web UI below /ui/ and shows browsers the way there from /. Everything else goes to Next, also what lies
// below /ui/ and is no page: the paths that the pages themselves ask.
type Pages struct {
	files map[string]*file
	next  http.Handler
}

// New reads the files that were built: index.html and what it loads.
func New(built fs.FS, next http.Handler) (*Pages, error) {
	p := &Pages{files: make(map[string]*file), next: next}
	err := fs.WalkDir(built, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(built, name)
		p.files[name] = newFile(name, content)
		return err
	})
	if err == nil && p.files[index] == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("read the pages of the web UI: %s: %w", index, err)
	}
	return p, nil
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/" && navigates(r) || path == strings.TrimSuffix(prefix, "/") {
		http.Redirect(w, r, prefix, http.StatusSeeOther)
		return
	}
	name, below := strings.CutPrefix(path, prefix)
	if !below {
		p.next.ServeHTTP(w, r)
		return
	}
	switch f := p.find(name, r); {
	case f != nil:
		f.serve(w, r)
	case strings.HasPrefix(name, assets):
		answer(w, http.StatusNotFound, "there is no such file: the page that asks for it is of another version, load it again")
	default:
		p.next.ServeHTTP(w, r)
	}
}

// find is the file of a name; for every other place that a person goes to it is the page itself, which knows the place.
func (p *Pages) find(name string, r *http.Request) *file {
	if name == "" {
		name = index
	}
	if f := p.files[name]; f != nil {
		return f
	}
	if !strings.HasPrefix(name, assets) && navigates(r) {
		return p.files[index]
	}
	return nil
}

// navigates reports whether a person goes to a place, rather than a page or program that asks for something.
func navigates(r *http.Request) bool {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return reads && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func answer(w http.ResponseWriter, status int, text string) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}
