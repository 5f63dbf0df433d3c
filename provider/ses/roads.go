package ses

import (
	"bytes"
	"net/http"
	"slices"

	"tidings/provider"
)

// headerKey holds the API key of roads without a signature: one of the source's secrets.
const headerKey = "X-Api-Key"

// A body that SNS did not post is told by its keys, which no SNS envelope has.
var (
	bridgeKeys = []string{"detail-type", "detail"}
	lambdaKeys = []string{"Records"}
)

// isBridge tells an EventBridge event.
func isBridge(body []byte) bool { return hasKeys(body, bridgeKeys) }

// isLambda tells what Lambda hands to a function that reads from SNS or SQS.
func isLambda(body []byte) bool { return hasKeys(body, lambdaKeys) }

// hasKeys tells whether a body is an object with all the keys that is nothing else that we know. Most bodies have none
// of them, and are not read through for it.
func hasKeys(body []byte, keys []string) bool {
	if isKept(body) {
		return false
	}
	for _, k := range keys {
		if !bytes.Contains(body, []byte(`"`+k+`"`)) {
			return false
		}
	}
	members, err := provider.Members(body)
	if err != nil || envelopeMembers(members) {
		return false
	}
	for _, k := range keys {
		if !slices.ContainsFunc(members, func(m provider.Member) bool { return m.Name == k }) {
			return false
		}
	}
	return true
}

// checkCaller proves a request that nobody signed: it knows the URL's token, and an API key or a user and password.
func checkCaller(h http.Header, src provider.Source) *provider.Refusal {
	switch {
	case !src.TokenProved:
		return provider.Refuse(provider.Forbidden, "token_needed",
			"this request has no signature, so it must be sent to the URL that holds the source's token")
	case len(src.Secrets)+len(src.BasicAuth) == 0:
		return provider.Refuse(provider.Forbidden, "no_api_key",
			"this request has no signature, and the source has no secrets and no basicAuth to prove it by: add a secret, "+
				"and send it in the header "+headerKey)
	case h.Get(headerKey) != "":
		return checkKey(h.Get(headerKey), src)
	case len(src.BasicAuth) > 0:
		return provider.CheckBasicAuth(h, src.BasicAuth)
	}
	return provider.Refuse(provider.Unauthenticated, "no_credentials",
		"this request has no signature: it needs one of the source's secrets in the header "+headerKey)
}

func checkKey(key string, src provider.Source) *provider.Refusal {
	if !provider.AnySecret(key, src.Secrets) {
		return provider.Refuse(provider.Forbidden, "wrong_api_key",
			"the key is not one of the source's secrets: change the key where it is sent from, or the source's secrets")
	}
	return nil
}
