package brevo

import "tidings/event"

// Words are the words that the adapter knows.
func Words() map[string]event.Name {
	list := make(map[string]event.Name, len(words))
	for text, w := range words {
		list[text] = w.name
	}
	return list
}
