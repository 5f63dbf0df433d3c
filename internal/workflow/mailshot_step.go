package workflow

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"tidings/internal/segment"
)

// steps are Mailshot's in the shape of ours.
func (s *sequence) steps(at string, list []msStep) []fileStep {
	if list == nil {
		return nil
	}
	out := make([]fileStep, 0, len(list))
	for i := range list {
		out = append(out, s.step(place(at, i), &list[i]))
	}
	return out
}

func (s *sequence) step(at string, x *msStep) (out fileStep) {
	switch x.Type {
	case "send":
		out.Send = s.send(at, x)
	case "wait":
		out.Wait = &fileWait{Wait: Wait{For: s.span(at, x)}}
	case "choice":
		out.Choice = s.choice(at, x)
	case "condition":
		out.Condition = s.ask(at, x)
		out.Then, out.Else = s.steps(at+".then", x.Then), s.steps(at+".else", x.Else)
	default:
		s.wrong(at+".type", "must be one of send, wait, choice, condition, not %.60q", x.Type)
		s.misfits = append(s.misfits, at)
	}
	return out
}

func (s *sequence) send(at string, x *msStep) *fileSend {
	send := Send{Template: x.TemplateKey, Subject: x.Subject}
	for _, v := range x.Variants {
		send.Variants = append(send.Variants, Variant{Template: v.TemplateKey, Subject: v.Subject})
	}
	return &fileSend{Send: send}
}

// span sums what a wait lasts.
func (s *sequence) span(at string, x *msStep) Span {
	minutes := x.Days*24*60 + x.Hours*60 + x.Minutes
	if !(minutes > 0) || minutes > maxWait.Minutes() || x.Days < 0 || x.Hours < 0 || x.Minutes < 0 {
		s.wrong(at, "must wait longer than nothing and at most %s", string(SpanOf(maxWait)))
		s.misfits = append(s.misfits, at)
		return "1m"
	}
	return SpanOf(time.Duration(math.Round(minutes*60)) * time.Second)
}

// snapshot is what Mailshot's paths begin with: the contact as it was when the run began.
const snapshot = "$.subscriber."

func (s *sequence) choice(at string, x *msStep) *fileChoice {
	if !strings.HasPrefix(x.Field, snapshot) {
		s.wrong(at+".field", "must be a path such as $.subscriber.attributes.plan, not %.100q", x.Field)
		s.misfits = append(s.misfits, at+".field")
	}
	c := &fileChoice{Field: x.Field, Default: s.steps(at+".default", x.Default)}
	known := make(map[string]bool)
	for i, b := range x.Branches {
		name := b.Value
		if name == "" || name == Else || name == OnFailed || known[name] || len(name) > maxName {
			name = shareName(i, "")
		}
		known[name] = true
		steps := s.steps(place(at+".branches", i)+".steps", b.Steps)
		c.Branches = append(c.Branches, fileBranch{Name: name, Value: quoted(b.Value), Steps: steps})
	}
	return c
}

func quoted(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return b
}

// ask is a condition on the contact as it is now.
func (s *sequence) ask(at string, x *msStep) *fileCondition {
	field := contactField(x.Field)
	var filters []segment.Filter
	switch x.Check {
	case "has_been_sent":
		return &fileCondition{Condition: Condition{Sent: x.TemplateKey}}
	case "subscriber_field_exists":
		filters = []segment.Filter{
			{Field: field, Operator: segment.Exists}, {Field: field, Operator: segment.NotEquals, Value: quoted("")},
		}
	case "subscriber_field_equals":
		filter := segment.Filter{Field: field, Operator: segment.Equals}
		if x.Value != nil {
			filter.Value = quoted(*x.Value)
		}
		filters = []segment.Filter{filter}
	default:
		s.wrong(at+".check", "must be one of subscriber_field_exists, subscriber_field_equals, has_been_sent, not %.60q", x.Check)
		s.misfits = append(s.misfits, at)
	}
	return &fileCondition{Condition: Condition{If: &segment.Condition{
		Logic: segment.All, Groups: []segment.Group{{Filters: filters}},
	}}}
}

// contactField is a field of Mailshot's profiles as a field of contacts.
func contactField(field string) string {
	for _, prefix := range [...]string{"$.", "subscriber.", "attributes."} {
		field = strings.TrimPrefix(field, prefix)
	}
	if field == "email" {
		return field
	}
	return dataPrefix + field
}
