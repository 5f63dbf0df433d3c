package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/sender"
)

// OutboxRow is a mail of the outbox in a list.
type OutboxRow struct {
	ID      string    `json:"id" doc:"As its file is called, without .eml" example:"20260504T101200.120000000Z-snd_01jq7z9f3v8k2m5n"`
	At      time.Time `json:"at" doc:"When it was written"`
	Size    int64     `json:"size" doc:"Bytes" example:"4096"`
	From    string    `json:"from" doc:"With its name" example:"Acme <app@acme.test>"`
	To      string    `json:"to" doc:"With its name" example:"ann@acme.test"`
	Subject string    `json:"subject" doc:"Decoded" example:"Welcome"`
}

// OutboxPage is one page of the outbox.
type OutboxPage struct {
	Mails []OutboxRow `json:"mails" nullable:"false" doc:"Newest first"`
	Page
}

func outboxRow(m *sender.OutboxMail) OutboxRow {
	return OutboxRow{ID: m.ID, At: m.At, Size: m.Size, From: m.From, To: m.To, Subject: m.Subject}
}

// OutboxPageOf makes the public form of a page.
func OutboxPageOf(p control.OutboxPage) OutboxPage {
	out := OutboxPage{Mails: make([]OutboxRow, len(p.Mails)), Page: pageOf(p.NextCursor)}
	for i := range p.Mails {
		out.Mails[i] = outboxRow(&p.Mails[i])
	}
	return out
}

type listOutboxIn struct {
	Paging
	Search string `query:"search" doc:"In sender, recipient or subject, whatever its case"`
}

type outboxPageOut struct{ Body OutboxPage }

func (a *api) listOutbox(ctx context.Context, in *listOutboxIn) (*outboxPageOut, error) {
	page, err := a.Control.ListOutbox(ctx, who(ctx), in.Search, in.Cursor, in.limit())
	if err != nil {
		return nil, err
	}
	return &outboxPageOut{OutboxPageOf(page)}, nil
}

// OutboxMail is a mail of the outbox.
type OutboxMail struct {
	OutboxRow
	MessageID   string             `json:"messageId,omitempty" doc:"Of its Message-ID header, without brackets" example:"snd_01jq7z9f3v8k2m5n@acme.test"`
	Headers     []MailHeader       `json:"headers" nullable:"false" doc:"In their order, decoded"`
	HTML        string             `json:"html" doc:"Its HTML, which strangers may have written: show it in a sandboxed frame alone. Empty: it has none"`
	Text        string             `json:"text" doc:"Its text; empty: it has none" example:"Hello Ann"`
	Attachments []OutboxAttachment `json:"attachments" nullable:"false" doc:"Images of the HTML, too"`
}

// MailHeader is a field of a mail's header.
type MailHeader struct {
	Name  string `json:"name" example:"List-Unsubscribe"`
	Value string `json:"value" doc:"Decoded" example:"<https://tidings.example.com/u/…>"`
}

// OutboxAttachment is an attachment without its content.
type OutboxAttachment struct {
	Filename    string `json:"filename,omitempty" doc:"As the mail calls it" example:"terms.pdf"`
	ContentType string `json:"contentType" doc:"Without parameters" example:"application/pdf"`
	ContentID   string `json:"contentId,omitempty" doc:"What the HTML shows it by" example:"logo"`
	Size        int64  `json:"size" doc:"Bytes" example:"20480"`
}

// OutboxMailOf makes the public form of a mail.
func OutboxMailOf(m *sender.OutboxMail) OutboxMail {
	out := OutboxMail{
		OutboxRow: outboxRow(m), MessageID: m.MessageID, Headers: make([]MailHeader, len(m.Headers)), HTML: m.HTML, Text: m.Text,
		Attachments: make([]OutboxAttachment, len(m.Attachments)),
	}
	for i, h := range m.Headers {
		out.Headers[i] = MailHeader(h)
	}
	for i, x := range m.Attachments {
		out.Attachments[i] = OutboxAttachment{Filename: x.Name, ContentType: x.ContentType, ContentID: x.ContentID, Size: x.Size}
	}
	return out
}

// OutboxPath names a mail of the outbox in a path.
type OutboxPath struct {
	ID string `path:"id" doc:"The mail's id in the outbox" example:"20260504T101200.120000000Z-snd_01jq7z9f3v8k2m5n"`
}

type outboxMailOut struct{ Body OutboxMail }

func (a *api) getOutboxMail(ctx context.Context, in *OutboxPath) (*outboxMailOut, error) {
	m, err := a.Control.OutboxMail(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &outboxMailOut{OutboxMailOf(&m)}, nil
}

const mailType = "message/rfc822"

func (a *api) getOutboxRaw(ctx context.Context, in *OutboxPath) (*rawOut, error) {
	b, err := a.Control.OutboxRaw(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &rawOut{ContentType: mailType, Body: b}, nil
}

// onMailFile serves a handler that answers with an email as it is.
func onMailFile[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Responses["200"] = &huma.Response{
			Description: "The email",
			Content:     map[string]*huma.MediaType{mailType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}
		on(h)(a, framework, op)
	}
}
