package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/send"
)

// BroadcastKind is the kind of the jobs that send broadcasts. Their payload is the broadcast's id.
const BroadcastKind = "broadcast"

// BroadcastStatus is where a broadcast is.
type BroadcastStatus string

// The statuses, in MailGlyph's words and ours.
const (
	BroadcastDraft     BroadcastStatus = "DRAFT"
	BroadcastScheduled BroadcastStatus = "SCHEDULED" // it waits for its time
	BroadcastSending   BroadcastStatus = "SENDING"
	BroadcastSent      BroadcastStatus = "SENT" // everybody's email was handed over, or never will be
	BroadcastCancelled BroadcastStatus = "CANCELLED"
	BroadcastPaused    BroadcastStatus = "PAUSED" // see Broadcast.Reason
)

// broadcastStatuses are stored as numbers, which are their places here from 1 on. They never change.
var broadcastStatuses = []BroadcastStatus{
	BroadcastDraft, BroadcastScheduled, BroadcastSending, BroadcastSent, BroadcastCancelled, BroadcastPaused,
}

// The same, for SQL.
const (
	draftBroadcast     = 1
	scheduledBroadcast = 2
	sendingBroadcast   = 3
	sentBroadcast      = 4
	cancelledBroadcast = 5
	pausedBroadcast    = 6
)

// BroadcastStatuses are all of them.
func BroadcastStatuses() []BroadcastStatus { return slices.Clone(broadcastStatuses) }

func broadcastNumber(x BroadcastStatus) int64 { return int64(slices.Index(broadcastStatuses, x) + 1) }

// Who a broadcast goes to.
const (
	AudienceAll      = "ALL"
	AudienceSegment  = "SEGMENT"
	AudienceFiltered = "FILTERED" // by a condition, by tags, or both
)

// BroadcastDefinition is what somebody said of a broadcast. It is stored as JSON: fields are added, never renamed.
type BroadcastDefinition struct {
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	Template    string  `json:"template,omitempty"` // tpl_…; empty: Subject, Body and Text are all there is
	Subject     string  `json:"subject,omitempty"`  // in place of the template's
	Body        string  `json:"body,omitempty"`     // HTML; the same
	Text        *string `json:"text,omitempty"`     // nil: made of the HTML
	From        string  `json:"from,omitempty"`
	FromName    string  `json:"fromName,omitempty"`
	ReplyTo     string  `json:"replyTo,omitempty"`
	Sender      string  `json:"sender,omitempty"` // snr_…; empty: the project's default

	AudienceType string          `json:"audienceType"`
	Segment      string          `json:"segment,omitempty"` // seg_…
	Condition    json.RawMessage `json:"condition,omitempty"`
	Tags         []string        `json:"tags,omitempty"`  // all of which a recipient must have
	Topic        string          `json:"topic,omitempty"` // whoever left it is left out

	Throttle   int64    `json:"throttle,omitempty"`   // emails a minute; 0: as fast as it goes
	LocalTime  string   `json:"localTime,omitempty"`  // "09:00" where the recipient is; empty: at once
	TimeZone   string   `json:"timeZone,omitempty"`   // of those who have none; empty: UTC
	Bounces    *float64 `json:"bounces,omitempty"`    // the share above which it pauses; nil: the usual; 0: never
	Complaints *float64 `json:"complaints,omitempty"` // the same of complaints
	Least      *int64   `json:"least,omitempty"`      // how many must be sent before either counts; nil: the usual

	TrackOpens  *bool           `json:"trackOpens,omitempty"` // nil: as the template says
	TrackClicks *bool           `json:"trackClicks,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"` // what the template may name beside the contact
}

// Broadcast is one email to an audience.
type Broadcast struct {
	Ref       int64
	ID        string // brc_…
	Project   string // prj_…
	Status    BroadcastStatus
	Reason    string // why it is paused
	Version   int64  // counts changes of the definition
	CreatedBy string
	BroadcastDefinition

	Taken      bool  // the audience is known: Audience and Recipients do not change any more
	Audience   int64 // how many are in it
	Recipients int64 // of those, how many are to be mailed
	Handled    int64 // of those, how many sends were made or skipped
	// LeftOut counts those of the audience who are not mailed, by why; Skipped those of the recipients who were not when their
	// turn came.
	LeftOut, Skipped map[send.Reason]int64

	ScheduledFor time.Time // zero: at once, or not said yet
	StartedAt    time.Time // zero: not yet
	FinishedAt   time.Time // zero: not yet
	SettledAt    time.Time // when no more was expected of it; zero: not yet
	CreatedAt    time.Time
	UpdatedAt    time.Time

	project, content, after, upto, paced, check int64
	outcome                                     string
}

