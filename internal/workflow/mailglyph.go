package workflow

import (
	"encoding/json"
	"regexp"
	"strings"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// Glyph is a workflow in MailGlyph's shape: a trigger, steps and transitions. What MailGlyph has no word for stands beside it
// in fields of ours, so that nothing is lost on the way there and back.
type Glyph struct {
	ID            string          `json:"id,omitempty"`
	Name          string          `json:"name"`
	Description   *string         `json:"description"`
	Enabled       *bool           `json:"enabled,omitempty"`
	TriggerType   string          `json:"triggerType"`
	TriggerConfig json.RawMessage `json:"triggerConfig,omitempty"`
	AllowReentry  bool            `json:"allowReentry"`
	Steps         []GlyphStep     `json:"steps"`

	Key           string   `json:"key,omitempty"`
	Reentry       *Reentry `json:"reentry,omitempty"` // in place of AllowReentry
	ExitOn        []Exit   `json:"exitOn,omitempty"`
	Timeout       Span     `json:"timeout,omitempty"`
	Late          *Late    `json:"late,omitempty"`
	Sender        string   `json:"sender,omitempty"`
	From          string   `json:"from,omitempty"`
	ReplyTo       string   `json:"replyTo,omitempty"`
	Transactional bool     `json:"transactional,omitempty"`
	Topic         string   `json:"topic,omitempty"`
	Cap           *Cap     `json:"cap,omitempty"`
	Quiet         *Quiet   `json:"quiet,omitempty"`
}

// GlyphStep is a step in MailGlyph's shape.
type GlyphStep struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Name        string            `json:"name"`
	Position    *GlyphPoint       `json:"position,omitempty"`
	Config      json.RawMessage   `json:"config,omitempty"`
	TemplateID  *string           `json:"templateId"`
	Transitions []GlyphTransition `json:"outgoingTransitions"`
}

// GlyphPoint is a place in MailGlyph's editor; one that says nothing is none.
type GlyphPoint struct {
	X *float64 `json:"x,omitempty"`
	Y *float64 `json:"y,omitempty"`
}

func (p *GlyphPoint) point() *Point {
	if p == nil || p.X == nil || p.Y == nil {
		return nil
	}
	return &Point{X: *p.X, Y: *p.Y}
}

func glyphPoint(p *Point) *GlyphPoint {
	if p == nil {
		return nil
	}
	return &GlyphPoint{X: &p.X, Y: &p.Y}
}

// GlyphTransition leads from a step to another. Of those that fit the one of the least priority counts.
type GlyphTransition struct {
	From      string         `json:"fromStepId"`
	To        string         `json:"toStepId"`
	Condition *GlyphCriteria `json:"condition"`
	Priority  int            `json:"priority"`
}

// GlyphCriteria is when a transition is taken; one without either field is always.
type GlyphCriteria struct {
	Branch      string `json:"branch,omitempty"`      // of conditions: yes, no, the id or name of a branch, default
	WaitOutcome string `json:"waitOutcome,omitempty"` // of waits for events: EVENT, TIMEOUT
	Outcome     string `json:"outcome,omitempty"`     // ours, of what has no word there: failed
}

// The types of MailGlyph's steps.
const (
	glyphTrigger   = "TRIGGER"
	glyphSend      = "SEND_EMAIL"
	glyphDelay     = "DELAY"
	glyphWaitFor   = "WAIT_FOR_EVENT"
	glyphCondition = "CONDITION"
	glyphExit      = "EXIT"
	glyphWebhook   = "WEBHOOK"
	glyphUpdate    = "UPDATE_CONTACT"
)

// The types of our steps that MailGlyph has no word for.
const (
	glyphWait  = "WAIT"
	glyphSplit = "SPLIT"
)

// MailGlyph's words for what begins a run.
const (
	byEvent    = "EVENT"
	byHand     = "MANUAL"
	bySchedule = "SCHEDULE"
)

