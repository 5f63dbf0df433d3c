package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"tidings/internal/fault"
)

// seed writes what every database has: its epoch and the default project.
func (s *Store) seed(ctx context.Context) error {
	err := s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT (name) DO NOTHING`, rand.Text())
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `INSERT INTO projects (id, name, created_at) VALUES ($1, 'Default', $2)
			ON CONFLICT (id) DO NOTHING`, DefaultProject, ms(s.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

func joinClose(err error, s *Store) error { return errors.Join(err, s.Close()) }

// Epoch names the life of this database: it changes when a backup is restored, so that followers notice.
func (s *Store) Epoch(ctx context.Context) (epoch string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT value FROM meta WHERE name = 'epoch'`, nil, &epoch)
		return err
	})
	return epoch, err
}

// Projects lists the projects, oldest first.
func (s *Store) Projects(ctx context.Context) (list []Project, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT ref, id, name, created_at FROM projects ORDER BY ref`, nil, func(r row) error {
			var p Project
			var created int64
			err := r.Scan(&p.Ref, &p.ID, &p.Name, &created)
			p.CreatedAt = at(created)
			list = append(list, p)
			return err
		})
	})
	return list, err
}

// projectRef is the integer of a project.
func projectRef(ctx context.Context, c conn, id string) (ref int64, err error) {
	found, err := one(ctx, c, `SELECT ref FROM projects WHERE id = $1`, []any{id}, &ref)
	if err == nil && !found {
		err = fault.Missing("there is no project %q", id)
	}
	return ref, err
}
