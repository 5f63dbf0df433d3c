package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
)

const (
	// feedPiece is how much of the feed is written at once.
	feedPiece = 64 << 10
	// slowReader is how long the write of a piece may take: whoever reads slower than that is sent away, and comes again with
	// the id of the last event.
	slowReader = 10 * time.Second
	// deadReader is how many times as long it may take before the connection is cut without a word.
	deadReader = 3
	// codeSlow is why a reader was sent away that reads too slowly.
	codeSlow = "slow_reader"
)

// feedStream writes the feed to one reader.
type feedStream struct {
	*api
	request   *http.Request
	writer    http.ResponseWriter
	control   *http.ResponseController
	watch     *control.Watch
	operation control.Operation
	slow      bool // the last write took too long
}

// run writes until the reader is gone, is too slow or may not read any more; the error says which.
func (s *feedStream) run() error {
	h := s.writer.Header()
	h.Set("Content-Type", feedType)
	h.Set("X-Accel-Buffering", "no") // nginx would gather it
	if err := s.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	begin := fmt.Sprintf("retry: %d\nid: %s\n\n", feedRetry, s.watch.ID())
	if s.watch.Lost != "" {
		begin += fmt.Sprintf("event: lost\ndata: {\"reason\":%q}\n\n", s.watch.Lost)
	}
	if err := s.send([]byte(begin)); err != nil {
		return err
	}
	for {
		if err := s.next(); err != nil {
			return err
		}
		if s.slow {
			return fault.New(fault.Timeout, codeSlow, "this reader does not keep up with the feed").
				WithHint("connect again with the header Last-Event-ID: nothing is lost, but read faster, or filter")
		}
	}
}

// next waits for events, at most for a heartbeat, and writes what there is.
func (s *feedStream) next() error {
	ctx, cancel := context.WithTimeout(s.request.Context(), s.heartbeat())
	defer cancel()
	list, err := s.watch.Next(ctx)
	if err != nil && (ctx.Err() == nil || s.request.Context().Err() != nil) {
		return err
	}
	if err != nil {
		if _, err := s.admit(s.request, s.operation); err != nil { // a key was revoked, a person signed out
			return err
		}
		// An id without an event moves the place from where a reader goes on, past everything that did not match.
		return s.send(fmt.Appendf(nil, ": alive\nid: %s\n\n", s.watch.ID()))
	}
	return s.tell(list)
}

func (s *feedStream) heartbeat() time.Duration {
	if s.Heartbeat == 0 {
		return defaultHeartbeat
	}
	return s.Heartbeat
}

// tell writes events, of which many go into one write. What they are gathered in is there once for each reader that is
// being written to, not for each that waits.
func (s *feedStream) tell(list []control.Watched) error {
	piece, _ := s.pieces.Get().(*bytes.Buffer)
	if piece == nil {
		piece = bytes.NewBuffer(make([]byte, 0, feedPiece))
	}
	defer func() {
		if piece.Cap() == feedPiece { // one that had to grow is let go
			piece.Reset()
			s.pieces.Put(piece)
		}
	}()
	for _, e := range list {
		text, err := s.text(e)
		if err != nil {
			return err
		}
		if piece.Len() > 0 && piece.Len()+len(text) > feedPiece {
			if err := s.send(piece.Bytes()); err != nil {
				return err
			}
			piece.Reset()
		}
		piece.Write(text)
	}
	if piece.Len() == 0 {
		return nil
	}
	return s.send(piece.Bytes())
}

// text is what the reader is sent of an event: what all are, but for what few may see.
func (s *feedStream) text(e control.Watched) ([]byte, error) {
	id, own, ok, err := s.watch.Own(s.request.Context(), e)
	if err != nil || !ok {
		return e.Text, err
	}
	return EncodeTold(id, &own)
}

// send writes, and notes whether that took too long.
func (s *feedStream) send(b []byte) error {
	patience := s.SlowReader
	if patience == 0 {
		patience = slowReader
	}
	began := time.Now()
	err := s.control.SetWriteDeadline(began.Add(deadReader * patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.writer.Write(b); err != nil {
		return fmt.Errorf("write to a reader of the feed: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("write to a reader of the feed: %w", err)
	}
	s.slow = s.slow || time.Since(began) > patience
	return nil
}

// farewell is what the last event of a connection says.
type farewell struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
}

// farewell tells a reader why the server ends the connection. A reader that takes nothing any more can't be told.
func (s *feedStream) farewell(ctx context.Context, err error) {
	f := farewell{
		"again", "a connection lasts " + feedTimeout.String(), "connect again with the header Last-Event-ID: nothing is lost",
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		f = farewell{known.Code, known.Message, known.Hint}
	} else if s.request.Context().Err() == nil {
		return // the write failed
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s\nevent: end\ndata: ", s.watch.ID())
	if err := Encode(&b, f); err != nil {
		s.Logger.ErrorContext(ctx, "the end of a feed can't be told", "error", err)
		return
	}
	b.WriteString("\n\n")
	_ = s.send(b.Bytes()) // whoever does not hear it sees the connection end
}
