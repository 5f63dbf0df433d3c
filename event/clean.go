package event

import (
	"bytes"
	stdjson "encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits on what an event keeps of texts from outside, in bytes. The whole text stays in the receipt.
const (
	maxText       = 1024
	maxSubject    = 998 // RFC 5322, section 2.1.1
	maxURL        = 4096
	maxDiagnostic = 2048
	maxData       = 64 << 10
	maxLabels     = 50 // tags, metadata, link tags and topics; SES takes no more
)

// CleanText makes a text from outside fit for every database and door: NUL and invalid UTF-8 become U+FFFD, and it is
// cut to at most limit bytes, between characters. Clean text is returned as it is, without an allocation.
func CleanText(s string, limit int) string {
	if textIsClean(s, limit) {
		return s
	}
	s = cut(s, limit)
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	return cut(s, limit)
}

func textIsClean(s string, limit int) bool {
	return len(s) <= limit && strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

// cut shortens s to limit bytes, and by up to three more where a character would be split.
func cut(s string, limit int) string {
	limit = max(limit, 0)
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && limit-end < utf8.UTFMax-1 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// text is one text of a part of an event, and its limit in bytes.
type text struct {
	value *string
	limit int
}

// texts are all texts of one part of an event; unused places are nil. It is an array so that looking at clean texts
// allocates nothing.
type texts [8]text

func (t *texts) areClean() bool {
	for _, x := range t {
		if x.value != nil && !textIsClean(*x.value, x.limit) {
			return false
		}
	}
	return true
}

func (t *texts) clean() {
	for _, x := range t {
		if x.value != nil {
			*x.value = CleanText(*x.value, x.limit)
		}
	}
}

// part is a part of an event that has texts.
type part[T any] interface {
	*T
	texts() texts
}

// cleaned returns p if its texts are clean, else a clean copy: drafts of one receipt may share a part.
func cleaned[T any, P part[T]](p P) P {
	if p == nil {
		return nil
	}
	if t := p.texts(); t.areClean() {
		return p
	}
	c := P(new(T))
	*c = *p
	t := c.texts()
	t.clean()
	return c
}

func (s *Source) texts() texts { return texts{{&s.ID, maxText}, {&s.Provider, maxText}} }

func (m *Message) texts() texts {
	return texts{
		{&m.ID, maxText},
		{&m.Subject, maxSubject},
		{&m.From, maxText},
		{&m.SenderDomain, maxText},
		{&m.Account, maxText},
		{&m.Template, maxText},
		{&m.Workflow, maxText},
	}
}

func (b *Bounce) texts() texts {
	return texts{{&b.Reason, maxText}, {&b.EnhancedCode, maxText}, {&b.Diagnostic, maxDiagnostic}}
}

func (c *Complaint) texts() texts { return texts{{&c.FeedbackType, maxText}} }

func (d *Delay) texts() texts {
	return texts{{&d.Reason, maxText}, {&d.EnhancedCode, maxText}, {&d.Diagnostic, maxDiagnostic}}
}

func (d *Delivery) texts() texts {
	return texts{{&d.SMTPResponse, maxDiagnostic}, {&d.ReportingMTA, maxText}}
}

func (s *Subscription) texts() texts { return texts{{&s.List, maxText}, {&s.Origin, maxText}} }

func (r *Refusal) texts() texts { return texts{{&r.Reason, maxText}, {&r.Detail, maxDiagnostic}} }

func (g *Engagement) texts() texts { return texts{{&g.URL, maxURL}} }

func (c *Client) texts() texts {
	return texts{{&c.IP, maxText}, {&c.UserAgent, maxText}, {&c.Device, maxText}, {&c.OS, maxText}, {&c.App, maxText}}
}

// clean makes everything in the event that came from outside fit to be stored. Cleaning twice is cleaning once, parts
// that are clean stay the same values, and parts that are not are copied, never changed in place.
func (e *Event) clean() {
	e.Name = Name(CleanText(string(e.Name), maxText))
	e.Source = cleaned(e.Source)
	e.Message = cleanMessage(cleaned(e.Message))
	e.Bounce = cleaned(e.Bounce)
	e.Complaint = cleaned(e.Complaint)
	e.Delay = cleanDelay(cleaned(e.Delay))
	e.Delivery = cleaned(e.Delivery)
	e.Subscription = cleanSubscription(cleaned(e.Subscription))
	e.Reject, e.Failure = cleaned(e.Reject), cleaned(e.Failure)
	e.Open, e.Click = cleanEngagement(cleaned(e.Open)), cleanEngagement(cleaned(e.Click))
	e.Client = cleaned(e.Client)
	e.Bus = cleanBus(cleaned(e.Bus))
	e.Data = cleanData(e.Data)
}

func cleanMessage(m *Message) *Message {
	if m == nil || m.isClean() {
		return m
	}
	c := *m
	c.SenderDomain = CleanText(strings.ToLower(c.SenderDomain), maxText)
	c.Tags = cleanLabels(c.Tags)
	c.Metadata = cleanMetadata(c.Metadata)
	c.SentAt = cleanTime(c.SentAt)
	return &c
}

func (m *Message) isClean() bool {
	return strings.ToLower(m.SenderDomain) == m.SenderDomain && labelsAreClean(m.Tags) && metadataIsClean(m.Metadata) &&
		timeIsClean(m.SentAt)
}

func cleanDelay(d *Delay) *Delay {
	if d == nil || timeIsClean(d.Until) {
		return d
	}
	c := *d
	c.Until = cleanTime(c.Until)
	return &c
}

func cleanSubscription(s *Subscription) *Subscription {
	if s == nil || labelsAreClean(s.Topics) {
		return s
	}
	c := *s
	c.Topics = cleanLabels(c.Topics)
	return &c
}

func cleanEngagement(g *Engagement) *Engagement {
	if g == nil || linkTagsAreClean(g.LinkTags) {
		return g
	}
	c := *g
	c.LinkTags = nil
	for _, k := range firstKeys(g.LinkTags) {
		if values := cleanLabels(g.LinkTags[k]); values != nil {
			if c.LinkTags == nil {
				c.LinkTags = make(map[string][]string, len(g.LinkTags))
			}
			c.LinkTags[CleanText(k, maxText)] = values
		}
	}
	return &c
}

func linkTagsAreClean(tags map[string][]string) bool {
	if len(tags) > maxLabels || tags != nil && len(tags) == 0 {
		return false
	}
	for k, values := range tags {
		if !textIsClean(k, maxText) || len(values) == 0 || !labelsAreClean(values) {
			return false
		}
	}
	return true
}

// cleanTime brings a time to UTC milliseconds; one that RFC 3339 has no words for is not kept.
func cleanTime(t time.Time) time.Time {
	if !ValidTime(t) {
		return time.Time{}
	}
	return millis(t)
}

// timeIsClean asks for the zone too: a clean time is written as it is.
func timeIsClean(t time.Time) bool { return t.Equal(cleanTime(t)) && t.Location() == time.UTC }

// cleanLabels makes a clean set of labels: sorted, distinct, without empty ones, at most maxLabels.
func cleanLabels(labels []string) []string {
	out := make([]string, 0, len(labels))
	for _, s := range labels {
		if s = CleanText(s, maxText); s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	out = out[:min(len(out), maxLabels)]
	if len(out) == 0 {
		return nil
	}
	return out
}

func labelsAreClean(labels []string) bool {
	if len(labels) > maxLabels || labels != nil && len(labels) == 0 {
		return false
	}
	for i, s := range labels {
		if s == "" || !textIsClean(s, maxText) || i > 0 && s <= labels[i-1] {
			return false
		}
	}
	return true
}

func cleanMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for _, k := range firstKeys(m) {
		out[CleanText(k, maxText)] = CleanText(m[k], maxText)
	}
	return out
}

func metadataIsClean(m map[string]string) bool {
	if len(m) > maxLabels || m != nil && len(m) == 0 {
		return false
	}
	for k, v := range m {
		if !textIsClean(k, maxText) || !textIsClean(v, maxText) {
			return false
		}
	}
	return true
}

// firstKeys are the keys of a map that are kept: all, or the first in order.
func firstKeys[V any](m map[string]V) []string {
	keys := slices.Sorted(maps.Keys(m))
	return keys[:min(len(keys), maxLabels)]
}

var escapedNUL = []byte(`\u0000`)

// cleanData keeps data that is a JSON object of a bearable size and drops every other. What PostgreSQL's JSON refuses
// (an escaped NUL, half a surrogate pair) and invalid UTF-8 become U+FFFD. An empty object is nil.
func cleanData(data stdjson.RawMessage) stdjson.RawMessage {
	if len(data) <= len("{}") || len(data) > maxData {
		return nil
	}
	v := jsontext.Value(data)
	if bytes.Contains(data, escapedNUL) {
		v = withoutEscapedNUL(data)
	}
	if !v.IsValid() {
		repaired, err := jsontext.AppendFormat(nil, v, jsontext.AllowInvalidUTF8(true))
		if v = repaired; err != nil || len(v) > maxData {
			return nil
		}
	}
	if v.Kind() != jsontext.KindBeginObject || emptyObject(v) {
		return nil
	}
	return stdjson.RawMessage(v)
}

func emptyObject(v []byte) bool {
	inner := bytes.TrimSpace(v)
	return len(inner) >= 2 && len(bytes.TrimSpace(inner[1:len(inner)-1])) == 0
}

// withoutEscapedNUL returns a copy of data in which each \u0000 is \ufffd. A backslash that is itself escaped does not
// begin an escape.
func withoutEscapedNUL(data []byte) []byte {
	out := bytes.Clone(data)
	for i := 0; i < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(out[i:], escapedNUL) {
			copy(out[i:], `\ufffd`)
		}
		i++
	}
	return out
}
