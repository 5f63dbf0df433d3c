// Package postgres gives tests databases of their own on the PostgreSQL that TIDINGS_TEST_POSTGRES names.
package postgres

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Database makes an empty database, drops it when the test has ended and returns its URL. A test without a server fails:
// it is never skipped.
func Database(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TIDINGS_TEST_POSTGRES")
	if server == "" {
		t.Fatal("TIDINGS_TEST_POSTGRES is not set: run the tests with make test, which starts a PostgreSQL")
	}
	ctx := context.Background() // the test's own has ended when the database is dropped
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to %s: %v", server, err)
	}
	name := "t_" + strings.ToLower(rand.Text()[:16])
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close(ctx)
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
