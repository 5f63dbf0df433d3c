package ses

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// SendKey is the identity of a Send: its time and its natural key. A sender that writes email.sent at hand-off uses it
// to get the id that SES's own Send event will have. sentAt is the record's mail.timestamp, or the sender's clock, which
// can't know it to the second: where the time that SES writes into the message id is near sentAt, that one counts.
func SendKey(messageID, recipient string, sentAt time.Time) (time.Time, []string) {
	at := timeOfID(messageID)
	if at.IsZero() || at.Sub(sentAt).Abs() > sendKeyDrift {
		at = sentAt
	}
	return at, []string{"Send", messageID, keyAddress(recipient)}
}

// sendKeyDrift is how far a sender's clock may be off. AWS does not document the time in its ids: one that says
// something else than the record is not believed.
const sendKeyDrift = 15 * time.Minute

// timeOfID reads the time in a message id such as 0102019a1f6e8d2f-…: four digits for the region, then twelve of Unix
// milliseconds in hexadecimal. It is zero for an id that holds none.
func timeOfID(id string) time.Time {
	head, _, _ := strings.Cut(id, "-")
	if len(head) != 16 || !strings.HasPrefix(head, "0") || !only(head, isHex) {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(head[4:], 16, 64)
	t := time.UnixMilli(ms).UTC()
	if err != nil || t.Year() < 2011 || t.Year() > 2099 {
		return time.Time{}
	}
	return t
}

func (m *mapping) readSend() bool {
	at, _ := SendKey(m.Mail.MessageID, "", m.message.SentAt)
	m.addEach(m.Mail.Destination, fact{name: event.EmailSent, identityAt: at})
	return true
}

func (m *mapping) readReject() bool {
	if m.Reject == nil {
		return false
	}
	m.addEach(m.Mail.Destination, fact{name: event.EmailReject, fill: func(e *event.Event) {
		e.Reject = &event.Refusal{Reason: rejectReasons[m.Reject.Reason], Detail: m.Reject.Reason}
	}})
	return true
}

func (m *mapping) readFailure() bool {
	if m.Failure == nil {
		return false
	}
	m.addEach(m.Mail.Destination, fact{name: event.EmailFailure, fill: func(e *event.Event) {
		e.Failure = &event.Refusal{Reason: event.ReasonTemplate, Detail: m.Failure.Message}
		if e.Message.Template == "" {
			e.Message.Template = m.Failure.Template
		}
		e.Data = provider.Object("templateName", m.Failure.Template)
	}})
	return true
}

func (m *mapping) readDelivery() bool {
	if m.Delivery == nil {
		return false
	}
	list, attribution := m.people(m.Delivery.Recipients)
	m.addEach(list, fact{
		name: event.EmailDelivery, attribution: attribution, time: m.Delivery.Timestamp,
		fill: func(e *event.Event) {
			e.Delivery = &event.Delivery{
				SMTPResponse: m.Delivery.Response,
				ProcessingMs: int64(m.Delivery.Processing),
				ReportingMTA: m.Delivery.ReportingMTA,
			}
			e.Data = provider.Object("remoteMtaIp", m.Delivery.RemoteMTAIP)
		},
	})
	return true
}

// feedbackKey tells bounces and complaints apart. The identity notification and the configuration set's event of one
// fact carry the same feedbackId.
func feedbackKey(feedbackID, timestamp string) []string {
	if feedbackID == "" {
		return []string{timestamp}
	}
	return []string{feedbackID}
}

func (m *mapping) readBounce() bool {
	if m.Bounce == nil {
		return false
	}
	list, attribution := m.named(m.Bounce.Recipients)
	for _, r := range list {
		f := fact{
			name: event.EmailBounce, recipient: r.Address, attribution: attribution,
			time: m.Bounce.Timestamp, key: feedbackKey(m.Bounce.FeedbackID, m.Bounce.Timestamp),
			fill: func(e *event.Event) { m.fillBounce(e, r) },
		}
		if r.Action == actionDelayed {
			f.name = event.EmailDelay
			f.fill = func(e *event.Event) {
				e.Delay = newDelay("", r)
				e.Data = m.bounceData(r)
			}
		}
		m.add(f)
	}
	return true
}

func (m *mapping) fillBounce(e *event.Event, r recipient) {
	o, ok := bounceSubTypes[[2]string{m.Bounce.Type, m.Bounce.SubType}]
	if !ok {
		o, ok = bounceTypes[m.Bounce.Type]
	}
	if !ok {
		o.class = event.Undetermined
	}
	s := readSMTP(r)
	if o.reason == "" {
		o.reason = s.reason()
	}
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: o.reason,
		SMTPCode: s.code, EnhancedCode: s.enhanced, Diagnostic: r.Diagnostic,
	}
	e.Data = m.bounceData(r)
}

