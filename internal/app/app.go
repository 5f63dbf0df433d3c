// Package app provides the whole server: it makes every part from the settings, joins them, runs them and stops them in
// the order in which nothing is lost. It is the only package that knows everyone.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"tidings/internal/api"
	"tidings/internal/archive"
	"tidings/internal/auth"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/dispatch"
	"tidings/internal/feed"
	"tidings/internal/form"
	"tidings/internal/hit"
	"tidings/internal/ingest"
	"tidings/internal/job"
	"tidings/internal/netguard"
	"tidings/internal/pull"
	"tidings/internal/receipt"
	"tidings/internal/sender"
	"tidings/internal/store"
	"tidings/internal/telemetry"
	"tidings/internal/web"
	"tidings/provider/all"
	built "tidings/web"
)

// Options are what a server is made from.
type Options struct {
	Config  config.Config
	Version string
	Logger  *slog.Logger
	// Settings are what Config came from, for people to look at.
	Settings []control.Setting
}

// App is a server. Make it with New, run it once with Run.
type App struct {
	config    config.Config
	log       *slog.Logger
	store     *store.Store
	control   *control.Control
	committer *ingest.Committer
	confirmer *ingest.Confirmer
	refusals  *ingest.RefusalLog
	queues    *pull.Queues
	feed      *feed.Hub
	outletLog *feed.Hub // that endpoints follow
	outlets   *dispatch.Runner
	committed chan struct{}     // has one where other nodes are to be told of a commit
	tracer    *telemetry.Tracer // nil: no traces
	listener  net.Listener
	server    *http.Server
	draining  atomic.Bool
	jobs      atomic.Pointer[job.Runner] // nil: not running yet
}

// New opens the database, which no other server may have open where it is a SQLite file, and the port. Nothing is
// served before Run.
func New(ctx context.Context, o Options) (*App, error) {
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	file, err := o.Config.LoadFile()
	if err != nil {
		return nil, err
	}
	rules, err := readRules(o.Config.Rules)
	if err != nil {
		return nil, err
	}
	a := &App{config: o.Config, log: o.Logger, committed: make(chan struct{}, 1)}
	if a.store, err = openStore(ctx, o, a.hasten); err != nil {
		return nil, err
	}
	var listening net.ListenConfig
	if a.listener, err = listening.Listen(ctx, "tcp", o.Config.Listen); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", o.Config.Listen, err), a.store.Close())
	}
	o.Config.Listen = listensOn(o.Config.Listen, a.listener)
	codec, err := receipt.NewCodec()
	if err != nil {
		return nil, errors.Join(err, a.listener.Close(), a.store.Close())
	}
	if err := a.trace(ctx, o.Version); err != nil {
		return nil, errors.Join(err, a.listener.Close(), a.store.Close())
	}
	a.join(o, file, receipt.Builder{Codec: codec, Judge: rules.Mark}, control.NewRuleBook(a.store, time.Now))
	return a, nil
}

// listensOn is a listen address with the port that was given where any was asked for, so that URLs name it.
func listensOn(asked string, l net.Listener) string {
	host, port, err := net.SplitHostPort(asked)
	if _, given, _ := net.SplitHostPort(l.Addr().String()); err == nil && port == "0" {
		return net.JoinHostPort(host, given)
	}
	return asked
}

