import { clsx } from 'clsx'
import { Bot, ListFilter, Plus } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import {
  compares, countable, type Filter, filterWords, kindOf, fieldLabel, newFilter, operatorLabel, operators, type Step, timed, units, type Value, type Where, whereLabel,
  whereOperators, withOperator,
} from '../lib/condition'
import { freeFields, freeWhere, useEventNames, useFields, useValues, useWhereFields, useWhereValues } from '../lib/known'
import { moved, Order, removed, replaced, useEditing } from './condition-editor'
import { SegmentValue, ValueEditor } from './condition-value'
import { useSegmentNames } from './condition-words'
import { Suggest } from './suggest'
import { Truth } from './truth'
import { Button, Input, Select } from './ui'

const most = { where: 10, steps: 5 }

/** The name of the event that a filter is about. */
const eventOf = (field: string) => (field.startsWith('event.') ? field.slice('event.'.length) : field)

/** One filter: what is looked at, how, and with what it is compared; below it what is wrong with it. */
export function FilterEditor({ filter: f, change, at, number, acts }: { filter: Filter; change: (to: Filter) => void; at: string; number: number; acts: ReactNode }) {
  const { problems, truths, old, self, focus } = useEditing()
  const fields = useFields()
  const segment = useSegmentNames()
  const known = useValues(f.field)
  const told = useId()
  const kind = kindOf(f.field)
  const wrong = problems.filter((p) => p.at === at || p.at.startsWith(`${at}.`))
  const bad = (key: string) => wrong.some((p) => p.at === `${at}.${key}`)
  const marks = (key: string) => ({ invalid: bad(key), describedBy: bad(key) ? told : undefined })
  const part = truths.get(at)
  const put = <K extends keyof Filter>(key: K, value: Filter[K] | undefined) => {
    const next = { ...f }
    if (value === undefined) delete next[key]
    else next[key] = value
    change(next)
  }
  const email = /^email\.(open|click)/.test(f.field)
  return (
    <div role="group" aria-label={f.field === '' ? `Filter ${number}` : `Filter ${number}: ${filterWords(f, segment)}`}
      className="flex min-w-0 flex-col gap-2 rounded-md border border-line bg-panel p-2" data-at={at}>
      <div className="flex min-w-0 flex-wrap-reverse items-start justify-end gap-2 sm:flex-nowrap">
        <div className="flex min-w-0 flex-1 basis-full flex-wrap items-start gap-2 sm:basis-0">
          <Suggest id={`${at}:field`} label="What to look at" value={f.field} shown={fieldLabel(f.field)} options={fields} free={freeFields}
            placeholder="Attribute, event, tag, date…" className="w-full sm:w-48" {...marks('field')}
            choose={(field) => {
              if (field === f.field) return
              change(newFilter(field))
              focus(kindOf(field) === 'sequence' ? `${at}.steps[0]:event` : `${at}:operator`)
            }} />
          {kind && kind !== 'sequence' && (
            <Select id={`${at}:operator`} aria-label="How" value={f.operator} className="field-sizing-content max-w-full" aria-invalid={bad('operator') || undefined} aria-describedby={bad('operator') ? told : undefined}
              onChange={(e) => change(withOperator(f, e.target.value))}>
              {!operators[kind].includes(f.operator) && <option value={f.operator}>{f.operator || 'choose…'}</option>}
              {operators[kind].map((o) => <option key={o} value={o}>{operatorLabel(o, kind)}</option>)}
            </Select>
          )}
          {kind === 'segment' && <SegmentValue value={f.value} self={self} set={(v) => put('value', v)} {...marks('value')} />}
          {kind && compares(f.operator) && (
            <ValueEditor kind={kind} value={f.value} operator={f.operator} set={(v) => put('value', v)} {...known} {...marks('value')} />
          )}
          {timed(f.operator) && kind !== 'sequence' && <Span filter={f} change={change} {...marks('value')} />}
        </div>
        <span className="flex w-full shrink-0 items-center gap-1 sm:w-auto">
          <span aria-hidden className="mr-auto text-xs text-soft sm:hidden">Filter {number}</span>
          {part && <span className={clsx('inline-flex', old && 'opacity-40')}><Truth of={part.holds} /></span>}
          {acts}
        </span>
      </div>
      {kind === 'event' && countable(f.operator) && <Often count={f.count} set={(count) => put('count', count)} />}
      {kind === 'sequence' && <Steps filter={f} change={change} at={at} />}
      {(kind === 'event') && (
        <Wheres list={f.where ?? []} event={eventOf(f.field)} at={at} set={(list) => put('where', list.length > 0 ? list : undefined)}
          beside={(email || f.machines) && (
            <label className="flex items-center gap-1.5 text-xs" title="Mail programs and scanners open and click, too. They are left out otherwise.">
              <input type="checkbox" className="size-3.5 accent-accent" checked={f.machines ?? false} onChange={(e) => put('machines', e.target.checked || undefined)} />
              <Bot aria-hidden className="size-3.5 text-soft" /> Count machines, too
            </label>
          )} />
      )}
      {part?.because && <p className={clsx('text-xs wrap-anywhere text-soft', old && 'opacity-40')}>{part.because.charAt(0).toUpperCase() + part.because.slice(1)}.</p>}
      {wrong.length > 0 && (
        <p id={told} role="alert" className="text-xs wrap-anywhere text-bad">
          {wrong.map((p) => `${placeWords(p.at.slice(at.length))}${p.says.charAt(0).toUpperCase()}${p.says.slice(1)}.`).join(' ')}
        </p>
      )}
    </div>
  )
}

