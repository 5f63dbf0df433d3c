package form_test

import (
	"fmt"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// dump is every row of every table, sorted.
func (w *world) dump() (rows []string) {
	w.Helper()
	if w.engine == "postgres" {
		rows = w.dumpPostgres()
	} else {
		rows = w.dumpSQLite()
	}
	sort.Strings(rows)
	return rows
}

func (w *world) dumpSQLite() (rows []string) {
	c, err := sqlite.OpenConn(w.url, sqlite.OpenReadOnly)
	must(w, err)
	defer c.Close()
	tables := []string{}
	must(w, sqlitex.Execute(c, `SELECT name FROM sqlite_schema WHERE type = 'table'`, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			tables = append(tables, s.ColumnText(0))
			return nil
		},
	}))
	for _, table := range tables {
		must(w, sqlitex.Execute(c, `SELECT * FROM "`+table+`"`, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			var b strings.Builder
			for i := range s.ColumnCount() {
				fmt.Fprintf(&b, "%q ", s.ColumnText(i))
			}
			rows = append(rows, table+" "+b.String())
			return nil
		}}))
	}
	return rows
}

func (w *world) dumpPostgres() (out []string) {
	c, err := pgx.Connect(w.Context(), w.url)
	must(w, err)
	defer c.Close(w.Context())
	list := func(sql string) []string {
		rows, err := c.Query(w.Context(), sql)
		must(w, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(w, err)
		return texts
	}
	for _, table := range list(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		for _, row := range list(`SELECT t::text FROM "` + table + `" t`) {
			out = append(out, table+" "+row)
		}
	}
	return out
}
