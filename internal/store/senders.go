package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/workflow"
)

const (
	sendersVersion = "senders"
	selectSender   = `SELECT s.id, p.id, s.name, s.kind, s.settings, s.from_email, s.from_name, s.reply_to, s.rate, s.is_default,
	s.version, s.created_at, s.updated_at, s.disabled_at FROM senders s JOIN projects p ON p.ref = s.project `
	// rateUnit is what a rate of one email a second is stored as.
	rateUnit = 1000
)

func scanSender(r row) (x send.Sender, err error) {
	var settings string
	var rate, created, updated, disabled int64
	err = r.Scan(&x.ID, &x.Project, &x.Name, &x.Kind, &settings, &x.From.Address, &x.From.Name, &x.ReplyTo, &rate, &x.Default,
		&x.Version, &created, &updated, &disabled)
	if err != nil {
		return x, err
	}
	x.Rate = float64(rate) / rateUnit
	x.CreatedAt, x.UpdatedAt, x.DisabledAt = at(created), at(updated), at(disabled)
	if err := json.Unmarshal([]byte(settings), &x.Settings); err != nil {
		return x, fmt.Errorf("settings of sender %s: %w", x.ID, err)
	}
	return x, nil
}

func senders(ctx context.Context, c conn, where string, args ...any) (list []send.Sender, err error) {
	err = c.query(ctx, selectSender+where, args, func(r row) error {
		x, err := scanSender(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func senderOf(ctx context.Context, c conn, project int64, id string) (send.Sender, error) {
	list, err := senders(ctx, c, `WHERE s.project = $1 AND s.id = $2`, project, id)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no sender %q", id)
	}
	if err != nil {
		return send.Sender{}, err
	}
	return list[0], nil
}

// Senders lists the senders of a project, disabled ones too, oldest first.
func (s *Store) Senders(ctx context.Context, project string) (list []send.Sender, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = senders(ctx, c, `WHERE p.id = $1 ORDER BY s.ref`, project)
		return err
	})
	return list, err
}

// SendersVersion changes whenever any sender does.
func (s *Store) SendersVersion(ctx context.Context) (version int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT CAST(value AS BIGINT) FROM meta WHERE name = '`+sendersVersion+`'`, nil, &version)
		return err
	})
	return version, err
}

func bumpSenders(ctx context.Context, c conn) error {
	_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('`+sendersVersion+`', '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)`)
	return err
}

// CreateSender stores a sender, at most of so many of the project: one more is a Conflict, as is a name that is taken. The
// first of a project becomes the default one; so does one that is to, in place of the one before.
func (s *Store) CreateSender(ctx context.Context, x *send.Sender, most int, act Act) error {
	return s.actOf(ctx, x.Project, &act, func(c conn, project int64) error {
		var n int
		if _, err := one(ctx, c, `SELECT count(*) FROM senders WHERE project = $1`, []any{project}, &n); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.Conflict, "too_many_senders", "a project may have %d senders", most).
				WithHint("delete those that nobody needs")
		}
		x.Default = x.Default || n == 0
		x.Version, x.CreatedAt, x.UpdatedAt = 1, act.At, act.At
		act.Changes = senderChanges(&send.Sender{}, x)
		return putSender(ctx, c, project, x, `INSERT INTO senders (id, project, name, kind, settings, from_email, from_name,
			reply_to, rate, is_default, updated_at, disabled_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11)`)
	})
}

// putSender writes a sender whose name nobody else has, and takes the default from the others where it is to have it.
func putSender(ctx context.Context, c conn, project int64, x *send.Sender, sql string) error {
	var other string
	taken, err := one(ctx, c, `SELECT id FROM senders WHERE project = $1 AND name = $2 AND id <> $3`,
		[]any{project, x.Name, x.ID}, &other)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "name_taken", "the sender %s has the name %q", other, x.Name).WithField("name")
	}
	if x.Default {
		if _, err := c.exec(ctx, `UPDATE senders SET is_default = 0 WHERE project = $1 AND id <> $2 AND is_default <> 0`,
			project, x.ID); err != nil {
			return err
		}
	}
	settings, err := json.Marshal(x.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	_, err = c.exec(ctx, sql, x.ID, project, x.Name, x.Kind, string(settings), x.From.Address, x.From.Name, x.ReplyTo,
		int64(math.Round(x.Rate*rateUnit)), x.Default, ms(x.UpdatedAt), ms(x.DisabledAt))
	if err != nil {
		return err
	}
	return bumpSenders(ctx, c)
}

