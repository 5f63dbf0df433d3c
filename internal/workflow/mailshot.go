package workflow

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/rule"
)

// msSequence is Mailshot's SequenceDefinition.
type msSequence struct {
	ID             string    `json:"id"`
	Sender         msSender  `json:"sender"`
	Transactional  bool      `json:"transactional"`
	Trigger        msEvent   `json:"trigger"`
	TimeoutMinutes int64     `json:"timeoutMinutes"`
	Steps          []msStep  `json:"steps"`
	Events         []msEmail `json:"events"`
	ExitOn         []msEvent `json:"exitOn"`
}

type msSender struct {
	FromEmail        string `json:"fromEmail"`
	FromName         string `json:"fromName"`
	ReplyToEmail     string `json:"replyToEmail"`
	CaptureReplies   bool   `json:"captureReplies"`
	ForwardRepliesTo string `json:"forwardRepliesTo"`
	ListUnsubscribe  *bool  `json:"listUnsubscribe"`
}

// msEvent is what begins or ends a sequence. Mailshot's documents have a source, which its code does not look at.
type msEvent struct {
	DetailType        string        `json:"detailType"`
	Source            string        `json:"source"`
	SubscriberMapping *rule.Mapping `json:"subscriberMapping"`
}

// msEmail is an email for an event, without a run.
type msEmail struct {
	msEvent
	TemplateKey   string `json:"templateKey"`
	Subject       string `json:"subject"`
	Transactional *bool  `json:"transactional"`
}

type msStep struct {
	Type string `json:"type"`

	TemplateKey string      `json:"templateKey"` // of send, and of has_been_sent
	Subject     string      `json:"subject"`
	Variants    []msVariant `json:"variants"`

	Days    float64 `json:"days"`
	Hours   float64 `json:"hours"`
	Minutes float64 `json:"minutes"`

	Field    string     `json:"field"` // of choice and condition
	Branches []msBranch `json:"branches"`
	Default  []msStep   `json:"default"`

	Check string   `json:"check"`
	Value *string  `json:"value"`
	Then  []msStep `json:"then"`
	Else  []msStep `json:"else"`
}

type msVariant struct {
	TemplateKey string `json:"templateKey"`
	Subject     string `json:"subject"`
}

type msBranch struct {
	Value string   `json:"value"`
	Steps []msStep `json:"steps"`
}

// mailshot reads one of Mailshot's sequences.
func (f *reading) mailshot(raw []byte) {
	f.Format = Mailshot
	var q msSequence
	f.fits(raw, &q)
	s := &sequence{reading: f, from: &q}
	flat := flatten("steps", s.steps("steps", q.Steps))
	f.list = append(f.list, flat.list...)
	d := Definition{
		Key: q.ID, Trigger: Trigger{On: s.on(&q.Trigger), Mapping: s.mapping("trigger", &q.Trigger)},
		Reentry: Reentry{Mode: Replace}, From: q.Sender.from(), ReplyTo: q.Sender.ReplyToEmail, Transactional: q.Transactional,
		Steps: flat.steps,
	}
	if q.TimeoutMinutes != 0 {
		d.Timeout = s.timeout()
	}
	for i := range q.ExitOn {
		x := &q.ExitOn[i]
		d.ExitOn = append(d.ExitOn, Exit{On: *s.on(x), Mapping: s.mapping(place("exitOn", i), x)})
	}
	s.sender()
	places := &moves{}
	for _, m := range [][2]string{
		{"key", "id"},
		{"timeout", "timeoutMinutes"},
		{"from", "sender.fromEmail"},
		{"replyTo", "sender.replyToEmail"},
		{"trigger.on.event[0]", "trigger.detailType"},
		{"trigger.mapping", "trigger.subscriberMapping"},
	} {
		places.add(m[0], m[1])
	}
	f.take(d, func(p string) string { return msPlace(flat.placed(places.placed(p, p), p)) })
	s.events()
}

// msPlace writes a place of ours in Mailshot's words.
func msPlace(at string) string {
	return strings.NewReplacer(
		".send.templateKey", ".templateKey", ".send.template", ".templateKey", ".send.", ".", ".template", ".templateKey",
		".wait.for", "", ".choice.", ".", ".condition.sent", ".templateKey",
		".condition.if.groups[0].filters[0]", "", ".condition.if", ".field", ".on.event[0]", ".detailType", ".on.event",
		".detailType",
		".mapping", ".subscriberMapping",
	).Replace(at)
}

