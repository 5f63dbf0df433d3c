package control

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/fault"
)

// originTrack is the contact.Change.Origin of what is tracked.
const originTrack = "track"

// item reads an item. Every field that is wrong is in the error.
func (t *tracking) item(in *TrackItem) (x trackedItem, ignored []Ignored, err error) {
	if in.Problem != nil {
		return x, nil, in.Problem
	}
	if in.Bus != nil {
		x, err = t.busItem(in)
		return x, nil, err
	}
	var p problems
	address, wrong := readAddress([]byte(in.Email))
	if wrong != "" {
		p.add("email", "%s", wrong)
	}
	name := t.name(&p, "event", in.Event)
	when := t.when(&p, "timestamp", name, in.Timestamp)
	data, attributes, ignored := trackedData(&p, in.Data)
	x.change = contact.Change{Address: address, Attributes: attributes, At: when.UnixMilli(), Origin: originTrack, By: t.who.By}
	ignored = append(ignored, t.bounded(&p, in, &x.change)...)
	if err := p.err(); err != nil {
		return x, nil, err
	}
	if err := t.control.Tracking.takeContact(t.who, address, t.control.Now()); err != nil {
		return x, nil, err
	}
	x.line = keptItem(in)
	x.draft = event.Draft{
		Event: event.Event{Name: name, OccurredAt: when, Recipient: in.Email, Data: data}, IdentityAt: when,
	}
	return x, ignored, nil
}

// name reads the name of the event, which the key must be for.
func (t *tracking) name(p *problems, field, word string) event.Name {
	name, err := event.CustomName(word)
	switch allowed := t.who.Bounds.Events; {
	case word == "":
		p.add(field, "is required")
	case errors.Is(err, event.ErrReservedName):
		p.addError(fault.New(fault.Invalid, CodeReservedEvent, "%.60q: %v", word, err).WithField(field).
			WithHint("call it something else: built-in names are told by providers alone"))
	case err != nil:
		p.add(field, "%v", err)
	case len(allowed) > 0 && !slices.Contains(allowed, string(name)):
		p.addError(fault.New(fault.Invalid, CodeEventForbidden, "this key may not track %.60q", word).WithField(field).
			WithHint("use a key that may: tidings key create --event …"))
	}
	return name
}

// when reads the time of the event: now where it is not said.
func (t *tracking) when(p *problems, field string, name event.Name, text string) time.Time {
	when, err := parseWhen(field, text)
	if err != nil || when.IsZero() {
		p.addError(err)
		return t.now
	}
	rules := &t.control.Tracking
	past := rules.Retention.Of(name)
	if past == 0 || rules.Past > 0 && rules.Past < past {
		past = rules.Past
	}
	switch {
	case when.After(t.now.Add(rules.Ahead)):
		p.add(field, "is in the future: at most %s are for clocks that differ", short(rules.Ahead))
	case past > 0 && when.Before(t.now.Add(-past)):
		p.add(field, "is too long ago: the oldest that is taken is %s", t.now.Add(-past).Format(time.RFC3339))
	}
	return when.Truncate(time.Millisecond)
}

// bounded reads what a key that anybody may see does not say of contacts, unless it was allowed.
func (t *tracking) bounded(p *problems, in *TrackItem, change *contact.Change) (ignored []Ignored) {
	pass := func(field string) {
		ignored = append(ignored, Ignored{field, ignoredPublic, "is not for this public key to say"})
	}
	switch {
	case in.Subscribed == nil:
	case t.who.Public && !t.who.Bounds.Subscribes:
		pass("subscribed")
	case *in.Subscribed:
		change.Consent = contact.OptIn
	default:
		change.Consent = contact.OptOut
	}
	if id := in.ExternalID; id != nil {
		p.text("externalId", *id, 0, maxExternal)
		if t.who.Public {
			pass("externalId")
		} else {
			change.ExternalID = id
		}
	}
	if len(in.Tags) > maxTags {
		p.add("tags", "must have at most %d entries", maxTags)
	}
	for i, tag := range in.Tags {
		p.text(indexed("tags", i), tag, 1, maxTag)
	}
	if t.who.Public && len(in.Tags) > 0 {
		pass("tags")
	} else {
		change.Tags = in.Tags
	}
	return ignored
}

// reservedKeys stand for what is ours in templates.
var reservedKeys = []string{"plunk_id", "plunk_email", "id", "email", "unsubscribeUrl", "subscribeUrl", "manageUrl"}

// trackedData reads data: what stands in the event, and what is merged into the contact.
func trackedData(p *problems, raw []byte) (data []byte, attributes map[string]json.RawMessage, ignored []Ignored) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil, nil
	}
	if len(raw) > contact.MaxAttributes {
		p.add("data", "has %d bytes, at most %d are taken", len(raw), contact.MaxAttributes)
		return nil, nil, nil
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(raw, &said); err != nil {
		p.add("data", "must be a JSON object")
		return nil, nil, nil
	}
	attributes = make(map[string]json.RawMessage, len(said))
	for _, key := range sortedKeys(said) {
		field := "data." + key
		if slices.Contains(reservedKeys, key) {
			delete(said, key)
			ignored = append(ignored, Ignored{field, ignoredReserved, "is a name of ours"})
			continue
		}
		value, kept := unwrapped(said[key])
		said[key] = value
		switch {
		case key == "locale" && value[0] != '"' && string(value) != "null":
			p.add(field, "must be a text, such as \"de\"")
		case !kept:
		case string(value) == `""`:
			ignored = append(ignored, Ignored{field, ignoredEmpty, "is empty: the contact stays as it is; null takes a key away"})
		default:
			attributes[key] = value
		}
	}
	data, err := json.Marshal(said)
	if err == nil {
		_, err = attribute.Values(data)
	}
	if err != nil {
		p.add("data", "%v", err)
	}
	return data, attributes, ignored
}

// unwrapped is a value, and whether it is for the contact too: {"value": …, "persistent": false} is for the event alone.
func unwrapped(value json.RawMessage) (inner json.RawMessage, kept bool) {
	if value[0] != '{' {
		return value, true
	}
	var x map[string]json.RawMessage
	if json.Unmarshal(value, &x) != nil || len(x) != 2 || x["value"] == nil {
		return value, true
	}
	switch string(x["persistent"]) {
	case "false":
		return x["value"], false
	case "true":
		return x["value"], true
	}
	return value, true
}
