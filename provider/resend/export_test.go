package resend

import "tidings/event"

// Words are the types that the adapter knows.
func Words() map[string]event.Name {
	list := make(map[string]event.Name, len(words))
	for kind, w := range words {
		list[kind] = w.name
	}
	return list
}
