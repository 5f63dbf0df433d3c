package compose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/send"
)

const (
	maxLabel  = 128 // letters of a label's value
	maxTags   = 10  // of SendGrid, Mailgun and SparkPost
	maxLabels = 40
)

// Labels are the headers by which an email service, one of send.Presets, names the email in its events: our ids, the
// template and the workflow as our adapters read them, tags and metadata; and those that keep it from watching opens and
// clicks. What a service has no room for is left out, our ids last. Another preset has none.
func Labels(preset string, m *send.Mail, s *send.Settings) []send.Header {
	headers, known := presets[preset]
	if !known {
		return nil
	}
	return headers(m, s)
}

var presets = map[string]func(*send.Mail, *send.Settings) []send.Header{
	send.PresetSES:       sesHeaders,
	send.PresetSendGrid:  sendgridHeaders,
	send.PresetMailgun:   mailgunHeaders,
	send.PresetSparkPost: sparkpostHeaders,
	send.PresetPostmark:  postmarkHeaders,
}

// label is a name and its value.
type label struct{ name, value string }

// ids are ours.
func ids(m *send.Mail) []label {
	list := make([]label, 0, 6)
	for _, x := range [...]label{
		{send.LabelSend, m.ID},
		{send.LabelTemplate, m.Template},
		{send.LabelWorkflow, m.Workflow},
		{send.LabelBroadcast, m.Broadcast},
		{send.LabelRun, m.Run},
		{send.LabelStep, m.Step},
	} {
		if x.value != "" {
			list = append(list, label{x.name, clean(x.value, maxLabel)})
		}
	}
	return list
}

// reserved are the names of our ids, which nobody else's label can have.
var reserved = []string{
	send.LabelSend, send.LabelTemplate, send.LabelWorkflow, send.LabelBroadcast, send.LabelRun, send.LabelStep,
}

// metadata are the labels that somebody gave the email.
func metadata(m *send.Mail) []label {
	list := make([]label, 0, len(m.Metadata))
	for _, name := range slices.Sorted(maps.Keys(m.Metadata)) {
		x := label{clean(name, maxLabel), clean(m.Metadata[name], maxLabel)}
		if x.name != "" && x.value != "" && !slices.Contains(reserved, name) && len(list) < maxLabels {
			list = append(list, x)
		}
	}
	return list
}

// labels are all in their order of weight.
func labels(m *send.Mail) []label { return append(ids(m), metadata(m)...) }

// clean cuts a text and takes out what must be in no header.
func clean(s string, most int) string {
	n := 0
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if n++; n > most {
			return -1
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s))
}

func tags(m *send.Mail, most int) []string {
	list := make([]string, 0, len(m.Tags))
	for _, t := range m.Tags {
		if t = clean(t, maxLabel); t != "" && !slices.Contains(list, t) && len(list) < most {
			list = append(list, t)
		}
	}
	return list
}

const maxMessageTags = 50

// MessageTags are the message tags of an email at Amazon SES, whose letters are few: a slash of the template becomes two
// dashes, which our adapter undoes, any other letter an underscore. A tag is a message tag with the value "true".
func MessageTags(m *send.Mail) []send.Header {
	list := make([]send.Header, 0, maxMessageTags)
	add := func(name, value string) {
		name, value = sesWord(name), sesWord(value)
		taken := slices.ContainsFunc(list, func(x send.Header) bool { return x.Name == name })
		if name != "" && value != "" && !taken && len(list) < maxMessageTags {
			list = append(list, send.Header{Name: name, Value: value})
		}
	}
	for _, x := range ids(m) {
		if x.name == send.LabelTemplate {
			x.value = strings.ReplaceAll(x.value, "/", "--")
		}
		add(x.name, x.value)
	}
	for _, t := range tags(m, maxMessageTags) {
		add(t, "true")
	}
	for _, x := range metadata(m) {
		add(x.name, x.value)
	}
	return list
}

// sesWord leaves the letters that https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html allows.
func sesWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, s)
}

// ConfigurationSet is the set of an email at Amazon SES: the other one where opens or clicks are not to be watched. It is
// empty where there is none.
func ConfigurationSet(m *send.Mail, s *send.Settings) string {
	if m.NoOpens || m.NoClicks {
		return s.UntrackedSet
	}
	return s.ConfigurationSet
}

func sesHeaders(m *send.Mail, s *send.Settings) (list []send.Header) {
	if set := ConfigurationSet(m, s); set != "" {
		list = append(list, send.Header{Name: "X-SES-CONFIGURATION-SET", Value: set})
	}
	pairs := []string{}
	for _, x := range MessageTags(m) {
		pairs = append(pairs, x.Name+"="+x.Value)
	}
	if len(pairs) > 0 {
		list = append(list, send.Header{Name: "X-SES-MESSAGE-TAGS", Value: strings.Join(pairs, ", ")})
	}
	return list
}

