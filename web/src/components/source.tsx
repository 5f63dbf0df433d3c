import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CheckCircle2, CircleAlert, CircleDashed, CircleX, Info, TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { Schemas } from '../api/client'
import { confirmSubscription, disableSource, enableSource, rotateSource, sourceChanged, testSource } from '../api/sources'
import { duration, sentence } from '../lib/format'
import { providerTitle } from '../lib/providers'
import { keepURL, severities, shownURL, type State, states } from '../lib/sources'
import { Code, Mono, Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { tell } from './toast'
import { Badge, Button, Field, ink, Problem, Select } from './ui'

type Finding = Schemas['Finding']
type Source = Schemas['Source']

export function StateBadge({ state }: { state: State }) {
  const s = states[state]
  return <Badge tone={s.tone} title={s.about}>{s.word}</Badge>
}

/** Text with `what is typed` and *what is pressed*. */
export function Rich({ text }: { text: string }) {
  return text.split(/(`[^`]+`|\*[^*]+\*)/).map((part, i) =>
    part.startsWith('`') ? <code key={i} className="rounded bg-raised px-1 font-mono text-xs wrap-anywhere">{part.slice(1, -1)}</code>
      : part.startsWith('*') ? <strong key={i} className="font-medium text-ink">{part.slice(1, -1)}</strong>
      : part)
}

/** The remedies are written for the terminal too, where they name commands. Here there is a button for it. */
function remedy(f: Finding): string | undefined {
  if (f.code === 'disabled') return undefined
  const text = f.remedy
    ?.replace(/tidings source test src_\w+/, 'test it here')
    .replace('GET /receipts?problem=any lists them', 'Receipts lists them')
    .replace('may read them: tidings replay', 'may read them')
    .replace(/: tidings source (rotate|enable)\b.*$/, (_, word: string) => (word === 'rotate' ? ': “New URL” makes a new one' : ''))
  return text && sentence(text)
}

const icons = { critical: CircleAlert, warning: TriangleAlert, info: Info }

/** What somebody should know of a source, with what to do and a button that does it. */
export function Findings({ source, findings, test, edit }: {
  source: Source
  findings: Finding[]
  test?: (() => void) | undefined
  edit?: (() => void) | undefined
}) {
  return (
    <ul className="flex flex-col gap-3">
      {findings.map((f, i) => {
        const Icon = icons[f.severity]
        return (
          <li key={`${f.code} ${f.cause} ${i}`} className="flex gap-3">
            <Icon aria-label={f.severity} className={`mt-0.5 size-4 shrink-0 ${ink(severities[f.severity])}`} />
            <div className="min-w-0 flex-1 text-sm">
              <p className="break-words">{sentence(f.message)}</p>
              {remedy(f) && <p className="break-words text-soft"><span className="font-medium">What to do:</span> {remedy(f)}</p>}
              <Act source={source} finding={f} test={test} edit={edit} />
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function Act({ source, finding: f, test, edit }: { source: Source; finding: Finding; test?: (() => void) | undefined; edit?: (() => void) | undefined }) {
  if (f.code === 'disabled') return <div className="mt-1.5"><Enable source={source} /></div>
  if (f.code === 'problem') {
    return <Link to="/receipts" search={{ source: source.id, problem: f.cause ?? 'any' }} className="text-accent hover:underline">Look at these requests</Link>
  }
  if ((f.code === 'silent' || f.code === 'nothing_yet') && test) {
    return <Button small className="mt-1.5" onClick={test}>Test it now</Button>
  }
  if ((f.code === 'refused' || f.code === 'certificate_ends') && edit) return <Button small className="mt-1.5" onClick={edit}>Open its settings</Button>
  return null
}

export function Enable({ source }: { source: Source }) {
  const queries = useQueryClient()
  const enable = useMutation({
    mutationFn: () => enableSource(source.id),
    onSuccess: async () => {
      await sourceChanged(queries, source.id)
      tell(`${source.name} is switched on.`)
    },
  })
  return (
    <div className="flex flex-col gap-2">
      <Button small className="self-start" busy={enable.isPending} onClick={() => enable.mutate()}>Switch it on</Button>
      {enable.error && <Problem error={enable.error} />}
    </div>
  )
}

export function Disable({ source, open, close }: { source: Source; open: boolean; close: () => void }) {
  const queries = useQueryClient()
  return (
    <Confirm open={open} close={close} title={`Switch off ${source.name}?`} verb="Switch it off" danger
      act={async () => {
        await disableSource(source.id)
        await sourceChanged(queries, source.id)
        tell(`${source.name} is switched off.`)
      }}>
      <p>From the next request on, everything that {providerTitle(source.provider)} posts to this source is refused. What it does not send again later is lost.</p>
      <p>What has come stays. It can be switched on again at any time.</p>
    </Confirm>
  )
}

/** Subscriptions that wait for a person, with what the person has to know. */
export function Confirmations({ source, list }: { source: Source; list: Schemas['Confirmation'][] }) {
  const [asked, ask] = useState<Schemas['Confirmation']>()
  const queries = useQueryClient()
  return (
    <>
      <ul className="flex flex-col gap-3">
        {list.map((c) => (
          <li key={c.id} className="flex flex-wrap items-center justify-between gap-3">
            <div className="min-w-0 text-sm">
              <p><Mono>{c.topic}</Mono></p>
              <p className="text-soft">{c.note}; asked <Time at={c.askedAt} form="ago" /></p>
              {c.problem && <p className="text-bad">The last try did not work: {c.problem}</p>}
            </div>
            {c.confirmedAt ? <Badge tone="good">Confirmed</Badge> : <Button kind="main" small onClick={() => ask(c)}>Confirm</Button>}
          </li>
        ))}
      </ul>
      <Confirm open={asked !== undefined} close={() => ask(undefined)} title="Confirm this subscription?" verb="Confirm it"
        act={async () => {
          if (!asked) return
          await confirmSubscription(source.id, asked.id)
          await sourceChanged(queries, source.id)
          tell('The subscription is confirmed: events can come now.')
        }}>
        <p><Mono>{asked?.topic}</Mono></p>
        <p>It is {asked?.note}. Confirm only what is yours: from then on everything that is published to this topic comes here.</p>
      </Confirm>
    </>
  )
}

const steps: Record<Schemas['TestStep']['step'], string> = {
  resolve: 'The name leads to an address', connect: 'The port answers', tls: 'The certificate is good', answer: 'It answers 200',
  arrive: 'The request arrives at this server', unchanged: 'Nothing changed it on the way', prove: 'It is proved genuine',
  read: 'It is understood', store: 'It would be stored',
}

/** Sends a signed sample through the source's real URL and tells of each step. It begins by itself when it is asked once more. */
export function SelfTest({ source, asked = 0 }: { source: Source; asked?: number }) {
  const test = useMutation({ mutationFn: () => testSource(source.id) })
  const { mutate } = test
  useEffect(() => {
    if (asked > 0) mutate()
  }, [asked, mutate])
  const t = test.data
  return (
    <div className="flex flex-col gap-3 text-sm">
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => test.mutate()} busy={test.isPending}>{t ? 'Test again' : 'Test this source'}</Button>
        <span className="text-soft">
          {test.isPending ? 'A signed sample is on its way…' : t ? <>Took {duration(t.tookMs)}; signed as {t.signed}</> : 'Sends a signed sample through the real URL. Nothing of it is kept.'}
        </span>
      </div>
      {test.error && <Problem error={test.error} />}
      {t && (
        <>
          <p className={ink(t.ok ? 'good' : 'bad')} role="status">{t.ok ? 'Every step worked.' : 'It did not get through. The first red step says what to do.'}</p>
          <ol className="flex flex-col gap-2">
            {t.steps.map((s) => (
              <li key={s.step} className="flex gap-2.5">
                {s.state === 'ok' ? <CheckCircle2 aria-label="worked" className="mt-0.5 size-4 shrink-0 text-good" />
                  : s.state === 'failed' ? <CircleX aria-label="failed" className="mt-0.5 size-4 shrink-0 text-bad" />
                  : <CircleDashed aria-label="left out" className="mt-0.5 size-4 shrink-0 text-soft" />}
                <span className="min-w-0">
                  {steps[s.step]} {s.tookMs !== undefined && <span className="numbers text-xs text-soft">{s.tookMs.toFixed(1)} ms</span>}
                  {s.detail && <span className="block text-xs break-words text-soft">{s.detail}</span>}
                  {s.remedy && <span className="block text-xs break-words"><span className="font-medium">What to do:</span> {s.remedy}</span>}
                </span>
              </li>
            ))}
          </ol>
          {t.untested.length > 0 && (
            <div className="text-xs text-soft">
              <p className="font-medium">What can’t be told from here</p>
              <ul className="list-disc pl-4">{t.untested.map((u) => <li key={u}>{u}</li>)}</ul>
            </div>
          )}
        </>
      )}
    </div>
  )
}

/** A server that was not told how the world reaches it gives URLs that nobody else can use. */
function unreachable(url: string): string | undefined {
  try {
    const { hostname, protocol } = new URL(url)
    if (/^(localhost|127\..*|0\.0\.0\.0|\[::1?\])$/.test(hostname)) return 'No provider can reach this URL: it is this machine’s own.'
    return protocol === 'http:' ? 'This URL is not encrypted: whoever is on the way can read its secret.' : undefined
  } catch {
    return undefined
  }
}

/** The URL of a source, which is shown once. */
export function OnceURL({ url, extra }: { url: string; extra?: ReactNode }) {
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-warn/40 bg-warn/5 p-4">
      <p className="text-sm font-medium">The source’s URL</p>
      <Code text={url} secret />
      {extra}
      {unreachable(url) && (
        <p className="text-sm text-warn">
          {unreachable(url)} Start the server with <code className="font-mono text-xs">--public-url https://…</code>, the address that the world reaches it by, and put that in place of the beginning.
        </p>
      )}
      <p className="text-xs text-soft">
        It holds the source’s secret and is shown this once: copy it now. Whoever has it can post events. If it is lost, make a new one.
      </p>
    </div>
  )
}

const graces = [
  ['86400', 'for 24 hours'],
  ['3600', 'for an hour'],
  ['604800', 'for 7 days'],
  ['0', 'not at all: it ends now'],
] as const

/** Gives a source a new token and shows its URL once. */
export function Rotate({ source, open, close }: { source: Source; open: boolean; close: () => void }) {
  const [grace, setGrace] = useState('86400')
  const queries = useQueryClient()
  const rotate = useMutation({
    mutationFn: () => rotateSource(source.id, Number(grace)),
    onSuccess: async (made) => {
      const before = shownURL(source.id)
      keepURL(source.id, { url: made.url, secret: before?.secret, basic: before?.basic })
      await sourceChanged(queries, source.id)
      tell(`${source.name} has a new URL.`)
    },
  })
  const end = () => {
    rotate.reset()
    close()
  }
  return (
    <Dialog open={open} close={end} title={`A new URL for ${source.name}`} stay={rotate.data !== undefined}
      about={rotate.data ? undefined : `The new URL has another secret. Give it to ${providerTitle(source.provider)} while the one before still works.`}>
      {rotate.data ? (
        <div className="flex flex-col gap-3">
          <OnceURL url={rotate.data.url} />
          <p className="text-sm text-soft">
            {rotate.data.previousTokenUntil
              ? <>The URL before works until <Time at={rotate.data.previousTokenUntil} />. Change it at the provider until then.</>
              : 'The URL before does not work any more: the provider is refused until it has the new one.'}
          </p>
          <Button kind="main" className="self-end" onClick={end}>I have copied it</Button>
        </div>
      ) : (
        <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); rotate.mutate() }}>
          <Field label="The URL before works on" help="Ending it now is for when it got into wrong hands: what the provider posts to it is refused at once.">
            {(p) => <Select {...p} value={grace} onChange={(e) => setGrace(e.target.value)}>{graces.map(([v, label]) => <option key={v} value={v}>{label}</option>)}</Select>}
          </Field>
          {rotate.error && <Problem error={rotate.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={end}>Cancel</Button>
            <Button type="submit" kind={grace === '0' ? 'danger' : 'main'} busy={rotate.isPending}>Make a new URL</Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
