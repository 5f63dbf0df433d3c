package ingest

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The limits of the server that faces the internet. A sender who needs longer than readTimeout for a body of at most
// 64 MiB is no provider.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 20 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// Server makes a server with limits on time and size for whoever connects. Handlers that stream set their own deadlines
// with http.ResponseController.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Listener bounds how many connections are open at once; further ones wait in the operating system's queue.
func Listener(l net.Listener, most int) net.Listener { return netutil.LimitListener(l, most) }