/** Where within a filter something is wrong: nothing where there is only one place. */
function placeWords(rest: string): string {
  const step = /\.steps\[(\d+)\]/.exec(rest)?.[1]
  const where = /\.where\[(\d+)\]/.exec(rest)?.[1]
  return `${step === undefined ? '' : `Event ${Number(step) + 1}: `}${where === undefined ? '' : `Test ${Number(where) + 1}: `}`
}

/** How long: a number and its unit. */
function Span({ filter: f, change, invalid, describedBy }: { filter: Filter; change: (to: Filter) => void; invalid: boolean; describedBy: string | undefined }) {
  return (
    <span className="flex gap-1">
      <Input type="number" min={0} step="any" aria-label="How long" className="w-20" aria-invalid={invalid || undefined} aria-describedby={describedBy}
        value={f.value === undefined ? '' : String(f.value)}
        onChange={(e) => {
          const next = { ...f }
          if (e.target.value === '') delete next.value
          else next.value = Number(e.target.value)
          change(next)
        }} />
      <Select aria-label="Unit" className="field-sizing-content" value={f.unit ?? ''} onChange={(e) => change({ ...f, unit: e.target.value })}>
        {!units.includes(f.unit ?? '') && <option value={f.unit ?? ''}>{f.unit ?? 'choose…'}</option>}
        {units.map((u) => <option key={u} value={u}>{u}</option>)}
      </Select>
    </span>
  )
}

const often = { once: 'once or more', least: 'at least', most: 'at most', between: 'between' } as const

type Often = keyof typeof often

function Often({ count, set }: { count: Filter['count']; set: (count: Filter['count']) => void }) {
  const mode: Often = !count ? 'once' : count.max === undefined ? 'least' : count.min === undefined ? 'most' : 'between'
  const choose = (to: Often) => {
    const min = count?.min ?? 2
    set({ once: undefined, least: { min }, most: { max: count?.max ?? min }, between: { min, max: Math.max(count?.max ?? 10, min) } }[to])
  }
  const number = (key: 'min' | 'max', label: string) => (
    <Input type="number" min={0} step={1} aria-label={label} className="h-7! w-20" value={count?.[key] ?? ''}
      onChange={(e) => set({ ...count, [key]: Math.max(0, Math.round(Number(e.target.value))) })} />
  )
  return (
    <div className="flex flex-wrap items-center gap-2 text-sm">
      <span className="text-soft">How often:</span>
      <Select aria-label="How often" className="field-sizing-content h-7!" value={mode} onChange={(e) => choose(e.target.value as Often)}>
        {Object.entries(often).map(([m, words]) => <option key={m} value={m}>{words}</option>)}
      </Select>
      {count?.min !== undefined && number('min', 'Times at least')}
      {mode === 'between' && <span className="text-soft">and</span>}
      {count?.max !== undefined && number('max', 'Times at most')}
      {mode !== 'once' && <span className="text-soft">times</span>}
    </div>
  )
}

/** Tests of single events: only those of which all of them hold are looked at. */
export function Wheres({ list, event, at, set, beside }: { list: Where[]; event: string; at: string; set: (list: Where[]) => void; beside?: ReactNode }) {
  const { focus } = useEditing()
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      {list.length > 0 && <p className="text-xs text-soft">Only those of which all of this holds:</p>}
      {list.map((w, i) => (
        <WhereEditor key={i} where={w} event={event} at={`${at}.where[${i}]`} change={(to) => set(replaced(list, i, to))}
          acts={
            <Order noun={`test ${i + 1}`} id={`${at}.where[${i}]`} first last move={() => {}}
              remove={() => {
                set(removed(list, i))
                focus(list.length === 1 ? `${at}:where` : `${at}.where[${Math.min(i, list.length - 2)}]:field`)
              }} />
          } />
      ))}
      <div className="flex flex-wrap items-center gap-3">
        {list.length < most.where && (
          <Button small kind="quiet" id={`${at}:where`} onClick={() => {
            set([...list, { field: '', operator: 'equals' }])
            focus(`${at}.where[${list.length}]:field`)
          }}>
            <ListFilter aria-hidden className="size-3.5" /> {list.length > 0 ? 'Narrow it further' : 'Only some of these events…'}
          </Button>
        )}
        {beside}
      </div>
    </div>
  )
}

