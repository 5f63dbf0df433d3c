import { ChevronDown, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Refusal } from '../api/client'
import { type EndpointDraft, type HeaderDraft, twice } from '../lib/endpoint-draft'
import { type Format, formats, sample } from '../lib/endpoints'
import { JSONView } from './bits'
import { EndpointMatch } from './endpoint-match'
import { fieldProblem } from './source-settings'
import { Button, Card, Field, IconButton, Input } from './ui'
import { Question } from './workflow-question'

interface Props {
  draft: EndpointDraft
  put: (to: Partial<EndpointDraft>) => void
  error: unknown
}

const delivery = ['concurrency', 'perSecond', 'ordered', 'for', 'batch', 'batch.max', 'batch.wait', 'raw', 'secret']

/** Whether the form shows what is wrong with a field at its place. */
const shown = (field: string) =>
  ['name', 'url', 'format', 'on', 'if', 'headers', ...delivery].includes(field) || /^(on|if|headers)\./.test(field)

/** What was refused and belongs to no field of the form. */
export const otherOfEndpoint = (error: unknown): unknown =>
  error instanceof Refusal && error.fields.length > 0 && error.fields.every((f) => shown(f.field)) ? undefined : (error ?? undefined)

/** What is wrong with the parts of a field, in one line. */
const below = (error: unknown, field: string): string[] =>
  error instanceof Refusal ? error.fields.filter((f) => f.field.startsWith(`${field}.`)).map((f) => f.field) : []

/** All of an endpoint: where to, what, and how. */
export function EndpointFields({ draft: d, put, error, isNew }: Props & { isNew: boolean }) {
  return (
    <>
      <Card title="Where to">
        <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
          <Field label="Name" help="Unique in the project." problem={fieldProblem(error, 'name')}>
            {(p) => <Input {...p} required maxLength={100} autoComplete="off" placeholder="crm" value={d.name} onChange={(e) => put({ name: e.target.value })} />}
          </Field>
          <Field label="URL" help="A POST goes there for each event. An answer of 2xx takes it, anything else is tried again." problem={fieldProblem(error, 'url')}>
            {(p) => <Input {...p} required type="text" inputMode="url" spellCheck={false} autoComplete="off" placeholder="https://acme.test/hooks/tidings" value={d.url} onChange={(e) => put({ url: e.target.value })} />}
          </Field>
        </div>
      </Card>
      <Card title="Which events">
        <div className="flex flex-col gap-4">
          <EndpointMatch on={d.on} change={(on) => put({ on })} error={error} />
          <Question label="Only those of contacts for whom a condition holds" value={d.condition} at="if" change={(condition) => put({ condition })}
            problems={below(error, 'if').map((at) => ({ at, message: (error as Refusal).fields.find((f) => f.field === at)?.message ?? '' }))} />
          {fieldProblem(error, 'if') && <p role="alert" className="text-xs text-bad">{fieldProblem(error, 'if')}</p>}
          {d.condition && <p className="text-xs text-soft">It is asked when the event goes out. Events of no contact don’t go there.</p>}
        </div>
      </Card>
      <Card title="What is sent"><Body draft={d} put={put} error={error} /></Card>
      <Card title="Headers"><Headers list={d.headers} set={(headers) => put({ headers })} error={error} /></Card>
      <How draft={d} put={put} error={error} isNew={isNew} />
    </>
  )
}

function Check({ label, about, problem, checked, set, disabled }: { label: string; about: ReactNode; problem?: string | undefined; checked: boolean; set: (to: boolean) => void; disabled?: boolean }) {
  return (
    <label className={`flex items-start gap-2 text-sm ${disabled ? 'opacity-60' : ''}`}>
      <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" checked={checked} disabled={disabled} aria-invalid={problem ? true : undefined} onChange={(e) => set(e.target.checked)} />
      <span>{label}<span className={`block text-xs ${problem ? 'text-bad' : 'text-soft'}`}>{problem ?? about}</span></span>
    </label>
  )
}

function Body({ draft: d, put, error }: Props) {
  const problem = (field: string) => fieldProblem(error, field)
  const plain = d.format === 'mailglyph'
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">Format</legend>
          {(Object.keys(formats) as Format[]).map((f) => (
            <label key={f} className="flex items-start gap-2 text-sm">
              <input type="radio" name="format" className="mt-0.5 size-4 shrink-0 accent-accent" checked={d.format === f} onChange={() => put({ format: f })} />
              <span>{formats[f].label}<span className="block text-xs text-soft">{formats[f].about}</span></span>
            </label>
          ))}
          {problem('format') && <p className="text-xs text-bad">{problem('format')}</p>}
        </fieldset>
        <Check label="With what the provider told" about="While it is kept; links by which somebody could unsubscribe the recipient are taken out." problem={problem('raw')} checked={d.raw && !plain} disabled={plain} set={(raw) => put({ raw })} />
        <Check label="Several events in one request" about="A batch goes once it is full, or waited long enough." problem={problem('batch')} checked={d.batch} disabled={plain && !d.batch} set={(batch) => put({ batch })} />
        {d.batch && (
          <div className="grid grid-cols-2 gap-3 pl-6">
            <Field label="At most" help="2 to 500 events" problem={problem('batch.max')}>{(p) => <Input {...p} type="number" min={2} max={500} value={d.batchMax} onChange={(e) => put({ batchMax: e.target.value })} />}</Field>
            <Field label="Waits for" help="As in 5s; empty: 1s" problem={problem('batch.wait')}>{(p) => <Input {...p} autoComplete="off" value={d.batchWait} placeholder="1s" onChange={(e) => put({ batchWait: e.target.value })} />}</Field>
          </div>
        )}
      </div>
      <div className="min-w-0">
        <p className="mb-1 text-xs text-soft">A sample of what a request holds</p>
        <JSONView value={sample(d.format, { withRaw: d.raw, batch: d.batch })} />
      </div>
    </div>
  )
}

