import { useId } from 'react'
import { type Draft, namesOf, type Watch } from '../lib/template-draft'
import { Field, Input, Select, TextArea } from './ui'
import { fieldProblem } from './source-settings'

/** The fields that stand here, by the names of the API: what is wrong with others is told elsewhere. */
export const settingFields = ['name', 'key', 'description', 'type', 'from', 'fromName', 'replyTo', 'opens', 'clicks', 'displayNames']

interface Props {
  draft: Draft
  put: (to: Partial<Draft>) => void
  error: unknown
  readOnly: boolean
}

const types = [
  ['MARKETING', 'Marketing', 'only to those who want mail; it shows how to unsubscribe'],
  ['TRANSACTIONAL', 'Transactional', 'what somebody needs, such as a receipt: also to those who unsubscribed, never to those who are suppressed'],
] as const

/** What a template is called, who it is for and whom it is from. */
export function TemplateSettings({ draft, put, error, readOnly }: Props) {
  return (
    <fieldset disabled={readOnly} className="flex min-w-0 flex-col gap-4">
      <legend className="sr-only">Settings</legend>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" problem={fieldProblem(error, 'name')}>
          {(p) => <Input {...p} required maxLength={100} value={draft.name} autoComplete="off" placeholder="Welcome" onChange={(e) => put({ name: e.target.value })} />}
        </Field>
        <Field label="Key (optional)" help="What your app sends it by, and what events and statistics name it." problem={fieldProblem(error, 'key')}>
          {(p) => <Input {...p} maxLength={200} value={draft.key} autoComplete="off" spellCheck={false} className="font-mono text-xs!" placeholder="onboarding/welcome" onChange={(e) => put({ key: e.target.value })} />}
        </Field>
      </div>
      <Field label="What it is for (optional)" problem={fieldProblem(error, 'description')}>
        {(p) => <Input {...p} maxLength={1000} value={draft.description} autoComplete="off" placeholder="The first email after signing up" onChange={(e) => put({ description: e.target.value })} />}
      </Field>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1 text-sm font-medium">Who gets it</legend>
        {types.map(([type, label, about]) => (
          <label key={type} className="flex items-baseline gap-2 text-sm">
            <input type="radio" name="type" className="shrink-0 accent-accent" checked={draft.type === type} onChange={() => put({ type })} />
            <span>{label} <span className="text-soft">· {about}</span></span>
          </label>
        ))}
      </fieldset>
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="From" help="Empty: the send or the sender says it." problem={fieldProblem(error, 'from')}>
          {(p) => <Input {...p} type="email" maxLength={512} value={draft.from} autoComplete="off" placeholder="hello@acme.test" onChange={(e) => put({ from: e.target.value })} />}
        </Field>
        <Field label="Name beside it" help="May have variables." problem={fieldProblem(error, 'fromName')}>
          {(p) => <Input {...p} maxLength={100} value={draft.fromName} autoComplete="off" placeholder="Acme" onChange={(e) => put({ fromName: e.target.value })} />}
        </Field>
        <Field label="Answers go to" help="Empty: to whom it is from." problem={fieldProblem(error, 'replyTo')}>
          {(p) => <Input {...p} type="email" maxLength={512} value={draft.replyTo} autoComplete="off" placeholder="help@acme.test" onChange={(e) => put({ replyTo: e.target.value })} />}
        </Field>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <WatchField label="Opens" value={draft.opens} change={(opens) => put({ opens })} problem={fieldProblem(error, 'opens')} />
        <WatchField label="Clicks" value={draft.clicks} change={(clicks) => put({ clicks })} problem={fieldProblem(error, 'clicks')} />
      </div>
      <DisplayNames draft={draft} put={put} error={error} />
    </fieldset>
  )
}

function WatchField({ label, value, change, problem }: { label: string; value: Watch; change: (to: Watch) => void; problem: string | undefined }) {
  return (
    <Field label={label} problem={problem}>
      {(p) => (
        <Select {...p} value={value} onChange={(e) => change(e.target.value as Watch)}>
          <option value="as">as everywhere</option>
          <option value="on">watched</option>
          <option value="off">not watched</option>
        </Select>
      )}
    </Field>
  )
}

function DisplayNames({ draft, put, error }: Pick<Props, 'draft' | 'put' | 'error'>) {
  const fault = namesOf(draft.displayNames).fault
  const told = fault ?? (error instanceof Error ? namesProblem(error) : undefined)
  const id = useId()
  return (
    <details className="text-sm" open={told || draft.displayNames ? true : undefined}>
      <summary className="cursor-pointer font-medium">What values are called</summary>
      <div className="mt-2">
        <Field label="Display names, as JSON" problem={told}
          help={<>With this, <code className="font-mono" id={id}>{'{{ platformName }}'}</code> is “Kajabi” where platform is “kajabi”.</>}>
          {(p) => (
            <TextArea {...p} rows={4} spellCheck={false} className="font-mono text-xs!" value={draft.displayNames} placeholder={'{"platformName": {"kajabi": "Kajabi"}}'}
              onChange={(e) => put({ displayNames: e.target.value })} />
          )}
        </Field>
      </div>
    </details>
  )
}

/** What the server says of one of the names stands at the field of all of them. */
function namesProblem(error: Error): string | undefined {
  const fields = 'fields' in error ? (error.fields as { field: string; message: string }[]) : []
  const list = fields.filter((f) => f.field === 'displayNames' || f.field.startsWith('displayNames.'))
  return list.length > 0 ? list.map((f) => `${f.field} ${f.message}`).join('; ') : undefined
}
