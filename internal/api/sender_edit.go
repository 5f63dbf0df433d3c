package api

import (
	"context"

	"tidings/internal/control"
	"tidings/internal/send"
)

// NewSender is a sender to make.
type NewSender struct {
	Name string `json:"name" minLength:"1" maxLength:"100" doc:"What mail is told to go out by; unique in the project" example:"main"`
	Kind string `json:"kind" doc:"ses, smtp, file or console" example:"smtp"`
	SenderWish
}

// SenderWish is what a sender may be made or changed to.
type SenderWish struct {
	URL      *string       `json:"url,omitempty" maxLength:"1000" doc:"An SMTP server in one line: smtps://user:password@host:465 or smtp://host:587, with ?tls=, ?preset= and ?auth= where wanted" example:"smtps://apikey:secret@smtp.acme.test:465"`
	Settings *SettingsWish `json:"settings,omitempty" doc:"Of them only those that are given change"`
	From     *SenderFrom   `json:"from,omitempty" doc:"Whom mail is from that says nothing else; an empty address: nobody"`
	ReplyTo  *string       `json:"replyTo,omitempty" maxLength:"320" doc:"Where answers go to mail that says nothing else; empty: to its sender" example:"help@acme.test"`
	Rate     *float64      `json:"rate,omitempty" doc:"Emails a second; 0: no limit" example:"14"`
	Default  *bool         `json:"default,omitempty" doc:"Mail that names no sender goes out by this one, and by the one before no more" example:"true"`
	Disabled *bool         `json:"disabled,omitempty" doc:"Nothing goes out by it" example:"false"`
}

// SettingsWish is what settings may be set to. An empty text removes one.
type SettingsWish struct {
	Preset           *string        `json:"preset,omitempty" doc:"The service behind an SMTP server: ses, sendgrid, mailgun, sparkpost or postmark. It says the host, where that is not given" example:"postmark"`
	Host             *string        `json:"host,omitempty" doc:"Of the SMTP server" example:"smtp.acme.test"`
	Port             *int           `json:"port,omitempty" doc:"0: 587" example:"465"`
	TLS              *string        `json:"tls,omitempty" doc:"How the connection is encrypted: implicit, required, opportunistic (if it is offered; certificates are not looked at) or none" example:"required"`
	Plaintext        *bool          `json:"plaintext,omitempty" doc:"Passwords and mail may go over a connection that is not encrypted" example:"false"`
	CA               *string        `json:"ca,omitempty" doc:"Certificates (PEM) to trust instead of the system's" example:"-----BEGIN CERTIFICATE-----…"`
	User             *string        `json:"user,omitempty" doc:"As whom mail is handed over" example:"apikey"`
	Password         *string        `json:"password,omitempty" doc:"Its password, never shown again" example:"secret"`
	Auth             *string        `json:"auth,omitempty" doc:"How the server is told who we are: plain, login or xoauth2, of which the password is an access token; empty: the best it offers" example:"plain"`
	Helo             *string        `json:"helo,omitempty" doc:"The name we give; empty: the machine's" example:"mail.acme.test"`
	Connections      *int           `json:"connections,omitempty" doc:"At once; 0: 4" example:"8"`
	PerConnection    *int           `json:"perConnection,omitempty" doc:"Emails over one connection; 0: 100" example:"100"`
	TimeoutSeconds   *int           `json:"timeoutSeconds,omitempty" doc:"For each answer; 0: 60" example:"30"`
	DKIM             *[]DKIMKeyWish `json:"dkim,omitempty" doc:"What mail is signed with, at most 4 keys, instead of those now"`
	ReturnPath       *string        `json:"returnPath,omitempty" doc:"Of smtp: where reports come back to; each mail gets bounces+snd_…@ of it. Empty: to its sender" example:"bounces@acme.test"`
	Stream           *string        `json:"stream,omitempty" doc:"Of Postmark: the message stream; empty: outbound" example:"broadcast"`
	Region           *string        `json:"region,omitempty" doc:"Of AWS; empty: the server's environment says it" example:"eu-west-1"`
	ConfigurationSet *string        `json:"configurationSet,omitempty" doc:"Of SES: without one there are no events" example:"tidings"`
	UntrackedSet     *string        `json:"untrackedSet,omitempty" doc:"Of SES: the set of mail whose opens or clicks are not to be watched" example:"tidings-untracked"`
	AccessKeyID      *string        `json:"accessKeyId,omitempty" doc:"Of AWS; empty: the server's environment says who it is" example:"AKIAIOSFODNN7EXAMPLE"`
	SecretAccessKey  *string        `json:"secretAccessKey,omitempty" doc:"Its secret, never shown again" example:"wJalrXUtnFEMI"`
}

