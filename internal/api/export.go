package api

import (
	"context"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/export"
)

const (
	parquetType = "application/vnd.apache.parquet"
	gzipType    = "application/gzip"

	// eventsTimeout is how long an export of events may take, and eventsPatience how long whoever reads it may take no part.
	eventsTimeout  = 12 * time.Hour
	eventsPatience = time.Minute
)

type exportEventsIn struct {
	Contact string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	Message string `query:"message" doc:"The provider's message id" example:"0102019a-two"`
	Receipt string `query:"receipt" doc:"The request that was the first to tell of it" example:"rcp_3"`
	EventMatch
	Format  string `query:"format" enum:"jsonl,csv,parquet" doc:"jsonl by default: an event as listEvents has it a line"`
	Columns string `query:"columns" enum:"engage" doc:"Of CSV: Engage's columns in place of ours"`
	Raw     bool   `query:"raw" doc:"Of CSV: cells that look like formulas stay as they are; for machines"`
	Gzip    bool   `query:"gzip" doc:"Compress JSONL and CSV: the answer is a file that ends with .gz"`
	Order   string `query:"order" enum:"id,seq" doc:"id: newest first, the default; seq: as they were committed"`
}

func (in *exportEventsIn) asked() control.EventExport {
	f := in.filter()
	f.Contact, f.Message, f.Receipt = in.Contact, in.Message, in.Receipt
	return control.EventExport{
		EventFilter: f, Order: in.Order,
		Options: export.Options{Format: in.Format, Columns: in.Columns, Raw: in.Raw, Gzip: in.Gzip},
	}
}

func (a *api) exportEvents(ctx context.Context, in *exportEventsIn) (*huma.StreamResponse, error) {
	x := in.asked()
	out := exportBody{kind: typeOf(x.Options), file: "events" + x.Extension(), patience: eventsPatience}
	return a.streamFile(ctx, out, func(w io.Writer) error {
		return a.Control.ExportEvents(ctx, who(ctx), x, w, nil)
	}), nil
}

// typeOf is the media type of a file of events.
func typeOf(o export.Options) string {
	switch {
	case o.Gzip:
		return gzipType
	case o.Format == export.CSV:
		return csvType + "; charset=utf-8"
	case o.Format == export.Parquet:
		return parquetType
	}
	return jsonlType
}

// onEventExport serves a handler that writes events.
func onEventExport[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		text := func(means string) *huma.MediaType {
			return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: means}}
		}
		file := func(means string) *huma.MediaType {
			return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary", Description: means}}
		}
		op.Responses["200"] = &huma.Response{
			Description: "The events",
			Content: map[string]*huma.MediaType{
				jsonlType:   text("An event a line, as listEvents has it"),
				csvType:     text("A header, then an event a line"),
				parquetType: file("The same columns, typed"),
				gzipType:    file("With gzip=true: JSONL or CSV, compressed"),
			},
		}
		on(h)(a, framework, op)
	}
}
