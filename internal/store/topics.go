package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/workflow"
)

// Topic is a kind of mail that a contact may take or leave beside all mail.
type Topic struct {
	ID          string // top_…
	Slug        string
	Name        string
	Description string
	Takes       bool // what holds for a contact that said nothing
	CreatedAt   time.Time
}

const topicPrefix = "top_"

// TopicChange is what changes of a topic; nil fields do not.
type TopicChange struct {
	Name, Description *string
	Takes             *bool
}

const selectTopic = `SELECT ref, slug, name, description, takes, created_at FROM topics`

func scanTopic(r row) (x Topic, err error) {
	var ref, created int64
	err = r.Scan(&ref, &x.Slug, &x.Name, &x.Description, &x.Takes, &created)
	x.ID, x.CreatedAt = publicID(topicPrefix, ref), at(created)
	return x, err
}

// Topics lists the topics of a project by their names.
func (s *Store) Topics(ctx context.Context, project string) (list []Topic, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list = nil
		return c.query(ctx, selectTopic+` WHERE project = $1 ORDER BY name, ref`, []any{p}, func(r row) error {
			x, err := scanTopic(r)
			list = append(list, x)
			return err
		})
	})
	return list, err
}

// topicOf finds a topic by its id or its slug.
func topicOf(ctx context.Context, c conn, project int64, idOrSlug string) (x Topic, ref int64, err error) {
	ref, _ = refOf(topicPrefix, idOrSlug)
	found := false
	where := ` WHERE project = $1 AND (ref = $2 OR slug = $3)`
	err = c.query(ctx, selectTopic+where, []any{project, ref, idOrSlug}, func(r row) error {
		found = true
		x, err = scanTopic(r)
		return err
	})
	if err == nil && !found {
		err = fault.Missing("there is no topic %q", idOrSlug)
	}
	ref, _ = refOf(topicPrefix, x.ID)
	return x, ref, err
}

// Topic finds a topic by its id or its slug.
func (s *Store) Topic(ctx context.Context, project, idOrSlug string) (x Topic, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, _, err = topicOf(ctx, c, p, idOrSlug)
		return err
	})
	return x, err
}

// CreateTopic stores a topic. A slug that another one has is a Conflict.
func (s *Store) CreateTopic(ctx context.Context, project string, x Topic, act Act) (made Topic, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		n, err := c.exec(ctx, `INSERT INTO topics (project, slug, name, description, takes, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, slug) DO NOTHING`,
			p, x.Slug, x.Name, x.Description, x.Takes, ms(act.At))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "topic_exists", "there is a topic %q already", x.Slug).WithField("slug")
		}
		made, _, err = topicOf(ctx, c, p, x.Slug)
		act.Subject, act.Changes = made.ID, []Change{{Field: "slug", To: x.Slug}, {Field: "name", To: x.Name}}
		return err
	})
	return made, err
}

// UpdateTopic changes a topic.
func (s *Store) UpdateTopic(ctx context.Context, project, idOrSlug string, change TopicChange, act Act) (x Topic, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		var ref int64
		x, ref, err = topicOf(ctx, c, p, idOrSlug)
		if err != nil {
			return err
		}
		act.Subject, act.Changes = x.ID, nil
		set := func(field string, to *string, value *string) {
			if to != nil && *to != *value {
				act.Changes = append(act.Changes, Change{Field: field, From: *value, To: *to})
				*value = *to
			}
		}
		set("name", change.Name, &x.Name)
		set("description", change.Description, &x.Description)
		if change.Takes != nil && *change.Takes != x.Takes {
			act.Changes = append(act.Changes, Change{Field: "subscribedByDefault", From: word(x.Takes), To: word(*change.Takes)})
			x.Takes = *change.Takes
		}
		if len(act.Changes) == 0 {
			return errUnchanged
		}
		_, err = c.exec(ctx, `UPDATE topics SET name = $2, description = $3, takes = $4 WHERE ref = $1`,
			ref, x.Name, x.Description, x.Takes)
		return err
	})
	return x, err
}

