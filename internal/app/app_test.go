package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tidings/internal/app"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/simulate"
	"tidings/internal/source"
	"tidings/internal/store"
)

func TestMain(m *testing.M) {
	// The SQLite engine and HTTP clients keep goroutines of their own for a while; ours must be gone.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func options(t *testing.T) app.Options {
	t.Helper()
	return app.Options{
		Config: config.Config{
			Database:       config.Database{DB: config.DatabaseURL(filepath.Join(t.TempDir(), "data", "tidings.db"))},
			Address:        config.Address{Listen: "127.0.0.1:0", BasePath: "/in"},
			Log:            config.Log{LogLevel: "info", LogFormat: "text"},
			MaxConnections: 64, MaxInFlight: 64, FeedReaders: 64, ShutdownTimeout: config.Duration(5 * time.Second),
		},
		Version: "test", Logger: slog.New(slog.DiscardHandler),
	}
}

func start(t *testing.T, o app.Options) (a *app.App, stop func() error) {
	t.Helper()
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, func() error {
		cancel()
		return <-ended
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// takeInSimulated posts the events of an imagined world to a running server and tells what they were.
func takeInSimulated(t *testing.T, a *app.App) simulate.Summary {
	t.Helper()
	id, err := simulate.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	who := control.Actor{Project: store.DefaultProject, By: "test", Door: "cli"}
	made, err := a.Control().CreateSource(t.Context(), who, control.NewSource{
		Name: "test", Provider: "ses",
		Settings: source.Settings{Topics: []string{simulate.DefaultTopic}, SigningCertificate: string(id.CertificatePEM())},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{}
	sum, err := simulate.Run(t.Context(), simulate.Options{
		URL: "http://" + a.Address() + "/in/ses/" + made.Token, Events: 300, Seed: 5, Client: client,
	}, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
	return sum
}

func TestAServerIsReadyShowsMetricsAndStopsCleanly(t *testing.T) {
	a, stop := start(t, options(t))
	base := "http://" + a.Address()
	for path, want := range map[string]string{
		"/healthz": "", "/readyz": "", "/openapi.json": `"openapi"`, "/metrics": `tidings_build_info{version="test"} 1`,
	} {
		if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d, without %q", path, status, want)
		}
	}
	if status, body := get(t, base+"/in/ses/nobody"); status == http.StatusOK || strings.Contains(body, "nobody") {
		t.Errorf("GET of a source's URL: %d %s", status, body)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
	var d net.Dialer
	if conn, err := d.DialContext(t.Context(), "tcp", a.Address()); err == nil {
		conn.Close()
		t.Error("the stopped server still takes connections")
	}
}

func TestWhatWasAnsweredBeforeAStopIsThereAfterIt(t *testing.T) {
	o := options(t)
	a, stop := start(t, o)
	sum := takeInSimulated(t, a)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	ops, closeStore, err := app.Operations(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore()
	v, err := ops.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Events != sum.Events || v.Messages != sum.Messages || v.Contacts != sum.Contacts || len(v.Differences) > 0 {
		t.Errorf("after the stop: %+v, want %d events, %d messages, %d contacts and no differences",
			v, sum.Events, sum.Messages, sum.Contacts)
	}
}

func TestAServerThatIsStoppedBeforeItRunsStops(t *testing.T) {
	a, err := app.New(t.Context(), options(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestAPortThatIsTakenIsSaidAndTheDatabaseLetGo(t *testing.T) {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t)
	o.Config.Listen = l.Addr().String()
	if _, err := app.New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "listen on "+o.Config.Listen) {
		t.Fatalf("error %v", err)
	}
	o.Config.Listen = "127.0.0.1:0"
	_, stop := start(t, o)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAWrongFileOfRulesStopsTheStart(t *testing.T) {
	o := options(t)
	o.Config.AgentsFile = filepath.Join(t.TempDir(), "missing.txt")
	if _, err := app.New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--agents-file") {
		t.Errorf("error %v, want one that names --agents-file", err)
	}
}
