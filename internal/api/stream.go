package api

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/control"
)

// listFormat is the format of a list that is asked for, and its media type; format wins over accept.
func listFormat(format, accept string) (chosen, kind string, err error) {
	if format == "" && strings.Contains(accept, jsonlType) {
		format = control.JSONL
	}
	kind = csvType + "; charset=utf-8"
	if format == control.JSONL {
		kind = jsonlType
	}
	return format, kind, control.CheckFormat(format)
}

// stream answers with a file of a media type that write makes a part at a time; name is without an extension. An error before
// the first part has an answer of its own, a later one breaks the answer off.
func (a *api) stream(ctx context.Context, kind, name string, write func(io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		if err := lasting(w); err != nil {
			a.write(w, a.problem(ctx, err))
			return
		}
		out := &exportBody{w: w, kind: kind, name: name}
		err := write(out)
		switch {
		case err != nil && !out.begun:
			a.write(w, a.problem(ctx, err))
		case err != nil:
			a.Logger.WarnContext(ctx, "export ended early", "request", requestID(ctx), "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
		}
	}}
}

// exportBody writes the headers with the first bytes, so that an error before them has its own status.
type exportBody struct {
	w     http.ResponseWriter
	kind  string
	name  string // of the file, without its extension
	begun bool
}

// Write implements io.Writer.
func (b *exportBody) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.w.Header().Set("Content-Type", b.kind)
		extension := control.CSV
		switch b.kind {
		case jsonlType:
			extension = control.JSONL
		case jsonType:
			extension = "json"
		}
		b.w.Header().Set("Content-Disposition", `attachment; filename="`+b.name+`.`+extension+`"`)
		b.w.WriteHeader(http.StatusOK)
	}
	return b.w.Write(p)
}
