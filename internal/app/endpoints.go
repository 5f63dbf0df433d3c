package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/auth"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/netguard"
)

// The work for endpoints beside serving them. A replay that fails goes on where it was, for about four hours.
const (
	endpointReplayTries   = 20
	endpointReplayTimeout = 6 * time.Hour
	endpointTests         = 10 // of each endpoint within a minute
)

// endpoints gives the operations what endpoints stand on.
func endpoints(c *control.Control, cfg config.Config, guard *netguard.Guard, version string) {
	client := guard.Client(dispatch.RequestWithin).HTTP
	if t, is := client.Transport.(*http.Transport); is { // an endpoint keeps all the connections that it uses
		t.MaxIdleConnsPerHost = dispatch.MaxConcurrency
	}
	keys := &keyring{}
	keys.path, keys.own = cfg.KeyFile(cfg.DB)
	c.Outlets = control.Outlets{
		Sealer: keys.sealer,
		Limits: dispatch.Limits{
			HTTP: cfg.EndpointHTTP, AnyPort: cfg.EndpointHTTP, OwnHosts: ownHosts(cfg.PublicURL, cfg.TrackingURL),
		},
		Poster: &dispatch.Poster{Client: client, UserAgent: "Tidings/" + version, Now: time.Now},
		Tests:  control.NewRates(endpointTests, time.Minute),
		Public: publicText,
	}
}

func publicText(e *event.Event) ([]byte, error) {
	var b strings.Builder
	if err := api.Encode(&b, api.EventOf(e)); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return []byte(b.String()), nil
}

// ownHosts are the names of this server that events must not go to: they would come round. An address, and localhost, may
// be that of other programs, too; the guard knows the ports that are ours.
func ownHosts(urls ...string) (hosts []string) {
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
			continue
		}
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	return hosts
}

// keyring reads the key that seals secrets when it is needed first.
type keyring struct {
	path string
	own  bool // it may be made

	mu  sync.Mutex
	has *auth.Sealer
}

func (k *keyring) sealer() (*auth.Sealer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.has != nil {
		return k.has, nil
	}
	if k.path == "" {
		return nil, fault.New(fault.Unavailable, "no_seal_key", "the server has no key that seals secrets").
			WithHint("start it with --seal-key-file FILE, the same on every node; openssl rand -base64 32 makes one")
	}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) && k.own {
		text, err = makeKey(k.path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "no_seal_key", err, "the key that seals secrets can't be read").
			WithHint("see that %s is there and that the server may read it", k.path)
	}
	s, err := auth.NewSealer(string(text))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "bad_seal_key", err, "the file of the key that seals secrets holds none").
			WithHint("put the key back into %s", k.path)
	}
	k.has = s
	return s, nil
}

// makeKey makes the file of a key, which nobody else may read. Where another process made it at the same moment that one counts.
func makeKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	text := []byte(auth.NewSealKey() + "\n")
	f, err := os.CreateTemp(filepath.Dir(path), ".tidings-key-*") // only its owner may read it
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, failed := f.Write(text)
	if err := errors.Join(failed, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	switch err := os.Link(f.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return os.ReadFile(path)
	case err != nil:
		return nil, err
	}
	return text, syncFolder(filepath.Dir(path))
}

// syncFolder makes names in a folder last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// serveEndpoints serves endpoints until ctx is done.
func (a *App) serveEndpoints(ctx context.Context) error {
	if a.store.Engine() == "sqlite" { // this process alone has it: nobody else serves them
		if err := a.store.FreeEndpoints(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("free endpoints: %w", err)
		}
	}
	return a.outlets.Run(ctx)
}

func (a *App) replayEndpoint(ctx context.Context, j job.Job) error {
	return a.control.RunEndpointReplay(ctx, string(j.Payload), j.Attempt >= endpointReplayTries)
}

func (a *App) endpointDisabled(ctx context.Context, j job.Job) error {
	return a.control.EndpointDisabled(ctx, j.Payload)
}

// grown tells whoever follows the log that it grew.
func (a *App) grown() {
	a.feed.Wake()
	a.outletLog.Wake()
}
