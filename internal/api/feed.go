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

// EncodeTold makes what a reader of the feed is sent of an event: one server-sent event with its JSON as the API shows it.
func EncodeTold(id string, e *event.Event) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s\nevent: event\ndata: ", id)
	if err := Encode(&b, EventOf(e)); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	b.WriteString("\n\n")
	return bytes.Clone(b.Bytes()), nil // without what the buffer has to spare: it is kept for long
}

const (
	// feedTimeout is how long one connection lasts: then a reader connects again, perhaps to another node.
	feedTimeout = time.Hour
	// defaultHeartbeat is how often a silent feed proves that it lives, and that its key still may read it.
	defaultHeartbeat = 15 * time.Second
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
		Description: "Events as they come in. An event named lost tells why the feed could not go on after the id that was " +
			"asked for. One named end is the last of a connection that the server ends: it says why, and a reader goes on with " +
			"the last id.",
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
			err := s.run()
			if r.Context().Err() != nil && !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
				return // nobody reads any more
			}
			a.Logger.DebugContext(ctx, "a reader of the feed was dropped", "error", err)
			s.farewell(ctx, err)
		}}, nil
	})
}
