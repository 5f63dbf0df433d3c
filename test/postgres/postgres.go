// Package postgres gives tests databases of their own on the PostgreSQL that TIDINGS_TEST_POSTGRES names.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
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
	return create(t, connect(t), "")
}

// Copy is Database, but for what is in it: what fill leaves in an empty one. That is made once for each key, which is of
// lower-case letters and digits, and stays on the server for later runs.
func Copy(t testing.TB, key string, fill func(databaseURL string) error) string {
	t.Helper()
	admin := connect(t)
	template := "t_template_" + key
	if err := makeTemplate(context.Background(), admin, template, fill); err != nil {
		t.Fatalf("make the database %s: %v", template, err)
	}
	return create(t, admin, " TEMPLATE "+template)
}

// makeTemplate makes a template where there is none. Other processes wait, and find it whole or not at all.
func makeTemplate(ctx context.Context, admin *pgx.Conn, name string, fill func(string) error) error {
	const lock = `SELECT pg_advisory_lock(hashtext($1))`
	if _, err := admin.Exec(ctx, lock, name); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	defer func() { _, _ = admin.Exec(ctx, `SELECT pg_advisory_unlock(hashtext($1))`, name) }()
	var there bool
	err := admin.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil || there {
		return err
	}
	unfinished := name + "_unfinished"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + unfinished, "CREATE DATABASE " + unfinished} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	if err := fill(at(admin, unfinished)); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	_, err = admin.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+name)
	return err
}

func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	server := os.Getenv("TIDINGS_TEST_POSTGRES")
	if server == "" {
		t.Fatal("TIDINGS_TEST_POSTGRES is not set: run the tests with make test, which starts a PostgreSQL")
	}
	admin, err := pgx.Connect(context.Background(), server)
	if err != nil {
		t.Fatalf("connect to %s: %v", server, err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	return admin
}

func create(t testing.TB, admin *pgx.Conn, how string) string {
	t.Helper()
	ctx := context.Background() // the test's own has ended when the database is dropped
	name := "t_" + strings.ToLower(rand.Text()[:16])
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+how); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() { _, _ = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return at(admin, name)
}

// at is the URL of another database of the same server.
func at(admin *pgx.Conn, name string) string {
	u, err := url.Parse(admin.Config().ConnString())
	if err != nil {
		panic(err) // it was one a moment ago
	}
	u.Path = "/" + name
	return u.String()
}
