import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Download, Upload } from 'lucide-react'
import { useEffect, useState } from 'react'
import { contactLimit, downloadReport, type Report, topics, useImportContacts } from '../api/contacts'
import { Mono } from '../components/bits'
import { BadLines, type List, ListSource, Sending, Sums, useSteps } from '../components/list-import'
import { Confirm } from '../components/overlay'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Button, Card, Heading, Problem } from '../components/ui'
import { save } from '../lib/download'
import { count } from '../lib/format'
import { csv, headerOf } from '../lib/header'

/** The beginning of a list is enough to read its header. */
const headBytes = 1 << 16

/** A list of contacts: first it is said what it would do, then it is taken. */
export function ContactsImport() {
  const [asking, ask] = useState(false)
  const check = useImportContacts()
  const take = useImportContacts()
  const steps = useSteps(check, take)
  const { list, busy } = steps
  const limit = useQuery(contactLimit).data
  const head = useHeader(list)
  const checked = check.data
  const taken = take.data
  const good = checked ? checked.created + checked.updated + checked.same : 0
  return (
    <>
      <Heading title="Import contacts" about="From a list in CSV. It is tried first: until you import it, nothing changes.">
        <Link to="/contacts" className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">All contacts</Link>
      </Heading>
      <Card title="1. The list">
        <ListSource list={list} choose={steps.choose} busy={busy} about="CSV with a header; up to 256 MB and 5 million lines"
          help={<>A column <Mono>email</Mono>, and where they are there <Mono>subscribed</Mono>, <Mono>externalId</Mono>, <Mono>tags</Mono> with ; between them, <Topics />. Every other column is an attribute of its name.</>}
          example={'email,subscribed,tags,plan,amount,since\nann@acme.test,true,vip;beta,team,49.5,2026-05-04'} />
        <div className="mt-4">
          <Button kind={checked ? 'plain' : 'main'} disabled={!list || busy} busy={check.isPending} onClick={steps.check}>Check it, change nothing</Button>
        </div>
        {busy && <Sending share={steps.share} what={steps.what} stop={steps.stop} />}
        {check.error && <div className="mt-4"><Problem error={check.error} /></div>}
      </Card>
      {checked && !taken && (
        <Card title="2. What it would do">
          <ReportView report={checked} head={head} list={list} />
          <div className="mt-4 flex flex-wrap items-center gap-3">
            <Button kind="main" disabled={busy || good === 0} onClick={() => ask(true)}>
              <Upload aria-hidden className="size-3.5" /> Import {count(good)} {good === 1 ? 'line' : 'lines'}…
            </Button>
            {checked.bad > 0 && <p className="text-sm text-soft">Bad lines are left out. Mend them and import the list again: lines that say nothing new change nothing.</p>}
          </div>
          {take.error && <div className="mt-4"><Problem error={take.error} /></div>}
        </Card>
      )}
      {taken && (
        <Card title="Done">
          <ReportView report={taken} head={head} list={list} />
          <div className="mt-4 flex flex-wrap items-center gap-3">
            <Link to="/contacts" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">See the contacts</Link>
            {limit && limit.pending > 0 && <p className="text-sm text-warn">{count(limit.pending)} {limit.pending === 1 ? 'contact waits' : 'contacts wait'} for room: the limit of active contacts is {count(limit.limit)}.</p>}
          </div>
        </Card>
      )}
      <Confirm open={asking} close={() => ask(false)} title="Import these contacts?" verb="Import"
        act={async () => {
          // The window closes at once: how far it is shows on the page, and so does what goes wrong.
          steps.take((r) => tell(`Imported: ${count(r.created)} new, ${count(r.updated)} changed, ${count(r.same)} the same as before.`))
        }}>
        {checked && (
          <>
            <p>
              {checked.created > 0 && `${checked.created === 1 ? 'One contact is' : `${count(checked.created)} contacts are`} made; they take mail unless their line says otherwise. `}
              {checked.updated > 0 && `${checked.updated === 1 ? 'One that is' : `${count(checked.updated)} that are`} there already may change: attributes are written over, tags are added, an empty cell changes nothing.`}
            </p>
            {checked.columns.includes('subscribed') && <p>The column <Mono>subscribed</Mono> opts contacts out and in: have the consent of those whom it opts in.</p>}
            {limit && limit.limit > 0 && limit.active + checked.created > limit.limit && (
              <p className="font-medium text-warn">
                {count(limit.limit)} contacts may be active and {count(limit.active)} are: about {count(Math.min(checked.created, limit.active + checked.created - limit.limit))} of the new ones have to wait, and are
                removed after 24 hours without room.
              </p>
            )}
            <p>An import is not taken back as a whole. Suppressions are not touched.</p>
          </>
        )}
      </Confirm>
    </>
  )
}

