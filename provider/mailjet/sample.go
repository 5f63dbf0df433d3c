package mailjet

import (
	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `[{"event":"sent","time":{unix},"MessageID":1,"Message_GUID":"{id}","email":"{to}","smtp_reply":"250 self-test"}]`,
}
