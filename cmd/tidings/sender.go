package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/send"
)

type senderCommand struct {
	Create senderCreate `cmd:"" help:"Create a sender: a way out for mail."`
	List   senderList   `cmd:"" help:"List the senders."`
	Show   senderShow   `cmd:"" help:"Show a sender, with the DNS records of its DKIM keys."`
	Update senderUpdate `cmd:"" help:"Change a sender, switch it off or on, make it the default."`
	Delete senderDelete `cmd:"" help:"Delete a sender."`
	Test   senderTest   `cmd:"" help:"Try a sender: connect, or send a test mail."`
}

// senderSettings are the flags of a sender's settings.
type senderSettings struct {
	URL              *string  `placeholder:"URL|@FILE" help:"SMTP server in one line: smtps://user:password@host:465 or smtp://…:587, with ?tls=, ?preset= and ?auth=; or @ and a file that holds it."`
	Preset           *string  `placeholder:"SERVICE" help:"Service behind the SMTP server: ses, sendgrid, mailgun, sparkpost or postmark. Mail then carries our ids as its events give them back."`
	Host             *string  `placeholder:"HOST" help:"SMTP server."`
	Port             *int     `placeholder:"N" help:"Its port; 587 where none is said."`
	TLS              *string  `name:"tls" placeholder:"HOW" help:"implicit, required, opportunistic or none. By default: implicit on port 465, opportunistic on port 25 and on this machine, else required."`
	Plaintext        *bool    `negatable:"" help:"Let passwords and mail go over connections that are not encrypted."`
	CA               *string  `name:"ca" placeholder:"FILE" type:"path" help:"Certificates (PEM) to trust instead of the system's."`
	User             *string  `placeholder:"NAME" help:"As whom mail is handed over."`
	Password         *string  `placeholder:"TEXT|@FILE" help:"Its password, or @ and a file that holds it."`
	Auth             *string  `placeholder:"HOW" help:"plain, login or xoauth2 (the password is an access token)."`
	Helo             *string  `placeholder:"HOST" help:"The name we give to the server."`
	Connections      *int     `placeholder:"N" help:"Connections at once; 4 where none is said."`
	PerConnection    *int     `placeholder:"N" help:"Emails over one connection; 100 where none is said."`
	DKIM             []string `name:"dkim" sep:"none" placeholder:"DOMAIN/SELECTOR=FILE" help:"Key (PEM, RSA or Ed25519) to sign mail with; may be repeated."`
	ReturnPath       *string  `placeholder:"ADDRESS" help:"Where reports of mail by SMTP come back to; each mail gets its id into it, after a plus."`
	Stream           *string  `placeholder:"ID" help:"Message stream of Postmark."`
	Region           *string  `placeholder:"REGION" help:"Region of AWS; by default the environment's."`
	ConfigurationSet *string  `placeholder:"NAME" help:"Configuration set of SES: without one there are no events."`
	UntrackedSet     *string  `placeholder:"NAME" help:"Configuration set of SES for mail whose opens or clicks are not to be watched."`
	AccessKeyID      *string  `name:"access-key-id" placeholder:"ID" help:"Access key of AWS; by default the server's environment says who it is."`
	SecretAccessKey  *string  `placeholder:"TEXT|@FILE" help:"Its secret, or @ and a file that holds it."`
	From             *string  `placeholder:"ADDRESS" help:"Whom mail is from that says nothing else."`
	FromName         *string  `placeholder:"TEXT" help:"The name beside it."`
	ReplyTo          *string  `placeholder:"ADDRESS" help:"Where answers go to mail that says nothing else."`
	Rate             *float64 `placeholder:"N" help:"Emails a second; 0 is no limit."`
	Default          *bool    `help:"Mail that names no sender goes out by this one."`
}

// edit reads the flags and the files that they name.
func (s *senderSettings) edit(name *string) (control.SenderEdit, error) {
	e := control.SenderEdit{
		Name: name, URL: s.URL, From: s.From, FromName: s.FromName, ReplyTo: s.ReplyTo, Rate: s.Rate, Default: s.Default,
		Settings: control.SettingsEdit{
			Preset: s.Preset, Host: s.Host, TLS: s.TLS, CA: s.CA, User: s.User, Password: s.Password, Auth: s.Auth, Helo: s.Helo,
			ReturnPath: s.ReturnPath, Stream: s.Stream, Port: s.Port, Connections: s.Connections, PerConnection: s.PerConnection,
			Plaintext: s.Plaintext,
			Region:    s.Region, ConfigurationSet: s.ConfigurationSet, UntrackedSet: s.UntrackedSet, AccessKeyID: s.AccessKeyID,
			SecretAccessKey: s.SecretAccessKey,
		},
	}
	for _, secret := range [...]**string{&e.URL, &e.Settings.Password, &e.Settings.SecretAccessKey} {
		if *secret == nil {
			continue
		}
		read, err := readSecrets([]string{**secret})
		if err != nil {
			return e, err
		}
		*secret = &read[0]
	}
	if s.CA != nil && *s.CA != "" {
		b, err := os.ReadFile(*s.CA)
		if err != nil {
			return e, usageError{fmt.Errorf("read --ca: %w", err)}
		}
		e.Settings.CA = new(string(b))
	}
	if len(s.DKIM) == 0 {
		return e, nil
	}
	keys := make([]send.DKIMKey, len(s.DKIM))
	for i, text := range s.DKIM {
		where, file, ok := strings.Cut(text, "=")
		domain, selector, named := strings.Cut(where, "/")
		if !ok || !named {
			return e, usageError{fmt.Errorf("--dkim %q: write DOMAIN/SELECTOR=FILE, as in acme.test/s1=key.pem", text)}
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return e, usageError{fmt.Errorf("read --dkim: %w", err)}
		}
		keys[i] = send.DKIMKey{Domain: domain, Selector: selector, PrivateKey: string(b)}
	}
	e.Settings.DKIM = &keys
	return e, nil
}

