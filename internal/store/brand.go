package store

import (
	"context"
	"time"
)

// Brand is how the pages look that a project's contacts see. Empty fields: as ours.
type Brand struct {
	Name      string // of whoever sends
	Color     string // #rrggbb, of what is pressed
	LogoURL   string // https://…
	UpdatedAt time.Time
}

// Brand reads a project's brand; the zero value where nobody set one, or where there is no such project.
func (s *Store) Brand(ctx context.Context, project string) (b Brand, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		b, err = brandOf(ctx, c, `(SELECT ref FROM projects WHERE id = $1)`, project)
		return err
	})
	return b, err
}

func brandOf(ctx context.Context, c conn, project string, arg any) (b Brand, err error) {
	var updated int64
	_, err = one(ctx, c, `SELECT name, color, logo_url, updated_at FROM brands WHERE project = `+project, []any{arg},
		&b.Name, &b.Color, &b.LogoURL, &updated)
	b.UpdatedAt = at(updated)
	return b, err
}

// UpdateBrand replaces a project's brand by what change makes of it.
func (s *Store) UpdateBrand(ctx context.Context, project string, change func(*Brand) error, act Act) (b Brand, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		if b, err = brandOf(ctx, c, `$1`, p); err != nil {
			return err
		}
		before := b
		if err := change(&b); err != nil {
			return err
		}
		act.Changes = nil
		for _, x := range [...]struct{ field, from, to string }{
			{"name", before.Name, b.Name}, {"color", before.Color, b.Color}, {"logoUrl", before.LogoURL, b.LogoURL},
		} {
			if x.from != x.to {
				act.Changes = append(act.Changes, Change{Field: x.field, From: x.from, To: x.to})
			}
		}
		if len(act.Changes) == 0 {
			return errUnchanged
		}
		b.UpdatedAt = act.At
		_, err = c.exec(ctx, `INSERT INTO brands (project, name, color, logo_url, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (project) DO UPDATE SET name = excluded.name, color = excluded.color, logo_url = excluded.logo_url,
			updated_at = excluded.updated_at`, p, b.Name, b.Color, b.LogoURL, ms(b.UpdatedAt))
		return err
	})
	return b, err
}
