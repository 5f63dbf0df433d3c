package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

// Broadcast is one email to an audience, in MailGlyph's keys of a campaign and then ours.
type Broadcast struct {
	ID                string     `json:"id" example:"brc_4f"`
	Name              string     `json:"name" doc:"For people" example:"May news"`
	Description       *string    `json:"description" doc:"What it is for" example:"To all who pay"`
	Subject           string     `json:"subject" doc:"A template of one line; empty: the template's" example:"News for {{ firstName }}"`
	Body              string     `json:"body" doc:"HTML, a template; empty: the template's" example:"<p>Hi {{ firstName }}</p>"`
	From              string     `json:"from,omitempty" format:"email" doc:"Whom it is from; absent: as the template or the sender says" example:"news@acme.test"`
	FromName          *string    `json:"fromName" doc:"The name beside it" example:"Acme"`
	ReplyTo           *string    `json:"replyTo" format:"email" doc:"Where answers go" example:"help@acme.test"`
	AudienceType      string     `json:"audienceType" enum:"ALL,SEGMENT,FILTERED" doc:"Who it goes to: all, a segment, or those whom a condition or tags select"`
	AudienceCondition *condition `json:"audienceCondition,omitempty" doc:"Of FILTERED"`
	SegmentID         *string    `json:"segmentId" doc:"Of SEGMENT" example:"seg_4f"`
	Status            string     `json:"status" enum:"DRAFT,SCHEDULED,SENDING,SENT,CANCELLED,PAUSED" doc:"SENT: everybody's email was handed over, or never will be"`
	TotalRecipients   int64      `json:"totalRecipients" doc:"How many are to be mailed, as far as the audience was taken" example:"1200"`
	SentCount         int64      `json:"sentCount" doc:"How many were handed over" example:"1180"`
	DeliveredCount    int64      `json:"deliveredCount" doc:"Which the recipient's provider took" example:"1175"`
	OpenedCount       int64      `json:"openedCount" doc:"By anybody, machines too" example:"610"`
	ClickedCount      int64      `json:"clickedCount" doc:"By anybody, machines too" example:"102"`
	BouncedCount      int64      `json:"bouncedCount" doc:"Which came back" example:"5"`
	ScheduledFor      *time.Time `json:"scheduledFor" doc:"When it begins"`
	SentAt            *time.Time `json:"sentAt" doc:"When the last email was handed over"`
	CreatedAt         time.Time  `json:"createdAt"`
	UpdatedAt         time.Time  `json:"updatedAt"`
	Segment           *Segment   `json:"segment,omitempty" doc:"The segment, where one broadcast is asked for"`

	Text              *string               `json:"text" doc:"The text part, a template; null: it is made of the HTML; empty: there is none"`
	Template          string                `json:"template,omitempty" doc:"The template's id" example:"tpl_01jq7z9f3v8k2m5n"`
	Tags              []string              `json:"tags,omitempty" doc:"Of FILTERED: the tags that a recipient has, all of them" example:"[\"beta\"]"`
	Topic             string                `json:"topic,omitempty" doc:"The slug of its topic: whoever left that is left out" example:"news"`
	Sender            string                `json:"sender,omitempty" doc:"The sender's id; absent: the project's default" example:"snr_1"`
	ThrottlePerMinute int64                 `json:"throttlePerMinute,omitempty" doc:"At most so many emails a minute; absent: as fast as it goes" example:"600"`
	LocalTime         string                `json:"localTime,omitempty" doc:"When it is this time where the recipient is, by the contact's attribute timezone; absent: at once" example:"09:00"`
	TimeZone          string                `json:"timeZone,omitempty" doc:"Of those who have none; absent: UTC" example:"Europe/Berlin"`
	Thresholds        BroadcastThresholds   `json:"thresholds" doc:"Past which it pauses itself"`
	TrackOpens        *bool                 `json:"trackOpens,omitempty" doc:"Absent: as the template says"`
	TrackClicks       *bool                 `json:"trackClicks,omitempty" doc:"Absent: as the template says"`
	Data              rawData               `json:"data,omitzero" doc:"What the template may name beside the contact" example:"{\"month\":\"May\"}"`
	PausedReason      string                `json:"pausedReason,omitempty" doc:"Why it is paused" example:"61 of 1000 emails bounced, which is more than 5 %"`
	AudienceTaken     bool                  `json:"audienceTaken" doc:"Whether the audience is known: from then on totalRecipients stays"`
	AudienceSize      int64                 `json:"audienceSize" doc:"How many are in the audience, those who are left out among them" example:"1250"`
	LeftOut           map[send.Reason]int64 `json:"leftOut,omitempty" doc:"How many of the audience are not mailed, by why" example:"{\"unsubscribed\":50}"`
	HandledCount      int64                 `json:"handledCount" doc:"How many of the recipients had their turn: their email was queued, or skipped" example:"1200"`
	StartedAt         *time.Time            `json:"startedAt" doc:"When it began"`
	SettledAt         *time.Time            `json:"settledAt" doc:"When no more was expected of it: everything that was sent has an outcome, or three days are over"`
	ProjectID         string                `json:"projectId" example:"prj_default"`
}

