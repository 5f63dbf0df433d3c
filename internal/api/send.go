package api

import (
	"cmp"
	"context"
	"maps"
	"net/mail"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

// mailbox is an address: a text such as "a@b" or "Name <a@b>", or an object.
type mailbox struct{ send.Mailbox }

// UnmarshalJSONFrom reads either form.
func (m *mailbox) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '"' {
		return json.UnmarshalDecode(dec, &m.Mailbox, json.RejectUnknownMembers(true))
	}
	var text string
	if err := json.UnmarshalDecode(dec, &text); err != nil {
		return err
	}
	m.Mailbox = MailboxOf(text)
	return nil
}

// MailboxOf reads a text such as "a@b" or "Name <a@b>". What is no address with a name is taken as it
// stands, and refused where addresses are checked.
func MailboxOf(text string) send.Mailbox {
	if a, err := mail.ParseAddress(text); err == nil {
		return send.Mailbox{Name: a.Name, Address: a.Address}
	}
	return send.Mailbox{Address: text}
}

// mailboxSchemas are the forms of an address. They are new each time: whoever has a schema fills it.
func mailboxSchemas() []*huma.Schema {
	return []*huma.Schema{
		{Type: huma.TypeString, Description: "An address, alone or with a name"},
		{
			Type: huma.TypeObject, Required: []string{"email"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{"name": {Type: huma.TypeString}, "email": {Type: huma.TypeString}},
		},
	}
}

// Schema describes it in the OpenAPI document.
func (mailbox) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: mailboxSchemas(), Examples: []any{"My App <hello@acme.test>"}}
}

// mailboxes is one address or several.
type mailboxes []mailbox

// UnmarshalJSONFrom reads either form.
func (m *mailboxes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		return json.UnmarshalDecode(dec, (*[]mailbox)(m))
	}
	*m = make(mailboxes, 1)
	return json.UnmarshalDecode(dec, &(*m)[0])
}

// Schema describes it in the OpenAPI document.
func (mailboxes) Schema(huma.Registry) *huma.Schema {
	list := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{OneOf: mailboxSchemas()}}
	return &huma.Schema{OneOf: append(mailboxSchemas(), list), Examples: []any{"lea@acme.test"}}
}

func (m mailboxes) list() []send.Mailbox {
	var list []send.Mailbox
	for _, x := range m {
		list = append(list, x.Mailbox)
	}
	return list
}

// SendAttachment is a file that goes with an email.
type SendAttachment struct {
	Filename    string `json:"filename" doc:"Its name" example:"invoice.pdf"`
	Content     []byte `json:"content" doc:"In base64"`
	ContentType string `json:"contentType" doc:"Its media type" example:"application/pdf"`
	ContentID   string `json:"contentId,omitempty" doc:"Of an image that the HTML shows as cid:…" example:"logo"`
}

