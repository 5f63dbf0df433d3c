import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { senders } from '../api/senders'
import { topics } from '../api/segments'
import { templateNames } from '../api/sends'
import type { DraftProblem } from '../api/workflows'
import { compares, operatorLabel, operators } from '../lib/condition'
import { useFields, useValues } from '../lib/known'
import {
  askedOf, type Branch, kindOf, lean, reasonOf, type Send, type Share, type Step, type Update, type Variant, waitForOf, waitOf, type Webhook, webhookOf, sendOf, shareName, withAsked, withSend, withWait,
  withWaitFor, withWebhook,
} from '../lib/workflow-draft'
import { inserted, moved, Order, removed, replaced } from './condition-editor'
import { ValueEditor } from './condition-value'
import { Suggest } from './suggest'
import { Button, Field, IconButton, Input, Select, TextArea } from './ui'
import { ListInput, MatchFields } from './workflow-match'
import { Question } from './workflow-question'

interface FormProps {
  step: Step
  change: (to: Step) => void
  problems: DraftProblem[]
  /** Where the step stands */
  path: string
}

/** A step by a form, each kind by its own. */
export function StepForm(props: FormProps) {
  const kind = kindOf(props.step)
  const Form = kind ? forms[kind] : undefined
  return Form ? <Form {...props} /> : <p className="text-sm text-soft">{props.step.goto ? <>It leads to <code className="font-mono text-xs">{props.step.goto}</code>.</> : 'It does nothing yet.'} It is changed as YAML.</p>
}

const days = [['mon', 'Mon'], ['tue', 'Tue'], ['wed', 'Wed'], ['thu', 'Thu'], ['fri', 'Fri'], ['sat', 'Sat'], ['sun', 'Sun']] as const

export function Days({ value, set }: { value: string[]; set: (days: string[]) => void }) {
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="text-sm font-medium">Days</legend>
      <div className="flex flex-wrap gap-x-3 gap-y-1">
        {days.map(([d, label]) => (
          <label key={d} className="flex items-center gap-1 text-sm"><input type="checkbox" className="accent-accent" checked={value.includes(d)} onChange={(e) => set(days.map(([x]) => x).filter((x) => (x === d ? e.target.checked : value.includes(x))))} /> {label}</label>
        ))}
      </div>
      <p className="text-xs text-soft">None: every day.</p>
    </fieldset>
  )
}

export const zones = ['UTC', 'Europe/Berlin', 'Europe/Vienna', 'Europe/London', 'Europe/Paris', 'America/New_York', 'America/Los_Angeles', 'Asia/Tokyo', 'Australia/Sydney']

export function Zone({ value, set, contact }: { value: string; set: (to: string) => void; contact?: boolean }) {
  return (
    <Field label="Time zone" help={contact ? 'Empty: that of the contact’s attribute timezone' : 'Empty: UTC'}>
      {(p) => <Suggest label="Time zone" id={p.id} describedBy={p['aria-describedby']} live value={value} options={[...(contact ? [{ value: 'contact', label: 'contact', about: 'the contact’s' }] : []), ...zones.map((z) => ({ value: z, label: z }))]} choose={set} />}
    </Field>
  )
}

/** A template by its key, with the ways to look at it or to make it. */
function TemplateField({ value, set, any, label = 'Template' }: { value: string; set: (to: string) => void; any?: boolean; label?: string }) {
  const list = useQuery(templateNames).data
  const options = [...(any ? [{ value: '*', label: '*', about: 'any email' }] : []), ...(list ?? []).map((t) => ({ value: t.key || t.id, label: t.key || t.name, about: t.key ? t.name : t.id }))]
  const found = list?.find((t) => t.key === value || t.id === value)
  return (
    <Field label={label}>
      {(p) => (
        <>
          <Suggest id={p.id} label={label} live value={value} options={options} placeholder="Key of a template" choose={(v) => set(v.trim())} />
          {value !== '' && value !== '*' && (found
            ? <Link to="/template/$id" params={{ id: found.id }} target="_blank" className="self-start text-xs text-accent hover:underline">Look at “{found.name}”</Link>
            : list && <Link to="/template/new" search={{ key: value }} target="_blank" className="self-start text-xs text-accent hover:underline">There is none yet: make it</Link>)}
        </>
      )}
    </Field>
  )
}