// sequence is a sequence on its way to a definition.
type sequence struct {
	*reading
	from *msSequence
}

func (s *sequence) on(e *msEvent) *rule.Match {
	m := &rule.Match{}
	if e.DetailType != "" {
		m.Event = rule.Words{e.DetailType}
	}
	return m
}

// mapping is where the person stands in an event. Events of emails are of their own contact, as Mailshot's email.replied.
func (s *sequence) mapping(at string, e *msEvent) rule.Mapping {
	if e.Source != "" {
		s.warn(at+".source", "is not looked at, as in Mailshot: events of every source count")
	}
	if event.Canonical(e.DetailType).Builtin() {
		return rule.Mapping{}
	}
	if e.SubscriberMapping == nil {
		return rule.Mapping{}
	}
	return *e.SubscriberMapping
}

func (s *sequence) warn(at, format string, args ...any) {
	s.Warnings = append(s.Warnings, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

func (s *sequence) timeout() Span {
	n := s.from.TimeoutMinutes
	if n < 0 || n > int64(maxSpan/time.Minute) {
		return Span(fmt.Sprintf("%dm", n))
	}
	return SpanOf(time.Duration(n) * time.Minute)
}

// sender checks what Mailshot does with replies and with the header that unsubscribes, which is not all done here.
func (s *sequence) sender() {
	x := &s.from.Sender
	if x.FromEmail == "" {
		s.wrong("sender.fromEmail", "is required: the address that the emails are from")
	}
	if x.CaptureReplies {
		if x.ReplyToEmail == "" {
			s.wrong("sender.replyToEmail", "is required where replies are captured")
		}
		s.warn("sender.captureReplies", "is not needed: replies come by a source for inbound mail, as email.reply")
	}
	if x.ForwardRepliesTo != "" {
		s.warn("sender.forwardRepliesTo", "is not done: let the mail service that takes replies forward them")
	}
	if x.ListUnsubscribe != nil && !*x.ListUnsubscribe && !s.from.Transactional {
		s.warn("sender.listUnsubscribe", "is not done: emails that are not transactional can be unsubscribed from by one click")
	}
}

// from is the sender as headers have it.
func (x *msSender) from() string {
	if x.FromName == "" || x.FromEmail == "" {
		return x.FromEmail
	}
	plain := x.FromName + " <" + x.FromEmail + ">"
	if a, err := mail.ParseAddress(plain); err == nil && a.Name == x.FromName && a.Address == x.FromEmail {
		return plain
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(x.FromName)
	return `"` + quoted + `" <` + x.FromEmail + ">"
}

// events are the emails without a run, as rules.
func (s *sequence) events() {
	known := make(map[string]int)
	for i := range s.from.Events {
		e, at := &s.from.Events[i], place("events", i)
		name := s.from.ID + ": " + e.DetailType
		if known[name]++; known[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, known[name])
		}
		transactional := s.from.Transactional
		if e.Transactional != nil {
			transactional = *e.Transactional
		}
		d := rule.Definition{
			Name: name, On: *s.on(&e.msEvent), Mapping: s.eventMapping(at, &e.msEvent),
			Do: []rule.Action{{Send: &rule.Send{
				Template: e.TemplateKey, Subject: e.Subject, From: s.from.Sender.from(), ReplyTo: s.from.Sender.ReplyToEmail,
				Transactional: transactional,
			}}},
		}
		_, problems := rule.Compile(d)
		for _, p := range problems {
			if p.At = eventPlace(at, p.At); !s.missed(p.At) && !strings.HasPrefix(p.At, "sender") {
				s.list = append(s.list, p)
			}
		}
		s.Rules = append(s.Rules, d)
	}
}

// eventMapping is the event's own, or the sequence's.
func (s *sequence) eventMapping(at string, e *msEvent) rule.Mapping {
	own := *e
	if own.SubscriberMapping == nil {
		own.SubscriberMapping = s.from.Trigger.SubscriberMapping
	}
	return s.mapping(at, &own)
}

// eventPlace writes a place of a rule in Mailshot's words.
func eventPlace(at, p string) string {
	places := &moves{}
	for _, m := range [][2]string{
		{"name", at + ".detailType"},
		{"on.event", at + ".detailType"},
		{"mapping", at + ".subscriberMapping"},
		{"do[0].send.template", at + ".templateKey"},
		{"do[0].send.from", "sender.fromEmail"},
		{"do[0].send.replyTo", "sender.replyToEmail"},
	} {
		places.add(m[0], m[1])
	}
	return places.placed(join(at, p), p)
}
