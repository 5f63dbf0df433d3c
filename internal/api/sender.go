package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/send"
	"tidings/internal/sender"
)

// Sender is a way out for mail.
type Sender struct {
	ID        string         `json:"id" example:"snr_01jq7z9f3v8k2m5n"`
	Name      string         `json:"name" doc:"What mail is told to go out by; unique in the project" example:"main"`
	Kind      string         `json:"kind" enum:"ses,smtp,file,console" doc:"ses: Amazon SES by its API; smtp: a mail server or service; file: into the outbox; console: printed where the server runs"`
	Settings  SenderSettings `json:"settings"`
	From      *SenderFrom    `json:"from,omitempty" doc:"Whom mail is from that says nothing else; absent: such mail is refused"`
	ReplyTo   string         `json:"replyTo,omitempty" doc:"Where answers go to mail that says nothing else" example:"help@acme.test"`
	Rate      float64        `json:"rate,omitempty" doc:"Emails a second; absent: no limit" example:"14"`
	Default   bool           `json:"default" doc:"Mail that names no sender goes out by this one"`
	Implicit  bool           `json:"implicit,omitempty" doc:"It is there because the project has none of its own, and can't be changed"`
	Disabled  bool           `json:"disabled" doc:"Nothing goes out by it"`
	Health    *SenderHealth  `json:"health,omitempty" doc:"How it does on the server that answers; absent: nothing went out by it since that began"`
	CreatedAt time.Time      `json:"createdAt,omitzero" doc:"Absent: it is implicit"`
	UpdatedAt time.Time      `json:"updatedAt,omitzero" doc:"Absent: it is implicit"`
}

// SenderFrom is an address with a name.
type SenderFrom struct {
	Email string `json:"email" maxLength:"320" doc:"Its address" example:"app@acme.test"`
	Name  string `json:"name,omitempty" maxLength:"100" doc:"Shown beside it" example:"Acme"`
}

// SenderHealth is how a sender does.
type SenderHealth struct {
	Usable      bool      `json:"usable" doc:"It takes mail, as far as is known"`
	Problem     string    `json:"problem,omitempty" doc:"What it was last told" example:"535 5.7.8 Authentication failed"`
	Since       time.Time `json:"since,omitzero" doc:"Since when it is usable, or is not"`
	PausedUntil time.Time `json:"pausedUntil,omitzero" doc:"It rests until then"`
}

// SenderSettings are what a sender needs. Secrets are not in it.
type SenderSettings struct {
	Preset             string    `json:"preset,omitempty" enum:"ses,sendgrid,mailgun,sparkpost,postmark" doc:"The service behind an SMTP server: mail carries our ids as it gives them back" example:"postmark"`
	Host               string    `json:"host,omitempty" doc:"Of the SMTP server" example:"smtp.acme.test"`
	Port               int       `json:"port,omitempty" doc:"Absent: 587" example:"465"`
	TLS                string    `json:"tls,omitempty" enum:"implicit,required,opportunistic,none" doc:"How the connection is encrypted; absent: implicit on port 465, opportunistic on port 25 and on this machine, else required"`
	Plaintext          bool      `json:"plaintext,omitempty" doc:"Passwords and mail may go over a connection that is not encrypted"`
	CA                 string    `json:"ca,omitempty" doc:"Certificates (PEM) to trust instead of the system's"`
	User               string    `json:"user,omitempty" doc:"As whom mail is handed over" example:"apikey"`
	PasswordSet        bool      `json:"passwordSet,omitempty" doc:"There is a password"`
	Auth               string    `json:"auth,omitempty" enum:"plain,login,xoauth2" doc:"How the server is told who we are; absent: the best it offers. Of xoauth2 the password is an access token"`
	Helo               string    `json:"helo,omitempty" doc:"The name we give; absent: the machine's" example:"mail.acme.test"`
	Connections        int       `json:"connections,omitempty" doc:"At once; absent: 4" example:"8"`
	PerConnection      int       `json:"perConnection,omitempty" doc:"Emails over one connection; absent: 100" example:"100"`
	TimeoutSeconds     int       `json:"timeoutSeconds,omitempty" doc:"For each answer; absent: 60" example:"30"`
	DKIM               []DKIMKey `json:"dkim,omitempty" doc:"What mail is signed with"`
	ReturnPath         string    `json:"returnPath,omitempty" doc:"Of smtp: where reports come back to; each mail gets bounces+snd_…@ of it. Absent: to its sender" example:"bounces@acme.test"`
	Stream             string    `json:"stream,omitempty" doc:"Of Postmark: the message stream; absent: outbound" example:"broadcast"`
	Region             string    `json:"region,omitempty" doc:"Of AWS; absent: the server's environment says it" example:"eu-west-1"`
	ConfigurationSet   string    `json:"configurationSet,omitempty" doc:"Of SES: without one there are no events" example:"tidings"`
	UntrackedSet       string    `json:"untrackedSet,omitempty" doc:"Of SES: the set of mail whose opens or clicks are not to be watched; such mail waits while there is none" example:"tidings-untracked"`
	AccessKeyID        string    `json:"accessKeyId,omitempty" doc:"Of AWS; absent: the server's environment says who it is" example:"AKIAIOSFODNN7EXAMPLE"`
	SecretAccessKeySet bool      `json:"secretAccessKeySet,omitempty" doc:"There is a secret access key"`
}

