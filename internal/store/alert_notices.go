package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/alert"
	"tidings/internal/job"
)

// NoticeKind is the kind of the jobs that tell of alerts. Their payload is the integer of a notice.
const NoticeKind = "alert-notice"

// NoticeState is how far a notice is.
type NoticeState string

// The states.
const (
	NoticeWaiting NoticeState = "waiting" // it is to be told, maybe again
	NoticeTold    NoticeState = "told"
	NoticeFailed  NoticeState = "failed"  // it was tried often enough
	NoticeDropped NoticeState = "dropped" // it is not to be told any more
)

// noticeStates are stored as numbers, which are their places here. They never change.
var noticeStates = []NoticeState{NoticeWaiting, NoticeTold, NoticeFailed, NoticeDropped}

// The same, for SQL.
const (
	noticeWaiting = 0
	noticeTold    = 1
	noticeFailed  = 2
	noticeDropped = 3
)

// Notice is what a channel is told at once.
type Notice struct {
	Ref       int64
	Project   string // prj_…
	Channel   *AlertChannel
	Endpoints bool // it is for endpoints; without this and a channel, the channel was deleted
	Recipient string
	Items     []alert.Item
	State     NoticeState
	Tries     int
	At        time.Time
}

func (s *Store) putNotices(ctx context.Context, c conn, project int64, x *AlertPass) error {
	jobs := make([]job.NewJob, 0, len(x.Notices))
	for i := range x.Notices {
		n := &x.Notices[i]
		for k, of := range n.Of {
			n.Items[k].ID = x.Alerts[of].ID
		}
		items, err := json.Marshal(n.Items)
		if err != nil {
			return fmt.Errorf("encode a notice: %w", err)
		}
		var ref int64
		_, err = one(ctx, c, `INSERT INTO alert_notices (project, channel, recipient, items, state, at) VALUES ($1, $2, $3, $4,
			$5, $6)
			RETURNING ref`, []any{project, n.Channel, n.Recipient, string(items), noticeWaiting, ms(x.At)}, &ref)
		if err != nil {
			return err
		}
		for k, of := range n.Of {
			_, err := c.exec(ctx, `INSERT INTO alert_tellings (alert, notice, change) VALUES ($1, $2, $3)`, x.Alerts[of].Ref, ref,
				string(n.Items[k].Change))
			if err != nil {
				return err
			}
		}
		text := strconv.FormatInt(ref, 10)
		jobs = append(jobs, job.NewJob{Kind: NoticeKind, Key: text, Priority: job.Urgent, Payload: []byte(text)})
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err := enqueue(ctx, c, s.now(), jobs)
	return err
}

// Notice finds a notice; found is false where it was removed.
func (s *Store) Notice(ctx context.Context, ref int64) (x Notice, found bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var channel, state, when int64
		var items string
		found, err = one(ctx, c, `SELECT n.ref, p.id, n.channel, n.recipient, n.items, n.state, n.tries, n.at FROM alert_notices n
			JOIN projects p ON p.ref = n.project WHERE n.ref = $1`, []any{ref},
			&x.Ref, &x.Project, &channel, &x.Recipient, &items, &state, &x.Tries, &when)
		if err != nil || !found {
			return err
		}
		x.State, x.At, x.Endpoints = noticeStates[state], at(when), channel == 0
		if err := json.Unmarshal([]byte(items), &x.Items); err != nil {
			return fmt.Errorf("notice %d: %w", ref, err)
		}
		list, err := channelsWhere(ctx, c, `WHERE ref = $1`, channel)
		if len(list) > 0 {
			x.Channel = &list[0]
		}
		return err
	})
	if err != nil {
		return x, false, fmt.Errorf("find a notice: %w", err)
	}
	return x, found, nil
}

// SettleNotice stores how a try to tell ended, for the notice and for its channel. What was told stays told.
func (s *Store) SettleNotice(ctx context.Context, x *Notice, state NoticeState, problem string, now time.Time) error {
	told := int64(0)
	if state == NoticeTold {
		told = ms(now)
	}
	err := s.engine.write(ctx, func(c conn) error {
		n, err := c.exec(ctx, `UPDATE alert_notices SET state = $2, tries = tries + 1, told_at = $3, problem = $4 WHERE ref = $1
			AND state = 0`, x.Ref, noticeNumber(state), told, problem)
		if err != nil || n == 0 || x.Channel == nil || state == NoticeDropped {
			return err
		}
		if state == NoticeTold {
			_, err = c.exec(ctx, `UPDATE alert_channels SET told_at = $2, problem = '' WHERE ref = $1`, x.Channel.Ref, ms(now))
			return err
		}
		_, err = c.exec(ctx, `UPDATE alert_channels SET failed_at = $2, problem = $3 WHERE ref =
			$1`, x.Channel.Ref, ms(now), problem)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle a notice: %w", err)
	}
	return nil
}

func noticeNumber(x NoticeState) int64 {
	for i, state := range noticeStates {
		if state == x {
			return int64(i)
		}
	}
	return noticeDropped
}

// Telling is how somebody was told of an alert.
type Telling struct {
	Channel   string // its name; empty: it was deleted, or it is endpoints
	ChannelID string // alc_…; empty: endpoints
	Recipient string
	Change    alert.Change
	State     NoticeState
	Tries     int
	At        time.Time // when it was to be told
	ToldAt    time.Time // zero: it was not
	Problem   string    // of the last try; empty: it worked, or there was none
}

func tellingsOf(ctx context.Context, c conn, ref int64) (list []Telling, err error) {
	err = c.query(ctx, `SELECT coalesce(h.name, ''), n.channel, n.recipient, t.change, n.state, n.tries, n.at, n.told_at,
		n.problem
		FROM alert_tellings t JOIN alert_notices n ON n.ref = t.notice LEFT JOIN alert_channels h ON h.ref = n.channel
		WHERE t.alert = $1 ORDER BY n.ref`, []any{ref}, func(r row) error {
		var x Telling
		var change string
		var channel, state, when, told int64
		if err := r.Scan(&x.Channel, &channel, &x.Recipient, &change, &state, &x.Tries, &when, &told, &x.Problem); err != nil {
			return err
		}
		x.ChannelID, x.Change, x.State = publicID(channelPrefix, channel), alert.Change(change), noticeStates[state]
		x.At, x.ToldAt = at(when), at(told)
		list = append(list, x)
		return nil
	})
	return list, err
}

// How long alerts that are over are kept, and what was told.
const (
	keepAlerts  = 400 * 24 * time.Hour
	keepNotices = 90 * 24 * time.Hour
)

func retainAlerts(ctx context.Context, c conn, now time.Time) error {
	for _, x := range [...]struct {
		sql  string
		keep time.Duration
	}{
		{`DELETE FROM alert_tellings WHERE notice IN (SELECT ref FROM alert_notices WHERE at < $1 ORDER BY at, ref LIMIT
			$2)`, keepNotices},
		{`DELETE FROM alert_notices WHERE ref IN (SELECT ref FROM alert_notices WHERE at < $1 ORDER BY at, ref LIMIT
			$2)`, keepNotices},
		{`DELETE FROM alerts WHERE ref IN (SELECT ref FROM alerts WHERE resolved_at <> 0 AND resolved_at < $1
			ORDER BY resolved_at LIMIT $2)`, keepAlerts},
	} {
		if _, err := c.exec(ctx, x.sql, ms(now.Add(-x.keep)), retainBatch); err != nil {
			return err
		}
	}
	return nil
}
