import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import type { StepFigures, WorkflowFigures } from '../api/workflows'
import { compact, count, percent } from '../lib/format'
import { kindOf, sendOf, type Step } from '../lib/workflow-draft'
import { kindWords, outcomeWords, stepWords } from '../lib/workflow-words'
import { useSegmentNames } from './condition-words'
import { Table } from './table'
import { Card, Fact, Facts } from './ui'
import { KindIcon } from './workflow-kind'

interface Bar {
  name: string
  n: number
  about: string
  tone?: 'good' | 'bad' | 'info' | 'plain'
}

const fills = { good: 'bg-good/70', bad: 'bg-bad/70', info: 'bg-info/70', plain: 'bg-soft/50', accent: 'bg-accent/70' }

/** Bars beside each other's numbers, each a share of the first or of what is given. */
export function Bars({ bars, of, label }: { bars: Bar[]; of?: number; label: string }) {
  const whole = Math.max(of ?? bars[0]?.n ?? 0, 1)
  return (
    <dl aria-label={label} className="grid grid-cols-[auto_minmax(3rem,1fr)_auto] items-center gap-x-3 gap-y-1.5 text-sm">
      {bars.map((b) => (
        <div key={b.name} className="contents" title={b.about}>
          <dt className="text-soft">{b.name}</dt>
          <dd aria-hidden className="h-2 overflow-hidden rounded-full bg-raised"><span className={clsx('block h-full rounded-full', fills[b.tone ?? 'accent'])} style={{ width: `${Math.min(100, (b.n / whole) * 100)}%` }} /></dd>
          <dd className="numbers text-right"><span title={count(b.n)}>{compact(b.n)}</span> <span className="inline-block w-12 text-xs text-soft">{b.n > 0 || b === bars[0] ? percent(b.n / whole) : '0%'}</span></dd>
        </div>
      ))}
    </dl>
  )
}

const mailBars = (f: { sent: number; delivered: number; opened: number; clicked: number }): Bar[] => [
  { name: 'Mailed', n: f.sent, about: 'Emails that were handed over' }, { name: 'Delivered', n: f.delivered, about: 'Emails that arrived' },
  { name: 'Opened', n: f.opened, about: 'Emails that people opened; machines are left out' }, { name: 'Clicked', n: f.clicked, about: 'Emails in which people clicked; machines are left out' },
]

/** What the runs of a workflow came to, and what became of their emails. */
export function WorkflowSummary({ figures: f }: { figures: WorkflowFigures }) {
  const sum = (key: 'sent' | 'delivered' | 'opened' | 'clicked') => f.steps.reduce((n, s) => n + s[key], 0)
  const mails = { sent: sum('sent'), delivered: sum('delivered'), opened: sum('opened'), clicked: sum('clicked') }
  const machines = f.steps.reduce((n, s) => n + s.openedByMachines, 0)
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
      <Card title="Runs">
        <Bars label="Runs" bars={[
          { name: 'Began', n: f.started, about: 'Runs that began' }, { name: 'Going on', n: f.open, about: 'Runs that wait or go on now', tone: 'info' },
          { name: 'Completed', n: f.completed, about: 'Runs that came to the end', tone: 'good' }, { name: 'Exited', n: f.exited, about: 'Runs that an exit, an event or a time ended', tone: 'plain' },
          { name: 'Failed', n: f.failedNow, about: 'Runs that failed and wait for a person', tone: 'bad' }, ...(f.cancelled > 0 ? [{ name: 'Cancelled', n: f.cancelled, about: 'Runs that people ended', tone: 'plain' as const }] : []),
        ]} />
      </Card>
      <Card title="Emails" action={machines > 0 && <span className="text-xs text-soft" title="Opened by mail programs and scanners, and by no person">{count(machines)} opened by machines alone</span>}>
        <Bars label="Emails" bars={mailBars(mails)} />
      </Card>
    </div>
  )
}

