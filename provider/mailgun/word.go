package mailgun

import (
	"strconv"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// words are the event words with what each becomes. "failed" has two outcomes, by its severity. Those of forms
// that differ are in legacyWords.
var words = map[string]func(*record, *event.Event){
	"accepted":     (*record).fillQueued,
	"delivered":    (*record).fillDelivery,
	"failed":       (*record).fillFailed,
	"rejected":     (*record).fillReject,
	"opened":       (*record).fillOpen,
	"clicked":      (*record).fillClick,
	"unsubscribed": (*record).fillUnsubscribe,
	"complained":   (*record).fillComplaint,
}

func (r *record) fill(e *event.Event) {
	fill, known := words[string(r.Event)]
	if !known {
		e.Name = event.EmailUnknown
		e.Data = r.data("event", r.word, "reason", string(r.Reason))
		return
	}
	fill(r, e)
}

// data is what has no field of ours, and whether the message was a test.
func (r *record) data(pairs ...string) []byte {
	if r.Flags.Test {
		pairs = append(pairs, "isTestMode", "true")
	}
	return provider.Object(pairs...)
}

func (r *record) fillQueued(e *event.Event) {
	e.Name = event.EmailQueued
	if e.Message != nil {
		e.Message.SentAt = provider.UnixTime(string(r.Timestamp))
	}
	e.Data = r.data("method", string(r.Method))
}

func (r *record) fillDelivery(e *event.Event) {
	e.Name = event.EmailDelivery
	e.Delivery = &event.Delivery{SMTPResponse: r.answer()}
	e.Data = r.data("mxHost", string(r.Status.MXHost), "attemptNo", string(r.Status.Attempt))
}

// answer is what the recipient's server said, with its code before it.
func (r *record) answer() string {
	code, text := string(r.Status.Code), string(r.Status.Message)
	if text == "" {
		text = string(r.Status.Description)
	}
	if code == "" || strings.HasPrefix(text, code) {
		return text
	}
	return strings.TrimSpace(code + " " + text)
}

func (r *record) fillReject(e *event.Event) {
	e.Name = event.EmailReject
	detail := string(r.Reject.Reason)
	if r.Reject.Description != "" {
		detail = strings.TrimSpace(detail + " (" + string(r.Reject.Description) + ")")
	}
	e.Reject = &event.Refusal{Detail: detail}
	e.Data = r.data()
}

// fillFailed: a temporary failure is tried again; a permanent one is a bounce, unless Mailgun did not even try.
func (r *record) fillFailed(e *event.Event) {
	s := r.smtp()
	if strings.EqualFold(string(r.Severity), "temporary") {
		e.Name = event.EmailDelay
		reason := codes[string(r.Status.Code)]
		if reason == "" {
			reason = delays[string(r.Reason)]
		}
		if reason == "" {
			reason = event.ReasonOfSMTP(s.code, s.enhanced)
		}
		e.Delay = &event.Delay{Reason: reason, SMTPCode: s.code, EnhancedCode: s.enhanced, Diagnostic: s.text}
		e.Data = r.failure("retrySeconds", string(r.Status.Retry))
		return
	}
	reason, suppressed := notTried[string(r.Reason)]
	if !suppressed {
		reason, suppressed = notTriedCodes[string(r.Status.Code)]
	}
	if suppressed {
		e.Name = event.EmailReject
		e.Reject = &event.Refusal{Reason: reason, Detail: r.detail()}
		e.Data = r.failure()
		return
	}
	e.Name = event.EmailBounce
	o := r.outcome(s)
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: o.reason, SMTPCode: s.code, EnhancedCode: s.enhanced, Diagnostic: s.text,
	}
	e.Data = r.failure()
}

func (r *record) failure(more ...string) []byte {
	pairs := []string{
		"severity", string(r.Severity), "reason", string(r.Reason), "code", string(r.Status.Code),
		"bounceCode", string(r.Status.Bounce), "mxHost", string(r.Status.MXHost), "attemptNo", string(r.Status.Attempt),
	}
	if r.Flags.Delayed {
		pairs = append(pairs, "isDelayedBounce", "true")
	}
	return r.data(append(pairs, more...)...)
}

func (r *record) detail() string {
	if r.Status.Description != "" {
		return string(r.Status.Description)
	}
	return string(r.Status.Message)
}

// smtp is what the recipient's server answered, as far as Mailgun tells.
type smtp struct {
	code           int
	enhanced, text string
}

func (r *record) smtp() smtp {
	s := smtp{text: r.diagnostic()}
	s.code, s.enhanced = event.ParseSMTP(s.text)
	if code := string(r.Status.Code); codes[code] == "" {
		switch n, err := strconv.Atoi(code); {
		case err == nil && n >= 400 && n < 600:
			s.code = n
		case err != nil && s.enhanced == "":
			_, s.enhanced = event.ParseSMTP(code) // some forms have 5.1.1 for a code
		}
	}
	if r.Status.Enhanced != "" {
		s.enhanced = string(r.Status.Enhanced)
	}
	return s
}

