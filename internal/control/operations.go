package control

// Scope says what an operation needs of the one who asks.
type Scope string

// The scopes.
const (
	Secret Scope = "secret" // a secret key
	Public Scope = "public" // a public or a secret key
	Open   Scope = "open"   // nothing
	Person Scope = "person" // a signed-in person, or the command line: no key
)

// Operation is one row of the table that every door is made from.
type Operation struct {
	Name    string // also in the audit log and as operationId: "listEvents"
	Group   string // the resource it belongs to: "Events"
	Scope   Scope
	Local   bool   // long work, or who runs the server decides: offered by the command line alone
	Summary string // one line
	Details string // what a caller must know beyond it; may be empty
	Alters  bool   // of operations without a scope of keys: whether it changes something
}

// The names of operations that change something, as the audit log has them.
const (
	opCreateSource        = "createSource"
	opUpdateSource        = "updateSource"
	opRotateSource        = "rotateSource"
	opDisableSource       = "disableSource"
	opEnableSource        = "enableSource"
	opConfirmSubscription = "confirmSubscription"
	opTestSource          = "testSource"
	opLiftSuppression     = "liftSuppression"
	opAddSuppression      = "addSuppression"
	opImportSuppressions  = "importSuppressions"
	opLiftPattern         = "liftSuppressionPattern"
	opCreateKey           = "createKey"
	opRevokeKey           = "revokeKey"
	opReplay              = "replay"
	opImportEvents        = "importEvents"
	opStartReplay         = "startReplay"
	opCancelReplay        = "cancelReplay"
	opReplayReceipt       = "replayReceipt"
	opVerify              = "verify"
	opRecount             = "recount"
	opSignIn              = "signIn"
	opSignOut             = "signOut"
	opAcceptInvitation    = "acceptInvitation"
	opChangePassword      = "changePassword"
	opEndSession          = "endSession"
	opCreatePerson        = "createPerson"
	opResetPerson         = "resetPerson"
	opDisablePerson       = "disablePerson"
	opEnablePerson        = "enablePerson"
	opApproveAct          = "approveAct"
	opRefuseAct           = "refuseAct"
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
		{
			Name: "watchEvents", Group: "Events", Scope: Secret, Summary: "Watch events come in",
			Details: "Server-sent events (text/event-stream): each is named event, its data is an event as listEvents has it, its id " +
				"stands for its place in the log. After a broken connection a browser sends the last id by itself, as Last-Event-ID, " +
				"and gets everything that was committed since, late facts among them, in the order of commits. An event named lost " +
				"says why that is not possible. Comments come every 15 seconds. At most some readers at once: 429 beyond.",
		},
		{
			Name: "getEvent", Group: "Events", Scope: Secret, Summary: "Get an event",
			Details: "By its id. The answer is the same as in a list.",
		},
		{
			Name: "getEventRaw", Group: "Events", Scope: Secret, Summary: "Get what an event was made from",
			Details: "The provider's element as it was verified, while its receipt is kept.",
		},

		{
			Name: "listContacts", Group: "Contacts", Scope: Secret, Summary: "List and search contacts",
			Details: "Newest first. With search, addresses that begin with the text come first, by address, then those that have " +
				"it elsewhere. A page may hold fewer contacts than its limit, or none, while hasMore is true: go on with cursor.",
		},
		{
			Name: "getContact", Group: "Contacts", Scope: Secret, Summary: "Get a contact",
			Details: "By its id (con_…) or its address in any spelling that means the same.",
		},
		{
			Name: "getContactExplanation", Group: "Contacts", Scope: Secret, Summary: "Explain why a contact got no mail",
			Details: "Sentences with the facts that they rest on, the weightiest first: what stands against mail to the address, and " +
				"what became of the newest five emails. An address that nobody knows is explained too.",
		},
		{
			Name: "listContactEvents", Group: "Contacts", Scope: Secret, Summary: "Get the timeline of a contact",
			Details: "Newest first, with the filters of listEvents.",
		},

		{
			Name: "listMessages", Group: "Messages", Scope: Secret, Summary: "List emails",
			Details: "One for each recipient, with its state, by the newest of its events. Every filter narrows. A page may hold " +
				"fewer than its limit, or none, while hasMore is true: go on with nextCursor.",
		},
		{
			Name: "getMessage", Group: "Messages", Scope: Secret, Summary: "Get the timeline of an email",
			Details: "By the provider's message id, which may have several recipients, or by ours (msg_…), which has one: " +
				"what became of it for each recipient, and its newest events.",
		},
		{
			Name: "getMessageExplanation", Group: "Messages", Scope: Secret, Summary: "Explain what became of an email",
			Details: "For each recipient, ten at most: sentences with the facts that they rest on, and what stands against more mail.",
		},
		{
			Name: "listMessageEvents", Group: "Messages", Scope: Secret, Summary: "List the events of an email",
			Details: "Newest first, with the filters of listEvents.",
		},

		{
			Name: "listSources", Group: "Sources", Scope: Secret, Summary: "List sources",
			Details: "With the state of each and what it rests on, in the order in which they were made, disabled ones too. " +
				"Tokens and secrets are never shown again.",
		},
		{
			Name: opCreateSource, Group: "Sources", Scope: Secret, Summary: "Create a source",
			Details: "The answer holds the source's URL and token. They are shown this once: only a hash is kept.",
		},
		{
			Name: "getSource", Group: "Sources", Scope: Secret, Summary: "Get a source",
			Details: "What was configured. The token and the secrets are never shown again.",
		},
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
		{
			Name: opEnableSource, Group: "Sources", Scope: Secret, Summary: "Enable a source",
			Details: "Its URL takes requests again, with the token that it had.",
		},
		{
			Name: "getSourceHealth", Group: "Sources", Scope: Secret, Summary: "Get how a source does",
			Details: "Its state in one word, what is wrong and what to do, the worst first; and what that rests on: last events, " +
				"refusals by cause, problems, lag, silence, and subscriptions that wait for a person.",
		},
		{
			Name: opTestSource, Group: "Sources", Scope: Secret, Summary: "Test a source through its real URL",
			Details: "Posts a signed sample to the source's public URL, through whatever is in front, and tells of each step " +
				"whether it worked and what to do where it did not. The sample is proved like a request of the provider and " +
				"then forgotten: nothing is stored or counted. What fails is an answer with ok false, not an error.",
		},
		{
			Name: "listConfirmations", Group: "Sources", Scope: Secret, Summary: "List the subscriptions that asked a source",
			Details: "Newest first: those that wait for a person, and those that were confirmed.",
		},
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
		{
			Name: opAddSuppression, Group: "Suppressions", Scope: Secret, Summary: "Suppress an address or a domain",
			Details: "One address, or all of a domain (*@bad.test) or of its subdomains (*@*.bad.test). There is one suppression for " +
				"each address and reason: of what is there and what is added the earlier since and the later until count, and a lift " +
				"is undone. known in the answer tells that it held before.",
		},
		{
			Name: opImportSuppressions, Group: "Suppressions", Scope: Secret, Summary: "Import a list of suppressions",
			Details: "A list in CSV with a header (address, reason, since, until, note in any order, or the columns of Amazon SES, " +
				"SendGrid and Mailgun), or one address a line. Good lines go in where others are bad, in batches of 4,000; the first " +
				"1,000 bad lines are told. At most 256 MiB and 5,000,000 lines.",
		},
		{
			Name: "exportSuppressions", Group: "Suppressions", Scope: Secret, Summary: "Export the suppressions that hold",
			Details: "As CSV that an import reads back, or as JSON lines with format=jsonl or Accept: application/jsonl. Cells " +
				"that a spreadsheet would take for a formula begin with an apostrophe in CSV.",
		},
		{
			Name: "listSuppressionPatterns", Group: "Suppressions", Scope: Secret, Summary: "List suppression patterns",
			Details: "Newest first; those that hold and those that were lifted, unless active says which.",
		},
		{
			Name: opLiftPattern, Group: "Suppressions", Scope: Secret, Summary: "Lift a suppression pattern",
			Details: "By its id (sup_…) or its spelling, with a note. Suppressions of single addresses stay.",
		},

		{
			Name: "listApprovals", Group: "Approvals", Scope: Secret, Summary: "List what waits for a person",
			Details: "What AI assistants asked for and did not do yet, the oldest first: those that wait, and those that were " +
				"approved and not used so far. What was refused, used or is over is in the audit log.",
		},
		{
			Name: opApproveAct, Group: "Approvals", Scope: Secret, Summary: "Approve what an assistant asked for",
			Details: "With a note. The assistant may then do it, once, before expiresAt. 403 with the code own_approval for the key " +
				"that asked.",
		},
		{
			Name: opRefuseAct, Group: "Approvals", Scope: Secret, Summary: "Refuse what an assistant asked for",
			Details: "The assistant is told that a person refused it.",
		},

		{Name: "listReceipts", Group: "Receipts", Scope: Secret, Summary: "List receipts", Details: "Newest first."},
		{
			Name: "getReceipt", Group: "Receipts", Scope: Secret, Summary: "Get a receipt",
			Details: "What a request came to: its events, its repeats, its problems.",
		},
		{
			Name: opReplayReceipt, Group: "Receipts", Scope: Secret, Summary: "Parse a receipt again",
			Details: "With this version's adapter, at once. What was missing is stored; what is there stays as it is.",
		},
		{
			Name: "getReceiptRaw", Group: "Receipts", Scope: Secret, Summary: "Get the kept body of a receipt",
			Details: "All of the request but what must never be kept (the SNS Signature and UnsubscribeURL).",
		},

		{
			Name: opStartReplay, Group: "Replays", Scope: Secret, Summary: "Start a replay",
			Details: "Parses the kept receipts that are there now again with this version's adapters, in the background, and stores " +
				"what was missing. It survives a restart. One at a time runs for a project. With dryRun nothing is stored.",
		},
		{Name: "listReplays", Group: "Replays", Scope: Secret, Summary: "List replays", Details: "Newest first."},
		{
			Name: "getReplay", Group: "Replays", Scope: Secret, Summary: "Get how far a replay is",
			Details: "Its state, and what it came to so far.",
		},
		{
			Name: opCancelReplay, Group: "Replays", Scope: Secret, Summary: "Cancel a replay",
			Details: "It ends where it is. What it stored stays.",
		},

		{
			Name: "getOverview", Group: "Statistics", Scope: Secret, Summary: "How the project did",
			Details: "Totals and rates of a span, of the span of the same length before it, and of each day; and what needs " +
				"attention: rates that providers act upon, with enough messages to be sure of it.",
		},
		{
			Name: "getDeliverability", Group: "Statistics", Scope: Secret, Summary: "Report how mail is received",
			Details: "The overview, with what needs attention in sentences and what to do, and what it is made of: the ten largest " +
				"domains of recipients and of senders, and the reasons of bounces and complaints.",
		},
		{
			Name: "getStats", Group: "Statistics", Scope: Secret, Summary: "Count events by name, time and dimension",
			Details: "From counters that are kept with every event, so the answer is exact and does not depend on how many events " +
				"there are. unique counts messages once: in the bucket of their first such event. By name and by source events are " +
				"counted by hour, and zone moves the days; by anything else they are counted by days of UTC.",
		},
		{
			Name: "getLinks", Group: "Statistics", Scope: Secret, Summary: "List the links most clicked",
			Details: "Links without their query; \":id\" stands for a part of a path that is a number or a token. unique counts the " +
				"messages in which a person clicked.",
		},
		{
			Name: "getFunnel", Group: "Statistics", Scope: Secret, Summary: "Follow messages from sending to click",
			Details: "Of the messages that were sent in a span, how many were delivered, opened and clicked, whenever that was. " +
				"Opened and clicked are a person's; machine counts those that only programs did.",
		},
		{
			Name: "getDelays", Group: "Statistics", Scope: Secret, Summary: "How long people took to open and click",
			Details: "From sending to the first open or click of a person, of messages sent in a span. Exact to a fifth.",
		},
		{
			Name: "getReasons", Group: "Statistics", Scope: Secret, Summary: "Count why mail bounced at a domain",
			Details: "By the domain of the recipients, of the sender, or both. From the events, for counters know reasons of " +
				"everything alone: it looks at the newest 100,000 bounces of the span and says where that was not all of them.",
		},
		{
			Name: "getReach", Group: "Statistics", Scope: Secret, Summary: "Count the distinct contacts of a template",
			Details: "How many people opened (or what name says) a template, by its events. At a million events it stops and says so.",
		},

		{Name: "listKeys", Group: "Keys", Scope: Secret, Summary: "List API keys", Details: "Revoked ones too."},
		{
			Name: opCreateKey, Group: "Keys", Scope: Secret, Summary: "Create an API key",
			Details: "The answer holds the key. It is shown this once: only a hash is kept.",
		},
		{Name: opRevokeKey, Group: "Keys", Scope: Secret, Summary: "Revoke an API key", Details: "At once and for good."},

		{
			Name: "listActs", Group: "Audit", Scope: Secret, Summary: "List who changed what",
			Details: "Newest first: every act that changed something, through the API, the command line or by the server itself. " +
				"Refused requests and those that only read are not here. Values of secrets are never kept: of them it says only " +
				"that they changed.",
		},

		{
			Name: "listSettings", Group: "Server", Scope: Secret, Summary: "List the server's settings",
			Details: "With what it was started, and where each value comes from. Passwords are not told.",
		},

		{
			Name: opSignIn, Group: "People", Scope: Open, Alters: true, Summary: "Sign in",
			Details: "By name and password. The answer sets a cookie, with which a browser may do everything that a secret key may. " +
				"Wrong passwords make the next try wait: 429 says how long.",
		},
		{
			Name: "getSession", Group: "People", Scope: Person, Summary: "Tell who is signed in",
			Details: "By the cookie. 401 with the code no_session where nobody is.",
		},
		{
			Name: opSignOut, Group: "People", Scope: Person, Alters: true, Summary: "Sign out",
			Details: "The cookie opens nothing any more.",
		},
		{
			Name: "getInvitation", Group: "People", Scope: Open, Summary: "Look at a link that sets a password",
			Details: "By the token behind the # of the link. 404 where it is not known; 410 where it was used or is over, with " +
				"the reason.",
		},
		{
			Name: opAcceptInvitation, Group: "People", Scope: Open, Alters: true, Summary: "Use a link that sets a password",
			Details: "Once. Sets the password, ends the person's sessions elsewhere and signs in as signIn does. " +
				"A link without a name makes the first person, with the name that is given.",
		},
		{
			Name: opChangePassword, Group: "People", Scope: Person, Alters: true, Summary: "Change one's password",
			Details: "Ends the person's sessions everywhere; the answer sets the cookie of a new one.",
		},
		{
			Name: "listSessions", Group: "People", Scope: Person, Summary: "List where one is signed in",
			Details: "Newest first, those that are not over.",
		},
		{
			Name: opEndSession, Group: "People", Scope: Person, Alters: true, Summary: "Sign out elsewhere",
			Details: "By a session's id.",
		},

		{
			Name: "listPeople", Group: "People", Scope: Secret, Summary: "List the people who may sign in",
			Details: "Oldest first, disabled ones too.",
		},
		{
			Name: opCreatePerson, Group: "People", Scope: Secret, Summary: "Invite a person",
			Details: "Makes a person who may sign in once the link was used. The link is in the answer and is shown this once: it " +
				"sets the password, works once and for 24 hours. Whoever signs in may do everything.",
		},
		{
			Name: opResetPerson, Group: "People", Scope: Secret, Summary: "Make a link for a new password",
			Details: "Takes the person's password away, ends the sessions and the links before, and answers with a new link, " +
				"shown this once.",
		},
		{
			Name: opDisablePerson, Group: "People", Scope: Secret, Summary: "Keep a person from signing in",
			Details: "Ends the sessions and links too. The last one who can sign in stays: that is 409 with the code last_person.",
		},
		{
			Name: opEnablePerson, Group: "People", Scope: Secret, Summary: "Let a person sign in again",
			Details: "With the password from before; links from before do not work.",
		},

		{Name: opImportEvents, Group: "Events", Scope: Secret, Local: true, Summary: "Import events from files"},
		{Name: opReplay, Group: "Receipts", Scope: Secret, Local: true, Summary: "Parse kept receipts again"},
		{Name: opRecount, Group: "Events", Scope: Secret, Local: true, Summary: "Put counters right"},
		{Name: opVerify, Group: "Events", Scope: Secret, Local: true, Summary: "Recount the events against the counters"},

		{
			Name: "getHealth", Group: "Server", Scope: Open, Summary: "Tell whether the process is up",
			Details: "Answers as long as the process does, whatever the state of the database.",
		},
		{
			Name: "getReadiness", Group: "Server", Scope: Open, Summary: "Tell whether requests can be served",
			Details: "503 with reasons while the database can't be written or the server is shutting down.",
		},
	}
}
