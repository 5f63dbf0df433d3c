package mandrill

import (
	"crypto/sha1" //nolint:gosec // Mandrill's choice; as HMAC it is sound
	"encoding/base64"
	"net/url"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `[{"event":"delivered","_id":"{id}","ts":{unix},"msg":{"_id":"{id}","ts":{unix},"email":"{to}",` +
		`"sender":"self-test@example.invalid","subject":"Self-test","state":"sent"}}]`,
	Prove: sign,
}

// sign makes a form of the batch, and signs it for the first URL that the source expects.
func sign(s *provider.Sample, src provider.Source, _ provider.Moment) error {
	batch := s.Body
	s.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.Body = []byte(url.Values{field: {string(batch)}}.Encode())
	if len(src.Secrets) == 0 || len(src.URLs) == 0 {
		return nil
	}
	sum := provider.MAC(sha1.New, src.Secrets[0], []byte(src.URLs[0]), []byte(field), batch)
	s.Header.Set(headerSignature, base64.StdEncoding.EncodeToString(sum))
	s.Note = provider.SecretNote
	return nil
}
