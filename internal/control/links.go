package control

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"tidings/event"
	"tidings/internal/link"
	"tidings/internal/send"
	"tidings/internal/store"
)

// The paths below which the links of emails lead.
const (
	UnsubscribePath = "/u/"
	PreferencesPath = "/p/"
	OpenPath        = "/t/o/"
	ClickPath       = "/t/c/"
)

// Sent is an email that was sent, as its events name it.
type Sent struct {
	Provider string        // of its events: "smtp"; empty: the email is not known
	Message  event.Message // ID is empty while nobody took it
}

// SentMail finds emails that were sent.
type SentMail interface {
	// SendOfRef finds one by the store's integers of its project and of itself; the zero value where there is none.
	SendOfRef(ctx context.Context, project, send int64) (Sent, error)
}

// storedMail finds them in the store.
type storedMail struct{ *store.Store }

func (m storedMail) SendOfRef(ctx context.Context, project, ref int64) (Sent, error) {
	provider, x, err := m.SentMessage(ctx, project, ref)
	return Sent{Provider: provider, Message: x}, err
}

// sealing is the sealer of links, read once.
type sealing struct {
	mu     sync.Mutex
	sealer *link.Sealer
}

// MailLinks make the links of emails. They are safe for concurrent use. Control.MailLinks makes them.
type MailLinks struct {
	sealer *link.Sealer
	base   string // "https://click.acme.test"
	pages  string // "https://tidings.example.com"; where links may lead that somebody wrote into a template
}

// MailLinks returns what makes the links of emails. The first call in the life of a database makes its key.
func (c *Control) MailLinks(ctx context.Context) (*MailLinks, error) {
	c.sealing.mu.Lock()
	defer c.sealing.mu.Unlock()
	if c.sealing.sealer == nil {
		key, err := c.Store.MakeLinkKey(ctx)
		if err != nil {
			return nil, err
		}
		c.sealing.sealer = link.NewSealer(key)
	}
	return &MailLinks{sealer: c.sealing.sealer, base: c.trackingBase(), pages: c.public("")}, nil
}

func (c *Control) trackingBase() string {
	if c.TrackingURL != "" {
		return strings.TrimSuffix(c.TrackingURL, "/")
	}
	return c.public("")
}

// OpenLink reads the token of a link; ok is false for one that was not made by us, or is of another kind.
func (c *Control) OpenLink(ctx context.Context, token string, kind link.Kind) (l link.Link, ok bool, err error) {
	links, err := c.openLinks(ctx)
	if links == nil || err != nil {
		return link.Link{}, false, err
	}
	l, ok = links.Open(token)
	return l, ok && l.Kind == kind, nil
}

// PreferencesPage is the path of the page on which whoever has a link says what mail they want.
func (c *Control) PreferencesPage(ctx context.Context, l link.Link) (string, error) {
	sealer, err := c.openLinks(ctx)
	if sealer == nil || err != nil {
		return "", err
	}
	return PreferencesPath + sealer.Seal(link.Link{Kind: link.Preferences, Ref: l.Ref}), nil
}

// openLinks is the sealer, where any link was ever made; nil: none was.
func (c *Control) openLinks(ctx context.Context) (*link.Sealer, error) {
	c.sealing.mu.Lock()
	defer c.sealing.mu.Unlock()
	if c.sealing.sealer == nil {
		key, err := c.Store.LinkKey(ctx)
		if err != nil || len(key) == 0 {
			return nil, err
		}
		c.sealing.sealer = link.NewSealer(key)
	}
	return c.sealing.sealer, nil
}

func (l *MailLinks) url(path string, x link.Link) string { return l.base + path + l.sealer.Seal(x) }

// Unsubscribe is the link by which a contact unsubscribes: it shows a page, and a POST to it acts.
func (l *MailLinks) Unsubscribe(r link.Ref) string {
	return l.url(UnsubscribePath, link.Link{Kind: link.Unsubscribe, Ref: r})
}

// Preferences is the link of the page on which a contact says what mail it wants.
func (l *MailLinks) Preferences(r link.Ref) string {
	return l.url(PreferencesPath, link.Link{Kind: link.Preferences, Ref: r})
}

// Headers are those by which mail programs offer to unsubscribe (RFC 2369, RFC 8058). DKIM must cover them. One click is
// offered where links are https, which RFC 8058 asks for.
func (l *MailLinks) Headers(r link.Ref) []send.Header {
	list := []send.Header{{Name: "List-Unsubscribe", Value: "<" + l.Unsubscribe(r) + ">"}}
	if strings.HasPrefix(l.base, "https://") {
		list = append(list, send.Header{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"})
	}
	return list
}

// MailWatch says what an email does not tell of itself. The zero value: it tells of opens and clicks.
type MailWatch struct{ NoOpens, NoClicks bool }

// Rewrite makes the HTML of an email with what tells of opens and clicks, and counts the links that were rewritten. Links to our
// own pages stay as they are, and those that carry ses:no-track.
func (l *MailLinks) Rewrite(html string, r link.Ref, w MailWatch) (rewritten string, links int) {
	var o link.Rewriting
	if !w.NoOpens {
		o.Pixel = l.url(OpenPath, link.Link{Kind: link.Open, Ref: r})
	}
	if !w.NoClicks {
		o.Keep = l.ours
		o.Click = func(target string, tags map[string][]string) string {
			return l.url(ClickPath, link.Link{Kind: link.Click, Ref: r, Target: target, Tags: tags})
		}
	}
	return link.Rewrite(html, o)
}

// ours reports whether a link leads to a page of ours for its recipient, or is one that tells of a click already.
func (l *MailLinks) ours(target string) bool {
	for _, base := range [...]string{l.base, l.pages} {
		for _, path := range [...]string{
			UnsubscribePath, PreferencesPath, ClickPath, OpenPath, "/confirm/",
		} {
			if strings.HasPrefix(target, base+path) {
				return true
			}
		}
	}
	return false
}

// sentOf finds the email that a link was in.
func (c *Control) sentOf(ctx context.Context, r link.Ref) (Sent, error) {
	var mail SentMail = storedMail{c.Store}
	if c.SentMail != nil {
		mail = c.SentMail
	}
	if r.Send == 0 {
		return Sent{}, nil
	}
	s, err := mail.SendOfRef(ctx, r.Project, r.Send)
	if err != nil {
		return s, fmt.Errorf("find the email of a link: %w", err)
	}
	return s, nil
}