// DKIMKey is a key that mail is signed with, without its private part.
type DKIMKey struct {
	Domain   string `json:"domain" doc:"That signs: of the sender's address, or above it" example:"acme.test"`
	Selector string `json:"selector" doc:"Which key of the domain" example:"s1"`
	Record   string `json:"record" doc:"Name of the DNS record that others look up" example:"s1._domainkey.acme.test"`
	Text     string `json:"text" doc:"What that record (TXT) has to say" example:"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="`
}

// SenderOf makes the public form of a sender. health may be nil.
func SenderOf(x *send.Sender, health *sender.Health) Sender {
	s := &x.Settings
	out := Sender{
		ID: x.ID, Name: x.Name, Kind: x.Kind, ReplyTo: x.ReplyTo, Rate: x.Rate, Default: x.Default,
		Implicit: x.ID == send.ImplicitSender, Disabled: !x.DisabledAt.IsZero(), CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt,
		Settings: SenderSettings{
			Preset: s.Preset, Host: s.Host, Port: s.Port, TLS: s.TLS, Plaintext: s.Plaintext, CA: s.CA, User: s.User,
			PasswordSet: s.Password != "", Auth: s.Auth, Helo: s.Helo, Connections: s.Connections, PerConnection: s.PerConnection,
			TimeoutSeconds: s.TimeoutSeconds, ReturnPath: s.ReturnPath, Stream: s.Stream, Region: s.Region,
			ConfigurationSet: s.ConfigurationSet,
			UntrackedSet:     s.UntrackedSet, AccessKeyID: s.AccessKeyID, SecretAccessKeySet: s.SecretAccessKey != "",
		},
	}
	if x.From.Address != "" {
		out.From = &SenderFrom{Email: x.From.Address, Name: x.From.Name}
	}
	for _, k := range s.DKIM {
		key := DKIMKey{Domain: k.Domain, Selector: k.Selector}
		key.Record, key.Text = control.DKIMRecord(k)
		out.Settings.DKIM = append(out.Settings.DKIM, key)
	}
	if health != nil {
		out.Health = &SenderHealth{
			Usable: health.Usable, Problem: health.Problem, Since: health.Since, PausedUntil: health.PausedUntil,
		}
	}
	return out
}

func (a *api) senderOf(x *send.Sender) Sender {
	if h, known := a.Control.SenderHealth(x); known {
		return SenderOf(x, &h)
	}
	return SenderOf(x, nil)
}

// SenderList are all senders.
type SenderList struct {
	Senders []Sender `json:"senders" nullable:"false" doc:"Oldest first"`
}

// SenderListOf makes the public form of a list.
func SenderListOf(list []send.Sender, of func(*send.Sender) Sender) SenderList {
	out := SenderList{make([]Sender, len(list))}
	for i := range list {
		out.Senders[i] = of(&list[i])
	}
	return out
}

type sendersOut struct{ Body SenderList }

func (a *api) listSenders(ctx context.Context, _ *nothingIn) (*sendersOut, error) {
	list, err := a.Control.Senders(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &sendersOut{SenderListOf(list, a.senderOf)}, nil
}

// SenderPath names a sender in a path.
type SenderPath struct {
	ID string `path:"id" doc:"The sender's id or name" example:"snr_01jq7z9f3v8k2m5n"`
}

type senderOut struct{ Body Sender }

func (a *api) getSender(ctx context.Context, in *SenderPath) (*senderOut, error) {
	x, err := a.Control.Sender(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &senderOut{a.senderOf(&x)}, nil
}

func (a *api) deleteSender(ctx context.Context, in *SenderPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteSender(ctx, who(ctx), in.ID)
}