function Elsewise({ step, change, label }: { step: Step; change: (to: Step) => void; label: string }) {
  return (
    <label className="flex items-center gap-2 text-sm">
      <input type="checkbox" className="accent-accent" checked={step.else !== undefined} onChange={(e) => {
        const { else: _, ...rest } = step
        change(e.target.checked ? { ...rest, else: [] } : rest)
      }} /> {label}
    </label>
  )
}

function SendForm({ step, change }: FormProps) {
  const s = sendOf(step)
  const put = (to: Partial<Send>) => change(withSend(step, { ...s, ...to }))
  const variants = s.variants
  const known = useQuery({ ...senders, retry: false }).data ?? []
  const kinds = useQuery({ ...topics, retry: false }).data ?? []
  return (
    <>
      {variants ? (
        <fieldset className="flex min-w-0 flex-col gap-3">
          <legend className="text-sm font-medium">Variants</legend>
          <p className="text-xs text-soft">They share the contacts by weight, for ever the same.</p>
          {variants.map((v, i) => {
            const set = (to: Partial<Variant>) => put({ variants: replaced(variants, i, lean({ ...v, ...to })) })
            return (
              <div key={i} role="group" aria-label={`Variant ${shareName(v, i)}`} className="flex flex-col gap-2 rounded-md border border-line p-2">
                <div className="flex items-end gap-2">
                  <Field label="Name">{(p) => <Input {...p} className="w-20" placeholder={shareName({}, i)} value={v.name ?? ''} onChange={(e) => set({ name: e.target.value })} />}</Field>
                  <Field label="Weight">{(p) => <Input {...p} type="number" min={1} className="w-20" placeholder="1" value={v.weight ?? ''} onChange={(e) => set({ weight: e.target.value === '' ? (undefined as unknown as number) : Number(e.target.value) })} />}</Field>
                  <span className="ml-auto"><IconButton small label={`Remove variant ${shareName(v, i)}`} onClick={() => (variants.length <= 2 ? change(withSend(step, lean({ ...s, variants: [] as Variant[], template: variants[1 - i]?.template ?? '' }))) : put({ variants: removed(variants, i) }))}><Trash2 aria-hidden className="size-3.5" /></IconButton></span>
                </div>
                <TemplateField value={v.template ?? ''} set={(template) => set({ template })} />
                <Field label="Subject" help="Empty: the template’s">{(p) => <Input {...p} value={v.subject ?? ''} onChange={(e) => set({ subject: e.target.value })} />}</Field>
              </div>
            )
          })}
          <Button small className="self-start" onClick={() => put({ variants: [...variants, { template: '' }] })}><Plus aria-hidden className="size-3.5" /> Add a variant</Button>
        </fieldset>
      ) : (
        <>
          <TemplateField value={s.template ?? ''} set={(template) => put({ template })} />
          <Field label="Subject" help="Liquid. Empty: the template’s">{(p) => <Input {...p} value={s.subject ?? ''} onChange={(e) => put({ subject: e.target.value })} />}</Field>
          <Button small kind="quiet" className="self-start" onClick={() => { const { template = '', subject: _, ...rest } = s; change(withSend(step, { ...rest, variants: [{ template }, { template: '' }] })) }}>Compare variants…</Button>
        </>
      )}
      <Elsewise step={step} change={change} label="A way of its own for what can’t be sent" />
      <details open={Boolean(s.to || s.sender || s.from || s.replyTo || s.topic || s.transactional !== undefined)} className="text-sm">
        <summary className="cursor-pointer text-xs text-soft hover:text-ink">From whom, to whom, and what kind</summary>
        <div className="mt-2 flex flex-col gap-3">
          <Field label="To" help="Somebody else than the contact: an address, or Liquid">{(p) => <Input {...p} value={s.to ?? ''} placeholder="the contact" onChange={(e) => put({ to: e.target.value })} />}</Field>
          <Field label="From">{(p) => <Input {...p} value={s.from ?? ''} placeholder="Harbour <hello@harbour.test>" onChange={(e) => put({ from: e.target.value })} />}</Field>
          <Field label="Reply to">{(p) => <Input {...p} value={s.replyTo ?? ''} onChange={(e) => put({ replyTo: e.target.value })} />}</Field>
          <Pick label="Sender" value={s.sender ?? ''} set={(sender) => put({ sender })} options={known.map((x) => [x.name, x.name])} none="as the workflow says" />
          <Pick label="Topic" value={s.topic ?? ''} set={(topic) => put({ topic })} options={kinds.map((x) => [x.slug, x.name])} none="as the workflow says" />
          <Pick label="Kind" value={s.transactional === undefined ? '' : String(s.transactional)} set={(v) => { const { transactional: _, ...rest } = s; change(withSend(step, v === '' ? rest : { ...rest, transactional: v === 'true' })) }}
            options={[['true', 'transactional: also to those who unsubscribed'], ['false', 'only to those who want mail']]} none="as the workflow and the template say" />
        </div>
      </details>
    </>
  )
}

