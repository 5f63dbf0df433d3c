package netguard_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/netguard"
)

func TestNoSpecialRangeIsDialled(t *testing.T) {
	t.Parallel()
	// The first and the last address of every range, and what stands for one in another spelling.
	for _, addr := range []string{
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
		"192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
		"198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255",
		"240.0.0.0", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
		"64:ff9b::", "64:ff9b::7f00:1", "64:ff9b::ffff:ffff", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
		"100::", "100::ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1",
		"2002::", "2002:7f00:1::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::", "5f00:ffff::1",
		"fc00::", "fdff::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "feff::1", "ff00::", "ff02::1", "ffff::",
		"4000::1", "8000::1", "1fff::1", "::1%lo",
	} {
		var g netguard.Guard
		err := g.Check(netip.AddrPortFrom(netip.MustParseAddr(addr), 443))
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s may be dialled: %v", addr, err)
		}
	}
	var g netguard.Guard
	if err := g.Check(netip.AddrPort{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("no address at all may be dialled: %v", err)
	}
}

func TestPublicAddressesAreDialled(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
		"2001:200::", "2001:4860:4860::8888", "2003::1", "2600::1", "2600::1%eth0", "3ffe::1",
	} {
		var g netguard.Guard
		if err := g.Check(netip.AddrPortFrom(netip.MustParseAddr(addr), 443)); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestAnAllowedRangeIsDialledButNeverThisServerItself(t *testing.T) {
	t.Parallel()
	g := netguard.Guard{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("127.0.0.0/8")},
		Own:   []netip.AddrPort{netip.MustParseAddrPort("10.1.0.1:8080"), netip.MustParseAddrPort("[::]:9090")},
	}
	for target, allowed := range map[string]bool{
		"10.1.2.3:443": true, "10.1.0.1:443": true, "127.0.0.1:443": true, "[::ffff:10.1.2.3]:443": true,
		"10.2.0.1:443": false, "10.1.0.1:8080": false, "[::ffff:10.1.0.1]:8080": false, "127.0.0.1:9090": false,
		"[::1]:9090": false,
	} {
		err := g.Check(netip.MustParseAddrPort(target))
		if (err == nil) != allowed || err != nil && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: allowed %v, got %v", target, allowed, err)
		}
	}
}

// peer is a server on loopback, with a guard that leads every name to it.
func peer(t *testing.T, h http.HandlerFunc) *netguard.Guard {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	return &netguard.Guard{
		Allow:   []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)},
		Roots:   s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		Resolve: func(context.Context, string, string) ([]netip.AddrPort, error) { return []netip.AddrPort{at}, nil },
	}
}

func get(t *testing.T, g *netguard.Guard, url string) (netguard.Response, error) {
	t.Helper()
	c := g.Client(5 * time.Second)
	t.Cleanup(c.HTTP.CloseIdleConnections)
	return c.Get(t.Context(), url, 100)
}

func TestAnAllowedPeerIsReachedByTheNameInItsCertificate(t *testing.T) {
	t.Parallel()
	g := peer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("compression is asked for: %v", r.Header)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("short and stout"))
	})
	got, err := get(t, g, "https://example.com/x")
	if err != nil || got.Status != http.StatusTeapot || string(got.Body) != "short and stout" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := get(t, g, "https://another.test/"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a peer with a certificate for another name is believed: %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	g := peer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("the redirect to %s was followed", r.URL)
		}
		http.Redirect(w, r, "/there", http.StatusFound)
	})
	if got, err := get(t, g, "https://example.com/"); err != nil || got.Status != http.StatusFound {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestANameThatComesToMeanAnInsideAddressIsNotDialled(t *testing.T) {
	t.Parallel()
	requests := 0
	g := peer(t, func(http.ResponseWriter, *http.Request) { requests++ })
	before := g.Resolve
	answers := 0
	g.Resolve = func(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
		if answers++; answers == 1 {
			return before(ctx, host, port)
		}
		return []netip.AddrPort{netip.MustParseAddrPort("127.0.0.2:443"), netip.MustParseAddrPort("[::1]:443")}, nil
	}
	if _, err := get(t, g, "https://example.com/"); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, g, "https://example.com/"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("second answer: %v", err)
	}
	if requests != 1 {
		t.Errorf("%d requests, want 1", requests)
	}
}

func TestTheSystemsAnswerIsCheckedToo(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"} {
		conn, err := new(netguard.Guard).DialContext(t.Context(), "tcp", host+":"+port)
		if err == nil {
			conn.Close()
			t.Errorf("%s was dialled", host)
		}
	}
	if _, err := new(netguard.Guard).DialContext(t.Context(), "tcp", "127.0.0.1:"+port); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an address as it is: %v", err)
	}
	if _, err := new(netguard.Guard).DialContext(t.Context(), "udp", "1.1.1.1:53"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another protocol: %v", err)
	}
}

func TestOnlyPlainURLsAreFetched(t *testing.T) {
	t.Parallel()
	g := &netguard.Guard{Resolve: func(context.Context, string, string) ([]netip.AddrPort, error) {
		t.Error("a name was asked for")
		return nil, errors.New("no")
	}}
	for _, u := range []string{
		"http://example.com/", "ftp://example.com/", "https://user:pass@example.com/", "https://", "//example.com/", "https://a b/",
	} {
		if _, err := get(t, g, u); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func TestAnEndlessAnswerIsCutOffAndNoErrorRepeatsTheURL(t *testing.T) {
	t.Parallel()
	g := peer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang-up" {
			panic(http.ErrAbortHandler)
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
		}
	})
	_, err := get(t, g, "https://example.com/?Token=secret")
	if !fault.Is(err, fault.TooLarge) || strings.Contains(err.Error(), "secret") {
		t.Errorf("endless answer: %v", err)
	}
	_, err = get(t, g, "https://example.com/hang-up?Token=secret")
	if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("broken answer: %v", err)
	}
	g.Resolve = func(context.Context, string, string) ([]netip.AddrPort, error) { return nil, nil }
	if _, err = get(t, g, "https://example.com/?Token=secret"); !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a name without an address: %v", err)
	}
}
