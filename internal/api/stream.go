package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

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

// fileTypes are the endings of the names of files, by their media types.
var fileTypes = map[string]string{jsonlType: control.JSONL, jsonType: "json"}

// stream answers with a file of a media type that write makes a part at a time; name is without an extension. An error before
// the first part has an answer of its own, a later one breaks the answer off.
func (a *api) stream(ctx context.Context, kind, name string, write func(io.Writer) error) *huma.StreamResponse {
	return a.streamFile(ctx, exportBody{kind: kind, file: name + "." + cmp.Or(fileTypes[kind], control.CSV)}, write)
}

// streamFile is stream with what the answer is.
func (a *api) streamFile(ctx context.Context, out exportBody, write func(io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		out.w = w
		if err := out.lasts(); err != nil {
			a.write(w, a.problem(ctx, err))
			return
		}
		err := write(&out)
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
	file  string // its name
	begun bool
	// patience is how long each part may take to go; 0: the whole may take listTimeout.
	patience time.Duration
}

// lasts lets the connection last as long as the answer does.
func (b *exportBody) lasts() error {
	if b.patience == 0 {
		return lasting(b.w)
	}
	c := http.NewResponseController(b.w)
	err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Now().Add(b.patience)))
	if errors.Is(err, http.ErrNotSupported) { // a writer without a connection has no deadlines
		return nil
	}
	return err
}

// Write implements io.Writer.
func (b *exportBody) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.w.Header().Set("Content-Type", b.kind)
		b.w.Header().Set("Content-Disposition", `attachment; filename="`+b.file+`"`)
		b.w.WriteHeader(http.StatusOK)
	}
	if b.patience > 0 {
		if err := b.lasts(); err != nil {
			return 0, err
		}
	}
	return b.w.Write(p)
}