function Headers({ list, set, error }: { list: HeaderDraft[]; set: (to: HeaderDraft[]) => void; error: unknown }) {
  const again = twice(list)
  const change = (i: number, to: Partial<HeaderDraft>) => set(list.map((h, j) => (i === j ? { ...h, ...to } : h)))
  const problem = (h: HeaderDraft) => (again.includes(h.name.trim().toLowerCase()) ? 'It is there twice.' : h.name.trim() ? fieldProblem(error, `headers.${h.name.trim()}`) : undefined)
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-soft">They go with each request, for a receiver that wants a token. Values are kept sealed and never shown again. Who it is from is told by the signature, which needs none of them.</p>
      {list.map((h, i) => (
        <div key={i} className="flex items-start gap-2">
          <div className="grid min-w-0 flex-1 gap-2 sm:grid-cols-2">
            <Field label={`Name of header ${i + 1}`} problem={problem(h)}>
              {(p) => <Input {...p} required readOnly={h.kept} maxLength={100} spellCheck={false} autoComplete="off" placeholder="Authorization" value={h.name} onChange={(e) => change(i, { name: e.target.value })} />}
            </Field>
            <Field label={`Value of header ${i + 1}`} help={h.kept ? 'There is one, which stays unless you write another.' : undefined}>
              {(p) => <Input {...p} required={!h.kept} type="password" autoComplete="new-password" placeholder={h.kept ? '••••••••' : 'Bearer …'} value={h.value} onChange={(e) => change(i, { value: e.target.value })} />}
            </Field>
          </div>
          <span className="mt-6"><IconButton label={`Remove header ${i + 1}`} onClick={() => set(list.filter((_, j) => j !== i))}><Trash2 aria-hidden className="size-4" /></IconButton></span>
        </div>
      ))}
      {fieldProblem(error, 'headers') && <p role="alert" className="text-xs text-bad">{fieldProblem(error, 'headers')}</p>}
      <Button small className="self-start" onClick={() => set([...list, { name: '', value: '', kept: false }])}><Plus aria-hidden className="size-3.5" /> Add a header</Button>
    </div>
  )
}

/** How fast, in which order and for how long. Most leave it as it is. */
function How({ draft: d, put, error, isNew }: Props & { isNew: boolean }) {
  const problem = (field: string) => fieldProblem(error, field)
  const [all, setAll] = useState(d.ordered || d.perSecond !== '')
  const open = all || ['concurrency', 'perSecond', 'ordered', 'for', 'secret'].some(problem)
  return (
    <>
      <Button kind="quiet" className="self-start" aria-expanded={open} onClick={() => setAll(!all)}>
        <ChevronDown aria-hidden className={`size-3.5 ${open ? 'rotate-180' : ''}`} /> {open ? 'Fewer settings' : 'More settings'}
      </Button>
      {open && (
        <Card title="How it is sent">
          <div className="flex flex-col gap-4">
            <div className="grid gap-4 sm:grid-cols-3">
              <Field label="Requests at once" help="1 to 64. Empty: 8." problem={problem('concurrency')}>{(p) => <Input {...p} type="number" min={0} max={64} value={d.concurrency} placeholder="8" onChange={(e) => put({ concurrency: e.target.value })} />}</Field>
              <Field label="Requests a second" help="Empty: as many as there are." problem={problem('perSecond')}>{(p) => <Input {...p} type="number" min={0} step="any" value={d.perSecond} placeholder="no bound" onChange={(e) => put({ perSecond: e.target.value })} />}</Field>
              <Field label="Tried again for" help="As in 72h, from 1m to 168h. Then it is given up." problem={problem('for')}>{(p) => <Input {...p} autoComplete="off" value={d.within} placeholder="72h" onChange={(e) => put({ within: e.target.value })} />}</Field>
            </div>
            <Check label="In strict order" checked={d.ordered} set={(ordered) => put({ ordered })} problem={problem('ordered')}
              about="The events of one email, or of one contact where there is no email, wait for the one before: one that fails holds up those behind it." />
            {isNew && (
              <Field label="Secret (optional)" help="One that the receiver has already: whsec_ and 24 to 64 bytes in Base64. Empty: a new one is made and shown once." problem={problem('secret')}>
                {(p) => <Input {...p} spellCheck={false} autoComplete="off" className="font-mono text-xs!" placeholder="whsec_…" value={d.secret} onChange={(e) => put({ secret: e.target.value })} />}
              </Field>
            )}
          </div>
        </Card>
      )}
    </>
  )
}
