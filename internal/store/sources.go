package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/provider"
)

// CreateSource stores a new source and fills its Ref and ProjectRef.
func (s *Store) CreateSource(ctx context.Context, src *source.Source, act Act) error {
	settings, err := json.Marshal(src.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	err = s.act(ctx, src.Project, act, func(c conn, project int64) error {
		if err := pathFree(ctx, c, src); err != nil {
			return err
		}
		if err := queueFree(ctx, c, src); err != nil {
			return err
		}
		src.ProjectRef, src.Version = project, 1
		_, err := one(ctx, c, `INSERT INTO sources (id, project, name, provider, token_hash, previous_token_hash,
			previous_until, path, settings, created_at, disabled_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ref`,
			[]any{
				src.ID, project, src.Name, src.Provider, src.TokenHash[:], src.PreviousTokenHash[:],
				ms(src.PreviousUntil), src.Path, string(settings), ms(src.CreatedAt), ms(src.DisabledAt),
			}, &src.Ref)
		if err != nil {
			return err
		}
		return bumpSources(ctx, c)
	})
	return err
}

// pathFree refuses a fixed path that another source of the provider has.
func pathFree(ctx context.Context, c conn, src *source.Source) error {
	if src.Path == "" {
		return nil
	}
	var other string
	found, err := one(ctx, c, `SELECT id FROM sources WHERE provider = $1 AND path = $2 AND id <> $3`,
		[]any{src.Provider, src.Path, src.ID}, &other)
	if err == nil && found {
		err = fault.New(fault.Conflict, "path_taken", "the path %q belongs to source %s", src.Path, other).WithField("path")
	}
	return err
}

// bumpSources tells caches on every node that a source changed.
func bumpSources(ctx context.Context, c conn) error {
	_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('sources', '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)`)
	return err
}

// SourcesVersion changes whenever a source changes.
func (s *Store) SourcesVersion(ctx context.Context) (version int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'sources'`, nil, &version)
		return err
	})
	return version, err
}

const selectSource = `SELECT s.ref, s.project, s.id, p.id, s.name, s.provider, s.token_hash, s.previous_token_hash,
	s.previous_until, s.path, s.settings, s.created_at, s.disabled_at, s.version
	FROM sources s JOIN projects p ON p.ref = s.project `

func scanSource(r row) (*source.Source, error) {
	var s source.Source
	var token, previous []byte
	var settings string
	var until, created, disabled int64
	err := r.Scan(&s.Ref, &s.ProjectRef, &s.ID, &s.Project, &s.Name, &s.Provider, &token, &previous, &until,
		&s.Path, &settings, &created, &disabled, &s.Version)
	if err != nil {
		return nil, err
	}
	copy(s.TokenHash[:], token)
	copy(s.PreviousTokenHash[:], previous)
	s.PreviousUntil, s.CreatedAt, s.DisabledAt = at(until), at(created), at(disabled)
	if err := json.Unmarshal([]byte(settings), &s.Settings); err != nil {
		return nil, fmt.Errorf("settings of source %s: %w", s.ID, err)
	}
	if pem := s.Settings.SigningCertificate; pem != "" {
		if s.Certificate, err = provider.ParseCertificate([]byte(pem)); err != nil {
			return nil, fmt.Errorf("signing certificate of source %s: %w", s.ID, err)
		}
	}
	return &s, nil
}

func (s *Store) sources(ctx context.Context, sql string, args ...any) (list []*source.Source, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, selectSource+sql, args, func(r row) error {
			src, err := scanSource(r)
			list = append(list, src)
			return err
		})
	})
	return list, err
}

func (s *Store) oneSource(ctx context.Context, sql string, args ...any) (*source.Source, error) {
	list, err := s.sources(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Missing("there is no such source")
	}
	return list[0], nil
}

// Sources lists the sources of a project, disabled ones too, oldest first.
func (s *Store) Sources(ctx context.Context, project string) ([]*source.Source, error) {
	return s.sources(ctx, `WHERE p.id = $1 ORDER BY s.ref`, project)
}

// Source finds a source by its id.
func (s *Store) Source(ctx context.Context, project, id string) (*source.Source, error) {
	return s.oneSource(ctx, `WHERE p.id = $1 AND s.id = $2`, project, id)
}

// SourceByToken finds the source of a provider by the SHA-256 of its URL's token, the current one, or the one before
// while it is still valid at now.
func (s *Store) SourceByToken(
	ctx context.Context, slug string, hash [32]byte, now time.Time,
) (*source.Source, error) {
	if bytes.Equal(hash[:], make([]byte, len(hash))) {
		return nil, fault.Missing("there is no such source")
	}
	return s.oneSource(ctx, `WHERE s.provider = $1 AND (s.token_hash = $2 OR
		s.previous_token_hash = $2 AND s.previous_until > $3)`, slug, hash[:], ms(now))
}

// SourceByPath finds the source of a provider by its fixed path.
func (s *Store) SourceByPath(ctx context.Context, slug, path string) (*source.Source, error) {
	if path == "" {
		return nil, fault.Missing("there is no such source")
	}
	return s.oneSource(ctx, `WHERE s.provider = $1 AND s.path = $2`, slug, path)
}

// UpdateSource stores a source's name, tokens, path, settings and whether it is disabled, and counts its Version. It is
// a Conflict with code "changed" where the stored source has another Version: somebody changed it since it was read.
func (s *Store) UpdateSource(ctx context.Context, src *source.Source, act Act) error {
	settings, err := json.Marshal(src.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	err = s.act(ctx, src.Project, act, func(c conn, project int64) error {
		if err := pathFree(ctx, c, src); err != nil {
			return err
		}
		if err := queueFree(ctx, c, src); err != nil {
			return err
		}
		n, err := c.exec(ctx, `UPDATE sources SET name = $3, token_hash = $4, previous_token_hash = $5,
			previous_until = $6, path = $7, settings = $8, disabled_at = $9, version = version + 1
			WHERE project = $1 AND id = $2 AND version = $10`,
			project, src.ID, src.Name, src.TokenHash[:], src.PreviousTokenHash[:], ms(src.PreviousUntil), src.Path,
			string(settings), ms(src.DisabledAt), src.Version)
		if err != nil {
			return err
		}
		if n == 0 {
			return sourceChanged(ctx, c, project, src)
		}
		return bumpSources(ctx, c)
	})
	if err == nil {
		src.Version++
	}
	return err
}

// CodeChanged is the code of a Conflict: what was to be changed was changed by somebody else since it was read.
const CodeChanged = "changed"

// sourceChanged says why an update found no row.
func sourceChanged(ctx context.Context, c conn, project int64, src *source.Source) error {
	var version int64
	found, err := one(ctx, c, `SELECT version FROM sources WHERE project = $1 AND id = $2`,
		[]any{project, src.ID}, &version)
	if err != nil {
		return err
	}
	if !found {
		return fault.Missing("there is no source %q", src.ID)
	}
	return fault.New(fault.Conflict, CodeChanged, "source %s was changed in between", src.ID).
		WithHint("read it again and repeat the change")
}

// Confirmations lists the subscriptions that asked a source to be confirmed, newest first.
func (s *Store) Confirmations(ctx context.Context, ref int64) (list []source.Confirmation, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = confirmations(ctx, c, ref)
		return err
	})
	return list, err
}

func confirmations(ctx context.Context, c conn, ref int64) (list []source.Confirmation, err error) {
	err = c.query(ctx, `SELECT ref, source, key, topic, note, url, asked_at, confirmed_at, problem FROM confirmations
		WHERE source = $1 ORDER BY ref DESC LIMIT 100`, []any{ref}, func(r row) error {
		var f source.Confirmation
		var asked, confirmed int64
		err := r.Scan(&f.ID, &f.SourceRef, &f.Key, &f.Topic, &f.Note, &f.URL, &asked, &confirmed, &f.Problem)
		f.AskedAt, f.ConfirmedAt = at(asked), at(confirmed)
		list = append(list, f)
		return err
	})
	return list, err
}

// MarkConfirmed stores how an attempt to confirm a subscription ended: confirmed at a time, or with a problem.
func (s *Store) MarkConfirmed(ctx context.Context, id int64, when time.Time, problem string) error {
	return s.engine.write(ctx, func(c conn) error { return markConfirmed(ctx, c, id, when, problem) })
}

func markConfirmed(ctx context.Context, c conn, id int64, when time.Time, problem string) error {
	_, err := c.exec(ctx, `UPDATE confirmations SET confirmed_at = $2, problem = $3 WHERE ref = $1`,
		id, ms(when), problem)
	return err
}

// ConfirmByHand is MarkConfirmed as the act of a person.
func (s *Store) ConfirmByHand(
	ctx context.Context, project string, id int64, when time.Time, problem string, act Act,
) error {
	return s.act(ctx, project, act, func(c conn, _ int64) error {
		return markConfirmed(ctx, c, id, when, problem)
	})
}

// AddRefusals adds to the count of requests that were not accepted, by day, and by hour to tell the newest apart.
func (s *Store) AddRefusals(ctx context.Context, list []source.Refusal) error {
	return s.engine.write(ctx, func(c conn) error {
		for _, r := range list {
			_, err := c.exec(ctx, `INSERT INTO refusals (source, code, day, n, last_at, last_message)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, code, day) DO UPDATE
				SET n = refusals.n + excluded.n, last_at = excluded.last_at, last_message = excluded.last_message`,
				r.SourceRef, r.Code, days(r.LastAt), r.Count, ms(r.LastAt), r.LastMessage)
			if err != nil {
				return err
			}
			_, err = c.exec(ctx, `INSERT INTO tallies (source, hour, word, n) VALUES ($1, $2, $3, $4)
				ON CONFLICT (source, hour, word) DO UPDATE SET n = tallies.n + excluded.n`,
				r.SourceRef, hours(r.LastAt), refusedWord+r.Code, r.Count)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
