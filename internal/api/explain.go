package api

import (
	"context"
	"time"

	"tidings/internal/control"
)

// Explanation tells why somebody did not get an email, or what became of it.
type Explanation struct {
	ContactID string   `json:"contactId,omitempty" doc:"Of the one contact; absent: it is unknown, or there are several"`
	Email     string   `json:"email,omitempty" doc:"Its address" example:"ghost@acme.test"`
	Reasons   []Reason `json:"reasons" nullable:"false" doc:"The weightiest first; never empty"`
}

// Reason is one sentence and the fact that it rests on.
type Reason struct {
	Code      string    `json:"code" enum:"suppressed,suppressed_by_pattern,unsubscribed,nothing_stands,no_mail,unknown,nothing_known,queued,sent,delivered,delayed,opened,clicked,failed,rejected,bounced,complained,more_recipients" doc:"A stable word for programs"`
	Text      string    `json:"text" doc:"The same for people, in our own words" example:"The address is suppressed (hard_bounce): an email to it bounced for good. It holds until a person lifts it."`
	ContactID string    `json:"contactId,omitempty" doc:"Whom it is about; absent: nobody in particular"`
	MessageID string    `json:"messageId,omitempty" doc:"Which email it is about; absent: none in particular" example:"msg_2b"`
	EventID   string    `json:"eventId,omitempty" doc:"The event that it rests on; absent: none" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	At        time.Time `json:"at,omitzero" doc:"When that was; absent: no moment"`
}

// ExplanationOf makes the public form of an explanation.
func ExplanationOf(x *control.Explanation) Explanation {
	out := Explanation{Reasons: make([]Reason, len(x.Reasons))}
	if x.Contact != nil {
		out.ContactID, out.Email = x.Contact.ID, x.Contact.Address
	}
	for i, r := range x.Reasons {
		out.Reasons[i] = Reason{r.Code, r.Text, r.Contact, r.Message, r.Event, r.At}
	}
	return out
}

type explanationOut struct{ Body Explanation }

func (a *api) getContactExplanation(ctx context.Context, in *ContactPath) (*explanationOut, error) {
	x, err := a.Control.ExplainContact(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &explanationOut{ExplanationOf(&x)}, nil
}

func (a *api) getMessageExplanation(ctx context.Context, in *MessagePath) (*explanationOut, error) {
	x, err := a.Control.ExplainMessage(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &explanationOut{ExplanationOf(&x)}, nil
}

// Deliverability is how mail is received.
type Deliverability struct {
	Overview
	Findings []RateFinding `json:"findings" nullable:"false" doc:"What needs attention in sentences, the worst first; empty: nothing does"`
	Domains  []StatsRow    `json:"domains" nullable:"false" doc:"Of recipients, the ten with most events first"`
	Senders  []StatsRow    `json:"senders" nullable:"false" doc:"Domains that send, likewise"`
	Reasons  []StatsRow    `json:"reasons" nullable:"false" doc:"Of bounces and complaints, likewise"`
}

// RateFinding is a rate that endangers the sender, in words.
type RateFinding struct {
	Code     string `json:"code" enum:"bounce,complaint" doc:"Which rate"`
	Of       string `json:"of,omitempty" doc:"The template or sending domain; absent: everything sent" example:"news/monthly"`
	Severity string `json:"severity" enum:"critical,warning" doc:"critical: providers stop senders at this rate; warning: they put them under review"`
	Message  string `json:"message" doc:"What is the case, for people" example:"The bounce rate of one template is 6.10 % (61 of 1000)."`
	Remedy   string `json:"remedy" doc:"What to do" example:"find out where the addresses come from"`
}

// DeliverabilityOf makes the public form of a report.
func DeliverabilityOf(d *control.Deliverability) Deliverability {
	out := Deliverability{
		Overview: OverviewOf(d.Overview), Findings: make([]RateFinding, len(d.Findings)), Domains: statsRowsOf(d.Domains),
		Senders: statsRowsOf(d.Senders), Reasons: statsRowsOf(d.Reasons),
	}
	for i, f := range d.Findings {
		out.Findings[i] = RateFinding{f.Code, f.Cause, string(f.Severity), f.Message, f.Remedy}
	}
	return out
}

type deliverabilityOut struct{ Body Deliverability }

func (a *api) getDeliverability(ctx context.Context, in *overviewIn) (*deliverabilityOut, error) {
	d, err := a.Control.Deliverability(ctx, who(ctx), control.OverviewFilter{From: in.From, To: in.To, Zone: in.Zone})
	if err != nil {
		return nil, err
	}
	return &deliverabilityOut{DeliverabilityOf(&d)}, nil
}
