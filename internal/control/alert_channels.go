package control

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidings/internal/compose"
	"tidings/internal/fault"
	"tidings/internal/stats"
	"tidings/internal/store"
)

const (
	maxAlertChannels = 20 // of a project
	maxChannelName   = 100
	maxRecipients    = 20
	maxHookURL       = 2_000
)

// ChannelKinds are the kinds of channels.
func ChannelKinds() []string { return []string{store.ChannelEmail, store.ChannelSlack} }

// ChannelEdit is what somebody says of a channel. Nil fields say nothing; of a new channel they are empty.
type ChannelEdit struct {
	Name     *string
	To       *[]string
	Sender   *string
	URL      *string // secret
	Level    *string
	Disabled *bool
}

// AlertChannels lists the channels of a project by name.
func (c *Control) AlertChannels(ctx context.Context, who Actor) ([]store.AlertChannel, error) {
	list, err := c.Store.AlertChannels(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return list, nil
}

// AlertChannel finds a channel by its id or name.
func (c *Control) AlertChannel(ctx context.Context, who Actor, idOrName string) (store.AlertChannel, error) {
	var p problems
	p.text("id", idOrName, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.AlertChannel{}, err
	}
	x, err := c.Store.AlertChannel(ctx, who.Project, idOrName)
	if err != nil {
		return x, fmt.Errorf("find channel: %w", err)
	}
	return x, nil
}

// CreateAlertChannel makes a channel of a kind.
func (c *Control) CreateAlertChannel(ctx context.Context, who Actor, kind string, e ChannelEdit) (store.AlertChannel, error) {
	x := store.AlertChannel{Kind: kind}
	var p problems
	p.oneOf("kind", kind, ChannelKinds())
	if kind == "" {
		p.add("kind", "is required: one of %s", strings.Join(ChannelKinds(), ", "))
	}
	if err := p.err(); err != nil {
		return x, err
	}
	act := c.act(who, opCreateAlertChannel, "", "")
	if err := c.editChannel(ctx, who, &x, e, &act); err != nil {
		return x, err
	}
	x, err := c.Store.CreateAlertChannel(ctx, who.Project, x, maxAlertChannels, act)
	if err != nil {
		return x, fmt.Errorf("create channel: %w", err)
	}
	return x, nil
}

// UpdateAlertChannel changes a channel. The channel that comes of it is checked as a whole.
func (c *Control) UpdateAlertChannel(ctx context.Context, who Actor, id string, e ChannelEdit) (store.AlertChannel, error) {
	x, err := c.Store.ChangeAlertChannel(ctx, who.Project, id, c.act(who, opUpdateAlertChannel, "", ""),
		func(x *store.AlertChannel, a *store.Act) error { return c.editChannel(ctx, who, x, e, a) })
	if err != nil {
		return x, fmt.Errorf("change channel: %w", err)
	}
	return x, nil
}

// DeleteAlertChannel removes a channel. Rules that name it tell those that are left of it.
func (c *Control) DeleteAlertChannel(ctx context.Context, who Actor, id string) error {
	if err := c.Store.DeleteAlertChannel(ctx, who.Project, id, c.act(who, opDeleteAlertChannel, "", "")); err != nil {
		return fmt.Errorf("delete channel: %w", err)
	}
	return nil
}

// editChannel puts an edit into a channel and checks it. Everything that is wrong is told at once.
func (c *Control) editChannel(ctx context.Context, who Actor, x *store.AlertChannel, e ChannelEdit, a *store.Act) error {
	was := *x
	set(&x.Name, e.Name)
	set(&x.Sender, e.Sender)
	if e.To != nil {
		x.To = slices.Clone(*e.To)
	}
	if e.Level != nil {
		x.Level = stats.Level(*e.Level)
	}
	if e.Disabled != nil && *e.Disabled != !x.DisabledAt.IsZero() {
		x.DisabledAt = time.Time{}
		if *e.Disabled {
			x.DisabledAt = a.At
		}
	}
	var p problems
	x.Name = strings.TrimSpace(x.Name)
	p.text("name", x.Name, 1, maxChannelName)
	p.oneOf("level", string(x.Level), []string{string(stats.Warn), string(stats.Severe)})
	if x.Kind == store.ChannelEmail {
		c.mailChannel(&p, x, e)
		if err := c.knownSender(ctx, who, &p, x.Sender); err != nil {
			return err
		}
	} else {
		c.hookChannel(&p, who.Project, x, e)
	}
	a.Changes = channelChanges(&was, x, e.URL != nil)
	return p.err()
}

func (c *Control) mailChannel(p *problems, x *store.AlertChannel, e ChannelEdit) {
	if e.URL != nil && *e.URL != "" {
		p.add("url", "is not of email")
	}
	if len(x.To) < 1 || len(x.To) > maxRecipients {
		p.add("to", "must have 1 to %d addresses, not %d", maxRecipients, len(x.To))
	}
	for i, to := range x.To {
		p.says(indexed("to", i), compose.AddressProblem(to))
		if slices.Contains(x.To[:i], to) {
			p.add(indexed("to", i), "is there twice")
		}
	}
}

// knownSender checks that a sender is there; empty is the default one.
func (c *Control) knownSender(ctx context.Context, who Actor, p *problems, word string) error {
	if word == "" {
		return nil
	}
	_, err := c.Sender(ctx, who, word)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		p.add("sender", "there is no sender %.100q", word)
		return nil
	}
	return err
}

