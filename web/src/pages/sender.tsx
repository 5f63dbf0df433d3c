import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Pencil, Power, Send as SendIcon, Star, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Refusal } from '../api/client'
import { contactActs } from '../api/mail'
import { type Sender, sender, senders, useChangeSender, useDeleteSender } from '../api/senders'
import { Acts } from '../components/acts'
import { Code, Mono, Time } from '../components/bits'
import { More } from '../components/menu'
import { Confirm, Dialog } from '../components/overlay'
import { SenderBadge, TrySender } from '../components/sender'
import { SenderFields, shownFields } from '../components/sender-form'
import { otherProblem } from '../components/source-settings'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, ink, Loading, Problem } from '../components/ui'
import { sentence } from '../lib/format'
import { useNow } from '../lib/now'
import { condition, draftOf, leadsTo, wayOf, wishOf } from '../lib/senders'

const route = getRouteApi('/inside/senders/$id')

export function SenderPage() {
  const { id } = route.useParams()
  const answer = useQuery(sender(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<SendIcon />} title="There is no such sender" action={<Link to="/senders" className="text-accent hover:underline">Look at the senders</Link>}>It was deleted, or its name was changed.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known key={answer.data.id} sender={answer.data} /> : <Loading />
}

function Known({ sender: s }: { sender: Sender }) {
  const [open, setOpen] = useState<'edit' | 'off' | 'default' | 'delete'>()
  const navigate = route.useNavigate()
  const change = useChangeSender(s.id)
  const drop = useDeleteSender()
  const others = useQuery(senders).data?.filter((x) => x.id !== s.id && !x.implicit) ?? []
  const before = useQuery(senders).data?.find((x) => x.default)
  const close = () => setOpen(undefined)
  const way = wayOf(s)
  return (
    <>
      <Heading title={s.name} about={<>{way.title}, {leadsTo(s)}</>}>
        {s.default && <Badge tone="accent" title="Mail that names no sender goes out by this one">Default</Badge>}
        <SenderBadge sender={s} />
        {!s.implicit && (
          <>
            {s.disabled && <Button onClick={() => change.mutate({ disabled: false }, { onSuccess: () => tell(`${s.name} is switched on.`) })} busy={change.isPending}><Power aria-hidden className="size-3.5" /> Switch on</Button>}
            <Button kind="main" onClick={() => setOpen('edit')}><Pencil aria-hidden className="size-3.5" /> Edit</Button>
            <More label="More about this sender" items={[
              ...(s.default ? [] : [{ label: 'Make it the default…', icon: <Star aria-hidden />, act: () => setOpen('default') }]),
              ...(s.disabled ? [] : [{ label: 'Switch it off…', icon: <Power aria-hidden />, act: () => setOpen('off') }]),
              { label: 'Delete…', icon: <Trash2 aria-hidden />, act: () => setOpen('delete'), danger: true, apart: true },
            ]} />
          </>
        )}
      </Heading>
      {change.error && open === undefined && <Problem error={change.error} />}
      {s.implicit && (
        <p className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">
          It is there because the project has no sender of its own, and writes all mail into the <Link to="/outbox" className="text-accent underline">outbox</Link>. <Link to="/senders/new" className="text-accent underline">Add a sender</Link> and mail goes out by that one.
        </p>
      )}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="How it does"><Health sender={s} /></Card>
          <Card title="Try it"><TrySender sender={s} /></Card>
          {(s.settings.dkim?.length ?? 0) > 0 && <Card title="DNS records of DKIM"><Records sender={s} /></Card>}
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="Settings" action={!s.implicit && <Button small onClick={() => setOpen('edit')}>Edit…</Button>}><Settings sender={s} /></Card>
          {!s.implicit && <ActsCard id={s.id} />}
        </div>
      </div>
      <Dialog open={open === 'edit'} close={close} wide stay title={`Edit ${s.name}`}>{open === 'edit' && <Edit sender={s} close={close} />}</Dialog>
      <Confirm open={open === 'default'} close={close} title={`Make ${s.name} the default?`} verb="Make it the default"
        act={async () => { await change.mutateAsync({ default: true }); tell(`${s.name} is the default.`) }}>
        <p>Mail that names no sender goes out by it from now on{before && before.id !== s.id && !before.implicit && <>, and by {before.name} no more</>}. What waits already goes by the new one, too, unless it names one.</p>
      </Confirm>
      <Confirm open={open === 'off'} close={close} title={`Switch ${s.name} off?`} verb="Switch it off" danger
        act={async () => { await change.mutateAsync({ disabled: true }); tell(`${s.name} is switched off.`) }}>
        <p>Nothing goes out by it any more. Mail that is to go by it{s.default && <>, which is all mail that names no other,</>} waits and goes on when it is switched on again; what waits for a day is given up.</p>
      </Confirm>
      <Confirm open={open === 'delete'} close={close} title={`Delete ${s.name}?`} verb="Delete it" danger
        act={async () => {
          await drop.mutateAsync(s.id)
          tell(`${s.name} is deleted.`)
          await navigate({ to: '/senders' })
        }}>
        {s.default && others.length > 0
          ? <p>It is the default, and there are others: make one of them the default first ({others.map((o) => o.name).join(', ')}).</p>
          : s.default ? <p>It is the only one: from then on mail is written into the outbox, and nobody gets any.</p>
          : <p>Mail that names it is refused from then on, and what waits for it is given up after a day{before && <>; all other mail goes on by {before.name}</>}.</p>}
        <p>Its password and keys are gone with it. What it sent, and what became of that, stays.</p>
      </Confirm>
    </>
  )
}

function Health({ sender: s }: { sender: Sender }) {
  const now = useNow()
  const c = condition(s, now)
  const h = s.health
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p><span className={`font-medium ${ink(c.tone)}`}>{c.word}.</span> {c.about}</p>
      {h?.problem && <p className="rounded-md border border-line bg-page px-3 py-2 [overflow-wrap:anywhere]"><span className="text-soft">What it was last told: </span>{sentence(h.problem)}</p>}
      <Facts>
        <Fact name={h?.usable === false ? 'Not usable since' : 'Works since'}>{h?.since && <Time at={h.since} />}</Fact>
        <Fact name="Goes on">{h?.pausedUntil && new Date(h.pausedUntil) > now ? <Time at={h.pausedUntil} form="ago" /> : undefined}</Fact>
        <Fact name="Rate">{s.rate ? `${s.rate} emails a second of each server process` : 'no limit of ours'}</Fact>
      </Facts>
      <p className="text-xs text-soft">As the server knows it that answers; where several run, each has its own. <Link to="/sends" className="text-accent underline">All sends</Link> tell what went out and what waits.</p>
    </div>
  )
}

