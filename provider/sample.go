package provider

import (
	"crypto/x509"
	"net/http"

	"tidings/event"
)

// Sample is a request that an adapter made as its provider would have, for the self-test of a source: it travels to the
// source's URL and is opened there like any other, but for what it was signed with.
type Sample struct {
	Method string // "" means POST
	Header http.Header
	Body   []byte
	// Certificate is of the key that signed, where the provider signs with a key that nobody else has. For this one
	// request it takes the place of every other certificate (Source.SigningCertificate). nil: the sample is signed
	// with the source's own secrets, and proved by them.
	Certificate *x509.Certificate

	Name      event.Name // of the one event that it holds
	Recipient string     // of that event: a mailbox that never was a person's
	Note      string     // for people: as whom it was signed, "SNS topic arn:aws:sns:…"
}
