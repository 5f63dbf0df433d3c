package postmark

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name:  event.EmailDelivery,
	Body:  `{"RecordType":"Delivery","MessageID":"{id}","Recipient":"{to}","DeliveredAt":"{time}","Details":"self-test"}`,
	Prove: provider.ProveByToken,
}
