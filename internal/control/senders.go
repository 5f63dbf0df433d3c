package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/compose"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/sender"
)

// The names of operations on senders that change something.
const (
	opCreateSender = "createSender"
	opUpdateSender = "updateSender"
	opDeleteSender = "deleteSender"
	opTestSender   = "testSender"
)

const (
	maxSenders    = 100 // of a project
	maxSenderName = 100
	maxSenderRate = 10_000
	senderPrefix  = "snr_"
)

// SenderEdit is what somebody says of a sender. Nil fields say nothing; of a new sender they are empty.
type SenderEdit struct {
	Name           *string
	URL            *string // smtps://user:password@host:465: sets what it names of the settings, before Settings do
	Settings       SettingsEdit
	From, FromName *string
	ReplyTo        *string
	Rate           *float64
	Default        *bool // true alone: another one becomes it instead
	Disabled       *bool
}

// SettingsEdit is what somebody says of a sender's settings.
type SettingsEdit struct {
	Preset, Host, TLS, CA, User, Password, Auth, Helo, ReturnPath, Stream *string
	Port, Connections, PerConnection, TimeoutSeconds                      *int
	Plaintext                                                             *bool
	// DKIM are all keys. One without its private part keeps what is stored of it.
	DKIM *[]send.DKIMKey

	Region, ConfigurationSet, UntrackedSet, AccessKeyID, SecretAccessKey *string
}

func (e *SettingsEdit) apply(s *send.Settings) {
	for _, x := range [...]struct{ to, from *string }{
		{&s.Preset, e.Preset},
		{&s.Host, e.Host},
		{&s.TLS, e.TLS},
		{&s.CA, e.CA},
		{&s.User, e.User},
		{&s.Password, e.Password},
		{&s.Auth, e.Auth},
		{&s.Helo, e.Helo},
		{&s.ReturnPath, e.ReturnPath},
		{&s.Stream, e.Stream},
		{&s.Region, e.Region},
		{&s.ConfigurationSet, e.ConfigurationSet},
		{&s.UntrackedSet, e.UntrackedSet},
		{&s.AccessKeyID, e.AccessKeyID},
		{&s.SecretAccessKey, e.SecretAccessKey},
	} {
		set(x.to, x.from)
	}
	for _, x := range [...]struct{ to, from *int }{
		{&s.Port, e.Port},
		{&s.Connections, e.Connections},
		{&s.PerConnection, e.PerConnection},
		{&s.TimeoutSeconds, e.TimeoutSeconds},
	} {
		set(x.to, x.from)
	}
	set(&s.Plaintext, e.Plaintext)
	if e.DKIM != nil {
		s.DKIM = withStoredKeys(*e.DKIM, s.DKIM)
	}
}

// withStoredKeys fills the private parts that are not said anew.
func withStoredKeys(said, stored []send.DKIMKey) []send.DKIMKey {
	list := make([]send.DKIMKey, len(said))
	for i, k := range said {
		k.Domain = strings.ToLower(k.Domain)
		for _, old := range stored {
			if k.PrivateKey == "" && old.Domain == k.Domain && old.Selector == k.Selector {
				k.PrivateKey = old.PrivateKey
			}
		}
		list[i] = k
	}
	return list
}

func (c *Control) applySender(p *problems, e *SenderEdit, x *send.Sender) {
	set(&x.Name, e.Name)
	x.Name = strings.TrimSpace(x.Name)
	if e.URL != nil {
		p.senderURL(*e.URL, &x.Settings)
	}
	e.Settings.apply(&x.Settings)
	set(&x.From.Address, e.From)
	set(&x.From.Name, e.FromName)
	set(&x.ReplyTo, e.ReplyTo)
	set(&x.Rate, e.Rate)
	if e.Default != nil {
		if x.Default && !*e.Default {
			p.add("default", "can't be taken away: make another sender the default one")
		}
		x.Default = *e.Default
	}
	if e.Disabled != nil && *e.Disabled != !x.DisabledAt.IsZero() {
		x.DisabledAt = c.Now().UTC()
		if !*e.Disabled {
			x.DisabledAt = time.Time{}
		}
	}
}

