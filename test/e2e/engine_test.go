package e2e_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

var engines = []string{"sqlite", "postgres"}

// onBoth runs a test on both engines at once, each with an empty database.
func onBoth(t *testing.T, run func(t *testing.T, db string)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, database(t, engine))
		})
	}
}

// database makes room for an empty database and returns what --db takes.
func database(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return filepath.Join(t.TempDir(), "tidings.db")
	}
	name := "e2e_" + strings.ToLower(rand.Text()[:16])
	administer(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(postgres(t))
	must(t, err)
	u.Path = "/" + name
	return u.String()
}

func postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TIDINGS_TEST_POSTGRES")
	if server == "" {
		t.Fatal("TIDINGS_TEST_POSTGRES is not set: run the tests with make e2e or make test, which start a PostgreSQL")
	}
	return server
}

// administer tells the PostgreSQL server something. It works in clean-up, too, when the test's context has ended.
func administer(t testing.TB, sql string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	admin, err := pgx.Connect(ctx, postgres(t))
	must(t, err)
	defer admin.Close(ctx)
	_, err = admin.Exec(ctx, sql, args...)
	must(t, err)
}

// databaseName is the name of a PostgreSQL database in its URL.
func databaseName(t testing.TB, db string) string {
	t.Helper()
	u, err := url.Parse(db)
	must(t, err)
	return strings.TrimPrefix(u.Path, "/")
}
