package sender

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"tidings/internal/fault"
	"tidings/internal/send"
)

// Rows are the stored senders.
type Rows interface {
	// Senders lists those of a project, disabled ones too, oldest first.
	Senders(ctx context.Context, project string) ([]send.Sender, error)
	// SendersVersion changes whenever any sender of any project does.
	SendersVersion(ctx context.Context) (int64, error)
}

// lookEvery is how long a change of a sender may go unnoticed.
const lookEvery = time.Second

// Registry keeps the senders of all projects ready: each is made when it is first asked for, keeps its connections, its
// rate and its rest, and is made anew when it was changed. It is safe for concurrent use.
type Registry struct {
	rows Rows
	deps Deps

	mu      sync.Mutex
	version int64
	looked  time.Time
	lists   map[string][]send.Sender // by project, as of version
	live    map[string]*Live         // by project and id
}

// NewRegistry makes a registry. Close it when nobody sends any more.
func NewRegistry(rows Rows, d Deps) *Registry {
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Registry{rows: rows, deps: d, lists: make(map[string][]send.Sender), live: make(map[string]*Live)}
}

// Live is a sender at work.
type Live struct {
	Row send.Sender

	way  Sender
	pace *pace
}

// Implicit is the sender of a project that has none.
func Implicit(project string) send.Sender {
	return send.Sender{ID: send.ImplicitSender, Project: project, Name: "outbox", Kind: send.KindFile, Default: true, Version: 1}
}

// The codes of what Sender can't find.
const (
	CodeNoSender       = "no_sender"
	CodeSenderDisabled = "sender_disabled"
)

// Sender finds a sender of a project by its id or name; empty: its default one. A project without senders has the implicit
// one. NotFound, no_sender: there is none of that name; Conflict, sender_disabled: it was switched off: both as of now,
// whatever was known.
func (r *Registry) Sender(ctx context.Context, project, word string) (*Live, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.find(ctx, project, word)
	if err != nil && !r.looked.IsZero() { // it may be there, or switched on, since the last look
		r.looked = time.Time{}
		l, err = r.find(ctx, project, word)
	}
	return l, err
}

func (r *Registry) find(ctx context.Context, project, word string) (*Live, error) {
	list, err := r.list(ctx, project)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(s send.Sender) bool {
		return word == "" && s.Default || word != "" && (s.ID == word || s.Name == word)
	})
	switch {
	case i < 0 && word == "":
		return nil, fault.New(fault.NotFound, CodeNoSender, "no sender is the default one").
			WithHint("make one the default: tidings sender update NAME --default")
	case i < 0:
		return nil, fault.New(fault.NotFound, CodeNoSender, "there is no sender %.100q", word)
	case !list[i].DisabledAt.IsZero():
		return nil, fault.New(fault.Conflict, CodeSenderDisabled, "the sender %q is switched off", list[i].Name)
	}
	return r.at(project, list[i])
}

// list are a project's senders as of now, or of a second ago. While the store is away they are as they were.
func (r *Registry) list(ctx context.Context, project string) ([]send.Sender, error) {
	if now := r.deps.Now(); now.Sub(r.looked) >= lookEvery || now.Before(r.looked) {
		version, err := r.rows.SendersVersion(ctx)
		if err == nil && version != r.version {
			r.version = version
			clear(r.lists)
		}
		if err == nil {
			r.looked = now
		}
	}
	if list, ok := r.lists[project]; ok {
		return list, nil
	}
	list, err := r.rows.Senders(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("find the senders: %w", err)
	}
	if len(list) == 0 {
		list = []send.Sender{Implicit(project)}
	}
	r.lists[project] = list
	r.forget(project, list)
	return list, nil
}

// forget closes what is not there any more.
func (r *Registry) forget(project string, list []send.Sender) {
	for key, l := range r.live {
		gone := !slices.ContainsFunc(list, func(s send.Sender) bool { return s.ID == l.Row.ID && s.DisabledAt.IsZero() })
		if l.Row.Project == project && gone {
			l.close()
			delete(r.live, key)
		}
	}
}

func (r *Registry) at(project string, row send.Sender) (*Live, error) {
	key := project + " " + row.ID
	old, ok := r.live[key]
	if ok && old.Row.Version == row.Version {
		return old, nil
	}
	l, err := Open(row, r.deps)
	if err != nil {
		return nil, fault.New(fault.Conflict, "sender_unusable", "the sender %q can't be used: %v", row.Name, err)
	}
	if ok {
		old.close()
	}
	r.live[key] = l
	return l, nil
}

// Health is how the sender with an id does in this process; false: nobody sent with it here yet.
func (r *Registry) Health(project, id string) (Health, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.live[project+" "+id]
	if !ok {
		return Health{}, false
	}
	return l.Health(), true
}

// Close ends all connections that nobody uses.
func (r *Registry) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.live {
		l.close()
	}
	clear(r.live)
}

// Open makes a sender of a row, for its caller alone.
func Open(row send.Sender, d Deps) (*Live, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	way, err := New(row.Kind, row.Settings, d)
	if err != nil {
		return nil, err
	}
	return &Live{Row: row, way: way, pace: newPace(row.Rate, d.Now)}, nil
}

// Send hands an email over when it is its turn. Where the sender rests, because there was too much or it does not work,
// the failure says so and when to come again, and nothing is tried.
func (l *Live) Send(ctx context.Context, m *send.Mail) (send.Handed, error) {
	if err := l.pace.turn(ctx); err != nil {
		return send.Handed{}, err
	}
	h, err := l.way.Send(ctx, m)
	return h, l.pace.done(err)
}

// Test tells whether the sender would work, without an email.
func (l *Live) Test(ctx context.Context) (string, error) {
	t, ok := l.way.(Tester)
	if !ok {
		return "", nil
	}
	return t.Test(ctx)
}

// Health is how it does.
func (l *Live) Health() Health { return l.pace.look() }

// Close ends its connections. Those of the registry are closed by it.
func (l *Live) Close() { l.close() }

func (l *Live) close() {
	if c, ok := l.way.(io.Closer); ok {
		_ = c.Close() // ends connections that nobody uses
	}
}