// sendgridHeaders: https://www.twilio.com/docs/sendgrid/for-developers/sending-email/building-an-x-smtpapi-header
func sendgridHeaders(m *send.Mail, _ *send.Settings) []send.Header {
	type setting struct {
		Enable int `json:"enable"`
	}
	type filter struct {
		Settings setting `json:"settings"`
	}
	filters := map[string]filter{}
	if m.NoOpens {
		filters["opentrack"] = filter{}
	}
	if m.NoClicks {
		filters["clicktrack"] = filter{}
	}
	return []send.Header{{Name: "X-SMTPAPI", Value: headerJSON(struct {
		Args     map[string]string `json:"unique_args,omitempty"`
		Category []string          `json:"category,omitempty"`
		Filters  map[string]filter `json:"filters,omitempty"`
	}{asMap(labels(m)), tags(m, maxTags), filters})}}
}

// mailgunHeaders: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp
func mailgunHeaders(m *send.Mail, _ *send.Settings) []send.Header {
	list := []send.Header{{Name: "X-Mailgun-Variables", Value: headerJSON(asMap(labels(m)))}}
	for _, t := range tags(m, maxTags) {
		list = append(list, send.Header{Name: "X-Mailgun-Tag", Value: t})
	}
	if m.NoOpens {
		list = append(list, send.Header{Name: "X-Mailgun-Track-Opens", Value: "no"})
	}
	if m.NoClicks {
		list = append(list, send.Header{Name: "X-Mailgun-Track-Clicks", Value: "no"})
	}
	return list
}

// maxSparkPost is how many bytes of metadata SparkPost gives back.
const maxSparkPost = 900

// sparkpostHeaders: https://developers.sparkpost.com/api/smtp/
func sparkpostHeaders(m *send.Mail, _ *send.Settings) []send.Header {
	var options map[string]bool
	if m.NoOpens || m.NoClicks {
		options = map[string]bool{"open_tracking": !m.NoOpens, "click_tracking": !m.NoClicks}
	}
	list, size := labels(m), 0
	for i, x := range list {
		if size += len(x.name) + len(x.value) + 8; size > maxSparkPost {
			list = list[:i]
			break
		}
	}
	return []send.Header{{Name: "X-MSYS-API", Value: headerJSON(struct {
		Metadata map[string]string `json:"metadata,omitempty"`
		Tags     []string          `json:"tags,omitempty"`
		Options  map[string]bool   `json:"options,omitempty"`
	}{asMap(list), tags(m, maxTags), options})}}
}

// What Postmark has room for: https://postmarkapp.com/support/article/1125-custom-metadata-faq
const (
	postmarkLabels = 10
	postmarkName   = 20
	postmarkValue  = 80
)

// postmarkHeaders: https://postmarkapp.com/developer/user-guide/send-email-with-smtp
func postmarkHeaders(m *send.Mail, s *send.Settings) []send.Header {
	list := []send.Header{
		{Name: "X-PM-Message-Stream", Value: cmp.Or(s.Stream, "outbound")},
		{Name: "X-PM-KeepID", Value: "true"},
	}
	n := 0
	for _, x := range labels(m) {
		name := "X-PM-Metadata-" + x.name
		if len(x.name) > postmarkName || !headerName.MatchString(name) || n == postmarkLabels {
			continue
		}
		list = append(list, send.Header{Name: name, Value: clean(x.value, postmarkValue)})
		n++
	}
	if t := tags(m, 1); len(t) > 0 {
		list = append(list, send.Header{Name: "X-PM-Tag", Value: t[0]})
	}
	if m.NoOpens {
		list = append(list, send.Header{Name: "X-PM-TrackOpens", Value: "false"})
	}
	if m.NoClicks {
		list = append(list, send.Header{Name: "X-PM-TrackLinks", Value: "None"})
	}
	return list
}

func asMap(list []label) map[string]string {
	out := make(map[string]string, len(list))
	for _, x := range list {
		out[x.name] = x.value
	}
	return out
}

// headerJSON is JSON in ASCII with a blank wherever a line may be folded.
func headerJSON(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.SpaceAfterComma(true), jsontext.SpaceAfterColon(true),
		jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // maps, lists and texts
	}
	var out strings.Builder
	out.Grow(len(b))
	for _, r := range string(b) {
		if r < 0x80 {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}