// join makes the parts that need no I/O and gives each what it calls.
func (a *App) join(o Options, file config.File, builder receipt.Builder, book *control.RuleBook) {
	builder.Whom = book.Whom
	metrics := telemetry.New(o.Version)
	guard := &netguard.Guard{Allow: file.Netguard.Allow, Own: own(a.listener)}
	client := guard.Client(outgoingTimeout)
	a.feed = control.NewFeed(a.store, api.EncodeTold, o.Config.FeedReaders, a.log)
	a.committer = ingest.NewCommitter(ingest.CommitterOptions{
		Commit: a.commit, Workers: workers(a.store), Log: a.log, Meter: metrics,
	})
	a.confirmer = ingest.NewConfirmer(client, a.store, time.Now, a.log)
	a.refusals = ingest.NewRefusalLog(a.store, time.Now, a.log)
	taking := ingest.Options{
		BasePath: o.Config.BasePath, PublicURL: o.Config.Base(), Adapters: all.Adapters(), Sources: a.store, Builder: builder,
		Submit: a.committer.Submit, Certificates: ingest.NewCertificates(client, time.Now),
		Confirmer: a.confirmer, Refusals: a.refusals, Tests: a.store,
		Retention: retention(o.Config.Rules).Longest(), Receipts: o.Config.RetentionReceipts.Std(),
		MaxRequests: int64(o.Config.MaxInFlight), Meter: metrics, Log: a.log,
	}
	asking := api.Options{Metrics: metrics.Handler(), Meter: metrics, People: o.Config.UI}
	if a.tracer != nil { // an interface with a nil in it is not nil
		taking.Tracer, asking.Tracer = a.tracer, a.tracer
	}
	takeIn := ingest.NewHandler(taking)
	a.watch(metrics, takeIn)
	a.queues = a.readQueues(takeIn, metrics)
	a.control = operations(a.store, o.Config.Address, builder, book)
	a.control.AssistantCalls = control.NewRates(o.Config.MCPRate.Count, o.Config.MCPRate.Each)
	a.control.AssistantStops = control.NewRates(assistantStops, time.Hour)
	a.control.SelfTests = control.NewRates(o.Config.SelftestRate.Count, o.Config.SelftestRate.Each)
	a.control.Exporting = semaphore.NewWeighted(streamsAtOnce)
	a.control.Archive = &archive.Places{Folder: o.Config.ExportFolder, Buckets: o.Config.ExportBuckets}
	a.control.Commit, a.control.Feed, a.control.Settings = a.commit, a.feed, o.Settings
	a.control.Submit, a.control.Tracking = a.committer.Submit, tracking(o.Config)
	a.control.Joining = joining(o.Config)
	a.control.LinkUses = control.NewRates(o.Config.LinkRate.Count, o.Config.LinkRate.Each)
	a.control.Confirm = a.confirmer.Fetch
	a.control.Send = road(a.control.PublicURL)
	a.control.Mailing.Meter = metrics
	sending(a.control, o.Config, guard)
	a.control.Webhooks = control.NewCaller(guard, o.Version)
	endpoints(a.control, o.Config, guard, o.Version)
	a.outletLog = control.NewOutletLog(a.store, a.log)
	a.outlets = a.control.NewOutlets(a.outletLog, a.log)
	a.control.Outlets.Wake = a.outlets.Wake
	a.control.Outgoing = sender.NewRegistry(a.store, a.control.Ways)
	asking.Control, asking.Auth = a.control, auth.NewAuthenticator(a.store, "api", time.Now, a.log)
	asking.Logger, asking.Version, asking.Draining = a.log, o.Version, a.draining.Load
	answer := a.bussed(a.assisted(api.New(asking), o.Version, metrics), metrics)
	a.server = ingest.Server(route(o.Config.BasePath, takeIn,
		hit.New(a.control, a.log, form.New(a.control, a.log, withPages(o.Config.UI, answer)))), a.log)
	a.server.RegisterOnShutdown(a.feed.Close) // its readers would never end
}

// withPages puts the web UI in front of the API, where it is wanted.
func withPages(wanted bool, ask http.Handler) http.Handler {
	if !wanted {
		return ask
	}
	pages, err := web.New(built.Dist(), ask)
	if err != nil {
		panic(err) // they are within the program, and a test reads them
	}
	return pages
}

// route sends what lies below the base path to ingest and the rest to the API. It does not clean paths: a redirect is
// no answer that a provider follows.
func route(base string, takeIn, ask http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, base+"/") {
			takeIn.ServeHTTP(w, r)
			return
		}
		ask.ServeHTTP(w, r)
	})
}

// assistantStops is how many contacts each key of an assistant may unsubscribe within an hour.
const assistantStops = 20

const outgoingTimeout = 10 * time.Second

// workers is how many transactions may run at once: SQLite has one writer; PostgreSQL gains from a second one while the
// first waits for its fsync.
func workers(s *store.Store) int {
	if s.Engine() == "postgres" {
		return 2
	}
	return 1
}

// own are the addresses that outgoing connections must never reach: ours.
func own(l net.Listener) []netip.AddrPort {
	address, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return nil
	}
	return []netip.AddrPort{address}
}

// openStore opens the database, for a server where it is to tell of urgent jobs: then no other server may have the file open.
func openStore(ctx context.Context, o Options, urgent func()) (*store.Store, error) {
	db := o.Config.DB
	if dir := filepath.Dir(string(db)); !db.Postgres() {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, fmt.Errorf("make the folder of the database: %w", err)
		}
	}
	keep := retention(o.Config.Rules)
	keep.Dispatches = o.Config.RetentionDispatches.Std()
	s, err := store.Open(ctx, store.Options{
		URL: string(db), Retention: keep, Soft: soft(o.Config.Rules), Exclusive: urgent != nil,
		Urgent: urgent, Logger: o.Logger, Now: time.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", db, err)
	}
	return s, nil
}
