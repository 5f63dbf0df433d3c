// Package ses is the adapter for Amazon SES, whose events come through Amazon SNS, EventBridge, Firehose or Lambda. It
// reads in this order: the road and its proof (for SNS topic, age, certificate, signature), what the road wraps around
// a record, the SES record itself, the drafts of events that it becomes. One fact has one id, whatever its road.
package ses

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Amazon SES: configuration-set events, identity notifications and EventBridge events, through SNS over HTTP,
// signed or (where the source allows it) raw, and with one of the source's secrets as API key through EventBridge API
// destinations, Firehose and forwarded Lambda events.
var Adapter = provider.Adapter{
	Slug:  "ses",
	Title: "Amazon SES",
	Docs:  "https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html",
	Names: []event.Name{
		event.EmailSent, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailFailure,
		event.EmailOpen, event.EmailClick, event.EmailComplaint, event.EmailUnsubscribe, event.EmailSubscribe,
		event.EmailUnknown,
	},
	Custom: true,
	Features: provider.Features{
		Proof:   "RSA signature of Amazon SNS, topic list; basic auth besides",
		Dedupe:  "feedbackId, else the event's word, message, recipient and time",
		Retries: "an hour at most, a minute by default; a 4xx ends it; a dead-letter queue keeps the rest",
	},
	MaxBody: 2 << 20, // a message of 256 KiB grows up to sixfold when it is escaped twice
	Road:    road,
	Open:    open,
	Reparse: reparse,
	Element: element,
	Import:  importRecord,
	Queue:   openQueued,
	Sample:  sample,

	Remedies: remedies,
}

// What Result.Kind says of a request.
const (
	kindNotification = "notification"
	kindSetup        = "setup_notice"
	kindConfirm      = "subscription_confirmation"
	kindRemoved      = "unsubscribe_confirmation"
	kindRefused      = "refused" // a message of a queue
)

const (
	headerRaw   = "X-Amz-Sns-Rawdelivery"
	headerType  = "X-Amz-Sns-Message-Type"
	headerID    = "X-Amz-Sns-Message-Id"
	headerTopic = "X-Amz-Sns-Topic-Arn"
)

func open(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"AWS sends POST, this is %.20q", req.Method)
	}
	if isFirehose(req.Header) {
		return openFirehose(req, src)
	}
	if req.Header.Get(headerType) == "" && req.Header.Get(headerRaw) == "" { // SNS always says what it posts
		switch {
		case isBridge(req.Body):
			return openBridge(req, src, now)
		case isLambda(req.Body):
			return openLambda(req, src)
		}
	}
	return openSNS(req, src, now)
}

func openSNS(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return provider.Result{}, r
	}
	if strings.EqualFold(req.Header.Get(headerRaw), "true") {
		return openRaw(req, src)
	}
	return openSigned(req, src, now)
}

func openSigned(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
	env, refusal := readEnvelope(req.Body)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	steps := []func() *provider.Refusal{
		func() *provider.Refusal { return checkHeaders(req.Header, env) },
		func() *provider.Refusal { return checkTopic(env.TopicARN, src) },
		func() *provider.Refusal { return checkAge(env.at, now, src.MaxAge) },
	}
	for _, check := range steps {
		if r := check(); r != nil {
			return provider.Result{}, r
		}
	}
	wish, refusal := prove(env, req.Certificates, src, now)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	if wish != nil {
		return provider.Result{Wishes: []provider.Wish{*wish}}, nil
	}
	result, rec := readProved(env, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return provider.Result{}, r
	}
	if env.Type == typeConfirm {
		confirm(&result, env, src)
	}
	result.Keep = env.keep()
	return result, nil
}

// openRaw reads a raw delivery, which is the record alone: no envelope and no signature. What proves it is the URL's
// token or basic auth, checked before.
func openRaw(req provider.Request, src provider.Source) (provider.Result, error) {
	if !src.AllowRaw {
		return provider.Result{}, provider.Refuse(provider.Forbidden, "raw_not_allowed",
			"this is an SNS raw delivery, which has no signature: "+
				"switch raw message delivery off for the subscription, or set allowRaw")
	}
	if !src.TokenProved && len(src.BasicAuth) == 0 {
		return provider.Result{}, provider.Refuse(provider.Forbidden, "raw_not_proved",
			"an SNS raw delivery has no signature, so its URL must hold the source's token or a user and password")
	}
	if r := checkTopic(req.Header.Get(headerTopic), src); r != nil {
		return provider.Result{}, r
	}
	if isEnvelope(req.Body) || isKept(req.Body) {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "envelope_in_raw",
			"the headers say raw delivery, but the body is an SNS envelope")
	}
	result, rec := readMessage(req.Body, time.Time{}, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return provider.Result{}, r
	}
	if id := req.Header.Get(headerID); isUUID(id) {
		result.Transport.ID = id
	}
	result.Keep = req.Body
	return result, nil
}

// readProved reads what an envelope holds. It is all that Reparse does, too.
func readProved(env *envelope, src provider.Source) (provider.Result, *record) {
	var result provider.Result
	var rec *record
	switch env.Type {
	case typeConfirm:
		result.Kind = kindConfirm
	case typeRemoved:
		result.Kind = kindRemoved
		result.Problems = []provider.Problem{{
			Element: -1, Code: "subscription_removed",
			Message: "the subscription of topic " + env.TopicARN + " to this source was removed: no events will come " +
				"from it. If nobody meant to, subscribe the source's URL again.",
		}}
	default:
		result, rec = readMessage(env.message, env.at, src)
	}
	result.Transport = provider.Transport{ID: env.MessageID, At: env.at}
	return result, rec
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) {
	switch {
	case isBatch(keep):
		return reparseBatch(keep, src)
	case isRefused(keep):
		return reparseRefused(keep, src)
	}
	if !isEnvelope(keep) {
		result, _ := readMessage(keep, time.Time{}, src)
		result.Keep = keep
		return result, nil
	}
	env, refusal := readEnvelope(keep)
	if refusal != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", refusal)
	}
	result, _ := readProved(env, src)
	result.Keep = keep
	return result, nil
}

// element returns an SES record: a request that is no batch holds exactly one.
func element(keep []byte, i int) ([]byte, error) {
	if isBatch(keep) {
		return batchElement(keep, i)
	}
	if i != 0 {
		return nil, fmt.Errorf("element %d: the request holds one", i)
	}
	if isRefused(keep) {
		return refusedElement(keep)
	}
	if !isEnvelope(keep) {
		return keep, nil
	}
	members, err := provider.Members(keep, knownKeys...)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	for _, m := range members {
		if m.Name == "Message" {
			return provider.Unquote(m.Value)
		}
	}
	return nil, fmt.Errorf("element: the envelope has no Message")
}

// prove checks the signature, or asks for the certificate that is needed to.
func prove(
	env *envelope, certs map[string]*x509.Certificate, src provider.Source, now time.Time,
) (*provider.Wish, *provider.Refusal) {
	sig, refusal := readSignature(env, src.RequireVersion2)
	if refusal != nil {
		return nil, refusal
	}
	cert, pinned := src.SigningCertificate, src.SigningCertificate != nil
	if !pinned {
		url, refusal := certificateURL(env.SigningCertURL, env.topic)
		if refusal != nil {
			return nil, refusal
		}
		if cert = certs[url]; cert == nil {
			return &provider.Wish{Kind: provider.FetchCertificate, Key: url, URL: url}, nil
		}
	}
	if r := checkCertificate(cert, pinned, now); r != nil {
		return nil, r
	}
	return nil, sig.verify(cert)
}