// hookChannel checks and seals the URL of a channel, which is a secret: whoever knows it can write there.
func (c *Control) hookChannel(p *problems, project string, x *store.AlertChannel, e ChannelEdit) {
	if len(x.To) > 0 {
		p.add("to", "is of email alone")
	}
	if x.Sender != "" {
		p.add("sender", "is of email alone")
	}
	if e.URL == nil {
		if len(x.Sealed) == 0 {
			p.add("url", "is required: the incoming webhook that the chat program gave")
		}
		return
	}
	u, err := url.Parse(*e.URL)
	switch {
	case err != nil, u.Host == "", u.User != nil, len(*e.URL) > maxHookURL, u.Fragment != "", u.Opaque != "",
		strings.ContainsFunc(*e.URL, isControl), u.Scheme != "https" && (u.Scheme != "http" || !ofThisMachine(u.Hostname())):
		p.add("url", "must be a https URL of at most %d characters, without user and password", maxHookURL)
	default:
		s, err := c.sealer()
		if err != nil {
			p.addError(err)
			return
		}
		x.Host, x.Sealed = u.Host, s.Seal([]byte(u.String()), hookOf(project))
	}
}

// ofThisMachine reports whether a host is this machine itself, where nobody listens in between.
func ofThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// hookOf names whose a sealed URL is.
func hookOf(project string) string { return "alert channel of " + project }

func (c *Control) openHook(project string, x *store.AlertChannel) (string, error) {
	if c.Webhooks == nil {
		return "", fault.New(fault.Unavailable, "no_caller", "this process calls no URLs")
	}
	s, err := c.sealer()
	if err != nil {
		return "", err
	}
	address, err := s.Open(x.Sealed, hookOf(project))
	if err != nil {
		return "", fmt.Errorf("open the URL of channel %s: %w", x.ID, err)
	}
	return string(address), nil
}

// channelChanges tells the audit log what differs between two channels; of the URL only that it changed.
func channelChanges(a, b *store.AlertChannel, sealed bool) (list []store.Change) {
	for _, x := range []store.Change{
		{Field: "name", From: a.Name, To: b.Name},
		{Field: "to", From: strings.Join(a.To, ", "), To: strings.Join(b.To, ", ")},
		{Field: "sender", From: a.Sender, To: b.Sender},
		{Field: "host", From: a.Host, To: b.Host},
		{Field: "level", From: string(a.Level), To: string(b.Level)},
		{Field: "disabledAt", From: stamp(a.DisabledAt), To: stamp(b.DisabledAt)},
	} {
		if x.From != x.To {
			list = append(list, x)
		}
	}
	if sealed && b.Kind != store.ChannelEmail {
		list = append(list, store.Change{Field: "url"})
	}
	return list
}
