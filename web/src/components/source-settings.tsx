import { ChevronDown, Dices } from 'lucide-react'
import { useState } from 'react'
import { Refusal, type Schemas } from '../api/client'
import { made, type Provider, type Setting } from '../lib/providers'
import { Button, Field, Input, Select, TextArea } from './ui'

/** What stands in the form, as text; flags are 'yes' or ''. */
export type Draft = Partial<Record<Setting['key'], string>>

/** What is wrong with a field, out of everything that was refused. */
export function fieldProblem(error: unknown, field: string): string | undefined {
  if (!(error instanceof Refusal)) return undefined
  const list = error.fields.filter((f) => f.field === field || f.field.startsWith(`${field}[`))
  if (list.length === 0) return undefined
  const text = [...new Set(list.map((f) => (f.hint ? `${f.message}: ${f.hint}` : f.message)))].join('; ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** What was refused and belongs to no field of the form. */
export function otherProblem(error: unknown, shown: string[]): unknown {
  if (!(error instanceof Refusal) || error.fields.length === 0) return error ?? undefined
  return error.fields.every((f) => shown.some((s) => f.field === s || f.field.startsWith(`${s}[`))) ? undefined : error
}

const lines = (text: string) => text.split('\n').map((l) => l.trim()).filter((l) => l !== '')

/** The settings that a form says, in the API's form. Those that it does not name are left out. */
export function settingsOf(provider: Provider, draft: Draft): Schemas['NewSettings'] {
  const out: Record<string, unknown> = {}
  for (const s of provider.settings) {
    const text = draft[s.key]
    if (text === undefined) continue
    if (s.kind === 'flag') out[s.key] = text === 'yes'
    else if (s.kind === 'seconds') out[s.key] = Number(text) || 0
    else if (s.kind === 'pem') out[s.key] = text.trim() === '' ? '' : `${text.trim()}\n`
    else if (s.kind === 'text') out[s.key] = text.trim()
    else out[s.key] = s.kind === 'secrets' && text.includes('-----BEGIN') ? [text.trim()] : lines(text)
  }
  return out
}

interface Props {
  provider: Provider
  draft: Draft
  set: (to: Draft) => void
  error: unknown
  /** How many secrets the source has, where it is there already: they are kept unless one says otherwise. */
  kept?: Partial<Record<Setting['key'], number>>
}

/** The settings of one provider. What is seldom needed shows when asked for. */
export function SettingFields({ provider, draft, set, error, kept }: Props) {
  const usual = provider.settings.filter((s) => !s.seldom)
  const seldom = provider.settings.filter((s) => s.seldom)
  const [all, setAll] = useState(false)
  const open = all || seldom.some((s) => fieldProblem(error, `settings.${s.key}`))
  const field = (s: Setting) => (
    <SettingField key={s.key} setting={s} provider={provider} value={draft[s.key]} error={error} kept={kept?.[s.key]}
      set={(text) => {
        const next = { ...draft }
        if (text === undefined) delete next[s.key]
        else next[s.key] = text
        set(next)
      }} />
  )
  return (
    <>
      {usual.map(field)}
      {seldom.length > 0 && (
        <Button kind="quiet" className="self-start" aria-expanded={open} onClick={() => setAll(!all)}>
          <ChevronDown aria-hidden className={`size-3.5 ${open ? 'rotate-180' : ''}`} /> {open ? 'Fewer settings' : 'More settings'}
        </Button>
      )}
      {open && seldom.map(field)}
    </>
  )
}

function SettingField({ setting: s, provider, value, set, error, kept }: {
  setting: Setting
  provider: Provider
  value: string | undefined
  set: (text: string | undefined) => void
  error: unknown
  kept: number | undefined
}) {
  const problem = fieldProblem(error, `settings.${s.key}`)
  const text = value ?? ''
  const make = s.make
  if (s.kind === 'flag') {
    return (
      <div className="flex flex-col gap-1">
        <label className="flex items-center gap-2 text-sm font-medium">
          <input type="checkbox" className="size-4 accent-accent" checked={text === 'yes'} onChange={(e) => set(e.target.checked ? 'yes' : '')} />
          {s.label}
        </label>
        <p className={`pl-6 text-xs ${problem ? 'text-bad' : 'text-soft'}`}>{problem ?? s.help}</p>
      </div>
    )
  }
  // Secrets that are there can't be shown: they are kept, or replaced as a whole.
  if (s.kind === 'secrets' && kept !== undefined && value === undefined) {
    return (
      <Field label={s.label} help={s.help} problem={problem}>
        {(p) => (
          <Select {...p} value="keep" onChange={(e) => e.target.value === 'new' && set('')}>
            <option value="keep">{kept === 0 ? 'None' : kept === 1 ? 'Keep the one that is set' : `Keep the ${kept} that are set`}</option>
            <option value="new">{kept === 0 ? 'Set one…' : 'Replace…'}</option>
          </Select>
        )}
      </Field>
    )
  }
  const many = s.kind === 'lines' || s.kind === 'secrets' || s.kind === 'pem'
  return (
    <Field label={s.required ? s.label : `${s.label} (optional)`} problem={problem}
      help={<>{s.help}{s.kind === 'secrets' && kept !== undefined && ' What you put here takes the place of all that is set; up to four, one a line. Nothing: none is accepted any more.'}</>}>
      {(p) => (
        <div className="flex items-start gap-2">
          {many ? (
            <TextArea {...p} rows={s.kind === 'pem' ? 4 : Math.max(1, Math.min(4, text.split('\n').length))} spellCheck={false} autoComplete="off"
              className="field-sizing-content max-h-60 min-h-8 min-w-0 flex-1 font-mono text-xs!" placeholder={s.placeholder} value={text} onChange={(e) => set(e.target.value)} />
          ) : (
            <Input {...p} type={s.kind === 'seconds' ? 'number' : 'text'} min={0} className="flex-1" placeholder={s.placeholder} value={text} onChange={(e) => set(e.target.value)} />
          )}
          {make && <Button onClick={() => set(made(make, provider.slug))}><Dices aria-hidden className="size-3.5" /> Make one</Button>}
          {s.kind === 'secrets' && kept !== undefined && <Button onClick={() => set(undefined)}>Keep</Button>}
        </div>
      )}
    </Field>
  )
}
