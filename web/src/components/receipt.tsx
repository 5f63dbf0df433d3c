import type { Schemas } from '../api/client'
import { bytes } from '../lib/format'
import { providerTitle } from '../lib/providers'
import { Mono, Time } from './bits'
import type { Column } from './table'
import { Badge } from './ui'

type Receipt = Schemas['Receipt']

/** What could not be understood, in words, and what one does about it. The words of docs/providers. */
const problems: Record<string, [words: string, remedy: string]> = {
  unreadable: ['could not be read as an event', 'Nothing: it is kept, and a later version may read it. Then read it again.'],
  no_recipient: ['names no recipient', 'Nothing where it is about no message; else let the provider leave such events out.'],
  bad_time: ['has a time in an unknown form', 'Report the form; meanwhile another time of the request is used.'],
  inbound_mail: ['is inbound mail', 'Give inbound mail another URL or topic: this source is for what becomes of mail that you sent.'],
  custom_event: ['is an event of another kind', 'Nothing: a later version may read it. Then read it again.'],
  wrong_account: ['names another sending account', 'Correct the account in the source’s settings.'],
  too_large: ['is larger than any event', 'Look at what else is written to the stream.'],
  more_problems: ['has more problems than are listed', 'Look at those that are listed.'],
  subscription_removed: ['ended the subscription', 'Subscribe the source’s URL again, unless it was meant.'],
  unknown_partition: ['comes from an unknown part of AWS', 'Confirm the subscription with the SNS API.'],
  no_change: ['changes nothing', 'Nothing.'],
  unknown_value: ['has a value that is not known', 'Mend the sender: the event was made without it.'],
  account_status: ['is about the account', 'Look at the account at the provider: it may be suspended.'],
  not_an_email_event: ['is not about an email', 'Let the provider leave such events out.'],
  empty: ['holds nothing', 'Nothing.'],
  non_standard_bounce: ['is a bounce in a form of its own', 'Read it, and suppress the address by hand if it has to be.'],
  read_receipt: ['is a read receipt', 'Don’t ask for them.'],
  no_report: ['is a letter, not a report', 'Give bounces an address of their own.'],
  out_of_bounds: ['has more parts than any mail server writes', 'Look at who sends this.'],
}

export const problemCodes = Object.keys(problems)
export const problemWords = (code: string) => problems[code]?.[0] ?? code.replaceAll('_', ' ')
export const problemRemedy = (code: string) => problems[code]?.[1] ?? 'It is kept: a later version may read it. Then read it again.'

const kinds: Record<string, string> = {
  notification: 'Events', firehose: 'Firehose batch', lambda: 'By Lambda', probe: 'Probe', setup_notice: 'Set-up notice',
  subscription_confirmation: 'Asks to confirm', unsubscribe_confirmation: 'Subscription ended', delivery_report: 'Delivery report',
  feedback_report: 'Feedback report', auto_reply: 'Automatic reply', other_mail: 'Other mail', import: 'Import',
}
export const kindWords = (kind: string) => kinds[kind] ?? kind.replaceAll('_', ' ')
export const kindCodes = Object.keys(kinds)

export const receiptColumns: Column<Receipt>[] = [
  { id: 'at', head: 'Came', width: 165, cell: (r) => <Time at={r.receivedAt} form="short" /> },
  { id: 'provider', head: 'Provider', width: 200, cell: (r) => providerTitle(r.provider) },
  { id: 'kind', head: 'What', width: 155, cell: (r) => <span title={r.kind}>{kindWords(r.kind)}</span> },
  { id: 'problems', head: 'Problems', width: 240, grow: true, cell: (r) => <Problems list={r.problems} /> },
  { id: 'count', head: 'Times', width: 70, end: true, cell: (r) => r.count },
  { id: 'size', head: 'Size', width: 90, end: true, cell: (r) => bytes(r.size) },
  { id: 'id', head: 'Id', width: 120, cell: (r) => <Mono>{r.id}</Mono> },
]

function Problems({ list }: { list: Schemas['ReceiptProblem'][] }) {
  const first = list[0]
  if (!first) return <span className="text-soft">none</span>
  return (
    <span className="flex items-center gap-1.5" title={list.map((p) => p.message).join('\n')}>
      <Badge tone="warn">{problemWords(first.code)}</Badge>
      {list.length > 1 && <span className="text-xs text-soft">and {list.length - 1} more</span>}
    </span>
  )
}
