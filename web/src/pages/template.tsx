import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { FileText } from 'lucide-react'
import type { Schemas } from '../api/client'
import { delays, funnel, links } from '../api/performance'
import { stats } from '../api/queries'
import { keptAs } from '../api/templates'
import { Mono } from '../components/bits'
import { Days, Figures, Split } from '../components/figures'
import { RangePicker } from '../components/range'
import { Table } from '../components/table'
import { Card, Empty, Heading, Loading, Problem, Skeleton } from '../components/ui'
import { count, duration, percent } from '../lib/format'
import { useDates } from '../lib/range'
import { type Row, spanBefore } from '../lib/rates'
import { total } from '../lib/stats'

const route = getRouteApi('/inside/templates/$')

const button = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'

export function TemplatePage() {
  const template = route.useParams()._splat ?? ''
  const span = route.useSearch()
  const navigate = route.useNavigate()
  const { from, to } = useDates(span, 'utc')
  const now = useQuery(stats({ by: 'template', value: template, from, to }))
  const before = useQuery(stats({ by: 'template', value: template, ...spanBefore(from, to) }))
  const row = now.data?.rows[0]
  const kept = useQuery(keptAs(template)).data
  return (
    <>
      <Heading title={kept && kept.key !== template ? kept.name : template} about="Opens and clicks are of people, machines are counted apart. Days of UTC, beside the span before.">
        {kept && <Link to="/template/$id" params={{ id: kept.id }} className={button}>{kept.origin === 'folder' ? 'Look at it' : 'Edit'}</Link>}
        <Link to="/messages" search={{ template, from, to }} className={button}>Messages</Link>
        <Link to="/events" search={{ template, from, to }} className={button}>Events</Link>
        <RangePicker span={span} choose={(to) => void navigate({ search: to })} />
      </Heading>
      {now.error ? <Problem error={now.error} retry={() => void now.refetch()} />
        : !now.data ? <Loading />
        : !row ? (
          <Card>
            <Empty icon={<FileText />} title="It was not used in this span" action={<Link to="/templates" search={{ ...span, tab: 'performance' }} className="text-accent hover:underline">All templates</Link>}>
              Choose a longer span above. Names are matched as a whole, large and small letters too.
            </Empty>
          </Card>
        ) : (
          <>
            <Figures now={row} before={before.data?.rows[0]} />
            <Days by="template" value={template} from={from} to={to} />
            <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
              <Funnel of={{ template, from, to }} />
              <div className="flex min-w-0 flex-col gap-5">
                <Actors row={row} />
                <Delays of={{ template, from, to }} />
              </div>
            </div>
            <TopLinks of={{ template, from, to }} clicked={row} />
          </>
        )}
    </>
  )
}

interface Of {
  template: string
  from: string
  to: string
}

const stages: Record<Schemas['Stage']['name'], [label: string, colour: string]> = {
  sent: ['Sent', 'bg-soft/60'],
  delivered: ['Delivered', 'bg-good'],
  opened: ['Opened by a person', 'bg-info'],
  clicked: ['Clicked by a person', 'bg-violet'],
}

/** What became of the messages that were sent in the span, however much later. */
function Funnel({ of }: { of: Of }) {
  const answer = useQuery(funnel(of))
  return (
    <Card title={<span title="Of the messages sent in this span, however much later it happened">From sent to clicked</span>}>
      {answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} />
        : !answer.data ? <Skeleton className="h-40" />
        : (
          <ol className="flex flex-col gap-4">
            {answer.data.stages.map((s) => {
              const [label, colour] = stages[s.name]
              return (
                <li key={s.name}>
                  <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
                    <span className="font-medium">{label}</span>
                    <span className="numbers">{count(s.messages)} <span className="text-soft" title="Of the messages sent">{percent(s.share)}</span></span>
                  </div>
                  <div aria-hidden className="mt-1 h-2.5 overflow-hidden rounded bg-raised">
                    <div className={`h-full rounded ${colour}`} style={{ width: `${Math.max(s.share * 100, s.messages > 0 ? 0.5 : 0)}%` }} />
                  </div>
                  {s.machine > 0 && <p className="mt-0.5 text-xs text-soft">{count(s.machine)} more by machines and proxies alone</p>}
                </li>
              )
            })}
          </ol>
        )}
    </Card>
  )
}

