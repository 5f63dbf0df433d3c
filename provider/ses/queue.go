package ses

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// A queue proves only that whoever put a message there may send to it. Its policy is easily written too wide, and then
// any account may. So an SNS envelope is held to what HTTP holds it to, a listed topic and a signature: they cost
// microseconds. A message without a signature is believed where the source says so, by allowRaw, or where it lists no
// topics, so that nothing signed is expected and EventBridge's events are what the queue is for.

// openQueued reads one message of a queue. What it does not believe is kept with the refusal as its problem.
func openQueued(m provider.Queued, src provider.Source, now time.Time) (provider.Result, *provider.Refusal) {
	result, err := readQueued(m, src, now)
	if err == nil {
		return result, nil
	}
	refusal, ok := errors.AsType[*provider.Refusal](err)
	if !ok {
		refusal = provider.Refuse(provider.Unacceptable, "unreadable", "%v", err)
	}
	kept := refused{Code: refusal.Code, Why: refusal.Message}
	switch env, wish := proveAnyway(m, src, now, refusal); {
	case wish != nil:
		return provider.Result{Wishes: []provider.Wish{*wish}}, nil
	case env != nil:
		kept.Envelope = jsontext.Value(env.keep())
	default:
		kept.Text = showable(m.Body)
	}
	return kept.result(m.ID), refusal
}

func readQueued(m provider.Queued, src provider.Source, now time.Time) (provider.Result, error) {
	members, err := provider.Members(m.Body)
	switch {
	case err != nil:
		return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err),
			"the message is neither an SNS envelope, nor an EventBridge event, nor an SES record: %v", err)
	case isKept(m.Body):
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "unexpected_shape",
			"the message is something that was stored before, not something that AWS sends")
	case envelopeMembers(members):
		return openEnvelope(m, src, now)
	case isBridge(m.Body) && (src.AllowRaw || len(src.Topics) == 0):
		return readBridge(m.Body, src, now)
	case !src.AllowRaw:
		return provider.Result{}, provider.Refuse(provider.Forbidden, codeRaw,
			"this message of the queue has no signature: switch raw message delivery off for the subscription, or set allowRaw "+
				"if nobody else may send to the queue")
	}
	return readBare(m.Body, m.ID, src)
}

const codeRaw = "raw_not_allowed"

func openEnvelope(m provider.Queued, src provider.Source, now time.Time) (provider.Result, error) {
	result, err := openSigned(provider.Request{Body: m.Body, Certificates: m.Certificates}, src, now)
	if err == nil && result.Kind == kindConfirm {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "unexpected_shape",
			"a queue needs no confirmation: SNS sends none to it, so somebody put it there")
	}
	return result, err
}

// readBare reads a record, or an EventBridge event, that came without a proof of its own.
func readBare(body []byte, id string, src provider.Source) (provider.Result, error) {
	result, rec := readMessage(body, time.Time{}, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return provider.Result{}, r
	}
	result.Transport.ID = id
	result.Keep = body
	return result, nil
}

// ofSettings are refusals of messages that another setting of the source would have accepted.
var ofSettings = []string{"no_topics", "unknown_topic", "stale", "wrong_account"}

// proveAnyway proves an envelope that only the source's settings speak against, so that it can be read by a replay once
// they are right. It returns nil where the envelope is not proved, or the certificate that it needs.
func proveAnyway(
	m provider.Queued, src provider.Source, now time.Time, why *provider.Refusal,
) (*envelope, *provider.Wish) {
	if !slices.Contains(ofSettings, why.Code) {
		return nil, nil
	}
	env, refusal := readEnvelope(m.Body)
	if refusal != nil || env.Type != typeNotification {
		return nil, nil
	}
	wish, refusal := prove(env, m.Certificates, src, now)
	if refusal != nil {
		return nil, nil
	}
	return env, wish
}

// refusedMark begins what is kept of a message that was refused, and nothing else that is kept.
const refusedMark = `{"refused":`

// refused is a message of a queue that was refused, as it is kept. Its signature is not, so what was not proved when it
// came is never believed later.
type refused struct {
	Code     string         `json:"refused"`
	Why      string         `json:"why"`
	Envelope jsontext.Value `json:"envelope,omitzero"` // its signature was good
	Text     string         `json:"text,omitempty"`    // whatever else it was; empty where it may hold what is never kept
}

func isRefused(keep []byte) bool { return bytes.HasPrefix(keep, []byte(refusedMark)) }

// isKept tells what has the form of something that is kept and that nobody sends.
func isKept(body []byte) bool { return isBatch(body) || isRefused(body) }

// result is what is stored of a refused message. It is known by another id than if it had been accepted, so that it can
// not stand in for the message that it pretends to be.
func (k refused) result(id string) provider.Result {
	keep, err := json.Marshal(k, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil { // an envelope that was read is JSON
		keep = []byte(refusedMark + `"` + k.Code + `"}`)
	}
	result := provider.Result{Kind: kindRefused, Keep: keep, Problems: problem(k.Code, k.Why)}
	if id != "" {
		result.Transport.ID = kindRefused + ":" + id
	}
	return result
}

// showable is the text of a message without what must never be kept. What may be an envelope and can't be taken apart is
// left out.
func showable(body []byte) string {
	members, err := provider.Members(body)
	if err != nil && (bytes.Contains(body, []byte("Signature")) || bytes.Contains(body, []byte("UnsubscribeU"))) {
		return ""
	}
	if err == nil && envelopeMembers(members) {
		body = withoutSecrets(body)
	}
	return string(body)
}

// reparseRefused reads a refused message once more: where the source's settings would accept it now, it is read.
func reparseRefused(keep []byte, src provider.Source) (provider.Result, error) {
	k, err := readRefused(keep)
	if err != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", err)
	}
	result, err := k.again(src)
	if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
		result = provider.Result{Kind: kindRefused, Problems: problem(refusal.Code, refusal.Message)}
	}
	result.Keep = keep
	return result, nil
}

// again reads a refused message by the source's settings as they are now.
func (k refused) again(src provider.Source) (provider.Result, error) {
	switch {
	case len(k.Envelope) > 0:
		env, refusal := readEnvelope(k.Envelope)
		if refusal != nil {
			return provider.Result{}, refusal
		}
		if r := checkTopic(env.TopicARN, src); r != nil {
			return provider.Result{}, r
		}
		result, rec := readProved(env, src)
		if r := checkAccount(rec, result.Drafts, src); r != nil {
			return provider.Result{}, r
		}
		return result, nil
	case k.Code == codeRaw && src.AllowRaw:
		return readBare([]byte(k.Text), "", src)
	}
	return provider.Result{Kind: kindRefused, Problems: problem(k.Code, k.Why)}, nil
}

func readRefused(keep []byte) (refused, error) {
	var k refused
	err := json.Unmarshal(keep, &k, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	return k, err
}

// refusedElement is the text that events of a refused message are made from.
func refusedElement(keep []byte) ([]byte, error) {
	k, err := readRefused(keep)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	if len(k.Envelope) > 0 {
		return element(k.Envelope, 0)
	}
	return []byte(k.Text), nil
}
