package export

import (
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
)

// row is an event in columns: those of CSV and of Parquet, in this order. nil and no texts are empty cells. Columns that may be
// empty are pointers, into the event, also because version 0.32 of the library takes some zero values of others for said.
type row struct {
	ID          string     `parquet:"id" doc:"the event's id: the same however often the fact came in"`
	Name        string     `parquet:"name,dict" doc:"what happened: email.bounce, invoice.paid"`
	OccurredAt  time.Time  `parquet:"occurredAt,timestamp(millisecond)" doc:"when it happened, in the provider's words"`
	ReceivedAt  time.Time  `parquet:"receivedAt,timestamp(millisecond)" doc:"when it came in"`
	ProjectID   string     `parquet:"projectId,dict" doc:"the project"`
	SourceID    *string    `parquet:"sourceId,optional,dict" doc:"the source that it came from"`
	Provider    *string    `parquet:"provider,optional,dict" doc:"the provider: ses; tidings: it follows from other events"`
	ContactID   *string    `parquet:"contactId,optional" doc:"the contact"`
	Recipient   *string    `parquet:"recipient,optional" doc:"the normalised address"`
	RecipientAs *string    `parquet:"recipientAs,optional" doc:"the address as received, where it differs"`
	Attribution *string    `parquet:"attribution,optional,dict" doc:"exact, or candidates: perhaps it was another recipient"`
	EmailID     *string    `parquet:"emailId,optional" doc:"the email to this one recipient"`
	MessageID   *string    `parquet:"messageId,optional" doc:"the provider's message id"`
	Subject     *string    `parquet:"subject,optional,dict" doc:"the email's subject"`
	From        *string    `parquet:"from,optional,dict" doc:"the sender's address"`
	Domain      *string    `parquet:"senderDomain,optional,dict" doc:"its domain"`
	Account     *string    `parquet:"account,optional,dict" doc:"the provider's account that sent the email"`
	Template    *string    `parquet:"template,optional,dict" doc:"the email's template"`
	Workflow    *string    `parquet:"workflow,optional,dict" doc:"the email's workflow"`
	Tags        []string   `parquet:"tags,list" doc:"the email's tags"`
	Metadata    *string    `parquet:"metadata,optional" doc:"the email's metadata, a JSON object"`
	SentAt      *time.Time `parquet:"sentAt,optional,timestamp(millisecond)" doc:"when the provider took the email"`

	Class        *string    `parquet:"bounceClass,optional,dict" doc:"of a bounce: hard, soft, block, suppressed, auto_reply, undetermined"`
	Final        *bool      `parquet:"final,optional" doc:"of a bounce: the provider will not try again"`
	Reason       *string    `parquet:"reason,optional,dict" doc:"why it bounced, was delayed, rejected or failed"`
	SMTPCode     *int       `parquet:"smtpCode,optional" doc:"of a bounce or a delay: 550"`
	EnhancedCode *string    `parquet:"enhancedCode,optional,dict" doc:"the same: 5.1.1"`
	Diagnostic   *string    `parquet:"diagnostic,optional" doc:"the other server's text, or what was wrong in detail"`
	FeedbackType *string    `parquet:"feedbackType,optional,dict" doc:"of a complaint: abuse, fraud, not-spam"`
	DelayUntil   *time.Time `parquet:"delayUntil,optional,timestamp(millisecond)" doc:"of a delay: when the provider gives up"`
	SMTPResponse *string    `parquet:"smtpResponse,optional" doc:"of a delivery: the other server's answer"`
	ProcessingMs *int64     `parquet:"processingMs,optional" doc:"of a delivery: milliseconds that it took the provider"`
	ReportingMTA *string    `parquet:"reportingMta,optional,dict" doc:"of a delivery: the server that told"`

	First     *bool    `parquet:"first,optional" doc:"of an open or a click: the first that was stored of the email"`
	Count     *int64   `parquet:"count,optional" doc:"of an open or a click: how many were stored of the email by then"`
	URL       *string  `parquet:"url,optional" doc:"of a click: where it led"`
	LinkTags  *string  `parquet:"linkTags,optional" doc:"of a click: the link's tags, a JSON object"`
	Verdict   *string  `parquet:"verdict,optional,dict" doc:"who acted: human, proxy, machine, unknown"`
	Signals   []string `parquet:"signals,list" doc:"what the verdict rests on"`
	IP        *string  `parquet:"ip,optional" doc:"the address of the program that acted"`
	UserAgent *string  `parquet:"userAgent,optional,dict" doc:"how that program names itself"`
	Device    *string  `parquet:"device,optional,dict" doc:"desktop, mobile, tablet, bot"`
	OS        *string  `parquet:"os,optional,dict" doc:"its operating system"`
	Program   *string  `parquet:"program,optional,dict" doc:"the browser or mail program"`

	List   *string  `parquet:"list,optional,dict" doc:"of a subscription: the provider's list"`
	Topics []string `parquet:"topics,list" doc:"of a subscription: the topics that changed"`
	Origin *string  `parquet:"origin,optional,dict" doc:"of a subscription: how"`
	Bus    *string  `parquet:"bus,optional,dict" doc:"the event bus that a custom event was put on"`
	App    *string  `parquet:"app,optional,dict" doc:"who put it there"`
	Data   string   `parquet:"data" doc:"the data of a custom event, else the provider's own words: a JSON object"`
}