/** What became of those who came to a step, and of its emails. */
export function StepFiguresPanel({ workflow, step, id, figures: f }: { workflow: string; step: Step; id: string; figures: StepFigures | undefined }) {
  const segment = useSegmentNames()
  const kind = kindOf(step)
  const left = Object.entries(f?.left ?? {}).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a)
  const names = kind === 'send' ? [sendOf(step).template ?? '', ...(sendOf(step).variants ?? []).map((v) => v.template ?? '')].filter((t) => t !== '') : []
  return (
    <div className="flex flex-col gap-4">
      <div>
        <h2 className="flex items-center gap-2 font-semibold"><KindIcon kind={kind} /> {step.name || (kind ? kindWords[kind].label : 'A step')}</h2>
        <p className="text-sm text-soft wrap-anywhere">{stepWords(step, segment)}</p>
        <p className="mt-0.5 font-mono text-xs text-soft wrap-anywhere">{id}</p>
        {names.map((t) => <p key={t} className="text-sm"><Link to="/templates/$" params={{ _splat: t }} className="text-accent hover:underline">{t}</Link></p>)}
      </div>
      <dl className="grid grid-cols-3 gap-3">
        <Fact name="Entered"><span className="numbers">{count(f?.entered ?? 0)}</span></Fact>
        <Fact name="Here now">{(f?.waiting ?? 0) > 0 ? <Link to="/workflows/$id" params={{ id: workflow }} search={{ tab: 'runs', step: id, status: 'open' }} className="numbers text-accent hover:underline">{count(f?.waiting ?? 0)}</Link> : '0'}</Fact>
        <Fact name="Failed here">{(f?.failed ?? 0) > 0 ? <Link to="/workflows/$id" params={{ id: workflow }} search={{ tab: 'runs', step: id, status: 'failed' }} className="numbers text-bad hover:underline">{count(f?.failed ?? 0)}</Link> : '0'}</Fact>
      </dl>
      {left.length > 0 && (
        <section className="flex flex-col gap-2">
          <h3 className="text-xs font-medium text-soft">Left it</h3>
          <Bars label="How it was left" of={f?.entered ?? 0} bars={left.map(([o, n]) => ({ name: outcomeWords[o] ?? o, n, about: `Left it this way: ${o || 'on'}`, tone: o === 'failed' ? 'bad' as const : 'info' as const }))} />
        </section>
      )}
      {kind === 'send' && f && (
        <section className="flex flex-col gap-2">
          <h3 className="text-xs font-medium text-soft">Its emails, of every version</h3>
          <Bars label="Its emails" bars={mailBars(f)} />
          <Facts>
            <Fact name="Bounced"><span className="numbers">{count(f.bounced)}</span></Fact>
            <Fact name="Complained"><span className="numbers">{count(f.complained)}</span></Fact>
            <Fact name="Unsubscribed"><span className="numbers">{count(f.unsubscribed)}</span></Fact>
            <Fact name="Opened by machines alone"><span className="numbers">{count(f.openedByMachines)}</span></Fact>
          </Facts>
        </section>
      )}
      {f?.variants && f.variants.length > 0 && (
        <section className="flex min-w-0 flex-col gap-2 [&_td]:px-1.5! [&_th]:px-1.5!">
          <h3 className="text-xs font-medium text-soft">Variants</h3>
          <Table label="Variants" head={<tr><th>Variant</th><th className="text-right">Mailed</th><th className="text-right">Opened</th><th className="text-right">Clicked</th></tr>}>
            {f.variants.map((v) => (
              <tr key={v.name} className="text-sm">
                <td className="max-w-32"><span className="font-medium">{v.name}</span> <span className="block truncate text-xs text-soft" title={v.template}>{v.template}</span></td>
                <td className="numbers text-right">{count(v.sent)}</td>
                <td className="numbers text-right">{count(v.opened)} <span className="block text-xs text-soft">{v.delivered > 0 ? percent(v.opened / v.delivered) : ''}</span></td>
                <td className="numbers text-right">{count(v.clicked)} <span className="block text-xs text-soft">{v.delivered > 0 ? percent(v.clicked / v.delivered) : ''}</span></td>
              </tr>
            ))}
          </Table>
        </section>
      )}
    </div>
  )
}