// viewSender is a sender as it is printed: the API's, but for how it does, which only the server knows.
func viewSender(x *send.Sender) api.Sender { return api.SenderOf(x, nil) }

type senderCreate struct {
	database       `embed:""`
	printing       `embed:""`
	Name           string `required:"" placeholder:"TEXT" help:"What mail is told to go out by."`
	Kind           string `default:"smtp" placeholder:"KIND" help:"smtp, ses, file or console."`
	senderSettings `embed:""`
}

// Help is the long help.
func (*senderCreate) Help() string {
	return `The first sender of a project is its default. Without any, mail is written into the outbox. docs/senders.md tells more.

  tidings sender create --name main --url smtps://user:password@mail.example.com:465 --from app@example.com
  tidings sender create --name ses --kind ses --configuration-set tidings --untracked-set tidings-untracked --rate 14
  tidings sender create --name postmark --preset postmark --user TOKEN --password TOKEN --from app@example.com --json`
}

// Run creates a sender.
func (s *senderCreate) Run(c *console) error {
	e, err := s.edit(&s.Name)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.CreateSender(c.ctx, who, s.Kind, e)
		if err != nil {
			return err
		}
		return s.printAPI(c, viewSender(&x), func(w io.Writer) {
			fmt.Fprintf(w, "%s is the sender %q.%s Try it: tidings sender test %s\n", x.ID, plain(x.Name), isDefault(x.Default), x.ID)
			printRecords(w, &x)
		})
	})
}

func isDefault(yes bool) string {
	if yes {
		return " Mail that names no sender goes out by it."
	}
	return ""
}

func printRecords(w io.Writer, x *send.Sender) {
	for _, k := range x.Settings.DKIM {
		name, text := control.DKIMRecord(k)
		fmt.Fprintf(w, "DNS must have this TXT record, so that its signatures are believed:\n  %s\n  %s\n", name, text)
	}
}

type senderList struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*senderList) Help() string {
	return `  tidings sender list
  tidings sender list --json`
}

// Run lists the senders.
func (s *senderList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Senders(c.ctx, who)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.SenderListOf(list, viewSender), func(w io.Writer) {
			rows := make([][]string, len(list))
			for i := range list {
				x := &list[i]
				rows[i] = []string{x.ID, x.Name, x.Kind, leadsTo(x), x.From.Address, rateOf(x.Rate), senderState(x)}
			}
			table(w, []string{"id", "name", "kind", "leads to", "from", "a second", "state"}, rows)
			if list[0].ID == send.ImplicitSender {
				fmt.Fprintln(w, "The project has no sender of its own: mail is written into the outbox. Make one: tidings sender create")
			}
		})
	})
}

// leadsTo says in a few words where mail goes.
func leadsTo(x *send.Sender) string {
	s := &x.Settings
	switch x.Kind {
	case send.KindSMTP:
		where := s.Host
		if s.Port != 0 {
			where += ":" + strconv.Itoa(s.Port)
		}
		if s.Preset != "" {
			where += " (" + s.Preset + ")"
		}
		return where
	case send.KindSES:
		return strings.TrimSpace(s.Region + " " + s.ConfigurationSet)
	case send.KindFile:
		return "the outbox"
	}
	return ""
}

func rateOf(rate float64) string {
	if rate == 0 {
		return ""
	}
	return strconv.FormatFloat(rate, 'g', -1, 64)
}

func senderState(x *send.Sender) string {
	switch {
	case !x.DisabledAt.IsZero():
		return "off"
	case x.Default:
		return "default"
	}
	return "on"
}

// oneSender names a sender.
type oneSender struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The sender's id (snr_…) or name."`
}

type senderShow struct {
	oneSender `embed:""`
}

// Help is the long help.
func (*senderShow) Help() string {
	return `Passwords and keys are not shown.

  tidings sender show snr_01jq7z9f3v8k2m5n`
}

// Run shows a sender.
func (s *senderShow) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.Sender(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.printAPI(c, viewSender(&x), func(w io.Writer) { printSender(w, &x) })
	})
}

func printSender(w io.Writer, x *send.Sender) {
	s := &x.Settings
	set := map[bool]string{true: "set, not shown"}
	rows := [][2]string{
		{"id", x.ID},
		{"name", x.Name},
		{"kind", x.Kind},
		{"leads to", leadsTo(x)},
		{"state", senderState(x)},
		{"from", strings.TrimSpace(x.From.Name + " <" + x.From.Address + ">")},
		{"reply to", x.ReplyTo},
		{"emails a second", rateOf(x.Rate)},
		{"encryption", s.TLS},
		{"user", s.User},
		{"password", set[s.Password != ""]},
		{"says it by", s.Auth},
		{"untracked set", s.UntrackedSet},
		{"access key", s.AccessKeyID},
		{"secret access key", set[s.SecretAccessKey != ""]},
		{"return path", s.ReturnPath},
		{"message stream", s.Stream},
	}
	for _, row := range rows {
		if row[1] != "" && row[1] != "<>" {
			fmt.Fprintf(w, "%-18s%s\n", row[0]+":", plain(row[1]))
		}
	}
	printRecords(w, x)
}
