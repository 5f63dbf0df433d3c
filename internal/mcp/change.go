package mcp

import (
	"context"
	"maps"
	"slices"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/fault"
)

type updateIn struct {
	removeIn
	Attributes map[string]any `json:"attributes" jsonschema:"attributes to set, by name; null takes one away, those that are not named stay"`
}

// Updated is what update_subscriber answers.
type Updated struct {
	Updated   bool        `json:"updated"`
	ContactID string      `json:"contactId,omitempty"`
	Ignored   []Untrusted `json:"ignored,omitempty" jsonschema:"names that attributes can't have"`
	Waiting   *Approval   `json:"waiting,omitempty" jsonschema:"set where nothing was done yet: a person must approve it"`
}

// Unsubscribed is what unsubscribe_subscriber answers.
type Unsubscribed struct {
	Unsubscribed      bool   `json:"unsubscribed"`
	ExecutionsStopped int    `json:"executionsStopped" jsonschema:"always 0: runs of sequences end a moment later, when they are told of it"`
	ContactID         string `json:"contactId"`
}

// Resubscribed is what resubscribe_subscriber answers.
type Resubscribed struct {
	Resubscribed bool      `json:"resubscribed"`
	ContactID    string    `json:"contactId,omitempty"`
	Suppressed   bool      `json:"suppressed" jsonschema:"a standing reason not to mail the address holds on: it is still not mailed"`
	Note         string    `json:"note,omitempty" jsonschema:"what to tell the user"`
	Waiting      *Approval `json:"waiting,omitempty" jsonschema:"set where nothing was done yet: a person must approve it"`
}

// Deleted is what delete_subscriber answers.
type Deleted struct {
	Deleted   bool      `json:"deleted"`
	ItemCount int       `json:"itemCount" jsonschema:"how many contacts were deleted: 1, or 0 while it waits"`
	Waiting   *Approval `json:"waiting,omitempty" jsonschema:"set where nothing was done yet: a person must approve it"`
}

const approvedByPerson = " A person must approve each call, as for remove_suppression: call again with the confirmation only " +
	"when they said that they did."

func (x *session) changeTools() {
	add(x, definition[updateIn, Updated]{
		name: "update_subscriber", title: "Change a subscriber's attributes", destructive: true,
		description: "Sets attributes of one contact that is there; the others stay. It can't change the address, consent or " +
			"suppressions." + approvedByPerson + " With the confirmation come the same attributes.",
		target: func(in updateIn) string { return in.Email }, ask: x.askUpdate, run: x.update,
	})
	add(x, definition[emailIn, Unsubscribed]{
		name: "unsubscribe_subscriber", title: "Unsubscribe a subscriber", writes: true,
		description: "Unsubscribes one contact from all mail, at once and without an approval: call it only where the user " +
			"asks for this contact. Only a person, or the contact, can subscribe it again.",
		target: emailIn.target, run: x.unsubscribe,
	})
	add(x, definition[removeIn, Resubscribed]{
		name: "resubscribe_subscriber", title: "Subscribe a subscriber again", destructive: true,
		description: "Subscribes one contact that unsubscribed. Consent is the contact's own act: call it only where they asked " +
			"for mail again. What is suppressed stays suppressed." + approvedByPerson,
		target: func(in removeIn) string { return in.Email }, ask: x.askResubscribe, run: x.resubscribe,
	})
	add(x, definition[removeIn, Deleted]{
		name: "delete_subscriber", title: "Delete a subscriber", destructive: true,
		description: "Deletes one contact: its attributes, tags, topics and external id are lost. Its events stay, and what " +
			"keeps it from being mailed. It is no erasure of a person: only people can do that." + approvedByPerson,
		target: func(in removeIn) string { return in.Email }, ask: x.askDelete, run: x.deleteSubscriber,
	})
}

func (x *session) askUpdate(ctx context.Context, req *mcp.CallToolRequest, in updateIn) (*mcp.ElicitParams, error) {
	raw, err := in.raw()
	if err != nil {
		return nil, err
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		text += "\n" + x.view.clean(name+": "+string(raw[name]))
	}
	q, err := x.question(ctx, req, in.removeIn, "Set attributes of %s?")
	if q != nil {
		q.Message += text
	}
	return q, err
}

// raw are the attributes as JSON.
func (in updateIn) raw() (map[string]stdjson.RawMessage, error) {
	out := make(map[string]stdjson.RawMessage, len(in.Attributes))
	for name, value := range in.Attributes {
		b, err := stdjson.Marshal(value)
		if err != nil {
			return nil, fault.BadField("attributes", "must be a JSON object")
		}
		out[name] = b
	}
	return out, nil
}

func (x *session) update(ctx context.Context, req *mcp.CallToolRequest, in updateIn) (out Updated, err error) {
	by, err := consentOf(req, in.Confirmation)
	if err != nil {
		return out, err
	}
	raw, err := in.raw()
	if err != nil {
		return out, err
	}
	done, err := x.Control.AssistUpdate(ctx, x.who, in.Email, raw, by)
	switch {
	case err != nil:
		return out, err
	case done.Wait != nil:
		out.Waiting = x.waiting(done.Wait)
		return out, nil
	}
	out.Updated, out.ContactID = true, done.Contact.ID
	for _, name := range done.Ignored {
		out.Ignored = append(out.Ignored, Untrusted{x.view.clean(name)})
	}
	return out, nil
}

func (x *session) unsubscribe(ctx context.Context, _ *mcp.CallToolRequest, in emailIn) (out Unsubscribed, err error) {
	done, err := x.Control.AssistUnsubscribe(ctx, x.who, in.Email)
	if err != nil {
		return out, err
	}
	return Unsubscribed{Unsubscribed: true, ContactID: done.Contact.ID}, nil
}

func (x *session) askResubscribe(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (*mcp.ElicitParams, error) {
	return x.question(ctx, req, in, "Subscribe %s again? It would be mailed again, unless it is suppressed. Approve it only "+
		"where they asked for it.")
}

func (x *session) resubscribe(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (out Resubscribed, err error) {
	by, err := consentOf(req, in.Confirmation)
	if err != nil {
		return out, err
	}
	done, err := x.Control.AssistResubscribe(ctx, x.who, in.Email, by)
	if err != nil {
		return out, err
	}
	if out.Suppressed = control.IsSuppressed(&done.Contact, x.Control.Now()); out.Suppressed {
		out.Note = "it is suppressed and stays so: it gets no mail until a person lifts that, see remove_suppression"
	}
	if done.Wait != nil {
		out.Waiting = x.waiting(done.Wait)
		return out, nil
	}
	out.Resubscribed, out.ContactID = true, done.Contact.ID
	return out, nil
}

func (x *session) askDelete(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (*mcp.ElicitParams, error) {
	return x.question(ctx, req, in, "Delete %s? Its attributes, tags, topics and external id are lost. Its events stay, and "+
		"what keeps it from being mailed.")
}

func (x *session) deleteSubscriber(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (out Deleted, err error) {
	by, err := consentOf(req, in.Confirmation)
	if err != nil {
		return out, err
	}
	done, err := x.Control.AssistDelete(ctx, x.who, in.Email, by)
	switch {
	case err != nil:
		return out, err
	case done.Wait != nil:
		out.Waiting = x.waiting(done.Wait)
		return out, nil
	}
	return Deleted{Deleted: true, ItemCount: 1}, nil
}