// SendEmail is what is to be sent, in MailGlyph's JSON with ours beside it.
type SendEmail struct {
	To            mailboxes         `json:"to" doc:"Whom to: an address, an object with name and email, or 1 to 50 of them, each of whom gets an email of its own"`
	From          *mailbox          `json:"from,omitempty" doc:"Who it is from; absent: as the template or the sender says"`
	Name          string            `json:"name,omitempty" doc:"The name shown beside from, where that has none" example:"My App"`
	Subject       string            `json:"subject,omitempty" doc:"A template of one line; required without a template" example:"Your invoice {{ number }}"`
	Body          string            `json:"body,omitempty" doc:"HTML, a template; required without a template" example:"<p>Hello {{ firstName }}</p>"`
	Text          *string           `json:"text,omitempty" doc:"The text part, a template. Absent: made from the body; empty: there is none"`
	Template      string            `json:"template,omitempty" doc:"A template's id or key; what the request says stands in place of what it says" example:"onboarding/welcome"`
	Data          rawData           `json:"data,omitzero" doc:"What templates may name, and merged into the contact as /v1/track does it"`
	Subscribed    *bool             `json:"subscribed,omitempty" doc:"Whether the contact may get marketing. Absent: a new contact may not, an old one stays as it is"`
	Headers       map[string]string `json:"headers,omitempty" doc:"Header fields of your own, at most 50" example:"{\"X-Order\":\"1042\"}"`
	Reply         *mailbox          `json:"reply,omitempty" doc:"Where answers go"`
	Attachments   []SendAttachment  `json:"attachments,omitempty" nullable:"false" doc:"At most 10, and 10 MB of them"`
	Tags          []string          `json:"tags,omitempty" nullable:"false" doc:"What events of it carry, at most 20" example:"[\"billing\"]"`
	Metadata      map[string]string `json:"metadata,omitempty" doc:"The same, with names; at most 20" example:"{\"order\":\"1042\"}"`
	Topic         string            `json:"topic,omitempty" doc:"The slug of the topic that it belongs to: whoever left that is skipped" example:"news"`
	Sender        string            `json:"sender,omitempty" doc:"The id of the sender; absent: the project's default" example:"snr_1"`
	Transactional *bool             `json:"transactional,omitempty" doc:"Whether it goes to those who unsubscribed, too. Absent: it does, unless the template is MARKETING"`
	TrackOpens    *bool             `json:"trackOpens,omitempty" doc:"Absent: as the template says"`
	TrackClicks   *bool             `json:"trackClicks,omitempty" doc:"Absent: as the template says"`
	ScheduledFor  string            `json:"scheduledFor,omitempty" doc:"When it is sent, a time or a date within a year; absent: at once" example:"2026-05-04T10:12:00Z"`
	DryRun        bool              `json:"dryRun,omitempty" doc:"Everything is checked and rendered; nothing is stored or sent"`
}

func (e *SendEmail) request(key string) *control.SendRequest {
	r := &control.SendRequest{
		To: e.To.list(), Subject: e.Subject, HTML: e.Body, Text: e.Text, Template: e.Template, Data: e.Data.Value,
		Subscribed: e.Subscribed, Tags: e.Tags, Metadata: e.Metadata, Topic: e.Topic, Sender: e.Sender,
		Transactional: e.Transactional, TrackOpens: e.TrackOpens, TrackClicks: e.TrackClicks, ScheduledFor: e.ScheduledFor,
		DryRun: e.DryRun, IdempotencyKey: key,
	}
	if e.From != nil {
		r.From = &e.From.Mailbox
		if r.From.Name == "" {
			r.From.Name = e.Name
		}
	}
	if e.Reply != nil {
		r.ReplyTo = []send.Mailbox{e.Reply.Mailbox}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		r.Headers = append(r.Headers, send.Header{Name: name, Value: e.Headers[name]})
	}
	for _, a := range e.Attachments {
		r.Attachments = append(r.Attachments, send.Attachment{
			Name: a.Filename, ContentType: a.ContentType, Content: a.Content, ContentID: a.ContentID,
		})
	}
	return r
}

// SendAnswer is the answer to a request to send.
type SendAnswer struct {
	Success bool     `json:"success" doc:"Always true: a request that is not taken is answered with a problem"`
	Data    SendData `json:"data"`
}

// SendData is what became of a request to send.
type SendData struct {
	Emails    []SentEmail `json:"emails" nullable:"false" doc:"One for each recipient, in order"`
	Timestamp time.Time   `json:"timestamp" doc:"When it was taken"`
}

// SentEmail is what became of one recipient.
type SentEmail struct {
	Contact SentContact  `json:"contact"`
	Email   string       `json:"email" doc:"The message's id, which is emailId in its events; of one that is skipped the send's" example:"msg_9"`
	Send    string       `json:"send" doc:"The send's id" example:"snd_8h3"`
	Status  string       `json:"status" enum:"queued,handing,sent,failed,skipped,uncertain,canceled,held" doc:"Where it is"`
	Reason  string       `json:"reason,omitempty" enum:"suppressed,unsubscribed,unsubscribed_topic,snoozed,pending,gone" doc:"Why it is skipped"`
	Preview *SendPreview `json:"preview,omitempty" doc:"Of a dry run: what would be sent"`
}