function WhereEditor({ where: w, event, at, change, acts }: { where: Where; event: string; at: string; change: (to: Where) => void; acts: ReactNode }) {
  const { problems, focus } = useEditing()
  const fields = useWhereFields(event)
  const known = useWhereValues(event, w.field)
  const invalid = (key: string) => problems.some((p) => p.at === `${at}.${key}`)
  const set = (value: Value | undefined) => {
    const next = { ...w }
    if (value === undefined) delete next.value
    else next.value = value
    change(next)
  }
  return (
    <div className="flex min-w-0 flex-wrap items-start gap-2 rounded border border-line bg-page p-1.5">
      <Suggest id={`${at}:field`} label="What of the event" value={w.field} shown={whereLabel(w.field)} options={fields} free={freeWhere} placeholder="Key of its data, link…"
        className="w-full sm:w-48" invalid={invalid('field')}
        choose={(field) => {
          change({ field, operator: w.operator || 'equals' })
          focus(`${at}:operator`)
        }} />
      <Select id={`${at}:operator`} aria-label="How" className="field-sizing-content max-w-full" value={w.operator} onChange={(e) => {
        const next = { ...w, operator: e.target.value }
        if (!compares(next.operator)) delete next.value
        change(next)
      }}>
        {!whereOperators.includes(w.operator) && <option value={w.operator}>{w.operator || 'choose…'}</option>}
        {whereOperators.map((o) => <option key={o} value={o}>{operatorLabel(o)}</option>)}
      </Select>
      {compares(w.operator) && <ValueEditor kind={w.field.startsWith('data.') ? 'data' : 'text'} value={w.value} operator={w.operator} set={set} {...known} invalid={invalid('value')} />}
      <span className="ml-auto">{acts}</span>
    </div>
  )
}

/** The events of a sequence in their order, and within which time. */
function Steps({ filter: f, change, at }: { filter: Filter; change: (to: Filter) => void; at: string }) {
  const { focus, problems } = useEditing()
  const names = useEventNames()
  const steps = f.steps ?? []
  const set = (to: Step[]) => change({ ...f, steps: to })
  const place = (i: number) => `${at}.steps[${i}]`
  const wrong = (at: string) => problems.some((p) => p.at === at)
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <ol className="flex min-w-0 flex-col gap-2">
        {steps.map((s, i) => (
          <li key={i} className="flex min-w-0 flex-col gap-1.5 border-l-2 border-line pl-2">
            <div className="flex flex-wrap items-center gap-2">
              <span className="w-10 text-xs text-soft">{i === 0 ? 'First' : 'Then'}</span>
              <Suggest id={`${place(i)}:event`} label={`Event ${i + 1}`} value={s.event} options={names} placeholder="Name of an event" className="w-full sm:w-56" invalid={wrong(`${place(i)}.event`)}
                free={(text) => [{ value: text, label: text, about: 'not seen yet' }]}
                choose={(event) => {
                  set(replaced(steps, i, { ...s, event }))
                  if (steps[i + 1]?.event === '') focus(`${place(i + 1)}:event`)
                }} />
              <span className="ml-auto">
                <Order noun={`event ${i + 1}`} id={place(i)} first={i === 0} last={i === steps.length - 1}
                  move={(by) => {
                    set(moved(steps, i, i + by))
                    focus(`${place(i + by)}:${by < 0 ? 'up' : 'down'}`)
                  }}
                  remove={steps.length <= 2 ? undefined : () => {
                    set(removed(steps, i))
                    focus(`${place(Math.min(i, steps.length - 2))}:event`)
                  }} />
              </span>
            </div>
            {s.event !== '' && (
              <Wheres list={s.where ?? []} event={s.event} at={place(i)} set={(list) => set(replaced(steps, i, list.length > 0 ? { ...s, where: list } : { event: s.event }))} />
            )}
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <span className="text-soft">The last within</span>
        <Span filter={f} change={change} invalid={wrong(`${at}.value`)} describedBy={undefined} />
        <span className="text-soft">of the first</span>
        {steps.length < most.steps && (
          <Button small kind="quiet" onClick={() => {
            set([...steps, { event: '' }])
            focus(`${place(steps.length)}:event`)
          }}>
            <Plus aria-hidden className="size-3.5" /> Add an event
          </Button>
        )}
      </div>
    </div>
  )
}
