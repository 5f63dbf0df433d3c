package postal

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `{"event":"MessageSent","timestamp":{unix}.25,"payload":{"message":{"id":1,"token":"{id}","direction":"outgoing",` +
		`"message_id":"{id}@example.invalid","to":"{to}","from":"self-test@example.invalid","subject":"Self-test",` +
		`"timestamp":{unix}.1},"status":"Sent","details":"self-test","output":"250 2.0.0 OK","timestamp":{unix}.2},"uuid":"{id}"}`,
	Prove: sign,
}

const sampleBits = 2048

// sign signs with a key that is forgotten at once: the installation's is the installation's.
func sign(s *provider.Sample, src provider.Source, at provider.Moment) error {
	if len(src.Secrets) == 0 {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, sampleBits)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	sum := sha256.Sum256(s.Body)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	s.Header.Set(header256, base64.StdEncoding.EncodeToString(signature))
	return s.Certify(key, at.At)
}
