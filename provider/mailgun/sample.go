package mailgun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"signature":{"timestamp":"{unix}","token":"{id}","signature":"` + blank + `"},"event-data":{"event":"delivered",` +
		`"id":"{id}","timestamp":{unix}.5,"recipient":"{to}","delivery-status":{"code":250,"message":"self-test"},` +
		`"message":{"headers":{"message-id":"{id}@example.invalid"}}}}`,
	Prove: sign,
}

// blank is where the signature goes.
const blank = "{signature}"

// sign signs time and token with the source's key, as Mailgun does: the event is not signed.
func sign(s *provider.Sample, src provider.Source, at provider.Moment) error {
	if len(src.Secrets) == 0 {
		return nil
	}
	sum := provider.MAC(sha256.New, src.Secrets[0], []byte(strconv.FormatInt(at.At.Unix(), 10)), []byte(at.ID))
	s.Body = bytes.Replace(s.Body, []byte(blank), []byte(hex.EncodeToString(sum)), 1)
	s.Note = provider.SecretNote
	return nil
}