// SentContact is whom an email goes to.
type SentContact struct {
	ID    string `json:"id" doc:"The contact's id; empty in a dry run for somebody new" example:"con_4f"`
	Email string `json:"email" doc:"The address, as it was written" example:"lea@acme.test"`
}

// SendPreview is an email as it would be sent.
type SendPreview struct {
	Subject  string   `json:"subject" doc:"Rendered" example:"Your invoice 1042"`
	HTML     string   `json:"html" doc:"Rendered, without the links that a real one gets"`
	Text     string   `json:"text" doc:"The same, as text; empty: there is none"`
	Warnings []string `json:"warnings,omitempty" nullable:"false" doc:"What somebody should look at"`
}

type sendEmailIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters of ASCII. The same request again with it gets the first answer and sends nothing; another one gets 409" example:"invoice-1042"`
	Body           SendEmail
}

type sendEmailOut struct{ Body SendAnswer }

func (a *api) sendEmail(ctx context.Context, in *sendEmailIn) (*sendEmailOut, error) {
	list, at, err := a.Control.SendEmails(ctx, who(ctx), in.Body.request(in.IdempotencyKey))
	if err != nil {
		return nil, err
	}
	return &sendEmailOut{SendAnswerOf(list, at)}, nil
}

// SendAnswerOf is the answer to a request that was taken.
func SendAnswerOf(list []control.SentEmail, at time.Time) SendAnswer {
	out := SendAnswer{Success: true, Data: SendData{Emails: make([]SentEmail, len(list)), Timestamp: at}}
	for i, x := range list {
		e := SentEmail{
			Contact: SentContact{ID: x.Contact, Email: x.Email}, Email: cmp.Or(x.Message, x.ID), Send: x.ID,
			Status: string(x.Status), Reason: string(x.Reason),
		}
		if p := x.Preview; p != nil {
			e.Preview = &SendPreview{Subject: p.Subject, HTML: p.HTML, Text: p.Text, Warnings: p.Warnings}
		}
		out.Data.Emails[i] = e
	}
	return out
}

// onSend lets requests be as large as attachments make them.
func onSend[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.MaxBodyBytes = control.MaxSendBody
		on(h)(a, framework, op)
	}
}

// Send is one email that was asked for.
type Send struct {
	ID        string    `json:"id" doc:"Its id" example:"snd_8h3"`
	Status    string    `json:"status" enum:"queued,handing,sent,failed,skipped,uncertain,canceled,held" doc:"Where it is. uncertain: the server ended, or the connection broke, while it was handed over; it is never sent again by itself. held: its broadcast is paused"`
	Reason    string    `json:"reason,omitempty" doc:"Why it was skipped or failed, for programs" example:"suppressed"`
	Problem   string    `json:"problem,omitempty" doc:"What the other side said last, for people"`
	ContactID string    `json:"contactId,omitempty" doc:"Whom it goes to" example:"con_4f"`
	Recipient string    `json:"recipient,omitempty" doc:"The address" example:"lea@acme.test"`
	MessageID string    `json:"messageId,omitempty" doc:"The message, whose events tell what became of it" example:"msg_9"`
	Origin    string    `json:"origin" doc:"Who asked for it: api, test, or the rule, broadcast or workflow by its id" example:"api"`
	Execution string    `json:"executionId,omitempty" doc:"The run of a workflow that asked for it" example:"exe_4f"`
	Subject   string    `json:"subject,omitempty" doc:"As it was asked for, before it is rendered; absent: the template's"`
	Template  string    `json:"template,omitempty" doc:"The key or id of its template" example:"onboarding/welcome"`
	Sender    string    `json:"sender,omitempty" doc:"The sender that had it last" example:"snr_1"`
	Attempts  int       `json:"attempts" doc:"How often it was tried"`
	DueAt     time.Time `json:"dueAt" doc:"When it is or was due"`
	CreatedAt time.Time `json:"createdAt" doc:"When it was asked for"`
	UpdatedAt time.Time `json:"updatedAt" doc:"When that changed last"`
}

