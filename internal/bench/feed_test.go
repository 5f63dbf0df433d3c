package bench

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A reader counts events and takes their lag wherever the network cuts what the server writes.
func TestAReaderOfTheFeedCountsEventsThatArriveInPieces(t *testing.T) {
	t.Parallel()
	sent := time.Now().Add(-time.Second).UTC().Format(time.RFC3339Nano)
	event := func(id string) string {
		return "id: " + id + "\nevent: event\ndata: {\"id\":\"x\",\"receivedAt\":\"" + sent + "\"}\n\n"
	}
	text := "retry: 2000\nid: begin\n\n" + strings.Repeat(event("a"), 3*lagOf) + ": alive\nid: b\n\n" + event("last") + "id: cut off\neve"
	for _, pieces := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		r := &reader{audience: &audience{}, body: io.NopCloser(pieces(strings.NewReader(text))), buffer: make([]byte, 64)}
		for r.more() == nil {
		}
		if n := r.events.Load(); n != 3*lagOf+1 || string(r.last) != "last" {
			t.Errorf("%d events, the last %q", n, r.last)
		}
		if r.lag.total != 3 || r.worst < time.Second || r.worst > time.Minute {
			t.Errorf("the lag of %d events is at most %s", r.lag.total, r.worst)
		}
	}
}

func TestThePaceOfTheLoadIsKept(t *testing.T) {
	t.Parallel()
	l := &load{every: time.Hour, next: 3}
	l.acked.began = time.Now().Add(-3 * time.Hour)
	if err := l.turn(t.Context()); err != nil {
		t.Errorf("the turn of a fact that is due: %v", err)
	}
}
