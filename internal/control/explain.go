package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Explanation tells why somebody did not get an email, or what became of it.
type Explanation struct {
	Contact  *store.Contact  // of one address; nil where nothing is known of it, or an email went to several
	Messages []store.Message // what the reasons rest on, the newest first
	Events   []event.Event   // likewise
	Reasons  []ExplainReason // the weightiest first; never empty
}

// ExplainReason is one sentence and the fact that it rests on. The sentence is made of our own words alone: what others
// wrote is in the events.
type ExplainReason struct {
	Code    string // stable: "suppressed", "bounced", …
	Text    string
	Contact string    // con_…; empty: nobody in particular
	Message string    // msg_…; empty: no email in particular
	Event   string    // the event's id; empty: no event
	At      time.Time // zero: no moment
}

const (
	explainMessages = 5  // of a contact
	explainTo       = 10 // recipients of an email
	explainEvents   = 20 // of an email to a recipient
)

// ExplainMessage tells what became of an email, by the provider's id, which may have several recipients, or by ours.
func (c *Control) ExplainMessage(ctx context.Context, who Actor, id string) (Explanation, error) {
	var p problems
	p.text("about", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return Explanation{}, err
	}
	list, err := c.Messages(ctx, who, id)
	if err != nil {
		return Explanation{}, err
	}
	var x Explanation
	for i := range list[:min(len(list), explainTo)] {
		if err := c.explainMessage(ctx, who, &x, list[i]); err != nil {
			return Explanation{}, err
		}
		k, err := c.Contact(ctx, who, list[i].ContactID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return Explanation{}, err
		}
		if len(list) == 1 {
			x.Contact = &k
		}
		x.Reasons = append(x.Reasons, c.standing(&k)...)
	}
	if len(list) > explainTo {
		x.say(ExplainReason{Code: "more_recipients", Text: fmt.Sprintf(
			"The email went to %d recipients; the first %d are explained. Ask again with the address of the one "+
				"meant.", len(list), explainTo)})
	}
	return x, nil
}

func (x *Explanation) say(r ExplainReason) { x.Reasons = append(x.Reasons, r) }

// ExplainContact answers "why did this person not get it?" by an address or a contact's id. An address that nobody knows
// is explained, not refused.
func (c *Control) ExplainContact(ctx context.Context, who Actor, what string) (Explanation, error) {
	k, err := c.Contact(ctx, who, what)
	if fault.Is(err, fault.NotFound) && strings.Contains(what, "@") {
		return Explanation{Reasons: []ExplainReason{{Code: "unknown", Text: "Nothing was ever reported of this " +
			"address: no email " +
			"to it went through a source of this server, or its events did not arrive. Check the spelling, and " +
			"the health of the sources."}}}, nil
	}
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Contact: &k, Reasons: c.standing(&k)}
	if len(x.Reasons) == 0 {
		x.say(ExplainReason{Code: "nothing_stands", Contact: k.ID, Text: nothingStands(&k)})
	}
	page, err := c.ListMessages(ctx, who, MessageFilter{Contact: k.ID, Limit: explainMessages})
	if err != nil {
		return Explanation{}, err
	}
	for _, m := range page.Messages {
		if err := c.explainMessage(ctx, who, &x, m); err != nil {
			return Explanation{}, err
		}
	}
	if len(page.Messages) == 0 {
		x.say(ExplainReason{Code: "no_mail", Contact: k.ID, Text: "No email to this address is known."})
	}
	return x, nil
}

// suppressedWords say what a suppression means.
var suppressedWords = map[contact.Reason]string{
	contact.HardBounce:      "an email to it bounced for good",
	contact.SoftBounceLimit: "emails to it bounced too often",
	contact.ComplaintReason: "the recipient complained of an email",
	contact.ProviderList:    "the provider keeps it on its own list and does not try",
	contact.Manual:          "a person or an import put it on the list",
}

// nothingStands says that a contact may be mailed.
func nothingStands(k *store.Contact) string {
	var ended []string
	for _, s := range k.Suppressions {
		ended = append(ended, string(s.Reason))
	}
	if len(ended) == 0 {
		return "Nothing stands against mail to this address: it is neither suppressed nor unsubscribed."
	}
	return "Nothing stands against mail to this address now. An earlier suppression (" + strings.Join(ended, ", ") + ") has ended."
}

// holds says how a suppression ends.
func holds(s contact.Suppression) string {
	switch {
	case !s.Until.IsZero():
		return "It holds until " + s.Until.UTC().Format(time.DateOnly) + "."
	case s.Reason == contact.SoftBounceLimit:
		return "It ends by itself, with a newer delivery for example."
	case s.Reason == contact.ProviderList:
		return "It holds until a person lifts it, and takes the address off the provider's list too."
	}
	return "It holds until a person lifts it."
}

