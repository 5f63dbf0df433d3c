package template

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Context is what a template may ask for: one contact and why it is written to.
type Context struct {
	ContactID  string
	Email      string
	Subscribed bool
	Attributes map[string]any // of the contact
	Data       map[string]any // that came with the send; it goes before the attributes
	Event      map[string]any // the event that led to it; nil: none
	Workflow   map[string]any // id, name; nil: none
	Execution  map[string]any // id, startedAt; nil: none

	UnsubscribeURL string // one click ends all mail
	ManageURL      string // the page of preferences
	Now            time.Time
}

// Variables are the names at the top of a template's world. Names that stand for themselves can't be hidden by an attribute.
func (c *Context) Variables(display map[string]map[string]string) map[string]any {
	data := c.Attributes
	if len(c.Data) > 0 {
		data = make(map[string]any, len(c.Attributes)+len(c.Data))
		maps.Copy(data, c.Attributes)
		maps.Copy(data, c.Data)
	}
	v := make(map[string]any, len(data)+12)
	maps.Copy(v, data)
	for name, words := range display {
		value, ok := data[strings.TrimSuffix(name, "Name")].(string)
		if !ok {
			continue
		}
		if word, ok := words[value]; ok {
			value = word
		}
		v[name] = value
	}
	v["email"] = c.Email
	v["data"] = data
	v["contact"] = map[string]any{"id": c.ContactID, "email": c.Email, "subscribed": c.Subscribed, "data": c.Attributes}
	for name, m := range map[string]map[string]any{"event": c.Event, "workflow": c.Workflow, "execution": c.Execution} {
		if m != nil {
			v[name] = m
		}
	}
	v["currentYear"] = int64(c.Now.Year())
	v["unsubscribeUrl"] = c.UnsubscribeURL
	v["manageUrl"] = c.ManageURL
	return v
}

// builtin reports whether a path is one that every email has.
func builtin(path []string) bool {
	switch path[0] {
	case "email", "currentYear", "unsubscribeUrl", "manageUrl":
		return len(path) == 1
	case "contact":
		return len(path) == 1 || len(path) == 2 && slices.Contains([]string{"id", "email", "subscribed", "data"}, path[1])
	}
	return false
}