/** One of several, or none. What is not among them stays. */
export function Pick({ label, value, set, options, none, help }: { label: string; value: string; set: (to: string) => void; options: (readonly [value: string, label: string])[]; none?: string; help?: string }) {
  return (
    <Field label={label} help={help}>
      {(p) => (
        <Select {...p} value={value} onChange={(e) => set(e.target.value)}>
          {none !== undefined && <option value="">{none}</option>}
          {(none === undefined || value !== '') && !options.some(([v]) => v === value) && <option value={value}>{value || 'choose…'}</option>}
          {options.map(([v, l]) => <option key={v} value={v}>{l}</option>)}
        </Select>
      )}
    </Field>
  )
}

function WaitForm({ step, change }: FormProps) {
  const w = waitOf(step)
  const put = (to: Partial<typeof w>) => change(withWait(step, { ...w, ...to }))
  const mode = w.until !== undefined ? 'until' : w.at !== undefined ? 'at' : 'for'
  const fields = useFields().filter((f) => f.value.startsWith('data.'))
  return (
    <>
      <Pick label="How" value={mode} options={[['for', 'for a length of time'], ['at', 'until a time of day'], ['until', 'until a time that the contact or the event has']]}
        set={(m) => change(withWait(step, m === 'for' ? { for: w.for || '1d' } : m === 'at' ? { at: '09:00', ...(w.for && !w.for.startsWith('-') ? { for: w.for } : {}) } : { until: 'data.' }))} />
      {mode === 'until' && (
        <Field label="Field with the time" help="data.trialEndsAt, event.data.startsAt">{(p) => <Suggest id={p.id} label="Field with the time" live value={w.until ?? ''} options={fields} choose={(until) => change({ ...step, wait: { ...lean(w), until: until.trim() } })} describedBy={p['aria-describedby']} />}</Field>
      )}
      <Field label={mode === 'for' ? 'How long' : mode === 'at' ? 'First, for' : 'So much later'} help={mode === 'until' ? '2h, or -3d for three days before' : '90s, 2h30m, 3d, 1w 2d'}>
        {(p) => <Input {...p} value={w.for ?? ''} autoComplete="off" placeholder={mode === 'for' ? '2d' : 'nothing'} onChange={(e) => put({ for: e.target.value })} />}
      </Field>
      {mode === 'at' && (
        <>
          <Field label="Time of day">{(p) => <Input {...p} value={w.at ?? ''} placeholder="09:00" autoComplete="off" onChange={(e) => change({ ...step, wait: { ...lean(w), at: e.target.value.trim() } })} />}</Field>
          <Days value={w.days ?? []} set={(days) => put({ days })} />
          <Zone contact value={w.zone ?? ''} set={(zone) => put({ zone })} />
        </>
      )}
    </>
  )
}

function WaitForForm({ step, change, path }: FormProps) {
  const { match, timeout } = waitForOf(step)
  return (
    <>
      <MatchFields match={match} at={`${path}.waitFor`} change={(m) => change(withWaitFor(step, m, timeout))} />
      <Field label="At most" help="3d, 12h. Empty: as long as the run lives">{(p) => <Input {...p} value={timeout} autoComplete="off" onChange={(e) => change(withWaitFor(step, match, e.target.value))} />}</Field>
    </>
  )
}

