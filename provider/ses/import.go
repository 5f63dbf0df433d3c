package ses

import (
	"bytes"
	"fmt"
	"time"

	"tidings/provider"
)

// importRecord reads one record of an archive: bare, as Firehose writes it, in an SNS envelope or in EventBridge's. It
// asks neither for a signature nor for a listed topic, because archives have neither; the account must be the source's.
func importRecord(record []byte, src provider.Source) (provider.Result, error) {
	message, signedAt, keep := record, time.Time{}, record
	if mayBeEnvelope(record) && isEnvelope(record) {
		env, refusal := readEnvelope(record)
		if refusal != nil {
			return provider.Result{}, refusal
		}
		if env.Type != typeNotification {
			return provider.Result{}, provider.Refuse(provider.Unacceptable, "no_event",
				"this is SNS talking of a subscription, not an event")
		}
		message, signedAt, keep = env.message, env.at, env.keep()
	}
	result, rec := readMessage(message, signedAt, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return provider.Result{}, fmt.Errorf("import: %w", r)
	}
	result.Keep = keep
	return result, nil
}

// mayBeEnvelope spares most records a second decoding: every envelope has these words.
func mayBeEnvelope(record []byte) bool {
	return bytes.Contains(record, []byte(`"TopicArn"`)) || bytes.Contains(record, []byte(`"Signature"`))
}
