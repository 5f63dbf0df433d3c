import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { FileText, Search } from 'lucide-react'
import { useMemo } from 'react'
import { stats } from '../api/queries'
import { Rate, SortHead, UniqueTotal } from '../components/figures'
import { RangePicker } from '../components/range'
import { type Column, VirtualTable } from '../components/table'
import { TabPanel, Tabs } from '../components/tabs'
import { makeTemplate, TemplateList } from '../components/template-list'
import { Button, Card, Empty, Heading, Input, Loading, Problem, Select } from '../components/ui'
import { compact, count } from '../lib/format'
import { useDates } from '../lib/range'
import { rateValue, type Row, sorted, usualSort } from '../lib/rates'
import { human, realBounces, total } from '../lib/stats'

const sorts: Record<string, (row: Row) => number | string> = {
  template: (r) => r.value ?? '',
  sent: (r) => total(r.counts, { name: 'email.sent' }),
  delivery: (r) => rateValue(r, 'delivery'),
  open: (r) => rateValue(r, 'open'),
  opens: (r) => total(r.counts, human.open, true),
  click: (r) => rateValue(r, 'click'),
  clicks: (r) => total(r.counts, human.click, true),
  bounces: (r) => total(r.counts, realBounces),
  bounce: (r) => rateValue(r, 'bounce'),
  complaint: (r) => rateValue(r, 'complaint'),
}

const tabs = [['kept', 'Templates'], ['performance', 'Performance']] as const

/** The templates that are kept here, and how all that events name did. */
export function Templates() {
  const search = useSearch({ strict: false })
  const navigate = useNavigate({ from: '/templates' })
  const at = search.tab === 'performance' ? 'performance' : 'kept'
  const find = search.find ?? ''
  const type = search.type ?? ''
  return (
    <>
      <Heading title="Templates" about={at === 'kept' ? 'What emails are made of: a subject, HTML and a text, in Liquid. Every change is a new version.' : 'As they are seen in events, with opens and clicks of people; machines are counted apart. Days of UTC.'}>
        {at === 'kept' ? makeTemplate : (
          <RangePicker span={search} choose={(to) => void navigate({ search: (s) => ({ ...to, tab: 'performance', ...(s.sort ? { sort: s.sort } : {}), ...(s.find ? { find: s.find } : {}) }) })} />
        )}
      </Heading>
      <Tabs label="Templates" tabs={tabs} at={at} choose={(tab) => void navigate({ search: (s) => ({ ...(s.find ? { find: s.find } : {}), ...(tab === 'performance' ? { tab } : {}) }) })} />
      <TabPanel at={at}>
        <div className="flex flex-wrap gap-2">
          <div className="relative w-full sm:w-80">
            <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
            <Input type="search" aria-label="Find a template" placeholder={at === 'kept' ? 'Name, key or subject' : 'Find a template'} className="w-full pl-8.5!" value={find} autoComplete="off"
              onChange={(e) => { const find = e.target.value; void navigate({ search: ({ find: _, ...rest }) => (find ? { ...rest, find } : rest), replace: true }) }} />
          </div>
          {at === 'kept' && (
            <Select aria-label="Who gets it" value={type} onChange={(e) => { const type = e.target.value; void navigate({ search: ({ type: _, ...rest }) => (type ? { ...rest, type } : rest), replace: true }) }}>
              <option value="">Every kind</option>
              <option value="MARKETING">Marketing</option>
              <option value="TRANSACTIONAL">Transactional</option>
            </Select>
          )}
        </div>
        {at === 'kept' ? <TemplateList find={find} type={type} clear={() => void navigate({ search: {} })} /> : <Performance />}
      </TabPanel>
    </>
  )
}

function Performance() {
  const search = useSearch({ strict: false })
  const navigate = useNavigate({ from: '/templates' })
  const { from, to } = useDates(search, 'utc')
  const answer = useQuery(stats({ by: 'template', from, to, limit: 1000 }))
  const sort = search.sort ?? usualSort
  const find = (search.find ?? '').toLowerCase()
  const rows = useMemo(
    () => sorted((answer.data?.rows ?? []).filter((r) => (r.value ?? '').toLowerCase().includes(find)), sort, sorts),
    [answer.data, sort, find],
  )
  const span = search.from ? { from: search.from, to: search.to } : search.range ? { range: search.range } : {}
  const columns = useMemo<Column<Row>[]>(() => {
    const head = (id: string, text: string, title?: string) => (
      <SortHead id={id} sort={sort} {...(title ? { title } : {})} choose={(to) => void navigate({ search: (s) => ({ ...s, sort: to }), replace: true })}>{text}</SortHead>
    )
    return [
      {
        id: 'template', head: head('template', 'Template'), width: 190, grow: true,
        cell: (r) => r.value ? <Link to="/templates/$" params={{ _splat: r.value }} search={span} className="hover:underline" title={r.value}>{r.value}</Link> : <span className="text-soft">none</span>,
      },
      { id: 'sent', head: head('sent', 'Sent'), width: 80, end: true, cell: (r) => { const n = total(r.counts, { name: 'email.sent' }); return <span title={count(n)}>{compact(n)}</span> } },
      { id: 'delivery', head: head('delivery', 'Delivered', 'Messages delivered, of those sent'), width: 100, end: true, cell: (r) => <Rate row={r} name="delivery" /> },
      { id: 'open', head: head('open', 'Open rate', 'Messages that a person opened, of those delivered'), width: 100, end: true, cell: (r) => <Rate row={r} name="open" /> },
      { id: 'opens', head: head('opens', 'Opens', 'By people: messages / times'), width: 110, end: true, cell: (r) => <UniqueTotal row={r} measure={human.open} of="opened" /> },
      { id: 'click', head: head('click', 'Click rate', 'Messages that a person clicked in, of those delivered'), width: 100, end: true, cell: (r) => <Rate row={r} name="click" /> },
      { id: 'clicks', head: head('clicks', 'Clicks', 'By people: messages / times'), width: 105, end: true, cell: (r) => <UniqueTotal row={r} measure={human.click} of="clicked" /> },
      { id: 'bounces', head: head('bounces', 'Bounces', 'Of every class but echoes of a list'), width: 90, end: true, cell: (r) => compact(total(r.counts, realBounces)) },
      { id: 'bounce', head: head('bounce', 'Hard', 'Messages that bounced hard, of those sent'), width: 80, end: true, cell: (r) => <Rate row={r} name="bounce" /> },
      { id: 'complaint', head: head('complaint', 'Complaints', 'Messages complained of, of those delivered'), width: 110, end: true, cell: (r) => <Rate row={r} name="complaint" /> },
    ]
  }, [sort, navigate, search.from, search.to, search.range])
  return (
    <Card flush>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading lines={8} />
        : rows.length === 0 ? (find ? (
          <Empty icon={<FileText />} title={`No template has “${search.find}” in its name`} action={<Button onClick={() => void navigate({ search: ({ find: _, ...rest }) => rest })}>Show all</Button>} />
        ) : (
          <Empty icon={<FileText />} title="No template was used in this span" action={<Link to="/sources" className="text-accent hover:underline">Look at the sources</Link>}>
            Choose a longer span above. A template is known where the sender names it, such as by the message tag templateKey at Amazon SES.
          </Empty>
        )) : (
          <VirtualTable label="Templates in events" rows={rows} columns={columns} rowKey={(r) => r.value ?? ''}
            open={(r) => r.value && void navigate({ to: '/templates/$', params: { _splat: r.value }, search: span })}
            foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'template' : 'templates'}{answer.data.hasMore && ', those with most events; there are more'}</p>} />
        )}
    </Card>
  )
}
