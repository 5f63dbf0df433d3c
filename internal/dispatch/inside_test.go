package dispatch_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"tidings/internal/dispatch"
	"tidings/internal/netguard"
)

var quiet = log.New(io.Discard, "", 0)

// inside is a poster that may reach 127.0.0.1, and finds names with a resolver; nil: the system's.
func inside(t *testing.T, names *net.Resolver, allow ...string) *dispatch.Poster {
	t.Helper()
	g := &netguard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	if len(allow) > 0 {
		g.Allow = nil
		for _, text := range allow {
			g.Allow = append(g.Allow, netip.MustParsePrefix(text))
		}
	}
	if names != nil {
		g.Resolve = func(ctx context.Context, host, port string) (list []netip.AddrPort, err error) {
			found, err := names.LookupNetIP(ctx, "ip4", host)
			n, _ := net.DefaultResolver.LookupPort(ctx, "tcp", port)
			for _, a := range found {
				list = append(list, netip.AddrPortFrom(a, uint16(n)))
			}
			return list, err
		}
	}
	client := g.Client(dispatch.RequestWithin).HTTP
	t.Cleanup(client.CloseIdleConnections)
	return &dispatch.Poster{Client: client, UserAgent: "Tidings", Now: time.Now}
}

// nameServer answers every question for an address with the next of a list, and from then on with the last; it is a DNS server
// of its own on loopback.
func nameServer(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		asked, b := 0, make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				for _, text := range strings.Fields(answers[min(asked, len(answers)-1)]) {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(text).As4()},
					})
				}
				asked++
			}
			out, err := m.Pack()
			if err != nil {
				continue
			}
			_, _ = c.WriteTo(out, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// listening is a receiver on an address of this machine, at a port that the first one chose.
func listening(t *testing.T, address string) (port string, asked *atomic.Int32) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Connection", "close") // each request dials, and asks for the name, anew
	}))
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, asked
}

func TestANameThatComesToMeanThisMachineIsNotReachedAfterAll(t *testing.T) {
	t.Parallel()
	port, outside := listening(t, "127.0.0.2:0") // it stands for an address of the world
	_, secret := listening(t, "127.0.0.1:"+port)
	p := inside(t, nameServer(t, "127.0.0.2", "127.0.0.1"), "127.0.0.2/32")
	if out, _, _ := post(t, p, "http://rebind.test:"+port+"/"); !out.OK() {
		t.Fatalf("the first time: %+v", out)
	}
	out, _, _ := post(t, p, "http://rebind.test:"+port+"/")
	if out.OK() || !strings.Contains(out.Problem, "127.0.0.1") {
		t.Errorf("the second time: %+v", out)
	}
	if outside.Load() != 1 || secret.Load() != 0 {
		t.Errorf("%d requests outside, %d inside", outside.Load(), secret.Load())
	}
}

func TestOneAddressOfSeveralThatIsInsideIsNotDialled(t *testing.T) {
	t.Parallel()
	port, outside := listening(t, "127.0.0.2:0")
	_, secret := listening(t, "127.0.0.1:"+port)
	p := inside(t, nameServer(t, "127.0.0.1 127.0.0.2 169.254.169.254"), "127.0.0.2/32")
	for range 4 {
		_, _, _ = post(t, p, "http://many.test:"+port+"/")
	}
	if secret.Load() != 0 {
		t.Errorf("%d requests inside, %d outside", secret.Load(), outside.Load())
	}
}

// The ranges are netguard's, whose tests have each; here they come as an endpoint's URL would.
func TestNoURLLeadsInside(t *testing.T) {
	t.Parallel()
	open := dispatch.Limits{HTTP: true, AnyPort: true}
	p := inside(t, nil, "127.0.0.2/32")
	for _, host := range []string{
		"0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.168.1.1", "198.18.0.1",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "[::]", "[::1]", "[::ffff:169.254.169.254]", "[::ffff:127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fc00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "localhost",
	} {
		d := endpointAt("http://" + host + "/")
		x, wrong := dispatch.Compile(d, open)
		if x == nil {
			continue // it is refused when it is made
		}
		out, _, took := post(t, p, x.URL)
		if out.OK() || out.Status != 0 || took > 5*time.Second {
			t.Errorf("%s: %+v after %s (%v)", host, out, took, wrong)
		}
	}
	for _, url := range []string{
		"http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.0.0.1./",
		"http://①②⑦.⓪.⓪.①/", "http://[fe80::1%25eth0]/", "http://[::1%25lo]/", "http://lea:secret@acme.test/", "http://acme.test@127.0.0.1/",
		"http://127.0.0.1:80@acme.test/", "http:127.0.0.1/", "http:///127.0.0.1/", "file:///etc/passwd", "gopher://acme.test/", "//acme.test/",
		"http://acme.test:0/", "http://acme.test:99999/", "http://acme.test#@127.0.0.1/", "http://acme.test\\@127.0.0.1/", "http://a b.test/",
	} {
		if x, _ := dispatch.Compile(endpointAt(url), open); x != nil && !strings.HasPrefix(url, "http://①") {
			t.Errorf("%s is taken as %s", url, x.URL)
		} else if x != nil {
			if out, _, _ := post(t, p, x.URL); out.OK() || out.Status != 0 {
				t.Errorf("%s is reached as %s: %+v", url, x.URL, out)
			}
		}
	}
}
