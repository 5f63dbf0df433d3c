// Package database gives tests databases of their own that have the schema already. Migrating each by itself is most of
// what a short test of the store would do.
package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tidings/internal/store"
	"tidings/test/postgres"
)

// New makes a migrated database without data on an engine, "sqlite" or "postgres", and returns its URL. It is gone when
// the test has ended.
func New(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return postgres.Copy(t, schema(), migrate)
	}
	file, err := sqlite()
	if err != nil {
		t.Fatalf("migrate a SQLite file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "tidings.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func migrate(databaseURL string) error {
	s, err := store.Open(context.Background(), store.Options{URL: databaseURL})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return s.Close()
}

// sqlite is a migrated file.
var sqlite = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "tidings")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "tidings.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// schema names the schema of PostgreSQL by the texts of its migrations.
var schema = sync.OnceValue(func() string {
	folder := "."
	for _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil; _, err = os.Stat(filepath.Join(folder, "go.mod")) {
		folder = filepath.Join(folder, "..")
	}
	files, _ := filepath.Glob(filepath.Join(folder, "internal", "store", "migrations", "postgres", "*.sql"))
	if len(files) == 0 {
		panic("no migrations below " + folder)
	}
	sum := sha256.New()
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
})
