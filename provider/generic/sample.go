package generic

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name:  event.EmailDelivery,
	Body:  `{"id":"{id}","name":"email.delivery","occurredAt":"{time}","recipient":"{to}","message":{"id":"{id}"}}`,
	Prove: provider.ProveByStandardWebhook("webhook"),
}
