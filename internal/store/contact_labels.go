package store

import (
	"context"
	"slices"
	"time"
)

// ContactStatus says whether a contact counts. It is stored: numbers never change.
type ContactStatus int

// The statuses.
const (
	ContactActive  ContactStatus = 0
	ContactPending ContactStatus = 1 // it came when there was no room; removed at Contact.ExpiresAt
	ContactGone    ContactStatus = 2 // removed: what its events say of it stays, and what keeps it from being mailed
)

// The same, for SQL.
const (
	pendingContact = 1
	goneContact    = 2
)

// ContactTopic is what a contact says of a topic.
type ContactTopic struct {
	Slug  string
	Takes bool
	At    time.Time // when it was last said
}

// addLabels reads the tags of contacts, and what they say of topics.
func addLabels(ctx context.Context, c conn, project int64, list []*Contact) error {
	byRef := make(map[int64]*Contact, len(list))
	refs := make([]any, 0, len(list))
	for _, k := range list {
		byRef[k.Ref], refs = k, append(refs, k.Ref)
	}
	for part := range slices.Chunk(refs, contactChunk/2) {
		err := c.query(ctx, `SELECT x.contact, t.text FROM contact_tags x JOIN terms t ON t.ref = x.tag
			WHERE x.contact IN (`+marks(1, len(part))+`) ORDER BY x.contact, t.text`, part, func(r row) error {
			var ref int64
			var tag string
			err := r.Scan(&ref, &tag)
			if k := byRef[ref]; k != nil {
				k.Tags = append(k.Tags, tag)
			}
			return err
		})
		if err != nil {
			return err
		}
		err = c.query(ctx, `SELECT x.contact, t.slug, x.takes, x.at FROM contact_topics x JOIN topics t ON t.ref = x.topic
			WHERE t.project = $1 AND x.contact IN (`+marks(2, len(part))+`) ORDER BY x.contact, t.slug`,
			append([]any{project}, part...), func(r row) error {
				var ref, said int64
				var topic ContactTopic
				err := r.Scan(&ref, &topic.Slug, &topic.Takes, &said)
				topic.At = at(said)
				if k := byRef[ref]; k != nil {
					k.Topics = append(k.Topics, topic)
				}
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// total counts what was asked for: what the page has where that is all, else the contacts of the project.
func (s *Store) total(ctx context.Context, c conn, q *ContactQuery, project int64, page *ContactPage) (*int64, error) {
	if page.Next == (ContactPlace{}) {
		all := int64(len(page.Contacts))
		return &all, nil
	}
	if !q.unfiltered() || q.Domain != "" {
		return nil, nil
	}
	n, err := s.countContacts(ctx, c, project)
	return &n, err
}
