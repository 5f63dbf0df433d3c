package mailtrap

import (
	"crypto/sha256"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"events":[{"event":"delivery","timestamp":{unix},"sending_stream":"transactional","message_id":"{id}",` +
		`"email":"{to}","event_id":"{id}"}]}`,
	Prove: provider.ProveByMAC(signature, sha256.New),
}
