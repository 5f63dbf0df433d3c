package segment

import (
	"tidings/event"
	"tidings/internal/attribute"
)

// Facts is one contact, as far as rules ask. Times are Unix milliseconds; 0 means never.
type Facts struct {
	Email        string // the address as contacts are known by: in lower case
	ExternalID   string
	Unsubscribed bool
	// Suppressed tells that a suppression or a pattern holds now; SuppressedUntil when that ends by itself, 0: not so.
	Suppressed      bool
	SuppressedUntil int64
	// Snoozed tells that the contact takes a break from mail now; SnoozedUntil when it ends or ended, 0: there was none.
	Snoozed      bool
	SnoozedUntil int64

	CreatedAt, UpdatedAt, FirstSeenAt, LastSeenAt, LastOpenAt, LastClickAt int64

	Data   map[string][]attribute.Value // by path, see attribute.Values
	Tags   []string
	Topics map[string]bool // whether the contact takes the topic, of every topic of the project
	Seen   map[event.Name]Seen
	Log    []Occurrence // in any order
	// Member tells whether the contact is in another segment.
	Member func(segment string) bool
}

// Seen is what is known of the events of one name of a contact, without those of machines and of candidates. It outlives
// the events. N is how many there were; of email events, whose number is not kept without machines, 1 for any.
type Seen struct {
	N           int64
	First, Last int64
}

// Occurrence is one event.
type Occurrence struct {
	ID      event.ID
	Name    event.Name
	At      int64
	Machine bool
	// Values are those of its data under data.<path>, and what attribute.OfEvent else gathers, with its template,
	// workflow and source.
	Values map[string][]attribute.Value
}

// values are those of a field of the contact that is compared; ok is false for fields that are not.
func (f *Facts) values(of field) []attribute.Value {
	switch of.name {
	case "":
		return f.Data[of.path]
	case "email":
		return text(f.Email)
	case "externalId":
		return text(f.ExternalID)
	case "tags":
		var list []attribute.Value
		for _, t := range f.Tags {
			list = append(list, text(t)...)
		}
		return list
	case "topics":
		takes, ok := f.Topics[of.path]
		if !ok {
			return nil
		}
		return truth(takes)
	case "subscribed":
		return truth(!f.Unsubscribed && !f.Suppressed)
	case "unsubscribed":
		return truth(f.Unsubscribed)
	case "suppressed":
		return truth(f.Suppressed)
	case "snoozed":
		return truth(f.Snoozed)
	}
	if at := f.times()[of.name]; at != 0 {
		return []attribute.Value{{Kind: attribute.Instant, Number: float64(at)}}
	}
	return nil
}

func (f *Facts) times() map[string]int64 {
	return map[string]int64{
		"createdAt": f.CreatedAt, "updatedAt": f.UpdatedAt, "firstSeenAt": f.FirstSeenAt, "lastSeenAt": f.LastSeenAt,
		"lastOpenAt": f.LastOpenAt, "lastClickAt": f.LastClickAt, "snoozedUntil": f.SnoozedUntil,
	}
}

func text(s string) []attribute.Value {
	if s == "" {
		return nil
	}
	return []attribute.Value{{Kind: attribute.Text, Text: s}}
}

func truth(b bool) []attribute.Value {
	if b {
		return []attribute.Value{{Kind: attribute.Bool, Number: 1}}
	}
	return []attribute.Value{{Kind: attribute.Bool}}
}
