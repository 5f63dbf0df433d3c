package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/stats"
)

const channelPrefix = "alc_"

// The kinds of channels.
const (
	ChannelEmail = "email"
	ChannelSlack = "slack" // an incoming webhook of Slack, or of a program that understands the same
)

// ChannelDefinition is what somebody said of a channel. It is stored as JSON: fields are added, never renamed.
type ChannelDefinition struct {
	To     []string `json:"to,omitempty"`     // addresses, of email
	Sender string   `json:"sender,omitempty"` // id or name, of email; empty: the project's default one
	Host   string   `json:"host,omitempty"`   // of the URL, which is sealed
	// Level is the least that is told: warn or severe. What is over is told where it was told that it began.
	Level stats.Level `json:"level,omitempty"`
}

// AlertChannel is where alerts are told.
type AlertChannel struct {
	Ref  int64
	ID   string // alc_…
	Name string
	Kind string
	ChannelDefinition
	Sealed     []byte    // what is secret of it; whoever keeps the key can read it
	DisabledAt time.Time // zero: it is enabled
	ToldAt     time.Time // the last time that it worked; zero: never
	FailedAt   time.Time // the last time that it did not; zero: never
	Problem    string    // why; empty: it worked since
	CreatedAt  time.Time
	CreatedBy  string
	UpdatedAt  time.Time
}

const selectChannel = `SELECT ref, name, kind, definition, sealed, disabled_at, told_at, failed_at, problem, created_at,
	created_by,
	updated_at FROM alert_channels `

func channelsWhere(ctx context.Context, c conn, where string, args ...any) (list []AlertChannel, err error) {
	err = c.query(ctx, selectChannel+where, args, func(r row) error {
		var x AlertChannel
		var definition string
		var disabled, told, failed, created, updated int64
		err := r.Scan(&x.Ref, &x.Name, &x.Kind, &definition, &x.Sealed, &disabled, &told, &failed, &x.Problem, &created, &x.CreatedBy,
			&updated)
		if err != nil {
			return err
		}
		x.ID, x.DisabledAt, x.ToldAt, x.FailedAt = publicID(channelPrefix, x.Ref), at(disabled), at(told), at(failed)
		x.CreatedAt, x.UpdatedAt = at(created), at(updated)
		if err := json.Unmarshal([]byte(definition), &x.ChannelDefinition); err != nil {
			return fmt.Errorf("definition of channel %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// AlertChannels lists the channels of a project by name.
func (s *Store) AlertChannels(ctx context.Context, project string) (list []AlertChannel, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list, err = channelsWhere(ctx, c, `WHERE project = $1 ORDER BY name`, p)
		return err
	})
	return list, err
}

// AlertChannel finds one by its id or name.
func (s *Store) AlertChannel(ctx context.Context, project, idOrName string) (x AlertChannel, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = channelOf(ctx, c, p, idOrName)
		return err
	})
	return x, err
}

func channelOf(ctx context.Context, c conn, project int64, idOrName string) (x AlertChannel, err error) {
	ref, _ := refOf(channelPrefix, idOrName)
	list, err := channelsWhere(ctx, c, `WHERE project = $1 AND (ref = $2 OR name = $3) ORDER BY CASE ref WHEN $2 THEN 0 ELSE 1
		END`,
		project, ref, idOrName)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no channel %q", idOrName)
	}
	if err != nil {
		return x, err
	}
	return list[0], nil
}

// CreateAlertChannel stores a channel, at most of so many of the project, and returns it with what it was given.
func (s *Store) CreateAlertChannel(ctx context.Context, project string, x AlertChannel, most int, a Act) (AlertChannel, error) {
	err := s.actOf(ctx, project, &a, func(c conn, p int64) error {
		var n int
		if _, err := one(ctx, c, `SELECT count(*) FROM alert_channels WHERE project = $1`, []any{p}, &n); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.Conflict, "too_many_channels", "a project may have %d channels", most).
				WithHint("delete those that nobody reads")
		}
		if err := freeChannelName(ctx, c, p, x.Name, 0); err != nil {
			return err
		}
		definition, err := json.Marshal(x.ChannelDefinition)
		if err != nil {
			return fmt.Errorf("encode channel: %w", err)
		}
		_, err = one(ctx, c, `INSERT INTO alert_channels (project, name, kind, definition, sealed, disabled_at, created_at,
			created_by,
			updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) RETURNING ref`, []any{
			p, x.Name, x.Kind, string(definition), notNil(x.Sealed), ms(x.DisabledAt), ms(a.At), a.By,
		}, &x.Ref)
		if err != nil {
			return err
		}
		a.Subject = publicID(channelPrefix, x.Ref)
		x, err = channelOf(ctx, c, p, a.Subject)
		return err
	})
	return x, err
}

func freeChannelName(ctx context.Context, c conn, project int64, name string, but int64) error {
	var there int64
	taken, err := one(ctx, c, `SELECT ref FROM alert_channels WHERE project = $1 AND name = $2 AND ref <> $3`,
		[]any{project, name, but}, &there)
	if err == nil && taken {
		return fault.New(fault.Conflict, "name_taken", "there is a channel %q already", name).WithField("name")
	}
	return err
}

// ChangeAlertChannel lets a function change a channel, under a lock. It may complete the act.
func (s *Store) ChangeAlertChannel(
	ctx context.Context, project, idOrName string, a Act, change func(*AlertChannel, *Act) error,
) (x AlertChannel, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		found, err := channelOf(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE alert_channels SET kind = kind WHERE ref = $1`, found.Ref); err != nil { // and locks it
			return err
		}
		if x, err = channelOf(ctx, c, p, found.ID); err != nil {
			return err
		}
		if err := change(&x, &a); err != nil {
			return err
		}
		if err := freeChannelName(ctx, c, p, x.Name, x.Ref); err != nil {
			return err
		}
		definition, err := json.Marshal(x.ChannelDefinition)
		if err != nil {
			return fmt.Errorf("encode channel: %w", err)
		}
		a.Subject, x.UpdatedAt = x.ID, a.At.UTC()
		_, err = c.exec(ctx, `UPDATE alert_channels SET name = $2, definition = $3, sealed = $4, disabled_at = $5, updated_at = $6
			WHERE ref = $1`, x.Ref, x.Name, string(definition), notNil(x.Sealed), ms(x.DisabledAt), ms(a.At))
		return err
	})
	return x, err
}

// DeleteAlertChannel removes a channel. What it was still to be told is not told.
func (s *Store) DeleteAlertChannel(ctx context.Context, project, idOrName string, a Act) error {
	return s.actOf(ctx, project, &a, func(c conn, p int64) error {
		x, err := channelOf(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		a.Subject = x.ID
		a.Changes = []Change{{Field: "name", From: x.Name}}
		_, err = c.exec(ctx, `UPDATE alert_notices SET state = $2, problem = 'the channel was deleted' WHERE channel = $1 AND
			state = $3`,
			x.Ref, noticeDropped, noticeWaiting)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `DELETE FROM alert_channels WHERE ref = $1`, x.Ref)
		return err
	})
}
