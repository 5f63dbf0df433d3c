package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/store"
)

// ReasonFilter asks why mail bounced at a domain. One of Domain and SenderDomain is required.
type ReasonFilter struct {
	Domain       string // of the recipients
	SenderDomain string
	From, To     string // a time or a date, to the second; default: the last 30 days, today included
}

// BounceReport is why mail bounced at a domain.
type BounceReport struct {
	Domain, SenderDomain string
	From, To             time.Time
	store.ReasonReport
}

// BounceReasons counts why mail bounced at a domain, from the newest bounces of a span; see store.BounceReasons.
func (c *Control) BounceReasons(ctx context.Context, who Actor, f ReasonFilter) (BounceReport, error) {
	var p problems
	out := BounceReport{Domain: p.domain("domain", f.Domain), SenderDomain: p.domain("senderDomain", f.SenderDomain)}
	if f.Domain == "" && f.SenderDomain == "" {
		p.add("domain", "or senderDomain is required: reasons of everything are counted by GET /stats?by=reason")
	}
	out.From, out.To = p.spanIn(f.From, f.To, time.UTC, c.Now())
	if err := p.err(); err != nil {
		return BounceReport{}, err
	}
	report, err := c.Store.BounceReasons(ctx, store.ReasonQuery{
		Project: who.Project, Domain: out.Domain, SenderDomain: out.SenderDomain, From: out.From, To: out.To,
	})
	if err != nil {
		return BounceReport{}, fmt.Errorf("count reasons: %w", err)
	}
	out.ReasonReport = report
	return out, nil
}

// domain brings a domain to the form in which addresses are stored; empty stays empty.
func (p *problems) domain(field, domain string) string {
	p.text(field, domain, 0, maxFilter)
	if domain == "" {
		return ""
	}
	stored := storedDomain(domain)
	if stored == "" || strings.ContainsAny(domain[1:], "@") {
		p.add(field, "%.100q is not a domain: write it as acme.test", domain)
	}
	return stored
}

// storedDomain is a domain, with an @ before it or without, as addresses are stored.
func storedDomain(domain string) string {
	return event.ParseAddress("a@" + strings.TrimPrefix(domain, "@")).Domain
}
