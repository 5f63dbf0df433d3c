// Package netguard provides the connections that the program makes to the outside: only to public addresses, unless
// the operator allowed others. It checks the address that is dialled, after every name was resolved, so no name, no
// second answer of a name server and no spelling of an address gets round it. It never follows a redirect.
package netguard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"tidings/internal/fault"
)

// Guard decides which addresses may be dialled. The zero value allows public addresses only. Its fields are set
// before its first use and not changed after; then it is safe for concurrent use.
type Guard struct {
	// Allow are ranges that may be dialled although they are not public. They come from the configuration file
	// alone, never from a request.
	Allow []netip.Prefix
	// Own are the addresses that this program listens on. They are never dialled, not even if Allow has them. An
	// unspecified address (0.0.0.0, ::) stands for every address of this machine.
	Own []netip.AddrPort
	// Resolve finds where a name is to be reached; nil asks the system. A machine without a way out may point
	// names at a relay of its own. What it returns is checked like everything else.
	Resolve func(ctx context.Context, host, port string) ([]netip.AddrPort, error)
	// Roots are the certificate authorities to trust; nil means the system's.
	Roots *x509.CertPool
}

const (
	connectTimeout  = 5 * time.Second
	maxHeaderBytes  = 64 << 10
	idleTimeout     = 30 * time.Second
	maxIdlePerHost  = 4
	deniedCode      = "address_denied"
	allowHint       = "a range of your own network can be allowed in the configuration file"
	maxAnswersTried = 8
)

// Check returns a Forbidden error if an address must not be dialled.
func (g *Guard) Check(target netip.AddrPort) error {
	// A prefix contains no address with a zone and no IPv4 address in IPv6 clothes.
	addr := target.Addr().Unmap().WithZone("")
	if !addr.IsValid() {
		return fault.New(fault.Forbidden, deniedCode, "not an address: %q", target)
	}
	if g.own(netip.AddrPortFrom(addr, target.Port())) {
		return fault.New(fault.Forbidden, deniedCode, "%s is an address of this server", addr)
	}
	for _, p := range g.Allow {
		if p.Contains(addr) {
			return nil
		}
	}
	if why, ok := denied(addr); ok {
		return fault.New(fault.Forbidden, deniedCode, "%s is not a public address (%s)", addr, why).WithHint(allowHint)
	}
	return nil
}

func (g *Guard) own(target netip.AddrPort) bool {
	for _, o := range g.Own {
		if o.Port() != target.Port() {
			continue
		}
		own := o.Addr().Unmap().WithZone("")
		if own == target.Addr() || own.IsUnspecified() && ofThisMachine(target.Addr()) {
			return true
		}
	}
	return false
}

func ofThisMachine(addr netip.Addr) bool {
	if addr.IsLoopback() || addr.IsUnspecified() {
		return true
	}
	local, err := net.InterfaceAddrs()
	if err != nil {
		return true // better to refuse one's own port on a stranger's address than the other way round
	}
	for _, l := range local {
		if p, err := netip.ParsePrefix(l.String()); err == nil && p.Addr().Unmap() == addr {
			return true
		}
	}
	return false
}

// DialContext connects to an address of the form host:port, if the guard lets it. It is what an http.Transport wants.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: connectTimeout, ControlContext: g.control}
	if g.Resolve == nil {
		return dialer.DialContext(ctx, network, address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", address, err)
	}
	targets, err := g.Resolve(ctx, host, port)
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", host, err)
	}
	err = fault.New(fault.Unavailable, "no_address", "%q has no address", host)
	for i, t := range targets {
		if i == maxAnswersTried {
			break
		}
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, network, t.String()); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// control sees every address just before the operating system connects to it.
func (g *Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fault.New(fault.Forbidden, deniedCode, "connections over %q are not made", network)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fault.Wrap(fault.Forbidden, deniedCode, err, "not an address")
	}
	return g.Check(target)
}

// Client makes a Client whose requests take no longer than timeout in all.
func (g *Guard) Client(timeout time.Duration) *Client {
	return &Client{HTTP: &http.Client{
		Timeout: timeout,
		// A redirect is an answer like any other: whoever sent it does not choose our next request.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial for us, unguarded
			DialContext:            g.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.Roots},
			TLSHandshakeTimeout:    connectTimeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConnsPerHost:    maxIdlePerHost,
			IdleConnTimeout:        idleTimeout,
			DisableCompression:     true, // what is read is what was sent, and no more than the bound
			ForceAttemptHTTP2:      true,
		},
	}}
}
