package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/control"
	"tidings/internal/fault"
)

const (
	csvType   = "text/csv"
	jsonlType = "application/jsonl"
)

// listTimeout is how long a list of suppressions may take to come or go.
const listTimeout = 10 * time.Minute

// timeoutOf is how long a request may take. Lists are long, and are read and written a part at a time.
func timeoutOf(r *http.Request) time.Duration {
	switch r.URL.Path {
	case "/suppressions/import", "/suppressions/export", "/contacts/import", "/contacts/export":
		return listTimeout
	}
	switch r.URL.Path {
	case "/feed":
		return feedTimeout
	case "/export/events":
		return eventsTimeout
	}
	return requestTimeout
}

// lasting lets a connection last as long as a list does.
func lasting(w http.ResponseWriter) error {
	c, until := http.NewResponseController(w), time.Now().Add(listTimeout)
	err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until))
	if errors.Is(err, http.ErrNotSupported) { // a writer without a connection has no deadlines
		return nil
	}
	return err
}

// onList serves a handler that takes a list in CSV and reads it itself.
func onList[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.RequestBody = &huma.RequestBody{
			Required: true, Description: "A list with a header, or one address a line",
			Content: map[string]*huma.MediaType{csvType: {
				Schema:  &huma.Schema{Type: huma.TypeString},
				Example: "address,reason,since,until,note\nghost@acme.test,hard_bounce,2026-05-04T10:12:00Z,,\n*@bad.test,,,,spam trap\n",
			}},
		}
		on(h)(a, framework, op)
	}
}

// onExport serves a handler that writes suppressions.
func onExport[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Responses["200"] = &huma.Response{
			Description: "The suppressions and patterns that hold",
			Content: map[string]*huma.MediaType{
				csvType:   {Schema: &huma.Schema{Type: huma.TypeString, Description: "address, reason, since, until, note"}},
				jsonlType: {Schema: &huma.Schema{Type: huma.TypeString, Description: "The same, one JSON object a line"}},
			},
		}
		on(h)(a, framework, op)
	}
}

type importIn struct {
	DryRun string `query:"dryRun" enum:"true,false" doc:"Say what would happen and change nothing"`
	Reason string `query:"reason" enum:"hard_bounce,soft_bounce,complaint,provider,manual" doc:"Of lines that say none; manual by default"`

	request *http.Request
	writer  http.ResponseWriter
}

// Resolve keeps the request: its body is read as it is taken in.
func (in *importIn) Resolve(ctx huma.Context) []error {
	in.request, in.writer = humago.Unwrap(ctx)
	return nil
}

// BadLine is a line of a list that was not taken.
type BadLine struct {
	Line    int    `json:"line" doc:"From 1" example:"3"`
	Field   string `json:"field,omitempty" doc:"address, reason, since or until; absent: the line as a whole" example:"address"`
	Code    string `json:"code" doc:"bad_line, bad_address, bad_reason, bad_time or bad_pattern" example:"bad_address"`
	Message string `json:"message" doc:"What is wrong, for people" example:"\"ann\" is not an address: want local@domain"`
}

// ImportReport is what an import came to.
type ImportReport struct {
	DryRun   bool      `json:"dryRun" doc:"Nothing was changed" example:"false"`
	Lines    int64     `json:"lines" doc:"Lines without the header and empty ones: added + known + bad" example:"3"`
	Added    int64     `json:"added" doc:"Lines whose suppression did not hold before" example:"1"`
	Known    int64     `json:"known" doc:"Lines whose suppression held before, or stands in the list twice" example:"1"`
	Patterns int64     `json:"patterns" doc:"How many of the added and known are patterns" example:"0"`
	Bad      int64     `json:"bad" doc:"Lines that were not taken" example:"1"`
	BadLines []BadLine `json:"badLines" nullable:"false"`
	Ignored  []string  `json:"ignored" nullable:"false"`
}

// ImportReportOf is what an import came to, as it is answered.
func ImportReportOf(x control.Imported, dry bool) ImportReport {
	out := ImportReport{
		DryRun: dry, Lines: x.Lines, Added: x.Added, Known: x.Known, Patterns: x.Patterns, Bad: x.Bad,
		BadLines: make([]BadLine, len(x.BadLines)), Ignored: append([]string{}, x.Ignored...),
	}
	for i, b := range x.BadLines {
		out.BadLines[i] = BadLine(b)
	}
	return out
}

type importOut struct{ Body ImportReport }

func (a *api) importSuppressions(ctx context.Context, in *importIn) (*importOut, error) {
	kind, _, err := mime.ParseMediaType(in.request.Header.Get("Content-Type"))
	if err != nil || kind != csvType && kind != "text/plain" {
		return nil, a.newProblem(http.StatusUnsupportedMediaType, frameworkCodes[http.StatusUnsupportedMediaType],
			"the body must be text/csv, not compressed")
	}
	dry, err := strconv.ParseBool(in.DryRun)
	if err != nil && in.DryRun != "" {
		return nil, fault.BadField("dryRun", "must be true or false")
	}
	if in.request.ContentLength > control.MaxImportBytes {
		return nil, tooLongList()
	}
	if err := lasting(in.writer); err != nil {
		return nil, err
	}
	body := http.MaxBytesReader(in.writer, in.request.Body, control.MaxImportBytes)
	options := control.ImportOptions{Reason: in.Reason, DryRun: dry}
	sum, err := a.Control.ImportSuppressions(ctx, who(ctx), listBody{body}, options, nil)
	if err != nil {
		return nil, err
	}
	return &importOut{ImportReportOf(sum, dry)}, nil
}

func tooLongList() error {
	return fault.New(fault.TooLarge, fault.TooLarge.String(), "the list is longer than 256 MiB").WithHint("import it in parts")
}

// listBody tells what a body that is too long means.
type listBody struct{ r io.Reader }

// Read implements io.Reader.
func (b listBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		err = tooLongList()
	}
	return n, err
}

type exportIn struct {
	Format string `query:"format" enum:"csv,jsonl" doc:"csv by default"`
	Accept string `header:"Accept" doc:"text/csv or application/jsonl; format wins"`
}

func (a *api) exportSuppressions(ctx context.Context, in *exportIn) (*huma.StreamResponse, error) {
	format, kind, err := listFormat(in.Format, in.Accept)
	if err != nil {
		return nil, err
	}
	return a.stream(ctx, kind, "suppressions", func(out io.Writer) error {
		return a.Control.ExportSuppressions(ctx, who(ctx), format, out)
	}), nil
}
