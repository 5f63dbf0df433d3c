import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CircleSlash, Eye, Send as SendIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import { senders } from '../api/senders'
import { type SentEmail, templateNames, useSendEmail } from '../api/sends'
import { MailFrame } from '../components/mail-frame'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Tabs, TabPanel } from '../components/tabs'
import { tell } from '../components/toast'
import { Button, Card, Empty, Fact, Facts, Field, Heading, Input, Problem, Select, TextArea } from '../components/ui'
import { dataProblem, emptyDraft, requestKey, type SendDraft, wishOf } from '../lib/send-draft'
import { reasonWords } from '../lib/sends'
import { sentence } from '../lib/format'

const route = getRouteApi('/inside/sends/new')

const fields = ['to', 'from', 'subject', 'body', 'template', 'data', 'sender', 'scheduledFor', 'transactional']

/** One email to one person: looked at first, then sent. What was looked at is what is sent: after a change one looks again. */
export function NewSend() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [draft, setDraft] = useState<SendDraft>(() => ({ ...emptyDraft, to: search.to ?? '', template: search.template ?? '', by: search.template ? 'template' : 'own' }))
  const [seen, setSeen] = useState<{ email: SentEmail; of: SendDraft }>()
  const look = useSendEmail()
  const send = useSendEmail()
  // The same press again is the same request: nobody is mailed twice because an answer was lost.
  const key = useRef('')
  const wrong = dataProblem(draft.data)
  const current = seen?.of === draft
  const error = send.error ?? look.error
  const set = (to: Partial<SendDraft>) => {
    setDraft({ ...draft, ...to })
    look.reset()
    send.reset()
  }
  const check = () => {
    if (wrong) return
    send.reset()
    look.mutate({ wish: { ...wishOf(draft), dryRun: true } }, {
      onSuccess: ({ emails }) => {
        key.current = requestKey()
        if (emails[0]) setSeen({ email: emails[0], of: draft })
      },
    })
  }
  const go = () =>
    send.mutate({ wish: wishOf(draft), key: key.current }, {
      onSuccess: ({ emails }) => {
        const made = emails[0]
        if (!made) return
        tell(made.status === 'skipped' ? `It is not sent to ${made.contact.email}.` : draft.at ? `It is queued for ${made.contact.email}.` : `It is on its way to ${made.contact.email}.`)
        void navigate({ to: '/sends/$id', params: { id: made.send } })
      },
    })
  const other = otherProblem(error, fields)
  return (
    <>
      <Heading title="Send one email" about="To one person, from a template or as you write it here. You see it first; nothing is sent before you say so." />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <Card title="The email">
          <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); check() }}>
            <Form draft={draft} set={set} error={error} wrong={wrong} />
            {other !== undefined && <Problem error={other} />}
            <div className="flex flex-wrap items-center justify-end gap-2">
              <Button type="submit" kind={current ? 'plain' : 'main'} busy={look.isPending} disabled={wrong !== undefined}><Eye aria-hidden className="size-3.5" /> Look at it first</Button>
            </div>
          </form>
        </Card>
        <Preview seen={seen?.email} stale={seen !== undefined && !current} draft={draft} go={go} busy={send.isPending} />
      </div>
    </>
  )
}

