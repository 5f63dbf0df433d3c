package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

// The bounds of one request to send.
const (
	MaxRecipients     = 50
	MaxSendBody       = 16 << 20 // bytes of the request: attachments are in base64
	maxAttachments    = 10
	maxAttached       = 10 << 20
	maxHTML           = 1 << 20
	maxSendHeaders    = 50
	maxHeaderValue    = 8 << 10
	maxSendTags       = 20
	maxSendMetadata   = 20
	maxMetadataValue  = 256
	maxScheduledAhead = 365 * 24 * time.Hour
	maxDisplayName    = 255
	originAPI         = "api"
)

const opSend = "sendEmail"

// SendRequest asks for one email to each of some people. Zero fields say nothing.
type SendRequest struct {
	To          []send.Mailbox
	From        *send.Mailbox
	ReplyTo     []send.Mailbox
	Subject     string
	HTML        string
	Text        *string
	Template    string // its id or key
	Data        []byte // a JSON object: for the template, and merged into the contacts
	Subscribed  *bool  // nil: new contacts are not, old ones stay as they are
	Headers     []send.Header
	Attachments []send.Attachment
	Tags        []string
	Metadata    map[string]string
	Topic       string
	Sender      string // its id; empty: the project's default
	// Transactional emails go to those who unsubscribed, too. nil: true, or what the template's type says.
	Transactional  *bool
	TrackOpens     *bool
	TrackClicks    *bool
	ScheduledFor   string
	DryRun         bool // everything is checked and rendered, and nothing stored
	IdempotencyKey string
}

// SentEmail is what became of one recipient.
type SentEmail struct {
	ID      string // snd_…
	Message string // msg_…; empty: none was made, as of those who are skipped
	Contact string // con_…; empty: in a dry run of somebody new
	Email   string
	Status  send.Status
	Reason  send.Reason    // why it is skipped
	Preview *send.Rendered // of a dry run
}

// SendEmails queues emails.
func (c *Control) SendEmails(ctx context.Context, who Actor, in *SendRequest) ([]SentEmail, time.Time, error) {
	now := c.Now().UTC().Truncate(time.Millisecond)
	s := &sending{control: c, who: who, in: in, now: now}
	if err := s.read(ctx); err != nil {
		return nil, now, err
	}
	if in.DryRun {
		if err := s.rehearse(ctx); err != nil {
			return nil, now, err
		}
	}
	src, err := c.sendSource(ctx, who.Project)
	if err != nil {
		return nil, now, err
	}
	s.batch.Source = src
	out, err := c.Store.QueueSends(ctx, &s.batch, nil)
	if err != nil {
		return nil, now, fmt.Errorf("send: %w", err)
	}
	if err := s.sameAsBefore(ctx, out); err != nil {
		return nil, now, err
	}
	list := make([]SentEmail, len(out))
	for i, x := range out {
		list[i] = SentEmail{
			ID: x.ID, Message: x.Message, Contact: x.Contact, Email: in.To[i].Address, Status: x.Status, Reason: x.Reason,
		}
		if in.DryRun {
			list[i].Preview = s.previews[i]
		}
	}
	return list, now, nil
}

// sending is a request on its way into the store.
type sending struct {
	control  *Control
	who      Actor
	in       *SendRequest
	now      time.Time
	batch    store.SendBatch
	previews []*send.Rendered
}

// read checks the request. Every field that is wrong is in the error.
func (s *sending) read(ctx context.Context) error {
	var p problems
	in := s.in
	content := &send.Content{
		Subject: in.Subject, HTML: in.HTML, Text: in.Text, ReplyTo: in.ReplyTo, Headers: in.Headers, Attachments: in.Attachments,
		Sender: in.Sender, Topic: in.Topic, Tags: in.Tags, Metadata: in.Metadata, Transactional: true,
		Request: in.digest(),
	}
	if in.From != nil {
		content.From = *in.From
	}
	s.batch = store.SendBatch{Content: content, Origin: originAPI, Dry: in.DryRun}
	s.checkTexts(&p)
	s.checkParts(&p)
	s.checkAround(&p)
	data, attributes, _ := trackedData(&p, in.Data)
	content.Data = data
	if err := s.template(ctx, &p); err != nil {
		return err
	}
	set(&content.Transactional, in.Transactional)
	for to, from := range map[*bool]*bool{&content.NoOpens: in.TrackOpens, &content.NoClicks: in.TrackClicks} {
		if from != nil {
			*to = !*from
		}
	}
	s.batch.DueAt = s.due(&p)
	s.recipients(&p, attributes)
	if err := p.err(); err != nil {
		return err
	}
	return s.mayUse(ctx)
}