/** What the owner of the domain has to publish. */
function Records({ sender: s }: { sender: Sender }) {
  return (
    <div className="flex flex-col gap-5 text-sm">
      <p className="text-soft">Publish these where the domain’s DNS is kept, as records of the type TXT. Until they are there, others take the signatures for broken.</p>
      {s.settings.dkim?.map((k) => (
        <div key={k.record} className="flex min-w-0 flex-col gap-1.5">
          <p className="text-xs text-soft">Name</p>
          <Code text={k.record} />
          <p className="text-xs text-soft">Value</p>
          <Code text={k.text} />
          <p className="text-xs text-soft">See whether it is there:</p>
          <Code text={`dig +short TXT ${k.record}`} />
        </div>
      ))}
    </div>
  )
}

const encryption: Record<string, string> = {
  implicit: 'from the first byte', required: 'STARTTLS, or no mail', opportunistic: 'STARTTLS if it is offered', none: 'none',
}

function Settings({ sender: s }: { sender: Sender }) {
  const x = s.settings
  const set: ReactNode = <Badge tone="good" title="It is never shown again">set</Badge>
  return (
    <Facts>
      <Fact name="Mail is from">{s.from ? <>{s.from.name && <>{s.from.name} </>}{s.from.email}</> : <span className="text-soft">as each email says</span>}</Fact>
      <Fact name="Answers go to">{s.replyTo}</Fact>
      <Fact name="Server">{x.host && <Mono>{leadsTo(s)}</Mono>}</Fact>
      <Fact name="Encryption">{s.kind === 'smtp' ? (x.tls ? encryption[x.tls] : 'by the port') : undefined}</Fact>
      <Fact name="Open connections">{x.plaintext && <span className="text-warn">passwords and mail may go unencrypted</span>}</Fact>
      <Fact name="User">{x.user && <Mono>{x.user}</Mono>}</Fact>
      <Fact name="Password">{x.passwordSet && set}</Fact>
      <Fact name="Login">{x.auth}</Fact>
      <Fact name="Name that we give">{x.helo}</Fact>
      <Fact name="Certificates">{x.ca && 'of your own'}</Fact>
      <Fact name="Connections at once">{x.connections}</Fact>
      <Fact name="Emails over one">{x.perConnection}</Fact>
      <Fact name="Waits for an answer">{x.timeoutSeconds && `${x.timeoutSeconds} s`}</Fact>
      <Fact name="Message stream">{x.stream}</Fact>
      <Fact name="Region">{x.region}</Fact>
      <Fact name="Configuration set">{s.kind === 'ses' || x.preset === 'ses' ? x.configurationSet ?? <span className="text-warn">none: SES reports no events</span> : undefined}</Fact>
      <Fact name="Set without tracking">{x.untrackedSet}</Fact>
      <Fact name="Access key">{x.accessKeyId && <Mono>{x.accessKeyId}</Mono>}</Fact>
      <Fact name="Secret access key">{x.secretAccessKeySet && set}</Fact>
      <Fact name="DKIM">{x.dkim && x.dkim.length > 0 && x.dkim.map((k) => `${k.selector} of ${k.domain}`).join(', ')}</Fact>
      <Fact name="Made">{s.createdAt && <Time at={s.createdAt} />}</Fact>
      <Fact name="Last changed">{s.updatedAt && <Time at={s.updatedAt} />}</Fact>
      <Fact name="Id"><Mono>{s.id}</Mono></Fact>
    </Facts>
  )
}

