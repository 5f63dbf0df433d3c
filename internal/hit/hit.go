// Package hit provides where the pixel and the links of emails lead: opens and clicks are counted, and whoever follows a link
// goes on at once.
package hit

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/link"
)

// pixel is a GIF of one point that nobody sees.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" +
	"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

type door struct {
	control *control.Control
	log     *slog.Logger
}

// New makes the handler; other paths go to next.
func New(c *control.Control, log *slog.Logger, next http.Handler) http.Handler {
	d := &door{control: c, log: log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case strings.HasPrefix(path, control.OpenPath):
			d.serve(w, r, path[len(control.OpenPath):], link.Open)
		case strings.HasPrefix(path, control.ClickPath):
			d.serve(w, r, path[len(control.ClickPath):], link.Click)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serve answers one request. HEAD is answered as GET and counts nothing: people's programs do not ask so.
func (d *door) serve(w http.ResponseWriter, r *http.Request, token string, kind link.Kind) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this takes GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	l, ok, err := d.control.OpenLink(r.Context(), token, kind)
	switch {
	case err != nil:
		d.log.ErrorContext(r.Context(), "a link could not be read", "error", err)
		h.Set("Retry-After", "5")
		http.Error(w, "please try again in a moment", http.StatusServiceUnavailable)
		return
	case !ok:
		http.Error(w, "this link leads nowhere: it may be cut off", http.StatusNotFound)
		return
	}
	if r.Method == http.MethodGet {
		d.count(r, l)
	}
	if kind == link.Click {
		h.Set("Location", location(l.Target))
		w.WriteHeader(http.StatusFound)
		return
	}
	h.Set("Content-Type", "image/gif")
	h.Set("Content-Length", strconv.Itoa(len(pixel)))
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(pixel)) // whoever is gone does not see it
	}
}

// count stores the hit. Whoever follows the link is not told where that fails.
func (d *door) count(r *http.Request, l link.Link) {
	err := d.control.Count(r.Context(), control.Hit{
		Link: l, Prefetch: prefetches(r.Header),
		Visitor: control.Visitor{Client: control.ClientAddress(r), Agent: r.UserAgent()},
	})
	level := slog.LevelWarn
	if fault.Is(err, fault.RateLimited) {
		level = slog.LevelDebug
	}
	if err != nil {
		d.log.Log(r.Context(), level, "an open or a click was not counted", "error", err)
	}
}

// prefetches reports whether a program says that it fetches what nobody asked for yet.
func prefetches(h http.Header) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, word := range [...]string{"prefetch", "prerender", "preview"} {
			if strings.Contains(strings.ToLower(h.Get(name)), word) {
				return true
			}
		}
	}
	return false
}

// location writes a target as a header can hold it.
func location(target string) string {
	var b strings.Builder
	for i := range len(target) {
		if c := target[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
