package pull

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// engageColumns are the columns of the hourly files that Engage writes to S3.
var engageColumns = []string{"Date", "Customer", "Event", "Subject", "Additional data"}

// engageRow is one line of such a file, as it is kept.
type engageRow struct {
	Date       string `json:"Date"`
	Customer   string `json:"Customer"`
	Event      string `json:"Event"`
	Subject    string `json:"Subject,omitempty"`
	Additional string `json:"Additional data,omitempty"`
}

func (r *engageRow) column(name string) *string {
	switch name {
	case "date":
		return &r.Date
	case "customer":
		return &r.Customer
	case "event":
		return &r.Event
	case "subject":
		return &r.Subject
	case "additional data":
		return &r.Additional
	}
	return nil
}

// engageReader turns the lines of CSV into pieces that hold an engageRow as JSON.
type engageReader struct {
	csv    *csv.Reader
	limit  *perRecord
	header []string
	line   int64 // of the last record
	ended  bool
}

// perRecord bounds what one line of CSV may take: an open quote would swallow the whole file.
type perRecord struct {
	from io.Reader
	left int
}

var errLongLine = fmt.Errorf("a line is longer than %d bytes, or a quote in it is never closed", maxRecord)

func (p *perRecord) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errLongLine
	}
	n, err := p.from.Read(b)
	p.left -= n
	return n, err
}

func newEngageReader(from io.Reader) *engageReader {
	limit := &perRecord{from: from, left: maxRecord}
	r := csv.NewReader(limit)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	return &engageReader{csv: r, limit: limit}
}

// next returns the next line, and io.EOF after the last.
func (e *engageReader) next() (piece, error) {
	if e.ended {
		return piece{}, io.EOF
	}
	offset := e.csv.InputOffset()
	e.limit.left = maxRecord
	fields, err := e.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return piece{}, io.EOF
	case errors.As(err, &bad):
		return piece{
			line: int64(bad.StartLine), offset: offset, code: CodeBadQuote, detail: bad.Err.Error(),
			bytes: []byte(strings.Join(fields, ",")),
		}, nil
	case err != nil:
		e.ended = true
		code := codeOf(err)
		if errors.Is(err, errLongLine) {
			code = CodeTooLong
		}
		return piece{line: e.line + 1, offset: offset, code: code, detail: err.Error()}, nil
	}
	line, _ := e.csv.FieldPos(0)
	e.line = int64(line)
	if e.header == nil {
		e.header = headerOf(fields)
		return e.next()
	}
	return e.row(fields, e.line, offset), nil
}

func headerOf(fields []string) []string {
	header := make([]string, len(fields))
	for i, f := range fields {
		header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(f, "\ufeff")))
	}
	return header
}

func (e *engageReader) row(fields []string, line, offset int64) piece {
	p := piece{line: line, offset: offset}
	if len(fields) != len(e.header) {
		p.code = CodeBadQuote
		p.detail = fmt.Sprintf("it has %d columns, the header has %d", len(fields), len(e.header))
		p.bytes = []byte(strings.Join(fields, ","))
		return p
	}
	var row engageRow
	for i, name := range e.header {
		if into := row.column(name); into != nil {
			*into = strings.TrimSpace(fields[i])
		}
	}
	p.bytes, _ = json.Marshal(row, jsontext.AllowInvalidUTF8(true)) // texts always encode
	return p
}

// isEngage reports whether a line is the header of Engage's files.
func isEngage(line string) bool {
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return false
	}
	header := headerOf(fields)
	for _, want := range engageColumns[:3] {
		if !slices.Contains(header, strings.ToLower(want)) {
			return false
		}
	}
	return true
}

// engageTimes are the forms of dates that are understood; without a zone they are UTC.
var engageTimes = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	"2006-01-02 15:04", "01/02/2006 15:04:05", time.RFC1123Z, time.RFC1123,
}

func engageTime(s string) time.Time {
	for _, layout := range engageTimes {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// engageEvents say what Engage's words become, and where the additional data goes.
var engageEvents = map[string]struct {
	name event.Name
	fill func(e *event.Event, additional string)
}{
	"delivered":   {event.EmailDelivery, func(e *event.Event, s string) { e.Delivery = &event.Delivery{SMTPResponse: s} }},
	"opened":      {event.EmailOpen, func(e *event.Event, _ string) { e.Open = &event.Engagement{} }},
	"clicked":     {event.EmailClick, func(e *event.Event, s string) { e.Click = &event.Engagement{URL: s} }},
	"complained":  {event.EmailComplaint, func(e *event.Event, _ string) { e.Complaint = &event.Complaint{} }},
	"bounced":     {event.EmailBounce, fillEngageBounce},
	"temp failed": {event.EmailDelay, fillEngageDelay},
	"failed":      {event.EmailFailure, func(e *event.Event, s string) { e.Failure = &event.Refusal{Detail: s} }},
}

// fillEngageBounce calls a bounce hard where the remote server's answer says that the address does not exist: Engage
// tells no class, and a guess would suppress.
func fillEngageBounce(e *event.Event, text string) {
	b := &event.Bounce{Class: event.Undetermined, Final: true, Diagnostic: text}
	b.SMTPCode, b.EnhancedCode = event.ParseSMTP(text)
	b.Reason = event.ReasonOfSMTP(b.SMTPCode, b.EnhancedCode)
	if b.Reason == event.ReasonNoSuchUser && (b.SMTPCode >= 500 || strings.HasPrefix(b.EnhancedCode, "5.")) {
		b.Class = event.Hard
	}
	e.Bounce = b
}

func fillEngageDelay(e *event.Event, text string) {
	d := &event.Delay{Diagnostic: text}
	d.SMTPCode, d.EnhancedCode = event.ParseSMTP(text)
	d.Reason = event.ReasonOfSMTP(d.SMTPCode, d.EnhancedCode)
	e.Delay = d
}

// draft makes a draft of a line, or tells what is wrong with it.
func (r *engageRow) draft() (d event.Draft, code, why string) {
	kind, known := engageEvents[strings.ToLower(r.Event)]
	at := engageTime(r.Date)
	switch {
	case !known:
		return d, CodeUnknownWord, fmt.Sprintf("the event %.60q is none of Engage's that are known", r.Event)
	case at.IsZero():
		return d, CodeNoTime, fmt.Sprintf("the date %.60q is in no form that is known", r.Date)
	case !strings.Contains(r.Customer, "@"):
		return d, CodeNoRecipient, fmt.Sprintf("the customer %.60q is not an address", r.Customer)
	}
	d.Name, d.OccurredAt, d.IdentityAt, d.Recipient = kind.name, at, at, r.Customer
	d.Key = []string{"engage", r.Date, r.Customer, r.Event, r.Subject, r.Additional}
	kind.fill(&d.Event, r.Additional)
	if r.Subject != "" {
		// Texts always encode.
		d.Data, _ = json.Marshal(struct {
			Subject string `json:"subject"`
		}{r.Subject}, jsontext.AllowInvalidUTF8(true))
	}
	return d, "", ""
}
