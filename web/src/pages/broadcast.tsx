import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Ban, Copy as CopyIcon, Megaphone, Pause, Pencil, Play, Send, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { type Broadcast, type BroadcastAudience, broadcastAudience, broadcastStats, oneBroadcast, useActOnBroadcast, useDeleteBroadcast, useTestBroadcast } from '../api/broadcasts'
import { Refusal } from '../api/client'
import { templateNames } from '../api/sends'
import { Mono, Time } from '../components/bits'
import { AudienceWords, BroadcastBadge, Progress, Reasons } from '../components/broadcast'
import { ContactLink } from '../components/event'
import { MailFrame } from '../components/mail-frame'
import { More } from '../components/menu'
import { Confirm } from '../components/overlay'
import { SenderLink } from '../components/sender'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { tell } from '../components/toast'
import { Button, Card, Empty, Fact, Facts, Field, Heading, Input, Loading, Problem } from '../components/ui'
import { isOpen, progressOf } from '../lib/broadcasts'
import { count, percent, sentence } from '../lib/format'
import { reasonWords } from '../lib/sends'

const route = getRouteApi('/inside/broadcasts/$id')

const contacts = (n: number) => `${count(n)} ${n === 1 ? 'contact' : 'contacts'}`

export function BroadcastPage() {
  const { id } = route.useParams()
  const answer = useQuery(oneBroadcast(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Megaphone />} title="There is no such broadcast" action={<Link to="/broadcasts" className="text-accent hover:underline">Look at the broadcasts</Link>}>It was deleted.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known key={answer.data.id} broadcast={answer.data} /> : <Loading />
}

function Known({ broadcast: b }: { broadcast: Broadcast }) {
  const navigate = route.useNavigate()
  const [open, setOpen] = useState<'send' | 'pause' | 'cancel' | 'delete'>()
  const [at, setAt] = useState('')
  const act = useActOnBroadcast(b.id)
  const drop = useDeleteBroadcast(b.id)
  const draft = isOpen(b)
  const audience = useQuery({ ...broadcastAudience(b.id, b.updatedAt), enabled: draft })
  const to = audience.data?.recipients
  const close = () => setOpen(undefined)
  const resume = () => act.mutate({ act: 'resume' }, { onSuccess: () => tell(`${b.name} goes on.`) })
  return (
    <>
      <Heading title={b.name} about={b.description}>
        <BroadcastBadge status={b.status} />
        {draft && <Link to="/broadcasts/$id/edit" params={{ id: b.id }} className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised"><Pencil aria-hidden className="size-3.5" /> Edit</Link>}
        {b.status === 'DRAFT' && <Button kind="main" disabled={to === undefined || to === 0} title={to === 0 ? 'There is nobody to send it to' : undefined} onClick={() => setOpen('send')}><Send aria-hidden className="size-3.5" /> Send…</Button>}
        {b.status === 'SENDING' && <Button onClick={() => setOpen('pause')}><Pause aria-hidden className="size-3.5" /> Pause…</Button>}
        {b.status === 'PAUSED' && <Button kind="main" busy={act.isPending && act.variables.act === 'resume'} onClick={resume}><Play aria-hidden className="size-3.5" /> Resume</Button>}
        {(b.status === 'SENDING' || b.status === 'PAUSED' || b.status === 'SCHEDULED') && <Button onClick={() => setOpen('cancel')}><Ban aria-hidden className="size-3.5" /> Cancel it…</Button>}
        <More label="More about this broadcast" items={[
          { label: 'Make a copy', icon: <CopyIcon aria-hidden />, act: () => void navigate({ to: '/broadcasts/new', search: { from: b.id } }) },
          ...(b.status === 'DRAFT' ? [{ label: 'Delete…', icon: <Trash2 aria-hidden />, act: () => setOpen('delete'), danger: true, apart: true }] : []),
        ]} />
      </Heading>
      {act.error && open === undefined && <Problem error={act.error} />}
      {b.status === 'PAUSED' && (
        <p role="status" className="rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm wrap-anywhere"><span className="font-medium">It is paused{b.pausedReason ? `: ${b.pausedReason}` : ''}.</span> What is not handed over is held until somebody resumes or cancels it.</p>
      )}
      {b.status === 'SCHEDULED' && <p role="status" className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">It begins <Time at={b.scheduledFor} />, and takes its audience then.</p>}
      {b.startedAt && <Results broadcast={b} />}
      <div className={draft ? 'grid grid-cols-1 items-start gap-5 xl:grid-cols-2' : ''}>
        {draft && <Audience of={b} answer={audience} />}
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="What it is"><About of={b} wide={!draft} /></Card>
          {draft && <Card title="Try it"><Trial id={b.id} /></Card>}
        </div>
      </div>
      <Confirm open={open === 'send'} close={close} title={at ? `Schedule it for ${contacts(to ?? 0)}?` : `Send it to ${contacts(to ?? 0)}?`} verb={at ? 'Schedule it' : `Send it to ${count(to ?? 0)}`}
        act={async () => {
          await act.mutateAsync({ act: 'send', ...(at ? { at: new Date(at).toISOString() } : {}) })
          tell(at ? `${b.name} is scheduled.` : `${b.name} begins.`)
        }}>
        <p>{at ? 'Its audience is taken when it begins: that may be more or fewer by then.' : 'It begins at once. It can be paused or cancelled, but what was handed over is gone.'}
          {b.localTime && ` Everybody gets it at ${b.localTime} where they are.`}{b.throttlePerMinute ? ` At most ${count(b.throttlePerMinute)} emails leave in a minute.` : ''}</p>
        {audience.data && audience.data.audienceSize > audience.data.recipients && <p>{count(audience.data.audienceSize - audience.data.recipients)} of the audience may not be mailed and are left out.</p>}
        <Field label="Begin at (optional)" help="Empty: at once. In your time zone.">
          {(p) => <Input {...p} type="datetime-local" value={at} onChange={(e) => setAt(e.target.value)} className="text-ink" />}
        </Field>
      </Confirm>
      <Confirm open={open === 'pause'} close={close} title={`Pause ${b.name}?`} verb="Pause it" note={{ label: 'Why (optional)', help: 'Shown here until it goes on.' }}
        act={async (note) => { await act.mutateAsync({ act: 'pause', note }); tell(`${b.name} is paused.`) }}>
        <p>What is not handed over is held within seconds. An email that a sender has already goes out.</p>
      </Confirm>
      <Confirm open={open === 'cancel'} close={close} title={`Cancel ${b.name}?`} verb="Cancel it for good" danger
        act={async () => { await act.mutateAsync({ act: 'cancel' }); tell(`${b.name} is cancelled.`) }}>
        {b.status === 'SCHEDULED' ? <p>It is not sent, to nobody. A copy of it can be.</p>
          : <p>{count(b.sentCount)} of {count(b.totalRecipients)} emails were handed over and stay so. The others never will be: it can’t be resumed.</p>}
      </Confirm>
      <Confirm open={open === 'delete'} close={close} title={`Delete ${b.name}?`} verb="Delete it" danger
        act={async () => {
          await drop.mutateAsync()
          tell(`${b.name} is deleted.`)
          await navigate({ to: '/broadcasts' })
        }}>
        <p>Nobody got it. Nothing brings it back.</p>
      </Confirm>
    </>
  )
}

/** Who would get it now, and how the email looks for one of them. */
function Audience({ of: b, answer }: { of: Broadcast; answer: UseQueryResult<BroadcastAudience> }) {
  const a = answer.data
  return (
    <Card title="Who would get it now" action={<Button small busy={answer.isFetching} onClick={() => void answer.refetch()}>Count again</Button>}>
      {answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} />
        : !a ? <Loading lines={4} />
        : (
          <div className="flex flex-col gap-4">
            <p role="status"><span className="numbers text-2xl font-semibold">{count(a.recipients)}</span> <span className="text-sm text-soft">of {contacts(a.audienceSize)}: <AudienceWords of={b} link /></span></p>
            <Reasons of={a.leftOut} label="Left out" />
            {a.recipients === 0 && <p className="text-sm text-soft">Nobody would be mailed. Change who gets it, or wait until somebody is in the audience.</p>}
            {a.sample.length > 0 && (
              <p className="text-sm wrap-anywhere"><span className="text-soft">Among them: </span>{a.sample.map((c, i) => <span key={c.id}>{i > 0 && ', '}<ContactLink id={c.id} address={c.email} /></span>)}</p>
            )}
            {a.preview && (
              <div className="flex min-w-0 flex-col gap-3 border-t border-line pt-4">
                <Facts>
                  <Fact name="As it would be for">{a.preview.email}</Fact>
                  <Fact name="From">{a.preview.fromName ? `${a.preview.fromName} <${a.preview.from}>` : a.preview.from}</Fact>
                </Facts>
                <p className="font-medium wrap-anywhere">{a.preview.subject}</p>
                {(a.preview.warnings ?? []).length > 0 && <ul className="list-disc pl-5 text-sm text-warn wrap-anywhere">{a.preview.warnings?.map((w) => <li key={w}>{sentence(w)}</li>)}</ul>}
                <MailFrame html={a.preview.html} title="The email as it would look" height="h-80" />
              </div>
            )}
          </div>
        )}
    </Card>
  )
}

function Trial({ id }: { id: string }) {
  const [to, setTo] = useState('')
  const test = useTestBroadcast(id)
  const other = otherProblem(test.error, ['email'])
  return (
    <form className="flex flex-col gap-3" onSubmit={(e) => { e.preventDefault(); test.mutate(to.trim()) }}>
      <Field label="Send a test to" help="One email, to you or to somebody who waits for it. It is in none of the numbers." problem={fieldProblem(test.error, 'email')}>
        {(p) => (
          <div className="flex gap-2">
            <Input {...p} type="email" required className="flex-1" autoComplete="email" value={to} placeholder="you@acme.test" onChange={(e) => setTo(e.target.value)} />
            <Button type="submit" busy={test.isPending}>Send it</Button>
          </div>
        )}
      </Field>
      {other !== undefined && <Problem error={other} />}
      {test.data && (
        <p role="status" className={`rounded-md border px-3 py-2 text-sm ${test.data.status === 'skipped' ? 'border-warn/40 bg-warn/5' : 'border-good/40 bg-good/5'}`}>
          {test.data.status === 'skipped' ? `It was not sent: ${reasonWords(test.data.reason ?? '', 'skipped')}. ` : `It is on its way to ${test.variables}. `}
          <Link to="/sends/$id" params={{ id: test.data.send }} className="text-accent hover:underline">Its send</Link>
        </p>
      )}
    </form>
  )
}

function About({ of: b, wide }: { of: Broadcast; wide: boolean }) {
  const template = useQuery({ ...templateNames, enabled: Boolean(b.template) }).data?.find((t) => t.id === b.template)?.name
  const rate = (share: number) => (share === 0 ? 'never' : `more than ${Number((share * 100).toFixed(2))}%`)
  return (
    <Facts wide={wide}>
      <Fact name="Who gets it"><AudienceWords of={b} link /></Fact>
      <Fact name="Template">{b.template && <Link to="/template/$id" params={{ id: b.template }} className="text-accent hover:underline">{template ?? <Mono>{b.template}</Mono>}</Link>}</Fact>
      <Fact name="Subject">{b.subject || (b.template ? <span className="text-soft">the template’s</span> : undefined)}</Fact>
      <Fact name="From">{b.from ? (b.fromName ? `${b.fromName} <${b.from}>` : b.from) : <span className="text-soft">as the template or the sender says</span>}</Fact>
      <Fact name="Answers go to">{b.replyTo}</Fact>
      <Fact name="Topic">{b.topic}</Fact>
      <Fact name="Sender">{b.sender ? <SenderLink id={b.sender} /> : <span className="text-soft">the default</span>}</Fact>
      <Fact name="At most">{b.throttlePerMinute ? `${count(b.throttlePerMinute)} emails a minute` : <span className="text-soft">as fast as it goes</span>}</Fact>
      <Fact name="Local time">{b.localTime && `${b.localTime} where the recipient is${b.timeZone ? `, else ${b.timeZone}` : ', else UTC'}`}</Fact>
      <Fact name="Pauses itself when"><span title={`Once ${count(b.thresholds.minimum)} emails were sent`}>{rate(b.thresholds.bounceRate)} bounced, {rate(b.thresholds.complaintRate)} complained</span></Fact>
      <Fact name="Made"><Time at={b.createdAt} /></Fact>
      <Fact name="Began">{b.startedAt && <Time at={b.startedAt} />}</Fact>
      <Fact name="Last email left">{b.sentAt && <Time at={b.sentAt} />}</Fact>
      <Fact name="Settled">{b.settledAt && <span title="Everything that was sent has an outcome, or three days are over"><Time at={b.settledAt} /></span>}</Fact>
      <Fact name="Id"><Mono>{b.id}</Mono></Fact>
    </Facts>
  )
}

/** What became of it so far. While it is being sent the numbers are asked for every two seconds. */
function Results({ broadcast: b }: { broadcast: Broadcast }) {
  const answer = useQuery(broadcastStats(b.id, b.status === 'SENDING'))
  const s = answer.data
  if (answer.error && !s) return <Problem error={answer.error} retry={() => void answer.refetch()} />
  if (!s) return <Card><Loading lines={3} /></Card>
  const p = progressOf(s)
  const taking = b.status === 'SENDING' && !b.audienceTaken
  return (
    <Card title="What became of it" action={<span className="flex gap-3 text-sm"><Link to="/sends" search={{ broadcast: b.id }} className="text-accent hover:underline">Its emails</Link><Link to="/events" search={{ tag: b.id }} className="text-accent hover:underline">Its events</Link></span>}>
      <div className="flex flex-col gap-5">
        <div className="flex flex-col gap-2">
          <Progress share={s.totalRecipients === 0 && b.status === 'SENT' ? 1 : p.share} label="Progress" />
          <p role="status" className="text-sm text-soft">
            {taking ? <>The audience is being taken: {count(s.totalRecipients)} so far.</> : <><span className="numbers text-ink">{count(p.done)}</span> of {count(s.totalRecipients)} {s.totalRecipients === 1 ? 'recipient is' : 'recipients are'} done{s.queuedCount > 0 && <>, {count(s.queuedCount)} {s.queuedCount === 1 ? 'email is' : 'emails are'} queued</>}{s.waitingCount > 0 && <>, {count(s.waitingCount)} had no turn yet</>}.</>}
          </p>
        </div>
        <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4 xl:grid-cols-8">
          <Figure name="Sent" n={s.sentCount} title="Emails that were handed over" />
          <Figure name="Delivered" n={s.deliveredCount} rate={s.deliveryRate} title="Which the recipient’s provider took, of those sent" />
          <Figure name="Opened by people" n={s.openedHumanCount} rate={s.openRate} title={`By people, of those delivered; by machines too: ${count(s.openedCount)}`} />
          <Figure name="Clicked by people" n={s.clickedHumanCount} rate={s.clickRate} title={`By people, of those delivered; by machines too: ${count(s.clickedCount)}`} />
          <Figure name="Bounced" n={s.bouncedCount} rate={s.bounceRate} title={`Which came back, of those sent; ${count(s.hardBouncedCount)} for good`} />
          <Figure name="Complained" n={s.complainedCount} rate={s.complaintRate} title="Which were called spam, of those sent" />
          <Figure name="Unsubscribed" n={s.unsubscribedCount} title="Who left by this email" />
          <Figure name="Answered" n={s.repliedCount} title="Which were answered" />
        </dl>
        {(s.skippedCount + s.failedCount + s.uncertainCount + s.canceledCount > 0 || Object.values(s.leftOut ?? {}).some((n) => n > 0)) && (
          <div className="grid gap-5 border-t border-line pt-4 sm:grid-cols-2 xl:grid-cols-3">
            {Object.values(s.leftOut ?? {}).some((n) => n > 0) && <Lost title="Left out of the audience" n={s.audienceSize - s.totalRecipients}><Reasons of={s.leftOut} label="Left out" /></Lost>}
            {s.skippedCount > 0 && <Lost title="Skipped when their turn came" n={s.skippedCount}><Reasons of={s.skipped} label="Skipped" /></Lost>}
            {s.failedCount > 0 && <Lost title="Failed" n={s.failedCount}><Reasons of={s.failed} status="failed" label="Failed" /></Lost>}
            {s.canceledCount > 0 && <Lost title="Taken back" n={s.canceledCount} />}
            {s.uncertainCount > 0 && <Lost title="Uncertain" n={s.uncertainCount}><p className="text-sm text-soft">They may have been handed over, and are never sent again by themselves. <Link to="/sends" search={{ broadcast: b.id, status: 'uncertain' }} className="text-accent underline">Decide about them</Link></p></Lost>}
          </div>
        )}
      </div>
    </Card>
  )
}

function Figure({ name, n, rate, title }: { name: string; n: number; rate?: number; title: string }) {
  return (
    <div title={title}>
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="numbers text-lg font-semibold">{count(n)}{rate !== undefined && n > 0 && <span className="ml-1.5 text-xs font-normal text-soft">{percent(rate)}</span>}</dd>
    </div>
  )
}

const Lost = ({ title, n, children }: { title: string; n: number; children?: ReactNode }) => (
  <div className="flex min-w-0 flex-col gap-1.5"><p className="text-sm font-medium">{title} <span className="numbers text-soft">{count(n)}</span></p>{children}</div>
)
