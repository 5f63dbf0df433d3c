package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/source"
)

// SourceHealth is how a source does.
type SourceHealth struct {
	State    string    `json:"state" enum:"disabled,failing,pending,silent,new,healthy" doc:"How it does, in one word" example:"healthy"`
	Findings []Finding `json:"findings" nullable:"false" doc:"What somebody should know, the worst first"`
	Silence  Silence   `json:"silence"`

	LastReceiptAt time.Time            `json:"lastReceiptAt,omitzero" doc:"When the last request came in; absent: none ever did"`
	LastEventAt   time.Time            `json:"lastEventAt,omitzero" doc:"When the newest event came in"`
	LastByName    map[string]time.Time `json:"lastByName" doc:"When the newest event of each name occurred"`
	Receipts24h   int64                `json:"receipts24h" doc:"Requests stored in the last 24 hours"`
	Repeats24h    int64                `json:"repeats24h" doc:"Requests that had been stored before"`
	Events24h     int64                `json:"events24h" doc:"Events stored"`
	Expired24h    int64                `json:"expired24h" doc:"Events older than what is kept"`
	LagP50Ms      int64                `json:"lagP50Ms" doc:"Milliseconds from event to receipt, median of the newest 1,000"`
	LagP95Ms      int64                `json:"lagP95Ms" doc:"What 19 in 20 of them did not exceed"`
	LagMaxMs      int64                `json:"lagMaxMs" doc:"The longest of them"`
	Problems24h   map[string]int       `json:"problems24h" doc:"Problems of receipts by code"`

	Refusals []Refusals     `json:"refusals" nullable:"false" doc:"Requests that were not accepted in the last seven days, by code"`
	Pending  []Confirmation `json:"pending" nullable:"false" doc:"Subscriptions that wait for a person"`
	Queue    []QueueNode    `json:"queue,omitempty" nullable:"false" doc:"The nodes that read the source's queue; absent: none does"`
}

// SourceSummary is what a list tells of how a source does.
type SourceSummary struct {
	LastReceiptAt time.Time `json:"lastReceiptAt,omitzero" doc:"When the last request came in; absent: none ever did"`
	LastEventAt   time.Time `json:"lastEventAt,omitzero" doc:"When the newest event came in"`
	Events24h     int64     `json:"events24h" doc:"Events stored in the last 24 hours"`
	Findings      []Finding `json:"findings" nullable:"false" doc:"What somebody should know, the worst first"`
}

func summaryOf(h *control.SourceHealth) *SourceSummary {
	return &SourceSummary{
		LastReceiptAt: h.LastReceiptAt, LastEventAt: h.LastEventAt, Events24h: h.Events24h, Findings: findingsOf(h.Findings),
	}
}

func findingsOf(list []control.Finding) []Finding {
	out := make([]Finding, len(list))
	for i, f := range list {
		out[i] = Finding{Code: f.Code, Cause: f.Cause, Severity: string(f.Severity), Message: f.Message, Remedy: f.Remedy}
	}
	return out
}

// QueueNode is how a node does with the queue of a source.
type QueueNode struct {
	Node       string    `json:"node" doc:"The process that reads" example:"web-1-8k2m5n"`
	ReceivedAt time.Time `json:"receivedAt,omitzero" doc:"When SQS last answered it, with messages or without; absent: never"`
	FailedAt   time.Time `json:"failedAt,omitzero" doc:"When it last failed; absent: all works"`
	Code       string    `json:"code,omitempty" doc:"What does not work; a finding says what to do" example:"queue_access_denied"`
	Message    string    `json:"message,omitempty" doc:"What was called, and the words of AWS" example:"receive: AccessDenied: no"`
}

// Finding is one thing about a source that somebody should know.
type Finding struct {
	Code     string `json:"code" doc:"A stable word for programs" example:"refused"`
	Cause    string `json:"cause,omitempty" doc:"The code of the refusal or problem that it is about" example:"unknown_topic"`
	Severity string `json:"severity" enum:"critical,warning,info" doc:"critical: events are lost, or none come"`
	Message  string `json:"message" doc:"What is the case, for people" example:"3 requests refused as unknown_topic in the last 24 hours"`
	Remedy   string `json:"remedy,omitempty" doc:"What to do; absent: nothing" example:"add the topic to the source's topics if it is yours"`
}

// Silence is whether a source that used to send has stopped.
type Silence struct {
	Silent       bool      `json:"silent" doc:"Nothing has come for longer than limitSeconds"`
	Known        bool      `json:"known" doc:"It has sent long enough to have habits, a week at least; else it is never silent"`
	Since        time.Time `json:"since,omitzero" doc:"When the newest request came; absent: none ever did"`
	UsualSeconds int64     `json:"usualSeconds" doc:"Its longest pause in its last two weeks of sending, in whole hours" example:"10800"`
	LimitSeconds int64     `json:"limitSeconds" doc:"From when a pause is a silence: twice the longest, six hours at least" example:"21600"`
}

