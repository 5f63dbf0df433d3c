package mailersend

import (
	"crypto/sha256"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"type":"activity.delivered","data":{"id":"{id}","created_at":"{time}","email":{"from":"self-test@example.invalid",` +
		`"message":{"id":"{id}"},"recipient":{"email":"{to}"}}}}`,
	Prove: provider.ProveByMAC(headerSignature, sha256.New),
}