function AskForm({ step, change, problems, path }: FormProps) {
  const a = askedOf(step)
  const put = (to: Partial<typeof a>) => change(withAsked(step, { ...a, ...to }))
  const at = `${path}.${'condition' in step ? 'condition' : 'if'}${step.if && 'groups' in step.if ? '' : '.if'}`
  return (
    <>
      <p className="text-xs text-soft">All that is asked has to hold for the way “yes”. Opens and clicks of machines do not count.</p>
      <TemplateField any label="It opened" value={a.opened ?? ''} set={(opened) => put({ opened })} />
      <TemplateField any label="It clicked in" value={a.clicked ?? ''} set={(clicked) => put({ clicked })} />
      <TemplateField any label="It was sent" value={a.sent ?? ''} set={(sent) => put({ sent })} />
      <label className="flex items-center gap-2 text-sm"><input type="checkbox" className="accent-accent" checked={a.run ?? false} onChange={(e) => put({ run: e.target.checked })} /> Only emails of this run</label>
      <Question label="A condition on the contact" value={a.if} at={at} problems={problems} change={(c) => { const { if: _, ...rest } = a; change(withAsked(step, c ? { ...rest, if: c } : rest)) }} />
    </>
  )
}

function ChoiceForm({ step, change }: FormProps) {
  const c = step.choice ?? {}
  const list = c.branches ?? []
  const fields = useFields()
  const known = useValues(c.field ?? '')
  const put = (to: Partial<typeof c>) => change({ ...step, choice: { ...c, ...to } })
  return (
    <>
      <Field label="Field" help="data.plan, email; event.data.plan of the last event, workflow.plan of all events">
        {(p) => <Suggest id={p.id} describedBy={p['aria-describedby']} label="Field" live value={c.field ?? ''} options={fields} choose={(field) => put({ field: field.trim() })} />}
      </Field>
      <p className="text-xs text-soft">The first branch that fits is taken; whom none fits goes “otherwise”.</p>
      <ol className="flex flex-col gap-2">
        {list.map((b, i) => {
          const set = (to: Partial<Branch>) => put({ branches: replaced(list, i, { ...b, ...to }) })
          const operator = b.operator || 'equals'
          return (
            <li key={i} className="flex min-w-0 flex-col gap-2 rounded-md border border-line p-2">
              <span className="flex items-center justify-between gap-2">
                <span className="text-xs font-medium text-soft">Branch {i + 1}{(b.steps?.length ?? 0) > 0 && `, with ${b.steps?.length} steps`}</span>
                <Order noun={`branch ${i + 1}`} id={`branch-${i}`} first={i === 0} last={i === list.length - 1} move={(by) => put({ branches: moved(list, i, i + by) })} remove={list.length > 1 ? () => put({ branches: removed(list, i) }) : undefined} />
              </span>
              <div className="flex min-w-0 flex-wrap items-start gap-2">
                <Select aria-label={`How branch ${i + 1} compares`} className="field-sizing-content max-w-full" value={operator} onChange={(e) => { const { operator: _, ...rest } = b; put({ branches: replaced(list, i, e.target.value === 'equals' ? rest : { ...rest, operator: e.target.value }) }) }}>
                  {!operators.data.includes(operator) && <option value={operator}>{operator}</option>}
                  {operators.data.map((o) => <option key={o} value={o}>{operatorLabel(o)}</option>)}
                </Select>
                {compares(operator) && <ValueEditor kind="data" operator={operator} value={b.value} options={known.options} type={known.type} set={(value) => { const { value: _, ...rest } = b; put({ branches: replaced(list, i, value === undefined ? rest : { ...rest, value }) }) }} />}
                {['within', 'olderThan'].includes(operator) && (
                  <>
                    <Input type="number" aria-label="How long" className="w-20" value={String(b.value ?? '')} onChange={(e) => set({ value: Number(e.target.value) })} />
                    <Select aria-label="Unit" value={b.unit ?? 'days'} onChange={(e) => set({ unit: e.target.value })}><option>days</option><option>hours</option><option>minutes</option></Select>
                  </>
                )}
              </div>
              <Field label="Name" help="Empty: its value">{(p) => <Input {...p} value={b.name ?? ''} onChange={(e) => { const { name: _, ...rest } = b; put({ branches: replaced(list, i, e.target.value === '' ? rest : { ...rest, name: e.target.value }) }) }} />}</Field>
            </li>
          )
        })}
      </ol>
      <Button small className="self-start" onClick={() => put({ branches: [...list, { value: '' }] })}><Plus aria-hidden className="size-3.5" /> Add a branch</Button>
    </>
  )
}