func (r *record) diagnostic() string {
	if r.Status.Message != "" {
		return string(r.Status.Message)
	}
	return string(r.Status.Description)
}

// codes are Mailgun's own, which no server answered: what they mean.
var codes = map[string]string{
	"498": event.ReasonDNS,
	"499": event.ReasonUnreachable,
	"605": event.ReasonSuppressed, "606": event.ReasonUnsubscribed, "607": event.ReasonSuppressed,
}

// delays are the reasons of temporary failures that say more than the server's code.
var delays = map[string]string{
	"greylisted": event.ReasonThrottled,
	"espblock":   event.ReasonBlocked,
}

// notTried are the reasons, and the codes, of messages that never left Mailgun.
var (
	notTried = map[string]string{
		"suppress-bounce":      event.ReasonSuppressed,
		"suppress-complaint":   event.ReasonSuppressed,
		"suppress-unsubscribe": event.ReasonUnsubscribed,
	}
	notTriedCodes = map[string]string{
		"605": event.ReasonSuppressed, "606": event.ReasonUnsubscribed, "607": event.ReasonSuppressed,
	}
)

// outcome is what a bounce means.
type outcome struct {
	class  event.BounceClass
	reason string
}

// outcomes are what Mailgun's reasons mean. An empty reason of ours is read off the server's code.
var outcomes = map[string]outcome{
	"bounce":      {event.Hard, ""},
	"espblock":    {event.Block, event.ReasonBlocked},
	"blacklisted": {event.Block, event.ReasonBlocked},
	"greylisted":  {event.Soft, event.ReasonThrottled},
	"old":         {event.Soft, event.ReasonRetriesExhausted},
}

// byReason are the classes of bounces that Mailgun calls generic, or does not call at all, where the reason speaks of the
// address.
var byReason = map[string]event.BounceClass{
	event.ReasonNoSuchUser:       event.Hard,
	event.ReasonDNS:              event.Hard,
	event.ReasonUnreachable:      event.Soft,
	event.ReasonRetriesExhausted: event.Soft,
}

func (r *record) outcome(s smtp) outcome {
	reason := codes[string(r.Status.Code)]
	if reason == "" {
		reason = event.ReasonOfSMTP(s.code, s.enhanced)
	}
	o, named := outcomes[string(r.Reason)]
	class := provider.RefusalClass(reason)
	switch {
	case named && o.reason != "":
		return o
	case class != "":
		return outcome{class, reason}
	case named:
		return outcome{o.class, reason}
	case byReason[reason] != "":
		return outcome{byReason[reason], reason}
	}
	return outcome{event.Undetermined, reason}
}

func (r *record) fillOpen(e *event.Event) {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	e.Client, e.Automation = r.client(), r.bot()
	e.Data = r.engagement()
}

func (r *record) fillClick(e *event.Event) {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.URL)}
	e.Client, e.Automation = r.client(), r.bot()
	e.Data = r.engagement()
}

func (r *record) fillUnsubscribe(e *event.Event) {
	e.Name = event.EmailUnsubscribe
	e.Subscription = &event.Subscription{List: string(r.List.Address)}
	e.Client, e.Data = r.client(), r.engagement()
}

func (r *record) fillComplaint(e *event.Event) {
	e.Name, e.Complaint = event.EmailComplaint, &event.Complaint{}
	e.Data = r.data()
}

func (r *record) engagement() []byte {
	return r.data("country", string(r.Geo.Country), "region", string(r.Geo.Region), "city", string(r.Geo.City),
		"clientType", string(r.Client.Type), "mailingList", string(r.List.Address))
}

// devices are Mailgun's device types that we have a word for.
var devices = map[string]string{"desktop": "desktop", "mobile": "mobile", "tablet": "tablet"}

func (r *record) client() *event.Client {
	c := event.Client{
		IP: string(r.IP), UserAgent: string(r.Client.UserAgent), Device: devices[string(r.Client.Device)],
		OS: known(r.Client.OS), App: known(r.Client.Name),
	}
	if c == (event.Client{}) {
		return nil
	}
	return &c
}

// known is a word that is not Mailgun's way to say that it does not know.
func known(t provider.Text) string {
	if strings.EqualFold(string(t), "unknown") {
		return ""
	}
	return string(t)
}

// bots are what Mailgun says of opens and clicks that no person made. Gmail's proxy loads images when a person opens.
var bots = map[string]event.Verdict{
	"apple":   event.Machine,
	"generic": event.Machine,
	"gmail":   event.Proxy,
}

// bot is Mailgun's verdict; nil where it has none.
func (r *record) bot() *event.Automation {
	word := strings.ToLower(string(r.Client.Bot))
	if word == "" {
		return nil
	}
	verdict, ok := bots[word]
	if !ok {
		verdict = event.Machine // whatever it is called, it is a bot
	}
	return &event.Automation{Verdict: verdict, Signals: []string{"bot_" + word}}
}
