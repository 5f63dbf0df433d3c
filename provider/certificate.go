package provider

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// ParseCertificate reads the one certificate in a PEM text, as a FetchCertificate wish brings it. It only parses:
// whether the certificate may sign for the provider is the adapter's to check, on every use, because that changes
// with time. It fails if there is no certificate, more than one, or anything else beside it.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("parse certificate: no PEM block")
	}
	if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("parse certificate: want exactly one PEM block, of type CERTIFICATE")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	return c, nil
}

const (
	maxCertificates    = 32 // a provider has one or two at a time
	certificatesMinute = 10 // so that made-up names do not turn a handler into an amplifier
)

// certificates is a handler's cache of fetched certificates, by the key of the wish. A name stands for one certificate
// for ever and the adapter checks its validity on every use, so entries do not age. Its zero value with fetch and now
// set is ready. It is safe for concurrent use; one fetch is under way at a time, and nobody else waits for it.
type certificates struct {
	fetch func(context.Context, string) ([]byte, error)
	now   func() time.Time

	fetching sync.Mutex // held over a fetch, and for changing known

	mu     sync.Mutex                   // guards known alone
	known  map[string]*x509.Certificate // replaced, never changed: requests share it
	minute time.Time
	count  int
}

// all returns the certificates at hand.
func (c *certificates) all() map[string]*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// grant fetches what is asked for and not at hand, and returns all certificates at hand.
func (c *certificates) grant(ctx context.Context, wishes []Wish) (map[string]*x509.Certificate, error) {
	c.fetching.Lock()
	defer c.fetching.Unlock()
	for _, w := range wishes {
		if w.Kind != FetchCertificate || c.known[w.Key] != nil {
			continue
		}
		if err := c.add(ctx, w); err != nil {
			return nil, fmt.Errorf("fetch certificate %s: %w", w.URL, err)
		}
	}
	return c.known, nil
}

func (c *certificates) add(ctx context.Context, w Wish) error {
	now := c.now()
	if now.Sub(c.minute) >= time.Minute {
		c.minute, c.count = now, 0
	}
	if c.count++; c.count > certificatesMinute {
		return errors.New("too many unknown certificates within a minute")
	}
	text, err := c.fetch(ctx, w.URL)
	if err != nil {
		return err
	}
	cert, err := ParseCertificate(text)
	if err != nil {
		return err
	}
	next := make(map[string]*x509.Certificate, len(c.known)+1)
	if len(c.known) < maxCertificates {
		maps.Copy(next, c.known)
	}
	next[w.Key] = cert
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = next
	return nil
}
