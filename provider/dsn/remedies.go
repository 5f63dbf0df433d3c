package dsn

// remedies say, by the code of a refusal or a problem, what a person can do about it.
var remedies = map[string]string{
	"no_credentials":    "put the user and password into the URL that reports are posted to",
	"wrong_credentials": "correct the user and password in the URL that reports are posted to, or the source's basicAuth",
	"not_proved":        "use the URL that holds the source's token",
	"not_a_message":     "post the message as it came, headers first; with curl use --data-binary, because --data eats line ends",
	"wrong_method":      "look at who calls",

	codeUnreadable:  "nothing; tidings replay reads it again with a later version",
	codeNotStandard: "read it with tidings receipts raw, and suppress the address by hand if it has to be",
	codeNoReport:    "let the envelope's sender be an address that gets nothing but reports",
	codeReceipt:     "nothing; don't ask for read receipts",
	codeNoRecipient: "send each recipient a message of its own, with an ENVID or a Message-ID that you know again",
	codeBounds:      "look at who sends this: no mail server writes such a report",
}