function Form({ draft: d, set, error, wrong }: { draft: SendDraft; set: (to: Partial<SendDraft>) => void; error: unknown; wrong: string | undefined }) {
  const known = (useQuery(templateNames).data ?? []).map((t) => ({ word: t.key ?? t.id, name: t.name }))
  const ways = useQuery(senders).data ?? []
  const usual = ways.find((s) => s.default)
  return (
    <>
      <Field label="To" problem={fieldProblem(error, 'to')} help="One address. Whoever is not known yet becomes a contact.">
        {(p) => <Input {...p} required spellCheck={false} autoComplete="off" value={d.to} onChange={(e) => set({ to: e.target.value })} placeholder="lea@acme.test" />}
      </Field>
      <fieldset>
        <legend className="mb-1 text-sm font-medium">What it says</legend>
        <div className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          {([['template', 'A template'], ['own', 'What I write here']] as const).map(([value, label]) => (
            <label key={value} className="flex items-center gap-2">
              <input type="radio" name="by" className="size-4 accent-accent" checked={d.by === value} onChange={() => set({ by: value })} /> {label}
            </label>
          ))}
        </div>
      </fieldset>
      {d.by === 'template' ? (
        <Field label="Template" problem={fieldProblem(error, 'template')} help={known.length === 0 ? 'There is none yet.' : 'Its key or its id.'}>
          {(p) => (
            <>
              <Input {...p} required list="templates" spellCheck={false} autoComplete="off" value={d.template} onChange={(e) => set({ template: e.target.value })} placeholder="onboarding/welcome" />
              <datalist id="templates">{known.map((t) => <option key={t.word} value={t.word}>{t.name}</option>)}</datalist>
            </>
          )}
        </Field>
      ) : (
        <>
          <Field label="Subject" problem={fieldProblem(error, 'subject')}>
            {(p) => <Input {...p} required autoComplete="off" value={d.subject} onChange={(e) => set({ subject: e.target.value })} placeholder="Hello {{ firstName }}" />}
          </Field>
          <Field label="Text as HTML" problem={fieldProblem(error, 'body')} help={<>Values stand in it as <code className="font-mono">{'{{ firstName }}'}</code>. The text part is made of it.</>}>
            {(p) => <TextArea {...p} required rows={8} spellCheck className="font-mono text-xs!" value={d.body} onChange={(e) => set({ body: e.target.value })} placeholder="<p>Hello {{ firstName }},</p>" />}
          </Field>
        </>
      )}
      <Field label="Data (optional)" problem={wrong ?? fieldProblem(error, 'data')} help="JSON with values that it names. They are kept as attributes of the contact, too.">
        {(p) => <TextArea {...p} rows={2} spellCheck={false} className="field-sizing-content font-mono text-xs!" value={d.data} onChange={(e) => set({ data: e.target.value })} placeholder='{"firstName": "Lea"}' />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="From (optional)" problem={fieldProblem(error, 'from')} help="Empty: as the template or the sender says.">
          {(p) => <Input {...p} spellCheck={false} autoComplete="off" value={d.from} onChange={(e) => set({ from: e.target.value })} placeholder="Acme <hello@acme.test>" />}
        </Field>
        <Field label="Sender" problem={fieldProblem(error, 'sender')}>
          {(p) => (
            <Select {...p} className="w-full" value={d.sender} onChange={(e) => set({ sender: e.target.value })}>
              <option value="">{usual ? `The default: ${usual.name}` : 'The default'}</option>
              {ways.filter((s) => !s.implicit && !s.default).map((s) => <option key={s.id} value={s.id} disabled={s.disabled}>{s.name}{s.disabled ? ' (off)' : ''}</option>)}
            </Select>
          )}
        </Field>
        <Field label="Who may get it" problem={fieldProblem(error, 'transactional')} help={d.kind === 'marketing' ? 'Skipped where they did not subscribe.' : 'Whoever is suppressed never gets it.'}>
          {(p) => (
            <Select {...p} className="w-full" value={d.kind} onChange={(e) => set({ kind: e.target.value as SendDraft['kind'] })}>
              <option value="">{d.by === 'template' ? 'As the template says' : 'Everybody (transactional)'}</option>
              {d.by === 'template' && <option value="transactional">Everybody (transactional)</option>}
              <option value="marketing">Who agreed to it (marketing)</option>
            </Select>
          )}
        </Field>
        <Field label="When (optional)" problem={fieldProblem(error, 'scheduledFor')} help="In your time zone. Empty: at once.">
          {(p) => <Input {...p} type="datetime-local" value={d.at} onChange={(e) => set({ at: e.target.value })} />}
        </Field>
      </div>
    </>
  )
}

function Preview({ seen, stale, draft, go, busy }: { seen: SentEmail | undefined; stale: boolean; draft: SendDraft; go: () => void; busy: boolean }) {
  const [tab, setTab] = useState('html')
  const ways = useQuery(senders).data ?? []
  const way = ways.find((s) => (draft.sender ? s.id === draft.sender : s.default))
  const stays = way?.kind === 'file' || way?.kind === 'console'
  const p = seen?.preview
  if (!seen) return <Card><Empty icon={<Eye />} title="It shows here first">With the values that it has for this person, and whether they may get it. Nothing is stored or sent by looking.</Empty></Card>
  return (
    <Card title="What would be sent" className={stale ? 'border-dashed' : ''}>
      <div className="flex flex-col gap-4">
        {stale && <p className="text-sm text-warn">You changed something since: look at it again.</p>}
        {seen.status === 'skipped' && (
          <p className="flex gap-2 rounded-md border border-warn/40 bg-warn/5 px-3 py-2 text-sm">
            <CircleSlash aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
            <span>They would not get it. {seen.reason && sentence(reasonWords(seen.reason, 'skipped'))} {seen.contact.id && <Link to="/contacts/$id" params={{ id: seen.contact.id }} className="text-accent underline">Look at the contact</Link>}</span>
          </p>
        )}
        <Facts>
          <Fact name="To">{seen.contact.email}{!seen.contact.id && <span className="text-soft">, a new contact</span>}</Fact>
          <Fact name="By">{way && <>{way.name}{stays && <span className="text-soft">, so it stays on this machine</span>}</>}</Fact>
        </Facts>
        {p && (
          <>
            <p className="border-t border-line pt-3 font-semibold [overflow-wrap:anywhere]">{p.subject}</p>
            {p.warnings && p.warnings.length > 0 && <ul className="list-disc pl-5 text-sm text-warn [overflow-wrap:anywhere]">{p.warnings.map((w) => <li key={w}>{sentence(w)}</li>)}</ul>}
            <Tabs label="Preview" at={tab} tabs={[['html', 'HTML'], ['text', 'Text']]} choose={setTab} />
            <TabPanel at={tab}>
              {tab === 'html' ? <MailFrame html={p.html} title="The email as it would look" height="h-80" />
                : p.text ? <pre tabIndex={0} className="max-h-80 overflow-auto rounded-md border border-line bg-page p-4 font-mono text-sm whitespace-pre-wrap wrap-anywhere">{p.text}</pre>
                : <p className="text-sm text-soft">It has no text part.</p>}
            </TabPanel>
          </>
        )}
        <div className="flex flex-wrap items-center justify-end gap-3 border-t border-line pt-4">
          <p className="min-w-0 flex-1 basis-40 text-xs text-soft">{draft.at ? 'It can be taken back until it is due.' : stays ? 'You can read it in the outbox then.' : 'A real email leaves at once.'}</p>
          <Button kind="main" disabled={stale} busy={busy} onClick={go}><SendIcon aria-hidden className="size-3.5" /> {seen.status === 'skipped' ? 'Ask for it all the same' : draft.at ? 'Queue it' : 'Send it'}</Button>
        </div>
      </div>
    </Card>
  )
}