func word(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// DeleteTopic removes a topic, and what contacts said of it but for the history of their consent.
func (s *Store) DeleteTopic(ctx context.Context, project, idOrSlug string, act Act) error {
	return s.actOf(ctx, project, &act, func(c conn, p int64) error {
		x, ref, err := topicOf(ctx, c, p, idOrSlug)
		if err != nil {
			return err
		}
		act.Subject, act.Changes = x.ID, []Change{{Field: "slug", From: x.Slug}}
		if err := inWorkflow(ctx, c, p, "topic_in_use", workflow.OfTopic, x.ID, x.Slug); err != nil {
			return err
		}
		for _, sql := range [...]string{
			`DELETE FROM contact_topics WHERE topic = $1`, `DELETE FROM topics WHERE ref = $1`,
		} {
			if _, err := c.exec(ctx, sql, ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// TagCount is a tag of contacts and how many have it.
type TagCount struct {
	Tag      string
	Contacts int64
}

// Tags lists the tags that contacts of a project have, sorted.
func (s *Store) Tags(ctx context.Context, project string) (list []TagCount, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list = nil
		return c.query(ctx, `SELECT t.text, x.n FROM terms t JOIN (SELECT tag, count(*) AS n FROM contact_tags GROUP BY tag) x
			ON x.tag = t.ref WHERE t.project = $1 AND t.kind = `+itoa(termTag)+` ORDER BY t.text`, []any{p}, func(r row) error {
			var x TagCount
			err := r.Scan(&x.Tag, &x.Contacts)
			list = append(list, x)
			return err
		})
	})
	return list, err
}

// Said is one time that a contact's consent was given or withdrawn.
type Said struct {
	At         time.Time
	Subscribed bool
	Topic      string // slug; empty: all mail; "?" of a topic that is no more
	Origin     string // track, api, import, form, … or the name of the event that said it
	Reason     string
	By         string   // a key, a person; empty: not known
	Event      event.ID // zero: none
}

// Consents is the history of a contact's consent, newest first, at most limit of each kind: what people and programs said, and
// what the contact's events said.
func (s *Store) Consents(ctx context.Context, project, idOrAddress string, limit int) (list []Said, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err != nil {
			return err
		}
		err = c.query(ctx, `SELECT x.at, x.subscribed, CASE WHEN x.topic = 0 THEN '' ELSE coalesce(t.slug, '?') END,
			x.origin, x.reason, x.by FROM consents x LEFT JOIN topics t ON t.ref = x.topic
			WHERE x.contact = $1 ORDER BY x.ref DESC LIMIT $2`, []any{ref, limit}, func(r row) error {
			var said Said
			var when int64
			err := r.Scan(&when, &said.Subscribed, &said.Topic, &said.Origin, &said.Reason, &said.By)
			said.At = at(when)
			list = append(list, said)
			return err
		})
		if err != nil {
			return err
		}
		return s.consentsOfEvents(ctx, c, p, ref, limit, &list)
	})
	slices.SortStableFunc(list, func(a, b Said) int { return b.At.Compare(a.At) })
	return list, err
}

// consentsOfEvents adds what the provider told of a contact's own clicks on unsubscribe, and what made it one who may not be
// mailed.
func (s *Store) consentsOfEvents(ctx context.Context, c conn, project, ref int64, limit int, list *[]Said) error {
	names := []any{
		string(event.EmailSubscribe), string(event.EmailUnsubscribe), string(event.EmailComplaint),
	}
	args := append([]any{ref, project}, names...)
	return c.query(ctx, `SELECT e.id, n.text, e.occurred_at, e.detail FROM events e JOIN terms n ON n.ref = e.name
		WHERE e.contact = $1 AND e.name IN (SELECT ref FROM terms WHERE project = $2 AND kind = `+itoa(termName)+`
		AND text IN (`+marks(3, len(names))+`)) ORDER BY e.id DESC LIMIT `+itoa(limit), args, func(r row) error {
		var said Said
		var when int64
		var detail []byte
		if err := r.Scan(&said.Event, &said.Origin, &when, &detail); err != nil {
			return err
		}
		e := event.Event{Name: event.Name(said.Origin)}
		if err := s.codec.DecodeDetail(detail, &e); err != nil {
			return err
		}
		said.At, said.Subscribed = at(when), e.Name == event.EmailSubscribe
		if e.Name == event.EmailComplaint {
			said.Reason = "complaint"
		}
		if e.Subscription != nil {
			said.Topic, said.Reason = strings.Join(e.Subscription.Topics, ", "), e.Subscription.Origin
		}
		*list = append(*list, said)
		return nil
	})
}
