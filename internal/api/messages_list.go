package api

import (
	"context"

	"tidings/internal/control"
)

// MessagePage is one page of emails.
type MessagePage struct {
	Messages []Message `json:"messages" nullable:"false" doc:"One for each recipient, by the newest of its events"`
	Page
}

// MessagePageOf makes the public form of a page.
func MessagePageOf(p control.MessagePage) MessagePage {
	out := MessagePage{Messages: make([]Message, len(p.Messages)), Page: pageOf(p.NextCursor)}
	for i := range p.Messages {
		out.Messages[i] = messageOf(&p.Messages[i])
	}
	return out
}

type listMessagesIn struct {
	Contact  string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	Template string `query:"template" doc:"The email's template" example:"onboarding/welcome"`
	Source   string `query:"source" doc:"The source its events came to" example:"src_01jq7z9f3v8k2m5n"`
	Status   string `query:"status" doc:"The event that tells most of it, in our word or another system's (bounced, opened, delivered)" example:"email.bounce"`
	Span
	Paging
}

type messagePageOut struct{ Body MessagePage }

func (a *api) listMessages(ctx context.Context, in *listMessagesIn) (*messagePageOut, error) {
	page, err := a.Control.ListMessages(ctx, who(ctx), control.MessageFilter{
		Contact: in.Contact, Template: in.Template, Source: in.Source, Status: in.Status, From: in.From, To: in.To,
		Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &messagePageOut{MessagePageOf(page)}, nil
}
