package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// audience is everybody who reads the feed.
type audience struct {
	address string
	key     string
	client  *http.Client

	ctx     context.Context //nolint:containedctx // of the readers
	cancel  context.CancelFunc
	reading sync.WaitGroup
	readers []*reader
	drops   atomic.Int64
}

// reader is one of them. It looks at no more of an event than it needs: it shares the machine with the server.
type reader struct {
	*audience
	body   io.ReadCloser
	buffer []byte
	filled int
	last   []byte // id
	events atomic.Int64
	bytes  int64
	lag    histogram
	worst  time.Duration
	latest time.Time // when the last event came
}

const (
	readBuffer   = 64 << 10
	maxFeedBlock = 16 << 20
)

// connect opens the feed after the last event, and reads its first block.
func (r *reader) connect() error {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://"+r.address+"/feed", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	if r.last != nil {
		req.Header.Set("Last-Event-ID", string(r.last))
	}
	res, err := r.client.Do(req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("the feed answers %s", res.Status), res.Body.Close())
	}
	r.body, r.filled = res.Body, 0
	if r.buffer == nil {
		r.buffer = make([]byte, readBuffer)
	}
	for r.last == nil {
		if err := r.more(); err != nil {
			return errors.Join(err, r.body.Close())
		}
	}
	return nil
}

// run reads until the audience leaves, and connects again where the server ended the connection.
func (r *reader) run() {
	for {
		err := r.more()
		if err == nil {
			continue
		}
		_ = r.body.Close() // it failed already
		if r.ctx.Err() != nil {
			return
		}
		r.drops.Add(1)
		if r.connect() != nil {
			return // what it does not get is counted as missing
		}
	}
}

// more reads what is there and takes the whole blocks of it apart.
func (r *reader) more() error {
	if r.filled == len(r.buffer) {
		if r.filled >= maxFeedBlock {
			return errors.New("an event of the feed does not end")
		}
		r.buffer = append(r.buffer, make([]byte, len(r.buffer))...)
	}
	n, err := r.body.Read(r.buffer[r.filled:])
	r.filled += n
	r.bytes += int64(n)
	now, at := time.Now(), 0
	for {
		end := bytes.Index(r.buffer[at:r.filled], []byte("\n\n"))
		if end < 0 {
			break
		}
		r.block(r.buffer[at:at+end], now)
		at += end + 2
	}
	r.filled = copy(r.buffer, r.buffer[at:r.filled])
	return err
}

var (
	idField    = []byte("id: ")
	eventField = []byte("\nevent: event\n")
	arrival    = []byte(`"receivedAt":"`)
)

func (r *reader) block(block []byte, now time.Time) {
	if _, after, found := bytes.Cut(block, idField); found {
		id, _, _ := bytes.Cut(after, []byte("\n"))
		r.last = append(r.last[:0], id...)
	}
	if !bytes.Contains(block, eventField) {
		return
	}
	r.latest = now
	if r.events.Add(1)%lagOf != 0 {
		return
	}
	_, after, _ := bytes.Cut(block, arrival)
	text, _, _ := bytes.Cut(after, []byte(`"`))
	if at, err := time.Parse(time.RFC3339, string(text)); err == nil {
		d := now.Sub(at)
		r.lag.add(d)
		r.worst = max(r.worst, d)
	}
}

// wait waits until every reader has so many events, but not longer than some time.
func (a *audience) wait(ctx context.Context, want int64, most time.Duration) error {
	late := time.NewTimer(most)
	defer late.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for slices.ContainsFunc(a.readers, func(r *reader) bool { return r.events.Load() < want }) {
		select {
		case <-look.C:
		case <-late.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// leave ends every reader.
func (a *audience) leave() {
	a.cancel()
	a.reading.Wait()
	a.client.CloseIdleConnections()
}

// tell puts together what the readers got since the load began.
func (a *audience) tell(report *FeedReport, began time.Time) {
	var all histogram
	var bytes int64
	latest := began.Add(time.Nanosecond)
	for _, r := range a.readers {
		events := r.events.Load()
		all.merge(&r.lag)
		bytes += r.bytes
		report.Delivered += events
		report.Missing += max(0, report.Events-events)
		report.Repeated += max(0, events-report.Events)
		report.LagMax = max(report.LagMax, r.worst)
		if r.latest.After(latest) {
			latest = r.latest
		}
	}
	took := latest.Sub(began).Seconds()
	report.Told, report.Bytes = float64(report.Delivered)/took, float64(bytes)/took
	report.Drops = a.drops.Load()
	report.LagP50, report.LagP99 = all.quantile(0.5), all.quantile(0.99)
}
