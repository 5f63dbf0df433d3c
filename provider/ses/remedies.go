package ses

// Shared by several codes.
const (
	mendProxy  = "let proxies in front pass bodies and headers on unchanged; else it is forged, and nothing is to do"
	mendClock  = "put this machine's clock right"
	addTopic   = "add the topic to the source's topics if it is yours; else a stranger subscribed your URL: nothing is to do"
	pinBroker  = "pin the certificate of the broker that speaks SNS (signingCertificate); else it is forged, and nothing is to do"
	lookAtPost = "look at who posts here: SNS sends nothing of the kind"
)

// remedies say what to do about each refusal, and about problems where that is more than to look at them;
// docs/providers/ses.md has the same at length.
var remedies = map[string]string{
	"no_topics":             "add the ARN of your SNS topic to the source's topics",
	"unknown_topic":         addTopic,
	"bad_signature":         mendProxy,
	"bad_signature_version": "update Tidings: SNS signs in a way that this version does not know",
	"version_1":             "set the topic's SignatureVersion attribute to 2, or switch requireVersion2 off",
	"bad_certificate_url":   pinBroker,
	"bad_certificate":       pinBroker,
	"certificate_expired":   "put this machine's clock right, or pin the broker's new certificate",
	"stale":                 "raise the source's maxAgeSeconds, then redrive the dead-letter queue",
	"future":                mendClock,
	"wrong_account":         "correct the source's account, or empty it: identity notifications may name none",
	"header_mismatch":       mendProxy,
	"bad_envelope":          lookAtPost,
	"raw_not_allowed":       "switch raw message delivery off at the subscription, or set allowRaw",
	"raw_not_proved":        "subscribe the URL that holds the token, or set basicAuth",
	"envelope_in_raw":       mendProxy,
	"no_credentials":        "subscribe with https://user:password@…, or send the API key; let proxies pass both headers on",
	"wrong_credentials":     "subscribe again with the user and password of basicAuth, or correct basicAuth",
	"not_json":              lookAtPost,
	"unexpected_shape":      lookAtPost,
	"duplicate_key":         lookAtPost,
	"case_variant_key":      lookAtPost,
	"too_deep":              lookAtPost,
	"huge_number":           lookAtPost,
	"token_needed":          "use the URL that holds the source's token: a fixed path proves nothing without a signature",
	"no_api_key":            "add a secret to the source, and send it from EventBridge, Firehose or Lambda as its API key",
	"wrong_api_key":         "send one of the source's secrets, or correct them; several may be valid while a key is changed",
	"too_many_events":       "make the buffer of the Firehose stream smaller",
	"bad_gzip":              "let proxies in front pass bodies on unchanged; else look at who posts here",

	"custom_event":         "replay the receipt (tidings replay): an earlier version kept it, this one makes an event of it",
	"reserved_name":        "give the event another detail-type where it is put on the bus, or leave it out of the rule",
	"bad_name":             "give the event a detail-type of 1 to 256 bytes, or leave it out of the rule",
	"no_email":             "an earlier version stored it: replay the receipt",
	"no_address":           "put the address into detail.email, or let the rule's pattern pass only events that have one",
	"data_too_large":       "put less into the event's detail; the whole is on its receipt",
	"too_large":            "look at what else is written to the stream: no SES event is that long",
	"more_problems":        "look at the problems that are listed: the others are most likely alike",
	"inbound_mail":         "give inbound mail a source of its own (provider inbound) and a topic of its own",
	"subscription_removed": "subscribe the source's URL to the topic again, unless it was meant",
	"unknown_partition":    "confirm the subscription with the SNS API: its address is not known for this partition",
	"no_recipient":         "nothing: SES named nobody; the request is kept",
}
