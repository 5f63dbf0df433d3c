package mcp

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

type explainIn struct {
	Email     string `json:"email,omitempty" jsonschema:"the address that should have got it, or a contact's id (con_…)"`
	MessageID string `json:"messageId,omitempty" jsonschema:"the provider's message id, or ours (msg_…)"`
}

func (in explainIn) what() string {
	if in.MessageID != "" {
		return in.MessageID
	}
	return in.Email
}

// Explanation is what explain_message answers.
type Explanation struct {
	Sentences []Sentence `json:"sentences" jsonschema:"the reasons in plain words, the weightiest first"`
	Profile   *Profile   `json:"profile,omitempty" jsonschema:"the contact; absent where it is unknown or there are several"`
	Messages  []SentMail `json:"messages" jsonschema:"the emails that the sentences speak of"`
	Events    []EventRow `json:"events" jsonschema:"the facts that they rest on, at most 50"`
}

// Sentence is one reason. Its text is made of the server's own words.
type Sentence struct {
	Code      string `json:"code" jsonschema:"stable: suppressed, bounced, delivered, …"`
	Text      string `json:"text"`
	ContactID string `json:"contactId,omitempty"`
	MessageID string `json:"messageId,omitempty"`
	EventID   string `json:"eventId,omitempty" jsonschema:"the fact that it rests on, see events"`
	At        string `json:"at,omitempty"`
}

type healthIn struct {
	Source string `json:"source,omitempty" jsonschema:"a source's id (src_…); leave it out for all"`
}

// Health is what source_health answers.
type Health struct {
	Sources []SourceHealth `json:"sources"`
}

// SourceHealth is how one source does.
type SourceHealth struct {
	ID          string          `json:"id"`
	Name        Untrusted       `json:"name" jsonschema:"what the operator calls it"`
	Provider    string          `json:"provider"`
	State       string          `json:"state" jsonschema:"disabled, failing, pending, silent, new or healthy"`
	Findings    []SourceFinding `json:"findings" jsonschema:"what is wrong and what a person should do, the worst first"`
	LastEventAt string          `json:"lastEventAt,omitempty"`
	Events24h   int64           `json:"events24h"`
	Requests24h int64           `json:"requests24h"`
}

// SourceFinding is one thing about a source. Its message may repeat what a stranger sent.
type SourceFinding struct {
	Code     string    `json:"code"`
	Cause    string    `json:"cause,omitempty"`
	Severity string    `json:"severity" jsonschema:"critical, warning or info"`
	Message  Untrusted `json:"message"`
	Remedy   string    `json:"remedy,omitempty" jsonschema:"what a person should do; you can't do it"`
}

const (
	explainedEvents = 50
	healthOf        = 50 // sources that are looked at in one call
)

func (x *session) askingTools() {
	add(x, definition[explainIn, Explanation]{
		name: "explain_message", title: "Explain what became of an email",
		description: "Answers \"why did this person not get it?\" by an address or a message id (give one): " +
			"plain sentences, each with " +
			"the fact that it rests on. Covers suppressions, unsubscribes, bounces, delays, rejections, and " +
			"mail that was delivered. Call " +
			"it first for such questions; quote the sentences rather than guess further.",
		target: explainIn.what, run: x.explain,
	})
	add(x, definition[healthIn, Health]{
		name: "source_health", title: "Get how sources do",
		description: "Whether events still come in from each provider: state, what is wrong and what a person " +
			"should do. Use it " +
			"when figures fall to nothing, or an email is unknown. At most 50 sources.",
		target: func(in healthIn) string { return in.Source }, run: x.sourceHealth,
	})
}

func (x *session) explain(ctx context.Context, _ *mcp.CallToolRequest, in explainIn) (out Explanation, err error) {
	if (in.Email == "") == (in.MessageID == "") {
		return out, fault.BadField("email", "or messageId is required: give one of the two")
	}
	explain := x.Control.ExplainContact
	if in.MessageID != "" {
		explain = x.Control.ExplainMessage
	}
	found, err := explain(ctx, x.who, in.what())
	if err != nil {
		return out, err
	}
	out = Explanation{Sentences: []Sentence{}, Messages: x.sentMails(found.Messages), Events: x.rows(found.Events)}
	if found.Contact != nil {
		p := x.view.profile(found.Contact, x.Control.Now())
		out.Profile = &p
	}
	for _, r := range found.Reasons {
		out.Sentences = append(out.Sentences, Sentence{r.Code, r.Text, r.Contact, r.Message, r.Event, stamp(r.At)})
	}
	return out, nil
}

func (x *session) sentMails(list []store.Message) []SentMail {
	out := make([]SentMail, len(list))
	for i := range list {
		out[i] = x.view.sent(&list[i])
	}
	return out
}

func (x *session) rows(list []event.Event) []EventRow {
	list = list[:min(len(list), explainedEvents)]
	out := make([]EventRow, len(list))
	for i := range list {
		out[i] = x.view.event(&list[i])
	}
	return out
}

func (x *session) sourceHealth(ctx context.Context, _ *mcp.CallToolRequest, in healthIn) (out Health, err error) {
	out.Sources = []SourceHealth{}
	ids := []string{in.Source}
	if in.Source == "" {
		list, err := x.Control.Sources(ctx, x.who)
		if err != nil {
			return out, err
		}
		ids = ids[:0]
		for _, s := range list[:min(len(list), healthOf)] {
			ids = append(ids, s.ID)
		}
	}
	for _, id := range ids {
		one, err := x.oneSource(ctx, id)
		if err != nil {
			return out, err
		}
		out.Sources = append(out.Sources, one)
	}
	return out, nil
}

func (x *session) oneSource(ctx context.Context, id string) (out SourceHealth, err error) {
	s, err := x.Control.Source(ctx, x.who, id)
	if err != nil {
		return out, err
	}
	h, err := x.Control.SourceHealth(ctx, x.who, id)
	if err != nil {
		return out, err
	}
	out = SourceHealth{
		ID: s.ID, Name: Untrusted{x.view.clean(s.Name)}, Provider: s.Provider, State: string(h.State),
		Findings:    x.view.found(h.Findings),
		LastEventAt: stamp(h.LastEventAt), Events24h: h.Events24h, Requests24h: h.Receipts24h,
	}
	return out, nil
}

func (v view) found(list []control.Finding) []SourceFinding {
	out := make([]SourceFinding, len(list))
	for i, f := range list {
		out[i] = SourceFinding{f.Code, f.Cause, string(f.Severity), Untrusted{v.clean(f.Message)}, f.Remedy}
	}
	return out
}