// SendOf is a send as it is answered.
func SendOf(x *store.SendItem) Send {
	return Send{
		ID: x.ID, Status: string(x.Status), Reason: x.Reason, Problem: x.Problem, ContactID: x.Contact, Recipient: x.Recipient,
		MessageID: x.Message, Origin: x.Origin, Execution: x.Content.Run, Subject: x.Content.Subject,
		Template: x.Content.Label, Sender: x.Sender,
		Attempts: x.Attempts, DueAt: x.DueAt, CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt,
	}
}

// SendPage is one page of sends.
type SendPage struct {
	Sends []Send `json:"sends" nullable:"false" doc:"Newest first"`
	Page
}

type listSendsIn struct {
	Status  []string `query:"status" doc:"Only these; may be repeated" enum:"queued,handing,sent,failed,skipped,uncertain,canceled,held"`
	Contact string   `query:"contact" doc:"Only those of a contact, by id or address" example:"lea@acme.test"`
	Origin  string   `query:"origin" doc:"Only those of one origin" example:"api"`
	Cast    string   `query:"broadcast" doc:"Only those of a broadcast, by its id" example:"brc_4f"`
	Paging
}

type sendPageOut struct{ Body SendPage }

func (a *api) listSends(ctx context.Context, in *listSendsIn) (*sendPageOut, error) {
	page, err := a.Control.Sends(ctx, who(ctx), control.SendFilter{
		Statuses: in.Status, Contact: in.Contact, Origin: in.Origin, Broadcast: in.Cast, Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &sendPageOut{SendPageOf(&page)}, nil
}

// SendPageOf is a page of sends as it is answered.
func SendPageOf(page *control.SendPage) SendPage {
	out := SendPage{Sends: make([]Send, len(page.Sends)), Page: pageOf(page.NextCursor)}
	for i := range page.Sends {
		out.Sends[i] = SendOf(&page.Sends[i])
	}
	return out
}

type sendIn struct {
	ID string `path:"id" doc:"The send's id" example:"snd_8h3"`
}

type sendOut struct{ Body Send }

func oneSend(x store.SendItem, err error) (*sendOut, error) {
	if err != nil {
		return nil, err
	}
	return &sendOut{SendOf(&x)}, nil
}

func (a *api) getSend(ctx context.Context, in *sendIn) (*sendOut, error) {
	return oneSend(a.Control.GetSend(ctx, who(ctx), in.ID))
}

// SendDecision is what a person decides of a send.
type SendDecision struct {
	Status string `json:"status" enum:"sent,failed,queued,canceled" doc:"What it is from now on. An uncertain one can be made sent, failed or queued, which sends it again; a failed one queued; a queued one canceled"`
	Note   string `json:"note,omitempty" doc:"Why, at most 1,000 characters" example:"the recipient has it"`
}

type decideSendIn struct {
	ID   string `path:"id" doc:"The send's id" example:"snd_8h3"`
	Body SendDecision
}

func (a *api) decideSend(ctx context.Context, in *decideSendIn) (*sendOut, error) {
	if !slices.Contains([]string{"sent", "failed", "queued", "canceled"}, in.Body.Status) {
		return nil, fault.BadField("status", "must be sent, failed, queued or canceled")
	}
	return oneSend(a.Control.DecideSend(ctx, who(ctx), in.ID, send.Status(in.Body.Status), in.Body.Note))
}
