import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { Copy as CopyIcon, FolderOpen, Send, Trash2 } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { brand } from '../api/brand'
import { Refusal } from '../api/client'
import { attributes } from '../api/segments'
import { type Finding, type Template, template, templateVerdict, useDeleteTemplate, useSaveTemplate } from '../api/templates'
import { Mono, Time } from '../components/bits'
import type { Jump, Mark, Offer } from '../components/code-editor'
import { More } from '../components/menu'
import { Confirm } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { TabPanel, Tabs } from '../components/tabs'
import { Findings, Variables } from '../components/template-findings'
import { Choice, type Samples, TemplatePreview } from '../components/template-preview'
import { settingFields, TemplateSettings } from '../components/template-settings'
import { TestSendDialog } from '../components/template-test'
import { TemplateVersions } from '../components/template-versions'
import { tell } from '../components/toast'
import { Badge, Button, Card, Field, Heading, Input, Loading, Problem, Skeleton, linked } from '../components/ui'
import { useDebounced } from '../lib/debounced'
import { layouts } from '../lib/layouts'
import { type Draft, draftOf, namesOf, objectOf, partsOf } from '../lib/template-draft'

// The editor is as large as all other pages together: it is fetched where somebody writes.
const CodeEditor = lazy(async () => ({ default: (await import('../components/code-editor')).CodeEditor }))

const newRoute = getRouteApi('/inside/template/new')
const editRoute = getRouteApi('/inside/template/$id')

/** Begins a template: by a layout, or as a copy of one that is kept. */
export function NewTemplate() {
  const { layout, from, key } = newRoute.useSearch()
  const model = useQuery({ ...template(from ?? ''), enabled: Boolean(from), staleTime: Infinity })
  const look = useQuery({ ...brand, staleTime: 60_000, retry: false })
  const chosen = layouts.find((l) => l.id === layout)
  if (from && model.error) return <><Heading title="New template" /><Problem error={model.error} retry={() => void model.refetch()} /></>
  if ((from && !model.data) || (chosen && look.isPending)) return <Loading />
  if (!from && !chosen) return <Layouts keyed={key} />
  const { name = '', color = '' } = look.data ?? {}
  const first = model.data ? { ...draftOf(model.data), name: `Copy of ${model.data.name}`.slice(0, 100), key: '' }
    : { ...(chosen ?? layouts[0]!).draft({ name, color }), ...(key ? { key } : {}) }
  return <Editor key={`${from} ${layout}`} first={first} />
}

