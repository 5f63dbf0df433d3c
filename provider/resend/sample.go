package resend

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"type":"email.delivered","created_at":"{time}","data":{"created_at":"{time}","email_id":"{id}",` +
		`"from":"self-test@example.invalid","to":["{to}"],"subject":"Self-test"}}`,
	Prove: provider.ProveByStandardWebhook("svix"),
}
