package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"tidings/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// uriPath escapes what ends a path or begins an escape in a URI of SQLite (https://www.sqlite.org/uri.html).
var uriPath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// migrateSQLite brings a SQLite file to this version's schema.
func migrateSQLite(ctx context.Context, path string, log *slog.Logger) error {
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=journal_mode(WAL)&_pragma=busy_timeout(%d)&_txlock=immediate",
		uriPath.Replace(path), busyTimeout.Milliseconds()))
	if err != nil {
		return sqliteFault(fmt.Errorf("open: %w", err))
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(driverFault(err), db.Close())
	}
	return errors.Join(driverFault(migrate(ctx, goose.DialectSQLite3, db, "migrations/sqlite", log)), db.Close())
}

// migratePostgres brings a PostgreSQL database to this version's schema. Nodes that start at once wait for each other.
func migratePostgres(ctx context.Context, cfg *pgx.ConnConfig, log *slog.Logger) error {
	db := stdlib.OpenDB(*cfg)
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return errors.Join(fmt.Errorf("migration lock: %w", err), db.Close())
	}
	err = migrate(ctx, goose.DialectPostgres, db, "migrations/postgres", log, goose.WithSessionLocker(locker))
	return errors.Join(err, db.Close())
}

func migrate(
	ctx context.Context, dialect goose.Dialect, db *sql.DB, dir string, log *slog.Logger, opts ...goose.ProviderOption,
) error {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, files, append(opts, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fault.New(fault.Conflict, "newer_database",
			"the database has schema version %d, this program knows versions up to %d", current, target).
			WithHint("start the version of tidings that wrote it, or a newer one, or restore an older backup")
	}
	if current == target {
		return nil
	}
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, r := range results {
		log.Info("migrated", "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}
