import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { senders } from '../api/senders'
import { topics } from '../api/segments'
import type { DraftProblem } from '../api/workflows'
import { sentence } from '../lib/format'
import { type Draft, eventsOf, type Match } from '../lib/workflow-draft'
import { removed, replaced } from './condition-editor'
import { Button, Card, Field, Input, TextArea } from './ui'
import { MatchFields } from './workflow-match'
import { type Cap, CapFields, type Quiet, QuietFields } from './workflow-settings'
import { Pick } from './workflow-step-form'

type Reentry = { mode?: string; cooldown?: string }
type Exit = Match & { on?: Match; mapping?: unknown }

const text = (v: unknown) => (typeof v === 'string' ? v : '')
const part = <T extends object>(v: unknown): T | undefined => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as T) : undefined)

/** What a workflow says beside its steps. */
export function DraftSettings({ draft, change, problems }: { draft: Draft; change: (to: Draft) => void; problems: DraftProblem[] }) {
  const known = useQuery({ ...senders, retry: false }).data ?? []
  const kinds = useQuery({ ...topics, retry: false }).data ?? []
  const put = (to: Record<string, unknown>) => change(Object.fromEntries(Object.entries({ ...draft, ...to }).filter(([, v]) => v !== undefined)) as Draft)
  const wrong = (at: string) => {
    const found = problems.filter((p) => p.at === at || p.at.startsWith(`${at}.`) || p.at.startsWith(`${at}[`))
    return found.length > 0 ? found.map((p) => sentence(p.message)).join(' ') : undefined
  }
  const field = (key: string, label: string, help?: string, placeholder?: string) => (
    <Field label={label} help={help} problem={wrong(key)}>{(p) => <Input {...p} value={text(draft[key])} placeholder={placeholder} autoComplete="off" onChange={(e) => put({ [key]: e.target.value === '' && key !== 'workflow' ? undefined : e.target.value })} />}</Field>
  )
  const reentry: Reentry = typeof draft['reentry'] === 'string' ? { mode: draft['reentry'] } : (part<Reentry>(draft['reentry']) ?? {})
  const setReentry = (to: Reentry) => {
    const next = { ...reentry, ...to }
    put({ reentry: next.cooldown ? { mode: next.mode || 'after', cooldown: next.cooldown } : next.mode && next.mode !== 'once' ? next.mode : undefined })
  }
  const late = part<{ after?: string; then?: string }>(draft['late'])
  const said = draft['exitOn']
  const exits = (Array.isArray(said) ? said : said === undefined ? [] : [said]) as (string | Exit)[]
  const setExits = (list: (string | Exit)[]) => put({ exitOn: list.length > 0 ? list : undefined })
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
      <Card title="What it is called">
        <div className="flex flex-col gap-4">
          {field('name', 'Name', 'For people. Empty: the key')}
          {field('workflow', 'Key', 'Emails and events call it so: letters, digits, _ and -', 'onboarding')}
          <Field label="Description" problem={wrong('description')}>{(p) => <TextArea {...p} rows={2} value={text(draft.description)} onChange={(e) => put({ description: e.target.value || undefined })} />}</Field>
        </div>
      </Card>
      <Card title="Who enters again">
        <div className="flex flex-col gap-4">
          <Pick label="A contact that was in it" value={reentry.mode || 'once'} set={(mode) => setReentry({ mode, ...(mode === 'once' ? { cooldown: '' } : {}) })}
            options={[['once', 'does not enter again'], ['after', 'enters again when no run goes on'], ['replace', 'enters again, and the run that goes on ends'], ['parallel', 'enters again, beside the run that goes on']]} />
          {reentry.mode && reentry.mode !== 'once' && <Field label="Not before" help="How long after the start of the last run: 7d. Empty: at once" problem={wrong('reentry')}>{(p) => <Input {...p} value={reentry.cooldown ?? ''} onChange={(e) => setReentry({ cooldown: e.target.value })} />}</Field>}
        </div>
      </Card>
      <Card title="What ends a run">
        <div className="flex flex-col gap-4">
          {exits.map((x, i) => {
            const whole: Exit = typeof x === 'string' ? { event: x } : x
            const { on, mapping, ...beside } = whole
            return (
              <div key={i} role="group" aria-label={`Event ${i + 1} that ends a run`} className="flex flex-col gap-2 rounded-md border border-line p-2">
                <MatchFields label="An event of the contact" match={on ?? beside} at={`exitOn[${i}]`} change={(m) => setExits(replaced(exits, i, Object.keys(m).length === 1 && typeof m.event === 'string' && !mapping ? m.event : { ...m, ...(mapping ? { mapping } : {}) }))} />
                <Button small kind="quiet" className="self-start" onClick={() => setExits(removed(exits, i))}>Remove {eventsOf(on ?? beside)[0] || 'it'}</Button>
              </div>
            )
          })}
          {wrong('exitOn') && <p role="alert" className="text-xs text-bad">{wrong('exitOn')}</p>}
          <Button small className="self-start" onClick={() => setExits([...exits, ''])}><Plus aria-hidden className="size-3.5" /> An event that ends a run</Button>
          {field('timeout', 'At the latest after', '60d. Empty: when it is through', 'never')}
          <label className="flex items-center gap-2 text-sm font-medium"><input type="checkbox" className="accent-accent" checked={late?.then === 'skip'} onChange={(e) => put({ late: e.target.checked ? { after: late?.after ?? '1d', then: 'skip' } : undefined })} /> End runs that go on much too late, as after an outage</label>
          {late?.then === 'skip' && <Field label="Too late is" help="1d" problem={wrong('late')}>{(p) => <Input {...p} value={late.after ?? ''} onChange={(e) => put({ late: { ...late, after: e.target.value } })} />}</Field>}
        </div>
      </Card>
      <Card title="Its emails">
        <div className="flex flex-col gap-4">
          <Pick label="Sender" value={text(draft['sender'])} set={(v) => put({ sender: v || undefined })} options={known.map((x) => [x.name, x.name])} none="the default one" help={wrong('sender') ?? ''} />
          {field('from', 'From', 'Empty: the template’s or the sender’s', 'Harbour <hello@harbour.test>')}
          {field('replyTo', 'Reply to')}
          <Pick label="Topic" value={text(draft['topic'])} set={(v) => put({ topic: v || undefined })} options={kinds.map((x) => [x.slug, x.name])} none="of none" help={wrong('topic') ?? ''} />
          <label className="flex items-start gap-2 text-sm"><input type="checkbox" className="mt-1 accent-accent" checked={draft['transactional'] === true} onChange={(e) => put({ transactional: e.target.checked ? true : undefined })} /> <span><span className="font-medium">Transactional</span><br /><span className="text-xs text-soft">It goes on for those who unsubscribe and mails them, at once and at any hour.</span></span></label>
        </div>
      </Card>
      <Card title="Not too often, and not at night" className="xl:col-span-2">
        <div className="flex flex-col gap-5">
          <p className="text-xs text-soft">In place of what the settings of all workflows say.</p>
          <CapFields cap={part<Cap>(draft['cap'])} set={(cap) => put({ cap })} problem={(f) => wrong(`cap.${f}`)} />
          <QuietFields quiet={part<Quiet>(draft['quiet'])} set={(quiet) => put({ quiet: quiet && (Object.fromEntries(Object.entries(quiet).filter(([, v]) => v !== '')) as Quiet) })} problem={(f) => wrong(`quiet.${f}`)} />
        </div>
      </Card>
    </div>
  )
}
