package workflow

import (
	"encoding/json"
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// fileWorkflow is a workflow as people write it: what happens stands in the order in which it happens, ways stand within the
// step that they begin in, and what is short is written short.
type fileWorkflow struct {
	Workflow      string      `json:"workflow"`
	Name          string      `json:"name"`
	Description   string      `json:"description"`
	Trigger       fileTrigger `json:"trigger"`
	Reentry       fileReentry `json:"reentry"`
	ExitOn        fileExits   `json:"exitOn"`
	Timeout       Span        `json:"timeout"`
	Late          Late        `json:"late"`
	Sender        string      `json:"sender"`
	From          string      `json:"from"`
	ReplyTo       string      `json:"replyTo"`
	Transactional bool        `json:"transactional"`
	Topic         string      `json:"topic"`
	Cap           *Cap        `json:"cap"`
	Quiet         *Quiet      `json:"quiet"`
	Start         string      `json:"start"`
	Steps         []fileStep  `json:"steps"`
}

// fileTrigger has the fields of a match itself, or under on. A text is the name of an event, or says that there is none.
type fileTrigger struct{ fileTriggerFields }

// UnmarshalJSONFrom reads either form.
func (t *fileTrigger) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var name string
	short, err := either(d, &name, &t.fileTriggerFields)
	switch {
	case short && name == manualTrigger:
		t.Manual = true
	case short:
		t.Event = rule.Words{name}
	}
	return err
}

// manualTrigger is how a trigger is written short that is no event.
const manualTrigger = "manual"

type fileTriggerFields struct {
	On *rule.Match `json:"on"`
	rule.Match
	Mapping  rule.Mapping       `json:"mapping"`
	Segment  string             `json:"segment"`
	Schedule *Schedule          `json:"schedule"`
	Manual   bool               `json:"manual"`
	If       *segment.Condition `json:"if"`
	Name     string             `json:"name"`
	ID       string             `json:"id"`
	At       *Point             `json:"at"`
}

// fileReentry is an object, or a mode alone.
type fileReentry struct {
	Reentry
	short bool
}

// UnmarshalJSONFrom reads either form.
func (r *fileReentry) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	r.short, err = either(d, &r.Mode, &r.Reentry)
	return err
}

// fileExits are several exits, or one.
type fileExits struct {
	list []fileExit
	one  bool
}

// UnmarshalJSONFrom reads either form.
func (x *fileExits) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if k := d.PeekKind(); k == '[' || k == 'n' {
		return jsonv2.UnmarshalDecode(d, &x.list)
	}
	x.list, x.one = make([]fileExit, 1), true
	return jsonv2.UnmarshalDecode(d, &x.list[0])
}

// fileExit has the fields of a match itself, or under on. A text is the name of an event.
type fileExit struct{ fileExitFields }

type fileExitFields struct {
	On *rule.Match `json:"on"`
	rule.Match
	Mapping rule.Mapping `json:"mapping"`
}

// UnmarshalJSONFrom reads either form.
func (x *fileExit) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var name string
	short, err := either(d, &name, &x.fileExitFields)
	if short {
		x.Event = rule.Words{name}
	}
	return err
}

// fileStep is a step, or leads to another by goto.
type fileStep struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	At        *Point         `json:"at"`
	Send      *fileSend      `json:"send"`
	Wait      *fileWait      `json:"wait"`
	WaitFor   *fileWaitFor   `json:"waitFor"`
	Choice    *fileChoice    `json:"choice"`
	Condition *fileCondition `json:"condition"`
	If        *fileCondition `json:"if"`
	Split     *fileSplit     `json:"split"`
	Update    *Update        `json:"update"`
	Webhook   *fileWebhook   `json:"webhook"`
	Exit      fileLeave      `json:"exit"`
	Goto      string         `json:"goto"`

	Then []fileStep `json:"then"` // of a condition that holds, of an event that came
	Else []fileStep `json:"else"` // of one that does not, of a timeout, of what failed
	Next *fileNext  `json:"next"`
}

// fileNext leads from outcomes to steps; a text is for all of them.
type fileNext struct {
	ways  map[string]string
	short bool
}

// UnmarshalJSONFrom reads either form.
func (n *fileNext) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	var to string
	if n.short, err = either(d, &to, &n.ways); n.short {
		n.ways = map[string]string{Always: to}
	}
	return err
}

// fileSend is an object, or a template alone.
type fileSend struct {
	Send
	short bool
}

// UnmarshalJSONFrom reads either form.
func (s *fileSend) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	s.short, err = either(d, &s.Template, &s.Send)
	return err
}

// fileWait is an object, or a length of time alone.
type fileWait struct {
	Wait
	short bool
}

// UnmarshalJSONFrom reads either form.
func (w *fileWait) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	w.short, err = either(d, &w.For, &w.Wait)
	return err
}

// fileWaitFor has the fields of a match itself, or under on. A text is the name of an event.
type fileWaitFor struct{ fileWaitForFields }

type fileWaitForFields struct {
	On *rule.Match `json:"on"`
	rule.Match
	Timeout Span `json:"timeout"`
}

// UnmarshalJSONFrom reads either form.
func (w *fileWaitFor) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var name string
	short, err := either(d, &name, &w.fileWaitForFields)
	if short {
		w.Event = rule.Words{name}
	}
	return err
}

type fileChoice struct {
	Field    string       `json:"field"`
	Branches []fileBranch `json:"branches"`
	Default  []fileStep   `json:"default"`
}

// fileBranch is called by its value where it has no name.
type fileBranch struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
	Unit     string          `json:"unit"`
	Steps    []fileStep      `json:"steps"`
}

// fileCondition is a condition of workflows, or one of segments alone.
type fileCondition struct {
	Condition
	Logic  segment.Logic   `json:"logic"`
	Groups []segment.Group `json:"groups"`
}

type fileSplit struct {
	Branches []fileShare `json:"branches"`
	Seed     string      `json:"seed"`
}

type fileShare struct {
	Name   string     `json:"name"`
	Weight int        `json:"weight"`
	Steps  []fileStep `json:"steps"`
}

// fileWebhook is an object, or a URL alone.
type fileWebhook struct {
	Webhook
	short bool
}

// UnmarshalJSONFrom reads either form.
func (w *fileWebhook) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	w.short, err = either(d, &w.URL, &w.Webhook)
	return err
}

// fileLeave is an object, a reason alone, or nothing at all.
type fileLeave struct {
	Leave
	set, short bool
}

// UnmarshalJSONFrom reads every form.
func (l *fileLeave) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	l.set = true
	l.short, err = either(d, &l.Reason, &l.Leave)
	return err
}

// either reads a text into one place, and everything else into another.
func either(d *jsontext.Decoder, text, whole any) (short bool, err error) {
	if d.PeekKind() == '"' {
		return true, jsonv2.UnmarshalDecode(d, text)
	}
	return false, jsonv2.UnmarshalDecode(d, whole)
}

// matchOf is the match that stands under on, or the one whose fields stand beside it; nil: there is none.
func matchOf(on *rule.Match, beside rule.Match) (m *rule.Match, inline, both bool) {
	switch given := !reflect.ValueOf(beside).IsZero(); {
	case on != nil:
		return on, false, given
	case given:
		return &beside, true, false
	}
	return nil, false, false
}