// glyphTriggerConfig is what begins a run: MailGlyph's word, and ours.
type glyphTriggerConfig struct {
	EventName string             `json:"eventName,omitempty"`
	On        *rule.Match        `json:"on,omitempty"` // in place of EventName
	Mapping   *rule.Mapping      `json:"mapping,omitempty"`
	Segment   string             `json:"segment,omitempty"`
	Schedule  *Schedule          `json:"schedule,omitempty"`
	If        *segment.Condition `json:"if,omitempty"`
}

// glyphTemplate is how steps of MailGlyph name the email that they send, and who gets it, with what ours say beside it.
type glyphSendConfig struct {
	TemplateID string          `json:"templateId,omitempty"`
	Recipient  *glyphRecipient `json:"recipient,omitempty"`

	Subject       string    `json:"subject,omitempty"`
	Variants      []Variant `json:"variants,omitempty"`
	Sender        string    `json:"sender,omitempty"`
	From          string    `json:"from,omitempty"`
	ReplyTo       string    `json:"replyTo,omitempty"`
	Topic         string    `json:"topic,omitempty"`
	Transactional *bool     `json:"transactional,omitempty"`
}

type glyphRecipient struct {
	Type        string `json:"type"` // CONTACT, CUSTOM
	CustomEmail string `json:"customEmail,omitempty"`
}

// MailGlyph's words for who gets an email.
const (
	toContact = "CONTACT"
	toCustom  = "CUSTOM"
)

type glyphDelayConfig struct {
	Amount json.Number `json:"amount"`
	Unit   string      `json:"unit"`
}

type glyphWaitForConfig struct {
	EventName string      `json:"eventName,omitempty"`
	Timeout   json.Number `json:"timeout,omitempty"` // seconds
	On        *rule.Match `json:"on,omitempty"`      // in place of EventName
}

// glyphConditionConfig is MailGlyph's condition of one field with the ways yes and no, its mode "multi" with many, or ours.
type glyphConditionConfig struct {
	Mode     string          `json:"mode,omitempty"`
	Field    string          `json:"field,omitempty"`
	Operator string          `json:"operator,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Unit     string          `json:"unit,omitempty"`
	Branches []glyphBranch   `json:"branches,omitempty"`
	Ask      *Condition      `json:"condition,omitempty"`
}

type glyphBranch struct {
	ID       string          `json:"id,omitempty"`
	Name     string          `json:"name"`
	Operator string          `json:"operator,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Unit     string          `json:"unit,omitempty"`
}

const multi = "multi"

type glyphUpdateConfig struct {
	Updates            map[string]json.RawMessage `json:"updates,omitempty"`
	SubscriptionAction string                     `json:"subscriptionAction,omitempty"` // none, subscribe, unsubscribe

	Tags   []string        `json:"tags,omitempty"`
	Untag  []string        `json:"untag,omitempty"`
	Topics map[string]bool `json:"topics,omitempty"`
}

// MailGlyph's words for what becomes of a subscription.
const (
	subscribing   = "subscribe"
	unsubscribing = "unsubscribe"
)

// glyphUnits are MailGlyph's units of time, with ours.
var glyphUnits = [...]struct {
	word string
	unit byte
}{{"days", 'd'}, {"hours", 'h'}, {"minutes", 'm'}}

// glyphFields are MailGlyph's words for fields of contacts, with ours.
var glyphFields = [...][2]string{{"contact.email", "email"}, {"contact.subscribed", "subscribed"}}

func fieldFromGlyph(field string) string {
	for _, x := range glyphFields {
		if field == x[0] {
			return x[1]
		}
	}
	return strings.TrimPrefix(field, "contact.")
}

func fieldToGlyph(field string) string {
	for _, x := range glyphFields {
		if field == x[1] {
			return x[0]
		}
	}
	return field
}

var noKey = regexp.MustCompile(`[^a-z0-9]+`)

// KeyOf makes a key of a name; empty: there is nothing in it to make one of.
func KeyOf(name string) string {
	key := strings.Trim(noKey.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return strings.Trim(key[:min(len(key), maxKey)], "-")
}
