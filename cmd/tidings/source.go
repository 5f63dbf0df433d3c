package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/source"
)

type sourceCommand struct {
	Create  sourceCreate  `cmd:"" help:"Create a source; its URL is shown this once."`
	List    sourceList    `cmd:"" help:"List the sources."`
	Change  sourceChange  `cmd:"" help:"Change the settings of a source."`
	Rotate  sourceRotate  `cmd:"" help:"Give a source a new token; the one before works for a while."`
	Disable sourceDisable `cmd:"" help:"Make a source refuse everything."`
	Enable  sourceEnable  `cmd:"" help:"End disable."`
	Confirm sourceConfirm `cmd:"" help:"List the subscriptions that wait for a person, or confirm one."`
	Health  sourceHealth  `cmd:"" help:"Tell how a source does, what is wrong with it and what to do."`
	Test    sourceTest    `cmd:"" help:"Send a signed sample through a source's real URL."`
}

// sourceView is a source as it is printed: secrets are left out.
type sourceView struct {
	ID              string    `json:"id"`
	URL             string    `json:"url,omitempty"`   // after its creation or rotation, or where it has a fixed path
	Token           string    `json:"token,omitempty"` // after its creation or rotation
	Name            string    `json:"name"`
	Provider        string    `json:"provider"`
	Topics          []string  `json:"topics,omitempty"`
	Pinned          bool      `json:"pinned"` // it trusts its own certificate alone
	RequireVersion2 bool      `json:"requireVersion2"`
	AllowRaw        bool      `json:"allowRaw"`
	KeepBody        bool      `json:"keepBody,omitempty"`
	ConfirmByHand   bool      `json:"confirmByHand"`
	Account         string    `json:"account,omitempty"`
	Queue           string    `json:"queue,omitempty"`
	QueueRegion     string    `json:"queueRegion,omitempty"`
	State           string    `json:"state,omitempty"` // in the list of all
	LastEventAt     time.Time `json:"lastEventAt,omitzero"`
	Events24h       int64     `json:"events24h,omitempty"`
	Secrets         int       `json:"secrets,omitempty"` // how many are accepted
	PreviousUntil   time.Time `json:"previousTokenUntil,omitzero"`
	CreatedAt       time.Time `json:"createdAt"`
	DisabledAt      time.Time `json:"disabledAt,omitzero"`
}

func viewSource(s *source.Source, url, token string) sourceView {
	set := s.Settings
	return sourceView{
		ID: s.ID, URL: url, Token: token, Name: s.Name, Provider: s.Provider, Topics: set.Topics,
		Pinned: set.SigningCertificate != "", RequireVersion2: set.RequireVersion2, AllowRaw: set.AllowRaw, KeepBody: set.KeepBody,
		ConfirmByHand: set.ConfirmByHand, Account: set.Account, Secrets: len(set.Secrets),
		Queue: set.Queue, QueueRegion: set.QueueRegion,
		PreviousUntil: s.PreviousUntil, CreatedAt: s.CreatedAt, DisabledAt: s.DisabledAt,
	}
}

type sourceCreate struct {
	database           `embed:""`
	printing           `embed:""`
	config.Address     `embed:""`
	Provider           string          `required:"" placeholder:"SLUG" help:"The email provider: ${providers}."`
	Name               string          `required:"" placeholder:"TEXT" help:"What people call it."`
	Topic              []string        `sep:"none" placeholder:"ARN" help:"SNS topic that may post here; may be repeated."`
	SigningCertificate string          `placeholder:"FILE" type:"path" help:"Trust only this certificate (PEM), for brokers that speak SNS."`
	RequireVersion2    bool            `help:"Refuse SNS signatures of version 1 (SHA-1)."`
	AllowRaw           bool            `help:"Accept SNS raw delivery, which carries no signature: the token alone proves it."`
	KeepBody           bool            `help:"Let events of inbound mail have its body (provider inbound)."`
	ConfirmByHand      bool            `help:"Let a person confirm subscriptions of listed topics too."`
	BasicAuth          []string        `sep:"none" placeholder:"USER:PASSWORD" help:"Also ask for basic auth; may be repeated."`
	Secret             []string        `sep:"none" placeholder:"VALUE|@FILE" help:"The provider's key, signing secret or token, or @ and a file that holds it; may be repeated, current first."`
	Account            string          `placeholder:"ID" help:"The AWS account that events must come from."`
	FixedPath          string          `placeholder:"WORD" help:"Also reachable without token at BASE/PROVIDER/WORD, where the signature proves the rest."`
	MaxAge             config.Duration `placeholder:"TIME" help:"Oldest signed request to accept. Default: as old as events are kept."`
	TemplateTag        string          `placeholder:"TAG" help:"Message tag that holds the template. Default templateKey."`
	WorkflowTag        string          `placeholder:"TAG" help:"Message tag that holds the workflow. Default sequenceId."`
	Queue              string          `placeholder:"URL" help:"SQS queue that the server reads, with its own AWS credentials."`
	QueueRegion        string          `placeholder:"REGION" help:"AWS region of a queue whose URL tells none."`
}

