package control

import (
	"slices"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// KeyScope is a word for what a secret key may do. A key without any may do everything.
type KeyScope struct {
	Word  string // "events:read"
	Means string // for people
}

const (
	readAll = "read"
	readRaw = "raw:read"
	// contactsWrite is the scope of whoever could subscribe anybody.
	contactsWrite = "contacts:write"
	// eraseContacts is no word that ends in :write: erasing is more than a change.
	eraseContacts = "contacts:erase"
	reads         = ":read"
	writes        = ":write"
)

// KeyScopes lists the words. One that writes does not include the one that reads.
func KeyScopes() []KeyScope {
	return []KeyScope{
		{readAll, "everything that only reads, but the bodies of raw:read"},
		{"events:read", "events and messages"},
		{"events:write", "tracking events"},
		{readRaw, "what providers sent, as it came: bodies of receipts and of events"},
		{"contacts:read", "contacts and their events"},
		{"contacts:write", "changes of contacts, and the links by which they confirm"},
		{eraseContacts, "erasing people, for good; it must be said, no other word includes it"},
		{"segments:read", "segments and who is in them"},
		{"segments:write", "making and changing segments"},
		{"sends:read", "emails that were sent, and are to be"},
		{"sends:write", "sending email, and deciding what becomes of what is queued or uncertain"},
		{"broadcasts:read", "broadcasts, their audiences and what became of them"},
		{"broadcasts:write", "making, sending, pausing and canceling broadcasts"},
		{"templates:read", "templates, their versions and previews"},
		{"templates:write", "making and changing templates"},
		{"suppressions:read", "suppressions"},
		{"suppressions:write", "adding and lifting suppressions"},
		{"approvals:read", "what AI assistants asked for"},
		{"approvals:write", "approving and refusing what other keys' assistants asked for"},
		{"sources:read", "sources, their health and their subscriptions"},
		{"sources:write", "making and changing sources, and confirming their subscriptions"},
		{"senders:read", "senders, without their secrets"},
		{"senders:write", "making, changing and trying senders"},
		{"endpoints:read", "endpoints, what they were sent and what came of it, without their secrets"},
		{"endpoints:write", "making, changing and trying endpoints, and sending to them again"},
		{"rules:read", "rules, what they did, and what they would do"},
		{"rules:write", "making, changing and applying rules"},
		{"exports:read", "scheduled exports and their runs, not their files"},
		{"exports:write", "making, changing and running scheduled exports, which write events where the operator lets them"},
		{"alerts:read", "alerts, what raises them, and whom they are told"},
		{"alerts:write", "making and changing what raises alerts and whom they are told, taking note of alerts and muting them"},
		{"workflows:read", "workflows, their runs, and what became of both"},
		{"workflows:write", "making and changing workflows, starting runs and deciding what becomes of them"},
		{"outbox:read", "the mail that was written into the outbox instead of being sent"},
		{"receipts:read", "receipts, without their bodies"},
		{"receipts:write", "importing events and parsing receipts again"},
		{"stats:read", "statistics"},
		{"stats:write", "putting counters right"},
		{"keys:read", "the list of keys"},
		{"keys:write", "making keys that may do no more than this one, and revoking keys"},
		{"audit:read", "the audit log"},
		{"people:read", "the people who may sign in"},
		{"people:write", "inviting people, who may do everything, and shutting them out: as good as everything"},
		{"settings:read", "the server's settings"},
		{readAddresses, "whole addresses in the answers to AI assistants (MCP); it must be said, no other word includes it"},
	}
}

// needs is the scope of every operation but those that are open to all or of people alone. One that is missing here takes
// a key that may do everything; a test finds it.
var needs = map[string]string{
	"listEvents": "events:read", "listEventNames": "events:read", "getEvent": "events:read",
	"watchEvents": "events:read", "exportEvents": "events:read",
	opTrack: "events:write", opTrackBatch: "events:write",
	"listMessages": "events:read", "getMessage": "events:read", "listMessageEvents": "events:read",
	"getEventRaw": readRaw, "getReceiptRaw": readRaw,
	"listContacts": "contacts:read", "getContact": "contacts:read", "listContactEvents": "contacts:read",
	"getContactExplanation": "contacts:read", "getMessageExplanation": "contacts:read",
	"listSends": "sends:read", "getSend": "sends:read", opSend: "sends:write", opDecideSend: "sends:write",
	opTestTemplate: "sends:write",
	"listSegments": "segments:read", "getSegment": "segments:read", "listSegmentContacts": "segments:read",
	"previewSegment": "segments:read", "explainSegment": "segments:read",
	opCreateSegment: "segments:write", opUpdateSegment: "segments:write", opDeleteSegment: "segments:write",
	opAddMembers: "segments:write", opRemoveMembers: "segments:write", opComputeSegment: "segments:write",
	opPutContact: "contacts:write", opUpdateContact: "contacts:write", opDeleteContact: "contacts:write",
	opEraseContact: eraseContacts, "listErasures": "contacts:read", "getErasure": "contacts:read",
	"getContactAccess": "contacts:read",
	opMergeContacts:    "contacts:write", opPutContacts: "contacts:write", opImportContacts: "contacts:write",
	"exportContacts": "contacts:read", "listConsents": "contacts:read", "listTags": "contacts:read",
	"getContactLimit": "contacts:read", opSetContactLimit: "contacts:write",
	"listTopics": "contacts:read", "getTopic": "contacts:read", opCreateTopic: "contacts:write",
	opUpdateTopic: "contacts:write", opDeleteTopic: "contacts:write",
	"listBroadcasts": "broadcasts:read", "getBroadcast": "broadcasts:read", "getBroadcastStats": "broadcasts:read",
	"measureBroadcast": "broadcasts:read", opCreateBroadcast: "broadcasts:write", opUpdateBroadcast: "broadcasts:write",
	opDeleteBroadcast: "broadcasts:write", opSendBroadcast: "broadcasts:write", opPauseBroadcast: "broadcasts:write",
	opResumeBroadcast: "broadcasts:write", opCancelBroadcast: "broadcasts:write", opTestBroadcast: "broadcasts:write",
	"listTemplates": "templates:read", "getTemplate": "templates:read", "listTemplateVersions": "templates:read",
	"getTemplateVersion": "templates:read", "validateTemplate": "templates:read", "previewTemplate": "templates:read",
	opCreateTemplate: "templates:write", opUpdateTemplate: "templates:write", opDeleteTemplate: "templates:write",
	opRestoreTemplate: "templates:write",
	"listForms":       "contacts:read", "getForm": "contacts:read",
	opCreateForm: contactsWrite, opUpdateForm: contactsWrite, opDeleteForm: contactsWrite, opConfirmation: contactsWrite,
	"getBrand": "contacts:read", opUpdateBrand: contactsWrite,
	"listSuppressions": "suppressions:read", "exportSuppressions": "suppressions:read",
	"listSuppressionPatterns": "suppressions:read", opLiftSuppression: "suppressions:write",
	opAddSuppression: "suppressions:write", opImportSuppressions: "suppressions:write", opLiftPattern: "suppressions:write",
	"listApprovals": "approvals:read", opApproveAct: "approvals:write", opRefuseAct: "approvals:write",
	"listSources": "sources:read", "getSource": "sources:read", "getSourceHealth": "sources:read",
	"listConfirmations": "sources:read", opCreateSource: "sources:write", opUpdateSource: "sources:write",
	opTestSource: "sources:write", opRotateSource: "sources:write",
	opDisableSource: "sources:write", opEnableSource: "sources:write",
	opConfirmSubscription: "sources:write",
	"listSenders":         "senders:read", "getSender": "senders:read", opCreateSender: "senders:write",
	opUpdateSender: "senders:write", opDeleteSender: "senders:write", opTestSender: "senders:write",
	"listEndpoints": "endpoints:read", "getEndpoint": "endpoints:read", "getEndpointFigures": "endpoints:read",
	"listDispatches": "endpoints:read", "getDispatch": "endpoints:read", "listEndpointReplays": "endpoints:read",
	opCreateEndpoint: "endpoints:write", opUpdateEndpoint: "endpoints:write", opDeleteEndpoint: "endpoints:write",
	opRotateEndpoint: "endpoints:write", opEnableEndpoint: "endpoints:write", opDisableEndpoint: "endpoints:write",
	opTestEndpoint: "endpoints:write", opRetryDispatch: "endpoints:write", opDropDispatch: "endpoints:write",
	opReplayEndpoint: "endpoints:write", opCancelEndpointReplay: "endpoints:write",
	"listRules": "rules:read", "getRule": "rules:read", "listRuleActs": "rules:read", "tryRule": "rules:read",
	opCreateRule: "rules:write", opUpdateRule: "rules:write", opDeleteRule: "rules:write", opApply: "rules:write",
	"listExports": "exports:read", "getExport": "exports:read", "listExportRuns": "exports:read",
	opCreateExport: "exports:write", opUpdateExport: "exports:write", opDeleteExport: "exports:write",
	opEnableExport: "exports:write", opDisableExport: "exports:write", opRunExport: "exports:write",
	"listAlerts": "alerts:read", "getAlert": "alerts:read", "listAlertRules": "alerts:read", "getAlertRule": "alerts:read",
	"tryAlertRule": "alerts:read", "listAlertChannels": "alerts:read", "getAlertChannel": "alerts:read",
	opAcknowledgeAlert: "alerts:write", opMuteAlert: "alerts:write", opCreateAlertRule: "alerts:write",
	opUpdateAlertRule: "alerts:write", opDeleteAlertRule: "alerts:write", opCreateAlertChannel: "alerts:write",
	opUpdateAlertChannel: "alerts:write", opDeleteAlertChannel: "alerts:write", opTestAlertChannel: "alerts:write",
	"listWorkflows": "workflows:read", "getWorkflow": "workflows:read", "listWorkflowVersions": "workflows:read",
	"getWorkflowDiff": "workflows:read", "getWorkflowFigures": "workflows:read", "getWorkflowDiagram": "workflows:read",
	"listExecutions": "workflows:read", "getExecutionCounts": "workflows:read", "getExecutionByID": "workflows:read",
	"validateWorkflow": "workflows:read", "dryRunWorkflow": "workflows:read", "dryRunStoredWorkflow": "workflows:read",
	"listWorkflowExecutions": "workflows:read", "getExecution": "workflows:read", "getWorkflowSettings": "workflows:read",
	opCreateWorkflow: "workflows:write", opUpdateWorkflow: "workflows:write", opDefineWorkflow: "workflows:write",
	opDuplicateWorkflow: "workflows:write", opEnableWorkflow: "workflows:write", opDisableWorkflow: "workflows:write",
	opDeleteWorkflow: "workflows:write", opStartRun: "workflows:write", opRetryRun: "workflows:write", opSkipRun: "workflows:write",
	opCancelRun: "workflows:write", opMoveRuns: "workflows:write", opSetWorkflowSettings: "workflows:write",
	"listOutbox": "outbox:read", "getOutboxMail": "outbox:read", "getOutboxRaw": "outbox:read",
	"listReplays": "receipts:read", "getReplay": "receipts:read",
	opStartReplay: "receipts:write", opCancelReplay: "receipts:write", opReplayReceipt: "receipts:write",
	"listReceipts": "receipts:read", "getReceipt": "receipts:read", opReplay: "receipts:write",
	opImportEvents:      "receipts:write",
	"getDeliverability": "stats:read",
	"getOverview":       "stats:read", "getStats": "stats:read", "getLinks": "stats:read", "getFunnel": "stats:read",
	"getDelays": "stats:read", "getReach": "stats:read", "getReasons": "events:read",
	opVerify: "stats:read", opRecount: "stats:write",
	"listKeys": "keys:read", opCreateKey: "keys:write", opRevokeKey: "keys:write",
	opGiveAWSPair: "keys:write",
	"listPeople":  "people:read", opCreatePerson: "people:write", opResetPerson: "people:write",
	opDisablePerson: "people:write", opEnablePerson: "people:write",
	"listActs": "audit:read", "listSettings": "settings:read",
}

// Needs is the word of the scope that a key must have; empty for an operation that is open to all, or to no key.
func (o Operation) Needs() string { return needs[o.Name] }

// Changes reports whether the operation changes something.
func (o Operation) Changes() bool {
	return o.Alters || strings.HasSuffix(o.Needs(), writes) || o.Needs() == eraseContacts
}

// Noted reports whether the audit log tells of the operation.
func (o Operation) Noted() bool { return o.Changes() && !o.Frequent }

// The codes of refusals for what a key may not do.
const (
	CodePersonOnly    = "person_only"
	CodePublicKey     = "public_key"
	CodeMissingScope  = "missing_scope"
	CodeScopeExceeded = "scope_exceeded"
)

// Admit makes an actor of a proved key or person, if they may use the operation.
func Admit(o Operation, p auth.Principal) (Actor, error) {
	if p.Session != "" { // people may do everything
		return Actor{Project: p.Project, By: p.Person, Door: p.Door, Name: p.PersonName, Session: p.Session}, nil
	}
	if o.Scope == Person {
		return Actor{}, fault.New(fault.Forbidden, CodePersonOnly, "this is for people who are signed in, not for keys").
			WithHint("sign in at /ui/")
	}
	if o.Scope == Secret && p.Kind != store.SecretKey {
		return Actor{}, fault.New(fault.Forbidden, CodePublicKey, "a public key may not do this").
			WithHint("use a secret key (sk_…), and never in a browser or an app")
	}
	if p.Kind == store.SecretKey && o.Scope != Open && !covers(p.Scopes, o.Needs()) {
		return Actor{}, missingScope(o.Needs())
	}
	return Actor{
		Project: p.Project, By: p.KeyID, Door: p.Door, Scopes: p.Scopes, ExpiresAt: p.ExpiresAt,
		Public: p.Kind == store.PublicKey, Bounds: p.Bounds,
	}, nil
}

func missingScope(word string) error {
	if word == "" {
		return fault.New(fault.Forbidden, CodeMissingScope, "this takes a key that may do everything").
			WithHint("create one with: tidings key create --kind secret")
	}
	return fault.New(fault.Forbidden, CodeMissingScope, "this key may not do this: it lacks the scope %s", word).
		WithHint("create a key that has it: tidings key create --scope %s", word)
}

// covers reports whether scopes include a word. The empty word stands for everything.
func covers(have store.Scopes, word string) bool {
	words := have.Words()
	switch {
	case len(words) == 0:
		return true
	case slices.Contains(words, word):
		return word != ""
	}
	return strings.HasSuffix(word, reads) && word != readRaw && word != readAddresses && slices.Contains(words, readAll)
}

// scopes reads the scopes that a new key is to have. nil means everything.
func (p *problems) scopes(words []string) store.Scopes {
	if words != nil && len(words) == 0 {
		p.add("scopes", "must have at least one; leave it out for a key that may do everything")
	}
	known := make([]string, 0, len(words))
	for _, s := range KeyScopes() {
		known = append(known, s.Word)
	}
	for i, word := range words {
		if !slices.Contains(known, word) {
			p.add(indexed("scopes", i), "%.60q is not a scope: want one of %s", word, strings.Join(known, ", "))
		}
	}
	return store.ScopesOf(words)
}

// within refuses a key that could do more than the one that makes it, or for longer. A public key's powers are not
// among the scopes: only a key that may do everything makes one.
func (w Actor) within(k store.Key) error {
	exceeded := fault.New(fault.Forbidden, CodeScopeExceeded, "a key can't make a key that may do more than it may itself")
	if k.Scopes == "" && w.Scopes != "" {
		return exceeded.WithHint("ask for a secret key with scopes that this one has, or use: tidings key create")
	}
	for _, word := range k.Scopes.Words() {
		if !covers(w.Scopes, word) {
			return exceeded.WithHint("leave out the scope %s, or use: tidings key create --scope %[1]s", word)
		}
	}
	if !k.Bounds.Within(w.Bounds) {
		return exceeded.WithHint("give it no other events and domains than this one has")
	}
	if !w.ExpiresAt.IsZero() && (k.ExpiresAt.IsZero() || k.ExpiresAt.After(w.ExpiresAt)) {
		return fault.New(fault.Forbidden, CodeScopeExceeded, "a key can't make a key that outlives it").
			WithHint("give an expiresAt that is not later than %s", stamp(w.ExpiresAt))
	}
	return nil
}
