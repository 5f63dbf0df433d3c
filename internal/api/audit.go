package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Act is something that a person or program changed.
type Act struct {
	ID        string      `json:"id" example:"act_1c"`
	At        time.Time   `json:"at" doc:"When"`
	By        string      `json:"by" doc:"Who: a key's or person's id, cli for the command line, server for the server itself" example:"key_01jq7z9f3v8k2m5n"`
	ByName    string      `json:"byName,omitempty" doc:"The person's name; absent: it was no person" example:"lea"`
	Door      string      `json:"door" doc:"Through what: api, ui, cli, mcp (an AI assistant) or server" example:"api"`
	Operation string      `json:"operation" doc:"What was done" example:"updateSource"`
	Target    string      `json:"target" doc:"What it was done to; empty: the whole project" example:"src_01jq7z9f3v8k2m5n"`
	Note      string      `json:"note" doc:"Why, or what else is to be known; empty: nothing" example:"wrote to support on 4 May"`
	Changes   []ActChange `json:"changes" nullable:"false" doc:"What changed, without values of secrets"`
}

// ActChange is what became of one field.
type ActChange struct {
	Field string `json:"field" doc:"Which field" example:"name"`
	From  string `json:"from,omitempty" doc:"What it was; absent: nothing, or a secret" example:"main"`
	To    string `json:"to,omitempty" doc:"What it is now; absent: nothing, or a secret" example:"production"`
}

// ActPage is one page of the audit log.
type ActPage struct {
	Acts []Act `json:"acts" nullable:"false" doc:"Newest first"`
	Page
}

// ActPageOf makes the public form of a page of acts.
func ActPageOf(page control.ActPage) ActPage {
	out := ActPage{Acts: make([]Act, len(page.Acts)), Page: pageOf(page.NextCursor)}
	for i := range page.Acts {
		out.Acts[i] = actOf(&page.Acts[i])
	}
	return out
}

func actOf(x *store.RecordedAct) Act {
	act := Act{
		ID: x.ID, At: x.At, By: x.By, ByName: x.ByName, Door: x.Door, Operation: x.Operation, Target: x.Subject, Note: x.Note,
		Changes: make([]ActChange, len(x.Changes)),
	}
	for i, c := range x.Changes {
		act.Changes[i] = ActChange(c)
	}
	return act
}

type listActsIn struct {
	Operation string `query:"operation" doc:"The operation, by its operationId" example:"updateSource"`
	By        string `query:"by" doc:"A key's or person's id, cli or server" example:"key_01jq7z9f3v8k2m5n"`
	Door      string `query:"door" enum:"api,ui,cli,mcp,server" doc:"Through what"`
	Target    string `query:"target" doc:"What it was done to: an id, or a contact's address" example:"src_01jq7z9f3v8k2m5n"`
	Span
	Paging
}

type actPageOut struct{ Body ActPage }

func (a *api) listActs(ctx context.Context, in *listActsIn) (*actPageOut, error) {
	page, err := a.Control.ListActs(ctx, who(ctx), control.AuditFilter{
		Operation: in.Operation, By: in.By, Door: in.Door, Target: in.Target, From: in.From, To: in.To,
		Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &actPageOut{ActPageOf(page)}, nil
}