// Help is the long help.
func (*sourceCreate) Help() string {
	return `Examples:

  tidings source create --provider ses --name production \
    --topic arn:aws:sns:eu-west-1:123456789012:ses-events --public-url https://tidings.example.com
  tidings source create --provider ses --name local --topic arn:aws:sns:eu-west-1:123456789012:local \
    --signing-certificate broker.pem --json
  tidings source create --provider ses --name firehose --secret "$(openssl rand -hex 24)" \
    --public-url https://tidings.example.com
  tidings source create --provider ses --name queue --topic arn:aws:sns:eu-west-1:123456789012:ses-events \
    --queue https://sqs.eu-west-1.amazonaws.com/123456789012/ses-events
  tidings source create --provider inbound --name replies --topic arn:aws:sns:eu-west-1:123456789012:inbound \
    --public-url https://tidings.example.com
  tidings source create --provider generic --name billing --secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD`
}

// Run creates a source.
func (s *sourceCreate) Run(c *console) error {
	certificate := ""
	if s.SigningCertificate != "" {
		b, err := os.ReadFile(s.SigningCertificate)
		if err != nil {
			return usageError{fmt.Errorf("read --signing-certificate: %w", err)}
		}
		certificate = string(b)
	}
	secrets, err := readSecrets(s.Secret)
	if err != nil {
		return err
	}
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		made, err := ops.CreateSource(c.ctx, who, control.NewSource{
			Name: s.Name, Provider: s.Provider, Path: s.FixedPath,
			Settings: source.Settings{
				Topics: s.Topic, SigningCertificate: certificate, RequireVersion2: s.RequireVersion2, AllowRaw: s.AllowRaw,
				KeepBody: s.KeepBody, ConfirmByHand: s.ConfirmByHand, BasicAuth: s.BasicAuth, Secrets: secrets, Account: s.Account,
				MaxAgeSeconds: int64(s.MaxAge.Std() / time.Second), TemplateTag: s.TemplateTag, WorkflowTag: s.WorkflowTag,
				Queue: s.Queue, QueueRegion: s.QueueRegion,
			},
		})
		if err != nil {
			return err
		}
		return s.print(c, viewSource(made.Source, made.URL, made.Token), func(w io.Writer) {
			fmt.Fprintf(w, "%s\nThis is the URL of %s. It holds the source's secret and is shown this once: give it to %s.\n",
				made.URL, made.ID, made.Provider)
			if s.Queue != "" {
				fmt.Fprintf(w, "Servers with this database read its queue; tidings source health %s says how that goes.\n", made.ID)
			}
		})
	})
}

type sourceList struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
}

// Help is the long help.
func (*sourceList) Help() string {
	return `A URL holds its source's secret and is not shown again; tidings source rotate gives a new one.

  tidings source list
  tidings source list --json`
}

// Run lists the sources.
func (s *sourceList) Run(c *console) error {
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Sources(c.ctx, who)
		if err != nil {
			return err
		}
		health, err := ops.SourcesHealth(c.ctx, who, list)
		if err != nil {
			return err
		}
		views := make([]sourceView, 0, len(list))
		rows := make([][]string, 0, len(list))
		for _, x := range list {
			view := viewSource(x, ops.FixedURL(x), "")
			h := health[x.ID]
			view.State, view.LastEventAt, view.Events24h = string(h.State), h.LastEventAt, h.Events24h
			views = append(views, view)
			rows = append(rows, []string{
				x.ID, x.Provider, x.Name, view.State, when(h.LastEventAt), strconv.FormatInt(h.Events24h, 10),
				strings.Join(x.Settings.Topics, " "), when(x.CreatedAt), when(x.DisabledAt),
			})
		}
		return s.print(c, views, func(w io.Writer) {
			table(w, []string{"id", "provider", "name", "state", "last event", "in 24 h", "topics", "created", "disabled"}, rows)
		})
	})
}

type sourceRotate struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	ID             string          `arg:"" help:"The source's id (src_…)."`
	Grace          config.Duration `default:"24h" placeholder:"TIME" help:"How long the token before works on; 0 ends it now."`
}

// Help is the long help.
func (*sourceRotate) Help() string {
	return `Give the new URL to the provider while the one before still works.

  tidings source rotate src_01jq7z9f3v8k2m5n
  tidings source rotate src_01jq7z9f3v8k2m5n --grace 0   # the token leaked: end it now`
}

// Run rotates a source's token.
func (s *sourceRotate) Run(c *console) error {
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		grace := s.Grace.Std()
		made, err := ops.RotateSource(c.ctx, who, s.ID, &grace)
		if err != nil {
			return err
		}
		return s.print(c, viewSource(made.Source, made.URL, made.Token), func(w io.Writer) {
			fmt.Fprintf(w, "%s\nThis is the new URL of %s, shown this once. The one before works until %s.\n",
				made.URL, made.ID, when(made.PreviousUntil))
		})
	})
}

// sourceSwitch turns a source off and on.
type sourceSwitch struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The source's id (src_…)."`
}

type (
	sourceDisable struct {
		sourceSwitch `embed:""`
	}
	sourceEnable struct {
		sourceSwitch `embed:""`
	}
)

// Help is the long help.
func (*sourceDisable) Help() string {
	return `Providers are told that nobody is there; most of them stop after a while.

  tidings source disable src_01jq7z9f3v8k2m5n`
}

// Run disables a source.
func (s *sourceDisable) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.DisableSource(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.print(c, viewSource(x, "", ""), func(w io.Writer) { fmt.Fprintf(w, "%s refuses everything now.\n", x.ID) })
	})
}

// Help is the long help.
func (*sourceEnable) Help() string {
	return `  tidings source enable src_01jq7z9f3v8k2m5n`
}

// Run enables a source.
func (s *sourceEnable) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.EnableSource(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.print(c, viewSource(x, "", ""), func(w io.Writer) { fmt.Fprintf(w, "%s takes in events again.\n", x.ID) })
	})
}