// DKIMKeyWish is a key to sign with.
type DKIMKeyWish struct {
	Domain     string `json:"domain" doc:"That signs: of the sender's address, or above it" example:"acme.test"`
	Selector   string `json:"selector" doc:"Which key of the domain" example:"s1"`
	PrivateKey string `json:"privateKey,omitempty" doc:"PEM, RSA or Ed25519, never shown again; absent: the one that is there for domain and selector" example:"-----BEGIN PRIVATE KEY-----…"`
}

func (w *SenderWish) edit(name *string) control.SenderEdit {
	e := control.SenderEdit{Name: name, URL: w.URL, ReplyTo: w.ReplyTo, Rate: w.Rate, Default: w.Default, Disabled: w.Disabled}
	if w.From != nil {
		e.From, e.FromName = &w.From.Email, &w.From.Name
	}
	s := w.Settings
	if s == nil {
		return e
	}
	e.Settings = control.SettingsEdit{
		Preset: s.Preset, Host: s.Host, TLS: s.TLS, CA: s.CA, User: s.User, Password: s.Password, Auth: s.Auth, Helo: s.Helo,
		ReturnPath: s.ReturnPath, Stream: s.Stream, Port: s.Port, Connections: s.Connections, PerConnection: s.PerConnection,
		TimeoutSeconds: s.TimeoutSeconds, Plaintext: s.Plaintext, Region: s.Region, ConfigurationSet: s.ConfigurationSet,
		UntrackedSet: s.UntrackedSet, AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey,
	}
	if s.DKIM != nil {
		keys := make([]send.DKIMKey, len(*s.DKIM))
		for i, k := range *s.DKIM {
			keys[i] = send.DKIMKey(k)
		}
		e.Settings.DKIM = &keys
	}
	return e
}

type createSenderIn struct{ Body NewSender }

func (a *api) createSender(ctx context.Context, in *createSenderIn) (*senderOut, error) {
	x, err := a.Control.CreateSender(ctx, who(ctx), in.Body.Kind, in.Body.edit(&in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &senderOut{a.senderOf(&x)}, nil
}

// SenderChange is what changes of a sender.
type SenderChange struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"What mail is told to go out by; unique in the project" example:"main"`
	SenderWish
}

type updateSenderIn struct {
	SenderPath
	Body SenderChange
}

func (a *api) updateSender(ctx context.Context, in *updateSenderIn) (*senderOut, error) {
	x, err := a.Control.UpdateSender(ctx, who(ctx), in.ID, in.Body.edit(in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &senderOut{a.senderOf(&x)}, nil
}

// SenderTestWish says how to try a sender.
type SenderTestWish struct {
	To string `json:"to,omitempty" maxLength:"320" doc:"Where a test mail goes; absent: none is sent" example:"lea@acme.test"`
}

// SenderTest is what came of trying a sender.
type SenderTest struct {
	OK        bool   `json:"ok" doc:"It works"`
	Detail    string `json:"detail" doc:"What was found, or went wrong" example:"smtp.acme.test:465 answers over TLS 1.3 and takes mail as apikey"`
	Remedy    string `json:"remedy,omitempty" doc:"What to do about it" example:"look at user and password"`
	MessageID string `json:"messageId,omitempty" doc:"Of the mail that was sent, as its events will name it" example:"0102019a1f6e8d2f-8c419b1e"`
	Provider  string `json:"provider,omitempty" doc:"Whose events will tell of it" example:"ses"`
	TookMs    int64  `json:"tookMs" doc:"Milliseconds in all" example:"84"`
}

// SenderTestOf makes the public form of a trial.
func SenderTestOf(t *control.SenderTrial) SenderTest {
	return SenderTest{
		OK: t.OK, Detail: t.Detail, Remedy: t.Remedy, MessageID: t.MessageID, Provider: t.Provider, TookMs: t.Took.Milliseconds(),
	}
}

type testSenderIn struct {
	SenderPath
	Body *SenderTestWish
}

type senderTestOut struct{ Body SenderTest }

func (a *api) testSender(ctx context.Context, in *testSenderIn) (*senderTestOut, error) {
	to := ""
	if in.Body != nil {
		to = in.Body.To
	}
	t, err := a.Control.TestSender(ctx, who(ctx), in.ID, to)
	if err != nil {
		return nil, err
	}
	return &senderTestOut{SenderTestOf(&t)}, nil
}
