package workflow

import (
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpguts"
)

// methods are those that webhooks may use.
func methods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

func (c *compiler) webhook(at string, w *Webhook) {
	switch u, err := url.Parse(w.URL); {
	case w.URL == "":
		c.wrong(at+".url", "is required")
	case isLiquid(w.URL):
		c.liquid(at+".url", w.URL)
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		c.wrong(at+".url", "must be a URL such as https://acme.test/hook, not %.200q", w.URL)
	}
	if w.Method != "" {
		c.one(at+".method", w.Method, methods()...)
	}
	if len(w.Headers) > maxHeaders {
		c.wrong(at+".headers", "must have at most %d entries", maxHeaders)
	}
	for _, name := range sortedKeys(w.Headers) {
		here := join(at+".headers", name)
		switch value := w.Headers[name]; {
		case !httpguts.ValidHeaderFieldName(name):
			c.wrong(here, "%.100q can't be the name of a header", name)
		case isLiquid(value):
			c.liquid(here, value)
		case !httpguts.ValidHeaderFieldValue(value):
			c.wrong(here, "must be one line")
		}
	}
	c.liquid(at+".body", w.Body)
	if w.Tries < 0 || w.Tries > maxTries {
		c.wrong(at+".tries", "must be 1 to %d, or 0 for %d, not %d", maxTries, defaultTries, w.Tries)
	}
}
