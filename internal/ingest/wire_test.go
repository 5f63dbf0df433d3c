package ingest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"tidings/internal/ingest"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serve runs the handler behind the real server, and returns how to reach it.
func serve(t *testing.T, w *town) net.Addr {
	t.Helper()
	l := listen(t)
	srv := ingest.Server(w.handler, discard())
	go func() { _ = srv.Serve(ingest.Listener(l, 100)) }()
	t.Cleanup(func() { srv.Close() })
	return l.Addr()
}

func talk(t *testing.T, addr net.Addr, raw string) *http.Response {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestHostileFramingIsRefusedOnTheWire(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	addr := serve(t, w)
	const head = "POST " + in + " HTTP/1.1\r\nHost: a.test\r\n"
	body := string(w.bounce(1))
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
	for _, c := range []struct {
		name, raw string
		status    int
	}{
		{"a length that is over the limit, without a body", head + "Content-Length: 99999999\r\n\r\n", 413},
		{"a chunked body over the limit", head + "Transfer-Encoding: chunked\r\n\r\n200001\r\n" + strings.Repeat("x", 0x200001) + "\r\n0\r\n\r\n", 413},
		{"a body shorter than its length", head + "Content-Length: 500\r\n\r\n{", 503},
		{"chunks that end too soon", head + "Transfer-Encoding: chunked\r\n\r\n" + chunk, 503},
		{"a length and chunks", head + "Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunk + "0\r\n\r\n", 501},
		{"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400},
		{"large headers", head + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := talk(t, addr, c.raw).StatusCode; got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
		})
	}
	t.Run("a genuine chunked body is taken", func(t *testing.T) {
		t.Parallel()
		if got := talk(t, addr, head+"Transfer-Encoding: chunked\r\n\r\n"+chunk+"0\r\n\r\n").StatusCode; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	})
}
