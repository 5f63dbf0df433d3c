package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/feed"
	"tidings/internal/message"
	"tidings/internal/store"
)

// NewFeed makes the live feed over the log of a store, for at most so many readers. encode makes what all readers are sent
// of an event, once; id is from where a later Watch goes on.
func NewFeed(
	s *store.Store, encode func(id string, e *event.Event) ([]byte, error), most int, log *slog.Logger,
) *feed.Hub {
	return newHub(s, most, log, func(ctx context.Context, list []store.Logged, entries []feed.Entry) error {
		epoch, err := s.Epoch(ctx)
		if err != nil {
			return fmt.Errorf("follow the log: %w", err)
		}
		short := shortEpoch(epoch)
		for i := range entries {
			if entries[i].Text, err = encode(short.id(entries[i].At), &list[i].Event); err != nil {
				return err
			}
		}
		return nil
	})
}

// newHub makes a hub over the log of a store. encode gives the texts to entries, which are never none.
func newHub(
	s *store.Store, most int, log *slog.Logger, encode func(context.Context, []store.Logged, []feed.Entry) error,
) *feed.Hub {
	return feed.NewHub(feed.Options{
		Follow: func(ctx context.Context, project string, after feed.Position, limit int) ([]feed.Entry, error) {
			list, err := s.Follow(ctx, project, store.Position(after), limit)
			if err != nil {
				return nil, fmt.Errorf("follow the log: %w", err)
			}
			if len(list) == 0 {
				return nil, nil
			}
			entries := make([]feed.Entry, len(list))
			for i := range list {
				entries[i] = feed.Entry{At: feed.Position(list[i].At), Event: &list[i].Event}
			}
			return entries, encode(ctx, list, entries)
		},
		End: func(ctx context.Context) (feed.Position, error) {
			end, err := s.End(ctx)
			return feed.Position(end), err
		},
		Most: most, Log: log,
	})
}

// Watch is somebody who watches events come in. One goroutine uses it; Close it.
type Watch struct {
	reader *feed.Reader
	epoch  epoch
	link   linker // nil: its reader is told no links
	// Lost tells why it does not go on where the last one ended; empty: it does, or it begins now.
	Lost string
}

// Watched is an event that came in. Its Text is what NewFeed's encode made of it, and shared: it must not be changed.
type Watched = feed.Entry

const feedCursor = 'f'

// WatchEvents begins to watch events that match a filter, without Cursor and Limit: those that are committed from now
// on, or after the one whose id is given.
func (c *Control) WatchEvents(ctx context.Context, who Actor, f EventFilter, after string) (*Watch, error) {
	q, err := c.eventQuery(f)
	if err != nil {
		return nil, err
	}
	epoch, err := c.Store.Epoch(ctx)
	if err != nil {
		return nil, fmt.Errorf("watch events: %w", err)
	}
	w := &Watch{epoch: shortEpoch(epoch), link: c.linker(who)}
	from, err := w.begin(after)
	if err != nil {
		return nil, err
	}
	if w.reader, err = c.Feed.Read(ctx, who.Project, from, matcher(q)); err != nil {
		return nil, fmt.Errorf("watch events: %w", err)
	}
	return w, nil
}

// epoch is enough of a database's epoch to know another one.
type epoch [6]byte

func shortEpoch(name string) (short epoch) {
	sum := sha256.Sum256([]byte(name))
	copy(short[:], sum[:])
	return short
}

// id names a place of the log to the outside.
func (o epoch) id(at feed.Position) string {
	b := binary.BigEndian.AppendUint64(o[:], at.Transaction)
	return encodeCursor(feedCursor, binary.BigEndian.AppendUint64(b, uint64(at.Seq)))
}

