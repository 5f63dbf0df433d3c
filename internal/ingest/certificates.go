package ingest

import (
	"context"
	"crypto/x509"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"tidings/internal/fault"
	"tidings/internal/netguard"
	"tidings/provider"
)

const (
	certificateTTL   = 24 * time.Hour
	certificateRetry = time.Minute // after a fetch that did not work
	certificateBytes = 16 << 10
	maxCertificates  = 256
	newPerMinute     = 10 // URLs never seen before, in all: a flood of made-up names must not become our flood
	fetchTimeout     = 5 * time.Second
)

// Certificates fetches signing certificates and keeps them, each for a day and no longer than it is valid. When a fetch
// fails the last good copy is used until it expires. It is safe for concurrent use. Make it with NewCertificates.
type Certificates struct {
	client *netguard.Client
	now    func() time.Time
	fresh  *rate.Limiter
	flight singleflight.Group

	mu      sync.Mutex
	entries map[string]certificate // by key
	ready   map[string]*x509.Certificate
	until   time.Time // ready holds until then
}

// certificate is what a fetch brought: a certificate to use until a time, or how it failed.
type certificate struct {
	parsed *x509.Certificate
	err    error
	until  time.Time // then it is to be fetched again
}

// NewCertificates makes an empty store of certificates that fetches with client.
func NewCertificates(client *netguard.Client, now func() time.Time) *Certificates {
	return &Certificates{
		client: client, now: now, entries: map[string]certificate{},
		fresh: rate.NewLimiter(rate.Every(time.Minute/newPerMinute), newPerMinute),
	}
}

// Ready returns the certificates that need no fetch, by key. The map is shared and must not be changed.
func (c *Certificates) Ready() map[string]*x509.Certificate {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready != nil && now.Before(c.until) {
		return c.ready
	}
	c.ready, c.until = map[string]*x509.Certificate{}, now.Add(certificateTTL)
	for key, e := range c.entries {
		if e.parsed != nil && now.Before(e.until) {
			c.ready[key] = e.parsed
			c.until = earlier(c.until, e.until)
		}
	}
	return c.ready
}

// Fetch grants a wish: afterwards Ready has its certificate. Its errors are Unavailable: the provider is not to blame,
// and may send its request again.
func (c *Certificates) Fetch(ctx context.Context, w provider.Wish) error {
	result := c.flight.DoChan(w.Key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return nil, c.refresh(ctx, w)
	})
	select {
	case r := <-result:
		return r.Err
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, CodeCertificate, ctx.Err(), "the signing certificate did not come in time")
	}
}

func (c *Certificates) refresh(ctx context.Context, w provider.Wish) error {
	now := c.now()
	c.mu.Lock()
	old, known := c.entries[w.Key]
	c.mu.Unlock()
	if known && now.Before(old.until) {
		return old.err
	}
	if !known && !c.fresh.AllowN(now, 1) {
		return fault.New(fault.Unavailable, CodeCertificate,
			"too many signing certificates that were never seen before: no more than %d are fetched a minute", newPerMinute)
	}
	parsed, err := c.get(ctx, w.URL)
	e := certificate{parsed: parsed, err: err, until: now.Add(certificateTTL)}
	switch {
	case err == nil:
		e.until = earlier(e.until, parsed.NotAfter)
	case old.parsed != nil && now.Before(old.parsed.NotAfter):
		e = certificate{parsed: old.parsed, until: earlier(now.Add(certificateRetry), old.parsed.NotAfter)}
	default:
		e.until = now.Add(certificateRetry)
	}
	c.put(w.Key, e)
	return e.err
}

func (c *Certificates) get(ctx context.Context, url string) (*x509.Certificate, error) {
	resp, err := c.client.Get(ctx, url, certificateBytes)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, CodeCertificate, err, "the signing certificate could not be fetched")
	}
	if resp.Status != http.StatusOK {
		return nil, fault.New(fault.Unavailable, CodeCertificate,
			"the signing certificate could not be fetched: status %d", resp.Status)
	}
	parsed, err := provider.ParseCertificate(resp.Body)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, CodeCertificate, err, "what was fetched is no signing certificate")
	}
	return parsed, nil
}

// put stores an entry, in place of the one that is due first where there are too many.
func (c *Certificates) put(key string, e certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = nil
	if _, known := c.entries[key]; !known && len(c.entries) >= maxCertificates {
		var first string
		for k, other := range c.entries {
			if first == "" || other.until.Before(c.entries[first].until) {
				first = k
			}
		}
		delete(c.entries, first)
	}
	c.entries[key] = e
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
