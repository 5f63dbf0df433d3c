package generic

import (
	"fmt"
	"slices"

	"tidings/event"
	"tidings/provider"
)

func (r *record) problem(code, format string, args ...any) {
	r.problems = append(r.problems, provider.Problem{Code: code, Message: fmt.Sprintf(format, args...)})
}

// known returns the value if it is one of the words that there are, else the first of them, with a problem.
func known[T ~string](r *record, field string, value T, words ...T) T {
	if slices.Contains(words, value) {
		return value
	}
	r.problem("unknown_value", "%s is %.60q, want one of %q; %q is used", field, string(value), words, string(words[0]))
	return words[0]
}

// reason returns a reason of the vocabulary; another one is left out, with a problem.
func (r *record) reason(field, reason string) string {
	if reason == "" || slices.Contains(event.Reasons(), reason) {
		return reason
	}
	r.problem("unknown_value", "%s is %.60q, want one of %q; it is left out", field, reason, event.Reasons())
	return ""
}

// parts sets what belongs to the event's name; parts of other names are left out.
func (r *record) parts(e *event.Event) {
	fill, ok := fills[e.Name]
	if !ok {
		fill = (*record).fillNothing
	}
	if e.Name.Slot() == 0 {
		e.Name = event.EmailUnknown
		e.Data = named(r.word(), e.Data)
	}
	fill(r, e)
}

// named is the data of a word that nobody knows.
func named(word string, data []byte) []byte {
	out := provider.Object("name", word)
	if len(data) == 0 {
		return out
	}
	return append(append(append(out[:len(out)-1], `,"data":`...), data...), '}')
}

var fills = map[event.Name]func(*record, *event.Event){
	event.EmailDelivery:    func(r *record, e *event.Event) { e.Delivery = r.Delivery },
	event.EmailDelay:       (*record).fillDelay,
	event.EmailBounce:      (*record).fillBounce,
	event.EmailReject:      func(r *record, e *event.Event) { e.Reject = r.refusal("reject", r.Reject) },
	event.EmailFailure:     func(r *record, e *event.Event) { e.Failure = r.refusal("failure", r.Failure) },
	event.EmailOpen:        (*record).fillOpen,
	event.EmailClick:       (*record).fillClick,
	event.EmailComplaint:   (*record).fillComplaint,
	event.EmailSubscribe:   (*record).fillSubscription,
	event.EmailUnsubscribe: (*record).fillSubscription,
}

func (*record) fillNothing(*event.Event) {}

// bounceClasses are the classes of bounces; the first stands for one that is not told or not known, because it never
// suppresses.
var bounceClasses = []event.BounceClass{
	event.Undetermined, event.Hard, event.Soft, event.Block, event.Suppressed, event.AutoReply,
}

func (r *record) fillBounce(e *event.Event) {
	b := r.Bounce
	if b == nil {
		b = &bounce{}
	}
	out := &event.Bounce{
		Class: event.Undetermined, Final: b.Final == nil || *b.Final, Reason: r.reason("bounce.reason", b.Reason),
		Diagnostic: b.Diagnostic,
	}
	if b.Class != "" {
		out.Class = known(r, "bounce.class", b.Class, bounceClasses...)
	}
	out.SMTPCode, out.EnhancedCode = smtp(b.SMTPCode, b.EnhancedCode, b.Diagnostic)
	if out.Reason == "" {
		out.Reason = event.ReasonOfSMTP(out.SMTPCode, out.EnhancedCode)
	}
	e.Bounce = out
}

// smtp takes the codes from the diagnostic where they are not told.
func smtp(code int, enhanced, diagnostic string) (int, string) {
	c, e := event.ParseSMTP(diagnostic)
	if code == 0 {
		code = c
	}
	if enhanced == "" {
		enhanced = e
	}
	return code, enhanced
}

func (r *record) fillDelay(e *event.Event) {
	d := r.Delay
	if d == nil {
		d = &delay{}
	}
	out := &event.Delay{Reason: r.reason("delay.reason", d.Reason), Until: d.Until.at, Diagnostic: d.Diagnostic}
	out.SMTPCode, out.EnhancedCode = smtp(d.SMTPCode, d.EnhancedCode, d.Diagnostic)
	if out.Reason == "" {
		out.Reason = event.ReasonOfSMTP(out.SMTPCode, out.EnhancedCode)
	}
	e.Delay = out
}

func (r *record) refusal(field string, from *event.Refusal) *event.Refusal {
	if from == nil {
		return &event.Refusal{}
	}
	return &event.Refusal{Reason: r.reason(field+".reason", from.Reason), Detail: from.Detail}
}

// An event's first is what was stored first, which no sender knows.
func (r *record) fillOpen(e *event.Event) {
	e.Open = &event.Engagement{}
	r.fillAutomation(e)
}

func (r *record) fillClick(e *event.Event) {
	e.Click = &event.Engagement{}
	if r.Click != nil {
		e.Click.URL, e.Click.LinkTags = r.Click.URL, r.Click.LinkTags
	}
	r.fillAutomation(e)
}

// fillAutomation takes a verdict over; unknown is none, so that Tidings judges.
func (r *record) fillAutomation(e *event.Event) {
	if r.Automation == nil {
		return
	}
	v := known(r, "automation.verdict", r.Automation.Verdict, event.Unsure, event.Human, event.Machine, event.Proxy)
	if v != event.Unsure {
		e.Automation = &event.Automation{Verdict: v, Signals: slices.Clone(r.Automation.Signals)}
	}
}

func (r *record) fillComplaint(e *event.Event) {
	e.Complaint = &event.Complaint{}
	if r.Complaint != nil {
		*e.Complaint = *r.Complaint
	}
}

func (r *record) fillSubscription(e *event.Event) {
	e.Subscription = &event.Subscription{}
	if r.Subscribed != nil {
		*e.Subscription = *r.Subscribed
	}
}
