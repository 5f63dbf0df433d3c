import { useState } from 'react'
import { type Endpoint, useRotateSecret } from '../api/endpoints'
import { Code, Time } from './bits'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { Button, Field, Input, Problem, Select } from './ui'

/** A secret of an endpoint, which is shown this once. */
export function SecretOnce({ name, secret }: { name: string; secret: string }) {
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-warn/40 bg-warn/5 p-4">
      <p className="text-sm font-medium">The secret of {name}</p>
      <Code text={secret} secret />
      <p className="text-xs text-soft">
        It is shown this once, and kept sealed. Copy it now into the receiver: with it, and any library of Standard Webhooks, it checks that requests are from here.
      </p>
    </div>
  )
}

const overlaps = [['0s', 'Not at all: it ends at once'], ['1h', 'An hour'], ['24h', 'A day'], ['168h', 'A week'], ['720h', '30 days']] as const

/** Gives an endpoint a new secret. */
export function RotateSecret({ endpoint: e, open, close }: { endpoint: Endpoint; open: boolean; close: () => void }) {
  const [made, setMade] = useState(false)
  const end = () => {
    setMade(false)
    close()
  }
  return (
    <Dialog open={open} close={end} stay={made} title={made ? 'A new secret' : `A new secret for ${e.name}`}
      {...(made ? {} : { about: 'Requests have a signature by each secret that holds, so that the receiver can be changed meanwhile.' })}>
      {open && <Rotate endpoint={e} close={end} done={() => setMade(true)} />}
    </Dialog>
  )
}

function Rotate({ endpoint: e, close, done }: { endpoint: Endpoint; close: () => void; done: () => void }) {
  const [overlap, setOverlap] = useState('24h')
  const [secret, setSecret] = useState('')
  const rotate = useRotateSecret(e.id)
  if (rotate.data?.secret) {
    const old = rotate.data.secrets[1]?.until
    return (
      <div className="flex flex-col gap-4">
        <SecretOnce name={e.name} secret={rotate.data.secret} />
        <p className="text-sm text-soft">{old ? <>The old one holds until <Time at={old} />.</> : 'The old one holds no more.'}</p>
        <Button kind="main" className="self-end" onClick={close}>I have copied it</Button>
      </div>
    )
  }
  const other = otherProblem(rotate.error, ['overlap', 'secret'])
  return (
    <form className="flex flex-col gap-4" onSubmit={(ev) => { ev.preventDefault(); rotate.mutate({ overlap, ...(secret.trim() ? { secret: secret.trim() } : {}) }, { onSuccess: done }) }}>
      <Field label="How long the old one goes on to hold" problem={fieldProblem(rotate.error, 'overlap')}
        help={overlap === '0s' ? 'The receiver refuses what is sent from now on until it has the new one.' : 'Give the receiver the new one within that time.'}>
        {(p) => <Select {...p} value={overlap} onChange={(ev) => setOverlap(ev.target.value)}>{overlaps.map(([v, label]) => <option key={v} value={v}>{label}</option>)}</Select>}
      </Field>
      <Field label="The new secret (optional)" help="One that the receiver has already: whsec_ and 24 to 64 bytes in Base64. Empty: a new one is made." problem={fieldProblem(rotate.error, 'secret')}>
        {(p) => <Input {...p} spellCheck={false} autoComplete="off" className="font-mono text-xs!" value={secret} placeholder="whsec_…" onChange={(ev) => setSecret(ev.target.value)} />}
      </Field>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={rotate.isPending}>Make it</Button>
      </div>
    </form>
  )
}