const selectBroadcast = `SELECT b.ref, b.id, p.id, b.project, b.status, b.reason, b.version, b.created_by, b.definition,
	b.taken_at, b.audience, b.recipients, b.handled, b.left_out, b.skipped, b.scheduled_for, b.started_at, b.finished_at,
	b.settled_at, b.created_at, b.updated_at, b.content, b.after, b.upto, b.paced_at, b.check_at, b.outcome
	FROM broadcasts b JOIN projects p ON p.ref = b.project `

func scanBroadcast(r row) (x Broadcast, err error) {
	var status, taken, scheduled, started, finished, settled, created, updated int64
	var definition, left, skipped string
	err = r.Scan(&x.Ref, &x.ID, &x.Project, &x.project, &status, &x.Reason, &x.Version, &x.CreatedBy, &definition, &taken,
		&x.Audience, &x.Recipients, &x.Handled, &left, &skipped, &scheduled, &started, &finished, &settled, &created, &updated,
		&x.content, &x.after, &x.upto, &x.paced, &x.check, &x.outcome)
	if err != nil {
		return x, err
	}
	x.Status, x.Taken = broadcastStatuses[status-1], taken != 0
	x.ScheduledFor, x.StartedAt, x.FinishedAt, x.SettledAt = at(scheduled), at(started), at(finished), at(settled)
	x.CreatedAt, x.UpdatedAt = at(created), at(updated)
	x.LeftOut, x.Skipped = make(map[send.Reason]int64), make(map[send.Reason]int64)
	for _, f := range [...]struct {
		text string
		to   any
	}{{definition, &x.BroadcastDefinition}, {left, &x.LeftOut}, {skipped, &x.Skipped}} {
		if f.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.text), f.to); err != nil {
			return x, fmt.Errorf("broadcast %s: %w", x.ID, err)
		}
	}
	return x, nil
}

func broadcasts(ctx context.Context, c conn, where string, args ...any) (list []Broadcast, err error) {
	err = c.query(ctx, selectBroadcast+where, args, func(r row) error {
		x, err := scanBroadcast(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func broadcastOf(ctx context.Context, c conn, project int64, id string) (Broadcast, error) {
	list, err := broadcasts(ctx, c, `WHERE b.project = $1 AND b.id = $2`, project, id)
	if err != nil {
		return Broadcast{}, err
	}
	if len(list) == 0 {
		return Broadcast{}, fault.Missing("there is no broadcast %q", id)
	}
	return list[0], nil
}

// lockBroadcast keeps other nodes from the broadcast until the transaction of c ends, and reads it. Whoever changes one begins
// with this.
func lockBroadcast(ctx context.Context, c conn, id string) (x Broadcast, found bool, err error) {
	n, err := c.exec(ctx, `UPDATE broadcasts SET updated_at = updated_at WHERE id = $1`, id)
	if err != nil || n == 0 {
		return x, false, err
	}
	list, err := broadcasts(ctx, c, `WHERE b.id = $1`, id)
	if err != nil {
		return x, false, err
	}
	return list[0], true, nil
}

// Broadcast finds a broadcast by its id.
func (s *Store) Broadcast(ctx context.Context, project, id string) (x Broadcast, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = broadcastOf(ctx, c, p, id)
		return err
	})
	return x, err
}

// BroadcastQuery asks for broadcasts, newest first.
type BroadcastQuery struct {
	Project  string
	Statuses []BroadcastStatus // empty: all
	Offset   int64
	Limit    int
}

// Broadcasts lists broadcasts, and says how many there are in all. A project has few: the index broadcasts_project serves it.
func (s *Store) Broadcasts(ctx context.Context, q BroadcastQuery) (list []Broadcast, total int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		where, args := `WHERE b.project = $1`, []any{p}
		if len(q.Statuses) > 0 {
			where += ` AND b.status IN (` + marks(2, len(q.Statuses)) + `)`
			for _, x := range q.Statuses {
				args = append(args, broadcastNumber(x))
			}
		}
		if _, err := one(ctx, c, `SELECT count(*) FROM broadcasts b `+where, args, &total); err != nil {
			return err
		}
		list, err = broadcasts(ctx, c, where+fmt.Sprintf(` ORDER BY b.ref DESC LIMIT %d OFFSET %d`, q.Limit, q.Offset), args...)
		return err
	})
	return list, total, err
}

