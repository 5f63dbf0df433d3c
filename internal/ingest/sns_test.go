package ingest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"tidings/internal/netguard"
)

// sns is Amazon's side: it serves certificates and takes confirmations on its own name, which the guard leads to it.
type sns struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string          // requests, path and query
	pems  map[string][]byte // by path
	code  int               // of confirmations; 0: 200
	hold  chan struct{}     // nil: confirmations are answered at once; else when it is closed
}

func (s *sns) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	s.mu.Unlock()
	confirms := r.URL.Query().Get("Action") == "ConfirmSubscription"
	if confirms && s.hold != nil {
		select {
		case <-s.hold:
		case <-r.Context().Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if confirms {
		if s.code != 0 {
			w.WriteHeader(s.code)
		}
		_, _ = w.Write([]byte("<ConfirmSubscriptionResponse/>"))
		return
	}
	pem, ok := s.pems[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(pem)
}

func (s *sns) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *sns) publish(path string, pem []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pems[path] = pem
}

func newSNS(tb testing.TB) (*sns, *netguard.Guard) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"sns.eu-west-1.amazonaws.com"},
		NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	s := &sns{pems: map[string][]byte{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	tb.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	return s, &netguard.Guard{
		Allow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)}, Roots: roots,
		Resolve: func(context.Context, string, string) ([]netip.AddrPort, error) { return []netip.AddrPort{at}, nil },
	}
}
