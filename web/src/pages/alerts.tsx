import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { BellRing, CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { type Alert, alertHistory, alertOf, raised, useAcknowledge, useMute } from '../api/alerts'
import { AlertChannels } from '../components/alert-channels'
import { AlertRules } from '../components/alert-rules'
import { Time } from '../components/bits'
import { Confirm, Dialog } from '../components/overlay'
import { Table } from '../components/table'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Heading, Loading, Problem } from '../components/ui'
import { about } from '../lib/alerts'

const route = getRouteApi('/inside/alerts')

/** What is wrong now, what was, what raises alerts and whom they are told. */
export function Alerts() {
  const { tab = 'now' } = route.useSearch()
  const navigate = route.useNavigate()
  const list = useQuery(raised)
  return (
    <>
      <Heading title="Alerts" about="Bounces, complaints, silence and failures that somebody should look after, from figures that are looked at each minute." />
      <Tabs label="Alerts" at={tab} choose={(id) => void navigate({ search: id === 'now' ? {} : { tab: id }, replace: true })}
        tabs={[['now', <Counted key="now" name="Now" count={list.data?.alerts.length} />], ['history', 'History'], ['rules', 'Rules'], ['channels', 'Who is told']]} />
      <TabPanel at={tab}>
        {tab === 'history' ? <History /> : tab === 'rules' ? <AlertRules /> : tab === 'channels' ? <AlertChannels /> : <Now />}
      </TabPanel>
    </>
  )
}

export const Level = ({ of: a }: { of: Pick<Alert, 'level' | 'state'> }) => (
  <Badge tone={a.state === 'resolved' ? 'plain' : a.level === 'severe' ? 'bad' : 'warn'}>{a.level === 'severe' ? 'severe' : 'warning'}</Badge>
)

function Now() {
  const list = useQuery(raised)
  const [noting, note] = useState<Alert>()
  const [muting, mute] = useState<Alert>()
  const [seeing, see] = useState<Alert>()
  const acknowledge = useAcknowledge()
  const silence = useMute()
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={4} />
  if (list.data.alerts.length === 0) {
    return <Card><Empty icon={<CircleCheck />} title="There are no alerts">Nothing that the rules look at is wrong. Say under Who is told where alerts go, and you need not look here.</Empty></Card>
  }
  return (
    <>
      <ul aria-label="Alerts that hold now" className="flex flex-col gap-4">
        {list.data.alerts.map((a) => (
          <li key={a.id}>
            <Card title={<span className="flex flex-wrap items-center gap-2"><Level of={a} /><span className="[overflow-wrap:anywhere]">{a.rule}{about(a) && `: ${about(a)}`}</span></span>}>
              <div className="flex flex-col gap-2 text-sm">
                <p className="[overflow-wrap:anywhere]">{a.facts}</p>
                {a.todo && <p className="text-soft">{a.todo} {a.page !== '/ui/' && <a href={a.page} className="text-accent underline">Look at it</a>}</p>}
                <p className="text-xs text-soft">
                  Since <Time at={a.raisedAt} /> {a.mutedUntil && <>· muted until <Time at={a.mutedUntil} /></>}
                  {a.acknowledgedAt && <span className="[overflow-wrap:anywhere]"> · {a.acknowledgedBy} took note <Time at={a.acknowledgedAt} form="ago" />{a.note && `: ${a.note}`}</span>}
                </p>
                <div className="flex flex-wrap gap-2">
                  <Button small onClick={() => note(a)}>Take note…</Button>
                  {a.mutedUntil
                    ? <Button small onClick={() => silence.mutate({ id: a.id }, { onSuccess: () => tell('It is told again.') })}>Tell it again</Button>
                    : <Button small onClick={() => mute(a)}>Mute…</Button>}
                  <Button small onClick={() => see(a)}>Who was told</Button>
                </div>
              </div>
            </Card>
          </li>
        ))}
      </ul>
      <Confirm open={noting !== undefined} close={() => note(undefined)} title="Take note of this alert" verb="Take note" note={{ label: 'Note', help: 'What others should know, such as what is being done' }}
        act={async (text) => {
          if (noting) await acknowledge.mutateAsync({ id: noting.id, note: text })
          tell('It is noted.')
        }}>
        <p>Others see that you look after it. It goes on until its figures are good again.</p>
      </Confirm>
      <Confirm open={muting !== undefined} close={() => mute(undefined)} title="Mute this alert for a day?" verb="Mute it"
        act={async () => {
          if (muting) await silence.mutateAsync({ id: muting.id, until: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '') })
          tell('It is muted for a day.')
        }}>
        <p>Nobody is told of it for 24 hours, nor of the next one of its rule about the same. It stays in the history.</p>
      </Confirm>
      <Dialog open={seeing !== undefined} close={() => see(undefined)} title="Who was told">{seeing && <Told id={seeing.id} />}</Dialog>
    </>
  )
}

const tellings: Record<string, string> = { waiting: 'is being told', told: 'was told', failed: 'could not be told', dropped: 'was not told' }

function Told({ id }: { id: string }) {
  const one = useQuery(alertOf(id))
  if (one.error) return <Problem error={one.error} retry={() => void one.refetch()} />
  if (!one.data) return <Loading lines={2} />
  if (one.data.told.length === 0) return <p className="text-sm text-soft">Nobody: there was no channel that wants it, or it is muted.</p>
  return (
    <ul className="flex flex-col gap-2 text-sm">
      {one.data.told.map((t, i) => (
        <li key={i} className="[overflow-wrap:anywhere]">
          {t.channel || (t.channelId ? 'a channel that was deleted' : 'endpoints')}{t.recipient && ` (${t.recipient})`} {tellings[t.state]} that it is {t.change} <Time at={t.toldAt ?? t.at} form="ago" />
          {t.problem && <span className="block text-xs text-bad">{t.problem}</span>}
        </li>
      ))}
    </ul>
  )
}

function History() {
  const list = useInfiniteQuery(alertHistory)
  const rows = list.data?.pages.flatMap((p) => p.alerts) ?? []
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (list.isPending) return <Loading lines={6} />
  if (rows.length === 0) return <Card><Empty icon={<BellRing />} title="There were no alerts">What is raised from now on is kept here for 400 days.</Empty></Card>
  return (
    <Card flush>
      <Table label="History of alerts" head={<tr><th scope="col">Alert</th><th scope="col">Raised</th><th scope="col">Over</th><th scope="col">Note</th></tr>}>
        {rows.map((a) => (
          <tr key={a.id} className="align-top text-sm">
            <td className="min-w-60 [overflow-wrap:anywhere]"><Level of={a} /> {a.rule}{about(a) && `: ${about(a)}`}<span className="block text-xs text-soft">{a.facts}</span></td>
            <td className="text-soft"><Time at={a.raisedAt} form="short" /></td>
            <td className="text-soft">{a.resolvedAt ? <Time at={a.resolvedAt} form="short" /> : 'not yet'}</td>
            <td className="min-w-32 text-soft [overflow-wrap:anywhere]">{a.acknowledgedBy}{a.note && `: ${a.note}`}</td>
          </tr>
        ))}
      </Table>
      {list.hasNextPage && <p className="border-t border-line p-2 text-center"><Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Older ones</Button></p>}
    </Card>
  )
}
