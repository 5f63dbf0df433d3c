import { Link } from '@tanstack/react-router'
import { AlertTriangle, CheckCircle2, FlaskConical, XCircle } from 'lucide-react'
import { type Endpoint, type EndpointTest, useTestEndpoint } from '../api/endpoints'
import { standing } from '../lib/endpoints'
import { duration, sentence } from '../lib/format'
import { Code, JSONView, Mono } from './bits'
import { Badge, Button, Problem } from './ui'

/** How an endpoint does, in a word. */
export function EndpointBadge({ endpoint }: { endpoint: Endpoint }) {
  const s = standing(endpoint)
  return <Badge tone={s.tone} title={s.about}>{s.word}</Badge>
}

/** An endpoint by its name, which leads to it. */
export const EndpointLink = ({ id, name }: { id: string; name: string }) => <Link to="/endpoints/$id" params={{ id }} className="text-accent hover:underline">{name}</Link>

/** Why it can't get all it should. */
export function EndpointProblems({ list }: { list: Endpoint['problems'] }) {
  if (list.length === 0) return null
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-medium">It can’t get all it should.</p>
        <ul>{list.map((p) => <li key={`${p.at} ${p.message}`} className="wrap-anywhere text-soft"><Mono>{p.at}</Mono>: {sentence(p.message)}</li>)}</ul>
      </div>
    </div>
  )
}

/** What a receiver answered, as plain text: whoever answered wrote it. */
export function Answer({ text }: { text: string | undefined }) {
  if (!text) return <p className="text-xs text-soft">The answer was empty.</p>
  return <pre tabIndex={0} aria-label="What was answered" className="max-h-48 overflow-auto rounded-md border border-line bg-page p-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>
}

/** Sends a test event, and shows what was sent and answered. */
export function TryEndpoint({ endpoint: e }: { endpoint: Endpoint }) {
  const trial = useTestEndpoint(e.id)
  return (
    <div className="flex flex-col gap-3 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-56 text-soft">A click of test@example.com that never was. Its id begins with <Mono>test_</Mono>, so that the receiver can tell; nothing of it is counted.</p>
        <Button busy={trial.isPending} onClick={() => trial.mutate()}><FlaskConical aria-hidden className="size-3.5" /> Send a test event</Button>
      </div>
      {trial.error && <Problem error={trial.error} />}
      {trial.data && !trial.isPending && <Tried trial={trial.data} />}
    </div>
  )
}

function Tried({ trial: t }: { trial: EndpointTest }) {
  return (
    <>
      <div role="status" className={`flex gap-2.5 rounded-md border px-3 py-2 ${t.ok ? 'border-good/40 bg-good/5' : 'border-bad/40 bg-bad/5'}`}>
        {t.ok ? <CheckCircle2 aria-hidden className="mt-0.5 size-4 shrink-0 text-good" /> : <XCircle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />}
        <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
          <p className="font-medium">{t.ok ? 'The receiver took it' : 'The receiver did not take it'}</p>
          <p className="text-soft">{t.problem ? sentence(t.problem) : `It answered ${t.status}.`} <span className="whitespace-nowrap">({duration(t.tookMs)})</span></p>
        </div>
      </div>
      {t.status !== undefined && <div className="flex flex-col gap-1"><p className="text-xs text-soft">What was answered</p><Answer text={t.answer} /></div>}
      <details>
        <summary className="cursor-pointer text-xs text-soft hover:text-ink">What was sent</summary>
        <div className="mt-2 flex flex-col gap-2">
          <Code text={`webhook-id: ${t.webhookId}\nContent-Type: ${t.contentType}`} />
          <JSONView value={t.body} />
        </div>
      </details>
    </>
  )
}
