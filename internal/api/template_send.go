package api

import (
	"context"

	"tidings/internal/control"
)

// TemplateTest asks for a test of a template.
type TemplateTest struct {
	To      mailbox `json:"to" doc:"Who looks at it"`
	Contact string  `json:"contact,omitempty" maxLength:"1000" doc:"The id or address of the contact whose data it shows; absent: the recipient's own" example:"lea@acme.test"`
	Data    rawData `json:"data,omitzero" doc:"What would come with the send; it goes before the contact's attributes" example:"{\"order\":17}"`
	Event   rawData `json:"event,omitzero" doc:"The event that would lead to it" example:"{\"subject\":\"Hi\"}"`
	Sender  string  `json:"sender,omitempty" maxLength:"1000" doc:"The id or name of the sender; absent: the project's default" example:"snr_1"`
}

// TestedTemplate is what became of a test.
type TestedTemplate struct {
	Send      string `json:"send" doc:"The send's id; what becomes of it is at /sends/{id}" example:"snd_8h3"`
	MessageID string `json:"messageId,omitempty" doc:"The message, whose events tell what became of it" example:"msg_9"`
	Status    string `json:"status" enum:"queued,skipped" doc:"Whether it is sent"`
	Reason    string `json:"reason,omitempty" enum:"suppressed,gone" doc:"Why not"`
}

// TestedTemplateOf makes the public form of a test.
func TestedTemplateOf(x *control.SentEmail) TestedTemplate {
	return TestedTemplate{Send: x.ID, MessageID: x.Message, Status: string(x.Status), Reason: string(x.Reason)}
}

type testTemplateIn struct {
	TemplatePath
	Body TemplateTest
}

type testedTemplateOut struct{ Body TestedTemplate }

func (a *api) testTemplate(ctx context.Context, in *testTemplateIn) (*testedTemplateOut, error) {
	x, err := a.Control.TestTemplate(ctx, who(ctx), &control.TemplateTest{
		Template: in.ID, To: in.Body.To.Mailbox, Contact: in.Body.Contact, Data: in.Body.Data.Value, Event: in.Body.Event.Value,
		Sender: in.Body.Sender,
	})
	if err != nil {
		return nil, err
	}
	return &testedTemplateOut{TestedTemplateOf(&x)}, nil
}
