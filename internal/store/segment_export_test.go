package store

import (
	"context"

	"tidings/internal/segment"
)

// PutContact writes what segments ask of a contact beside its events.
func (s *Store) PutContact(
	ctx context.Context, project, address, attributes, external string, tags []string, topics map[string]bool,
) error {
	return s.engine.write(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, err := contactRef(ctx, c, p, address)
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE contacts SET attributes = $2, external_id = $3 WHERE ref = $1`, ref, attributes, external); err != nil {
			return err
		}
		if err := putContactValues(ctx, c, p, ref, []byte(attributes)); err != nil {
			return err
		}
		for _, tag := range tags {
			t, err := termOf(ctx, c, p, termTag, tag)
			if err != nil {
				return err
			}
			if _, err := c.exec(ctx, `INSERT INTO contact_tags (contact, tag) VALUES ($1, $2)`, ref, t); err != nil {
				return err
			}
		}
		for slug, takes := range topics {
			_, err := c.exec(ctx, `INSERT INTO contact_topics (contact, topic, takes, at)
				SELECT $1, ref, $3, 1 FROM topics WHERE slug = $2`, ref, slug, takes)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// PutTopic makes a topic.
func (s *Store) PutTopic(ctx context.Context, slug string, takes bool) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO topics (project, slug, name, takes, created_at)
			SELECT ref, $1, $1, $2, 1 FROM projects`, slug, takes)
		return err
	})
}

// PutSegment makes a segment, static with members or dynamic with a condition.
func (s *Store) PutSegment(ctx context.Context, id, condition string, members ...string) error {
	return s.engine.write(ctx, func(c conn) error {
		kind := DynamicSegment
		if condition == "" {
			kind = StaticSegment
		}
		_, err := c.exec(ctx, `INSERT INTO segments (id, project, slug, name, type, condition, created_at, updated_at)
			SELECT $1, ref, $1, $1, $2, $3, 1, 1 FROM projects`, id, string(kind), condition)
		if err != nil {
			return err
		}
		for _, m := range members {
			_, err := c.exec(ctx, `INSERT INTO segment_members (segment, contact, since)
				SELECT s.ref, c.ref, 1 FROM segments s, contacts c WHERE s.id = $1 AND c.address = $2`, id, m)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Selected finds contacts for which a rule is true, in the order of Contact.Ref, those after one: at most limit of them.
// total is how many there are in all.
func (s *Store) Selected(
	ctx context.Context, project string, rule *segment.Rule, now, after int64, limit int,
) (refs []int64, total int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		refs, total, err = s.selected(ctx, c, p, rule, now, after, limit)
		return err
	})
	return refs, total, err
}

// DuesOf finds the next times at which a rule may turn by time alone, by contact, by SQL.
func (s *Store) DuesOf(ctx context.Context, project string, rule *segment.Rule, now int64) (map[int64]int64, error) {
	dues := make(map[int64]int64)
	err := s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		r, err := loadRules(ctx, c, p, rule)
		if err != nil {
			return err
		}
		return s.eachDue(ctx, c, r, now, func(ref, at int64) error {
			if old, ok := dues[ref]; !ok || at < old {
				dues[ref] = at
			}
			return nil
		})
	})
	return dues, err
}