// Senders lists the senders of a project, oldest first. Without any there is the one that writes into the outbox.
func (c *Control) Senders(ctx context.Context, who Actor) ([]send.Sender, error) {
	list, err := c.Store.Senders(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list senders: %w", err)
	}
	if len(list) == 0 {
		list = []send.Sender{sender.Implicit(who.Project)}
	}
	return list, nil
}

// Sender finds a sender by its id or name.
func (c *Control) Sender(ctx context.Context, who Actor, id string) (send.Sender, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return send.Sender{}, err
	}
	list, err := c.Senders(ctx, who)
	if err != nil {
		return send.Sender{}, err
	}
	for _, x := range list {
		if x.ID == id || x.Name == id {
			return x, nil
		}
	}
	return send.Sender{}, fault.Missing("there is no sender %q", id)
}

// CreateSender makes a sender of a kind. A project's first one is the default.
func (c *Control) CreateSender(ctx context.Context, who Actor, kind string, e SenderEdit) (send.Sender, error) {
	x := send.Sender{ID: auth.NewID(senderPrefix), Project: who.Project, Kind: kind}
	var p problems
	c.applySender(&p, &e, &x)
	p.sender(&x)
	if err := p.err(); err != nil {
		return x, err
	}
	if err := c.Store.CreateSender(ctx, &x, maxSenders, c.act(who, opCreateSender, x.ID, "")); err != nil {
		return x, fmt.Errorf("create sender: %w", err)
	}
	return x, nil
}

// UpdateSender changes a sender. What comes of it is checked as a whole; its kind stays.
func (c *Control) UpdateSender(ctx context.Context, who Actor, id string, e SenderEdit) (send.Sender, error) {
	x, err := c.ownSender(ctx, who, id)
	if err != nil {
		return x, err
	}
	x, err = c.Store.UpdateSender(ctx, who.Project, x.ID, func(x *send.Sender) error {
		var p problems
		c.applySender(&p, &e, x)
		p.sender(x)
		return p.err()
	}, c.act(who, opUpdateSender, x.ID, ""))
	if err != nil {
		return x, fmt.Errorf("change sender: %w", err)
	}
	return x, nil
}

// DeleteSender removes a sender. What was to go out by it is not sent.
func (c *Control) DeleteSender(ctx context.Context, who Actor, id string) error {
	x, err := c.ownSender(ctx, who, id)
	if err != nil {
		return err
	}
	if err := c.Store.DeleteSender(ctx, who.Project, x.ID, c.act(who, opDeleteSender, x.ID, "")); err != nil {
		return fmt.Errorf("delete sender: %w", err)
	}
	return nil
}

// ownSender finds a sender that somebody made.
func (c *Control) ownSender(ctx context.Context, who Actor, id string) (send.Sender, error) {
	x, err := c.Sender(ctx, who, id)
	if err == nil && x.ID == send.ImplicitSender {
		err = fault.New(fault.Conflict, "implicit_sender", "this sender is there because the project has none of its own").
			WithHint("create one: tidings sender create")
	}
	return x, err
}

// SenderHealth is how a sender does in this process; false: nothing was sent with it here yet.
func (c *Control) SenderHealth(x *send.Sender) (sender.Health, bool) {
	if c.Outgoing == nil {
		return sender.Health{}, false
	}
	return c.Outgoing.Health(x.Project, x.ID)
}

// testedNote says in the audit log what a test of a sender was.
func testedNote(to string) string {
	if to == "" {
		return ""
	}
	return "with a mail to " + to
}

// noteTest notes a test before it is made: it may send a mail.
func (c *Control) noteTest(ctx context.Context, who Actor, x *send.Sender, to string) error {
	if err := c.Store.Note(ctx, who.Project, c.act(who, opTestSender, x.ID, testedNote(to))); err != nil {
		return fmt.Errorf("note the test: %w", err)
	}
	return nil
}

// DKIMRecord is the TXT record that others believe a key's signatures by.
func DKIMRecord(k send.DKIMKey) (name, text string) {
	s, err := compose.NewSigner(k)
	if err != nil { // it was checked when it was stored
		return "", ""
	}
	return s.Record()
}