// BroadcastThresholds are what a broadcast pauses itself past.
type BroadcastThresholds struct {
	BounceRate    float64 `json:"bounceRate" doc:"The share of the sent emails that bounced; 0: never" example:"0.05"`
	ComplaintRate float64 `json:"complaintRate" doc:"The share that complained; 0: never" example:"0.003"`
	Minimum       int64   `json:"minimum" doc:"How many must be sent before either counts" example:"500"`
}

// BroadcastOf makes the public form of a broadcast.
func BroadcastOf(x *store.Broadcast, f *control.BroadcastFigures) Broadcast {
	out := Broadcast{
		ID: x.ID, Name: x.Name, Description: textOrNull(x.Description), Subject: x.Subject, Body: x.Body, From: x.From,
		FromName: textOrNull(x.FromName), ReplyTo: textOrNull(x.ReplyTo), AudienceType: x.AudienceType,
		SegmentID: textOrNull(x.Segment), Status: string(x.Status), TotalRecipients: x.Recipients,
		SentCount: f.Sent, DeliveredCount: f.Delivered, OpenedCount: f.Opened, ClickedCount: f.Clicked, BouncedCount: f.Bounced,
		ScheduledFor: timeOrNull(x.ScheduledFor), CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt,
		Text: x.Text, Template: x.Template, Tags: x.Tags, Topic: x.Topic, Sender: x.Sender, ThrottlePerMinute: x.Throttle,
		LocalTime: x.LocalTime, TimeZone: x.TimeZone, TrackOpens: x.TrackOpens, TrackClicks: x.TrackClicks,
		Data: rawData{Value: jsontext.Value(x.Data)}, PausedReason: x.Reason, AudienceTaken: x.Taken, AudienceSize: x.Audience,
		HandledCount: x.Handled, StartedAt: timeOrNull(x.StartedAt), SettledAt: timeOrNull(x.SettledAt), ProjectID: x.Project,
		Thresholds: BroadcastThresholds{control.DefaultBounceRate, control.DefaultComplaintRate, control.DefaultLeast},
	}
	if x.Status == store.BroadcastSent {
		out.SentAt = timeOrNull(x.FinishedAt)
	}
	if len(x.LeftOut) > 0 {
		out.LeftOut = x.LeftOut
	}
	if len(x.Condition) > 0 {
		c := condition(x.Condition)
		out.AudienceCondition = &c
	}
	for to, from := range map[*float64]*float64{
		&out.Thresholds.BounceRate: x.Bounces, &out.Thresholds.ComplaintRate: x.Complaints,
	} {
		if from != nil {
			*to = *from
		}
	}
	if x.Least != nil {
		out.Thresholds.Minimum = *x.Least
	}
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// BroadcastList is one page of broadcasts, as MailGlyph gives it.
type BroadcastList struct {
	Data       []Broadcast `json:"data" nullable:"false" doc:"Newest first"`
	Page       int         `json:"page" doc:"Which page it is, from 1" example:"1"`
	PageSize   int         `json:"pageSize" doc:"How many a page has at most" example:"20"`
	Total      int64       `json:"total" doc:"How many there are in all" example:"3"`
	TotalPages int         `json:"totalPages" doc:"How many pages there are" example:"1"`
}

type listBroadcastsIn struct {
	Page     int    `query:"page" default:"1" minimum:"1" doc:"Which page, from 1"`
	PageSize int    `query:"pageSize" default:"20" minimum:"1" maximum:"100" doc:"How many a page has at most"`
	Status   string `query:"status" enum:"DRAFT,SCHEDULED,SENDING,SENT,CANCELLED,PAUSED" doc:"Only those of this status"`
}

type broadcastListOut struct{ Body BroadcastList }

func (a *api) listBroadcasts(ctx context.Context, in *listBroadcastsIn) (*broadcastListOut, error) {
	page, err := a.Control.Broadcasts(ctx, who(ctx), in.Status, in.Page, in.PageSize)
	if err != nil {
		return nil, err
	}
	size := int64(page.PageSize)
	out := &broadcastListOut{BroadcastList{
		Data: make([]Broadcast, len(page.Broadcasts)), Page: page.Page, PageSize: page.PageSize, Total: page.Total,
		TotalPages: int((page.Total + size - 1) / size),
	}}
	for i := range page.Broadcasts {
		figures, err := a.Control.BroadcastFigures(ctx, &page.Broadcasts[i])
		if err != nil {
			return nil, err
		}
		out.Body.Data[i] = BroadcastOf(&page.Broadcasts[i], &figures)
	}
	return out, nil
}

// BroadcastWish is what a broadcast may be made or changed to.
type BroadcastWish struct {
	Name              *string         `json:"name,omitempty" maxLength:"200" doc:"For people" example:"May news"`
	Description       nullable        `json:"description,omitempty" doc:"What it is for; null: nothing" example:"To all who pay"`
	Subject           *string         `json:"subject,omitempty" doc:"A template of one line; empty: the template's" example:"News for {{ firstName }}"`
	Body              *string         `json:"body,omitempty" doc:"HTML, a template; empty: the template's" example:"<p>Hi {{ firstName }}</p>"`
	From              *string         `json:"from,omitempty" maxLength:"512" doc:"Whom it is from; empty: as the template or the sender says" example:"news@acme.test"`
	FromName          nullable        `json:"fromName,omitempty" doc:"The name beside it; null: none" example:"Acme"`
	ReplyTo           nullable        `json:"replyTo,omitempty" doc:"Where answers go; null: to whom it is from" example:"help@acme.test"`
	AudienceType      *string         `json:"audienceType,omitempty" enum:"ALL,SEGMENT,FILTERED" doc:"Who it goes to: all, a segment, or those whom a condition or tags select"`
	SegmentID         nullable        `json:"segmentId,omitempty" doc:"Needed by SEGMENT; null: none" example:"seg_4f"`
	AudienceCondition condition       `json:"audienceCondition,omitempty" doc:"Of FILTERED; null: none"`
	Text              nullable        `json:"text,omitempty" doc:"The text part, a template; null: it is made of the HTML; empty: there is none"`
	Template          *string         `json:"template,omitempty" maxLength:"1000" doc:"A template's id or key, in place of subject and body; what is said of those stands in place of the template's" example:"news/may"`
	Tags              *[]string       `json:"tags,omitempty" nullable:"false" doc:"Of FILTERED: the tags that a recipient has, all of them" example:"[\"beta\"]"`
	Topic             *string         `json:"topic,omitempty" maxLength:"1000" doc:"The slug of its topic: whoever left that is left out; empty: none" example:"news"`
	Sender            *string         `json:"sender,omitempty" maxLength:"1000" doc:"The sender's id; empty: the project's default" example:"snr_1"`
	ThrottlePerMinute *int64          `json:"throttlePerMinute,omitempty" doc:"At most so many emails a minute; 0: as fast as it goes" example:"600"`
	LocalTime         *string         `json:"localTime,omitempty" doc:"When it is this time where the recipient is, by the contact's attribute timezone; empty: at once" example:"09:00"`
	TimeZone          *string         `json:"timeZone,omitempty" maxLength:"100" doc:"Of those who have none; empty: UTC" example:"Europe/Berlin"`
	Thresholds        *ThresholdsWish `json:"thresholds,omitempty" doc:"Past which it pauses itself"`
	TrackOpens        *bool           `json:"trackOpens,omitempty" doc:"Whether opens are watched; absent: as the template says"`
	TrackClicks       *bool           `json:"trackClicks,omitempty" doc:"Whether clicks are watched; absent: as the template says"`
	Data              rawData         `json:"data,omitzero" doc:"What the template may name beside the contact; it is not merged into contacts" example:"{\"month\":\"May\"}"`
}

// ThresholdsWish is what the thresholds may be.
type ThresholdsWish struct {
	BounceRate    *float64 `json:"bounceRate,omitempty" doc:"The share of the sent emails that bounced, 0.05 by default; 0: never" example:"0.05"`
	ComplaintRate *float64 `json:"complaintRate,omitempty" doc:"The share that complained, 0.003 by default; 0: never" example:"0.003"`
	Minimum       *int64   `json:"minimum,omitempty" doc:"How many must be sent before either counts, 500 by default" example:"500"`
}

func (w *BroadcastWish) edit() *control.BroadcastEdit {
	e := &control.BroadcastEdit{
		Name: w.Name, Description: w.Description.text(), Template: w.Template, Subject: w.Subject, Body: w.Body, Text: w.Text.value,
		HasText: w.Text.said, From: w.From, FromName: w.FromName.text(), ReplyTo: w.ReplyTo.text(), Sender: w.Sender,
		AudienceType: w.AudienceType, Segment: w.SegmentID.text(), Condition: json.RawMessage(w.AudienceCondition), Tags: w.Tags,
		Topic: w.Topic, Throttle: w.ThrottlePerMinute, LocalTime: w.LocalTime, TimeZone: w.TimeZone, TrackOpens: w.TrackOpens,
		TrackClicks: w.TrackClicks, Data: json.RawMessage(w.Data.Value),
	}
	if len(w.AudienceCondition) == 0 {
		e.Condition = nil
	}
	if len(w.Data.Value) == 0 {
		e.Data = nil
	}
	if t := w.Thresholds; t != nil {
		e.Bounces, e.Complaints, e.Least = t.BounceRate, t.ComplaintRate, t.Minimum
	}
	return e
}

// NewBroadcast is a broadcast to make. It needs a name, and a subject and a body or a template.
type NewBroadcast struct {
	BroadcastWish
}

type createBroadcastIn struct{ Body NewBroadcast }

// BroadcastAnswer is a broadcast, as MailGlyph answers with a campaign.
type BroadcastAnswer struct {
	Success bool      `json:"success" doc:"Always true: what is not done is answered with a problem"`
	Data    Broadcast `json:"data"`
	Message string    `json:"message,omitempty" doc:"What was done, for people" example:"The broadcast is scheduled"`
}

type broadcastOut struct{ Body BroadcastAnswer }

func (a *api) oneBroadcast(ctx context.Context, x *store.Broadcast, err error, message string) (*broadcastOut, error) {
	if err != nil {
		return nil, err
	}
	figures, err := a.Control.BroadcastFigures(ctx, x)
	if err != nil {
		return nil, err
	}
	return &broadcastOut{BroadcastAnswer{Success: true, Data: BroadcastOf(x, &figures), Message: message}}, nil
}

func (a *api) createBroadcast(ctx context.Context, in *createBroadcastIn) (*broadcastOut, error) {
	x, err := a.Control.CreateBroadcast(ctx, who(ctx), in.Body.edit())
	return a.oneBroadcast(ctx, &x, err, "")
}

// BroadcastPath names a broadcast in a path.
type BroadcastPath struct {
	ID string `path:"id" doc:"The broadcast's id" example:"brc_4f"`
}

func (a *api) getBroadcast(ctx context.Context, in *BroadcastPath) (*broadcastOut, error) {
	x, err := a.Control.Broadcast(ctx, who(ctx), in.ID)
	out, err := a.oneBroadcast(ctx, &x, err, "")
	if err != nil || x.AudienceType != store.AudienceSegment {
		return out, err
	}
	seg, err := a.Control.Segment(ctx, who(ctx), x.Segment)
	if fault.Is(err, fault.NotFound) { // it was deleted since
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	shown := SegmentOf(seg, who(ctx).Project)
	out.Body.Data.Segment = &shown
	return out, nil
}

type updateBroadcastIn struct {
	BroadcastPath
	Body BroadcastWish
}

func (a *api) updateBroadcast(ctx context.Context, in *updateBroadcastIn) (*broadcastOut, error) {
	x, err := a.Control.UpdateBroadcast(ctx, who(ctx), in.ID, in.Body.edit())
	return a.oneBroadcast(ctx, &x, err, "")
}

func (a *api) deleteBroadcast(ctx context.Context, in *BroadcastPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteBroadcast(ctx, who(ctx), in.ID)
}

type sendBroadcastIn struct {
	BroadcastPath
	Body *struct {
		ScheduledFor *string `json:"scheduledFor,omitempty" nullable:"true" doc:"When it begins, a time or a date within a year; absent, null or past: at once" example:"2026-05-04T10:12:00Z"`
	} `required:"false"`
}

func (a *api) sendBroadcast(ctx context.Context, in *sendBroadcastIn) (*broadcastOut, error) {
	when := ""
	if in.Body != nil && in.Body.ScheduledFor != nil {
		when = *in.Body.ScheduledFor
	}
	x, err := a.Control.SendBroadcast(ctx, who(ctx), in.ID, when)
	message := "The broadcast begins now"
	if x.Status == store.BroadcastScheduled {
		message = "The broadcast is scheduled"
	}
	return a.oneBroadcast(ctx, &x, err, message)
}

type pauseBroadcastIn struct {
	BroadcastPath
	Body *struct {
		Note string `json:"note,omitempty" doc:"Why, at most 1,000 characters" example:"the subject has a mistake"`
	} `required:"false"`
}

func (a *api) pauseBroadcast(ctx context.Context, in *pauseBroadcastIn) (*broadcastOut, error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Note
	}
	x, err := a.Control.PauseBroadcast(ctx, who(ctx), in.ID, note)
	return a.oneBroadcast(ctx, &x, err, "The broadcast is paused")
}

func (a *api) resumeBroadcast(ctx context.Context, in *BroadcastPath) (*broadcastOut, error) {
	x, err := a.Control.ResumeBroadcast(ctx, who(ctx), in.ID)
	return a.oneBroadcast(ctx, &x, err, "The broadcast goes on")
}

func (a *api) cancelBroadcast(ctx context.Context, in *BroadcastPath) (*broadcastOut, error) {
	x, err := a.Control.CancelBroadcast(ctx, who(ctx), in.ID)
	return a.oneBroadcast(ctx, &x, err, "The broadcast is cancelled")
}

type testBroadcastIn struct {
	BroadcastPath
	Body struct {
		Email string `json:"email" doc:"Whom the test goes to" example:"lea@acme.test"`
	}
}

// BroadcastTest is the answer to a test.
type BroadcastTest struct {
	Success bool   `json:"success" doc:"Always true: what is not done is answered with a problem"`
	Message string `json:"message" doc:"What was done, for people" example:"The test is on its way"`
	Send    string `json:"send" doc:"The send's id" example:"snd_8h3"`
	Status  string `json:"status" enum:"queued,skipped" doc:"Whether it is on its way"`
	Reason  string `json:"reason,omitempty" doc:"Why it is skipped" example:"suppressed"`
}

type broadcastTestOut struct{ Body BroadcastTest }

func (a *api) testBroadcast(ctx context.Context, in *testBroadcastIn) (*broadcastTestOut, error) {
	x, err := a.Control.TestBroadcast(ctx, who(ctx), in.ID, in.Body.Email)
	if err != nil {
		return nil, err
	}
	return &broadcastTestOut{BroadcastTestOf(&x)}, nil
}

// BroadcastTestOf makes the public form of a test.
func BroadcastTestOf(x *control.SentEmail) BroadcastTest {
	message := "The test is on its way"
	if x.Status == send.StatusSkipped {
		message = "The test is not sent: the address is " + string(x.Reason)
	}
	return BroadcastTest{true, message, x.ID, string(x.Status), string(x.Reason)}
}

// BroadcastAudience is who a broadcast would go to now.
type BroadcastAudience struct {
	Size       int64                 `json:"audienceSize" doc:"How many are in the audience" example:"1250"`
	Recipients int64                 `json:"recipients" doc:"How many of them would be mailed" example:"1200"`
	LeftOut    map[send.Reason]int64 `json:"leftOut" doc:"How many would not, by why" example:"{\"unsubscribed\":50}"`
	Sample     []SentContact         `json:"sample" nullable:"false" doc:"A few of the recipients"`
	Preview    *BroadcastPreview     `json:"preview" doc:"The email as the first of the sample would get it; null: there is nobody"`
}

// BroadcastPreview is an email as it would be sent.
type BroadcastPreview struct {
	Email    string `json:"email" doc:"Whose it is" example:"lea@acme.test"`
	From     string `json:"from" doc:"Whom it is from" example:"news@acme.test"`
	FromName string `json:"fromName,omitempty" doc:"The name beside it" example:"Acme"`
	SendPreview
}

type broadcastAudienceOut struct {
	Body struct {
		Success bool              `json:"success" doc:"Always true"`
		Data    BroadcastAudience `json:"data"`
	}
}

func (a *api) measureBroadcast(ctx context.Context, in *BroadcastPath) (*broadcastAudienceOut, error) {
	x, err := a.Control.MeasureBroadcast(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := &broadcastAudienceOut{}
	out.Body.Success, out.Body.Data = true, BroadcastAudienceOf(&x)
	return out, nil
}

// BroadcastAudienceOf makes the public form of who a broadcast would go to.
func BroadcastAudienceOf(x *control.BroadcastAudience) BroadcastAudience {
	out := BroadcastAudience{
		Size: x.Audience, Recipients: x.Recipients, LeftOut: x.LeftOut, Sample: make([]SentContact, len(x.Sample)),
	}
	for i := range x.Sample {
		out.Sample[i] = SentContact{ID: x.Sample[i].ID, Email: x.Sample[i].Address}
	}
	if p := x.Preview; p != nil {
		out.Preview = &BroadcastPreview{
			Email: x.PreviewOf, From: p.From.Address, FromName: p.From.Name,
			SendPreview: SendPreview{Subject: p.Subject, HTML: p.HTML, Text: p.Text, Warnings: p.Warnings},
		}
	}
	return out
}

// BroadcastStats is what became of a broadcast. Each message is counted once, but for opens and clicks in all.
type BroadcastStats struct {
	Status          string                `json:"status" enum:"DRAFT,SCHEDULED,SENDING,SENT,CANCELLED,PAUSED" doc:"Where it is"`
	AudienceSize    int64                 `json:"audienceSize" doc:"How many are in the audience" example:"1250"`
	TotalRecipients int64                 `json:"totalRecipients" doc:"How many of them are to be mailed" example:"1200"`
	LeftOut         map[send.Reason]int64 `json:"leftOut" doc:"How many are not, by why, as the audience was taken" example:"{\"unsubscribed\":50}"`
	WaitingCount    int64                 `json:"waitingCount" doc:"How many had no turn yet" example:"0"`
	QueuedCount     int64                 `json:"queuedCount" doc:"How many emails wait to be handed over, those that are held among them" example:"0"`
	SentCount       int64                 `json:"sentCount" doc:"How many were handed over" example:"1180"`
	FailedCount     int64                 `json:"failedCount" doc:"How many never could be" example:"3"`
	Failed          map[string]int64      `json:"failed" doc:"The same, by why" example:"{\"expired\":3}"`
	SkippedCount    int64                 `json:"skippedCount" doc:"How many recipients might not be mailed any more when their turn came" example:"17"`
	Skipped         map[string]int64      `json:"skipped" doc:"The same, by why" example:"{\"suppressed\":17}"`
	CanceledCount   int64                 `json:"canceledCount" doc:"How many were taken back" example:"0"`
	UncertainCount  int64                 `json:"uncertainCount" doc:"How many may have been handed over: the server ended, or the connection broke. GET /sends?status=uncertain lists them" example:"0"`

	DeliveredCount    int64 `json:"deliveredCount" doc:"Which the recipient's provider took" example:"1175"`
	OpenedCount       int64 `json:"openedCount" doc:"By anybody, machines too" example:"610"`
	OpenedHumanCount  int64 `json:"openedHumanCount" doc:"By people" example:"480"`
	OpensTotal        int64 `json:"opensTotal" doc:"Every open, also of the same message" example:"790"`
	ClickedCount      int64 `json:"clickedCount" doc:"By anybody, machines too" example:"102"`
	ClickedHumanCount int64 `json:"clickedHumanCount" doc:"By people" example:"95"`
	ClicksTotal       int64 `json:"clicksTotal" doc:"Every click, also of the same message" example:"130"`
	BouncedCount      int64 `json:"bouncedCount" doc:"Which came back" example:"5"`
	HardBouncedCount  int64 `json:"hardBouncedCount" doc:"Whose address does not take mail, for good" example:"4"`
	ComplainedCount   int64 `json:"complainedCount" doc:"Which were called spam" example:"1"`
	UnsubscribedCount int64 `json:"unsubscribedCount" doc:"Who left by this email" example:"6"`
	RepliedCount      int64 `json:"repliedCount" doc:"Which were answered" example:"2"`
	RejectedCount     int64 `json:"rejectedCount" doc:"Which the provider took and then would not send" example:"0"`

	DeliveryRate  float64 `json:"deliveryRate" doc:"Of those sent" example:"0.9958"`
	OpenRate      float64 `json:"openRate" doc:"Opened by people, of those delivered, or where nothing tells of that of those sent" example:"0.4085"`
	ClickRate     float64 `json:"clickRate" doc:"The same of clicks" example:"0.0809"`
	BounceRate    float64 `json:"bounceRate" doc:"Of those sent" example:"0.0042"`
	ComplaintRate float64 `json:"complaintRate" doc:"Of those sent" example:"0.0008"`
}

// BroadcastStatsOf makes the public form of what became of a broadcast.
func BroadcastStatsOf(x *control.BroadcastStats) BroadcastStats {
	f, sends := &x.Figures, x.Outcome.Sends
	out := BroadcastStats{
		Status: string(x.Broadcast.Status), AudienceSize: x.Broadcast.Audience, TotalRecipients: x.Broadcast.Recipients,
		LeftOut: x.Broadcast.LeftOut, WaitingCount: x.Broadcast.Recipients - x.Broadcast.Handled,
		QueuedCount: sends[send.StatusQueued] + sends[send.StatusHanding] + sends[send.StatusHeld], SentCount: sends[send.StatusSent],
		FailedCount: sends[send.StatusFailed], Failed: x.Outcome.Failed, SkippedCount: sends[send.StatusSkipped],
		Skipped: x.Outcome.Skipped, CanceledCount: sends[send.StatusCanceled], UncertainCount: sends[send.StatusUncertain],
		DeliveredCount: f.Delivered, OpenedCount: f.Opened, OpenedHumanCount: f.OpenedByPeople, OpensTotal: f.Opens,
		ClickedCount: f.Clicked, ClickedHumanCount: f.ClickedByPeople, ClicksTotal: f.Clicks, BouncedCount: f.Bounced,
		HardBouncedCount: f.HardBounced, ComplainedCount: f.Complained, UnsubscribedCount: f.Unsubscribed, RepliedCount: f.Replied,
		RejectedCount: f.Rejected, DeliveryRate: share(f.Delivered, f.Sent), BounceRate: share(f.Bounced, f.Sent),
		ComplaintRate: share(f.Complained, f.Sent),
	}
	seen := f.Delivered
	if seen == 0 {
		seen = f.Sent
	}
	out.OpenRate, out.ClickRate = share(f.OpenedByPeople, seen), share(f.ClickedByPeople, seen)
	return out
}

// share is n of total, and 0 of nothing.
func share(n, total int64) float64 {
	if total == 0 {
		return 0
	}
	const digits = 1e4
	return float64(int64(float64(n)/float64(total)*digits+0.5)) / digits
}

type broadcastStatsOut struct {
	Body struct {
		Success bool           `json:"success" doc:"Always true"`
		Data    BroadcastStats `json:"data"`
	}
}

func (a *api) getBroadcastStats(ctx context.Context, in *BroadcastPath) (*broadcastStatsOut, error) {
	x, err := a.Control.BroadcastStats(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := &broadcastStatsOut{}
	out.Body.Success, out.Body.Data = true, BroadcastStatsOf(&x)
	return out, nil
}
