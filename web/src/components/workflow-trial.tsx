import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronRight, FlaskConical, RotateCw } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Refusal } from '../api/client'
import { type WorkflowTrial as Trial, type WorkflowWould, workflowTrial } from '../api/runs'
import { compact, count, sentence } from '../lib/format'
import { visitWords, whyEnded } from '../lib/runs'
import { Mono, Time } from './bits'
import { Chart } from './chart'
import { ContactLink } from './event'
import { RunBadge } from './run'
import { Table } from './table'
import { Badge, Button, Card, Empty, Problem, Select } from './ui'
import { useSteps } from './workflow-runs'

const spans = [1, 7, 14, 30, 60, 90] as const

interface TrialSearch {
  tab?: string
  days?: string
}

/** What a workflow, or a draft of it that is not stored, would have done with events of the past. Nothing is stored or sent. */
export function WorkflowTrial({ workflow, draft }: { workflow: string; draft?: string | undefined }) {
  const search: TrialSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const days = Math.min(Math.max(Math.round(Number(search.days)) || 7, 1), 90)
  // What is written meanwhile is tried when somebody asks for it: it takes a while.
  const [tried, setTried] = useState(draft)
  const stale = tried !== draft
  const asked = workflowTrial(workflow, tried, days)
  const trial = useQuery(asked)
  const [stopped, stop] = useState(false)
  const again = () => {
    stop(false)
    if (stale) setTried(draft)
    else void trial.refetch()
  }
  const choose = (n: number) => {
    stop(false)
    void navigate({ to: '.', search: { ...search, days: String(n) }, replace: true, resetScroll: false })
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Select aria-label="How far back" value={days} onChange={(e) => choose(Number(e.target.value))}>
          {[...new Set([...spans, days])].sort((a, b) => a - b).map((n) => <option key={n} value={n}>{n === 1 ? 'The last day' : `The last ${n} days`}</option>)}
        </Select>
        <Button onClick={again} disabled={trial.isFetching}><RotateCw aria-hidden className="size-3.5" /> Try it again</Button>
        <p className="flex-1 basis-64 text-sm text-soft">Plays the stored events of these days through {draft === undefined ? 'the workflow as it is stored' : 'what is written, stored or not'}. Nothing is stored, changed or sent.</p>
        {stale && !trial.isFetching && <Badge tone="warn">You changed something since</Badge>}
      </div>
      {trial.isFetching ? <Working stop={() => { stop(true); void queries.cancelQueries({ queryKey: asked.queryKey }) }} />
        : stopped && !trial.data ? <Card><Empty icon={<FlaskConical />} title="It was stopped" action={<Button onClick={again}>Try it again</Button>}>Fewer days are quicker.</Empty></Card>
        : trial.error ? <Failed error={trial.error} retry={again} />
        : trial.data && <Found workflow={workflow} trial={trial.data} days={days} />}
    </>
  )
}

/** How long it has been at work. How far it is nobody knows before it is through. */
function Working({ stop }: { stop: () => void }) {
  const [seconds, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <Card>
      <div className="flex flex-wrap items-center gap-3">
        <div role="progressbar" aria-label="Playing the events" className="h-1.5 min-w-40 flex-1 overflow-hidden rounded-full bg-raised"><div className="h-full w-1/3 animate-pulse rounded-full bg-accent" /></div>
        <p role="status" className="numbers text-sm text-soft">At work{seconds > 1 && ` for ${seconds} s`}…</p>
        {seconds > 1 && <Button small onClick={stop}>Stop</Button>}
      </div>
    </Card>
  )
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const refused = error instanceof Refusal ? error : undefined
  if (refused?.fields.some((f) => f.field === 'workflow.trigger' && /is no event/.test(f.message))) {
    return (
      <Card><Empty icon={<FlaskConical />} title="Only entries by events can be tried">
        Nobody enters this workflow by an event: it is started by hand, by a schedule or by a segment, which is not stored for the past. Start a run by hand for a contact of your own to see what it does.
      </Empty></Card>
    )
  }
  if (refused && refused.status === 422) {
    return <Card title="It can’t be tried yet" flush><ul aria-label="Problems of the workflow" className="divide-y divide-line text-sm">{refused.fields.map((f, i) => <li key={i} className="px-4 py-2 wrap-anywhere">{sentence(f.hint ? `${f.message}: ${f.hint}` : f.message)} <span className="text-soft"><Mono>{f.field}</Mono></span></li>)}</ul></Card>
  }
  return <Problem error={error} retry={retry} />
}