func (w *Watch) begin(after string) (*feed.Position, error) {
	if after == "" {
		return nil, nil
	}
	b, ok := decodeCursor(feedCursor, after, len(w.epoch)+16)
	if !ok {
		return nil, fault.New(fault.Invalid, codeBadCursor, "this is not an id of the feed").WithField("Last-Event-ID").
			WithHint("pass the id of the last event that you got, unchanged, or leave it out to begin now")
	}
	if !bytes.Equal(b[:len(w.epoch)], w.epoch[:]) {
		w.Lost = "the database was restored from a backup since, so its log is another one: the feed begins now"
		return nil, nil
	}
	b = b[len(w.epoch):]
	return &feed.Position{
		Transaction: binary.BigEndian.Uint64(b), Seq: int64(binary.BigEndian.Uint64(b[8:])),
	}, nil
}

// Next waits for events. It may return none, when ctx is not done: then call it again. Its error ends the watch.
func (w *Watch) Next(ctx context.Context) ([]Watched, error) { return w.reader.Next(ctx) }

// Own is an event that this reader is shown otherwise than most, with its id; ok is false for all that Text is for.
func (w *Watch) Own(ctx context.Context, e Watched) (id string, own event.Event, ok bool, err error) {
	if w.link == nil {
		return "", own, false, nil
	}
	own, ok, err = w.link(ctx, *e.Event)
	return w.epoch.id(e.At), own, ok, err
}

// ID is from where a later Watch goes on: after everything that was returned, or that did not match.
func (w *Watch) ID() string { return w.epoch.id(w.reader.At()) }

// Close ends the watch.
func (w *Watch) Close() { w.reader.Close() }

// matcher is a query as a function of an event; nil means that all events match. A test holds it equal to what the store
// finds.
func matcher(q store.EventQuery) func(*event.Event) bool {
	var all []func(*event.Event) bool
	add := func(on bool, match func(*event.Event) bool) {
		if on {
			all = append(all, match)
		}
	}
	add(len(q.Names) > 0, func(e *event.Event) bool { return slices.Contains(q.Names, e.Name) })
	key := event.ParseAddress(q.Contact).Key
	byID := strings.HasPrefix(q.Contact, "con_")
	add(q.Contact != "", func(e *event.Event) bool { return byID && e.ContactID == q.Contact || !byID && e.Recipient == key })
	id := string(message.Key(q.Message))
	add(q.Message != "", func(e *event.Event) bool {
		return e.EmailID == q.Message || e.Message != nil && string(message.Key(e.Message.ID)) == id
	})
	add(q.Source != "", func(e *event.Event) bool { return e.Source != nil && e.Source.ID == q.Source })
	add(q.Provider != "", func(e *event.Event) bool { return e.Source != nil && e.Source.Provider == q.Provider })
	add(q.Bus != "", func(e *event.Event) bool { return e.Bus != nil && e.Bus.Name == q.Bus })
	add(q.App != "", func(e *event.Event) bool { return e.Bus != nil && e.Bus.App == q.App })
	add(!q.From.IsZero(), func(e *event.Event) bool { return !e.ID.Time().Before(q.From.Truncate(1e9)) })
	add(!q.To.IsZero(), func(e *event.Event) bool { return e.ID.Time().Before(q.To.Truncate(1e9)) })
	for _, m := range messageMatchers(q) {
		add(true, func(e *event.Event) bool { return e.Message != nil && m(e.Message) })
	}
	if len(all) == 0 {
		return nil
	}
	return func(e *event.Event) bool {
		return !slices.ContainsFunc(all, func(match func(*event.Event) bool) bool { return !match(e) })
	}
}

// messageMatchers are the filters over what is known of the email.
func messageMatchers(q store.EventQuery) (list []func(*event.Message) bool) {
	for _, f := range [...]struct {
		want string
		of   func(*event.Message) string
	}{
		{q.Template, func(m *event.Message) string { return m.Template }},
		{q.Workflow, func(m *event.Message) string { return m.Workflow }},
		{q.SenderDomain, func(m *event.Message) string { return m.SenderDomain }},
		{q.Account, func(m *event.Message) string { return m.Account }},
	} {
		if f.want != "" {
			list = append(list, func(m *event.Message) bool { return f.of(m) == f.want })
		}
	}
	if q.Tag != "" {
		list = append(list, func(m *event.Message) bool { return slices.Contains(m.Tags, q.Tag) })
	}
	return list
}
