package sendgrid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"

	"tidings/event"
	"tidings/provider"
)

// specimen is a delivery to nobody.
var specimen = provider.Specimen{
	Name: event.EmailDelivery,
	Body: `[{"email":"{to}","timestamp":{unix},"event":"delivered","response":"250 self-test","sg_event_id":"{id}",` +
		`"sg_message_id":"{id}.filter0001.1.1.0"}]`,
	Prove: sign,
}

// sign signs with a key that is forgotten at once: SendGrid's is SendGrid's. Where the source has no verification key
// nothing is signed.
func sign(s *provider.Sample, src provider.Source, at provider.Moment) error {
	if len(src.Secrets) == 0 {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	timestamp := strconv.FormatInt(at.At.Unix(), 10)
	sum := sha256.Sum256(append([]byte(timestamp), s.Body...))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	s.Header.Set(headerTimestamp, timestamp)
	s.Header.Set(headerSignature, base64.StdEncoding.EncodeToString(signature))
	return s.Certify(key, at.At)
}