function Found({ workflow, trial: t, days }: { workflow: string; trial: Trial; days: number }) {
  const steps = useSteps(workflow)
  const nameOf = (id: string) => steps.get(id)?.title ?? id
  const kindOf = (id: string) => steps.get(id)?.kind ?? ''
  return (
    <>
      <Card title="Who would have entered">
        <p role="status" className="text-[15px]">
          {t.looked === 0 ? <>No event that the trigger is for came since <Time at={t.since} form="day" />.</> : (
            <>
              <span className="numbers font-semibold">{count(t.entered)}</span> {t.entered === 1 ? 'run would have begun' : 'runs would have begun'} since <Time at={t.since} form="day" />.
              <span className="text-soft"> The trigger is for {count(t.matched)} of the {count(t.looked)} {t.looked === 1 ? 'event' : 'events'} of that name.</span>
              {t.cut && <> <Badge tone="warn" title="There are more events or contacts than a trial looks at: the newest were looked at">not all looked at</Badge></>}
            </>
          )}
        </p>
        {t.entered > 0 && <div className="mt-3"><Days trial={t} days={days} /></div>}
        {t.refused.length > 0 && (
          <div className="mt-4">
            <h3 className="text-xs font-medium text-soft">Others would not have entered</h3>
            <ul aria-label="Why others would not have entered" className="mt-1 text-sm">
              {t.refused.map((r) => <li key={r.why} className="flex gap-3 py-0.5"><span className="numbers w-14 shrink-0 text-right">{count(r.number)}</span><span className="wrap-anywhere">{sentence(r.why)}</span></li>)}
            </ul>
          </div>
        )}
      </Card>
      {t.sample.length > 0 && (
        <>
          <Emails sample={t.sample} entered={t.entered} nameOf={nameOf} />
          <Card flush title="What each would have got" action={<span className="text-xs text-soft">{t.sample.length < t.entered ? `the newest ${count(t.sample.length)} of ${count(t.entered)}` : count(t.sample.length)}</span>}>
            <ul aria-label="Runs that would have begun">{t.sample.map((w) => <Would key={`${w.event.id} ${w.email}`} would={w} nameOf={nameOf} kindOf={kindOf} />)}</ul>
          </Card>
        </>
      )}
      {t.entered === 0 && <Card><Empty icon={<FlaskConical />} title={t.looked === 0 ? 'Nothing to try it on' : 'Nobody would have entered'}>{t.looked === 0 ? <>Look further back, or track such an event. <Link to="/events/custom" className="text-accent underline">Custom events</Link> lists what came.</> : 'Every part of the trigger has to fit, its condition has to hold for the contact as it is now, and who was in it enters again only where the workflow lets them.'}</Empty></Card>}
      <Unknown />
    </>
  )
}

const day = 86_400_000

/** Day by day, in UTC as the server counts them. */
function Days({ trial: t, days }: { trial: Trial; days: number }) {
  const { times, lines } = useMemo(() => {
    const begin = Math.floor(Date.parse(t.since) / day)
    const on = new Map(t.days.map((d) => [Math.floor(Date.parse(d.day) / day), d.entered]))
    const list = Array.from({ length: days + 1 }, (_, i) => begin + i)
    // Noon of a day is the same day almost everywhere.
    return { times: list.map((d) => d * 86_400 + 43_200), lines: [{ label: 'Entered', colour: '--accent', values: list.map((d) => on.get(d) ?? 0) }] }
  }, [t, days])
  return <Chart times={times} lines={lines} height={170} label="Runs that would have begun, by day" />
}