function SplitForm({ step, change }: FormProps) {
  const list = step.split?.branches ?? []
  const put = (branches: Share[]) => change({ ...step, split: { ...step.split, branches } })
  const sum = list.reduce((n, b) => n + (b.weight ?? 0), 0)
  return (
    <>
      <p className="text-xs text-soft">By chance, but for ever the same for one contact.</p>
      <ol className="flex flex-col gap-2">
        {list.map((b, i) => (
          <li key={i} className="flex flex-wrap items-end gap-2">
            <Field label="Name">{(p) => <Input {...p} className="w-28" value={b.name ?? ''} placeholder={shareName({}, i)} onChange={(e) => put(replaced(list, i, { ...b, name: e.target.value }))} />}</Field>
            <Field label="Weight">{(p) => <Input {...p} type="number" min={0} className="w-20" value={b.weight ?? 0} onChange={(e) => put(replaced(list, i, { ...b, weight: Number(e.target.value) }))} />}</Field>
            <span className="numbers pb-1.5 text-xs text-soft">{sum > 0 ? Math.round(((b.weight ?? 0) / sum) * 100) : 0}%</span>
            <span className="ml-auto"><Order noun={`way ${shareName(b, i)}`} id={`share-${i}`} first={i === 0} last={i === list.length - 1} move={(by) => put(moved(list, i, i + by))} remove={list.length > 2 ? () => put(removed(list, i)) : undefined} /></span>
          </li>
        ))}
      </ol>
      <Button small className="self-start" onClick={() => put(inserted(list, list.length, { name: shareName({}, list.length), weight: 1 }))}><Plus aria-hidden className="size-3.5" /> Add a way</Button>
    </>
  )
}