// CreateBroadcast stores a draft, at most of so many broadcasts of the project.
func (s *Store) CreateBroadcast(ctx context.Context, project string, x Broadcast, most int, act Act) (out Broadcast, err error) {
	act.Subject = x.ID
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		var n int
		if _, err := one(ctx, c, `SELECT count(*) FROM broadcasts WHERE project = $1`, []any{p}, &n); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.Conflict, "too_many_broadcasts", "a project may have %d broadcasts", most).
				WithHint("delete drafts that nobody needs")
		}
		_, err := c.exec(ctx, `INSERT INTO broadcasts (id, project, status, name, definition, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, '{}', $5, $6, $6)`, x.ID, p, int64(draftBroadcast), x.Name, act.By, ms(act.At))
		if err != nil {
			return err
		}
		act.Changes = broadcastChanges(&BroadcastDefinition{}, &x.BroadcastDefinition)
		if err := defineBroadcast(ctx, c, p, x.ID, &x.BroadcastDefinition, act.At); err != nil {
			return err
		}
		out, err = broadcastOf(ctx, c, p, x.ID)
		return err
	})
	return out, err
}

// defineBroadcast stores the definition of a broadcast, and what it needs.
func defineBroadcast(ctx context.Context, c conn, project int64, id string, d *BroadcastDefinition, now time.Time) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode broadcast: %w", err)
	}
	if d.Segment != "" {
		if _, err := segmentOf(ctx, c, project, d.Segment); err != nil {
			if fault.Is(err, fault.NotFound) {
				return fault.BadField("segmentId", "%v", err)
			}
			return err
		}
	}
	_, err = c.exec(ctx, `UPDATE broadcasts SET name = $2, definition = $3, segment = $4, template = $5, updated_at = $6
		WHERE id = $1`, id, d.Name, string(raw), d.Segment, d.Template, ms(now))
	if err != nil {
		return err
	}
	if err := freeTemplates(ctx, c, id); err != nil || d.Template == "" {
		return err
	}
	_, err = c.exec(ctx, `INSERT INTO template_uses (template, kind, id, name)
		SELECT ref, 'broadcast', $1, $2 FROM templates WHERE project = $3 AND id = $4`, id, d.Name, project, d.Template)
	return err
}

// freeTemplates lets a broadcast need no template any more.
func freeTemplates(ctx context.Context, c conn, id string) error {
	_, err := c.exec(ctx, `DELETE FROM template_uses WHERE kind = 'broadcast' AND id = $1`, id)
	return err
}

// UpdateBroadcast changes a broadcast that did not begin yet. Where change alters nothing, nothing is stored.
func (s *Store) UpdateBroadcast(
	ctx context.Context, project, id string, change func(*BroadcastDefinition) error, act Act,
) (out Broadcast, err error) {
	err = s.changeBroadcast(ctx, project, id, &act, func(c conn, x *Broadcast) error {
		if x.Status != BroadcastDraft && x.Status != BroadcastScheduled {
			return wrongBroadcast(x, "changed", "it can be while it is a draft or waits for its time")
		}
		before := x.BroadcastDefinition
		if err := change(&x.BroadcastDefinition); err != nil {
			return err
		}
		if act.Changes = broadcastChanges(&before, &x.BroadcastDefinition); len(act.Changes) == 0 {
			out = *x
			return errUnchanged
		}
		if _, err := c.exec(ctx, `UPDATE broadcasts SET version = version + 1 WHERE ref = $1`, x.Ref); err != nil {
			return err
		}
		return defineBroadcast(ctx, c, x.project, id, &x.BroadcastDefinition, act.At)
	}, &out)
	return out, err
}

// changeBroadcast locks a broadcast, lets fn change it, and reads it again.
func (s *Store) changeBroadcast(
	ctx context.Context, project, id string, act *Act, fn func(c conn, x *Broadcast) error, out *Broadcast,
) error {
	act.Subject = id
	return s.actOf(ctx, project, act, func(c conn, p int64) error {
		x, found, err := lockBroadcast(ctx, c, id)
		if err != nil {
			return err
		}
		if !found || x.project != p {
			return fault.Missing("there is no broadcast %q", id)
		}
		if err := fn(c, &x); err != nil {
			return err
		}
		if out == nil {
			return nil
		}
		*out, err = broadcastOf(ctx, c, p, id)
		return err
	})
}

// wrongBroadcast is the Conflict of an act that the status of a broadcast does not allow.
func wrongBroadcast(x *Broadcast, done, hint string) error {
	return fault.New(fault.Conflict, "wrong_status", "broadcast %s is %s and can't be %s", x.ID, x.Status, done).
		WithHint("%s", hint)
}

