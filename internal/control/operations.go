package control

// Scope says what an operation needs of the one who asks.
type Scope string

// The scopes.
const (
	Secret Scope = "secret" // a secret key
	Public Scope = "public" // a public or a secret key
	Open   Scope = "open"   // nothing
)

// Operation is one row of the table that every door is made from.
type Operation struct {
	Name    string // also in the audit log and as operationId: "listEvents"
	Group   string // the resource it belongs to: "Events"
	Scope   Scope
	Local   bool   // long work: offered by the command line alone
	Summary string // one line
	Details string // what a caller must know beyond it; may be empty
}

// The names of operations that change something, as the audit log has them.
const (
	opCreateSource        = "createSource"
	opUpdateSource        = "updateSource"
	opRotateSource        = "rotateSource"
	opDisableSource       = "disableSource"
	opEnableSource        = "enableSource"
	opConfirmSubscription = "confirmSubscription"
	opLiftSuppression     = "liftSuppression"
	opCreateKey           = "createKey"
	opRevokeKey           = "revokeKey"
	opReplay              = "replay"
	opVerify              = "verify"
)

// Operations lists all operations.
func Operations() []Operation {
	return []Operation{
		{
			Name: "listEvents", Group: "Events", Scope: Secret, Summary: "List events",
			Details: "Newest first. Every filter narrows; a repeated name widens to any of them. Names may be ours " +
				"(email.open) or the words of other systems (opened, delivered, deferred, complained). A page may hold fewer " +
				"events than its limit, or none, while hasMore is true: go on with nextCursor.",
		},
		{
			Name: "listEventNames", Group: "Events", Scope: Secret, Summary: "List event names",
			Details: "The names that events of this project have had, sorted.",
		},
		{Name: "getEvent", Group: "Events", Scope: Secret, Summary: "Get an event"},
		{
			Name: "getEventRaw", Group: "Events", Scope: Secret, Summary: "Get what an event was made from",
			Details: "The provider's element as it was verified, while its receipt is kept.",
		},

		{
			Name: "getContact", Group: "Contacts", Scope: Secret, Summary: "Get a contact",
			Details: "By its id (con_…) or its address in any spelling that means the same.",
		},
		{Name: "listContactEvents", Group: "Contacts", Scope: Secret, Summary: "Get the timeline of a contact"},

		{
			Name: "getMessage", Group: "Messages", Scope: Secret, Summary: "Get the timeline of an email",
			Details: "By the provider's message id, which may have several recipients, or by ours (msg_…), which has one: " +
				"what became of it for each recipient, and its newest events.",
		},
		{Name: "listMessageEvents", Group: "Messages", Scope: Secret, Summary: "List the events of an email"},

		{Name: "listSources", Group: "Sources", Scope: Secret, Summary: "List sources"},
		{
			Name: opCreateSource, Group: "Sources", Scope: Secret, Summary: "Create a source",
			Details: "The answer holds the source's URL and token. They are shown this once: only a hash is kept.",
		},
		{Name: "getSource", Group: "Sources", Scope: Secret, Summary: "Get a source"},
		{
			Name: opUpdateSource, Group: "Sources", Scope: Secret, Summary: "Change a source",
			Details: "Only the fields that are given change; a list replaces the whole list.",
		},
		{
			Name: opRotateSource, Group: "Sources", Scope: Secret, Summary: "Give a source a new token",
			Details: "The token before works on for a while, 24 hours unless said otherwise, so that nothing is lost.",
		},
		{
			Name: opDisableSource, Group: "Sources", Scope: Secret, Summary: "Disable a source",
			Details: "Its URL answers as if it did not exist. What came in stays.",
		},
		{Name: opEnableSource, Group: "Sources", Scope: Secret, Summary: "Enable a source"},
		{
			Name: "getSourceHealth", Group: "Sources", Scope: Secret, Summary: "Get how a source does",
			Details: "Last events, refusals by cause, problems, lag, and subscriptions that wait for a person.",
		},
		{Name: "listConfirmations", Group: "Sources", Scope: Secret, Summary: "List the subscriptions that asked a source"},
		{
			Name: opConfirmSubscription, Group: "Sources", Scope: Secret, Summary: "Confirm a subscription",
			Details: "Tells the provider that the subscription is wanted. A confirmed one stays as it is.",
		},

		{
			Name: "listSuppressions", Group: "Suppressions", Scope: Secret, Summary: "List suppressions",
			Details: "Newest first; those that hold and those that ended, unless active says which.",
		},
		{
			Name: opLiftSuppression, Group: "Suppressions", Scope: Secret, Summary: "Lift a contact's suppressions",
			Details: "A person's act with a note. A new bounce or complaint suppresses again.",
		},

		{Name: "listReceipts", Group: "Receipts", Scope: Secret, Summary: "List receipts", Details: "Newest first."},
		{Name: "getReceipt", Group: "Receipts", Scope: Secret, Summary: "Get a receipt"},
		{
			Name: "getReceiptRaw", Group: "Receipts", Scope: Secret, Summary: "Get the kept body of a receipt",
			Details: "All of the request but what must never be kept (the SNS Signature and UnsubscribeURL).",
		},

		{Name: "listKeys", Group: "Keys", Scope: Secret, Summary: "List API keys", Details: "Revoked ones too."},
		{
			Name: opCreateKey, Group: "Keys", Scope: Secret, Summary: "Create an API key",
			Details: "The answer holds the key. It is shown this once: only a hash is kept.",
		},
		{Name: opRevokeKey, Group: "Keys", Scope: Secret, Summary: "Revoke an API key", Details: "At once and for good."},

		{Name: opReplay, Group: "Receipts", Scope: Secret, Local: true, Summary: "Parse kept receipts again"},
		{Name: opVerify, Group: "Events", Scope: Secret, Local: true, Summary: "Recount the events against the counters"},

		{Name: "getHealth", Group: "Server", Scope: Open, Summary: "Tell whether the process is up"},
		{
			Name: "getReadiness", Group: "Server", Scope: Open, Summary: "Tell whether requests can be served",
			Details: "503 with reasons while the database can't be written or the server is shutting down.",
		},
	}
}
