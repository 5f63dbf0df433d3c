package resend

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// record is a request's body. Fields that hold what nobody expects are empty.
type record struct {
	Type      provider.Text `json:"type"`
	CreatedAt provider.Text `json:"created_at"` // of the event; that in data is the email's
	Data      data          `json:"data"`
}

type data struct {
	EmailID     provider.Text  `json:"email_id"`
	MessageID   provider.Text  `json:"message_id"` // the Message-ID header
	From        provider.Text  `json:"from"`
	To          provider.Texts `json:"to"`
	Subject     provider.Text  `json:"subject"`
	CreatedAt   provider.Text  `json:"created_at"`
	BroadcastID provider.Text  `json:"broadcast_id"`
	TemplateID  provider.Text  `json:"template_id"`
	Tags        tags           `json:"tags"`

	Bounce     *bounce  `json:"bounce"`
	Click      *click   `json:"click"`
	Failed     *failure `json:"failed"`
	Suppressed *bounce  `json:"suppressed"`

	// Of contacts and suppressions.
	Email        provider.Text `json:"email"`
	Unsubscribed provider.Flag `json:"unsubscribed"`
	UpdatedAt    provider.Text `json:"updated_at"`
	AudienceID   provider.Text `json:"audience_id"`
	Origin       provider.Text `json:"origin"`
}

type bounce struct {
	Message    provider.Text  `json:"message"`
	Type       provider.Text  `json:"type"`
	SubType    provider.Text  `json:"subType"`
	Diagnostic provider.Texts `json:"diagnosticCode"`
}

type click struct {
	IP        provider.Text `json:"ipAddress"`
	Link      provider.Text `json:"link"`
	Timestamp provider.Text `json:"timestamp"`
	UserAgent provider.Text `json:"userAgent"`
}

type failure struct {
	Reason provider.Text `json:"reason"`
}

// tags are an object; of old they were an array of name and value.
type tags provider.Labels

// UnmarshalJSONFrom reads either form; anything else is no tags.
func (t *tags) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != jsontext.KindBeginArray {
		return (*provider.Labels)(t).UnmarshalJSONFrom(d)
	}
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	*t = nil
	list, err := provider.Elements(v)
	for _, one := range list {
		var pair struct {
			Name  provider.Text  `json:"name"`
			Value jsontext.Value `json:"value"`
		}
		if provider.DecodeJSON(one, &pair) == nil && pair.Name != "" {
			(*provider.Labels)(t).Set(string(pair.Name), pair.Value)
		}
	}
	return err
}

// layouts are the forms of time that Resend writes.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07"}

// parseTime reads a time in any of the forms; zero where it is in none.
func parseTime(s provider.Text) time.Time {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, string(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