// Refusals are requests that were not accepted for one cause.
type Refusals struct {
	Code        string    `json:"code" example:"unknown_topic"`
	Count       int64     `json:"count" doc:"In the last seven days"`
	Count24h    int64     `json:"count24h" doc:"In the last 24 hours" example:"1"`
	LastAt      time.Time `json:"lastAt"`
	LastMessage string    `json:"lastMessage" doc:"What was wrong with the last of them"`
}

// Confirmation is a subscription that asked to be confirmed.
type Confirmation struct {
	ID          string    `json:"id" example:"cnf_3"`
	Topic       string    `json:"topic" example:"arn:aws:sns:eu-west-1:123456789012:ses-events"`
	Note        string    `json:"note" doc:"Whose topic it is, for the person who decides"`
	AskedAt     time.Time `json:"askedAt"`
	ConfirmedAt time.Time `json:"confirmedAt,omitzero" doc:"Absent: it waits"`
	Problem     string    `json:"problem,omitempty" doc:"Why the last try did not work"`
}

func confirmationOf(c source.Confirmation) Confirmation {
	return Confirmation{
		ID: control.ConfirmationID(c), Topic: c.Topic, Note: c.Note, AskedAt: c.AskedAt,
		ConfirmedAt: c.ConfirmedAt, Problem: c.Problem,
	}
}

func confirmationsOf(list []source.Confirmation) []Confirmation {
	out := make([]Confirmation, len(list))
	for i, c := range list {
		out[i] = confirmationOf(c)
	}
	return out
}

// HealthOf makes the public form of a source's health.
func HealthOf(h *control.SourceHealth) SourceHealth {
	out := SourceHealth{
		State: string(h.State), Findings: findingsOf(h.Findings),
		Silence: Silence{
			Silent: h.Silence.Silent, Known: h.Silence.Known, Since: h.Silence.Since,
			UsualSeconds: int64(h.Silence.Usual / time.Second), LimitSeconds: int64(h.Silence.Limit / time.Second),
		},
		LastReceiptAt: h.LastReceiptAt, LastEventAt: h.LastEventAt, LastByName: make(map[string]time.Time),
		Receipts24h: h.Receipts24h, Repeats24h: h.Repeats24h, Events24h: h.Events24h, Expired24h: h.Expired24h,
		LagP50Ms: h.LagP50.Milliseconds(), LagP95Ms: h.LagP95.Milliseconds(), LagMaxMs: h.LagMax.Milliseconds(),
		Problems24h: make(map[string]int),
		Refusals:    make([]Refusals, len(h.Refusals)), Pending: confirmationsOf(h.Pending),
	}
	for _, n := range h.Queues {
		out.Queue = append(out.Queue, QueueNode{n.Node, n.ReceivedAt, n.FailedAt, n.Code, n.Message})
	}
	for name, at := range h.LastByName {
		out.LastByName[string(name)] = at
	}
	for code, n := range h.Problems24h {
		out.Problems24h[code] = int(n)
	}
	for i, r := range h.Refusals {
		out.Refusals[i] = Refusals{
			Code: r.Code, Count: r.Count, Count24h: r.Count24h, LastAt: r.LastAt, LastMessage: r.LastMessage,
		}
	}
	return out
}

type sourceHealthOut struct{ Body SourceHealth }

func (a *api) getSourceHealth(ctx context.Context, in *SourcePath) (*sourceHealthOut, error) {
	h, err := a.Control.SourceHealth(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &sourceHealthOut{HealthOf(&h)}, nil
}

// ConfirmationList is the subscriptions that asked a source.
type ConfirmationList struct {
	Confirmations []Confirmation `json:"confirmations" nullable:"false" doc:"Newest first"`
}

type confirmationListOut struct{ Body ConfirmationList }

func (a *api) listConfirmations(ctx context.Context, in *SourcePath) (*confirmationListOut, error) {
	list, err := a.Control.Confirmations(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &confirmationListOut{ConfirmationList{confirmationsOf(list)}}, nil
}

type confirmIn struct {
	SourcePath
	Confirmation string `path:"confirmation" doc:"The confirmation's id" example:"cnf_3"`
}

type confirmationOut struct{ Body Confirmation }

func (a *api) confirmSubscription(ctx context.Context, in *confirmIn) (*confirmationOut, error) {
	c, err := a.Control.ConfirmSubscription(ctx, who(ctx), in.ID, in.Confirmation)
	if err != nil {
		return nil, err
	}
	return &confirmationOut{confirmationOf(c)}, nil
}