/** What a text means as JSON where it is a number, a truth, nothing or a thing; else the text. */
function meant(text: string): unknown {
  if (!/^(-?\d+(\.\d+)?|true|false|null|["[{].*)$/s.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
const shownAs = (v: unknown) => (typeof v === 'string' && meant(v) === v ? v : JSON.stringify(v))

/** Keys with their values, which may be written in any order. */
function Pairs({ value, set, key: _, names, free }: { value: [string, unknown][]; set: (to: [string, unknown][]) => void; key?: string; names: [one: string, key: string, value: string]; free?: boolean }) {
  const [texts, setTexts] = useState<Record<number, string>>({})
  const [one, keyName, valueName] = names
  return (
    <div className="flex flex-col gap-2">
      {value.map(([k, v], i) => (
        <div key={i} role="group" aria-label={`${one} ${i + 1}`} className="flex min-w-0 items-center gap-1">
          <Input aria-label={keyName} className="w-2/5" value={k} placeholder={keyName} onChange={(e) => set(replaced(value, i, [e.target.value.trim(), v]))} />
          <Input aria-label={valueName} className="min-w-0 flex-1" value={texts[i] ?? (free ? shownAs(v) : String(v))} placeholder={valueName} onBlur={() => setTexts({})}
            onChange={(e) => { setTexts({ [i]: e.target.value }); set(replaced(value, i, [k, free ? meant(e.target.value) : e.target.value])) }} />
          <IconButton small label={`Remove ${one.toLowerCase()} ${k || i + 1}`} onClick={() => { setTexts({}); set(removed(value, i)) }}><Trash2 aria-hidden className="size-3.5" /></IconButton>
        </div>
      ))}
      <Button small className="self-start" onClick={() => set([...value, ['', '']])}><Plus aria-hidden className="size-3.5" /> Add {one === 'Attribute' ? 'an attribute' : 'a header'}</Button>
    </div>
  )
}

function UpdateForm({ step, change }: FormProps) {
  const u = step.update ?? {}
  const put = (to: Partial<Update>) => change({ ...step, update: lean({ ...u, ...to }) })
  const kinds = useQuery({ ...topics, retry: false }).data ?? []
  const set = u.topics ?? {}
  const slugs = [...new Set([...kinds.map((t) => t.slug), ...Object.keys(set)])]
  return (
    <>
      <Field label="Tags to add" help="With commas between them">{(p) => <ListInput {...p} value={u.tags ?? []} set={(tags) => change({ ...step, update: { ...u, tags } })} />}</Field>
      <Field label="Tags to take away">{(p) => <ListInput {...p} value={u.untag ?? []} set={(untag) => put({ untag })} />}</Field>
      <fieldset className="flex min-w-0 flex-col gap-1">
        <legend className="text-sm font-medium">Attributes</legend>
        <p className="mb-1 text-xs text-soft">Texts are Liquid; numbers, true and false are what they are, null takes the attribute away.</p>
        <Pairs free names={['Attribute', 'Name', 'Value']} value={Object.entries(u.attributes ?? {})} set={(list) => put({ attributes: list.length > 0 ? Object.fromEntries(list) : (undefined as unknown as Record<string, unknown>) })} />
      </fieldset>
      {slugs.length > 0 && (
        <fieldset className="flex min-w-0 flex-col gap-2">
          <legend className="text-sm font-medium">Topics</legend>
          {slugs.map((slug) => (
            <label key={slug} className="flex items-center justify-between gap-2 text-sm">
              <span className="min-w-0 truncate">{kinds.find((t) => t.slug === slug)?.name ?? slug}</span>
              <Select value={slug in set ? String(set[slug]) : ''} onChange={(e) => { const { [slug]: _, ...rest } = set; const next = e.target.value === '' ? rest : { ...rest, [slug]: e.target.value === 'true' }; put({ topics: Object.keys(next).length > 0 ? next : (undefined as unknown as Record<string, boolean>) }) }}>
                <option value="">stays as it is</option><option value="true">is taken</option><option value="false">is left</option>
              </Select>
            </label>
          ))}
        </fieldset>
      )}
      <Pick label="Marketing mail" value={u.subscribe ? 'subscribe' : u.unsubscribe ? 'unsubscribe' : ''} none="stays as it is" options={[['subscribe', 'subscribed'], ['unsubscribe', 'unsubscribed']]}
        set={(v) => put({ subscribe: v === 'subscribe', unsubscribe: v === 'unsubscribe' })} />
      <Elsewise step={step} change={change} label="A way of its own for what fails" />
    </>
  )
}

function WebhookForm({ step, change }: FormProps) {
  const w = webhookOf(step)
  const put = (to: Partial<Webhook>) => change(withWebhook(step, { ...w, ...to }))
  return (
    <>
      <Field label="URL" help="Liquid: https://acme.test/hooks/{{ email | url_encode }}">{(p) => <Input {...p} type="text" inputMode="url" value={w.url ?? ''} autoComplete="off" onChange={(e) => change(withWebhook(step, { ...w, url: e.target.value }))} />}</Field>
      <div className="flex gap-3">
        <Pick label="Method" value={w.method ?? ''} none="POST" options={['GET', 'PUT', 'PATCH', 'DELETE'].map((m) => [m, m] as const)} set={(method) => put({ method })} />
        <Field label="Tries" help="Empty: 8">{(p) => <Input {...p} type="number" min={1} className="w-24" value={w.tries ?? ''} onChange={(e) => put({ tries: e.target.value === '' ? (undefined as unknown as number) : Number(e.target.value) })} />}</Field>
      </div>
      <fieldset className="flex min-w-0 flex-col gap-1"><legend className="text-sm font-medium">Headers</legend><Pairs names={['Header', 'Name', 'Value']} value={Object.entries(w.headers ?? {})} set={(list) => put({ headers: list.length > 0 ? (Object.fromEntries(list) as Record<string, string>) : (undefined as unknown as Record<string, string>) })} /></fieldset>
      <Field label="Body" help="Liquid. Empty: the contact, the workflow, the run and the event as JSON">{(p) => <TextArea {...p} rows={5} spellCheck={false} className="font-mono text-xs!" value={w.body ?? ''} onChange={(e) => put({ body: e.target.value })} />}</Field>
      <Elsewise step={step} change={change} label="A way of its own for what does not answer; else the run fails" />
    </>
  )
}

const ExitForm = ({ step, change }: FormProps) => (
  <Field label="Reason" help="What the run says about why it ended">{(p) => <Input {...p} value={reasonOf(step)} onChange={(e) => change({ ...step, exit: e.target.value })} />}</Field>
)

const forms = { send: SendForm, wait: WaitForm, waitFor: WaitForForm, if: AskForm, choice: ChoiceForm, split: SplitForm, update: UpdateForm, webhook: WebhookForm, exit: ExitForm }
