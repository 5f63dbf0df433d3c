package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"tidings/internal/control"
	"tidings/internal/ingest"
)

// Address is where the server listens, as host:port.
func (a *App) Address() string { return a.listener.Addr().String() }

// Run serves until ctx ends, then stops: it says that it is not ready, takes no new connections, answers the requests
// that are under way, stores what they brought, and closes the database. What takes longer than the shutdown timeout is
// broken off; a request that was answered 200 is on disk in any case.
func (a *App) Run(ctx context.Context) error {
	a.log.InfoContext(ctx, "serving", "address", a.Address(), "database", a.config.DB, "engine", a.store.Engine(),
		"providers", a.config.BasePath+"/{provider}/{token}")
	a.welcome(ctx)
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := a.server.Serve(ingest.Listener(a.listener, a.config.MaxConnections))
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve: %w", err)
	})
	group.Go(func() error { return a.background(running) })
	group.Go(func() error { return a.keepTime(running) })
	group.Go(func() error { return a.queues.Run(running) })
	group.Go(func() error { return a.serveEndpoints(running) })
	group.Go(func() error { return a.announce(running) })
	group.Go(func() error { return a.followTemplates(running) })
	group.Go(func() error { return a.store.Listen(running, a.grown) })
	group.Go(func() error {
		<-running.Done()
		return a.drain(context.WithoutCancel(ctx))
	})
	return errors.Join(group.Wait(), a.close(context.WithoutCancel(ctx)))
}

// welcome shows the way in where nobody can sign in yet. The link is a secret for a day, shown to whoever runs the server:
// there is nobody else to show it to.
func (a *App) welcome(ctx context.Context) {
	if !a.config.UI {
		return
	}
	link, err := a.control.FirstLink(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "no link for the first person was made; make one with: tidings person create NAME", "error", err)
	}
	if link != "" {
		a.log.InfoContext(ctx, "nobody can sign in yet: open this link within a day to choose a name and a password", "link", link)
	}
}

// drain ends the serving of requests.
func (a *App) drain(ctx context.Context) error {
	a.draining.Store(true)
	a.log.InfoContext(ctx, "stopping: requests under way are finished")
	ctx, cancel := context.WithTimeout(ctx, a.config.ShutdownTimeout.Std())
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("finish requests under way: %w", err), a.server.Close())
	}
	return nil
}

// closeTimeout bounds what comes after the last request.
const closeTimeout = 10 * time.Second

// close ends the parts in the order of an event's way.
func (a *App) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	a.feed.Close()
	a.outletLog.Close()
	a.control.CloseHits(ctx)
	err := a.committer.Close(ctx)
	a.confirmer.Close(ctx)
	a.refusals.Close(ctx)
	a.control.Outgoing.Close()
	err = errors.Join(err, a.store.Close())
	if a.tracer != nil {
		a.tracer.Close(ctx)
	}
	a.log.InfoContext(ctx, "stopped")
	return err
}

// Control is the operations of the running server, for a program that is its own client.
func (a *App) Control() *control.Control { return a.control }

// BasePath is the path below which providers post.
func (a *App) BasePath() string { return a.config.BasePath }
