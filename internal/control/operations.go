package control

import "slices"

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
	// Frequent operations change something and are not in the audit log: what they store tells itself who, when and how.
	Frequent bool
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
	opPutContact          = "createContact"
	opUpdateContact       = "updateContact"
	opDeleteContact       = "deleteContact"
	opMergeContacts       = "mergeContacts"
	opPutContacts         = "bulkContacts"
	opEraseContact        = "eraseContact"
	opImportContacts      = "importContacts"
	opSetContactLimit     = "setContactLimit"
	opCreateTopic         = "createTopic"
	opUpdateTopic         = "updateTopic"
	opDeleteTopic         = "deleteTopic"
	opCreateKey           = "createKey"
	opRevokeKey           = "revokeKey"
	opGiveAWSPair         = "giveAWSPair"
	opReplay              = "replay"
	opImportEvents        = "importEvents"
	opStartReplay         = "startReplay"
	opCancelReplay        = "cancelReplay"
	opReplayReceipt       = "replayReceipt"
	opVerify              = "verify"
	opRecount             = "recount"
	opTrack               = "trackEvent"
	opTrackBatch          = "trackEvents"
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
	return slices.Concat(
		eventOperations(),
		exportOperations(),
		contactOperations(),
		topicOperations(),
		formOperations(),
		brandOperations(),
		templateOperations(),
		senderOperations(),
		endpointOperations(),
		ruleOperations(),
		alertOperations(),
		workflowOperations(),
		segmentOperations(),
		messageOperations(),
		sendOperations(),
		broadcastOperations(),
		sourceOperations(),
		suppressionOperations(),
		approvalOperations(),
		receiptOperations(),
		statsOperations(),
		keyOperations(),
		peopleOperations(),
		localOperations(),
		healthOperations(),
	)
}
