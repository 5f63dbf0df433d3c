package api

import (
	"context"

	"tidings/internal/control"
)

// ContactPage is one page of contacts, in MailGlyph's shape with nextCursor beside it, which all our lists have.
type ContactPage struct {
	Data   []Contact `json:"data" nullable:"false" doc:"Newest first; with search, by address while they begin with it"`
	Cursor *string   `json:"cursor" doc:"The same as nextCursor; null: there is no more" example:"YwAAAAAAAAAq"`
	Total  *int64    `json:"total,omitempty" doc:"How many there are; on the first page, where a filter does not make it long to count" example:"1"`
	Page
}

// ContactPageOf makes the public form of a page. first says that it is the first one.
func ContactPageOf(p control.ContactPage, first bool, c *control.Control) ContactPage {
	out := ContactPage{
		Data: make([]Contact, len(p.Contacts)), Cursor: pointer(p.NextCursor), Page: pageOf(p.NextCursor),
	}
	for i := range p.Contacts {
		out.Data[i] = ContactOf(&p.Contacts[i], c.Now())
	}
	if first {
		out.Total = p.Total
	}
	return out
}

type listContactsIn struct {
	Search     string `query:"search" doc:"A text of the address, or @ and a domain" example:"ann@"`
	Domain     string `query:"domain" doc:"The domain of the address" example:"acme.test"`
	Subscribed string `query:"subscribed" enum:"true,false" doc:"true: those that may be mailed; false: the others" example:"true"`
	Suppressed string `query:"suppressed" enum:"true,false" doc:"true: those with a suppression that holds" example:"false"`
	SeenAfter  string `query:"seenAfter" doc:"Whose latest event is of this time or date or later" example:"2026-05-04"`
	SeenBefore string `query:"seenBefore" doc:"Whose latest event is earlier, or that had none" example:"2026-05-05"`
	Paging
}

type contactPageOut struct{ Body ContactPage }

func (a *api) listContacts(ctx context.Context, in *listContactsIn) (*contactPageOut, error) {
	page, err := a.Control.ListContacts(ctx, who(ctx), control.ContactFilter{
		Search: in.Search, Domain: in.Domain, Subscribed: in.Subscribed, Suppressed: in.Suppressed,
		SeenAfter: in.SeenAfter, SeenBefore: in.SeenBefore, Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &contactPageOut{ContactPageOf(page, in.Cursor == "", a.Control)}, nil
}
