package api

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Erasure is the record of a person who was erased. It never holds the address.
type Erasure struct {
	ID          string        `json:"id" example:"era_1"`
	Status      string        `json:"status" enum:"running,done,failed" doc:"From the first answer on nothing of the person is shown or mailed; done: nothing is kept of the person any more"`
	ContactID   string        `json:"contactId,omitempty" doc:"The contact that was the person's; absent where nobody was known by the address"`
	RequestedAt time.Time     `json:"requestedAt" doc:"When it was asked for"`
	FinishedAt  time.Time     `json:"finishedAt,omitzero" doc:"When it ended"`
	By          string        `json:"by" doc:"Who asked for it: a key's or person's id, or cli" example:"key_01jq7z9f3v8k2m5n"`
	ByName      string        `json:"byName,omitempty" doc:"The person's name" example:"Ann"`
	Note        string        `json:"note" example:"asked for it by letter of 4 May"`
	Counts      ErasureCounts `json:"counts" doc:"What it came upon so far"`
	Suppressed  bool          `json:"suppressed" doc:"Whether mail to the address was suppressed: then it is, as before" example:"true"`
	Problem     string        `json:"problem,omitempty" doc:"Why it failed, or why its last try did" example:"the database is busy"`
}

// ErasureCounts are what an erasure came upon.
type ErasureCounts struct {
	Contacts int64 `json:"contacts" doc:"The person's, those that were merged among them" example:"1"`
	Events   int64 `json:"events" doc:"Events that lost what they said of the person" example:"12"`
	Messages int64 `json:"messages" doc:"Emails that lost subject and metadata" example:"4"`
	Receipts int64 `json:"receipts" doc:"Requests whose bodies were dropped, or written anew without the person" example:"12"`
	Audit    int64 `json:"audit" doc:"Entries of the audit log that lost what they said" example:"1"`
	Others   int64 `json:"others" doc:"Rows of anything else that named the person" example:"0"`
}

// ErasureOf is an erasure as it is answered.
func ErasureOf(x *store.Erasure) Erasure {
	return Erasure{
		ID: x.ID, Status: x.Status.String(), ContactID: x.ContactID, RequestedAt: x.RequestedAt, FinishedAt: x.FinishedAt, By: x.By,
		ByName: x.ByName, Note: x.Note, Counts: ErasureCounts(x.Counts), Suppressed: x.Suppressed, Problem: x.Problem,
	}
}

// NewErasure says who is to be erased, and why.
type NewErasure struct {
	Email string `json:"email" maxLength:"1000" doc:"The address, in any spelling"`
	Note  string `json:"note" maxLength:"1000" doc:"Why; it stays, so it must not hold the address" example:"asked for it by letter of 4 May"`
}

type eraseContactIn struct{ Body NewErasure }

type erasureOut struct{ Body Erasure }

func oneErasure(x store.Erasure, err error) (*erasureOut, error) {
	if err != nil {
		return nil, err
	}
	return &erasureOut{ErasureOf(&x)}, nil
}

func (a *api) eraseContact(ctx context.Context, in *eraseContactIn) (*erasureOut, error) {
	return oneErasure(a.Control.EraseContact(ctx, who(ctx), in.Body.Email, in.Body.Note))
}

// ErasurePage is one page of erasures.
type ErasurePage struct {
	Erasures []Erasure `json:"erasures" nullable:"false" doc:"Newest first"`
	Page
}

// ErasurePageOf is a page of erasures as it is answered.
func ErasurePageOf(page control.ErasurePage) ErasurePage {
	out := ErasurePage{Erasures: make([]Erasure, len(page.Erasures)), Page: pageOf(page.NextCursor)}
	for i := range page.Erasures {
		out.Erasures[i] = ErasureOf(&page.Erasures[i])
	}
	return out
}

type listErasuresIn struct{ Paging }

type erasurePageOut struct{ Body ErasurePage }

func (a *api) listErasures(ctx context.Context, in *listErasuresIn) (*erasurePageOut, error) {
	page, err := a.Control.Erasures(ctx, who(ctx), in.Cursor, in.limit())
	if err != nil {
		return nil, err
	}
	return &erasurePageOut{ErasurePageOf(page)}, nil
}

type erasureIn struct {
	ID string `path:"id" doc:"The erasure's id" example:"era_1"`
}

func (a *api) getErasure(ctx context.Context, in *erasureIn) (*erasureOut, error) {
	return oneErasure(a.Control.Erasure(ctx, who(ctx), in.ID))
}

// onContactAccess serves a handler that writes everything kept of a person.
func onContactAccess[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Responses["200"] = &huma.Response{
			Description: "Everything kept of the person",
			Content: map[string]*huma.MediaType{
				jsonType: {Schema: &huma.Schema{
					Type: huma.TypeObject, AdditionalProperties: true,
					Description: "contact, state, consents, suppressions, segments, events",
				}},
				csvType: {Schema: &huma.Schema{Type: huma.TypeString, Description: "section, id, time, name, field, value"}},
			},
		}
		on(h)(a, framework, op)
	}
}

const jsonType = "application/json"

type contactAccessIn struct {
	ContactPath
	Format string `query:"format" enum:"json,csv" doc:"json by default"`
	Accept string `header:"Accept" doc:"application/json or text/csv; format wins"`
}

func (a *api) getContactAccess(ctx context.Context, in *contactAccessIn) (*huma.StreamResponse, error) {
	format, kind := in.Format, jsonType
	if format == "" && strings.Contains(in.Accept, csvType) {
		format = control.AccessCSV
	}
	if format == control.AccessCSV {
		kind = csvType + "; charset=utf-8"
	}
	return a.stream(ctx, kind, "person", func(out io.Writer) error {
		return a.Control.ContactAccess(ctx, who(ctx), in.ID, format, out)
	}), nil
}
