package control

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/link"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

const (
	// ownProvider is the provider of events by links of emails that are not known.
	ownProvider = "tidings"
	// linkKind is the receipt's kind of events by links.
	linkKind = "link"
	// linkMark begins what is kept of a link that was used.
	linkMark = `{"tidings":"link",`
)

// keptLink is what is kept of a link that was used: the event that it made, and what it is known by.
type keptLink struct {
	Tidings string      `json:"tidings"`
	Key     []string    `json:"key"`
	Event   event.Event `json:"event"`
}

func isLink(keep []byte) bool { return bytes.HasPrefix(keep, []byte(linkMark)) }

// Visitor is who uses a link, as far as it is known.
type Visitor struct {
	Client netip.Addr // zero: not known
	Agent  string     // its user agent
}

func (v Visitor) client() *event.Client {
	return clientOf(&JoinRequest{Client: v.Client, Agent: v.Agent})
}

// linkEntry makes the entry of an event that somebody caused by a link. e has its name, its time and what is special to it;
// key tells it from others of the same contact and email within one second.
func (c *Control) linkEntry(
	ctx context.Context, a *store.Addressee, r link.Ref, e event.Event, key ...string,
) (*receipt.Entry, error) {
	sent, err := c.sentOf(ctx, r)
	if err != nil {
		return nil, err
	}
	if sent.Provider == "" {
		sent.Provider = ownProvider
	} else {
		e.Message = &sent.Message
	}
	src, err := c.ownSource(ctx, a.Project, linkSource(sent.Provider), true)
	if err != nil {
		return nil, err
	}
	e.Recipient = a.Address
	numbers := []string{string(e.Name), strconv.FormatInt(r.Contact, 10), strconv.FormatInt(r.Send, 10)}
	return c.buildLink(src, e, slices.Concat(numbers, key))
}

func (c *Control) buildLink(src *source.Source, e event.Event, key []string) (*receipt.Entry, error) {
	keep, err := jsonv2.Marshal(keptLink{linkKind, key, e})
	if err != nil {
		return nil, fmt.Errorf("keep what a link said: %w", err)
	}
	id := event.NewID(e.OccurredAt, src.Project, src.Provider, key...)
	entry := c.Builder.Build(src, provider.Result{
		// The same within a second is the same request, of which the first is kept.
		Transport: provider.Transport{ID: id.String(), At: e.OccurredAt.Truncate(time.Second)}, Kind: linkKind, Keep: keep,
		Drafts: []event.Draft{{Event: e, IdentityAt: e.OccurredAt, Key: key}},
	}, []byte(id.String()), e.OccurredAt)
	if len(entry.Events) != 1 {
		return nil, fmt.Errorf("no event could be made of a link: %v", entry.Problems)
	}
	return entry, nil
}

// rebuildLink makes the event of a kept link again.
func rebuildLink(b receipt.Builder, x store.StoredReceipt) (*receipt.Entry, bool) {
	var k keptLink
	if jsonv2.Unmarshal(x.Keep, &k) != nil || len(k.Key) == 0 {
		return nil, false
	}
	entry := b.Build(x.Source, provider.Result{
		Kind: linkKind, Keep: x.Keep, Drafts: []event.Draft{{Event: k.Event, IdentityAt: k.Event.OccurredAt, Key: k.Key}},
	}, x.Keep, x.ReceivedAt)
	entry.Replay, entry.Key, entry.SHA256 = x.Ref, x.Key, x.SHA256
	return entry, true
}
