package ses

// Shared by several codes.
const (
	mendProxy  = "let proxies in front pass bodies and headers on unchanged; else it is forged, and nothing is to do"
	mendClock  = "put this machine's clock right"
	lookAtPost = "look at who posts here: SNS sends nothing of the kind"
)

// remedies say what to do about each refusal; docs/providers/ses.md has the same at length.
var remedies = map[string]string{
	"no_topics":             "add the ARN of your SNS topic to the source's topics",
	"unknown_topic":         "add the topic to the source's topics if it is yours; else a stranger subscribed your URL to theirs, and nothing is to do",
	"bad_signature":         mendProxy,
	"bad_signature_version": "update Tidings: SNS signs in a way that this version does not know",
	"version_1":             "set the topic's SignatureVersion attribute to 2, or switch requireVersion2 off",
	"bad_certificate_url":   "pin the certificate of the broker that speaks SNS (signingCertificate); else it is forged, and nothing is to do",
	"bad_certificate":       "pin the certificate of the broker that speaks SNS (signingCertificate); else it is forged, and nothing is to do",
	"certificate_expired":   "put this machine's clock right, or pin the broker's new certificate",
	"stale":                 "raise the source's maxAgeSeconds, then redrive the dead-letter queue",
	"future":                mendClock,
	"wrong_account":         "correct the source's account, or empty it: identity notifications may name none",
	"header_mismatch":       mendProxy,
	"bad_envelope":          lookAtPost,
	"raw_not_allowed":       "switch raw message delivery off at the subscription, or set allowRaw",
	"raw_not_proved":        "subscribe the URL that holds the token, or set basicAuth",
	"envelope_in_raw":       mendProxy,
	"no_credentials":        "subscribe with https://user:password@… and let proxies pass the Authorization header on",
	"wrong_credentials":     "subscribe again with the user and password of basicAuth, or correct basicAuth",
	"not_json":              lookAtPost,
	"unexpected_shape":      lookAtPost,
	"duplicate_key":         lookAtPost,
	"case_variant_key":      lookAtPost,
	"too_deep":              lookAtPost,
	"huge_number":           lookAtPost,
}