func (m *mapping) bounceData(r recipient) []byte {
	return provider.Object("bounceType", m.Bounce.Type, "bounceSubType", m.Bounce.SubType, "action", r.Action,
		"feedbackId", m.Bounce.FeedbackID, "reportingMTA", m.Bounce.ReportingMTA, "remoteMtaIp", m.Bounce.RemoteMTAIP)
}

// smtp is what the remote server answered.
type smtp struct {
	code     int
	enhanced string
}

// readSMTP takes the code from the diagnostic, and the enhanced status from the report, which says more than the remote
// server's where SES itself gave up (4.4.7), unless it is a catch-all (5.0.0).
func readSMTP(r recipient) smtp {
	code, enhanced := event.ParseSMTP(r.Diagnostic)
	if r.Status != "" && (enhanced == "" || !strings.HasSuffix(r.Status, catchAll)) {
		enhanced = r.Status
	}
	return smtp{code, enhanced}
}

// catchAll ends an enhanced status that says no more than its first digit.
const catchAll = ".0.0"

func (s smtp) reason() string {
	if strings.HasSuffix(s.enhanced, catchAll) {
		return event.ReasonOfSMTP(s.code, "")
	}
	return event.ReasonOfSMTP(s.code, s.enhanced)
}

func newDelay(reason string, r recipient) *event.Delay {
	s := readSMTP(r)
	if reason == "" {
		reason = s.reason()
	}
	return &event.Delay{Reason: reason, SMTPCode: s.code, EnhancedCode: s.enhanced, Diagnostic: r.Diagnostic}
}

func (m *mapping) readDelay() bool {
	if m.Delay == nil {
		return false
	}
	list, attribution := m.named(m.Delay.Recipients)
	for _, r := range list {
		m.add(fact{
			name: event.EmailDelay, recipient: r.Address, attribution: attribution,
			time: m.Delay.Timestamp, key: []string{m.Delay.Timestamp},
			fill: func(e *event.Event) {
				e.Delay = newDelay(delayTypes[m.Delay.Type], r)
				e.Delay.Until = parseTime(m.Delay.Expiration)
				e.Data = provider.Object("delayType", m.Delay.Type, "reportingMTA", m.Delay.ReportingMTA)
			},
		})
	}
	return true
}

// readComplaint: providers of mailboxes hide who complained, so SES lists everyone of the message at that provider.
func (m *mapping) readComplaint() bool {
	if m.Complaint == nil {
		return false
	}
	c := m.Complaint
	list, attribution := m.named(c.Recipients)
	if len(list) > 1 {
		attribution = event.Candidates
	}
	for _, r := range list {
		m.add(fact{
			name: event.EmailComplaint, recipient: r.Address, attribution: attribution,
			time: c.Timestamp, key: feedbackKey(c.FeedbackID, c.Timestamp),
			fill: func(e *event.Event) {
				e.Complaint = &event.Complaint{FeedbackType: strings.ToLower(c.FeedbackType), Echo: complaintEchoes[c.SubType]}
				e.Client = newClient("", c.UserAgent)
				e.Data = provider.Object("complaintSubType", c.SubType, "feedbackId", c.FeedbackID, "arrivalDate", c.ArrivalDate)
			},
		})
	}
	return true
}

func newClient(ip, userAgent string) *event.Client {
	if ip == "" && userAgent == "" {
		return nil
	}
	return &event.Client{IP: ip, UserAgent: userAgent}
}

func (m *mapping) readOpen() bool {
	return m.readEngagement(event.EmailOpen, m.Open)
}