function Layouts({ keyed }: { keyed: string | undefined }) {
  return (
    <>
      <Heading title="New template" about="Choose where to begin. Everything in it is yours to change.">
        <Link to="/templates" className={linked}>Cancel</Link>
      </Heading>
      <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {layouts.map((l) => (
          <li key={l.id}>
            <Link to="/template/new" search={{ layout: l.id, ...(keyed ? { key: keyed } : {}) }} className="flex h-full flex-col gap-3 rounded-lg border border-line bg-panel p-4 hover:border-accent">
              <Sketch of={l.id} />
              <span><span className="block font-medium">{l.label}</span><span className="text-sm text-soft">{l.about}</span></span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

/** How a layout looks from afar: L a line, H a heading, B a button, R a row with a number. */
const sketches: Record<string, string> = { letter: 'sllls', welcome: 'HllBs', receipt: 'HRRR', newsletter: 'HslHlHl', empty: '' }

function Sketch({ of }: { of: string }) {
  const looks: Record<string, ReactNode> = {
    H: <span className="h-2.5 w-1/2 rounded bg-ink/60" />, l: <span className="h-1.5 w-full rounded bg-ink/15" />, s: <span className="h-1.5 w-1/3 rounded bg-ink/15" />,
    B: <span className="my-1 h-5 w-24 rounded bg-accent" />, R: <span className="flex justify-between"><span className="h-1.5 w-1/2 rounded bg-ink/15" /><span className="h-1.5 w-8 rounded bg-ink/30" /></span>,
  }
  return (
    <span aria-hidden className="flex h-36 flex-col items-stretch justify-center rounded-md bg-raised px-[18%]">
      <span className="flex min-h-24 flex-col justify-center gap-2 rounded bg-panel p-4 shadow-sm">
        {[...(sketches[of] ?? '')].map((c, i) => <span key={i} className="flex flex-col">{looks[c]}</span>)}
      </span>
    </span>
  )
}

export function EditTemplate() {
  const { id } = editRoute.useParams()
  // What somebody else changes meanwhile does not change what is being written here: saving tells of it.
  const stored = useQuery({ ...template(id), staleTime: Infinity })
  if (stored.error) return <><Heading title="Template" /><Problem error={stored.error} retry={() => void stored.refetch()} /></>
  if (!stored.data) return <Loading />
  return <Editor key={id} stored={stored.data} first={draftOf(stored.data)} />
}

/** What the API says of a part of the email when it refuses to store it: "line 3, column 1: …" */
function placed(error: unknown, part: Finding['part']): Mark[] {
  if (!(error instanceof Refusal)) return []
  return error.fields.flatMap((f) => {
    const at = f.field === part ? /^line (\d+), column (\d+): (.*)$/s.exec(f.message) : null
    return at ? [{ line: Number(at[1]), column: Number(at[2]), says: at[3] ?? '', severity: 'error' as const }] : []
  })
}

const marksOf = (list: Finding[] | undefined, part: Finding['part'], severity: Mark['severity']): Mark[] =>
  (list ?? []).flatMap((f) => (f.part === part && f.line ? [{ line: f.line, column: f.column ?? 1, says: f.message, severity }] : []))

const shownFields = [...settingFields, 'subject']

function Editor({ stored, first }: { stored?: Template; first: Draft }) {
  const route = stored ? editRoute : newRoute
  const search = route.useSearch() as { tab?: string; version?: string; against?: string }
  const navigate = editRoute.useNavigate()
  const [draft, setDraft] = useState(first)
  const [begun, begin] = useState(first)
  const [version, setVersion] = useState(stored?.version)
  const [part, setPart] = useState<'body' | 'text'>('body')
  const [contact, choose] = useState('')
  const [samples, sample] = useState<Samples>({ data: '', event: '' })
  const [jump, setJump] = useState<{ part: 'body' | 'text'; to: Jump }>()
  const [testing, test] = useState(false)
  const [deleting, remove] = useState(false)
  const saved = useRef(false)
  const save = useSaveTemplate(stored?.id)
  const readOnly = stored?.origin === 'folder'
  const dirty = !readOnly && JSON.stringify(draft) !== JSON.stringify(begun)
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved.current,
    withResolver: true,
  })
  const resetSave = save.reset
  const put = useCallback((to: Partial<Draft>) => {
    resetSave()
    setDraft((d) => ({ ...d, ...to }))
  }, [resetSave])

  const typed = useMemo(() => ({ parts: partsOf(draft), ...samples }), [draft, samples])
  const asked = useDebounced(typed, 350)
  const [data, event] = [useMemo(() => objectOf(asked.data), [asked.data]), useMemo(() => objectOf(asked.event), [asked.event])]
  const known = useMemo(() => Object.keys(data.value), [data])
  const verdict = useQuery({ ...templateVerdict(asked.parts, known), enabled: asked.parts.body?.trim() !== '' })
  const resting = asked === typed
  const v = asked.parts.body?.trim() === '' ? undefined : verdict.data

  const seen = useQuery(attributes).data
  const variables = useMemo<Offer[]>(() => [
    ...Object.keys(objectOf(samples.data).value).map((label) => ({ label, about: 'comes with the send' })),
    ...Object.keys(namesOf(draft.displayNames).value).map((label) => ({ label, about: 'display name' })),
    ...(seen ?? []).flatMap((k) => [{ label: k.path, about: k.types.join(', ') }, { label: `contact.data.${k.path}`, about: 'of the contact alone' }]),
    ...Object.keys(objectOf(samples.event).value).map((name) => ({ label: `event.${name}`, about: 'of the event' })),
  ], [samples, seen, draft.displayNames])
  const marks = useMemo(() => {
    const of = (p: 'body' | 'text') => {
      const refused = placed(save.error, p)
      return refused.length > 0 ? refused : [...marksOf(v?.problems, p, 'error'), ...marksOf(v?.warnings, p, 'warning')]
    }
    return { body: of('body'), text: of('text') }
  }, [v, save.error])
  const subject = [...(v?.problems ?? []).map((f) => ({ ...f, bad: true })), ...(v?.warnings ?? []).map((f) => ({ ...f, bad: false }))].filter((f) => f.part === 'subject')

  const goTo = (f: Finding) => {
    if (f.part === 'subject') return document.getElementById('subject')?.focus()
    const at = f.part === 'text' ? 'text' : 'body'
    setPart(at)
    setJump({ part: at, to: { line: f.line ?? 1, column: f.column ?? 1 } })
  }
  const fault = namesOf(draft.displayNames).fault
  const store = async (over?: boolean) => {
    if (readOnly || save.isPending || fault) return
    try {
      const t = await save.mutateAsync({ draft, version: over ? undefined : version })
      tell(stored ? (t.version === version ? `${t.name} was as it is: nothing is changed.` : `${t.name} is saved as version ${t.version}.`) : `${t.name} is made.`)
      if (!stored) {
        saved.current = true
        await navigate({ to: '/template/$id', params: { id: t.id } })
        return
      }
      setVersion(t.version)
      begin(draft)
    } catch {
      // Told where it is wrong.
    }
  }
  const latest = useRef(store)
  latest.current = store
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key.toLowerCase() !== 's' || !(e.ctrlKey || e.metaKey) || e.altKey) return
      e.preventDefault()
      void latest.current()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])

  const conflict = save.error instanceof Refusal && save.error.status === 412
  const other = conflict ? undefined : otherProblem(save.error, [...shownFields, ...(placed(save.error, 'body').length > 0 ? ['body'] : []), ...(placed(save.error, 'text').length > 0 ? ['text'] : [])])
  const tab = stored && search.tab === 'versions' ? 'versions' : 'write'
  const label = stored?.key || stored?.id
  return (
    <form className="flex min-w-0 flex-col gap-5" noValidate onSubmit={(e) => { e.preventDefault(); void store() }}>
      <Heading title={stored ? stored.name : 'New template'}
        about={stored ? <>{stored.key && <><Mono>{stored.key}</Mono> · </>}version {stored.version} · changed <Time at={stored.updatedAt} form="ago" />{stored.by && <> by <Mono>{stored.by}</Mono></>}</> : 'It is kept from the first save on; every later one is a new version.'}>
        {dirty && stored && <Badge tone="warn">not saved</Badge>}
        {stored && label && <Link to="/templates/$" params={{ _splat: label }} className={linked}>Performance</Link>}
        {stored && <Button onClick={() => test(true)}><Send aria-hidden className="size-3.5" /> Send a test…</Button>}
        {!stored && <Link to="/templates" className={linked}>Cancel</Link>}
        {!readOnly && <Button type="submit" kind="main" busy={save.isPending} title="Ctrl or ⌘ and S" disabled={fault !== undefined || (stored !== undefined && !dirty)}>{stored ? 'Save' : 'Make the template'}</Button>}
        {stored && (
          <More label="More about this template" items={[
            { label: 'Make a copy', icon: <CopyIcon aria-hidden />, act: () => void navigate({ to: '/template/new', search: { from: stored.id } }) },
            ...(readOnly ? [] : [{ label: 'Delete…', icon: <Trash2 aria-hidden />, danger: true, apart: true, act: () => remove(true) }]),
          ]} />
        )}
      </Heading>
      {readOnly && stored && (
        <p className="flex items-start gap-2 rounded-md border border-info/40 bg-info/5 px-3 py-2 text-sm">
          <FolderOpen aria-hidden className="mt-0.5 size-4 shrink-0 text-info" />
          <span>It is the file <Mono>{stored.key}.html</Mono> of the server’s folder of templates, and is changed there: the change is taken at once. Here one can only look, send a test, and make a copy.</span>
        </p>
      )}
      {conflict && (
        <div role="alert" className="flex flex-wrap items-center gap-3 rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">
          <span className="min-w-0 flex-1">Somebody saved another version while you wrote. Yours is still here, and not saved.</span>
          <Button small onClick={() => void navigate({ search: { tab: 'versions' } })}>See the versions</Button>
          <Button small kind="danger" onClick={() => void store(true)}>Save mine as the newest</Button>
        </div>
      )}
      {other !== undefined && <Problem error={other} />}
      {stored && <Tabs label="The template" tabs={[['write', readOnly ? 'Look' : 'Write'], ['versions', 'Versions']]} at={tab} choose={(to) => void navigate({ search: to === 'versions' ? { tab: to } : {}, replace: true })} />}
      {stored && tab === 'versions' ? (
        <TabPanel at="versions">
          <TemplateVersions template={stored} dirty={dirty}
            version={versionOf(search.version, stored.version) ?? stored.version}
            against={versionOf(search.against, stored.version) ?? Math.max((versionOf(search.version, stored.version) ?? stored.version) - 1, 1)}
            choose={(version, against) => void navigate({ search: { tab: 'versions', version: String(version), against: String(against) }, replace: true })}
            restored={(t) => {
              setDraft(draftOf(t))
              begin(draftOf(t))
              setVersion(t.version)
              void navigate({ search: {} })
            }} />
        </TabPanel>
      ) : (
        <Panel tabbed={stored !== undefined}>
          <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2 xl:grid-rows-[auto_1fr]">
            <div className="flex min-w-0 flex-col gap-5">
              <Card>
                <Field label="Subject" problem={fieldProblem(save.error, 'subject')} help="Liquid, as the HTML: {{ firstName | default: &quot;there&quot; }}">
                  {(p) => (
                    <Input {...p} id="subject" aria-label="Subject" readOnly={readOnly} required maxLength={998} value={draft.subject} autoComplete="off" className="font-medium" placeholder="Welcome, {{ firstName }}"
                      aria-invalid={p['aria-invalid'] ?? (subject.some((f) => f.bad) || undefined)} onChange={(e) => put({ subject: e.target.value })} />
                  )}
                </Field>
                {subject.map((f, i) => <p key={i} className={`mt-1 text-xs ${f.bad ? 'text-bad' : 'text-warn'}`}>{f.column ? `Column ${f.column}: ` : ''}{f.message}</p>)}
              </Card>
              <Card flush
                title={<Choice label="Part of the email" at={part} choose={setPart} options={[['body', <Named key="b" name="HTML" marks={marks.body} />], ['text', <Named key="t" name="Text" marks={marks.text} />]] as const} />}
                action={<span className="text-xs text-soft">Ctrl+Space offers variables, Ctrl+F finds</span>}>
                {part === 'text' && <TextChoice draft={draft} put={put} readOnly={readOnly} />}
                {part === 'body' || draft.textPart === 'own' ? (
                  <Suspense fallback={<div className="p-3"><Skeleton className="h-[32rem]" /></div>}>
                    <CodeEditor key={part} label={part === 'body' ? 'HTML of the email' : 'Text of the email'} html={part === 'body'} readOnly={readOnly} marks={marks[part]} variables={variables}
                      value={part === 'body' ? draft.body : draft.text} change={(to) => put(part === 'body' ? { body: to } : { text: to })}
                      jump={jump?.part === part ? jump.to : undefined} invalid={marks[part].some((m) => m.severity === 'error')} />
                  </Suspense>
                ) : (
                  <p className="px-4 py-12 text-center text-sm text-soft">
                    {draft.textPart === 'auto' ? 'It is made of the HTML: headings underlined, links with where they lead. The preview shows it.' : 'It is sent as HTML alone. Many filters take that for a sign of spam.'}
                  </p>
                )}
              </Card>
            </div>
            <aside aria-label="Trial" className="flex min-w-0 flex-col gap-5 xl:row-span-2">
              <TemplatePreview draft={draft} parts={asked.parts} to={{ contact, data: data.value, event: event.value }} resting={resting}
                contact={contact} choose={choose} samples={samples} sample={sample} faults={{ data: data.fault, event: event.fault }} />
              <Findings verdict={v} error={verdict.error} retry={() => void verdict.refetch()} old={!resting || verdict.isPlaceholderData} jump={goTo} />
              <Variables verdict={v} contact={contact} data={data.value} />
            </aside>
            <Card title="Settings"><TemplateSettings draft={draft} put={put} error={save.error} readOnly={readOnly} /></Card>
          </div>
        </Panel>
      )}
      {stored && <TestSendDialog id={stored.id} version={stored.version} dirty={dirty} contact={contact} data={data.value} event={event.value} open={testing} close={() => test(false)} />}
      {stored && <DeleteTemplate template={stored} open={deleting} close={() => remove(false)} done={() => { saved.current = true; void navigate({ to: '/templates' }) }} />}
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}

const Panel = ({ tabbed, children }: { tabbed: boolean; children: ReactNode }) => (tabbed ? <TabPanel at="write">{children}</TabPanel> : <>{children}</>)

/** A number of a version that there is, out of the page's address. */
function versionOf(text: string | undefined, most: number): number | undefined {
  const n = Number(text)
  return Number.isInteger(n) && n >= 1 && n <= most ? n : undefined
}

/** The name of a part, with how much is wrong in it. */
function Named({ name, marks }: { name: string; marks: Mark[] }) {
  const errors = marks.filter((m) => m.severity === 'error').length
  const n = errors || marks.length
  return <span className="inline-flex items-center gap-1.5">{name}{n > 0 && <span className={errors > 0 ? 'text-bad' : 'text-warn'}>{n}</span>}</span>
}

const textParts = [['auto', 'Made of the HTML'], ['own', 'Written by hand'], ['none', 'None']] as const

function TextChoice({ draft, put, readOnly }: { draft: Draft; put: (to: Partial<Draft>) => void; readOnly: boolean }) {
  return (
    <fieldset disabled={readOnly} className="flex flex-wrap gap-x-5 gap-y-1 border-b border-line px-4 py-2.5 text-sm">
      <legend className="sr-only">Where the text part comes from</legend>
      {textParts.map(([id, label]) => (
        <label key={id} className="flex items-center gap-2">
          <input type="radio" name="text-part" className="accent-accent" checked={draft.textPart === id} onChange={() => put({ textPart: id })} /> {label}
        </label>
      ))}
    </fieldset>
  )
}

/** Deletes a template, after it was said what that means. One that something needs is refused, which names that. */
function DeleteTemplate({ template: t, open, close, done }: { template: Template; open: boolean; close: () => void; done: () => void }) {
  const drop = useDeleteTemplate(t.id)
  return (
    <Confirm open={open} close={close} title={`Delete ${t.name}?`} verb="Delete it" danger
      act={async () => {
        await drop.mutateAsync()
        tell(`${t.name} is deleted.`)
        done()
      }}>
      <p>All {t.version === 1 ? 'of it' : `${t.version} versions of it`} go{t.version === 1 ? 'es' : ''}, and nothing brings them back. Emails that were made of it stay, and so do its numbers.</p>
      <p>Whatever sends it by {t.key ? <Mono>{t.key}</Mono> : 'its id'} is refused from then on. Where a rule or a broadcast needs it, it is not deleted, and you are told which.</p>
    </Confirm>
  )
}
