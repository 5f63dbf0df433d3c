package store

import (
	"context"
	"maps"
	"slices"

	"tidings/internal/attribute"
)

const sqlPutValue = `INSERT INTO contact_values (contact, key, n, kind, number, text) VALUES ($1, $2, $3, $4, $5, $6)`

// putContactValues replaces what filters compare of a contact's attributes, a JSON object.
func putContactValues(ctx context.Context, c conn, project, contact int64, attributes []byte) error {
	values, err := attribute.Values(attributes)
	if err != nil {
		return err
	}
	if _, err := c.exec(ctx, `DELETE FROM contact_values WHERE contact = $1`, contact); err != nil {
		return err
	}
	return insertValues(ctx, c, project, contact, values)
}

// insertValues stores values of attributes under paths that have none.
func insertValues(ctx context.Context, c conn, project, contact int64, values map[string][]attribute.Value) error {
	for _, path := range slices.Sorted(maps.Keys(values)) {
		list := values[path]
		key, err := termOf(ctx, c, project, termAttribute, path)
		if err != nil {
			return err
		}
		for n, v := range list {
			_, err := c.exec(ctx, sqlPutValue, contact, key, n, int64(v.Kind), v.Number, v.Text)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// termOf finds or makes a term.
func termOf(ctx context.Context, c conn, project int64, kind int, text string) (ref int64, err error) {
	_, err = c.exec(ctx, `INSERT INTO terms (project, kind, text) VALUES ($1, $2, $3) ON CONFLICT (project, kind, text) DO NOTHING`,
		project, kind, text)
	if err != nil {
		return 0, err
	}
	_, err = one(ctx, c, `SELECT ref FROM terms WHERE project = $1 AND kind = $2 AND text = $3`, []any{project, kind, text}, &ref)
	return ref, err
}
