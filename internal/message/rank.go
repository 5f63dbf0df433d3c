package message

import (
	"slices"

	"tidings/event"
)

// Rank is the status of a message: of two facts the one of the higher rank tells more. It is stored.
type Rank uint8

// The ranks. Names that are not here (delay, unsubscribe, …) do not take part.
const (
	NoRank Rank = iota
	Queued
	Sent
	Delivered
	Opened
	Clicked
	Failed
	Rejected
	Bounced
	Complained
)

var rankNames = [...]event.Name{
	"", event.EmailQueued, event.EmailSent, event.EmailDelivery, event.EmailOpen, event.EmailClick,
	event.EmailFailure, event.EmailReject, event.EmailBounce, event.EmailComplaint,
}

// Name is the event name that a rank stands for, "" for none.
func (r Rank) Name() event.Name {
	if int(r) >= len(rankNames) {
		return ""
	}
	return rankNames[r]
}

// Statuses lists the names that ranks stand for, the one that tells least first.
func Statuses() []event.Name { return slices.Clone(rankNames[Queued:]) }

// RankNamed is the rank that a name stands for, NoRank for none.
func RankNamed(name event.Name) Rank {
	if i := slices.Index(rankNames[Queued:], name); i >= 0 {
		return Queued + Rank(i)
	}
	return NoRank
}

var ranks = map[event.Name]Rank{
	event.EmailQueued: Queued, event.EmailSent: Sent, event.EmailDelivery: Delivered,
	event.EmailOpen: Opened, event.EmailClick: Clicked,
	event.EmailFailure: Failed, event.EmailReject: Rejected,
}

// RankOf is the rank that an event gives its message. Only final bounces of class hard, soft or block and complaints
// that suppress take part, and events about candidates only if they complain.
func RankOf(e *event.Event, suppressing bool) Rank {
	switch e.Name {
	case event.EmailBounce:
		if b := e.Bounce; b != nil && b.Final && e.Attribution != event.Candidates &&
			(b.Class == event.Hard || b.Class == event.Soft || b.Class == event.Block) {
			return Bounced
		}
		return NoRank
	case event.EmailComplaint:
		if suppressing {
			return Complained
		}
		return NoRank
	}
	if e.Attribution == event.Candidates {
		return NoRank
	}
	return ranks[e.Name]
}
