package main

import (
	"fmt"
	"io"
	"maps"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/send"
)

type sendCommand struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	To             []string          `required:"" sep:"none" placeholder:"ADDRESS" help:"Whom to, also as 'Lea <lea@acme.test>'; may be repeated: each gets an email of its own."`
	Template       string            `placeholder:"ID|KEY" help:"Template; what else is said stands in the place of what it says."`
	Subject        string            `placeholder:"TEXT" help:"Subject, Liquid; required without a template."`
	Body           string            `placeholder:"HTML|@FILE" help:"HTML, Liquid; or @ and a file that holds it."`
	Text           *string           `placeholder:"TEXT|@FILE" help:"Text part, Liquid; default: made of the HTML."`
	Data           string            `placeholder:"JSON|@FILE" help:"What the template may name; it is merged into the contact, too."`
	From           string            `placeholder:"ADDRESS" help:"Who it is from; default: as the template or the sender says."`
	Reply          string            `placeholder:"ADDRESS" help:"Where answers go."`
	Header         map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Header field of your own; may be repeated."`
	Attach         []string          `sep:"none" type:"path" placeholder:"FILE" help:"File to attach; may be repeated."`
	Tag            []string          `sep:"none" placeholder:"TAG" help:"What its events carry; may be repeated."`
	Metadata       map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"The same, with a name; may be repeated."`
	Topic          string            `placeholder:"SLUG" help:"Topic that it belongs to: whoever left it is skipped."`
	Sender         string            `placeholder:"ID|NAME" help:"Sender; default: the project's."`
	Transactional  *bool             `negatable:"" help:"Send it to those who unsubscribed, too; default: yes, unless the template is MARKETING."`
	ScheduledFor   string            `placeholder:"TIME" help:"When it is sent, a time or a date within a year; default: at once."`
	Key            string            `name:"idempotency-key" placeholder:"KEY" help:"The same command again with it sends nothing and prints what became of the first."`
	DryRun         bool              `help:"Check and render everything; store and send nothing."`
}

// Help is the long help.
func (*sendCommand) Help() string {
	return `The email is stored; a running server hands it over. Whoever may not be mailed is skipped, with the reason.

  tidings send --to lea@acme.test --template onboarding/welcome --from app@acme.test --dry-run
  tidings send --to 'Lea <lea@acme.test>' --from app@acme.test --subject 'Your invoice' --body @invoice.html --attach invoice.pdf
  tidings send --to lea@acme.test --from app@acme.test --subject 'Hi {{ name }}' --text Hi --data '{"name":"Lea"}' --json`
}

// Run sends an email.
func (s *sendCommand) Run(c *console) error {
	in, err := s.request()
	if err != nil {
		return usageError{err}
	}
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		list, at, err := ops.SendEmails(c.ctx, who, in)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.SendAnswerOf(list, at), func(w io.Writer) { s.write(w, list) })
	})
}

// request reads the flags and the files that they name.
func (s *sendCommand) request() (*control.SendRequest, error) {
	in := &control.SendRequest{
		Subject: s.Subject, Template: s.Template, Tags: s.Tag, Metadata: s.Metadata, Topic: s.Topic, Sender: s.Sender,
		Transactional: s.Transactional,
		ScheduledFor:  s.ScheduledFor, DryRun: s.DryRun, IdempotencyKey: s.Key,
	}
	if s.Text != nil {
		in.Text = new(string)
	}
	for _, to := range s.To {
		in.To = append(in.To, api.MailboxOf(to))
	}
	if s.From != "" {
		from := api.MailboxOf(s.From)
		in.From = &from
	}
	if s.Reply != "" {
		in.ReplyTo = []send.Mailbox{api.MailboxOf(s.Reply)}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		in.Headers = append(in.Headers, send.Header{Name: name, Value: s.Header[name]})
	}
	data := s.Data
	for _, x := range [...]struct {
		flag     string
		from, to *string
	}{{"body", &s.Body, &in.HTML}, {"data", &s.Data, &data}, {"text", s.Text, in.Text}} {
		if x.from == nil {
			continue
		}
		text, err := textOrFile(*x.from)
		if err != nil {
			return nil, fmt.Errorf("read --%s: %w", x.flag, err)
		}
		*x.to = text
	}
	in.Data = []byte(data)
	return in, s.attach(in)
}

// textOrFile is a text as it is or, after @, what the file holds.
func textOrFile(value string) (string, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	b, err := readBounded(name)
	return string(b), err
}

// readBounded reads a file that is no larger than a request to send may be.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, control.MaxSendBody+1))
	if err == nil && len(b) > control.MaxSendBody {
		err = fmt.Errorf("%s has more than %d bytes", name, control.MaxSendBody)
	}
	return b, err
}

func (s *sendCommand) attach(in *control.SendRequest) error {
	for _, name := range s.Attach {
		b, err := readBounded(name)
		if err != nil {
			return fmt.Errorf("read --attach: %w", err)
		}
		kind := mime.TypeByExtension(filepath.Ext(name))
		if kind == "" {
			kind = "application/octet-stream"
		}
		in.Attachments = append(in.Attachments, send.Attachment{Name: filepath.Base(name), ContentType: kind, Content: b})
	}
	return nil
}

func (s *sendCommand) write(w io.Writer, list []control.SentEmail) {
	rows := make([][]string, len(list))
	queued := 0
	for i, x := range list {
		rows[i] = []string{x.Email, string(x.Status), string(x.Reason), x.ID}
		if x.Status == send.StatusQueued {
			queued++
		}
		if s.DryRun {
			rows[i] = rows[i][:3]
		}
	}
	head := []string{"to", "status", "reason", "send"}
	if s.DryRun {
		table(w, head[:3], rows)
		for _, x := range list {
			if x.Status == send.StatusQueued && x.Preview != nil {
				printRendered(w, x.Email, x.Preview)
			}
		}
		fmt.Fprintln(w, "\nThis was a dry run: nothing is stored or sent.")
		return
	}
	table(w, head, rows)
	if queued > 0 {
		fmt.Fprintln(w, "A running server hands over what is queued. What became of one: tidings sends get SEND")
	}
}

// printRendered shows an email as it would be sent.
func printRendered(w io.Writer, to string, p *send.Rendered) {
	fmt.Fprintf(w, "\n----- to %s -----\nSubject: %s\n", plain(to), plain(p.Subject))
	if p.Text != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimRight(p.Text, "\n"))
	}
	if p.HTML != "" {
		fmt.Fprintf(w, "\n----- html -----\n%s\n", strings.TrimRight(p.HTML, "\n"))
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "warning: %s\n", plain(warning))
	}
}
