package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tidings/internal/config"
	"tidings/internal/control"
)

type sourceChange struct {
	database           `embed:""`
	printing           `embed:""`
	ID                 string           `arg:"" help:"The source's id (src_…)."`
	Name               *string          `placeholder:"TEXT" help:"What people call it."`
	Topic              []string         `sep:"none" placeholder:"ARN" help:"SNS topics that may post here, instead of those that may now."`
	SigningCertificate *string          `placeholder:"FILE" type:"path" help:"Trust only this certificate (PEM)."`
	RequireVersion2    *bool            `negatable:"" help:"Refuse SNS signatures of version 1 (SHA-1)."`
	AllowRaw           *bool            `negatable:"" help:"Accept SNS raw delivery, which carries no signature."`
	KeepBody           *bool            `negatable:"" help:"Let events of inbound mail have its body (provider inbound)."`
	ConfirmByHand      *bool            `negatable:"" help:"Let a person confirm subscriptions of listed topics too."`
	BasicAuth          []string         `sep:"none" placeholder:"USER:PASSWORD" help:"Ask for basic auth, any of these, instead of those now."`
	Secret             []string         `sep:"none" placeholder:"VALUE|@FILE" help:"The provider's keys, signing secrets or tokens, current first, instead of those now."`
	SignedURL          []string         `sep:"none" placeholder:"URL" help:"The source's URL exactly as the provider has it, where that is signed (Mandrill behind a proxy); may be repeated."`
	Account            *string          `placeholder:"ID" help:"The AWS account that events must come from."`
	FixedPath          *string          `placeholder:"WORD" help:"Also reachable without token at BASE/PROVIDER/WORD."`
	MaxAge             *config.Duration `placeholder:"TIME" help:"Oldest signed request to accept; 0: as old as events are kept."`
	TemplateTag        *string          `placeholder:"TAG" help:"Message tag that holds the template."`
	WorkflowTag        *string          `placeholder:"TAG" help:"Message tag that holds the workflow."`
	Queue              *string          `placeholder:"URL" help:"SQS queue that the server reads, with its own AWS credentials."`
	QueueRegion        *string          `placeholder:"REGION" help:"AWS region of a queue whose URL tells none."`
	Remove             []string         `placeholder:"SETTING" help:"Remove basic-auth, secret, signed-url, signing-certificate, account, fixed-path, template-tag, workflow-tag, queue or queue-region; may be repeated."`
}

// Help is the long help.
func (*sourceChange) Help() string {
	return `What is not named stays as it is. A change takes effect within a second, on every node.

  tidings source change src_01jq7z9f3v8k2m5n --basic-auth ses:new-password --basic-auth ses:old-password
  tidings source change src_01jq7z9f3v8k2m5n --remove basic-auth --no-allow-raw
  tidings source change src_01jq7z9f3v8k2m5n --queue https://sqs.eu-west-1.amazonaws.com/123456789012/ses-events
  tidings source change src_01jq7z9f3v8k2m5n --secret new-token --secret old-token   # both work while you rotate`
}

// removable are the settings that --remove knows, and what removes them.
var removable = map[string]func(*control.SourceChange){
	"basic-auth":          func(ch *control.SourceChange) { ch.BasicAuth = new([]string) },
	"secret":              func(ch *control.SourceChange) { ch.Secrets = new([]string) },
	"signing-certificate": func(ch *control.SourceChange) { ch.SigningCertificate = new(string) },
	"signed-url":          func(ch *control.SourceChange) { ch.SignedURLs = new([]string) },
	"account":             func(ch *control.SourceChange) { ch.Account = new(string) },
	"fixed-path":          func(ch *control.SourceChange) { ch.Path = new(string) },
	"template-tag":        func(ch *control.SourceChange) { ch.TemplateTag = new(string) },
	"workflow-tag":        func(ch *control.SourceChange) { ch.WorkflowTag = new(string) },
	"queue":               func(ch *control.SourceChange) { ch.Queue, ch.QueueRegion = new(string), new(string) },
	"queue-region":        func(ch *control.SourceChange) { ch.QueueRegion = new(string) },
}

func (s *sourceChange) change() (control.SourceChange, error) {
	ch := control.SourceChange{
		Name: s.Name, Path: s.FixedPath, RequireVersion2: s.RequireVersion2, AllowRaw: s.AllowRaw, ConfirmByHand: s.ConfirmByHand,
		KeepBody: s.KeepBody,
		Account:  s.Account, TemplateTag: s.TemplateTag, WorkflowTag: s.WorkflowTag, Queue: s.Queue, QueueRegion: s.QueueRegion,
	}
	if len(s.Topic) > 0 {
		ch.Topics = &s.Topic
	}
	if len(s.SignedURL) > 0 {
		ch.SignedURLs = &s.SignedURL
	}
	if len(s.BasicAuth) > 0 {
		ch.BasicAuth = &s.BasicAuth
	}
	if len(s.Secret) > 0 {
		list, err := readSecrets(s.Secret)
		if err != nil {
			return ch, err
		}
		ch.Secrets = &list
	}
	if s.MaxAge != nil {
		seconds := int64(s.MaxAge.Std() / time.Second)
		ch.MaxAgeSeconds = &seconds
	}
	if s.SigningCertificate != nil {
		b, err := os.ReadFile(*s.SigningCertificate)
		if err != nil {
			return ch, fmt.Errorf("read --signing-certificate: %w", err)
		}
		text := string(b)
		ch.SigningCertificate = &text
	}
	for _, name := range s.Remove {
		remove, ok := removable[name]
		if !ok {
			return ch, usageError{fmt.Errorf("--remove %s: can't be removed, see tidings source change --help", name)}
		}
		remove(&ch)
	}
	if ch == (control.SourceChange{}) {
		return ch, usageError{errors.New("nothing to change: see tidings source change --help")}
	}
	return ch, nil
}

// Run changes a source.
func (s *sourceChange) Run(c *console) error {
	ch, err := s.change()
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.UpdateSource(c.ctx, who, s.ID, ch)
		if err != nil {
			return err
		}
		return s.print(c, viewSource(x, "", ""), func(w io.Writer) { fmt.Fprintf(w, "%s is changed.\n", x.ID) })
	})
}