func (m *mapping) readClick() bool {
	return m.readEngagement(event.EmailClick, m.Click)
}

// readEngagement: an open or a click names nobody. All recipients of one message share its pixel and its links.
func (m *mapping) readEngagement(name event.Name, g *engagement) bool {
	if g == nil {
		return false
	}
	list, attribution := m.people(nil)
	m.addEach(list, fact{
		name: name, attribution: attribution, time: g.Timestamp,
		key: []string{g.Timestamp, g.Link, g.IP, g.UserAgent},
		fill: func(e *event.Event) {
			e.Client = newClient(g.IP, g.UserAgent)
			if name == event.EmailOpen {
				e.Open = &event.Engagement{}
				return
			}
			e.Click = &event.Engagement{URL: g.Link, LinkTags: g.linkTags()}
		},
	})
	return true
}

func (g *engagement) linkTags() map[string][]string {
	if len(g.LinkTags) == 0 {
		return nil
	}
	out := make(map[string][]string, len(g.LinkTags))
	for k, v := range g.LinkTags {
		out[k] = v
	}
	return out
}

func (m *mapping) readSubscription() bool {
	if m.Subscription == nil {
		return false
	}
	list, attribution := m.people(nil)
	changes := m.Subscription.changes()
	if len(changes) == 0 {
		m.problem("no_change", "the record tells of preferences that have not changed")
		return true
	}
	for _, c := range changes {
		m.addEach(list, fact{
			name: c.name, attribution: attribution, time: m.Subscription.Timestamp,
			key: append([]string{m.Subscription.Timestamp, string(c.name)}, c.topics...),
			fill: func(e *event.Event) {
				e.Subscription = &event.Subscription{
					List: m.Subscription.List, Topics: slices.Clone(c.topics), Origin: m.Subscription.Source,
				}
			},
		})
	}
	return true
}

// change is one direction of a change of preferences; no topics means the whole list.
type change struct {
	name   event.Name
	topics []string
}

// changes compares the preferences before and after. AWS's sample has unsubscribeAll set with nothing else changed:
// that is an opt-out, too.
func (s *subscription) changes() []change {
	outs, ins := s.turned(optOut), s.turned(optIn)
	whole := s.New.UnsubscribeAll
	switch {
	case whole && (!s.Old.UnsubscribeAll || len(outs)+len(ins) == 0):
		return []change{{name: event.EmailUnsubscribe}}
	case whole:
		ins = nil // whoever is out of all can't be in one
	}
	var list []change
	if s.Old.UnsubscribeAll && !whole {
		list = append(list, change{name: event.EmailSubscribe})
		ins = nil
	}
	if len(outs) > 0 {
		list = append(list, change{event.EmailUnsubscribe, outs})
	}
	if len(ins) > 0 {
		list = append(list, change{event.EmailSubscribe, ins})
	}
	return list
}

// turned returns the topics, sorted, that have a status now and had another before.
func (s *subscription) turned(status string) []string {
	before := make(map[string]string, len(s.Old.Topics))
	for _, t := range s.Old.Topics {
		before[t.Name] = t.Status
	}
	now := make(map[string]bool)
	for _, t := range s.New.Topics {
		if t.Status == status && before[t.Name] != status {
			now[t.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(now))
}

// readUnknown keeps a word that this version does not know, once for each destination. The key is the one that the
// word gets when a later version learns it, so that a replay upgrades these events in place.
func (m *mapping) readUnknown() {
	when := m.foreignTime()
	list, attribution := m.people(nil)
	m.addEach(list, fact{
		name: event.EmailUnknown, attribution: attribution, time: when, key: []string{when},
		fill: func(e *event.Event) { e.Data = provider.Object("eventType", m.word()) },
	})
}

// foreignTime is the timestamp of the record's own object, whatever that is called.
func (m *mapping) foreignTime() string {
	var members map[string]jsontext.Value
	if provider.DecodeJSON(m.text, &members) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		var o struct {
			Timestamp string `json:"timestamp"`
		}
		if name != "mail" && provider.DecodeJSON(members[name], &o) == nil && o.Timestamp != "" {
			return o.Timestamp
		}
	}
	return ""
}