// recipients makes a send for each.
func (s *sending) recipients(p *problems, attributes map[string]json.RawMessage) {
	if n := len(s.in.To); n < 1 || n > MaxRecipients {
		p.add("to", "must have 1 to %d entries, not %d", MaxRecipients, n)
		return
	}
	for i, to := range s.in.To {
		field := "to"
		if len(s.in.To) > 1 {
			field = indexed("to", i)
		}
		address, wrong := readAddress([]byte(to.Address))
		if wrong != "" {
			p.add(field, "%s", wrong)
		}
		p.mailName(field, to.Name)
		change := contact.Change{
			Address: address, Attributes: attributes, At: s.now.UnixMilli(), Origin: originAPI, By: s.who.By, Born: contact.OptOut,
		}
		if yes := s.in.Subscribed; yes != nil && *yes {
			change.Consent, change.Born = contact.OptIn, contact.OptIn
		} else if yes != nil {
			change.Consent = contact.OptOut
		}
		x := store.NewSend{ID: auth.NewID(send.IDPrefix), Change: change, Name: to.Name}
		if s.in.IdempotencyKey != "" {
			x.Intent = "key:" + s.in.IdempotencyKey + ":" + strconv.Itoa(i)
		}
		s.batch.Sends = append(s.batch.Sends, x)
	}
}

