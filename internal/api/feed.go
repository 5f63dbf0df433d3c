package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/event"
	"tidings/internal/control"
)

// EncodeEvent makes the JSON of an event as the API shows it.
func EncodeEvent(e *event.Event) ([]byte, error) {
	var b bytes.Buffer
	if err := Encode(&b, EventOf(e)); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return b.Bytes(), nil
}

const (
	// feedTimeout is how long one connection lasts: then a reader connects again, perhaps to another node.
	feedTimeout = time.Hour
	// defaultHeartbeat is how often a silent feed proves that it lives, and that its key still may read it.
	defaultHeartbeat = 15 * time.Second
	// slowReader is how long a write may take: whoever reads slower than that is dropped, and comes again with the id of
	// the last event.
	slowReader = 10 * time.Second
	// feedRetry is after how many milliseconds a browser connects again.
	feedRetry = 2000
	feedType  = "text/event-stream"
)

type watchEventsIn struct {
	Contact string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	Message string `query:"message" doc:"The provider's message id" example:"0102019a-two"`
	EventMatch
	LastEventID string `header:"Last-Event-ID" doc:"The id of the last event that was got: the feed goes on after it. Absent: it begins now"`
	After       string `query:"after" doc:"The same, for programs that can't set the header"`
}

// onFeed serves the live feed. The answer is written as long as somebody reads it.
func onFeed(a *api, framework huma.API, op huma.Operation) {
	op.Responses["200"] = &huma.Response{
		Description: "Events as they come in",
		Content: map[string]*huma.MediaType{feedType: {
			Schema:  &huma.Schema{Type: huma.TypeString},
			Example: "id: ZgAB…\nevent: event\ndata: {\"id\":\"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11\",\"name\":\"email.bounce\",…}\n\n",
		}},
	}
	all := control.Operations()
	asked := all[slices.IndexFunc(all, func(o control.Operation) bool { return o.Name == op.OperationID })]
	huma.Register(framework, op, func(ctx context.Context, in *watchEventsIn) (*huma.StreamResponse, error) {
		f := in.filter()
		f.Contact, f.Message = in.Contact, in.Message
		after := in.LastEventID
		if after == "" {
			after = in.After
		}
		watch, err := a.Control.WatchEvents(ctx, who(ctx), f, after)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			defer watch.Close()
			r, w := humago.Unwrap(c)
			s := &feedStream{
				api: a, request: r, writer: w, control: http.NewResponseController(w), watch: watch, operation: asked,
			}
			if err := s.run(); r.Context().Err() == nil {
				a.Logger.DebugContext(ctx, "a reader of the feed was dropped", "error", err)
			}
		}}, nil
	})
}

// feedStream writes the feed to one reader.
type feedStream struct {
	*api
	request *http.Request
	writer  http.ResponseWriter
	control *http.ResponseController
	watch   *control.Watch
	buffer  bytes.Buffer

	operation control.Operation
}

// run writes until the reader is gone, is too slow or may not read any more; the error says which.
func (s *feedStream) run() error {
	h := s.writer.Header()
	h.Set("Content-Type", feedType)
	h.Set("X-Accel-Buffering", "no") // nginx would gather it
	if err := s.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	fmt.Fprintf(&s.buffer, "retry: %d\nid: %s\n\n", feedRetry, s.watch.ID())
	if s.watch.Lost != "" {
		fmt.Fprintf(&s.buffer, "event: lost\ndata: {\"reason\":%q}\n\n", s.watch.Lost)
	}
	if err := s.send(); err != nil {
		return err
	}
	for {
		if err := s.next(); err != nil {
			return err
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
		fmt.Fprintf(&s.buffer, ": alive\nid: %s\n\n", s.watch.ID())
	}
	for _, e := range list {
		fmt.Fprintf(&s.buffer, "id: %s\nevent: event\ndata: ", e.ID)
		s.buffer.Write(e.JSON)
		s.buffer.WriteString("\n\n")
	}
	return s.send()
}

func (s *feedStream) heartbeat() time.Duration {
	if s.Heartbeat == 0 {
		return defaultHeartbeat
	}
	return s.Heartbeat
}

// send writes what was gathered, and lets go of a buffer that a burst made large.
func (s *feedStream) send() error {
	if s.buffer.Len() == 0 {
		return nil
	}
	err := s.control.SetWriteDeadline(time.Now().Add(slowReader))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.writer.Write(s.buffer.Bytes()); err != nil {
		return fmt.Errorf("write to a reader of the feed: %w", err)
	}
	if s.buffer.Cap() > 64<<10 {
		s.buffer = bytes.Buffer{}
	}
	s.buffer.Reset()
	return s.control.Flush()
}
