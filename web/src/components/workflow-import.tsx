import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Refusal } from '../api/client'
import { useSaveWorkflow, type WorkflowDetails } from '../api/workflows'
import { sentence } from '../lib/format'
import { Mono } from './bits'
import { Dialog } from './overlay'
import { tell } from './toast'
import { Button, Field, Input, Problem, TextArea } from './ui'

/** Takes a workflow of a file: ours, MailGlyph's or Mailshot's. */
export function ImportDialog({ open, close }: { open: boolean; close: () => void }) {
  return (
    <Dialog open={open} close={close} wide title="Take in a workflow" about="YAML or JSON, as Tidings, MailGlyph or Mailshot write it. It is stored as a workflow that nobody enters until you switch it on.">
      {open && <Form close={close} />}
    </Dialog>
  )
}

function Form({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const [made, setMade] = useState<WorkflowDetails>()
  const save = useSaveWorkflow(undefined)
  const navigate = useNavigate()
  const go = (w: WorkflowDetails) => void navigate({ to: '/workflows/$id', params: { id: w.id } })
  if (made) {
    return (
      <div className="flex flex-col gap-3 text-sm">
        <p><span className="font-medium">{made.name}</span> is made. Not all that was written has come along:</p>
        <ul aria-label="What was left out" className="flex flex-col gap-1">{(made.warnings ?? []).map((w, i) => <li key={i} className="wrap-anywhere"><Mono>{w.at}</Mono> <span className="text-soft">{sentence(w.message)}</span></li>)}</ul>
        <div className="flex justify-end gap-2"><Button onClick={close}>Stay here</Button><Button kind="main" onClick={() => go(made)}>Look at it</Button></div>
      </div>
    )
  }
  return (
    <form className="flex flex-col gap-3" noValidate onSubmit={(e) => {
      e.preventDefault()
      save.mutate({ wish: { text } }, { onSuccess: (w) => {
        if ((w.warnings ?? []).length > 0) return setMade(w)
        tell(`${w.name} is made.`)
        go(w)
      } })
    }}>
      <Field label="A file">
        {(p) => <Input {...p} type="file" accept=".yaml,.yml,.json" className="h-auto! py-1" onChange={(e) => { save.reset(); void e.target.files?.[0]?.text().then(setText) }} />}
      </Field>
      <Field label="Or its text">
        {(p) => <TextArea {...p} rows={12} spellCheck={false} className="w-full font-mono text-xs!" value={text} onChange={(e) => { save.reset(); setText(e.target.value) }} />}
      </Field>
      {save.error && <Refused error={save.error} />}
      <div className="flex justify-end gap-2"><Button onClick={close}>Cancel</Button><Button type="submit" kind="main" busy={save.isPending} disabled={text.trim() === ''}>Take it in</Button></div>
    </form>
  )
}

/** All that is wrong with it, which may be much. */
function Refused({ error }: { error: unknown }) {
  if (!(error instanceof Refusal) || error.fields.length === 0) return <Problem error={error} />
  return (
    <div role="alert" tabIndex={0} className="max-h-56 overflow-y-auto rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
      <p className="font-medium">It can’t be taken as it is.</p>
      <ul>{error.fields.map((f, i) => <li key={i} className="wrap-anywhere"><Mono>{f.field.replace(/^workflow\.?/, '')}</Mono> <span className="text-soft">{sentence(f.message)}</span></li>)}</ul>
    </div>
  )
}
