package control

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"tidings/internal/store"
)

// NewTopic is a kind of mail that contacts may take or leave.
type NewTopic struct {
	Slug        string // empty: made of the name
	Name        string
	Description string
	// Takes is what holds for contacts that said nothing; nil: they take it.
	Takes *bool
}

const (
	maxSlug        = 64
	maxTopicName   = 100
	maxDescription = 1000
)

var (
	slugForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	slugBreak = regexp.MustCompile(`[^a-z0-9]+`)
)

// Topics lists the topics of the project by name.
func (c *Control) Topics(ctx context.Context, who Actor) ([]store.Topic, error) {
	list, err := c.Store.Topics(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	return list, nil
}

// Topic finds a topic by its id (top_…) or its slug.
func (c *Control) Topic(ctx context.Context, who Actor, id string) (store.Topic, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Topic{}, err
	}
	x, err := c.Store.Topic(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find topic: %w", err)
	}
	return x, nil
}

// CreateTopic makes a topic.
func (c *Control) CreateTopic(ctx context.Context, who Actor, n NewTopic) (store.Topic, error) {
	var p problems
	p.text("name", n.Name, 1, maxTopicName)
	p.text("description", n.Description, 0, maxDescription)
	if n.Slug == "" {
		n.Slug = strings.Trim(slugBreak.ReplaceAllString(strings.ToLower(n.Name), "-"), "-")
	}
	if len(n.Slug) > maxSlug || !slugForm.MatchString(n.Slug) {
		p.add("slug", "must be 1 to %d small letters, digits, hyphens and underscores, and begin with a letter or a digit", maxSlug)
	}
	if err := p.err(); err != nil {
		return store.Topic{}, err
	}
	x, err := c.Store.CreateTopic(ctx, who.Project, store.Topic{
		Slug: n.Slug, Name: n.Name, Description: n.Description, Takes: n.Takes == nil || *n.Takes,
	}, c.act(who, opCreateTopic, "", ""))
	if err != nil {
		return x, fmt.Errorf("create topic: %w", err)
	}
	return x, nil
}

// UpdateTopic changes a topic. Its slug stays: segments name it.
func (c *Control) UpdateTopic(ctx context.Context, who Actor, id string, change store.TopicChange) (store.Topic, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if change.Name != nil {
		p.text("name", *change.Name, 1, maxTopicName)
	}
	if change.Description != nil {
		p.text("description", *change.Description, 0, maxDescription)
	}
	if err := p.err(); err != nil {
		return store.Topic{}, err
	}
	x, err := c.Store.UpdateTopic(ctx, who.Project, id, change, c.act(who, opUpdateTopic, id, ""))
	if err != nil {
		return x, fmt.Errorf("change topic: %w", err)
	}
	return x, nil
}

// DeleteTopic removes a topic and what contacts said of it. The history of their consent stays.
func (c *Control) DeleteTopic(ctx context.Context, who Actor, id string) error {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return err
	}
	if err := c.Store.DeleteTopic(ctx, who.Project, id, c.act(who, opDeleteTopic, id, "")); err != nil {
		return fmt.Errorf("delete topic: %w", err)
	}
	return nil
}

// Tags lists the tags that contacts have, and how many have each.
func (c *Control) Tags(ctx context.Context, who Actor) ([]store.TagCount, error) {
	list, err := c.Store.Tags(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	return list, nil
}

// Consents is the history of a contact's consent, newest first; limit is 1 to 1000, 0 means 100.
func (c *Control) Consents(ctx context.Context, who Actor, id string, limit int) ([]store.Said, error) {
	var p problems
	p.limit(limit)
	if err := p.err(); err != nil {
		return nil, err
	}
	k, err := c.Contact(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = 100
	}
	list, err := c.Store.Consents(ctx, who.Project, k.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return list[:min(len(list), limit)], nil
}

// ContactLimit tells how many contacts may be active, are active and wait.
func (c *Control) ContactLimit(ctx context.Context, who Actor) (store.ContactLimit, error) {
	l, err := c.Store.ContactLimit(ctx, who.Project)
	if err != nil {
		return l, fmt.Errorf("read the limit of contacts: %w", err)
	}
	return l, nil
}

// SetContactLimit sets how many contacts may be active; 0 takes the limit away.
func (c *Control) SetContactLimit(ctx context.Context, who Actor, limit int64) (store.ContactLimit, error) {
	if err := c.Store.SetContactLimit(ctx, who.Project, limit, c.act(who, opSetContactLimit, "", "")); err != nil {
		return store.ContactLimit{}, fmt.Errorf("set the limit of contacts: %w", err)
	}
	return c.ContactLimit(ctx, who)
}
