package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Form is a form through which people subscribe themselves.
type Form struct {
	ID           string      `json:"id" example:"frm_01jq7z9f3v8k2m5n"`
	Name         string      `json:"name" doc:"For people: it is the title of the page" example:"News of Acme"`
	URL          string      `json:"url" doc:"Where its page is, and where it is sent to. Whoever knows it may ask to be subscribed" example:"https://tidings.example.com/subscribe/qJm3…"`
	DoubleOptIn  bool        `json:"doubleOptIn" doc:"Nobody is subscribed before they confirmed it" example:"true"`
	Topics       []string    `json:"topics" nullable:"false" doc:"Slugs of the topics that people take with it" example:"[\"news\"]"`
	Fields       []FormField `json:"fields" nullable:"false" doc:"What it asks for beside the address, at most 10"`
	RedirectURL  string      `json:"redirectUrl,omitempty" doc:"Where people go once they sent it; absent: a page of ours" example:"https://acme.test/thanks"`
	ConfirmedURL string      `json:"confirmedUrl,omitempty" doc:"Where people go once they confirmed it; absent: a page of ours" example:"https://acme.test/welcome"`
	Origins      []string    `json:"origins" nullable:"false" doc:"Web sites whose pages may send it, beside its own page" example:"[\"https://acme.test\"]"`
	CreatedAt    time.Time   `json:"createdAt"`
	UpdatedAt    time.Time   `json:"updatedAt"`
}

// FormField is what a form asks for beside the address.
type FormField struct {
	Name     string `json:"name" doc:"Of the attribute that it becomes" example:"firstName"`
	Label    string `json:"label" doc:"For people" example:"First name"`
	Required bool   `json:"required,omitempty" doc:"Whether it must be filled in" example:"false"`
}

