import type { Schemas } from '../api/client'

/** What was done, in words. An operation that is not here is shown as it is. */
const operations: Record<string, string> = {
  createSource: 'Made a source', updateSource: 'Changed a source', rotateSource: 'Gave a source a new URL', disableSource: 'Switched a source off',
  enableSource: 'Switched a source on', confirmSubscription: 'Confirmed a subscription', testSource: 'Tested a source',
  addSuppression: 'Suppressed', liftSuppression: 'Lifted a suppression', importSuppressions: 'Imported suppressions',
  liftSuppressionPattern: 'Lifted a suppressed domain', createKey: 'Made a key', giveAWSPair: 'Gave a key an AWS pair', revokeKey: 'Revoked a key',
  replay: 'Read receipts again', startReplay: 'Began to read receipts again', cancelReplay: 'Cancelled reading again',
  replayReceipt: 'Read one receipt again', importEvents: 'Imported events', verify: 'Verified the counters', recount: 'Counted anew',
  createPerson: 'Invited a person', acceptInvitation: 'Signed in for the first time', signIn: 'Signed in', signOut: 'Signed out',
  refuseSignIn: 'Was refused to sign in', changePassword: 'Changed the password', resetPerson: 'Let a person choose a new password',
  disablePerson: 'Locked a person out', enablePerson: 'Let a person in again', endSession: 'Signed out elsewhere', restore: 'Restored a backup',
  createExport: 'Made an export', updateExport: 'Changed an export', deleteExport: 'Deleted an export', enableExport: 'Switched an export on',
  disableExport: 'Switched an export off', runExport: 'Ran an export',
  createRule: 'Made a rule', updateRule: 'Changed a rule', deleteRule: 'Deleted a rule', applyFiles: 'Applied files', createBroadcast: 'Made a broadcast',
  updateBroadcast: 'Changed a broadcast', deleteBroadcast: 'Deleted a broadcast', sendBroadcast: 'Sent a broadcast', pauseBroadcast: 'Paused a broadcast',
  resumeBroadcast: 'Let a broadcast go on', cancelBroadcast: 'Cancelled a broadcast', testBroadcast: 'Sent a test of a broadcast',
  startExecution: 'Started a run of a workflow', retryExecution: 'Let a run try again', skipExecution: 'Skipped a step of a run', cancelExecution: 'Cancelled a run', moveExecutions: 'Moved runs',
  createWorkflow: 'Made a workflow', updateWorkflow: 'Changed a workflow', defineWorkflow: 'Changed what a workflow says', duplicateWorkflow: 'Copied a workflow',
  enableWorkflow: 'Switched a workflow on', disableWorkflow: 'Switched a workflow off', deleteWorkflow: 'Deleted a workflow', setWorkflowSettings: 'Changed the settings of workflows',
  createAlertRule: 'Made an alert rule', updateAlertRule: 'Changed an alert rule', deleteAlertRule: 'Deleted an alert rule',
  acknowledgeAlert: 'Took note of an alert', muteAlert: 'Muted an alert', createAlertChannel: 'Made a channel of alerts',
  updateAlertChannel: 'Changed a channel of alerts', deleteAlertChannel: 'Deleted a channel of alerts', testAlertChannel: 'Tested a channel of alerts',
  createEndpoint: 'Made an endpoint', updateEndpoint: 'Changed an endpoint', deleteEndpoint: 'Deleted an endpoint', rotateEndpointSecret: 'Gave an endpoint a new secret',
  enableEndpoint: 'Enabled an endpoint', disableEndpoint: 'Disabled an endpoint', testEndpoint: 'Sent a test event', retryDispatch: 'Sent a dispatch again', dropDispatch: 'Dropped a dispatch',
  replayEndpoint: 'Sent events to an endpoint again', cancelEndpointReplay: 'Cancelled sending again',
  approveAct: 'Approved what an assistant asked for', refuseAct: 'Refused what an assistant asked for',
}

export const operationWords = (operation: string) =>
  operations[operation] ?? operation.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`).replace(/^./, (c) => c.toUpperCase())

/** A confirmation that did not work is written down too, with its problem. */
export const actWords = (a: Schemas['Act']) =>
  a.operation === 'confirmSubscription' && a.changes.some((c) => c.field === 'problem' && c.to) ? 'Could not confirm a subscription' : operationWords(a.operation)

/** What one can ask for. */
export const operationCodes = Object.keys(operations)

export const doors: Record<string, string> = { ui: 'this page', api: 'API', cli: 'command line', server: 'server', mcp: 'assistant' }

/** A field of a change in words: settings.requireVersion2 is "require version 2". */
export const fieldWords = (field: string) =>
  field.replace(/^settings\./, '').replace(/([a-z])([A-Z0-9])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
