// Package workflow provides what a team wants to happen over days: a graph of steps, who enters it and when, and the way of
// one contact through it. It is pure: it reads definitions in three formats, finds everything that is wrong with them, and
// says what comes next for a run; the store, the mail and the clock are elsewhere.
package workflow

import (
	"encoding/json"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// Definition is a workflow as it is stored: a flat list of steps, each of which says by which outcome it leads where. It is
// what the readers of every format make, and is written as JSON: fields are added, never renamed. Zero fields say nothing.
type Definition struct {
	Key         string `json:"key"`            // unique in the project: "onboarding", what emails and events call the workflow
	Name        string `json:"name,omitempty"` // for people; empty: Key
	Description string `json:"description,omitempty"`

	Trigger Trigger `json:"trigger"`
	Reentry Reentry `json:"reentry,omitzero"`
	// ExitOn are the events that end a run of the contact that they are about.
	ExitOn []Exit `json:"exitOn,omitempty"`
	// Timeout ends a run that is not through by then, as Exited: "30d"; empty: never.
	Timeout Span `json:"timeout,omitempty"`
	// Late is what becomes of a run that goes on much later than it should have, as after an outage; zero: it goes on.
	Late Late `json:"late,omitzero"`

	// What its emails have in common, where a step does not say otherwise.
	Sender        string `json:"sender,omitempty"` // id or name; empty: the project's default
	From          string `json:"from,omitempty"`   // an address, with a name or without
	ReplyTo       string `json:"replyTo,omitempty"`
	Transactional bool   `json:"transactional,omitempty"` // it goes on for those who unsubscribe, and mails them
	Topic         string `json:"topic,omitempty"`
	// Cap and Quiet stand in place of the project's.
	Cap   *Cap   `json:"cap,omitempty"`
	Quiet *Quiet `json:"quiet,omitempty"`

	Start string `json:"start,omitempty"` // the id of the first step; empty: the first of Steps
	Steps []Step `json:"steps"`
}

// Trigger says who enters: exactly one of On, Segment, Schedule and Manual is set.
type Trigger struct {
	On *rule.Match `json:"on,omitempty"` // events
	// Mapping finds in the event whom it is about; zero: the event's own contact. The attributes that it finds are merged into
	// the contact's.
	Mapping  rule.Mapping `json:"mapping,omitzero"`
	Segment  string       `json:"segment,omitempty"` // id or slug: who enters the segment
	Schedule *Schedule    `json:"schedule,omitempty"`
	Manual   bool         `json:"manual,omitempty"` // people, rules and programs alone start it
	// If is a condition on the contact when it would enter; nil: it holds for everybody.
	If *segment.Condition `json:"if,omitempty"`

	// How the editor shows it, which MailGlyph has as a step of its own.
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	At   *Point `json:"at,omitempty"`
}

// Schedule lets every contact of a segment enter at certain times.
type Schedule struct {
	Segment string   `json:"segment"`         // id or slug
	At      string   `json:"at"`              // "09:00"
	Days    []string `json:"days,omitempty"`  // mon … sun; empty: every day
	Dates   []int    `json:"dates,omitempty"` // days of the month, 1 … 31, -1 is the last; empty: every one
	Zone    string   `json:"zone,omitempty"`  // IANA; empty: UTC
}

// Reentry says what becomes of a contact that would enter again.
type Reentry struct {
	// Mode: "once" (any earlier run is in the way; what the zero value means), "replace" (a run that goes on is ended and a new
	// one begins), "parallel" (as many runs as triggers), "after" (a run that goes on is in the way, one that has ended is not).
	Mode string `json:"mode,omitempty"`
	// Cooldown is how long after the start of the last run another one may begin, in every mode but once: "7d"; empty: none.
	Cooldown Span `json:"cooldown,omitempty"`
}

// The modes of Reentry.
const (
	Once     = "once"
	Replace  = "replace"
	Parallel = "parallel"
	After    = "after"
)

// Exit is an event that ends runs.
type Exit struct {
	On rule.Match `json:"on"`
	// Mapping finds in the event whose runs they are; zero: those of the event's own contact.
	Mapping rule.Mapping `json:"mapping,omitzero"`
}

// Late is a policy for what is overdue.
type Late struct {
	After Span   `json:"after,omitempty"` // from when on it is late: "1d"
	Then  string `json:"then,omitempty"`  // "run" (what empty means) or "skip": the run is ended as Exited
}

// The policies of Late.
const (
	LateRun  = "run"
	LateSkip = "skip"
)

// Cap bounds how many emails one contact gets, whoever asks for them: Mails in the window In. An email of a workflow that is too
// many waits until there is room, or, where Then is "skip", is skipped.
type Cap struct {
	Mails int    `json:"mails"`
	In    Span   `json:"in"`
	Then  string `json:"then,omitempty"` // "wait" (what empty means) or "skip"
}

// What becomes of an email that is too many.
const (
	CapWait = "wait"
	CapSkip = "skip"
)

// Quiet are hours in which nobody is mailed, unless the email is transactional: it waits until they are over.
type Quiet struct {
	From string `json:"from"`           // "22:00"
	To   string `json:"to"`             // "07:00", the next day where it is before From
	Zone string `json:"zone,omitempty"` // IANA, or "contact"; empty: contact
}

// Step is one action. Exactly one of its fields Send to Exit is set.
type Step struct {
	ID   string `json:"id"`             // unique in the workflow, of letters, digits, _ and -
	Name string `json:"name,omitempty"` // for people; empty: made from what it does
	// At is where it stands in the editor; nil: laid out by it.
	At *Point `json:"at,omitempty"`

	Send      *Send      `json:"send,omitempty"`
	Wait      *Wait      `json:"wait,omitempty"`
	WaitFor   *WaitFor   `json:"waitFor,omitempty"`
	Choice    *Choice    `json:"choice,omitempty"`
	Condition *Condition `json:"condition,omitempty"`
	Split     *Split     `json:"split,omitempty"`
	Update    *Update    `json:"update,omitempty"`
	Webhook   *Webhook   `json:"webhook,omitempty"`
	Exit      *Leave     `json:"exit,omitempty"`

	// Next leads from each outcome to a step, or by "" to the end of the run. An outcome that is not there leads to the one
	// under "", and without that the run is through.
	Next map[string]string `json:"next,omitempty"`
}

// The outcomes of steps, beside the branches of choices and splits, which are called as the definition calls them.
const (
	Always    = ""        // whatever happened
	Yes       = "yes"     // of a condition that holds
	No        = "no"      // of one that does not
	OnEvent   = "event"   // of a wait for an event that came
	OnTimeout = "timeout" // of one that did not
	Else      = "else"    // of a choice that no branch fits
	OnFailed  = "failed"  // of a webhook that did not answer 2xx after all tries; without a way on the run fails
)

// Point is a place in the editor, in its pixels.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Send mails the contact.
type Send struct {
	Template string `json:"template,omitempty"` // key or id
	Subject  string `json:"subject,omitempty"`  // Liquid; empty: the template's
	// Variants share the contacts by the workflow's split, the same one for every step of the workflow, as Mailshot does. Template
	// is empty then.
	Variants      []Variant `json:"variants,omitempty"`
	Sender        string    `json:"sender,omitempty"`
	From          string    `json:"from,omitempty"`
	ReplyTo       string    `json:"replyTo,omitempty"`
	Topic         string    `json:"topic,omitempty"`
	Transactional *bool     `json:"transactional,omitempty"` // nil: as the workflow is
	// To is who gets it in place of the contact: an address, or Liquid that makes one; empty: the contact.
	To string `json:"to,omitempty"`
}

// Variant is one of several emails of a Send.
type Variant struct {
	Name     string `json:"name,omitempty"` // empty: a, b, c, … by its place
	Template string `json:"template"`
	Subject  string `json:"subject,omitempty"`
	Weight   int    `json:"weight,omitempty"` // 0: 1
}

// Wait lets time pass: For, or until the next time of day At that fits, or until a time that the contact or event has. With For
// and At both, first the one, then the other.
type Wait struct {
	For  Span     `json:"for,omitempty"`
	At   string   `json:"at,omitempty"`   // "09:00": the next one; now, where it is that minute
	Days []string `json:"days,omitempty"` // mon … sun, with At; empty: every day
	Zone string   `json:"zone,omitempty"` // IANA, or "contact" (its attribute timezone, else UTC); empty: contact
	// Until is a field with a time: "data.trialEndsAt", "event.data.startsAt". A time that is over, or none, does not wait. With
	// For it is that much later, with a negative For that much earlier.
	Until string `json:"until,omitempty"`
}

// WaitFor waits until an event of the contact comes. One that came since the run began, or since its last wait for that event
// was over, counts.
type WaitFor struct {
	On rule.Match `json:"on"`
	// Timeout ends the wait: "3d"; empty: it waits as long as the run lives.
	Timeout Span `json:"timeout,omitempty"`
}

// Choice leads one of many ways, by one value.
type Choice struct {
	// Field is a field of segments ("data.plan", "email"), of the event that the run was told of last ("event.data.plan"), of
	// all that it was told on its way ("workflow.plan"), or Mailshot's path ("$.subscriber.attributes.plan"), which is of the
	// contact as it was when the run began.
	Field    string   `json:"field"`
	Branches []Branch `json:"branches"`
}

// Branch is taken where the field's value fits; the first that does counts. Its name is the outcome.
type Branch struct {
	ID       string          `json:"id,omitempty"` // what MailGlyph's editor calls it
	Name     string          `json:"name"`
	Operator string          `json:"operator,omitempty"` // of segments; empty: equals
	Value    json.RawMessage `json:"value,omitempty"`
	Unit     string          `json:"unit,omitempty"`
}

// Condition asks what is true of the contact now: every field that is set has to hold.
type Condition struct {
	If *segment.Condition `json:"if,omitempty"`
	// Sent, Opened and Clicked ask for an email of this template: of this run where Run is true, else of ever. Machines do
	// neither open nor click. "*" is any template.
	Sent    string `json:"sent,omitempty"`
	Opened  string `json:"opened,omitempty"`
	Clicked string `json:"clicked,omitempty"`
	Run     bool   `json:"run,omitempty"`
}

// AnyTemplate stands for every template in a Condition.
const AnyTemplate = "*"

// Split shares the contacts by weight, by chance but for ever the same for one contact and step.
type Split struct {
	Branches []Share `json:"branches"`
	// Seed is what the chance is drawn with, beside the contact's address; empty: the workflow and the step.
	Seed string `json:"seed,omitempty"`
}

// Share is one way of a split. Its name is the outcome.
type Share struct {
	Name   string `json:"name"`
	Weight int    `json:"weight"` // from 0; at least one is more
}

// Update changes the contact. Texts among the attributes are Liquid.
type Update struct {
	Attributes  map[string]json.RawMessage `json:"attributes,omitempty"` // null removes one
	Tags        []string                   `json:"tags,omitempty"`
	Untag       []string                   `json:"untag,omitempty"`
	Subscribe   bool                       `json:"subscribe,omitempty"`
	Unsubscribe bool                       `json:"unsubscribe,omitempty"`
	Topics      map[string]bool            `json:"topics,omitempty"`
}

// Webhook calls a URL. Texts are Liquid. Without a body a request other than GET and DELETE carries MailGlyph's
// {contact, workflow, execution, event}.
type Webhook struct {
	URL     string            `json:"url"`
	Method  string            `json:"method,omitempty"` // empty: POST
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Tries   int               `json:"tries,omitempty"` // 0: 8
}

// Leave ends the run, as Exited.
type Leave struct {
	Reason string `json:"reason,omitempty"`
}