/** The columns of consent for topics, as far as there are topics. */
function Topics() {
  const list = useQuery(topics).data ?? []
  return list.length === 0 ? <Mono>topics.news</Mono> : <>{list.slice(0, 3).map((t, i) => <span key={t.id}>{i > 0 && ', '}<Mono>topics.{t.slug}</Mono></span>)}</>
}

/** The names of a list's columns as they stand in it. */
function useHeader(list: List | undefined): string[] {
  const [head, setHead] = useState<string[]>([])
  useEffect(() => {
    let gone = false
    setHead([])
    void list?.blob.slice(0, headBytes).text().then((text) => !gone && setHead(headerOf(text)), () => undefined)
    return () => {
      gone = true
    }
  }, [list])
  return head
}

const own: Record<string, string> = {
  email: 'the address',
  subscribed: 'whether they take mail',
  externalId: 'what your own system knows them by',
  tags: 'tags, which are added',
}

function meaning(column: string) {
  if (column === '') return <span className="text-soft" title="Its name is empty, or says what an import can’t set">passed over</span>
  if (own[column]) return own[column]
  if (column.startsWith('topics.')) return <>whether they take the topic <Mono>{column.slice(7)}</Mono></>
  return <>the attribute <Mono>{column.slice(5)}</Mono></>
}

function Columns({ columns, head }: { columns: string[]; head: string[] }) {
  return (
    <details className="mt-4 rounded-lg border border-line" open={columns.length <= 8}>
      <summary className="cursor-pointer px-3 py-2 text-sm font-medium">How its {columns.length === 1 ? 'column is' : `${columns.length} columns are`} read</summary>
      <div className="border-t border-line">
        <Table label="Columns" head={<tr><th scope="col">Column</th><th scope="col">Is read as</th></tr>}>
          {columns.map((c, i) => (
            <tr key={i} className="text-sm">
              <td className="[overflow-wrap:anywhere]">{head.length === columns.length && head[i] ? <Mono>{head[i]}</Mono> : `column ${i + 1}`}</td>
              <td className="[overflow-wrap:anywhere]">{meaning(c)}</td>
            </tr>
          ))}
        </Table>
      </div>
    </details>
  )
}

function ReportView({ report: r, head, list }: { report: Report; head: string[]; list: List | undefined }) {
  return (
    <>
      <Sums of={[
        ['Lines', r.lines, '', 'Without the header and empty ones'],
        [r.dryRun ? 'Would be made' : 'Made', r.created, 'text-good', 'Lines of contacts that were not there'],
        [r.dryRun ? 'There already' : 'Changed', r.updated, 'text-info', r.dryRun ? 'Lines of contacts that are there; whether they say anything new shows when the list is taken' : 'Lines that changed a contact'],
        ...(r.dryRun ? [] : [['The same', r.same, 'text-soft', 'Lines that said nothing new'] as [string, number, string, string]]),
        ['Refused', r.bad, r.bad > 0 ? 'text-bad' : 'text-soft', 'Lines that were not taken, or not all of them'],
      ]} />
      <Columns columns={r.columns} head={head} />
      <BadLines lines={r.badLines} all={r.bad} />
      {r.bad > 0 && list && <DownloadReport report={r} list={list} />}
    </>
  )
}

/** The report as a file: from what was answered where that is all of it, else the list is read again for it. */
function DownloadReport({ report: r, list }: { report: Report; list: List }) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const name = `${list.name.replace(/\.\w+$/, '').replace(/[^\w-]+/g, '-') || 'list'}-bad-lines.csv`
  const whole = r.badLines.length >= r.bad
  const go = async () => {
    setProblem(undefined)
    if (whole) {
      save([csv([['line', 'field', 'code', 'message'], ...r.badLines.map((b) => [String(b.line), b.field ?? '', b.code, b.message])])], 'text/csv', name)
      return
    }
    setBusy(true)
    try {
      await downloadReport(list.blob, name)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="mt-3 flex flex-col items-start gap-2">
      <Button small busy={busy} onClick={() => void go()}><Download aria-hidden className="size-3.5" /> {r.bad === 1 ? 'The bad line as CSV' : `All ${count(r.bad)} bad lines as CSV`}</Button>
      {!whole && <p className="text-xs text-soft">The list is sent and read once more for it; nothing changes.</p>}
      {problem !== undefined && <Problem error={problem} />}
    </div>
  )
}
