package store

import (
	"context"

	"zombiezen.com/go/sqlite/sqlitex"
)

// Scrub cleans the files of the database, as an erasure does at its end.
func (s *Store) Scrub(ctx context.Context) error {
	return s.engine.scrub(ctx, func([]byte) bool { return false })
}

// SetSecureDelete switches secure_delete of the writing connection.
func (s *Store) SetSecureDelete(on bool) error {
	e := s.engine.(*sqliteEngine)
	e.writing <- struct{}{}
	defer e.release()
	return sqlitex.ExecuteTransient(e.writer, map[bool]string{true: "PRAGMA secure_delete=ON", false: "PRAGMA secure_delete=OFF"}[on], nil)
}

// Check is what SQLite says of the soundness of its file: "ok".
func (s *Store) Check(ctx context.Context) (verdict string, err error) {
	err = s.engine.snapshot(ctx, func(c conn) error {
		return c.query(ctx, `PRAGMA integrity_check`, nil, func(r row) error {
			var line string
			err := r.Scan(&line)
			verdict += line
			return err
		})
	})
	return verdict, err
}

// EraseTables are the tables and columns that erasing decides about.
func EraseTables() map[string]map[string]bool {
	list := make(map[string]map[string]bool, len(eraseTables))
	for table, columns := range eraseTables {
		list[table] = make(map[string]bool, len(columns))
		for column := range columns {
			list[table][column] = true
		}
	}
	return list
}

// Searched are the tables that erasing looks through row by row, by the columns it looks at.
func Searched() (named, walked []string) {
	for _, table := range sortedTexts(eraseTables) {
		if len(columnsOf(table, searched, searchedJ, withRow)) > 0 {
			named = append(named, table)
		}
	}
	for _, x := range searchOrder {
		walked = append(walked, x.table)
	}
	return named, walked
}
