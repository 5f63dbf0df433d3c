import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { FileText, FolderOpen } from 'lucide-react'
import { useMemo } from 'react'
import { stats } from '../api/queries'
import { type Template, templateList, type Trouble } from '../api/templates'
import { compact, count, sentence } from '../lib/format'
import { useDebounced } from '../lib/debounced'
import { useDates } from '../lib/range'
import type { Row } from '../lib/rates'
import { total } from '../lib/stats'
import { Code, Mono, Time } from './bits'
import { Rate } from './figures'
import { PagedList } from './list'
import type { Column } from './table'
import { Badge, Button, Card, Empty } from './ui'

export const makeTemplate = (
  <Link to="/template/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">New template</Link>
)

/** Templates that are kept here, each with what became of its mail in 30 days. */
export function TemplateList({ find, type, clear }: { find: string; type: string; clear: () => void }) {
  const navigate = useNavigate()
  const list = useInfiniteQuery(templateList(useDebounced(find.trim(), 200), type))
  const { from, to } = useDates({}, 'utc')
  const numbers = useQuery({ ...stats({ by: 'template', from, to, limit: 1000 }), retry: false }).data?.rows
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.data) ?? [], [list.data])
  const troubles = list.data?.pages[0]?.problems ?? []
  const columns = useMemo<Column<Template>[]>(() => {
    const byName = new Map<string, Row>((numbers ?? []).map((r) => [r.value ?? '', r]))
    const row = (t: Template) => byName.get(t.key || t.id)
    const number = (n: number, title: string) => <span title={`${count(n)} ${title}`}>{compact(n)}</span>
    return [
      { id: 'name', head: 'Name', width: 190, grow: true, cell: (t) => <Link to="/template/$id" params={{ id: t.id }} className="font-medium hover:underline" title={t.description ?? t.name}>{t.name}</Link> },
      { id: 'key', head: 'Key', width: 170, grow: true, cell: (t) => (t.key ? <Mono title={t.key}>{t.key}</Mono> : <span className="text-soft">none</span>) },
      { id: 'type', head: 'Who gets it', width: 125, cell: (t) => <TypeBadge type={t.type} /> },
      { id: 'origin', head: 'Kept in', width: 95, cell: (t) => <Origin of={t} /> },
      { id: 'version', head: 'Version', width: 75, end: true, cell: (t) => <Link to="/template/$id" params={{ id: t.id }} search={{ tab: 'versions' }} className="hover:underline" title="What changed from version to version">{t.version}</Link> },
      { id: 'changed', head: 'Changed', width: 115, cell: (t) => <span className="text-soft" title={t.by ? `by ${t.by}` : undefined}><Time at={t.updatedAt} form="ago" /></span> },
      { id: 'sent', head: <span title="Emails of the last 30 days, by the template’s key">Sent</span>, width: 75, end: true, cell: (t) => number(total(row(t)?.counts, { name: 'email.sent' }), 'emails sent in 30 days') },
      { id: 'open', head: <span title="Messages that a person opened, of those delivered in 30 days">Opened</span>, width: 85, end: true, cell: (t) => <Rate row={row(t)} name="open" /> },
      { id: 'click', head: <span title="Messages that a person clicked in, of those delivered in 30 days">Clicked</span>, width: 85, end: true, cell: (t) => <Rate row={row(t)} name="click" /> },
    ]
  }, [numbers])
  const filtered = find !== '' || type !== ''
  return (
    <>
      {troubles.length > 0 && <Troubles list={troubles} />}
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(t) => t.id} label="Templates" noun={['template', 'templates']} total={list.data?.pages[0]?.total}
          open={(t) => void navigate({ to: '/template/$id', params: { id: t.id } })}
          empty={filtered ? <Empty icon={<FileText />} title="No template is like that" action={<Button onClick={clear}>Show all</Button>}>Names, keys and subjects are searched.</Empty> : <None />} />
      </Card>
    </>
  )
}

export const TypeBadge = ({ type }: { type: Template['type'] }) => (type === 'MARKETING'
  ? <Badge title="Only those who want mail">Marketing</Badge>
  : <Badge tone="info" title="Also those who unsubscribed">Transactional</Badge>)

const Origin = ({ of: t }: { of: Template }) => (t.origin === 'folder'
  ? <Badge tone="violet" title={`A file of the server’s folder of templates, ${t.key}.html: it is changed there, and can only be looked at here`}>Folder</Badge>
  : <span className="text-soft" title="In the database: changed here, by the API or the command line">Database</span>)

/** Files of the folder that are not as they should be. The templates stayed as they were. */
function Troubles({ list }: { list: Trouble[] }) {
  return (
    <div role="alert" className="flex flex-col gap-2 rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
      <p className="flex items-center gap-2 font-medium"><FolderOpen aria-hidden className="size-4 shrink-0 text-bad" />{count(list.length)} {list.length === 1 ? 'file' : 'files'} of the folder of templates can’t be taken. Their templates stay as they were.</p>
      <ul className="flex flex-col gap-2">
        {list.map((x) => (
          <li key={x.file}>
            <Mono>{x.file}</Mono> <span className="text-soft">since <Time at={x.foundAt} form="short" /></span>
            <ul className="mt-0.5 flex flex-col gap-0.5">
              {x.problems.map((p, i) => <li key={i} className="wrap-anywhere">{p.line ? `Line ${p.line}${p.column ? `, column ${p.column}` : ''}: ` : ''}{sentence(p.message)}</li>)}
            </ul>
          </li>
        ))}
      </ul>
    </div>
  )
}

const None = () => (
  <Empty icon={<FileText />} title="There is no template yet" action={makeTemplate}>
    <p>A template is a subject and HTML that become an email for each contact. Make one here, with a preview for a contact of yours, or keep them as files: the server watches a folder and takes each change at once.</p>
    <div className="mt-3 text-left"><Code text="tidings serve --templates ./templates" /></div>
    <p className="mt-3">What templates of your providers do is under Performance.</p>
  </Empty>
)