function Edit({ sender: s, close }: { sender: Sender; close: () => void }) {
  const way = wayOf(s)
  const [before] = useState(() => draftOf(s))
  const [draft, setDraft] = useState(before)
  const change = useChangeSender(s.id)
  const wish = { ...wishOf(way, before, draft), ...(draft.name.trim() !== s.name ? { name: draft.name.trim() } : {}) }
  const same = Object.keys(wish).length === 0
  const other = otherProblem(change.error, shownFields(way))
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); change.mutate(wish, { onSuccess: (now) => { tell(`${now.name} is saved.`); close() } }) }}>
      <SenderFields way={way} draft={draft} set={setDraft} error={change.error} kept={{ password: s.settings.passwordSet ?? false, secretAccessKey: s.settings.secretAccessKeySet ?? false }} />
      {other !== undefined && <Problem error={other} />}
      <div className="flex items-center justify-end gap-2">
        <p className="mr-auto text-xs text-soft">Taken up within a second by every server.</p>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={change.isPending} disabled={same}>Save</Button>
      </div>
    </form>
  )
}

function ActsCard({ id }: { id: string }) {
  const acts = useQuery(contactActs(id)).data
  if (!acts || acts.length === 0) return null
  return <Card title="Acts of people" action={<Link to="/audit" search={{ target: id }} className="text-sm text-accent hover:underline">In the audit log</Link>}><Acts contact={id} /></Card>
}
