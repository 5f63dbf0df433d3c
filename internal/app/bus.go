package app

import (
	"net/http"
	"time"

	"tidings/internal/auth"
	"tidings/internal/awsbus"
	"tidings/internal/control"
	"tidings/internal/telemetry"
)

// bussed puts the door of AWS SDKs beside the API.
func (a *App) bussed(ask http.Handler, meter *telemetry.Metrics) http.Handler {
	door := awsbus.New(awsbus.Options{
		Control: a.control, Auth: auth.NewAuthenticator(a.store, control.DoorAWS, time.Now, a.log), Logger: a.log,
		Meter: meter,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if awsbus.Takes(r.URL.Path) {
			door.ServeHTTP(w, r)
			return
		}
		ask.ServeHTTP(w, r)
	})
}
