package control

import (
	"cmp"

	"tidings/provider"
)

// codeDisabled is ingest's code of requests to a disabled source.
const codeDisabled = "source_disabled"

// remedies say what to do about the refusals that are not an adapter's: see package ingest's codes.
var remedies = map[string]string{
	codeDisabled:       "enable the source: tidings source enable",
	"unknown_source":   "give the provider the source's present URL: tidings source rotate makes a new one",
	"unknown_provider": "let proxies in front pass the path on unchanged",
	"wrong_method":     "look at who calls; a proxy that answers with redirects turns a POST into a GET",
	"encoded_body":     "let proxies in front pass bodies on as they are, not compressed",
	"body_too_large":   "look at who posts here: the provider sends less",
	"incomplete_body":  "raise the time limits of proxies in front; the provider sends it again",
	"overloaded":       "the provider sends it again; where it goes on, raise --max-in-flight or give the server a faster disk",
	"shutting_down":    "nothing: the provider sends it again",
	"no_certificate":   "let this machine reach the provider's certificates over HTTPS (a firewall, --config netguard)",
	"unstorable":       "look at the log; the provider sends it again",
	"internal":         "look at the log; the provider sends it again",
}

// remedyOf says what to do about a refusal; empty where nobody knows more than its message.
func remedyOf(a provider.Adapter, code string) string {
	return cmp.Or(a.Remedies[code], remedies[code])
}
