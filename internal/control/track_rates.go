package control

import (
	"net/netip"
	"time"
)

// take counts a request's events for who asks.
func (rules *TrackRules) take(who Actor, in *TrackRequest, now time.Time) (left Allowance, err error) {
	type limit struct {
		rates *Rates
		key   string
		what  string
	}
	limits := []limit{{rules.Key, who.By, "events of this key"}, {rules.Project, who.Project, "events of this project"}}
	if who.Public && in.Client.IsValid() {
		limits = append(limits, limit{rules.Client, network(in.Client), "events from this address"})
	}
	for _, l := range limits {
		these, wait := l.rates.takeN(l.key, len(in.Items), now)
		if wait > 0 {
			return these, l.rates.tooMany(CodeRateLimited, l.what, severalAtOnce, wait)
		}
		if left.Limit == 0 || these.Limit > 0 && these.Remaining < left.Remaining {
			left = these
		}
	}
	return left, nil
}

// severalAtOnce ends the hint of who made too many calls.
const severalAtOnce = "; track several events in one request with POST /v1/track/batch"

// network is who has an address: of IPv6 the whole of a customer's.
func network(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// takeContact counts one event about a contact, which a key that anybody may see tells of.
func (rules *TrackRules) takeContact(who Actor, address string, now time.Time) error {
	if !who.Public {
		return nil
	}
	return rules.Contact.take(who.Project+" "+address, now, CodeRateLimited, "events about one contact from public keys")
}
