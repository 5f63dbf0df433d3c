package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"tidings/internal/fault"
)

// KeyByID finds a key of any project, revoked or not.
func (s *Store) KeyByID(ctx context.Context, id string) (Key, error) {
	list, err := s.keys(ctx, `WHERE k.id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no key %q", id)
	}
	if err != nil {
		return Key{}, err
	}
	return list[0], nil
}

// RaiseAWSVersion gives a key of a project the next version of its pair for AWS's signatures, and makes the secret that pairs
// are derived from where there is none yet. A key that was revoked has no pair: that is a Conflict.
func (s *Store) RaiseAWSVersion(ctx context.Context, project, id string, act Act) (Key, error) {
	err := s.act(ctx, project, act, func(c conn, ref int64) error {
		n, err := c.exec(ctx, `UPDATE keys SET aws_version = aws_version + 1 WHERE project = $1 AND id = $2 AND revoked_at = 0`,
			ref, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "revoked_key", "key %q was revoked, or is none of this project", id)
		}
		fresh := make([]byte, 32)
		rand.Read(fresh) // never fails, see crypto/rand
		_, err = c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('aws_secret', $1) ON CONFLICT (name) DO NOTHING`,
			hex.EncodeToString(fresh))
		return err
	})
	if err != nil {
		return Key{}, err
	}
	return s.KeyByID(ctx, id)
}

// AWSSecret is what the pairs for AWS's signatures are derived from, the same for every node and after a restore; nil: no key
// has a pair.
func (s *Store) AWSSecret(ctx context.Context) (secret []byte, err error) {
	text := ""
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT value FROM meta WHERE name = 'aws_secret'`, nil, &text)
		return err
	})
	if err == nil && text != "" {
		secret, err = hex.DecodeString(text)
	}
	if err != nil {
		return nil, fmt.Errorf("find the secret of AWS pairs: %w", err)
	}
	return secret, nil
}
