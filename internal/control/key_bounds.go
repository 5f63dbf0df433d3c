package control

import (
	"fmt"
	"net/url"
	"strings"

	"tidings/event"
	"tidings/internal/store"
)

// maxBounds is how many events, origins or domains a key may be bound to.
const maxBounds = 100

// keyBounds reads the bounds that a new key is to have.
func (p *problems) keyBounds(kind store.KeyKind, in store.KeyBounds) (out store.KeyBounds) {
	out.Subscribes = in.Subscribes
	out.Events = p.bound("bounds.events", in.Events, func(s string) (string, error) {
		name, err := event.CustomName(s)
		return string(name), err
	})
	out.Origins = p.bound("bounds.origins", in.Origins, webOrigin)
	out.Domains = p.bound("bounds.domains", in.Domains, domainOf)
	if kind == store.SecretKey && len(in.Origins) > 0 {
		p.add("bounds.origins", "are of public keys: a secret key belongs into no page")
	}
	if kind == store.SecretKey && in.Subscribes {
		p.add("bounds.subscribes", "is of public keys: a secret key always may")
	}
	return out
}

func (p *problems) bound(field string, list []string, read func(string) (string, error)) (out []string) {
	if len(list) > maxBounds {
		p.add(field, "must have at most %d entries", maxBounds)
	}
	for i, s := range list {
		clean, err := read(s)
		if err != nil {
			p.add(indexed(field, i), "%.100q: %v", s, err)
			continue
		}
		out = append(out, clean)
	}
	return out
}

// webOrigin reads an origin as browsers write it: RFC 6454, section 6.2.
func webOrigin(s string) (string, error) {
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Host, "*") {
		return "", fmt.Errorf("want a scheme and a host, such as https://acme.test")
	}
	host := u.Host
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host, nil
}

// domainOf reads a domain as addresses are compared by it.
func domainOf(s string) (string, error) {
	key, problem := readAddress([]byte("x@" + s))
	if problem != "" {
		return "", fmt.Errorf("want a domain, such as mail.acme.test")
	}
	return strings.TrimPrefix(key, "x@"), nil
}