// fill makes the row of an event, which must stay as it is while the row is used. It overwrites every field.
func (r *row) fill(e *event.Event) error {
	*r = row{
		ID: e.ID.String(), Name: string(e.Name), OccurredAt: e.OccurredAt, ReceivedAt: e.ReceivedAt, ProjectID: e.ProjectID,
		ContactID: said(&e.ContactID), Recipient: said(&e.Recipient), RecipientAs: said(&e.RecipientAs),
		Attribution: said((*string)(&e.Attribution)), EmailID: said(&e.EmailID), Data: "{}",
	}
	if e.Source != nil {
		r.SourceID, r.Provider = said(&e.Source.ID), said(&e.Source.Provider)
	}
	if e.Bus != nil {
		r.Bus, r.App = said(&e.Bus.Name), said(&e.Bus.App)
	}
	if len(e.Data) > 0 {
		r.Data = string(e.Data)
	}
	if err := r.message(e.Message); err != nil {
		return fmt.Errorf("the email of event %s: %w", e.ID, err)
	}
	r.outcome(e)
	if err := r.acted(e); err != nil {
		return fmt.Errorf("the link of event %s: %w", e.ID, err)
	}
	return nil
}

// said is a value that says something; nil for one that does not.
func said[T comparable](v *T) *T {
	var zero T
	if *v == zero {
		return nil
	}
	return v
}

func (r *row) message(m *event.Message) (err error) {
	if m == nil {
		return nil
	}
	r.MessageID, r.Subject, r.From, r.Domain = said(&m.ID), said(&m.Subject), said(&m.From), said(&m.SenderDomain)
	r.Account, r.Template, r.Workflow, r.Tags = said(&m.Account), said(&m.Template), said(&m.Workflow), m.Tags
	if !m.SentAt.IsZero() {
		r.SentAt = &m.SentAt
	}
	if len(m.Metadata) > 0 {
		r.Metadata, err = jsonText(m.Metadata)
	}
	return err
}

// outcome fills what became of the email.
func (r *row) outcome(e *event.Event) {
	if b := e.Bounce; b != nil {
		r.Class, r.Final, r.Reason, r.SMTPCode = said((*string)(&b.Class)), &b.Final, said(&b.Reason), said(&b.SMTPCode)
		r.EnhancedCode, r.Diagnostic = said(&b.EnhancedCode), said(&b.Diagnostic)
	}
	if d := e.Delay; d != nil {
		r.Reason, r.SMTPCode, r.EnhancedCode = said(&d.Reason), said(&d.SMTPCode), said(&d.EnhancedCode)
		r.Diagnostic = said(&d.Diagnostic)
		if !d.Until.IsZero() {
			r.DelayUntil = &d.Until
		}
	}
	for _, x := range [...]*event.Refusal{e.Reject, e.Failure} {
		if x != nil {
			r.Reason, r.Diagnostic = said(&x.Reason), said(&x.Detail)
		}
	}
	if c := e.Complaint; c != nil {
		r.FeedbackType = said(&c.FeedbackType)
	}
	if d := e.Delivery; d != nil {
		r.SMTPResponse, r.ProcessingMs, r.ReportingMTA = said(&d.SMTPResponse), said(&d.ProcessingMs), said(&d.ReportingMTA)
	}
	if s := e.Subscription; s != nil {
		r.List, r.Topics, r.Origin = said(&s.List), s.Topics, said(&s.Origin)
	}
}

// acted fills what somebody did.
func (r *row) acted(e *event.Event) (err error) {
	for _, g := range [...]*event.Engagement{e.Open, e.Click} {
		if g == nil {
			continue
		}
		r.First, r.Count, r.URL = &g.First, said(&g.Count), said(&g.URL)
		if len(g.LinkTags) > 0 {
			r.LinkTags, err = jsonText(g.LinkTags)
		}
	}
	if c := e.Client; c != nil {
		r.IP, r.UserAgent, r.Device, r.OS, r.Program = said(&c.IP), said(&c.UserAgent), said(&c.Device), said(&c.OS), said(&c.App)
	}
	if a := e.Automation; a != nil {
		r.Verdict, r.Signals = said((*string)(&a.Verdict)), a.Signals
	}
	return err
}

func jsonText(v any) (*string, error) {
	b, err := json.Marshal(v)
	s := string(b)
	return &s, err
}
