// Package mailtrap is the adapter for the webhooks of Mailtrap's Email Sending, as JSON and as JSON Lines.
package mailtrap

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Adapter is Mailtrap's webhooks, which come in batches.
var Adapter = provider.Adapter{
	Slug:  "mailtrap",
	Title: "Mailtrap",
	Docs:  "https://docs.mailtrap.io/email-api-smtp/advanced/webhooks",
	Names: []event.Name{
		event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailReject, event.EmailOpen, event.EmailClick,
		event.EmailComplaint, event.EmailUnsubscribe, event.EmailUnknown,
	},
	MaxBody: 16 << 20,
	Answers: provider.Answers{provider.Forbidden: http.StatusUnauthorized},
	Features: provider.Features{
		Proof:   "HMAC-SHA256 over the body; without a secret the token in the URL or basic auth",
		Dedupe:  "event_id",
		Retries: "40 times, every 5 minutes, whatever the answer but a 200",
		Batches: "several",
	},
	Open:    open,
	Reparse: reparse,
	Element: element,
	Sample:  specimen.Sample,
}

const (
	kind      = "notification"
	signature = "Mailtrap-Signature"
)

func open(req provider.Request, src provider.Source, _ time.Time) (provider.Result, error) {
	if req.Method != "" && req.Method != http.MethodPost {
		return provider.Result{}, provider.Refuse(provider.Unacceptable, "wrong_method",
			"Mailtrap sends POST, this is %.20q", req.Method)
	}
	if r := prove(req, src); r != nil {
		return provider.Result{}, r
	}
	return read(req.Body, src), nil
}

// prove checks the signature where the source has a secret, and basic auth where it asks for it. With neither the token
// in the URL is the proof.
func prove(req provider.Request, src provider.Source) *provider.Refusal {
	if len(src.Secrets) == 0 {
		return provider.CheckUnsigned(req.Header, src)
	}
	if r := provider.CheckBasicAuth(req.Header, src.BasicAuth); r != nil {
		return r
	}
	text := strings.TrimSpace(req.Header.Get(signature))
	if text == "" {
		return provider.Refuse(provider.Unauthenticated, "no_signature", "the request lacks the header %s", signature)
	}
	value, err := hex.DecodeString(text)
	if err != nil || len(value) != sha256.Size {
		return provider.Refuse(provider.Forbidden, "bad_signature", "the signature is not %d bytes in hexadecimal", sha256.Size)
	}
	match := false
	for _, secret := range src.Secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(req.Body)
		match = hmac.Equal(value, mac.Sum(nil)) && secret != "" || match
	}
	if !match {
		return provider.Refuse(provider.Forbidden, "bad_signature",
			"the signature does not match: another signing secret than the source's, or the body was changed on its way")
	}
	return nil
}

func reparse(keep []byte, src provider.Source) (provider.Result, error) { return read(keep, src), nil }

func element(keep []byte, i int) ([]byte, error) {
	list, err := split(keep)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("element %d of %d", i, len(list))
	}
	return list[i], nil
}

// read turns a proved body into drafts or problems.
func read(body []byte, src provider.Source) provider.Result {
	result := provider.Result{Kind: kind, Keep: body}
	list, err := split(body)
	if err != nil {
		result.Problems = []provider.Problem{{
			Element: -1, Code: "unreadable", Message: "the body is not Mailtrap's: " + provider.JSONTrouble(err),
		}}
		return result
	}
	if len(list) == 0 {
		result.Problems = []provider.Problem{{Element: -1, Code: "empty", Message: "the body holds no events"}}
	}
	for i, one := range list {
		m := mapping{source: src, element: i, text: one}
		m.run()
		result.Drafts = append(result.Drafts, m.drafts...)
		result.Problems = append(result.Problems, m.problems...)
	}
	return result
}
