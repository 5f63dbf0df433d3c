package ingest

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tidings/internal/source"
)

// RefusalStore is where refusals are counted.
type RefusalStore interface {
	AddRefusals(ctx context.Context, list []source.Refusal) error
}

const (
	flushEvery   = 5 * time.Second
	flushTimeout = 5 * time.Second
	linesEvery   = 10 * time.Second // one line of log for each source and code
	maxRefusals  = 10_000           // pairs of source and code
	maxMessage   = 300              // bytes of a message that is kept
)

// RefusalLog counts refused requests by source and code, in memory, and stores the counts every five seconds: who can
// not prove himself must not make us write. Make it with NewRefusalLog.
type RefusalLog struct {
	store RefusalStore
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	counts map[refused]source.Refusal
	lines  map[refused]line

	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

type refused struct {
	source   int64 // 0: of no source
	provider string
	code     string
}

type line struct {
	at   time.Time
	more int // refusals since, that had no line
}

// NewRefusalLog starts counting. Close it.
func NewRefusalLog(store RefusalStore, now func() time.Time, log *slog.Logger) *RefusalLog {
	r := &RefusalLog{
		store: store, now: now, log: log, counts: map[refused]source.Refusal{}, lines: map[refused]line{},
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go r.run()
	return r
}

// Add counts a refused request. src is nil where no source was found; then it is only logged.
func (r *RefusalLog) Add(
	ctx context.Context, provider string, src *source.Source, status int, code, message string,
) {
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "")
	}
	key := refused{provider: provider, code: code}
	attrs := []slog.Attr{
		slog.String("provider", provider), slog.Int("status", status), slog.String("code", code),
		slog.String("message", message),
	}
	if src != nil {
		key.source = src.Ref
		attrs = append(attrs, slog.String("source", src.ID))
	}
	now := r.now()
	r.mu.Lock()
	if src != nil {
		r.count(key, now, 1, message)
	}
	more, logged := r.line(key, now)
	r.mu.Unlock()
	if logged {
		r.log.LogAttrs(ctx, levelOf(code), "request refused", append(attrs, slog.Int("more", more))...)
	}
}

// levelOf is how loud a refusal is: most are a wrong setting or noise of the internet, this one is an attack by somebody
// who has seen a genuine request.
func levelOf(code string) slog.Level {
	if code == CodeOtherBody {
		return slog.LevelError
	}
	return slog.LevelWarn
}

func (r *RefusalLog) count(key refused, at time.Time, n int64, message string) {
	c, known := r.counts[key]
	if !known && len(r.counts) >= maxRefusals { // as many as there can be codes for hundreds of sources
		return
	}
	c.SourceRef, c.Code = key.source, key.code
	c.Count += n
	if !at.Before(c.LastAt) {
		c.LastAt, c.LastMessage = at, message
	}
	r.counts[key] = c
}

// line tells whether this refusal gets a line of log, and how many before it had none.
func (r *RefusalLog) line(key refused, now time.Time) (more int, logged bool) {
	l, known := r.lines[key]
	if known && now.Sub(l.at) < linesEvery {
		l.more++
		r.lines[key] = l
		return 0, false
	}
	if len(r.lines) >= maxRefusals {
		clear(r.lines)
	}
	r.lines[key] = line{at: now}
	return l.more, true
}

func (r *RefusalLog) run() {
	defer close(r.stopped)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.flush(context.Background())
		case <-r.stop:
			return
		}
	}
}

// flush stores what was counted; what could not be stored is counted on.
func (r *RefusalLog) flush(ctx context.Context) {
	r.mu.Lock()
	counts := r.counts
	r.counts = map[refused]source.Refusal{}
	r.mu.Unlock()
	if len(counts) == 0 {
		return
	}
	list := make([]source.Refusal, 0, len(counts))
	for _, c := range counts {
		list = append(list, c)
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	err := r.store.AddRefusals(ctx, list)
	if err == nil {
		return
	}
	r.log.WarnContext(ctx, "counts of refused requests not stored, they are kept for later", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, c := range counts {
		r.count(key, c.LastAt, c.Count, c.LastMessage)
	}
}

// Close stores what was counted and stops.
func (r *RefusalLog) Close(ctx context.Context) {
	r.once.Do(func() { close(r.stop) })
	<-r.stopped
	r.flush(ctx)
}
