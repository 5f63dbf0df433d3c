// Package sender provides the ways out for mail: Amazon SES, any SMTP server, files for development and the console; how
// fast each goes, whether it works, and which of a project's senders an email takes.
package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"tidings/internal/compose"
	"tidings/internal/send"
)

// Sender hands mail over. It is safe for concurrent use. What it returns as an error is a *send.Failure, and it never sends
// one email twice by itself.
type Sender interface {
	Send(ctx context.Context, m *send.Mail) (send.Handed, error)
}

// Tester is a sender that can tell whether it would work, without an email: what it found, for people.
type Tester interface {
	Test(ctx context.Context) (string, error)
}

// Deps are what senders stand on.
type Deps struct {
	// Dial connects to an SMTP server; it decides what may be reached. nil: everything.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// SES makes the client of a sender of kind ses; nil: NewSESClient.
	SES func(ctx context.Context, s *send.Settings) (*sesv2.Client, error)
	// Outbox is where senders of kind file write; nil: they can't be made.
	Outbox *Outbox
	// Console is where senders of kind console write.
	Console io.Writer
	Now     func() time.Time
	// Hostname is what SMTP servers are told that we are, unless settings say otherwise; empty: localhost.
	Hostname string
}

// New makes a sender. One that is an io.Closer is to be closed when nobody sends with it any more. Its errors are for people.
func New(kind string, s send.Settings, d Deps) (Sender, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Dial == nil {
		d.Dial = new(net.Dialer).DialContext
	}
	switch kind {
	case send.KindSMTP:
		x, err := newSMTP(s, d)
		if err != nil {
			return nil, err
		}
		return x, nil
	case send.KindSES:
		return newSES(s, d), nil
	case send.KindFile:
		if d.Outbox == nil {
			return nil, errors.New("there is no outbox here")
		}
		return &fileSender{outbox: d.Outbox, now: d.Now}, nil
	case send.KindConsole:
		return &consoleSender{out: d.Console, now: d.Now}, nil
	}
	return nil, fmt.Errorf("%q is no kind of sender", kind)
}

// Words of ours for why an email was not taken.
const (
	ReasonUnwritable = "unwritable"       // a header, an address or an attachment that no email can have
	ReasonPaced      = "sender_rate"      // our own limit on the sender
	ReasonPaused     = "sender_paused"    // the other side asked for a rest, or does not work
	ReasonUntracked  = "no_untracked_set" // opens or clicks are not to be watched, and SES has no set for that
	ReasonStopped    = "stopped"          // the server stops
)

// unwritable is the failure of an email that can't be written. It names the field.
func unwritable(err error) error {
	if field, ok := errors.AsType[*compose.FieldError](err); ok {
		return &send.Failure{Kind: send.Permanent, Reason: ReasonUnwritable, Detail: field.Error()}
	}
	return &send.Failure{Kind: send.Permanent, Reason: ReasonUnwritable, Detail: err.Error()}
}

func temporary(reason, format string, args ...any) *send.Failure {
	return &send.Failure{Kind: send.Temporary, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func unusable(reason, format string, args ...any) *send.Failure {
	return &send.Failure{Kind: send.Unusable, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// untrackedWait is when an email is tried again that waits for a setting.
const untrackedWait = 5 * time.Minute

// untracked refuses an email whose opens or clicks SES would watch although it must not.
func untracked(m *send.Mail, s *send.Settings) error {
	if s.ConfigurationSet == "" || compose.ConfigurationSet(m, s) != "" {
		return nil
	}
	f := temporary(ReasonUntracked, "the opens or clicks of this mail are not to be watched: give the sender the "+
		"configuration set (untrackedSet) that watches none")
	f.RetryAfter = untrackedWait
	return f
}
