package brevo

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// record is one event. Brevo writes many fields as numbers or as texts, and some as either.
type record struct {
	Event      provider.Text  `json:"event"`
	Email      provider.Texts `json:"email"` // of list_addition an array
	MessageID  provider.Text  `json:"message-id"`
	Subject    provider.Text  `json:"subject"`
	Sender     provider.Text  `json:"sender_email"`
	TemplateID provider.Text  `json:"template_id"`
	Tag        provider.Texts `json:"tag"` // one, several, or several as JSON in a text
	Tags       provider.Texts `json:"tags"`
	Custom     provider.Text  `json:"X-Mailin-custom"`
	Reason     provider.Text  `json:"reason"`
	Link       provider.Text  `json:"link"`
	URL        provider.Text  `json:"URL"` // what marketing calls a link
	UserAgent  provider.Text  `json:"user_agent"`
	Device     provider.Text  `json:"device_used"`
	SendingIP  provider.Text  `json:"sending_ip"`
	ContactID  provider.Text  `json:"contact_id"`

	Epoch      provider.Text `json:"ts_epoch"` // milliseconds: the only time that is always right
	EpochTypo  provider.Text `json:"s_epoch"`  // as Brevo's page has it for proxy_open
	EventStamp provider.Text `json:"ts_event"` // seconds
	Stamp      provider.Text `json:"ts"`       // seconds, in the zone of the account
	SentStamp  provider.Text `json:"ts_sent"`  // seconds: when the campaign was sent

	CampaignID   provider.Text  `json:"camp_id"`
	CampaignName provider.Text  `json:"campaign name"`
	Lists        provider.Texts `json:"list_id"`

	// What other webhooks of Brevo have.
	Items     jsontext.Value `json:"items"`      // inbound mail
	SMSStatus provider.Text  `json:"msg_status"` // SMS
}

// when returns the time of the event, and the text that it was read from.
func (r *record) when() (time.Time, string) {
	for _, t := range [...]provider.Text{r.Epoch, r.EpochTypo, r.EventStamp, r.Stamp, r.SentStamp} {
		if at := readTime(string(t)); !at.IsZero() {
			return at, string(t)
		}
	}
	return time.Time{}, ""
}

// seconds is the least number that is taken for milliseconds: Brevo's own samples of ts_epoch are in seconds. As seconds
// it is the year 5138, as milliseconds 1973.
const seconds = 100_000_000_000

// readTime reads a number of seconds or milliseconds since 1970; zero for anything else.
func readTime(s string) time.Time {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}
	case n < seconds:
		return time.Unix(n, 0).UTC()
	}
	return time.UnixMilli(n).UTC()
}

// messageID is the message's id, bare. Marketing has none: there the campaign stands for it, because a contact gets a
// campaign once.
func (r *record) messageID() string {
	if id := provider.BareID(string(r.MessageID)); id != "" || r.CampaignID == "" {
		return id
	}
	return "campaign-" + string(r.CampaignID)
}

// labels are the tags. tag repeats tags, as JSON in a text or by itself.
func (r *record) labels() []string {
	if len(r.Tags) > 0 {
		return r.Tags
	}
	if len(r.Tag) == 1 && strings.HasPrefix(r.Tag[0], "[") {
		var list provider.Texts
		if provider.DecodeJSON([]byte(r.Tag[0]), &list) == nil {
			return list
		}
	}
	return r.Tag
}

// customName is the metadata key of a custom header that is neither JSON nor a list of name:value.
const customName = "X-Mailin-custom"

// custom reads the header X-Mailin-custom: a JSON object, or name:value pairs between bars.
func (r *record) custom() provider.Labels {
	text := string(r.Custom)
	if strings.HasPrefix(text, "{") {
		var labels provider.Labels
		if provider.DecodeJSON([]byte(text), &labels) != nil { // it was to be an object: its pieces are no pairs
			return oneLabel(text)
		}
		return labels
	}
	labels := provider.Labels{}
	for pair := range strings.SplitSeq(text, "|") {
		name, value, ok := strings.Cut(pair, ":")
		if !ok {
			return oneLabel(text)
		}
		labels[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return labels
}

func oneLabel(text string) provider.Labels {
	if text == "" {
		return nil
	}
	return provider.Labels{customName: text}
}
