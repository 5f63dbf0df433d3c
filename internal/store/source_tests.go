package store

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/source"
)

// BeginTest stores a self-test, and removes those that are over.
func (s *Store) BeginTest(ctx context.Context, t source.Test, act Act) error {
	certificate := []byte{}
	if t.Certificate != nil {
		certificate = t.Certificate.Raw
	}
	return s.act(ctx, act.Project, act, func(c conn, _ int64) error {
		if _, err := c.exec(ctx, `DELETE FROM source_tests WHERE expires_at <= $1`, ms(act.At)); err != nil {
			return err
		}
		_, err := c.exec(ctx, `INSERT INTO source_tests (token_hash, source, certificate, expires_at) VALUES ($1, $2, $3, $4)`,
			t.TokenHash[:], t.SourceRef, certificate, ms(t.ExpiresAt))
		return err
	})
}

// TakeTest finds the self-test of a provider's source by the SHA-256 of its token, with its source, and notes that its
// request arrived. It finds each once: after that, and after its end, it is a NotFound error.
func (s *Store) TakeTest(
	ctx context.Context, slug string, hash [32]byte, now time.Time,
) (t source.Test, src *source.Source, err error) {
	// Whoever guesses must not make the store write.
	src, err = s.oneSource(ctx, `JOIN source_tests t ON t.source = s.ref
		WHERE s.provider = $1 AND t.token_hash = $2 AND t.arrived_at = 0 AND t.expires_at > $3`, slug, hash[:], ms(now))
	if err != nil {
		return t, nil, err
	}
	t = source.Test{TokenHash: hash, SourceRef: src.Ref}
	err = s.engine.write(ctx, func(c conn) error {
		var certificate []byte
		var expires int64
		found, err := one(ctx, c, `UPDATE source_tests SET arrived_at = $2
			WHERE token_hash = $1 AND arrived_at = 0 RETURNING certificate, expires_at`,
			[]any{hash[:], ms(now)}, &certificate, &expires)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no such self-test")
		}
		t.ExpiresAt = at(expires)
		if len(certificate) > 0 {
			t.Certificate, err = x509.ParseCertificate(certificate)
		}
		return err
	})
	return t, src, err
}

// FinishTest stores what became of the request of a self-test.
func (s *Store) FinishTest(ctx context.Context, hash [32]byte, v source.Verdict) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE source_tests SET verdict = $2 WHERE token_hash = $1`, hash[:], string(text))
		return err
	})
}

// EndTest removes a self-test and returns what became of its request: nil where none arrived, or where it is still
// worked on.
func (s *Store) EndTest(ctx context.Context, hash [32]byte) (v *source.Verdict, err error) {
	var text string
	err = s.engine.write(ctx, func(c conn) error {
		_, err := one(ctx, c, `DELETE FROM source_tests WHERE token_hash = $1 RETURNING verdict`, []any{hash[:]}, &text)
		return err
	})
	if err != nil || text == "" {
		return nil, err
	}
	v = new(source.Verdict)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, fmt.Errorf("read verdict: %w", err)
	}
	return v, nil
}