/** Who opened and clicked. */
function Actors({ row }: { row: Row }) {
  const n = (name: string, ...classes: string[]) => total(row.counts, { name, classes })
  const parts = (name: string) => [
    { label: 'People', n: n(name, 'human'), colour: 'bg-info' },
    { label: 'Mail proxies', n: n(name, 'proxy'), colour: 'bg-warn', title: 'They fetch images for whoever reads there: an opening, but not when and by whom' },
    { label: 'Machines', n: n(name, 'machine'), colour: 'bg-soft', title: 'Scanners and prefetchers' },
    { label: 'Unknown', n: n(name, 'unknown'), colour: 'bg-line', title: 'Nothing tells who it was' },
    { label: 'Perhaps another recipient', n: n(name, 'candidates'), colour: 'bg-violet', title: 'The provider does not say which recipient of the same email it was' },
  ]
  return (
    <Card title="People and machines">
      <h3 className="mb-1.5 text-xs font-medium text-soft">Events of opening</h3>
      <Split parts={parts('email.open')} />
      <h3 className="mt-4 mb-1.5 text-xs font-medium text-soft">Events of clicking</h3>
      <Split parts={parts('email.click')} />
    </Card>
  )
}

function Delays({ of }: { of: Of }) {
  const answer = useQuery(delays(of))
  const time = (seconds: number) => duration(seconds * 1000)
  return (
    <Card title={<span title="From sending to the first open or click of a person, in steps of 19%">How long people took</span>} flush>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading lines={2} />
        : answer.data.delays.every((d) => d.messages === 0) ? <p className="p-4 text-sm text-soft">No person has opened or clicked yet.</p>
        : (
          <Table label="How long people took"
            head={
              <tr>
                <th scope="col">Until the first</th>
                <th scope="col" className="text-right">Half within</th>
                <th scope="col" className="text-right">75%</th>
                <th scope="col" className="text-right">90%</th>
                <th scope="col" className="text-right">99%</th>
                <th scope="col" className="text-right">Messages</th>
              </tr>
            }>
            {answer.data.delays.map((d) => (
              <tr key={d.name}>
                <th scope="row" className="font-normal">{d.name === 'email.open' ? 'open' : 'click'}</th>
                {([d.p50, d.p75, d.p90, d.p99]).map((p, i) => <td key={i} className="numbers text-right whitespace-nowrap">{d.messages > 0 ? time(p) : '–'}</td>)}
                <td className="numbers text-right">{count(d.messages)}</td>
              </tr>
            ))}
          </Table>
        )}
    </Card>
  )
}

function TopLinks({ of, clicked }: { of: Of; clicked: Row }) {
  const answer = useQuery(links({ ...of, limit: 50 }))
  const messages = total(clicked.counts, { name: 'email.click', classes: ['human'] }, true)
  return (
    <Card title="Top links" flush
      action={<span className="text-xs text-soft">without queries; numbers and ids in a path stand as <Mono>:id</Mono></span>}>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading lines={4} />
        : answer.data.links.length === 0 ? <Empty title="No link was clicked in this span">Links appear when the provider tells of clicks. Amazon SES does so where click tracking is on.</Empty>
        : (
          <>
            <Table label="Top links"
              head={
                <tr>
                  <th scope="col">Link</th>
                  <th scope="col" className="text-right" title="Messages in which a person clicked it">Messages</th>
                  <th scope="col" className="text-right" title="Of the messages in which a person clicked anything">Share</th>
                  <th scope="col" className="text-right" title="How often, by people and by whom nobody knows">Clicks</th>
                  <th scope="col" className="text-right" title="How often programs clicked it">By machines</th>
                </tr>
              }>
              {answer.data.links.map((l) => (
                <tr key={l.url}>
                  <td className="min-w-52"><Mono>{l.url}</Mono></td>
                  <td className="numbers text-right">{count(l.unique)}</td>
                  <td className="numbers text-right" title={`${count(l.unique)} of ${count(messages)} messages`}>{messages > 0 ? percent(Math.min(1, l.unique / messages)) : '–'}</td>
                  <td className="numbers text-right">{count(l.clicks)}</td>
                  <td className="numbers text-right text-soft">{count(l.machine)}</td>
                </tr>
              ))}
            </Table>
            <p className="px-3 py-2 text-xs text-soft">{count(answer.data.links.length)} {answer.data.links.length === 1 ? 'link' : 'links'}{answer.data.hasMore && ', those of most people; there are more'}</p>
          </>
        )}
    </Card>
  )
}
