package app

import (
	"os"
	"time"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/sender"
	"tidings/provider/ses"
)

// sending gives the operations what senders stand on. Connections to SMTP servers are guarded: whoever has a key of the API
// names the server.
func sending(c *control.Control, cfg config.Config, guard *netguard.Guard) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // then we are localhost
	}
	c.Outbox = &sender.Outbox{Folder: cfg.OutboxFolder(cfg.DB)}
	c.Ways = sender.Deps{
		Dial: guard.DialContext, Outbox: c.Outbox, Console: os.Stdout, Now: time.Now, Hostname: host,
	}
}

// sentKey is how Amazon SES's own event of a hand-over is known, so that ours is the same one.
func sentKey(slug, messageID, recipient string, at time.Time) (time.Time, []string) {
	if slug != ses.Adapter.Slug {
		return at, nil
	}
	return ses.SendKey(messageID, recipient, at)
}
