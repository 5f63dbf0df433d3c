package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tidings/event"
	"tidings/internal/app"
	"tidings/internal/control"
	"tidings/internal/simulate"
	"tidings/internal/source"
	"tidings/internal/store"
)

// demo lets a server simulate mail for itself.
type demo struct {
	Rate float64 `placeholder:"N" help:"Make a demo source and post N simulated events a second to it."`
	Dir  string  `default:"data" placeholder:"DIR" type:"path" help:"Where the demo's key is kept."`
}

// demoName is what the demo's source and key are called; earlier ones of this name are used again or revoked.
const demoName = "demo"

// run serves and simulates. The simulation stops first, so that everything it posted is answered.
func (d demo) run(c *console, server *app.App) error {
	serving, stopServing := context.WithCancel(context.WithoutCancel(c.ctx))
	defer stopServing()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error { return server.Run(serving) })
	group.Go(func() error {
		defer stopServing()
		// The simulation ends with the person's Ctrl-C, or when the server can't go on.
		ctx, cancel := context.WithCancel(c.ctx)
		defer cancel()
		defer context.AfterFunc(serving, cancel)()
		return d.simulate(ctx, c, server)
	})
	return group.Wait()
}

func (d demo) simulate(ctx context.Context, c *console, server *app.App) error {
	id, err := simulate.LoadIdentity(filepath.Join(d.Dir, "demo-key.pem"))
	if err != nil {
		return err
	}
	who := control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}
	// A Ctrl-C that comes this early still finds a whole demo, and is no failure.
	whole := context.WithoutCancel(ctx)
	made, err := demoSource(whole, server.Control(), who, string(id.CertificatePEM()))
	if err != nil {
		return fmt.Errorf("make the demo source: %w", err)
	}
	key, err := demoKey(whole, server.Control(), who)
	if err != nil {
		return fmt.Errorf("make the demo key: %w", err)
	}
	base := "http://" + server.Address()
	d.greet(c, base, key, made)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return d.watch(watching, c, server.Control(), who) })
	summary, err := simulate.Run(ctx, simulate.Options{
		URL: base + server.BasePath() + "/ses/" + made.Token, Rate: d.Rate, Live: true, Seed: uint64(time.Now().UnixNano()),
		Recipients: 2000, Workers: 4,
	}, id, nil)
	stop()
	if err := errors.Join(err, group.Wait()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nThis run simulated %d events about %d contacts.\n", summary.Events, summary.Contacts)
	return nil
}

// demoSource is the source that trusts the demo's certificate. Of an earlier run's only the token is new.
func demoSource(
	ctx context.Context, ops *control.Control, who control.Actor, certificate string,
) (control.SourceWithToken, error) {
	list, err := ops.Sources(ctx, who)
	if err != nil {
		return control.SourceWithToken{}, err
	}
	for _, s := range list {
		if s.Name == demoName && s.Settings.SigningCertificate == certificate && s.DisabledAt.IsZero() {
			now := time.Duration(0)
			return ops.RotateSource(ctx, who, s.ID, &now)
		}
	}
	return ops.CreateSource(ctx, who, control.NewSource{
		Name: demoName, Provider: "ses",
		Settings: source.Settings{Topics: []string{simulate.DefaultTopic}, SigningCertificate: certificate},
	})
}

// demoKey makes a key, in place of the one of an earlier run, which nobody can read any more.
func demoKey(ctx context.Context, ops *control.Control, who control.Actor) (string, error) {
	keys, err := ops.Keys(ctx, who)
	if err != nil {
		return "", err
	}
	var problems []error
	for _, k := range keys {
		if k.Name == demoName && k.RevokedAt.IsZero() {
			_, err := ops.RevokeKey(ctx, who, k.ID)
			problems = append(problems, err)
		}
	}
	_, plain, err := ops.CreateKey(ctx, who, demoName, store.SecretKey)
	return plain, errors.Join(append(problems, err)...)
}

func (demo) greet(c *console, base, key string, made control.SourceWithToken) {
	fmt.Fprintf(c.out, `
Tidings serves at %[1]s and takes in simulated mail as source %[3]s.

  what came in     curl -H 'Authorization: Bearer %[2]s' '%[1]s/events?limit=5'
  bounces only     curl -H 'Authorization: Bearer %[2]s' '%[1]s/events?name=bounced'
  not to be mailed curl -H 'Authorization: Bearer %[2]s' '%[1]s/suppressions'
  as tables        bin/tidings events    bin/tidings suppressions    bin/tidings source health %[3]s
  in a browser     %[1]s/ui/     while nobody can sign in, the log has a link that sets a password
  the API          %[1]s/docs    metrics  %[1]s/metrics

Ctrl-C stops it.

`, base, key, made.ID)
}

// watchEvery is how often the demo shows what came in.
const watchEvery = 3 * time.Second

// watch shows the newest events of the server, so that a person sees them arrive.
func (demo) watch(ctx context.Context, c *console, ops *control.Control, who control.Actor) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var last event.ID
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		page, err := ops.ListEvents(ctx, who, control.EventFilter{Limit: 4})
		if err != nil || len(page.Events) == 0 {
			continue
		}
		for _, e := range slices.Backward(page.Events) {
			if e.ID.Time().After(last.Time()) {
				fmt.Fprintf(c.out, "  %s  %-16s %-42s %s\n",
					e.OccurredAt.Format(time.TimeOnly), e.Name, plain(e.Recipient), plain(summaryOf(&e)))
			}
		}
		last = page.Events[0].ID
	}
}
