package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/mail"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/send"
)

type templateTest struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	Template       string `arg:"" help:"The template's id or key."`
	To             string `required:"" placeholder:"ADDRESS" help:"Who looks at it."`
	Contact        string `placeholder:"ID|ADDRESS" help:"Whose data it shows; default: the recipient's own."`
	Data           string `placeholder:"JSON" help:"What would come with the send."`
	Event          string `placeholder:"JSON" help:"The event that would lead to it."`
	Sender         string `placeholder:"ID|NAME" help:"By which sender; default: the project's default."`
}

// Help is the long help.
func (*templateTest) Help() string {
	return `[Test] stands before the subject. It goes out whatever the recipient said of mail, but for a suppression, and counts
nowhere for the template. A running server with this database hands it over.

  tidings template test onboarding/welcome --to lea@acme.test
  tidings template test onboarding/welcome --to lea@acme.test --contact ghost@acme.test --data '{"order":17}'`
}

// Run sends a test.
func (s *templateTest) Run(c *console) error {
	to := send.Mailbox{Address: s.To}
	if a, err := mail.ParseAddress(s.To); err == nil {
		to = send.Mailbox{Name: a.Name, Address: a.Address}
	}
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		x, err := ops.TestTemplate(c.ctx, who, &control.TemplateTest{
			Template: s.Template, To: to, Contact: s.Contact, Data: json.RawMessage(s.Data), Event: json.RawMessage(s.Event),
			Sender: s.Sender,
		})
		if err != nil {
			return err
		}
		view := api.TestedTemplateOf(&x)
		return s.printAPI(c, view, func(w io.Writer) {
			if view.Reason != "" {
				fmt.Fprintf(w, "Not sent: %s is %s.\n", plain(s.To), view.Reason)
				return
			}
			fmt.Fprintf(w, "%s to %s is queued; a running server hands it over.\n", view.Send, plain(s.To))
		})
	})
}
