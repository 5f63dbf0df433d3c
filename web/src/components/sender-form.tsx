import { ChevronDown, KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { type DKIMDraft, makeKey, type SenderDraft, type Way, type WayField } from '../lib/senders'
import { Mono } from './bits'
import { fieldProblem } from './source-settings'
import { Button, Field, IconButton, Input, Select, TextArea } from './ui'

interface Props {
  way: Way
  draft: SenderDraft
  set: (to: SenderDraft) => void
  error: unknown
  /** Secrets that are there: an empty field keeps them. */
  kept: { password: boolean; secretAccessKey: boolean }
}

/** The names of all fields that the form shows a problem at. */
export const shownFields = (way: Way) => ['name', 'from.email', 'from.name', 'replyTo', 'rate', ...way.fields.map((f) => `settings.${f.key}`), ...(way.dkim ? ['settings.dkim'] : [])]

/** What a sender is called, where it leads and whom its mail is from. */
export function SenderFields({ way, draft, set, error, kept }: Props) {
  const [all, setAll] = useState(false)
  const usual = way.fields.filter((f) => !f.seldom)
  const seldom = way.fields.filter((f) => f.seldom)
  const open = all || seldom.some((f) => fieldProblem(error, `settings.${f.key}`))
  const field = (f: WayField) => (
    <Setting key={f.key} field={f} value={draft.settings[f.key] ?? ''} problem={fieldProblem(error, `settings.${f.key}`)}
      kept={(f.key === 'password' || f.key === 'secretAccessKey') && kept[f.key]} set={(text) => set({ ...draft, settings: { ...draft.settings, [f.key]: text } })} />
  )
  return (
    <>
      <Field label="Name" help="What mail is told to go out by, as in “main” or “newsletter”." problem={fieldProblem(error, 'name')}>
        {(p) => <Input {...p} value={draft.name} maxLength={100} required autoComplete="off" placeholder={way.slug} onChange={(e) => set({ ...draft, name: e.target.value })} />}
      </Field>
      {usual.length > 0 && <div className="grid gap-4 sm:grid-cols-2">{usual.map(field)}</div>}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Mail is from (optional)" help="Where an email or its template says nothing else." problem={fieldProblem(error, 'from.email')}>
          {(p) => <Input {...p} type="email" value={draft.email} autoComplete="off" placeholder="hello@acme.test" onChange={(e) => set({ ...draft, email: e.target.value })} />}
        </Field>
        <Field label="Name beside it (optional)" problem={fieldProblem(error, 'from.name')}>
          {(p) => <Input {...p} value={draft.fromName} maxLength={100} autoComplete="off" placeholder="Acme" onChange={(e) => set({ ...draft, fromName: e.target.value })} />}
        </Field>
        <Field label="Answers go to (optional)" help="Empty: to whom it is from." problem={fieldProblem(error, 'replyTo')}>
          {(p) => <Input {...p} type="email" value={draft.replyTo} autoComplete="off" placeholder="help@acme.test" onChange={(e) => set({ ...draft, replyTo: e.target.value })} />}
        </Field>
        <Field label="Emails a second (optional)" help="Of each server process; what comes on top waits. Empty: no limit." problem={fieldProblem(error, 'rate')}>
          {(p) => <Input {...p} type="number" min={0} step="any" value={draft.rate} placeholder="no limit" onChange={(e) => set({ ...draft, rate: e.target.value })} />}
        </Field>
      </div>
      {way.dkim && <DKIMFields keys={draft.dkim} set={(dkim) => set({ ...draft, dkim })} error={error} domain={draft.email.split('@')[1] ?? ''} />}
      {seldom.length > 0 && (
        <Button kind="quiet" className="self-start" aria-expanded={open} onClick={() => setAll(!all)}>
          <ChevronDown aria-hidden className={`size-3.5 ${open ? 'rotate-180' : ''}`} /> {open ? 'Fewer settings' : 'More settings'}
        </Button>
      )}
      {open && <div className="grid gap-4 sm:grid-cols-2 [&>.wide]:sm:col-span-2">{seldom.map(field)}</div>}
    </>
  )
}

function Setting({ field: f, value, set, problem, kept }: { field: WayField; value: string; set: (text: string) => void; problem: string | undefined; kept: boolean }) {
  if (f.kind === 'flag') {
    return (
      <label className="wide flex items-start gap-2 text-sm font-medium">
        <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={value === 'yes'} onChange={(e) => set(e.target.checked ? 'yes' : '')} />
        <span>{f.label}<span className={`block text-xs font-normal ${problem ? 'text-bad' : 'text-soft'}`}>{problem ?? f.help}</span></span>
      </label>
    )
  }
  const required = f.required && !kept
  const help = kept ? 'There is one, which stays unless you write another.' : f.help
  return (
    <div className={f.kind === 'pem' ? 'wide' : ''}>
      <Field label={f.required || f.seldom || f.kind === 'secret' ? f.label : `${f.label} (optional)`} help={help} problem={problem}>
        {(p) =>
          f.kind === 'choice' ? (
            <Select {...p} className="w-full" value={value} onChange={(e) => set(e.target.value)}>{f.choices?.map(([v, label]) => <option key={v} value={v}>{label}</option>)}</Select>
          ) : f.kind === 'pem' ? (
            <TextArea {...p} rows={3} spellCheck={false} autoComplete="off" className="font-mono text-xs!" placeholder={f.placeholder} value={value} onChange={(e) => set(e.target.value)} />
          ) : (
            <Input {...p} type={f.kind === 'secret' ? 'password' : f.kind === 'number' ? 'number' : 'text'} min={0} required={required} spellCheck={false}
              autoComplete={f.kind === 'secret' ? 'new-password' : 'off'} placeholder={kept ? '••••••••' : f.placeholder} value={value} onChange={(e) => set(e.target.value)} />
          )}
      </Field>
    </div>
  )
}

/** Keys that mail is signed with. A private one is given once and never shown again. */
function DKIMFields({ keys, set, error, domain }: { keys: DKIMDraft[]; set: (keys: DKIMDraft[]) => void; error: unknown; domain: string }) {
  const [making, make] = useState(false)
  const [unable, setUnable] = useState(false)
  const change = (i: number, to: Partial<DKIMDraft>) => set(keys.map((k, j) => (i === j ? { ...k, ...to } : k)))
  const made = async (i: number) => {
    make(true)
    const pem = await makeKey().catch(() => undefined)
    make(false)
    setUnable(!pem)
    if (pem) change(i, { privateKey: pem })
  }
  const whole = fieldProblem(error, 'settings.dkim')
  const apart = keys.some((_, i) => ['domain', 'selector', 'privateKey'].some((part) => fieldProblem(error, `settings.dkim[${i}].${part}`)))
  return (
    <fieldset className="flex min-w-0 flex-col gap-3 rounded-md border border-line p-3">
      <legend className="px-1 text-sm font-medium">DKIM</legend>
      <p className="text-xs text-soft">A signature by which others see that mail is from your domain. Once it is saved, the sender’s page shows the DNS record that goes with each key. A server that signs by itself needs none here.</p>
      {keys.map((k, i) => (
        <div key={i} className="flex flex-col gap-2">
          <div className="flex items-end gap-2">
            <div className="grid min-w-0 flex-1 gap-2 sm:grid-cols-2">
              <Field label={`Domain of key ${i + 1}`} problem={fieldProblem(error, `settings.dkim[${i}].domain`)}>
                {(p) => <Input {...p} required readOnly={k.kept} spellCheck={false} value={k.domain} placeholder="acme.test" onChange={(e) => change(i, { domain: e.target.value })} />}
              </Field>
              <Field label={`Selector of key ${i + 1}`} problem={fieldProblem(error, `settings.dkim[${i}].selector`)}>
                {(p) => <Input {...p} required readOnly={k.kept} spellCheck={false} value={k.selector} placeholder="s1" onChange={(e) => change(i, { selector: e.target.value })} />}
              </Field>
            </div>
            <IconButton label={`Remove key ${i + 1}`} onClick={() => set(keys.filter((_, j) => j !== i))}><Trash2 aria-hidden className="size-4" /></IconButton>
          </div>
          {k.kept ? <p className="text-xs text-soft">Its private key is kept. To change it, add a key with another selector, and remove this one a week later.</p> : (
            <Field label={`Private key ${i + 1}`} help="RSA of 2048 bits or Ed25519, in PEM without a password. Never shown again." problem={fieldProblem(error, `settings.dkim[${i}].privateKey`)}>
              {(p) => (
                <div className="flex flex-wrap items-start gap-2">
                  <TextArea {...p} required rows={3} spellCheck={false} autoComplete="off" className="min-w-0 flex-1 basis-64 font-mono text-xs!" placeholder="-----BEGIN PRIVATE KEY-----"
                    value={k.privateKey} onChange={(e) => change(i, { privateKey: e.target.value })} />
                  <Button busy={making} onClick={() => void made(i)}><KeyRound aria-hidden className="size-3.5" /> Make one</Button>
                </div>
              )}
            </Field>
          )}
        </div>
      ))}
      {unable && <p className="text-xs text-warn">Browsers make keys on pages with https alone. Make one at a terminal: <Mono>openssl genpkey -algorithm ed25519</Mono></p>}
      {whole && !apart && <p className="text-xs text-bad">{whole}</p>}
      {keys.length < 4 && <Button small className="self-start" onClick={() => set([...keys, { domain, selector: `s${keys.length + 1}`, privateKey: '', kept: false }])}><Plus aria-hidden className="size-3.5" /> Add a key</Button>}
    </fieldset>
  )
}
