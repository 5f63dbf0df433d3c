package message

import (
	"tidings/event"
	"tidings/internal/stats"
)

// Sending is what counters by the day of sending need of a message beside its state.
type Sending struct {
	SentAt   int64 // Unix milliseconds; 0: not said, then the earliest fact's time
	Project  int64
	Template int64 // the store's integer, 0 for none
	// Name is the store's integer of a slot's event name.
	Name func(slot int) int64
}

// Tell adds to tally what became of the message, as a message of the day on which it was sent: one for every name and
// class that happened to it (name 0: the message itself), and how long it took until a person opened or clicked.
// Telling tally of the state before a change with sign -1 and of the state after it with 1 moves the counters.
func (s *State) Tell(to Sending, tally *stats.Tally, sign int64) {
	if len(s.entries) == 0 {
		return
	}
	sent := to.SentAt
	if sent == 0 {
		sent = s.earliest()
	}
	tally.AddSending(to.Project, to.Template, 0, stats.Plain, sent, stats.Count{N: sign})
	for _, e := range s.entries {
		name := to.Name(e.Slot)
		c := stats.Count{N: sign}
		if first, found := s.First(e.Slot); found && first.Class == e.Class {
			c.Any = sign
		}
		tally.AddSending(to.Project, to.Template, name, e.Class, sent, c)
		if e.Class == stats.ByHuman && delayed[event.SlotName(e.Slot)] {
			tally.AddDelay(to.Template, name, sent, e.First.At-sent, stats.Count{N: sign})
		}
	}
}

// delayed are the names whose delay from sending is counted.
var delayed = map[event.Name]bool{event.EmailOpen: true, event.EmailClick: true}

func (s *State) earliest() int64 {
	at := s.entries[0].First.At
	for _, e := range s.entries[1:] {
		at = min(at, e.First.At)
	}
	return at
}
