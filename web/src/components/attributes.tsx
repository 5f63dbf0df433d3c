import { Plus, Trash2 } from 'lucide-react'
import { useId, useRef } from 'react'
import { asKind, type Kind, kinds, type Row, row } from '../lib/attribute-rows'
import { Button, IconButton, Input, Select, TextArea } from './ui'

const suggested = ['firstName', 'lastName', 'locale', 'plan', 'company']

/** Attributes one under the other: a name, what kind of value, and the value. What is wrong stands at its row. */
export function AttributeRows({ rows, set, problems }: { rows: Row[]; set: (rows: Row[]) => void; problems: Map<number, string> }) {
  const id = useId()
  const list = useRef<HTMLUListElement>(null)
  const change = (to: Row) => set(rows.map((r) => (r.id === to.id ? to : r)))
  const add = () => {
    set([...rows, row()])
    // The new row is there once the page is drawn again.
    requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus())
  }
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">Attributes</legend>
      <datalist id={`${id}-keys`}>{suggested.filter((k) => !rows.some((r) => r.key === k)).map((k) => <option key={k} value={k} />)}</datalist>
      {rows.length === 0 && <p className="text-sm text-soft">None yet. Templates and segments can use what stands here.</p>}
      <ul ref={list} className="flex flex-col gap-2">
        {rows.map((r, i) => {
          const problem = problems.get(r.id)
          const name = r.key || `row ${i + 1}`
          const described = { 'aria-invalid': problem ? true : undefined, 'aria-describedby': problem ? `${id}-${r.id}` : undefined }
          return (
            <li key={r.id} className="flex flex-col gap-1 max-sm:rounded-md max-sm:border max-sm:border-line max-sm:p-2">
              <div className="grid grid-cols-[minmax(0,1fr)_2rem] items-start gap-1.5 sm:grid-cols-[minmax(0,11rem)_8.5rem_minmax(0,1fr)_2rem]">
                <Input aria-label={`Name of ${name}`} list={`${id}-keys`} autoComplete="off" spellCheck={false} value={r.key} onChange={(e) => change({ ...r, key: e.target.value })} {...described} />
                <Select aria-label={`Kind of ${name}`} className="max-sm:order-1 max-sm:col-span-2" value={r.kind} onChange={(e) => change(asKind(r, e.target.value as Kind))}>
                  {Object.entries(kinds).map(([kind, label]) => <option key={kind} value={kind}>{label}</option>)}
                </Select>
                <div className="min-w-0 max-sm:order-2 max-sm:col-span-2 [&>*]:w-full"><Value row={r} name={name} change={(text) => change({ ...r, text })} described={described} /></div>
                <IconButton label={`Remove ${name}`} onClick={() => set(rows.filter((x) => x.id !== r.id))}><Trash2 aria-hidden className="size-4" /></IconButton>
              </div>
              {problem && <p id={`${id}-${r.id}`} className="text-xs text-bad">{problem}</p>}
            </li>
          )
        })}
      </ul>
      <Button small className="self-start" onClick={add}><Plus aria-hidden className="size-3.5" /> Add an attribute</Button>
    </fieldset>
  )
}

function Value({ row: r, name, change, described }: { row: Row; name: string; change: (text: string) => void; described: object }) {
  const common = { 'aria-label': `Value of ${name}`, value: r.text, ...described }
  if (r.kind === 'truth') {
    return <Select {...common} onChange={(e) => change(e.target.value)}><option value="true">true</option><option value="false">false</option></Select>
  }
  if (r.kind === 'list' || r.kind === 'json') {
    return (
      <TextArea {...common} rows={Math.min(8, Math.max(2, r.text.split('\n').length))} spellCheck={r.kind === 'list'} className="font-mono text-xs!"
        placeholder={r.kind === 'list' ? 'one a line' : '{"a": 1}'} onChange={(e) => change(e.target.value)} />
    )
  }
  return (
    <Input {...common} onChange={(e) => change(e.target.value)} inputMode={r.kind === 'number' ? 'decimal' : undefined} className={r.kind === 'text' ? '' : 'numbers'}
      placeholder={r.kind === 'number' ? '49.5' : r.kind === 'date' ? '2026-05-04' : undefined} />
  )
}
