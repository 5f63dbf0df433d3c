import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bot, Check, X } from 'lucide-react'
import { useState } from 'react'
import { type Approval, approvals, useDecide, waiting } from '../api/approvals'
import { Mono, Time } from '../components/bits'
import { Confirm } from '../components/overlay'
import { ReasonBadge } from '../components/suppression'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, Loading, Problem } from '../components/ui'
import { count, duration } from '../lib/format'
import { useNow } from '../lib/now'
import { reasonOf, reasons } from '../lib/why'

type Deciding = { of: Approval; approve: boolean }

/** What AI assistants asked for and a person decides on. */
export function Approvals() {
  const list = useQuery(approvals)
  const now = useNow()
  const [deciding, decide] = useState<Deciding>()
  const rows = (list.data ?? []).filter((a) => new Date(a.expiresAt) > now)
  const open = waiting(rows).length
  return (
    <>
      <Heading title="Approvals" about="An assistant changes nothing by itself: it asks, and a person decides here. What was decided is in the audit log.">
        <Link to="/audit" search={{ door: 'mcp' }} className="text-sm text-accent hover:underline">What assistants did</Link>
      </Heading>
      {list.error ? <Card><Problem error={list.error} retry={() => void list.refetch()} /></Card>
        : list.isPending ? <Loading lines={3} />
        : rows.length === 0 ? (
          <Card>
            <Empty icon={<Bot />} title="Nothing waits for you"
              action={<Link to="/keys" className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">Look at the keys</Link>}>
              When an AI assistant wants to lift a suppression or to change a contact, it appears here for fifteen minutes. An assistant can ask for that only
              with a key that has the scope <Mono>suppressions:write</Mono> or <Mono>contacts:write</Mono>.
            </Empty>
          </Card>
        ) : (
          <>
            <ul aria-label="What assistants asked for" className="flex flex-col gap-4">
              {rows.map((a) => <Item key={a.code} of={a} now={now} decide={(approve) => decide({ of: a, approve })} />)}
            </ul>
            <p role="status" className="text-xs text-soft">{open === 0 ? 'Nothing waits for a decision' : `${count(open)} ${open === 1 ? 'waits' : 'wait'} for a decision`}</p>
          </>
        )}
      <Decision deciding={deciding} close={() => decide(undefined)} />
    </>
  )
}

const whom = (a: Approval) => a.email ?? a.contactId

const asker = (a: Approval) => (a.keyName ? `“${a.keyName}”` : a.keyId)

/** What would be done, as a whole sentence. */
function would(a: Approval): string {
  if (a.operation !== 'remove_suppression') return `${a.would.charAt(0).toUpperCase()}${a.would.slice(1)}.`
  if (a.lifts.length === 0) return `Nothing would change: no suppression of ${whom(a)} holds any more.`
  return `Lift ${a.lifts.length === 1 ? 'the suppression' : `all ${a.lifts.length} suppressions`} of ${whom(a)}, so that mail may go there again.`
}

function Item({ of: a, now, decide }: { of: Approval; now: Date; decide: (approve: boolean) => void }) {
  const left = new Date(a.expiresAt).getTime() - now.getTime()
  return (
    <li>
      <Card>
        <div className="flex flex-wrap items-start gap-x-6 gap-y-4">
          <div className="flex min-w-64 flex-1 flex-col gap-3">
            <div className="flex flex-wrap items-center gap-2">
              {a.state === 'waits' ? <Badge tone="warn">Waits for you</Badge> : <Badge tone="good" title="The assistant was not back to do it yet">Approved, not done yet</Badge>}
              <span className="text-xs text-soft">ends in {duration(left)}</span>
            </div>
            <p className="font-medium [overflow-wrap:anywhere]">{would(a)}</p>
            <Facts>
              <Fact name="Contact"><Link to="/contacts/$id" params={{ id: a.contactId }} className="text-accent underline">{whom(a)}</Link></Fact>
              {a.lifts.length > 0 && (
                <Fact name="Suppressed for">
                  <span className="flex flex-wrap gap-1">{a.lifts.map((r) => { const reason = reasonOf(r); return reason ? <ReasonBadge key={r} reason={reason} /> : <Badge key={r}>{r}</Badge> })}</span>
                </Fact>
              )}
              <Fact name="Asked with the key">{a.keyName && <>{a.keyName} </>}<Mono>{a.keyId}</Mono></Fact>
              <Fact name="Asked"><Time at={a.askedAt} form="ago" /></Fact>
              <Fact name="Code"><Mono title="The assistant told its user the same">{a.code}</Mono></Fact>
              {a.state === 'approved' && <Fact name="Approved by">{a.approvedByName ?? a.approvedBy}{a.note && `: ${a.note}`}</Fact>}
            </Facts>
            {a.lifts.includes('complaint') && <p className="text-sm font-medium text-warn">They complained of your mail. Approve this only where they asked for mail again.</p>}
          </div>
          {a.state === 'waits' && (
            <div className="flex gap-2">
              <Button onClick={() => decide(false)} aria-label={`Refuse: ${would(a)}`}><X aria-hidden className="size-3.5" /> Refuse…</Button>
              <Button kind="main" onClick={() => decide(true)} aria-label={`Approve: ${would(a)}`}><Check aria-hidden className="size-3.5" /> Approve…</Button>
            </div>
          )}
        </div>
      </Card>
    </li>
  )
}

function Decision({ deciding, close }: { deciding: Deciding | undefined; close: () => void }) {
  const decide = useDecide()
  const a = deciding?.of
  const approve = deciding?.approve ?? false
  return (
    <Confirm open={deciding !== undefined} close={close} title={a ? `${approve ? 'Approve' : 'Refuse'} what ${asker(a)} asked for?` : ''}
      verb={approve ? 'Approve' : 'Refuse'}
      note={approve
        ? { label: a?.operation === 'remove_suppression' ? 'Why may mail go there again?' : 'Why is it right?', help: 'Needed. It is kept with your name and the time.', required: true }
        : { label: 'Why not?', help: 'For whoever reads the audit log.', required: false }}
      act={async (note) => {
        if (!a) return
        await decide.mutateAsync({ code: a.code, approve, note })
        tell(approve ? `Approved for ${whom(a)}. The assistant may go on.` : `Refused. Nothing was changed for ${whom(a)}.`)
      }}>
      {a && (
        <>
          <p>{would(a)}</p>
          {approve ? (
            <p>
              {a.lifts.length > 0 && `It is suppressed for ${a.lifts.map((r) => { const reason = reasonOf(r); return `“${reason ? reasons[reason].word : r}”` }).join(', ')}. `}
              The assistant may do it once, until <Time at={a.expiresAt} form="clock" />.
              {a.operation === 'remove_suppression' && ' A later bounce or complaint suppresses the address again.'}
            </p>
          ) : <p>Nothing is changed. The assistant is told that a person refused it.</p>}
        </>
      )}
    </Confirm>
  )
}