/** Emails by step and template, of those runs that were played. */
function Emails({ sample, entered, nameOf }: { sample: WorkflowWould[]; entered: number; nameOf: (id: string) => string }) {
  const rows = useMemo(() => {
    const found = new Map<string, { step: string; template: string; variant: string; emails: number; people: Set<string> }>()
    for (const w of sample) {
      for (const s of w.sends) {
        const key = JSON.stringify([s.step, s.template, s.variant])
        const row = found.get(key) ?? { step: s.step, template: s.template, variant: s.variant ?? '', emails: 0, people: new Set<string>() }
        row.emails++
        row.people.add(w.email)
        found.set(key, row)
      }
    }
    return [...found.values()].sort((a, b) => b.emails - a.emails)
  }, [sample])
  return (
    <Card flush title="Emails that would have gone" action={sample.length < entered && <span className="text-xs text-soft">of the newest {count(sample.length)} runs</span>}>
      {rows.length === 0 ? <p className="px-4 py-6 text-center text-sm text-soft">None yet: nobody would have come to an email.</p> : (
        <Table label="Emails by template" head={<tr><th scope="col">Template</th><th scope="col">Step</th><th scope="col" className="text-right">Emails</th><th scope="col" className="text-right">People</th></tr>}>
          {rows.map((r) => (
            <tr key={`${r.step} ${r.template} ${r.variant}`} className="text-sm">
              <td className="max-w-72 truncate"><Link to="/templates/$" params={{ _splat: r.template }} className="hover:underline">{r.template}</Link>{r.variant && <> <Badge>{r.variant}</Badge></>}</td>
              <td className="max-w-72 truncate text-soft" title={r.step}>{nameOf(r.step)}</td>
              <td className="numbers text-right">{compact(r.emails)}</td>
              <td className="numbers text-right">{compact(r.people.size)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  )
}

/** One run that would have begun; its way shows when it is opened. */
function Would({ would: w, nameOf, kindOf }: { would: WorkflowWould; nameOf: (id: string) => string; kindOf: (id: string) => string }) {
  const why = whyEnded(w.status, w.reason)
  return (
    <li className="border-b border-line last:border-b-0">
      <details className="group">
        <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm hover:bg-raised focus-visible:-outline-offset-2">
          <ChevronRight aria-hidden className="size-4 shrink-0 text-soft group-open:rotate-90" />
          <span className="min-w-40 flex-1 basis-52 truncate">{w.email}</span>
          <span className="text-xs text-soft">entered <Time at={w.event.occurredAt} form="short" /></span>
          <span className="numbers w-16 text-right text-xs text-soft">{count(w.sends.length)} {w.sends.length === 1 ? 'email' : 'emails'}</span>
          <span className="flex min-w-40 flex-1 basis-52 items-center gap-2 truncate"><RunBadge status={w.status} /> <span className="truncate text-soft" title={w.step}>{w.status === 'COMPLETED' ? '' : nameOf(w.step)}</span></span>
        </summary>
        <div className="flex flex-col gap-2 px-4 pb-3 pl-11 text-sm">
          <p className="text-soft">
            <ContactLink id={w.contactId} address={w.email} />{!w.contactId && ' would become a contact'}, by <Link to="/events/$id" params={{ id: w.event.id }} className="text-accent underline">the event {w.event.name}</Link>.
            {w.endedAt ? <> It would have ended <Time at={w.endedAt} />.</> : w.dueAt ? <> It would go on <Time at={w.dueAt} form="ago" />, <Time at={w.dueAt} />.</> : ' It would wait for an event.'}
            {why && ` ${why}`}
          </p>
          <ol aria-label={`The way of ${w.email}`} className="flex flex-col">
            {w.steps.map((s) => {
              const mail = w.sends.find((m) => m.step === s.step && m.at >= s.enteredAt && (!s.leftAt || m.at <= s.leftAt))
              return (
                <li key={s.visit} className="flex flex-wrap gap-x-3 py-0.5">
                  <span className="w-36 shrink-0 text-soft"><Time at={s.enteredAt} form="short" /></span>
                  <span className="min-w-0 flex-1 basis-48 wrap-anywhere">
                    {nameOf(s.step)}
                    {mail && <span className="text-soft"> — {mail.template}{mail.variant && ` (${mail.variant})`}</span>}
                    {s.leftAt && s.outcome !== 'sent' && <span className="text-soft"> — {visitWords({ ...s, type: kindOf(s.step) })}</span>}
                    {!s.leftAt && <span className="text-soft"> (there now)</span>}
                  </span>
                </li>
              )
            })}
          </ol>
        </div>
      </details>
    </li>
  )
}

/** What a trial can't know is said, so that nobody takes it for more than it is. */
function Unknown() {
  return (
    <section aria-label="What a trial can’t tell" className="rounded-lg border border-line bg-panel p-4 text-sm text-soft">
      <h2 className="mb-1 font-semibold text-ink">What a trial can’t tell</h2>
      <ul className="list-disc space-y-1 pl-5">
        <li>Conditions and choices are asked of contacts as they are now, not as they were then. Whether somebody was suppressed or unsubscribed then is told by events alone.</li>
        <li>Nobody opens or clicks an email that was never sent: such questions about emails of the run are answered with no.</li>
        <li>Webhooks are taken as answered, changes as made, emails as sent. Emails that others send do not count as too many.</li>
        <li>Events that are no longer kept, and archives that were imported, begin nothing.</li>
      </ul>
    </section>
  )
}
