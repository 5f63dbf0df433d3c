package bench

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"tidings/internal/simulate"
)

// A batch is signed while the clock runs: one signature of ECDSA a batch costs little.

// newSigning makes the key that signs batches and the verification key as SendGrid shows it.
func newSigning() (key *ecdsa.PrivateKey, public string, err error) {
	key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("make the key of batches: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, "", fmt.Errorf("make the key of batches: %w", err)
	}
	return key, base64.StdEncoding.EncodeToString(der), nil
}

// batches posts many facts a request, as SendGrid's Event Webhook does.
func (l *load) batches(ctx context.Context, c *client, h *histogram) error {
	facts := make([]simulate.Fact, l.batch)
	var body []byte
	for {
		n, err := l.take(ctx, facts, nil)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		body = append(body[:0], '[')
		for i, f := range facts[:n] {
			if i > 0 {
				body = append(body, ",\n"...)
			}
			body = l.script.SendGrid(body, f)
		}
		body = append(body, "]\r\n"...)
		header, err := l.signBatch(body, time.Now())
		if err != nil {
			return err
		}
		if err := l.post(ctx, c, header, body, int64(n), h); err != nil {
			return err
		}
	}
}

// signBatch makes the headers of a batch:
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
func (l *load) signBatch(body []byte, now time.Time) (string, error) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	hash := sha256.New()
	hash.Write([]byte(timestamp))
	hash.Write(body)
	signature, err := ecdsa.SignASN1(rand.Reader, l.signing, hash.Sum(nil))
	if err != nil {
		return "", fmt.Errorf("sign a batch: %w", err)
	}
	return "\r\nContent-Type: application/json;charset=utf-8\r\nUser-Agent: SendGrid Event API" +
		"\r\nX-Twilio-Email-Event-Webhook-Timestamp: " + timestamp +
		"\r\nX-Twilio-Email-Event-Webhook-Signature: " + base64.StdEncoding.EncodeToString(signature), nil
}
