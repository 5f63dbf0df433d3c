package app

import (
	"net/http"
	"time"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/mcp"
	"tidings/internal/telemetry"
)

// assisted puts the door of AI assistants beside the API.
func (a *App) assisted(ask http.Handler, version string, meter *telemetry.Metrics) http.Handler {
	door := mcp.New(mcp.Options{
		Control: a.control, Auth: auth.NewAuthenticator(a.store, control.DoorMCP, time.Now, a.log), Logger: a.log,
		Version: version, Meter: meter,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == mcp.Path {
			door.ServeHTTP(w, r)
			return
		}
		ask.ServeHTTP(w, r)
	})
}
