import { clsx } from 'clsx'
import { ArrowDown, ArrowUp, CopyPlus, FolderPlus, Plus, Trash2 } from 'lucide-react'
import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react'
import type { Part } from '../api/segments'
import { type Condition, type Filter, type Group, newCondition, newFilter, newGroup } from '../lib/condition'
import { FilterEditor } from './condition-filter'
import { Button, IconButton, Select } from './ui'

/** What the parts of a condition that is being written have to know. */
interface Editing {
  /** What is wrong, by its place in the condition as the API names it */
  problems: { at: string; says: string }[]
  /** What is true of the contact that was chosen, by place */
  truths: Map<string, Part>
  /** Whether that was of the condition as it was a moment ago */
  old: boolean
  /** The segment that is changed: it can't ask for itself */
  self: string | undefined
  /** Gives the focus to the element with an id, once it is there */
  focus: (id: string) => void
}

const Context = createContext<Editing>({ problems: [], truths: new Map(), old: false, self: undefined, focus: () => {} })

export const useEditing = () => useContext(Context)

/** The deepest that conditions may lie in each other. */
const deepest = 10

/** The list with one more, without one, or with two changed over. */
export const inserted = <T,>(list: T[], at: number, one: T) => [...list.slice(0, at), one, ...list.slice(at)]
export const removed = <T,>(list: T[], at: number) => list.filter((_, i) => i !== at)
export const replaced = <T,>(list: T[], at: number, one: T) => list.map((x, i) => (i === at ? one : x))
export function moved<T>(list: T[], from: number, to: number): T[] {
  const [one] = list.slice(from, from + 1)
  return one === undefined ? list : inserted(removed(list, from), to, one)
}

/** Groups of filters that somebody writes. Focus goes where the next thing is to be done. */
export function ConditionEditor({ condition, change, problems, truths, old, self }: {
  condition: Condition
  change: (to: Condition) => void
  problems: Editing['problems']
  truths: Editing['truths']
  old: boolean
  self?: string | undefined
}) {
  const waiting = useRef<string>(undefined)
  useEffect(() => {
    if (waiting.current === undefined) return
    const place = document.getElementById(waiting.current)
    waiting.current = undefined
    place?.focus()
  })
  const editing = { problems, truths, old, self, focus: (id: string) => void (waiting.current = id) }
  return (
    <Context.Provider value={editing}>
      <Groups condition={condition} change={change} at="" depth={1} />
    </Context.Provider>
  )
}

/** What is wrong with a part itself, not with what lies in it. */
export function Wrong({ at, id }: { at: string; id?: string }) {
  const { problems } = useEditing()
  const own = problems.filter((p) => p.at === at)
  if (own.length === 0) return null
  return <p id={id} role="alert" className="text-xs text-bad">{own.map((p) => `${p.says.charAt(0).toUpperCase()}${p.says.slice(1)}.`).join(' ')}</p>
}

const joined = { AND: 'all groups hold', OR: 'at least one group holds' } as const

function Groups({ condition: c, change, at, depth }: { condition: Condition; change: (to: Condition) => void; at: string; depth: number }) {
  const { focus } = useEditing()
  const place = (i: number) => `${at}groups[${i}]`
  const several = c.groups.length > 1
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {several && (
        <label className="flex flex-wrap items-center gap-2 text-sm">
          {depth === 1 ? 'Those for whom' : 'It holds where'}
          <Select id={`${at}logic`} className="field-sizing-content" value={c.logic} onChange={(e) => change({ ...c, logic: e.target.value === 'OR' ? 'OR' : 'AND' })}>
            {Object.entries(joined).map(([logic, words]) => <option key={logic} value={logic}>{words}</option>)}
          </Select>
        </label>
      )}
      <Wrong at={`${at}logic`} />
      {c.groups.map((g, i) => (
        <div key={i} className="flex min-w-0 flex-col gap-2">
          {i > 0 && <p className="pl-3 text-xs font-semibold text-soft uppercase">{c.logic === 'AND' ? 'and' : 'or'}</p>}
          <GroupEditor group={g} at={place(i)} depth={depth} number={i + 1} several={several}
            change={(to) => change({ ...c, groups: replaced(c.groups, i, to) })}
            acts={
              <Order noun={`group ${i + 1}`} id={place(i)} first={i === 0} last={i === c.groups.length - 1}
                move={(by) => {
                  change({ ...c, groups: moved(c.groups, i, i + by) })
                  focus(`${place(i + by)}:${by < 0 ? 'up' : 'down'}`)
                }}
                copy={() => {
                  change({ ...c, groups: inserted(c.groups, i + 1, g) })
                  focus(`${place(i + 1)}.filters[0]:field`)
                }}
                remove={c.groups.length === 1 && depth === 1 ? undefined : () => {
                  // The last group of an inner condition takes the condition with it: the group around it does that.
                  change({ ...c, groups: removed(c.groups, i) })
                  focus(c.groups.length === 1 ? `${at.replace(/\.conditions\.$/, '')}:add` : `${place(Math.min(i, c.groups.length - 2))}:add`)
                }} />
            } />
        </div>
      ))}
      <Wrong at={`${at}groups`} />
      <Button small kind="quiet" className="self-start" id={`${at}add`}
        onClick={() => {
          change({ ...c, groups: [...c.groups, newGroup()] })
          focus(`${place(c.groups.length)}.filters[0]:field`)
        }}>
        <Plus aria-hidden className="size-3.5" /> Add a group
      </Button>
    </div>
  )
}