// mailName checks a name that is shown beside an address.
func (p *problems) mailName(field, name string) {
	if len(name) > maxDisplayName || strings.ContainsFunc(name, isControl) {
		p.add(field, "has a name that is too long or holds control characters: at most %d bytes, one line", maxDisplayName)
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }

func (s *sending) checkTexts(p *problems) {
	in := s.in
	if len(in.Subject) > maxSubject || strings.ContainsFunc(in.Subject, isControl) {
		p.add("subject", "must be one line of at most %d bytes", maxSubject)
	}
	if len(in.HTML) > maxHTML {
		p.add("body", "has %d bytes, at most %d are taken", len(in.HTML), maxHTML)
	}
	if in.Text != nil && len(*in.Text) > maxHTML {
		p.add("text", "has %d bytes, at most %d are taken", len(*in.Text), maxHTML)
	}
	if in.Template != "" {
		p.text("template", in.Template, 1, maxFilter)
		return
	}
	if in.Subject == "" {
		p.add("subject", "is required without a template")
	}
	if in.HTML == "" && (in.Text == nil || *in.Text == "") {
		p.add("body", "is required without a template")
	}
}

// ownHeaders are those that we write ourselves.
var ownHeaders = []string{
	"Bcc", "Cc", "Content-Transfer-Encoding", "Content-Type", "Date", "Dkim-Signature", "From", "List-Unsubscribe",
	"List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Received", "Reply-To", "Return-Path", "Sender", "Subject", "To",
}

func (s *sending) checkParts(p *problems) {
	in := s.in
	if len(in.Headers) > maxSendHeaders {
		p.add("headers", "must have at most %d entries", maxSendHeaders)
	}
	for _, h := range in.Headers {
		field := "headers." + cutRunes(h.Name, maxFilter)
		switch {
		case !isHeaderName(h.Name):
			p.add(field, "is no name of a header: letters, digits and hyphens, such as X-Order")
		case slices.Contains(ownHeaders, textproto.CanonicalMIMEHeaderKey(h.Name)):
			p.add(field, "is written by the server, and has a field of its own where it can be chosen")
		case len(h.Value) > maxHeaderValue || strings.ContainsFunc(h.Value, isControl):
			p.add(field, "must be one line of at most %d bytes", maxHeaderValue)
		}
	}
	if len(in.Attachments) > maxAttachments {
		p.add("attachments", "must have at most %d entries", maxAttachments)
	}
	size := 0
	for i, a := range in.Attachments {
		size += len(a.Content)
		field := indexed("attachments", i)
		p.text(field+".filename", a.Name, 1, maxDisplayName)
		p.text(field+".contentType", a.ContentType, 1, maxDisplayName)
		if !strings.Contains(a.ContentType, "/") {
			p.add(field+".contentType", "must be a media type, such as application/pdf")
		}
	}
	if size > maxAttached {
		p.add("attachments", "have %d bytes, at most %d are taken", size, maxAttached)
	}
}

func isHeaderName(s string) bool {
	return s != "" && len(s) <= 76 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func (s *sending) checkAround(p *problems) {
	in := s.in
	if in.From != nil {
		s.mailbox(p, "from", *in.From)
	}
	for _, m := range in.ReplyTo {
		s.mailbox(p, "reply", m)
	}
	if len(in.Tags) > maxSendTags {
		p.add("tags", "must have at most %d entries", maxSendTags)
	}
	for i, tag := range in.Tags {
		p.text(indexed("tags", i), tag, 1, maxTag)
	}
	if len(in.Metadata) > maxSendMetadata {
		p.add("metadata", "must have at most %d entries", maxSendMetadata)
	}
	for _, key := range sortedKeys(in.Metadata) {
		p.text("metadata."+cutRunes(key, maxFilter), in.Metadata[key], 0, maxMetadataValue)
		if strings.HasPrefix(key, "tidings_") || !isWord(key) || len(key) > maxTag {
			p.add("metadata."+cutRunes(key, maxFilter),
				"is no name for metadata: letters, digits, - and _, not beginning with tidings_")
		}
	}
	p.idempotencyKey(in.IdempotencyKey)
	if in.Topic != "" {
		p.text("topic", in.Topic, 1, maxFilter)
	}
}

func (s *sending) mailbox(p *problems, field string, m send.Mailbox) {
	if _, wrong := readAddress([]byte(m.Address)); wrong != "" {
		p.add(field, "%s", wrong)
	}
	p.mailName(field, m.Name)
}

// due reads when the emails are to be sent.
func (s *sending) due(p *problems) time.Time {
	when, err := parseWhen("scheduledFor", s.in.ScheduledFor)
	p.addError(err)
	if when.After(s.now.Add(maxScheduledAhead)) {
		p.add("scheduledFor", "is more than a year ahead")
	}
	return when
}

// template finds the template, and takes from it what the request leaves out.
func (s *sending) template(ctx context.Context, p *problems) error {
	if s.in.Template == "" {
		return nil
	}
	err := s.control.useTemplate(ctx, s.who.Project, s.in.Template, s.batch.Content)
	if fault.Is(err, fault.NotFound) {
		p.addError(fault.BadField("template", "there is no template %.100q", s.in.Template))
		return nil
	}
	return err
}

// mayUse checks what depends on the project: the sender's domain, the topic.
func (s *sending) mayUse(ctx context.Context) error {
	var p problems
	content := s.batch.Content
	if content.Topic != "" {
		known, err := s.control.topicsOf(ctx, s.who)
		if err != nil {
			return err
		}
		if !known[content.Topic] {
			p.add("topic", "there is no topic %.100q", content.Topic)
		}
	}
	from, err := s.control.senderFrom(ctx, s.who.Project, content.Sender)
	if err != nil {
		p.addError(err)
	} else if content.From.Address == "" {
		content.From = from
	}
	p.addError(s.control.checkContent(ctx, s.who.Project, content))
	_, domain, _ := strings.Cut(content.From.Address, "@")
	switch allowed := s.who.Bounds.Domains; {
	case content.From.Address == "":
		p.add("from", "is required: neither the request, nor a template, nor the sender has an address")
	case len(allowed) > 0 && !slices.Contains(allowed, strings.ToLower(domain)):
		p.addError(fault.New(fault.Forbidden, "domain_not_allowed", "this key may not send as %.100q", content.From.Address).
			WithField("from").WithHint("use a key whose domains include %s", strings.ToLower(domain)))
	}
	return p.err()
}

// sameAsBefore refuses an Idempotency-Key that came with another request.
func (s *sending) sameAsBefore(ctx context.Context, out []store.QueuedSend) error {
	for _, x := range out {
		if !x.Known {
			continue
		}
		first, err := s.control.Store.Send(ctx, s.who.Project, x.ID)
		if err != nil {
			return fmt.Errorf("find the first answer: %w", err)
		}
		if first.Content.Request != s.batch.Content.Request {
			return fault.New(fault.Conflict, CodeKeyReused, "this Idempotency-Key was used for another request").
				WithHint("use a new key for each request; the same one only to repeat it unchanged")
		}
		return nil
	}
	return nil
}

// digest is what the same request is known by; empty without an idempotency key.
func (in *SendRequest) digest() string {
	if in.IdempotencyKey == "" {
		return ""
	}
	raw, err := json.Marshal(in)
	if err != nil { // its fields are texts, numbers and lists of them
		panic(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// rehearse renders what a dry run would send.
func (s *sending) rehearse(ctx context.Context) error {
	s.previews = make([]*send.Rendered, len(s.in.To))
	for i, to := range s.in.To {
		k, err := s.control.Store.Contact(ctx, s.who.Project, s.batch.Sends[i].Change.Address)
		if fault.Is(err, fault.NotFound) {
			k, err = store.Contact{Address: s.batch.Sends[i].Change.Address}, nil
		}
		if err != nil {
			return fmt.Errorf("find contact: %w", err)
		}
		base := s.control.public("")
		texts, err := s.control.texts(ctx, s.who.Project, s.batch.Content, &rendering{
			contact: &k, name: to.Name, unsubscribe: base + "/unsubscribe/preview", preferences: base + "/preferences/preview",
		})
		if err != nil {
			return err
		}
		s.previews[i] = &texts
	}
	return nil
}
