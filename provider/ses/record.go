package ses

import (
	"bytes"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// record is one SES event: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.
// Fields that are not read are not listed, so their types may change. Configuration sets write eventType, identity
// notifications notificationType; the rest is the same.
type record struct {
	EventType        string `json:"eventType"`
	NotificationType string `json:"notificationType"`

	Mail         mail          `json:"mail"`
	Bounce       *bounce       `json:"bounce"`
	Complaint    *complaint    `json:"complaint"`
	Delivery     *delivery     `json:"delivery"`
	Delay        *delay        `json:"deliveryDelay"`
	Reject       *reject       `json:"reject"`
	Failure      *failure      `json:"failure"`
	Open         *engagement   `json:"open"`
	Click        *engagement   `json:"click"`
	Subscription *subscription `json:"subscription"`

	bridge // where EventBridge forwards the record, which then is its Detail

	text []byte // the record's own JSON
}

type mail struct {
	Timestamp        string         `json:"timestamp"`
	MessageID        string         `json:"messageId"`
	Source           string         `json:"source"`
	SendingAccountID string         `json:"sendingAccountId"`
	Destination      texts          `json:"destination"`
	Headers          jsontext.Value `json:"headers"` // of header, decoded where one of them may count
	CommonHeaders    commonHeaders  `json:"commonHeaders"`
	Tags             tags           `json:"tags"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type commonHeaders struct {
	From    texts  `json:"from"`
	Subject string `json:"subject"`
}

type bounce struct {
	Type         string      `json:"bounceType"`
	SubType      string      `json:"bounceSubType"`
	Recipients   []recipient `json:"bouncedRecipients"`
	Timestamp    string      `json:"timestamp"`
	FeedbackID   string      `json:"feedbackId"`
	ReportingMTA string      `json:"reportingMTA"`
	RemoteMTAIP  string      `json:"remoteMtaIp"`
}

// recipient is one recipient of a bounce, a complaint or a delay. The address may be the one that the remote server
// reported, in another case or of another mailbox than the message was sent to.
type recipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

type complaint struct {
	Recipients   []recipient `json:"complainedRecipients"`
	Timestamp    string      `json:"timestamp"`
	FeedbackID   string      `json:"feedbackId"`
	SubType      string      `json:"complaintSubType"`
	UserAgent    string      `json:"userAgent"`
	FeedbackType string      `json:"complaintFeedbackType"`
	ArrivalDate  string      `json:"arrivalDate"`
}

type delivery struct {
	Timestamp    string `json:"timestamp"`
	Processing   number `json:"processingTimeMillis"`
	Recipients   texts  `json:"recipients"`
	Response     string `json:"smtpResponse"`
	ReportingMTA string `json:"reportingMTA"`
	RemoteMTAIP  string `json:"remoteMtaIp"`
}

type delay struct {
	Timestamp    string      `json:"timestamp"`
	Type         string      `json:"delayType"`
	Recipients   []recipient `json:"delayedRecipients"`
	Expiration   string      `json:"expirationTime"`
	ReportingMTA string      `json:"reportingMTA"`
}

type reject struct {
	Reason string `json:"reason"`
}

type failure struct {
	Template string `json:"templateName"`
	Message  string `json:"errorMessage"`
}

// engagement is an open or a click.
type engagement struct {
	Timestamp string           `json:"timestamp"`
	IP        string           `json:"ipAddress"`
	UserAgent string           `json:"userAgent"`
	Link      string           `json:"link"`
	LinkTags  map[string]texts `json:"linkTags"`
}

type subscription struct {
	List      string      `json:"contactList"`
	Timestamp string      `json:"timestamp"`
	Source    string      `json:"source"`
	New       preferences `json:"newTopicPreferences"`
	Old       preferences `json:"oldTopicPreferences"`
}

type preferences struct {
	UnsubscribeAll bool         `json:"unsubscribeAll"`
	Topics         []topicState `json:"topicSubscriptionStatus"`
}

type topicState struct {
	Name   string `json:"topicName"`
	Status string `json:"subscriptionStatus"`
}

// texts is a list of strings that may also be written as one string or as null.
type texts []string

// UnmarshalJSONFrom reads either form.
func (t *texts) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*t = nil
	if d.PeekKind() != jsontext.KindBeginArray {
		return t.one(d)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndArray {
		if err := t.one(d); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// one appends a string and passes over anything else.
func (t *texts) one(d *jsontext.Decoder) error {
	if d.PeekKind() != jsontext.KindString {
		return d.SkipValue()
	}
	tok, err := d.ReadToken()
	if err == nil {
		*t = append(*t, tok.String())
	}
	return err
}

// tags are message tags without SES's own, which are most of them.
type tags map[string]texts

// reservedTag begins the names of SES's own tags.
const reservedTag = "ses:"

// UnmarshalJSONFrom reads an object; anything else is no tags.
func (t *tags) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*t = nil
	if d.PeekKind() != jsontext.KindBeginObject {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		if err := t.one(d); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (t *tags) one(d *jsontext.Decoder) error {
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	name := token.String()
	if strings.HasPrefix(name, reservedTag) {
		return d.SkipValue()
	}
	var values texts
	if err := values.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	if *t == nil {
		*t = make(tags)
	}
	(*t)[name] = values
	return nil
}

func (t texts) first() string {
	if len(t) == 0 {
		return ""
	}
	return t[0]
}

// number is a whole number that may also be written as a string; anything else counts as 0.
type number int64

// UnmarshalJSONFrom reads either form.
func (n *number) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	*n = 0
	for _, c := range bytes.Trim(v, `"`) {
		if !isDigit(c) || *n > 1<<53 {
			break
		}
		*n = *n*10 + number(c-'0')
	}
	return nil
}

