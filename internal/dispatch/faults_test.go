package dispatch_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/dispatch"
	"tidings/internal/netguard"
)

// piped is a poster whose connections lead to a receiver within the process, so that hours cost nothing. The receiver gets
// each connection once the request was read from it; ended is done when the poster gave up.
func piped(t *testing.T, receive func(c net.Conn, ended <-chan struct{})) *dispatch.Poster {
	t.Helper()
	client := new(netguard.Guard).Client(dispatch.RequestWithin).HTTP
	transport, _ := client.Transport.(*http.Transport)
	transport.DisableKeepAlives = true
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			in := bufio.NewReader(theirs)
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = in.ReadByte() // the poster says no more until it hangs up
			}()
			receive(theirs, ended)
		}()
		return ours, nil
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &dispatch.Poster{Client: client, UserAgent: "Tidings", Now: time.Now}
}

func post(t *testing.T, p *dispatch.Poster, url string) (out dispatch.Outcome, answer []byte, took time.Duration) {
	t.Helper()
	began := time.Now()
	out, answer = p.Post(t.Context(), &dispatch.Request{
		URL: url, Secrets: []dispatch.Secret{dispatch.NewSecret()}, ID: "evt_1", Try: 1, ContentType: "application/json", Body: []byte("{}"),
	})
	return out, answer, time.Since(began)
}

// drip writes a byte a second until the poster hangs up.
func drip(c net.Conn, text string, ended <-chan struct{}) {
	for {
		for i := range len(text) {
			select {
			case <-ended:
				return
			case <-time.After(time.Second):
			}
			if _, err := c.Write([]byte{text[i]}); err != nil {
				return
			}
		}
	}
}

func TestReceiversThatMisbehaveEndInTimeAndAreToldInWords(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		receive func(c net.Conn, ended <-chan struct{})
		problem string // empty: the event was taken
		took    time.Duration
		answer  int // bytes that are kept; -1: whatever came in time
	}{
		"hangs": {func(_ net.Conn, ended <-chan struct{}) { <-ended }, "no answer within 15s", 15 * time.Second, 0},
		"drips its headers": {
			func(c net.Conn, ended <-chan struct{}) { drip(c, ok+"X-A: "+strings.Repeat("a", 1000), ended) },
			"no answer within 15s", 15 * time.Second, 0,
		},
		"drips its body": {func(c net.Conn, ended <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 1000\r\n\r\n")
			drip(c, "a", ended)
		}, "", 20 * time.Second, -1},
		"sends an endless body": {func(c net.Conn, ended <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			for {
				select {
				case <-ended:
					return
				default:
				}
				if _, err := io.WriteString(c, "400\r\n"+strings.Repeat("a", 1024)+"\r\n"); err != nil {
					return
				}
			}
		}, "", 0, 1024},
		"sends huge headers": {func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, ok)
			for range 1000 {
				if _, err := io.WriteString(c, "X-A: "+strings.Repeat("a", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}, "exceeded", 0, 0},
		"says 200 and resets": {func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 1000\r\n\r\nabc")
		}, "", 0, 3},
		"resets": {func(net.Conn, <-chan struct{}) {}, "EOF", 0, 0},
		"says 500 and resets": {func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, "HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\nabc")
		}, "500 Internal Server Error, and its answer broke off", 0, 3},
		"speaks no HTTP": {func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n")
		}, "malformed HTTP", 0, 0},
		"redirects": {func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n")
		}, "302: redirects are not followed", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out, answer, took := post(t, piped(t, c.receive), "http://acme.test/")
				if !strings.Contains(out.Problem, c.problem) || (c.problem == "") != out.OK() || c.answer >= 0 && len(answer) != c.answer {
					t.Errorf("%+v, %d bytes of answer", out, len(answer))
				}
				if took.Truncate(time.Second) != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
			})
		})
	}
}

func TestACertificateThatNobodyKnowsIsNotBelieved(t *testing.T) {
	t.Parallel()
	asked := false
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	s.Config.ErrorLog = quiet
	s.StartTLS()
	defer s.Close()
	out, _, _ := post(t, inside(t, nil), s.URL)
	if out.OK() || !strings.Contains(out.Problem, "certificate") || asked {
		t.Errorf("%+v", out)
	}
}