// standing are the reasons not to mail a contact that hold now.
func (c *Control) standing(k *store.Contact) (list []ExplainReason) {
	now := c.Now()
	for _, s := range k.Suppressions {
		if !s.Active(now) {
			continue
		}
		r := ExplainReason{
			Code: "suppressed", Contact: k.ID, At: s.Since,
			Text: fmt.Sprintf("The address is suppressed (%s): %s. %s", s.Reason, suppressedWords[s.Reason], holds(s)),
		}
		if !s.Event.IsZero() {
			r.Event = s.Event.String()
		}
		list = append(list, r)
	}
	for _, p := range k.Patterns {
		list = append(list, ExplainReason{
			Code: "suppressed_by_pattern", Contact: k.ID, At: p.CreatedAt,
			Text: fmt.Sprintf("The pattern %s (%s) suppresses the address. It holds until a person lifts it.", p.Pattern, p.ID),
		})
	}
	if k.State.Unsubscribed {
		list = append(list, ExplainReason{
			Code: "unsubscribed", Contact: k.ID, At: time.UnixMilli(k.State.ConsentAt).UTC(),
			Text: "The recipient unsubscribed: only mail that needs no consent, such as receipts, may go there. Only the " +
				"recipient can subscribe again.",
		})
	}
	return list
}

// outcomes say what the state of an email means.
var outcomes = map[event.Name]struct{ code, text string }{
	"":                {"nothing_known", "Nothing is known of what became of the email."},
	event.EmailQueued: {"queued", "The provider has the email in its queue and reported nothing after that."},
	event.EmailSent:   {"sent", "The provider took the email and reported neither a delivery nor a bounce."},
	event.EmailDelivery: {"delivered", "The recipient's mail server accepted the email. If it is not seen, " +
		"look in the spam folder and at rules there."},
	event.EmailOpen:  {"opened", "The email was delivered and opened."},
	event.EmailClick: {"clicked", "The email was delivered, and a link in it was followed."},
	event.EmailFailure: {"failed", "The email was never sent: the provider could not make it, of a template " +
		"that does not render for example."},
	event.EmailReject:    {"rejected", "The provider refused to send the email."},
	event.EmailBounce:    {"bounced", "The email bounced: the recipient's side refused it, or the provider gave up."},
	event.EmailComplaint: {"complained", "The email arrived, and the recipient complained of it."},
}

// byProgramsAlone say what it means that no person opened an email, or followed a link in it.
var byProgramsAlone = map[event.Name]string{
	event.EmailOpen:  "The email was delivered. Only programs opened it so far, which says nothing of the recipient.",
	event.EmailClick: "The email was delivered. Only programs followed links in it so far, which says nothing of the recipient.",
}

// outcome is what the state of an email means.
func outcome(m *store.Message) (code, text string) {
	o := outcomes[m.Status]
	byPerson := func(n store.MessageCount) bool {
		return n.Name == m.Status && !n.Candidates && n.Verdict == event.Human
	}
	if text, may := byProgramsAlone[m.Status]; may && !slices.ContainsFunc(m.Counts, byPerson) {
		return o.code, text
	}
	return o.code, o.text
}

// explainMessage adds what became of an email to one recipient.
func (c *Control) explainMessage(ctx context.Context, who Actor, x *Explanation, m store.Message) error {
	page, err := c.ListEvents(ctx, who, EventFilter{Message: m.ID, Limit: explainEvents})
	if err != nil {
		return err
	}
	r := ExplainReason{Contact: m.ContactID, Message: m.ID}
	r.Code, r.Text = outcome(&m)
	for i := range page.Events {
		e := &page.Events[i]
		if e.Name == m.Status {
			r.Event, r.At, r.Text = e.ID.String(), e.OccurredAt, r.Text+detail(e)
			break
		}
	}
	x.say(r)
	for i := range page.Events {
		if e := &page.Events[i]; e.Name == event.EmailDelay && (m.Status == event.EmailSent || m.Status == event.EmailQueued) {
			x.say(ExplainReason{
				Code: "delayed", Contact: m.ContactID, Message: m.ID, Event: e.ID.String(), At: e.OccurredAt,
				Text: "Its delivery was put off and the provider goes on trying." + detail(e),
			})
			break
		}
	}
	x.Messages, x.Events = append(x.Messages, m), append(x.Events, page.Events...)
	return nil
}

// bounceWords say what a class of bounces means.
var bounceWords = map[event.BounceClass]string{
	event.Hard:         "Hard: the address does not take mail, for good",
	event.Soft:         "Soft: not now, or not this email",
	event.Block:        "Block: refused by policy, which says nothing of the address",
	event.Suppressed:   "Suppressed: the provider did not try, the address is on its own list",
	event.AutoReply:    "Automatic reply",
	event.Undetermined: "The provider could not tell why",
}

// detail is what an event tells in words of our own.
func detail(e *event.Event) string {
	switch {
	case e.Bounce != nil:
		return reasonsIn(bounceWords[e.Bounce.Class], e.Bounce.Reason, e.Bounce.SMTPCode)
	case e.Delay != nil:
		return reasonsIn("", e.Delay.Reason, e.Delay.SMTPCode)
	}
	return ""
}

func reasonsIn(class, reason string, code int) string {
	var words []string
	if class != "" {
		words = append(words, class)
	}
	if slices.Contains(event.Reasons(), reason) {
		words = append(words, "reason "+reason)
	}
	if code > 0 {
		words = append(words, fmt.Sprintf("SMTP code %d", code))
	}
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, ", ") + "."
}
