package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/auth"
	"tidings/internal/fault"
)

// definition is a tool as an assistant sees it, and what it does. In and Out are JSON objects.
type definition[In, Out any] struct {
	name, title, description string
	// destructive tools change what is there, and what they take away may not come back; those that write change it, too; the
	// others only read.
	destructive, writes bool
	target              func(In) string // what the call is about, for the audit log; nil: nothing in particular
	// plain is what the one text of the answer holds: for Mailshot's tools that answer a list, the list. nil: Out.
	plain func(Out) any
	more  func(Out) string // the cursor of the next page, for the second text; nil: there are no pages
	run   func(context.Context, *mcp.CallToolRequest, In) (Out, error)
	// ask returns a question that a person must answer before run is called; nil: none.
	ask func(context.Context, *mcp.CallToolRequest, In) (*mcp.ElicitParams, error)
}

// add offers a tool, if the key may call it.
func add[In, Out any](x *session, def definition[In, Out]) {
	tool := x.tools[def.name]
	if !x.who.MayCall(tool) {
		return
	}
	no := false
	mcp.AddTool(x.server, &mcp.Tool{
		Name: def.name, Title: def.title, Description: def.description,
		Annotations: &mcp.ToolAnnotations{
			Title: def.title, ReadOnlyHint: !def.destructive && !def.writes, DestructiveHint: &def.destructive, IdempotentHint: true,
			OpenWorldHint: &no,
		},
	}, func(ctx context.Context, req *mcp.CallToolRequest, in In) (*mcp.CallToolResult, Out, error) {
		begun := time.Now()
		res, out, err := call(ctx, x, def, req, in)
		x.called(def.name, err, time.Since(begun))
		if err != nil {
			return nil, out, x.told(ctx, def.name, err)
		}
		return res, out, nil
	})
}

func call[In, Out any](
	ctx context.Context, x *session, def definition[In, Out], req *mcp.CallToolRequest, in In,
) (res *mcp.CallToolResult, out Out, err error) {
	// In older versions of the protocol a call does not end with the request that brought it.
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	target := ""
	if def.target != nil {
		target = def.target(in)
	}
	if err := x.Control.NoteCall(ctx, x.who, x.tools[def.name], target); err != nil {
		return nil, out, err
	}
	if def.ask != nil {
		question, err := def.ask(ctx, req, in)
		if err != nil {
			return nil, out, err
		}
		if question != nil {
			return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{confirmKey: question}}, out, nil
		}
	}
	out, err = def.run(ctx, req, in)
	if err != nil {
		return nil, out, err
	}
	res, err = answer(def, out)
	return res, out, err
}

// answer makes the texts of an answer: the first is JSON as Mailshot has it.
func answer[In, Out any](def definition[In, Out], out Out) (*mcp.CallToolResult, error) {
	var shown any = out
	if def.plain != nil {
		shown = def.plain(out)
	}
	var b bytes.Buffer
	enc := stdjson.NewEncoder(&b)
	if err := enc.Encode(shown); err != nil {
		return nil, fmt.Errorf("encode the answer of %s: %w", def.name, err)
	}
	res := &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: strings.TrimSpace(b.String())}}}
	if def.more != nil && def.more(out) != "" {
		res.Content = append(res.Content, &mcp.TextContent{
			Text: "There is more. For the next page call again with the same arguments and cursor " + def.more(out),
		})
	}
	return res, nil
}

func (x *session) called(tool string, err error, took time.Duration) {
	if x.Meter == nil {
		return
	}
	outcome := "ok"
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Internal || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Timeout):
		outcome = "failed"
	default:
		outcome = "refused"
	}
	x.Meter.Called(tool, outcome, took)
}

// told makes an error that says what to do and nothing of what is inside.
func (x *session) told(ctx context.Context, tool string, err error) error {
	switch fault.KindOf(err) {
	case fault.Internal:
		id := auth.NewID("")
		x.Logger.ErrorContext(ctx, "a call of an assistant failed", "tool", tool, "call", id, "error", err)
		return fmt.Errorf("internal: something went wrong in the server. Tell the operator that call %s failed; "+
			"calling again may help once", id)
	case fault.Timeout:
		return errors.New("timeout: it took too long. Ask for less: a shorter span or a smaller limit")
	case fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Gone, fault.Conflict, fault.TooLarge,
		fault.RateLimited, fault.Unavailable:
	}
	var lines []string
	for _, f := range fault.Fields(err) {
		lines = append(lines, x.sentence(f))
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && len(lines) == 0 {
		lines = append(lines, x.sentence(f))
	}
	return errors.New(fault.KindOf(err).String() + ": " + strings.Join(lines, "; "))
}

// sentence is what is wrong and what to do. It may repeat what was asked, so it is cleaned.
func (x *session) sentence(f *fault.Error) string {
	s := f.Message
	if f.Field != "" {
		s = f.Field + " " + s
	}
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return x.view.clean(s)
}

const (
	defaultLimit = 20
	maxLimit     = 100
)

// limit bounds a page: an assistant reads no thousand rows. 0 is the default.
func limit(n int) (int, error) {
	switch {
	case n == 0:
		return defaultLimit, nil
	case n < 0 || n > maxLimit:
		return 0, fault.BadField("limit", "must be between 1 and %d", maxLimit)
	}
	return n, nil
}

// endOf makes the last day of a span, which is part of it, the moment at which the span ends.
func endOf(date string) string {
	if t, err := time.Parse(time.DateOnly, date); err == nil {
		return t.AddDate(0, 0, 1).Format(time.DateOnly)
	}
	return date
}

// stamp writes a time; empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func stampOf(ms int64) string {
	if ms == 0 {
		return ""
	}
	return stamp(time.UnixMilli(ms))
}

// addTools offers every tool that the key may call.
func (x *session) addTools() {
	x.subscriberTools()
	x.eventTools()
	x.statsTools()
	x.askingTools()
	x.removeTool()
	x.changeTools()
	x.segmentTools()
	x.sequenceTools()
	x.templateTools()
	x.broadcastTools()
	x.endpointTools()
	x.alertTools()
}
