package send

import (
	"encoding/json"
	"strings"
)

// Content is what the emails of one request have in common: what is rendered for each recipient when it is handed over. It is
// stored as JSON: fields are added, never renamed.
type Content struct {
	Template string `json:"template,omitempty"` // tpl_…; empty: Subject, HTML and Text are all there is
	Version  int64  `json:"version,omitempty"`  // of the template; 0: the one that is current when it is rendered

	// What follows stands in place of the template's where it is not empty.
	Subject string    `json:"subject,omitempty"`
	HTML    string    `json:"html,omitempty"`
	Text    *string   `json:"text,omitempty"` // nil: made from the HTML; empty: there is none
	From    Mailbox   `json:"from,omitzero"`
	ReplyTo []Mailbox `json:"replyTo,omitempty"`

	Headers     []Header        `json:"headers,omitempty"`
	Attachments []Attachment    `json:"attachments,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`  // an object: what the template may name beside the contact
	Event       json.RawMessage `json:"event,omitempty"` // the same of the event that led to it

	Sender        string `json:"sender,omitempty"` // snr_…; empty: the project's default
	Transactional bool   `json:"transactional,omitempty"`
	NoOpens       bool   `json:"noOpens,omitempty"`
	NoClicks      bool   `json:"noClicks,omitempty"`

	// Label is what events call the template: its key, else its id; empty: there is none.
	Label     string            `json:"label,omitempty"`
	Topic     string            `json:"topic,omitempty"` // the slug of the topic that it belongs to; empty: none
	Workflow  string            `json:"workflow,omitempty"`
	Run       string            `json:"run,omitempty"`
	Step      string            `json:"step,omitempty"`
	Broadcast string            `json:"broadcast,omitempty"`
	Tags      []string          `json:"tags,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`

	// Depth is how many sends by rules led to this one, each by an event of the one before; 0: a person or a program asked.
	Depth int `json:"depth,omitempty"`

	// Request is a digest of the request that it came with, which the same request again is known by; empty: none is compared.
	Request string `json:"request,omitempty"`
}

// IDPrefix begins the id of every send.
const IDPrefix = "snd_"

// MetadataKey is the key under which providers give us a send's id back.
const MetadataKey = "tidings_send"

// IDOf finds the send that a provider's event speaks of, in what it says of the message: the id that we gave it to bring
// back, or the Message-ID that we wrote. Empty: it names none of ours.
func IDOf(messageID string, metadata map[string]string) string {
	if id := metadata[MetadataKey]; isID(id) {
		return id
	}
	if local, _, _ := strings.Cut(messageID, "@"); isID(local) {
		return local
	}
	return ""
}

// idLength bounds an id, which comes from outside.
const idLength = 64

func isID(s string) bool {
	rest, ours := strings.CutPrefix(s, IDPrefix)
	return ours && rest != "" && len(s) <= idLength && !strings.ContainsFunc(rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}
