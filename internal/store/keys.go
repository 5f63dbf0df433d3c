package store

import (
	"context"
	"errors"
	"time"

	"tidings/internal/fault"
)

// CreateKey stores a new key.
func (s *Store) CreateKey(ctx context.Context, k Key, act Act) error {
	return s.act(ctx, k.Project, act, func(c conn, project int64) error {
		_, err := c.exec(ctx, `INSERT INTO keys (id, project, name, kind, prefix, hash, created_at, scopes, expires_at,
			bounds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			k.ID, project, k.Name, string(k.Kind), k.Prefix, k.Hash[:], ms(k.CreatedAt), string(k.Scopes), ms(k.ExpiresAt),
			k.Bounds.text())
		return err
	})
}

const selectKey = `SELECT k.id, p.id, k.name, k.kind, k.prefix, k.hash, k.created_at, k.revoked_at, k.last_used_at,
	k.scopes, k.expires_at, k.bounds, k.aws_version
	FROM keys k JOIN projects p ON p.ref = k.project `

func scanKey(r row) (Key, error) {
	var k Key
	var kind, scopes, bounds string
	var hash []byte
	var created, revoked, used, expires int64
	err := r.Scan(&k.ID, &k.Project, &k.Name, &kind, &k.Prefix, &hash, &created, &revoked, &used, &scopes,
		&expires, &bounds, &k.AWSVersion)
	k.Kind, k.CreatedAt, k.RevokedAt, k.LastUsedAt = KeyKind(kind), at(created), at(revoked), at(used)
	k.Scopes, k.ExpiresAt = Scopes(scopes), at(expires)
	copy(k.Hash[:], hash)
	if err == nil {
		k.Bounds, err = readBounds(bounds)
	}
	return k, err
}

func (s *Store) keys(ctx context.Context, sql string, args ...any) (list []Key, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, selectKey+sql, args, func(r row) error {
			k, err := scanKey(r)
			list = append(list, k)
			return err
		})
	})
	return list, err
}

// Keys lists the keys of a project, revoked ones too, oldest first.
func (s *Store) Keys(ctx context.Context, project string) ([]Key, error) {
	return s.keys(ctx, `WHERE p.id = $1 ORDER BY k.ref`, project)
}

// KeyByHash finds a key, revoked or not, by the SHA-256 of its text.
func (s *Store) KeyByHash(ctx context.Context, hash [32]byte) (Key, error) {
	list, err := s.keys(ctx, `WHERE k.hash = $1`, hash[:])
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no such key")
	}
	if err != nil {
		return Key{}, err
	}
	return list[0], nil
}

// RevokeKey ends a key for good. A key that was revoked before stays as it is, and nothing is noted.
func (s *Store) RevokeKey(ctx context.Context, project, id string, act Act) (Key, error) {
	err := s.act(ctx, project, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `UPDATE keys SET revoked_at = $3 WHERE project = $1 AND id = $2 AND revoked_at = 0`,
			ref, id, ms(act.At))
		if err != nil || n > 0 {
			return err
		}
		known := 0
		found, err := one(ctx, c, `SELECT 1 FROM keys WHERE project = $1 AND id = $2`, []any{ref, id}, &known)
		if err == nil && !found {
			return fault.Missing("there is no key %q", id)
		}
		return errors.Join(err, errUnchanged)
	})
	if err != nil {
		return Key{}, err
	}
	list, err := s.keys(ctx, `WHERE k.id = $1`, id)
	if err != nil || len(list) == 0 {
		return Key{}, err
	}
	return list[0], nil
}

// TouchKey notes that a key was used.
func (s *Store) TouchKey(ctx context.Context, id string, used time.Time) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE keys SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, id, ms(used))
		return err
	})
}
