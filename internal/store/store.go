// Package store provides the durable state on SQLite or PostgreSQL: every method is one transaction, and no
// transaction leaves the package.
package store

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// Options say which database to open and how.
type Options struct {
	// URL is a path of a SQLite file, or a postgres:// URL.
	URL       string
	Retention Retention
	Soft      contact.SoftPolicy
	// Exclusive takes the lock that only one server may hold on a SQLite file. Commands that work beside a server
	// leave it false.
	Exclusive bool
	// Urgent is called when a job was stored that somebody waits for, so that it is run at once. It must not block. nil:
	// nobody is told.
	Urgent func()
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	opts      Options
	engine    engine
	terms     *termCache
	codec     *receipt.Codec
	wants     atomic.Pointer[segmentWants]
	ruleWants atomic.Pointer[ruleWants]

	workflowWants atomic.Pointer[workflowWants]

	erased atomic.Pointer[erasedSet]

	eraseTools atomic.Pointer[EraseTools]

	counted contactCount

	closing sync.Once
	closed  error
}

// DefaultProject is the project that every new database has.
const DefaultProject = "prj_default"

// IsPostgres reports whether a database URL means PostgreSQL; every other one is the path of a SQLite file.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Open opens a database, makes it where there is none, and migrates it to this version's schema. A database that a
// newer version wrote is refused, and with Exclusive a SQLite file that another server has open.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	codec, err := receipt.NewCodec()
	if err != nil {
		return nil, err
	}
	s := &Store{opts: o, terms: newTermCache(), codec: codec}
	if IsPostgres(o.URL) {
		s.engine, err = openPostgres(ctx, o)
	} else {
		s.engine, err = openSQLite(ctx, o.URL, o)
	}
	if err != nil {
		return nil, err
	}
	if o.Urgent != nil {
		s.engine = hastening{s.engine, o.Urgent}
	}
	if err := s.seed(ctx); err != nil {
		return nil, joinClose(err, s)
	}
	return s, nil
}

// Close gives back the database. Calls that are under way must have ended. A second call does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.engine.close() })
	return s.closed
}

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name() }

// Ping proves that the database can be written.
func (s *Store) Ping(ctx context.Context) error { return s.engine.ping(ctx) }

func (s *Store) now() time.Time { return s.opts.Now().UTC() }

// StoredReceipt is a receipt as replay needs it.
type StoredReceipt struct {
	Ref        int64
	Source     *source.Source
	Key        receipt.Key
	ReceivedAt time.Time
	SHA256     [32]byte
	Keep       []byte // as receipt.Entry.Keep; it may share memory with other receipts' and must not be changed
}