// UpdateSender replaces a sender by what change makes of it.
func (s *Store) UpdateSender(
	ctx context.Context, project, id string, change func(*send.Sender) error, act Act,
) (x send.Sender, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, ref int64) error {
		if x, err = senderOf(ctx, c, ref, id); err != nil {
			return err
		}
		before := x
		if err := change(&x); err != nil {
			return err
		}
		if act.Changes = senderChanges(&before, &x); len(act.Changes) == 0 {
			return errUnchanged
		}
		x.Version++
		x.UpdatedAt = act.At
		return putSender(ctx, c, ref, &x, `UPDATE senders SET name = $3, kind = $4, settings = $5, from_email = $6, from_name = $7,
			reply_to = $8, rate = $9, is_default = $10, version = version + 1, updated_at = $11, disabled_at = $12
			WHERE id = $1 AND project = $2`)
	})
	return x, err
}

// DeleteSender removes a sender. The default one goes last: a Conflict, default_sender, where there are others.
func (s *Store) DeleteSender(ctx context.Context, project, id string, act Act) error {
	return s.actOf(ctx, project, &act, func(c conn, ref int64) error {
		x, err := senderOf(ctx, c, ref, id)
		if err != nil {
			return err
		}
		var others int
		const count = `SELECT count(*) FROM senders WHERE project = $1 AND id <> $2`
		if _, err := one(ctx, c, count, []any{ref, id}, &others); err != nil {
			return err
		}
		if x.Default && others > 0 {
			return fault.New(fault.Conflict, "default_sender", "%q is the default sender, and there are others", x.Name).
				WithHint("make another one the default first")
		}
		if err := inWorkflow(ctx, c, ref, "sender_in_use", workflow.OfSender, x.ID, x.Name); err != nil {
			return err
		}
		act.Changes = senderChanges(&x, &send.Sender{})
		if _, err := c.exec(ctx, `DELETE FROM senders WHERE project = $1 AND id = $2`, ref, id); err != nil {
			return err
		}
		return bumpSenders(ctx, c)
	})
}

// senderChanges tells the audit log what differs between two senders; of secrets only that they changed.
func senderChanges(a, b *send.Sender) (list []Change) {
	number := func(n int) string { return strings.TrimPrefix(strconv.Itoa(n), "0") }
	yes := func(b bool) string { return strings.TrimPrefix(word(b), "false") }
	keys := func(s *send.Settings) string {
		words := make([]string, len(s.DKIM))
		for i, k := range s.DKIM {
			words[i] = k.Selector + "._domainkey." + k.Domain
		}
		return strings.Join(words, ", ")
	}
	secrets := func(s *send.Settings) string {
		text := s.Password + "\x00" + s.SecretAccessKey
		for _, k := range s.DKIM {
			text += "\x00" + k.PrivateKey
		}
		return text
	}
	x, y := &a.Settings, &b.Settings
	for _, f := range [...]Change{
		{"name", a.Name, b.Name},
		{"kind", a.Kind, b.Kind},
		{"from.email", a.From.Address, b.From.Address},
		{"from.name", a.From.Name, b.From.Name},
		{"replyTo", a.ReplyTo, b.ReplyTo},
		{"rate", perSecond(a.Rate), perSecond(b.Rate)},
		{"default", yes(a.Default), yes(b.Default)},
		{"disabled", yes(!a.DisabledAt.IsZero()), yes(!b.DisabledAt.IsZero())},
		{"settings.preset", x.Preset, y.Preset},
		{"settings.host", x.Host, y.Host},
		{"settings.port", number(x.Port), number(y.Port)},
		{"settings.tls", x.TLS, y.TLS},
		{"settings.plaintext", yes(x.Plaintext), yes(y.Plaintext)},
		{"settings.user", x.User, y.User},
		{"settings.auth", x.Auth, y.Auth},
		{"settings.helo", x.Helo, y.Helo},
		{"settings.connections", number(x.Connections), number(y.Connections)},
		{"settings.perConnection", number(x.PerConnection), number(y.PerConnection)},
		{"settings.timeoutSeconds", number(x.TimeoutSeconds), number(y.TimeoutSeconds)},
		{"settings.dkim", keys(x), keys(y)},
		{"settings.stream", x.Stream, y.Stream},
		{"settings.region", x.Region, y.Region},
		{"settings.configurationSet", x.ConfigurationSet, y.ConfigurationSet},
		{"settings.untrackedSet", x.UntrackedSet, y.UntrackedSet},
		{"settings.accessKeyId", x.AccessKeyID, y.AccessKeyID},
	} {
		if f.From != f.To {
			list = append(list, f)
		}
	}
	if x.CA != y.CA { // pages of letters
		list = append(list, Change{Field: "settings.ca"})
	}
	if secrets(x) != secrets(y) {
		list = append(list, Change{Field: "settings.secrets"})
	}
	return list
}

func perSecond(rate float64) string {
	if rate == 0 {
		return ""
	}
	return strconv.FormatFloat(rate, 'g', -1, 64)
}
