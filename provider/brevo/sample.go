package brevo

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"event":"delivered","email":"{to}","id":1,"message-id":"<{id}@example.invalid>","ts_event":{unix},` +
		`"ts":{unix},"subject":"Self-test"}`,
	Prove: provider.ProveByToken,
}