// FormOf makes the public form of a form, whose link is given.
func FormOf(f *store.Form, link string) Form {
	out := Form{
		ID: f.ID, Name: f.Name, URL: link, DoubleOptIn: f.DoubleOptIn, Topics: f.Topics,
		Fields: make([]FormField, len(f.Fields)), RedirectURL: f.RedirectURL, ConfirmedURL: f.ConfirmedURL,
		Origins: f.Origins, CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
	for i, x := range f.Fields {
		out.Fields[i] = FormField(x)
	}
	return out
}

func (a *api) formOf(f *store.Form) Form { return FormOf(f, a.Control.FormURL(f)) }

// FormListOf makes the public form of a list; link gives each its link.
func FormListOf(list []store.Form, link func(*store.Form) string) FormList {
	out := FormList{make([]Form, len(list))}
	for i := range list {
		out.Forms[i] = FormOf(&list[i], link(&list[i]))
	}
	return out
}

// FormList are all forms.
type FormList struct {
	Forms []Form `json:"forms" nullable:"false" doc:"Newest first"`
}

type formsOut struct{ Body FormList }

func (a *api) listForms(ctx context.Context, _ *nothingIn) (*formsOut, error) {
	list, err := a.Control.Forms(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &formsOut{FormListOf(list, a.Control.FormURL)}, nil
}

// NewForm is a form to make.
type NewForm struct {
	Name string `json:"name" minLength:"1" maxLength:"100" doc:"For people: it is the title of the page" example:"News of Acme"`
	FormWish
}

// FormWish is what a form may be made or changed to.
type FormWish struct {
	DoubleOptIn  *bool        `json:"doubleOptIn,omitempty" doc:"Nobody is subscribed before they confirmed it; a new form has it" example:"true"`
	Topics       *[]string    `json:"topics,omitempty" doc:"Slugs of the topics that people take with it, at most 20" example:"[\"news\"]"`
	Fields       *[]FormField `json:"fields,omitempty" doc:"What it asks for beside the address, at most 10"`
	RedirectURL  *string      `json:"redirectUrl,omitempty" maxLength:"1000" doc:"Where people go once they sent it, at one of the origins; empty: a page of ours" example:"https://acme.test/thanks"`
	ConfirmedURL *string      `json:"confirmedUrl,omitempty" maxLength:"1000" doc:"Where people go once they confirmed it, at one of the origins; empty: a page of ours" example:"https://acme.test/welcome"`
	Origins      *[]string    `json:"origins,omitempty" doc:"Web sites whose pages may send it, beside its own page; at most 20" example:"[\"https://acme.test\"]"`
}

func (w *FormWish) edit(name *string) control.FormEdit {
	e := control.FormEdit{
		Name: name, DoubleOptIn: w.DoubleOptIn, Topics: w.Topics, Origins: w.Origins,
		RedirectURL: w.RedirectURL, ConfirmedURL: w.ConfirmedURL,
	}
	if w.Fields != nil {
		fields := make([]store.FormField, len(*w.Fields))
		for i, x := range *w.Fields {
			fields[i] = store.FormField(x)
		}
		e.Fields = &fields
	}
	return e
}

type createFormIn struct{ Body NewForm }

type formOut struct{ Body Form }

func (a *api) createForm(ctx context.Context, in *createFormIn) (*formOut, error) {
	f, err := a.Control.CreateForm(ctx, who(ctx), in.Body.edit(&in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &formOut{a.formOf(&f)}, nil
}

// FormPath names a form in a path.
type FormPath struct {
	ID string `path:"id" doc:"The form's id" example:"frm_01jq7z9f3v8k2m5n"`
}

func (a *api) getForm(ctx context.Context, in *FormPath) (*formOut, error) {
	f, err := a.Control.Form(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &formOut{a.formOf(&f)}, nil
}

// FormChange is what changes of a form.
type FormChange struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"For people: it is the title of the page" example:"News of Acme"`
	FormWish
}

type updateFormIn struct {
	FormPath
	Body FormChange
}

func (a *api) updateForm(ctx context.Context, in *updateFormIn) (*formOut, error) {
	f, err := a.Control.UpdateForm(ctx, who(ctx), in.ID, in.Body.edit(in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &formOut{a.formOf(&f)}, nil
}

func (a *api) deleteForm(ctx context.Context, in *FormPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteForm(ctx, who(ctx), in.ID)
}

// ContactConfirmation is a contact's newest wish to be subscribed.
type ContactConfirmation struct {
	Form        string    `json:"form" doc:"The form that it was sent with" example:"frm_01jq7z9f3v8k2m5n"`
	RequestedAt time.Time `json:"requestedAt" doc:"When it was sent"`
	ConfirmedAt time.Time `json:"confirmedAt,omitzero" doc:"Absent: not yet"`
}

func wishOf(o *store.OptIn) *ContactConfirmation {
	if o == nil {
		return nil
	}
	return &ContactConfirmation{Form: o.Form, RequestedAt: o.RequestedAt, ConfirmedAt: o.ConfirmedAt}
}

// ConfirmationWish says through which form a contact is to be subscribed.
type ConfirmationWish struct {
	Form string `json:"form,omitempty" maxLength:"100" doc:"A form's id; absent: the newest wish that the contact has not confirmed" example:"frm_01jq7z9f3v8k2m5n"`
}

// ConfirmationLink is a link by which a contact confirms that it wants to be subscribed.
type ConfirmationLink struct {
	ConfirmURL string    `json:"confirmUrl" doc:"Send it to the contact alone: whoever has it can subscribe them" example:"https://tidings.example.com/confirm/01jq…"`
	ExpiresAt  time.Time `json:"expiresAt" doc:"When it ends"`
}

type createConfirmationIn struct {
	ID   string `path:"id" doc:"The contact's id, address or external id (ext:…)" example:"con_4f"`
	Body *ConfirmationWish
}

type confirmationLinkOut struct{ Body ConfirmationLink }

func (a *api) createConfirmation(ctx context.Context, in *createConfirmationIn) (*confirmationLinkOut, error) {
	form := ""
	if in.Body != nil {
		form = in.Body.Form
	}
	l, err := a.Control.CreateConfirmation(ctx, who(ctx), in.ID, form)
	if err != nil {
		return nil, err
	}
	return &confirmationLinkOut{ConfirmationLink{l.URL, l.ExpiresAt}}, nil
}