// broadcastChanges are the fields in which two definitions differ.
func broadcastChanges(a, b *BroadcastDefinition) (list []Change) {
	texts := func(d *BroadcastDefinition) map[string]string {
		raw, err := json.Marshal(d)
		if err != nil { // its fields are texts, numbers and JSON that was checked
			panic(err)
		}
		fields := make(map[string]json.RawMessage)
		if err := json.Unmarshal(raw, &fields); err != nil {
			panic(err)
		}
		out := make(map[string]string, len(fields))
		for name, value := range fields {
			text := string(value)
			var plain string
			if json.Unmarshal(value, &plain) == nil {
				text = plain
			}
			out[name] = text
		}
		return out
	}
	from, to := texts(a), texts(b)
	names := make(map[string]bool)
	for name := range from {
		names[name] = true
	}
	for name := range to {
		names[name] = true
	}
	for _, name := range sortedTexts(names) {
		if from[name] == to[name] {
			continue
		}
		x := Change{Field: name, From: from[name], To: to[name]}
		if name == "body" || name == "text" || name == "data" { // long, and it may name people
			x.From, x.To = "", ""
		}
		list = append(list, x)
	}
	return list
}

// DeleteBroadcast removes a draft.
func (s *Store) DeleteBroadcast(ctx context.Context, project, id string, act Act) error {
	return s.changeBroadcast(ctx, project, id, &act, func(c conn, x *Broadcast) error {
		if x.Status != BroadcastDraft {
			return wrongBroadcast(x, "deleted", "drafts alone are deleted; cancel one that is scheduled or under way")
		}
		act.Changes = []Change{{Field: "name", From: x.Name}}
		if err := freeTemplates(ctx, c, id); err != nil {
			return err
		}
		_, err := c.exec(ctx, `DELETE FROM broadcasts WHERE ref = $1`, x.Ref)
		return err
	}, nil)
}

// broadcastsOpen are the statuses of broadcasts that still need their segment.
const broadcastsOpen = `1, 2, 3, 6`

// segmentInBroadcast is the Conflict that a segment is needed by a broadcast that is not done.
func segmentInBroadcast(ctx context.Context, c conn, project int64, id string) error {
	list, err := broadcasts(ctx, c, `WHERE b.project = $1 AND b.status IN (`+broadcastsOpen+`) ORDER BY b.ref`, project)
	if err != nil {
		return err
	}
	for i := range list {
		x := &list[i]
		if x.Segment != id && (len(x.Condition) == 0 || !names(x.Condition, id)) {
			continue
		}
		return fault.New(fault.Conflict, "segment_in_use", "broadcast %q (%s) goes to those in this segment", x.Name, x.ID).
			WithHint("change, delete or cancel the broadcast first")
	}
	return nil
}

// wakeBroadcast lets a job look at a broadcast at a time.
func wakeBroadcast(ctx context.Context, c conn, now, due time.Time, id string) error {
	_, err := c.exec(ctx, `UPDATE jobs SET due_at = $3 WHERE kind = $1 AND unique_key = $2 AND state = `+itoa(jobWaiting),
		BroadcastKind, id, ms(due))
	if err != nil {
		return err
	}
	_, err = enqueue(ctx, c, now, []job.NewJob{{Kind: BroadcastKind, Key: id, Payload: []byte(id), DueAt: due}})
	return err
}

// WakeBroadcasts lets jobs look at every broadcast that is under way or due: what wakes them otherwise may have been lost.
func (s *Store) WakeBroadcasts(ctx context.Context) error {
	return s.engine.write(ctx, func(c conn) error {
		now := s.now()
		var jobs []job.NewJob
		err := c.query(ctx, `SELECT id FROM broadcasts WHERE settled_at = 0 AND (status = `+itoa(sendingBroadcast)+`
			OR status = `+itoa(scheduledBroadcast)+` AND scheduled_for <= $1
			OR status IN (`+itoa(sentBroadcast)+`, `+itoa(cancelledBroadcast)+`) AND check_at <= $1 AND started_at <> 0)
			ORDER BY ref`, []any{ms(now)},
			func(r row) error {
				var id string
				err := r.Scan(&id)
				jobs = append(jobs, job.NewJob{Kind: BroadcastKind, Key: id, Payload: []byte(id), Alone: true})
				return err
			})
		if err != nil || len(jobs) == 0 {
			return err
		}
		_, err = enqueue(ctx, c, now, jobs)
		return err
	})
}

// BroadcastByID finds a broadcast of any project; zero: there is none, any more.
func (s *Store) BroadcastByID(ctx context.Context, id string) (x Broadcast, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err := broadcasts(ctx, c, `WHERE b.id = $1`, id)
		if err == nil && len(list) > 0 {
			x = list[0]
		}
		return err
	})
	return x, err
}