// word is the event word, in either spelling.
func (r *record) word() string {
	if r.EventType != "" {
		return r.EventType
	}
	return r.NotificationType
}

// setupText is what SES publishes to a topic when it becomes a destination of events.
const setupText = "Successfully validated SNS topic for Amazon SES event publishing."

// setupWord is what an identity's topic gets when it is set.
const setupWord = "AmazonSnsSubscriptionSucceeded"

// decodeRecord reads a message. EventBridge's wrapping is taken off, once.
func decodeRecord(message []byte) (*record, error) {
	rec := &record{text: message}
	if err := provider.DecodeJSON(message, rec); err != nil {
		return nil, err
	}
	if rec.word() != "" || rec.custom() || len(rec.Detail) == 0 || rec.Detail.Kind() != jsontext.KindBeginObject {
		return rec, nil
	}
	inner := &record{text: rec.Detail}
	err := provider.DecodeJSON(rec.Detail, inner)
	inner.Time = rec.Time
	return inner, err
}

// readMessage turns a proved message into drafts or problems; it never fails, because a proved request is always kept.
// The record is nil where there is none to read.
func readMessage(message []byte, signedAt time.Time, src provider.Source) (provider.Result, *record) {
	if bytes.HasPrefix(bytes.TrimSpace(message), []byte(setupText)) {
		return provider.Result{Kind: kindSetup}, nil
	}
	result := provider.Result{Kind: kindNotification}
	rec, err := decodeRecord(message)
	if err != nil {
		result.Problems = problem("unreadable", "the message is not an SES record ("+provider.JSONCode(err)+"): "+
			provider.JSONMessage(err)+
			". If it was published by hand, it can be ignored.")
		return result, nil
	}
	switch rec.word() {
	case setupWord:
		return provider.Result{Kind: kindSetup}, rec
	case "Received":
		result.Problems = problem("inbound_mail", "inbound mail on a tracking topic: point the SES receipt rule at "+
			"another topic, and subscribe a source of the provider inbound to that one")
		return result, rec
	case "":
		if rec.custom() {
			result.Drafts, result.Problems = readCustom(&rec.bridge)
			return result, rec
		}
	}
	if signedAt.IsZero() {
		signedAt = parseTime(rec.Time.first())
	}
	m := mapping{record: rec, source: src, signedAt: signedAt}
	m.run()
	result.Drafts, result.Problems = m.drafts, m.problems
	return result, rec
}

func problem(code, message string) []provider.Problem {
	return []provider.Problem{{Element: 0, Code: code, Message: message}}
}
