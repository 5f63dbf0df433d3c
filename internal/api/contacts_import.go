package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/control"
	"tidings/internal/fault"
)

// onContactList serves a handler that takes contacts in CSV and reads them itself.
func onContactList[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.RequestBody = &huma.RequestBody{
			Required: true, Description: "A list with a header",
			Content: map[string]*huma.MediaType{csvType: {
				Schema:  &huma.Schema{Type: huma.TypeString},
				Example: "email,subscribed,tags,topics.news,firstName,plan\nann@acme.test,true,vip;trial,true,Ann,team\n",
			}},
		}
		sums := framework.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[ContactImport](), true, "ContactImport")
		op.Responses["200"] = &huma.Response{
			Description: "What it came to, or with report=csv every bad line",
			Content: map[string]*huma.MediaType{
				"application/json": {Schema: sums},
				csvType:            {Schema: &huma.Schema{Type: huma.TypeString, Description: "line, field, code, message"}},
			},
		}
		on(h)(a, framework, op)
	}
}

// onContactExport serves a handler that writes contacts.
func onContactExport[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Responses["200"] = &huma.Response{
			Description: "The contacts",
			Content: map[string]*huma.MediaType{
				csvType: {Schema: &huma.Schema{
					Type: huma.TypeString, Description: "email, subscribed, externalId, tags, …, topics.<slug>, data.<key>",
				}},
				jsonlType: {Schema: &huma.Schema{Type: huma.TypeString, Description: "One JSON object a line"}},
			},
		}
		on(h)(a, framework, op)
	}
}

type contactImportIn struct {
	DryRun string `query:"dryRun" enum:"true,false" doc:"Say what would happen and change nothing"`
	Report string `query:"report" enum:"json,csv" doc:"csv: answer every bad line as CSV instead of the sums"`

	request *http.Request
	writer  http.ResponseWriter
}

// Resolve keeps the request: its body is read as it is taken in.
func (in *contactImportIn) Resolve(ctx huma.Context) []error {
	in.request, in.writer = humago.Unwrap(ctx)
	return nil
}

// ContactImport is what an import of contacts came to.
type ContactImport struct {
	DryRun   bool      `json:"dryRun" doc:"Nothing was changed; updated then counts those that are there, whether the list says anything new or not" example:"false"`
	Lines    int64     `json:"lines" doc:"Lines without the header and empty ones: created + updated + same + bad" example:"4"`
	Created  int64     `json:"created" doc:"Lines that made a contact" example:"1"`
	Updated  int64     `json:"updated" doc:"Lines that changed one" example:"1"`
	Same     int64     `json:"same" doc:"Lines that said nothing new" example:"1"`
	Bad      int64     `json:"bad" doc:"Lines that were not taken, or not all of them" example:"1"`
	BadLines []BadLine `json:"badLines" nullable:"false" doc:"The first 1,000 of them"`
	Columns  []string  `json:"columns" nullable:"false" doc:"What each column of the header means; empty: it was passed over" example:"[\"email\",\"data.plan\"]"`
}

// ContactImportOf is what an import came to, as it is answered.
func ContactImportOf(x control.ImportedContacts, dry bool) ContactImport {
	out := ContactImport{
		DryRun: dry, Lines: x.Lines, Created: x.Created, Updated: x.Updated, Same: x.Same, Bad: x.Bad,
		BadLines: make([]BadLine, len(x.BadLines)), Columns: append([]string{}, x.Columns...),
	}
	for i, b := range x.BadLines {
		out.BadLines[i] = BadLine(b)
	}
	return out
}

func (a *api) importContacts(ctx context.Context, in *contactImportIn) (*huma.StreamResponse, error) {
	kind, _, err := mime.ParseMediaType(in.request.Header.Get("Content-Type"))
	if err != nil || kind != csvType && kind != "text/plain" {
		return nil, a.newProblem(http.StatusUnsupportedMediaType, frameworkCodes[http.StatusUnsupportedMediaType],
			"the body must be text/csv, not compressed")
	}
	dry, err := strconv.ParseBool(in.DryRun)
	if err != nil && in.DryRun != "" {
		return nil, fault.BadField("dryRun", "must be true or false")
	}
	if in.Report != "" && in.Report != control.CSV && in.Report != "json" {
		return nil, fault.BadField("report", "must be json or csv")
	}
	if in.request.ContentLength > control.MaxImportBytes {
		return nil, tooLongList()
	}
	if err := lasting(in.writer); err != nil {
		return nil, err
	}
	body := listBody{http.MaxBytesReader(in.writer, in.request.Body, control.MaxImportBytes)}
	if in.Report == control.CSV {
		return a.importReport(ctx, body, dry)
	}
	sum, err := a.Control.ImportContacts(ctx, who(ctx), body, control.ContactImportOptions{DryRun: dry}, nil)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		w.Header().Set("Content-Type", "application/json")
		if err := Encode(w, ContactImportOf(sum, dry)); err != nil {
			a.Logger.WarnContext(ctx, "answer was not written", "request", requestID(ctx), "error", err)
		}
	}}, nil
}

// importReport answers with every bad line. They wait in a file: there may be as many as the list has.
func (a *api) importReport(ctx context.Context, body io.Reader, dry bool) (*huma.StreamResponse, error) {
	f, err := os.CreateTemp("", "tidings-report-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the report: %w", err)
	}
	remove := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	_, err = a.Control.ImportContacts(ctx, who(ctx), body, control.ContactImportOptions{DryRun: dry, Report: f}, nil)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		w.Header().Set("Content-Type", csvType+"; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="bad-lines.csv"`)
		_, err := io.Copy(w, f)
		if err = errors.Join(err, remove()); err != nil {
			a.Logger.WarnContext(ctx, "report was not written", "request", requestID(ctx), "error", err)
		}
	}}, nil
}

type contactExportIn struct {
	Format     string `query:"format" enum:"csv,jsonl" doc:"csv by default"`
	Accept     string `header:"Accept" doc:"text/csv or application/jsonl; format wins"`
	Search     string `query:"search" doc:"A text of the address, or @ and a domain" example:"ann@"`
	Domain     string `query:"domain" doc:"The domain of the address" example:"acme.test"`
	Subscribed string `query:"subscribed" enum:"true,false" doc:"true: those that may be mailed; false: the others" example:"true"`
	Suppressed string `query:"suppressed" enum:"true,false" doc:"true: those with a suppression that holds" example:"false"`
}

func (a *api) exportContacts(ctx context.Context, in *contactExportIn) (*huma.StreamResponse, error) {
	format, kind, err := listFormat(in.Format, in.Accept)
	if err != nil {
		return nil, err
	}
	filter := control.ContactFilter{Search: in.Search, Domain: in.Domain, Subscribed: in.Subscribed, Suppressed: in.Suppressed}
	return a.stream(ctx, kind, "contacts", func(out io.Writer) error {
		return a.Control.ExportContacts(ctx, who(ctx), filter, format, out)
	}), nil
}
