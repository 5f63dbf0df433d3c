package netguard

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"tidings/internal/fault"
)

// Stage is how far a request came.
type Stage string

// The stages, in their order. A Trip that failed names the one it failed in.
const (
	StageURL     Stage = "url"     // the URL was read
	StageResolve Stage = "resolve" // the name was resolved
	StageConnect Stage = "connect" // a connection was made
	StageTLS     Stage = "tls"     // the other side showed a certificate that is trusted
	StageAnswer  Stage = "answer"  // the request was sent and answered
)

// Trip is what a request met on its way.
type Trip struct {
	Failed Stage // empty: it was answered, with whatever status
	Err    error // why; it never repeats the URL

	Addresses []string // what the name resolved to; empty for a URL with an address
	Address   string   // what was connected to, host:port
	TLS       string   // the version of TLS; empty: none
	CertUntil time.Time
	Took      map[Stage]time.Duration

	Status   int
	Header   http.Header
	Location string // where a redirect points, without its query
	Body     []byte // the beginning of the answer
}

const maxTripBody = 64 << 10

// Road makes requests to one URL, its own. It is for a server that asks how it is seen by others: that URL may well be of
// a private address, and nothing else is ever dialled.
type Road struct {
	base    *url.URL
	timeout time.Duration
	roots   *x509.CertPool
}

// NewRoad makes a Road to the host and port of base, an http or https URL. roots are the certificate authorities to
// trust; nil means the system's. Its requests take no longer than timeout in all.
func NewRoad(base string, timeout time.Duration, roots *x509.CertPool) (*Road, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Hostname() == "" {
		return nil, fault.New(fault.Invalid, "bad_url", "want a http or https URL without credentials")
	}
	return &Road{base: u, timeout: timeout, roots: roots}, nil
}

// Send makes one request on a connection of its own and tells what it met. It follows no redirect.
func (r *Road) Send(ctx context.Context, method, address string, header http.Header, body []byte) Trip {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	w := &watch{stage: StageURL, at: time.Now(), trip: Trip{Took: make(map[Stage]time.Duration)}}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, w.trace()), method, address, bytes.NewReader(body))
	if err != nil || req.URL.Host != r.base.Host || req.URL.Scheme != r.base.Scheme {
		return w.failed(fault.New(fault.Invalid, "bad_url", "the URL is not one of %s", r.base.Host))
	}
	req.Header = header.Clone()
	client := r.client()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return w.failed(err)
	}
	defer resp.Body.Close()
	return w.answered(resp)
}

func (r *Road) client() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != r.target() {
					return nil, fault.New(fault.Forbidden, deniedCode, "%s is not where this server is to be reached", address)
				}
				return (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, address)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: r.roots},
			TLSHandshakeTimeout:    connectTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
}

// target is the one address that is dialled.
func (r *Road) target() string {
	port := r.base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[r.base.Scheme]
	}
	return net.JoinHostPort(r.base.Hostname(), port)
}

// watch notes what happens to a request. Several addresses may be tried at once, so it is locked.
type watch struct {
	mu    sync.Mutex
	trip  Trip
	stage Stage // under way
	at    time.Time
	over  bool // a connection that lost a race tells no more
}

// note changes what is known, until the trip is over.
func (w *watch) note(change func(now time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		change(time.Now())
	}
}

// next ends a stage and begins another.
func (w *watch) next(done, then Stage, tell func(*Trip)) {
	w.note(func(now time.Time) {
		w.trip.Took[done] = now.Sub(w.at)
		w.stage, w.at = then, now
		tell(&w.trip)
	})
}

func (w *watch) begin(s Stage) {
	w.note(func(now time.Time) { w.stage, w.at = s, now })
}

func (w *watch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { w.begin(StageResolve) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			if i.Err != nil {
				return
			}
			w.next(StageResolve, StageConnect, func(t *Trip) {
				for _, a := range i.Addrs {
					t.Addresses = append(t.Addresses, a.String())
				}
			})
		},
		ConnectStart: func(string, string) {
			w.note(func(now time.Time) {
				if w.stage == StageURL { // an address needs no resolving
					w.stage, w.at = StageConnect, now
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				w.next(StageConnect, StageAnswer, func(t *Trip) { t.Address = address })
			}
		},
		TLSHandshakeStart: func() { w.begin(StageTLS) },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			if err == nil {
				w.next(StageTLS, StageAnswer, func(t *Trip) { t.secured(s) })
			}
		},
	}
}

func (t *Trip) secured(s tls.ConnectionState) {
	t.TLS = tls.VersionName(s.Version)
	if len(s.PeerCertificates) > 0 {
		t.CertUntil = s.PeerCertificates[0].NotAfter
	}
}

func (w *watch) failed(err error) Trip {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	w.trip.Failed, w.trip.Err = w.stage, err
	w.trip.Took[w.stage] = time.Since(w.at)
	return w.trip
}

func (w *watch) answered(resp *http.Response) Trip {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxTripBody)) // what came of it is enough
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	t := &w.trip
	t.Took[StageAnswer] = time.Since(w.at)
	t.Status, t.Header, t.Body = resp.StatusCode, resp.Header, body
	if to, err := resp.Location(); err == nil {
		to.RawQuery, to.User = "", nil
		t.Location = to.String()
	}
	return *t
}
