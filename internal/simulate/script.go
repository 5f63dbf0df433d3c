package simulate

import (
	"time"
)

// Script is the story of a simulated world, fact by fact in the order in which they happen, for programs that post
// it in a way of their own. It is not safe for concurrent use.
type Script struct{ stream stream }

// NewScript begins the story that the options tell; the same seed, start, span and number of events tell the same one.
func NewScript(o Options) *Script {
	return &Script{stream{world: &world{opts: o.withDefaults(time.Now())}}}
}

// Next returns the next fact. It never ends.
func (s *Script) Next() Fact { return s.stream.pull() }

// Envelope makes the notification of a fact in e, whose memory it uses again. It is safe for concurrent use with
// different envelopes.
func (s *Script) Envelope(e *Envelope, f Fact) { s.stream.world.envelope(e, f, false) }

// Contact is the address that a fact is about, the first one where there are several.
func (s *Script) Contact(f Fact) string {
	m := s.stream.world.message(f.message)
	return string(appendAddress(nil, f.recipients(m)[0], false))
}

// MessageID is the provider's id of the message that a fact is about.
func (s *Script) MessageID(f Fact) string {
	w := s.stream.world
	return string(w.appendMessageID(nil, w.message(f.message)))
}

// ID is the MessageId of the notification, which SNS also sends as a header.
func (e *Envelope) ID() []byte { return e.id }

// Topic is the topic that the notification comes from.
func (e *Envelope) Topic() string { return e.topic }
