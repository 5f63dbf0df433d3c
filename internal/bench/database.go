package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// database is an empty one for each load.
type database struct {
	url   string // for --db
	admin string // URL of the PostgreSQL that it was made in; empty for SQLite
	name  string
}

func newDatabase(ctx context.Context, base, dir, name string) (database, error) {
	if !strings.HasPrefix(base, "postgres") {
		d := database{url: filepath.Join(dir, name+".db"), name: name}
		return d, d.drop(ctx)
	}
	u, err := url.Parse(base)
	if err != nil {
		return database{}, errors.New("unreadable PostgreSQL URL")
	}
	u.Path = "/tidings_" + name
	d := database{url: u.String(), admin: base, name: "tidings_" + name}
	if err := d.drop(ctx); err != nil {
		return d, err
	}
	return d, d.exec(ctx, "CREATE DATABASE "+d.name)
}

func (d database) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// bytes is what the database takes on disk.
func (d database) bytes(ctx context.Context) (int64, error) {
	if d.admin == "" {
		var sum int64
		for _, suffix := range []string{"", "-wal"} {
			info, err := os.Stat(d.url + suffix)
			if err == nil {
				sum += info.Size()
			} else if !errors.Is(err, fs.ErrNotExist) {
				return 0, err
			}
		}
		return sum, nil
	}
	conn, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return 0, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	var sum int64
	err = conn.QueryRow(ctx, "SELECT pg_database_size($1)", d.name).Scan(&sum)
	return sum, err
}

// drop removes it.
func (d database) drop(ctx context.Context) error {
	if d.admin != "" {
		return d.exec(ctx, "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(d.url + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
