// Package send provides what sending one email to one person means, as functions of values: what is checked before, what
// the email holds, and what came of handing it over. Templates, transports and the store are elsewhere.
package send

import (
	"fmt"
	"time"
)

// Mailbox is an address with the name that is shown beside it.
type Mailbox struct {
	Name    string `json:"name,omitempty"` // any Unicode text without line breaks; empty: none
	Address string `json:"email"`          // as it is written, not folded
}

// Header is a field of an email's header that somebody asked for.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"` // without line breaks; not encoded
}

// Attachment is a file that goes with an email.
type Attachment struct {
	Name        string `json:"filename"`
	ContentType string `json:"contentType"`
	Content     []byte `json:"content"`
	ContentID   string `json:"contentId,omitempty"` // of an image that the HTML shows as cid:…; empty: it is only attached
}

// Mail is one email to one recipient, rendered and with all its links, as a transport gets it.
type Mail struct {
	ID      string // snd_…: ours, which comes back in what the provider tells of it
	Project string // prj_…
	// DueAt is when it was to go, the same for every try; zero: at once.
	DueAt     time.Time
	MessageID string // of the Message-ID header, without angle brackets: the ID and the domain of From

	From        Mailbox
	ReplyTo     []Mailbox
	To          Mailbox
	ReturnPath  string // the envelope's sender, to which reports come back; empty: From
	Subject     string
	HTML        string
	Text        string // empty: there is no text part
	Headers     []Header
	Attachments []Attachment

	// What events of it are found by, beside the ID; empty fields are not written.
	Template, Workflow, Run, Step, Broadcast string
	Tags                                     []string
	Metadata                                 map[string]string

	NoOpens, NoClicks bool // the provider shall not watch opens or clicks
}

// Handed is what a transport tells of an email that was taken.
type Handed struct {
	// Provider and MessageID are what events of the email will name: "ses" and SES's id, or the transport's own slug and
	// Mail.MessageID.
	Provider  string
	MessageID string
	At        time.Time
	Response  string // the other side's words; for people
}

// FailureKind is what the failure of a hand-over means for the email.
type FailureKind uint8

const (
	// Temporary: it was not taken, and may be later.
	Temporary FailureKind = iota
	// Throttled: as Temporary, because there was too much; every email of the sender waits.
	Throttled
	// Permanent: it was not taken and never will be as it is.
	Permanent
	// Uncertain: the connection was lost when it might have been taken. It is never sent again by itself.
	Uncertain
	// Unusable: the sender itself can't work, whatever the email: wrong password, unknown host. As Temporary, and told to
	// people at once.
	Unusable
)

// Failure is why an email was not taken. Transports return it, wrapped or not.
type Failure struct {
	Kind         FailureKind
	Reason       string        // one of event.Reasons, or a word of ours; empty: not known
	RetryAfter   time.Duration // the other side asks for it; 0: it does not
	SMTPCode     int           // 550; 0: none
	EnhancedCode string        // RFC 3463, "4.7.0"
	Detail       string        // the other side's words, for people
}

func (f *Failure) Error() string { return fmt.Sprintf("not handed over: %s", f.Detail) }
