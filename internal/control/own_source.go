package control

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

// TrackSource is the name of the source that tracked events are stored under. It is disabled: nobody can post to it.
const TrackSource = "track"

// SendSource is the same for what we tell of emails that we send ourselves.
const SendSource = "send"

// ownKind is a kind of sources of ours.
type ownKind struct{ mark, provider, name, note string }

var (
	trackedKind = ownKind{"track", trackProvider, TrackSource, "for tracked events"}
	sendKind    = ownKind{"send", store.SendProvider, SendSource, "for emails that are sent"}
)

// linkSource is the kind of the source of what links of emails tell that went by a provider.
func linkSource(provider string) ownKind {
	return ownKind{"own" + provider, provider, "links (" + provider + ")", "for opens, clicks and unsubscribes by our own links"}
}

// ownSources remembers the sources of ours by their ids.
type ownSources struct {
	mu   sync.Mutex
	made map[string]*source.Source
}

// trackSource finds the source that a project's tracked events are stored under; nil where there is none and none is to be
// made.
func (c *Control) trackSource(ctx context.Context, who Actor, create bool) (*source.Source, error) {
	return c.ownSource(ctx, who.Project, trackedKind, create)
}

// sendSource finds or makes the source that a project's own events about its emails are stored under.
func (c *Control) sendSource(ctx context.Context, project string) (*source.Source, error) {
	return c.ownSource(ctx, project, sendKind, true)
}

// ownSource finds a source of ours; where there is none it makes one, or returns nil. It is disabled: nobody can post to it. Its
// id follows from the project's, so that of two nodes that begin at once one makes it and the other finds it.
func (c *Control) ownSource(ctx context.Context, project string, kind ownKind, create bool) (*source.Source, error) {
	id := "src_" + kind.mark + strings.TrimPrefix(project, "prj_")
	c.own.mu.Lock()
	defer c.own.mu.Unlock()
	if src := c.own.made[id]; src != nil {
		return src, nil
	}
	src, err := c.Store.Source(ctx, project, id)
	if fault.Is(err, fault.NotFound) {
		src, err = nil, nil
		if create {
			src, err = c.makeOwnSource(ctx, project, id, kind)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find the source %s: %w", kind.note, err)
	}
	if src == nil {
		return nil, nil
	}
	if c.own.made == nil {
		c.own.made = make(map[string]*source.Source)
	}
	c.own.made[id] = src
	return src, nil
}

func (c *Control) makeOwnSource(ctx context.Context, project, id string, kind ownKind) (*source.Source, error) {
	now := c.Now().UTC()
	src := &source.Source{
		ID: id, Project: project, Name: kind.name, Provider: kind.provider, TokenHash: auth.Hash(auth.Token()), CreatedAt: now,
		DisabledAt: now,
	}
	made := c.Store.CreateSource(ctx, src, store.Act{
		At: now, Project: project, By: DoorServer, Door: DoorServer, Operation: opCreateSource, Subject: id, Note: kind.note,
	})
	if made == nil {
		return src, nil
	}
	if found, err := c.Store.Source(ctx, project, id); err == nil {
		return found, nil
	}
	return nil, made
}