function GroupEditor({ group: g, change, at, depth, number, several, acts }: {
  group: Group
  change: (to: Group) => void
  at: string
  depth: number
  number: number
  several: boolean
  acts: ReactNode
}) {
  const { focus, truths } = useEditing()
  const holds = truths.get(at)?.holds
  const place = (i: number) => `${at}.filters[${i}]`
  const set = (i: number, to: Filter) => change({ ...g, filters: replaced(g.filters, i, to) })
  const add = () => {
    change({ ...g, filters: [...g.filters, newFilter('')] })
    focus(`${place(g.filters.length)}:field`)
  }
  return (
    <section aria-label={`Group ${number}`} data-holds={holds}
      className={clsx('flex min-w-0 flex-col gap-2 rounded-lg border border-line p-2.5 sm:p-3', depth % 2 === 1 ? 'bg-page' : 'bg-panel')}>
      {(several || depth > 1 || g.filters.length + (g.conditions ? 1 : 0) > 1) && (
        <header className="flex flex-wrap items-center justify-between gap-2">
          <h3 className="text-xs font-medium text-soft">{several ? `Group ${number}: all of these` : 'All of these'}</h3>
          {(several || depth > 1) && acts}
        </header>
      )}
      {g.filters.map((f, i) => (
        <FilterEditor key={i} filter={f} at={place(i)} number={i + 1} change={(to) => set(i, to)}
          acts={
            <Order noun={`filter ${i + 1}`} id={place(i)} first={i === 0} last={i === g.filters.length - 1}
              move={(by) => {
                change({ ...g, filters: moved(g.filters, i, i + by) })
                focus(`${place(i + by)}:${by < 0 ? 'up' : 'down'}`)
              }}
              copy={() => {
                change({ ...g, filters: inserted(g.filters, i + 1, f) })
                focus(`${place(i + 1)}:field`)
              }}
              remove={() => {
                change({ ...g, filters: removed(g.filters, i) })
                focus(g.filters.length === 1 ? `${at}:add` : `${place(Math.min(i, g.filters.length - 2))}:field`)
              }} />
          } />
      ))}
      <Wrong at={`${at}.filters`} />
      {g.conditions && (
        <div className="flex min-w-0 flex-col gap-2">
          {g.filters.length > 0 && <p className="text-xs font-semibold text-soft uppercase">and</p>}
          <div className="min-w-0 border-l-2 border-accent/40 pl-2 sm:pl-3">
            <Groups condition={g.conditions} at={`${at}.conditions.`} depth={depth + 1}
              change={(to) => {
                if (to.groups.length > 0) return change({ ...g, conditions: to })
                const rest = { ...g }
                delete rest.conditions
                change(rest)
              }} />
          </div>
        </div>
      )}
      <div className="flex flex-wrap gap-1">
        <Button small id={`${at}:add`} onClick={add}><Plus aria-hidden className="size-3.5" /> Add a filter</Button>
        {!g.conditions && depth < deepest && (
          <Button small kind="quiet" title="Groups within this one: to say “and one of these”"
            onClick={() => {
              change({ ...g, conditions: { ...newCondition(), logic: 'OR', groups: [newGroup(), newGroup()] } })
              focus(`${at}.conditions.groups[0].filters[0]:field`)
            }}>
            <FolderPlus aria-hidden className="size-3.5" /> Add groups inside
          </Button>
        )}
      </div>
    </section>
  )
}

/** What may be done with a part among others: up, down, once more, away. A button that can't be pressed keeps the focus. */
export function Order({ noun, id, first, last, move, copy, remove }: {
  noun: string
  id: string
  first: boolean
  last: boolean
  move: (by: -1 | 1) => void
  copy?: () => void
  remove: (() => void) | undefined
}) {
  const small = 'size-3.5'
  return (
    <span className="flex shrink-0 items-center">
      {!(first && last) && (
        <>
          <IconButton small id={`${id}:up`} label={`Move ${noun} up`} aria-disabled={first} className="w-7 px-0! aria-disabled:opacity-30" onClick={() => !first && move(-1)}><ArrowUp aria-hidden className={small} /></IconButton>
          <IconButton small id={`${id}:down`} label={`Move ${noun} down`} aria-disabled={last} className="w-7 px-0! aria-disabled:opacity-30" onClick={() => !last && move(1)}><ArrowDown aria-hidden className={small} /></IconButton>
        </>
      )}
      {copy && <IconButton small label={`Duplicate ${noun}`} className="w-7 px-0!" onClick={copy}><CopyPlus aria-hidden className={small} /></IconButton>}
      {remove && <IconButton small label={`Remove ${noun}`} className="w-7 px-0!" onClick={remove}><Trash2 aria-hidden className={small} /></IconButton>}
    </span>
  )
}
