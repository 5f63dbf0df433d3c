import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { FileDown, MailOpen, Paperclip } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { Refusal } from '../api/client'
import { type OutboxMail, outboxMail, outboxRaw } from '../api/outbox'
import { Copy, Mono, Time } from '../components/bits'
import { MailFrame } from '../components/mail-frame'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Button, Card, Empty, Fact, Facts, Heading, Loading, Problem } from '../components/ui'
import { download } from '../lib/download'
import { bytes } from '../lib/format'
import { inlinePictures } from '../lib/mail-html'

const route = getRouteApi('/inside/outbox/$id')

export function OutboxMailPage() {
  const { id } = route.useParams()
  const answer = useQuery(outboxMail(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title="Outbox" />
        <Card>
          <Empty icon={<MailOpen />} title="This email is not in the outbox" action={<Link to="/outbox" className="text-accent hover:underline">Look at the outbox</Link>}>
            The newest 10,000 are kept, and mail to somebody who was erased is removed.
          </Empty>
        </Card>
      </>
    ) : <><Heading title="Outbox" /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Mail key={answer.data.id} mail={answer.data} /> : <Loading />
}

function Mail({ mail: m }: { mail: OutboxMail }) {
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const tabs = ([['html', 'HTML', m.html !== ''], ['text', 'Text', m.text !== ''], ['headers', 'Headers', true], ['attachments', <Counted key="a" name="Attachments" count={m.attachments.length} />, m.attachments.length > 0], ['raw', 'Source', true]] as const)
    .flatMap(([id, label, there]) => (there ? [[id, label] as const] : []))
  const at = tabs.find(([id]) => id === tab)?.[0] ?? tabs[0]![0]
  const send = /^(snd_[a-z0-9]+)@/.exec(m.messageId ?? '')?.[1]
  const get = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await download(`/outbox/${encodeURIComponent(m.id)}/raw`, `${m.id}.eml`)
      tell('The email is saved as a file.')
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Heading title={<span title={m.subject}>{m.subject || 'Without a subject'}</span>} about="Written into the outbox. It did not leave this machine.">
        {send && <Link to="/sends/$id" params={{ id: send }} className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">Its send</Link>}
        <Button onClick={() => void get()} busy={busy}><FileDown aria-hidden className="size-3.5" /> Save as .eml</Button>
      </Heading>
      {problem !== undefined && <Problem error={problem} />}
      <Card>
        <Facts wide>
          <Fact name="From">{m.from}</Fact>
          <Fact name="To">{m.to}</Fact>
          <Fact name="Written"><Time at={m.at} /></Fact>
          <Fact name="Size">{bytes(m.size)}</Fact>
        </Facts>
      </Card>
      <Card>
        <div className="flex flex-col gap-4">
          <Tabs label="Parts of the email" at={at} tabs={tabs} choose={(id) => void navigate({ search: id === tabs[0]![0] ? {} : { tab: id }, replace: true, resetScroll: false })} />
          <TabPanel at={at}>
            {at === 'html' ? <HTML mail={m} />
              : at === 'text' ? <pre tabIndex={0} className="max-h-[70vh] overflow-auto rounded-md border border-line bg-page p-4 font-mono text-sm whitespace-pre-wrap wrap-anywhere">{m.text}</pre>
              : at === 'headers' ? <Headers mail={m} />
              : at === 'attachments' ? <Attachments mail={m} />
              : <Raw id={m.id} />}
          </TabPanel>
        </div>
      </Card>
    </>
  )
}

/** The source is fetched only where a picture is within the email. */
function HTML({ mail: m }: { mail: OutboxMail }) {
  const pictures = m.attachments.some((a) => a.contentId)
  const raw = useQuery({ ...outboxRaw(m.id), enabled: pictures })
  const found = useMemo(() => (raw.data ? inlinePictures(raw.data) : undefined), [raw.data])
  const inline = useCallback((id: string) => found?.get(id), [found])
  if (pictures && raw.isPending) return <Loading />
  return <MailFrame html={m.html} title="The email as it would look" inline={inline} />
}

function Headers({ mail: m }: { mail: OutboxMail }) {
  return (
    <dl className="flex flex-col gap-2">
      {m.headers.map((h, i) => (
        <div key={i} className="grid gap-x-4 sm:grid-cols-[12rem_minmax(0,1fr)]">
          <dt className="text-sm text-soft [overflow-wrap:anywhere]">{h.name}</dt>
          <dd><Mono>{h.value}</Mono></dd>
        </div>
      ))}
    </dl>
  )
}

function Attachments({ mail: m }: { mail: OutboxMail }) {
  return (
    <>
      <ul className="divide-y divide-line">
        {m.attachments.map((a, i) => (
          <li key={i} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 text-sm first:pt-0">
            <Paperclip aria-hidden className="size-4 text-soft" />
            <span className="min-w-40 flex-1 [overflow-wrap:anywhere]">{a.filename || <span className="text-soft">without a name</span>}</span>
            <Mono>{a.contentType}</Mono>
            <span className="numbers text-soft">{bytes(a.size)}</span>
            {a.contentId && <span className="text-xs text-soft" title={`cid:${a.contentId}`}>shown in the HTML</span>}
          </li>
        ))}
      </ul>
      <p className="text-xs text-soft">To open one, save the email and open it with a mail program.</p>
    </>
  )
}

const most = 200_000

function Raw({ id }: { id: string }) {
  const raw = useQuery(outboxRaw(id))
  if (raw.error) return <Problem error={raw.error} retry={() => void raw.refetch()} />
  if (raw.data === undefined) return <Loading />
  return (
    <div className="relative">
      <pre tabIndex={0} className="max-h-[70vh] overflow-auto rounded-md border border-line bg-page p-3 pr-10 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{raw.data.slice(0, most)}</pre>
      <div className="absolute top-1 right-3"><Copy text={raw.data} label="Copy the source" /></div>
      {raw.data.length > most && <p className="mt-2 text-xs text-soft">This is the beginning: {bytes(most)} of {bytes(raw.data.length)}. Save it as a file to have all of it.</p>}
    </div>
  )
}
