package export

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/mailglyph"
)

// AppendJSON appends the public JSON of an event as GET /events has it. It is written by hand because a server writes
// millions of them; a test of the API holds that its own encoder makes the same bytes.
func AppendJSON(b []byte, e *event.Event) ([]byte, error) {
	x := &object{b: append(b, '{')}
	x.text("id", e.ID.String())
	x.text("name", string(e.Name))
	x.data(e)
	x.text("projectId", e.ProjectID)
	x.textOrNull("contactId", e.ContactID)
	x.textOrNull("emailId", e.EmailID)
	x.time("createdAt", e.OccurredAt)
	x.time("occurredAt", e.OccurredAt)
	x.time("receivedAt", e.ReceivedAt)
	if e.Source != nil {
		x.source(e.Source)
	}
	x.said("recipient", e.Recipient)
	x.said("recipientAs", e.RecipientAs)
	x.said("attribution", string(e.Attribution))
	if e.Message != nil {
		x.message(e.Message)
	}
	rare(x, "bus", e.Bus)
	rare(x, "bounce", e.Bounce)
	rare(x, "complaint", e.Complaint)
	rare(x, "delay", e.Delay)
	if e.Delivery != nil {
		x.delivery(e.Delivery)
	}
	rare(x, "subscription", e.Subscription)
	rare(x, "reject", e.Reject)
	rare(x, "failure", e.Failure)
	x.engagement("open", e.Open)
	x.engagement("click", e.Click)
	if e.Client != nil {
		x.client(e.Client)
	}
	if e.Automation != nil {
		x.automation(e.Automation)
	}
	return append(x.b, '}'), x.err
}

// object writes the members of JSON objects.
type object struct {
	b   []byte
	err error
}

// key begins a member.
func (x *object) key(name string) {
	if x.b[len(x.b)-1] != '{' {
		x.b = append(x.b, ',')
	}
	x.b = append(x.b, '"')
	x.b = append(x.b, name...) // ours, all of them letters
	x.b = append(x.b, '"', ':')
}

// quote writes a text. Bad UTF-8 becomes U+FFFD, which is all that could be wrong with it.
func (x *object) quote(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			x.b, _ = jsontext.AppendQuote(x.b, s)
			return
		}
	}
	x.b = append(x.b, '"')
	x.b = append(x.b, s...)
	x.b = append(x.b, '"')
}

func (x *object) text(name, s string) {
	x.key(name)
	x.quote(s)
}

// said writes a text that says something.
func (x *object) said(name, s string) {
	if s != "" {
		x.text(name, s)
	}
}

func (x *object) textOrNull(name, s string) {
	x.key(name)
	if s == "" {
		x.b = append(x.b, "null"...)
		return
	}
	x.quote(s)
}

func (x *object) time(name string, t time.Time) {
	x.key(name)
	x.stamp(t)
}

func (x *object) stamp(t time.Time) {
	x.b = append(x.b, '"')
	x.b = appendTime(x.b, t.UTC())
	x.b = append(x.b, '"')
}

func (x *object) number(name string, n int64) {
	if n != 0 {
		x.key(name)
		x.b = strconv.AppendInt(x.b, n, 10)
	}
}

func (x *object) begin(name string) {
	x.key(name)
	x.b = append(x.b, '{')
}

func (x *object) end() { x.b = append(x.b, '}') }

// texts writes a list that says something.
func (x *object) texts(name string, list []string) {
	if len(list) > 0 {
		x.key(name)
		x.list(list)
	}
}

func (x *object) list(list []string) {
	x.b = append(x.b, '[')
	for i, s := range list {
		if i > 0 {
			x.b = append(x.b, ',')
		}
		x.quote(s)
	}
	x.b = append(x.b, ']')
}

// data writes MailGlyph's data, its keys sorted.
func (x *object) data(e *event.Event) {
	x.begin("data")
	mailglyph.Each(e, func(key string, v mailglyph.Value) {
		if x.b[len(x.b)-1] != '{' {
			x.b = append(x.b, ',')
		}
		x.quote(key)
		x.b = append(x.b, ':')
		x.value(v)
	})
	x.end()
}

func (x *object) value(v mailglyph.Value) {
	switch v.Kind {
	case mailglyph.Text:
		x.quote(v.Text)
	case mailglyph.Time:
		x.stamp(v.Time)
	case mailglyph.Number:
		x.b = strconv.AppendInt(x.b, v.Number, 10)
	case mailglyph.Bool:
		x.b = strconv.AppendBool(x.b, v.Number == 1)
	case mailglyph.JSON:
		x.any(v.JSON)
	default:
		x.b = append(x.b, "null"...)
	}
}

// any writes what is too rare to be written by hand.
func (x *object) any(v any) {
	text, err := json.Marshal(v, json.Deterministic(true), json.WithMarshalers(times), jsontext.AllowInvalidUTF8(true),
		jsontext.AllowDuplicateNames(true))
	x.b = append(x.b, text...)
	if x.err == nil {
		x.err = err
	}
}

var times = json.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
	return enc.WriteToken(jsontext.String(t.UTC().Format(timeForm)))
})

func rare[T any](x *object, name string, v *T) {
	if v != nil {
		x.key(name)
		x.any(v)
	}
}

func (x *object) source(s *event.Source) {
	x.begin("source")
	x.said("id", s.ID)
	x.text("provider", s.Provider)
	x.end()
}

func (x *object) message(m *event.Message) {
	x.begin("message")
	x.text("id", m.ID)
	x.said("subject", m.Subject)
	x.said("from", m.From)
	x.said("senderDomain", m.SenderDomain)
	x.said("account", m.Account)
	x.said("template", m.Template)
	x.said("workflow", m.Workflow)
	x.texts("tags", m.Tags)
	if len(m.Metadata) > 0 {
		x.key("metadata")
		x.any(m.Metadata)
	}
	if !m.SentAt.IsZero() {
		x.time("sentAt", m.SentAt)
	}
	x.end()
}

func (x *object) delivery(d *event.Delivery) {
	x.begin("delivery")
	x.said("smtpResponse", d.SMTPResponse)
	x.number("processingMs", d.ProcessingMs)
	x.said("reportingMta", d.ReportingMTA)
	x.end()
}

func (x *object) engagement(name string, g *event.Engagement) {
	if g == nil {
		return
	}
	x.begin(name)
	x.key("first")
	x.b = strconv.AppendBool(x.b, g.First)
	x.number("count", g.Count)
	x.said("url", g.URL)
	if len(g.LinkTags) > 0 {
		x.key("linkTags")
		x.any(g.LinkTags)
	}
	x.end()
}

func (x *object) client(c *event.Client) {
	x.begin("client")
	x.said("ip", c.IP)
	x.said("userAgent", c.UserAgent)
	x.said("device", c.Device)
	x.said("os", c.OS)
	x.said("app", c.App)
	x.end()
}

func (x *object) automation(a *event.Automation) {
	x.begin("automation")
	x.text("verdict", string(a.Verdict))
	x.texts("signals", a.Signals)
	x.end()
}
