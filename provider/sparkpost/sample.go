package sparkpost

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `[{"msys":{"message_event":{"type":"delivery","event_id":"{id}","timestamp":"{unix}","rcpt_to":"{to}",` +
		`"raw_rcpt_to":"{to}","transmission_id":"{id}"}}}]`,
	Prove: provider.ProveByToken,
}
