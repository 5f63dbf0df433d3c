import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { LoaderCircle, Monitor, Moon, Smartphone, Sun, X } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { type Audience, type Preview, templatePreview } from '../api/templates'
import type { Draft, Parts } from '../lib/template-draft'
import { type View, viewOf } from '../lib/email-view'
import { bytes, count } from '../lib/format'
import { useDark } from '../lib/theme'
import { ContactSearch } from './condition-preview'
import { Badge, Card, Field, IconButton, Problem, Skeleton, TextArea } from './ui'

const looks = [['html', 'HTML'], ['text', 'Text'], ['links', 'Links']] as const
type Look = (typeof looks)[number][0]

/** Some choices of which one is pressed. */
export function Choice<T extends string>({ label, options, at, choose }: { label: string; options: readonly (readonly [T, ReactNode, string?])[]; at: T; choose: (to: T) => void }) {
  return (
    <div role="group" aria-label={label} className="inline-flex rounded-md border border-line p-0.5">
      {options.map(([id, shown, title]) => (
        <button key={id} type="button" aria-pressed={id === at} {...(title ? { title, 'aria-label': title } : {})} onClick={() => choose(id)}
          className={clsx('inline-flex h-6.5 items-center rounded px-2 text-xs font-medium', id === at ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}>
          {shown}
        </button>
      ))}
    </div>
  )
}

/** What was typed as the data that would come with a send. */
export interface Samples {
  data: string
  event: string
}

/** What becomes of the email for one contact, beside where it is written. */
export function TemplatePreview({ draft, parts, to, resting, contact, choose, samples, sample, faults }: {
  draft: Draft
  parts: Parts
  to: Audience
  /** Whether it is asked for as it stands, and not as it was a moment ago */
  resting: boolean
  contact: string
  choose: (contact: string) => void
  samples: Samples
  sample: (to: Samples) => void
  faults: { data?: string | undefined; event?: string | undefined }
}) {
  const answer = useQuery({ ...templatePreview(parts, to), enabled: parts.body?.trim() !== '' })
  const pageDark = useDark()
  const [look, setLook] = useState<Look>('html')
  const [wide, setWide] = useState<'wide' | 'narrow'>('wide')
  const [scheme, setScheme] = useState<'light' | 'dark'>(pageDark ? 'dark' : 'light')
  const a = answer.data
  const old = !resting || answer.isPlaceholderData
  const broken = (a?.problems.length ?? 0) > 0
  const html = a?.html ?? ''
  const view = useMemo(() => viewOf(html, scheme === 'dark'), [html, scheme])
  return (
    <Card title="Preview" flush
      action={(answer.isFetching || !resting) && <span role="status"><LoaderCircle aria-label="Rendering" className="size-4 animate-spin text-soft" /></span>}>
      <div className="flex flex-col gap-3 border-b border-line p-3">
        <div className="flex items-center gap-1">
          <div className="min-w-0 flex-1"><ContactSearch contact={contact} choose={choose} /></div>
          {contact && <IconButton small label="Choose nobody" onClick={() => choose('')}><X aria-hidden className="size-4" /></IconButton>}
        </div>
        <SampleData samples={samples} change={sample} faults={faults} />
        <div className="flex flex-wrap items-center gap-2">
          <Choice label="What to look at" options={looks} at={look} choose={setLook} />
          {look === 'html' && (
            <>
              <Choice label="Width" at={wide} choose={setWide} options={[['wide', <Monitor key="w" aria-hidden className="size-3.5" />, 'As wide as here'], ['narrow', <Smartphone key="n" aria-hidden className="size-3.5" />, 'As wide as a phone']] as const} />
              <Choice label="Colours of the reader" at={scheme} choose={setScheme} options={[['light', <Sun key="l" aria-hidden className="size-3.5" />, 'Light'], ['dark', <Moon key="d" aria-hidden className="size-3.5" />, 'Dark']] as const} />
            </>
          )}
          {a && look === 'html' && <span className="numbers ml-auto text-xs text-soft" title="Gmail cuts off what is longer than 102 KB">{bytes(new Blob([html]).size)}</span>}
        </div>
      </div>
      {answer.error ? <div className="p-3"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : parts.body?.trim() === '' ? <p className="px-4 py-12 text-center text-sm text-soft">Write something on the left, and see here what becomes of it.</p>
        : !a ? <div className="p-3"><Skeleton className="h-80" /></div>
        : (
          <div aria-busy={old || undefined}>
            <Envelope draft={draft} subject={a.subject} contact={contact} />
            {broken ? <p className="px-4 py-12 text-center text-sm">It can’t be rendered as it stands: what is wrong is told at its place, and below.</p>
              : look === 'html' ? <Frame view={view} narrow={wide === 'narrow'} dark={scheme === 'dark'} />
              : look === 'text' ? <TextPart preview={a} draft={draft} />
              : <Links view={view} />}
          </div>
        )}
    </Card>
  )
}

/** As a list of mail shows it. */
function Envelope({ draft, subject, contact }: { draft: Draft; subject: string; contact: string }) {
  const from = [draft.fromName, draft.from && `<${draft.from}>`].filter(Boolean).join(' ')
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 border-b border-line px-3 py-2 text-sm">
      <dt className="text-soft">From</dt><dd className="wrap-anywhere">{from || <span className="text-soft">whoever the send or the sender names</span>}</dd>
      <dt className="text-soft">To</dt><dd className="wrap-anywhere">{contact || <span className="text-soft">nobody in particular</span>}</dd>
      <dt className="text-soft">Subject</dt><dd aria-label="Subject of the preview" className="font-medium wrap-anywhere">{subject || <span className="font-normal text-bad">empty</span>}</dd>
    </dl>
  )
}

function Frame({ view, narrow, dark }: { view: View; narrow: boolean; dark: boolean }) {
  return (
    <>
      <div className="overflow-x-auto bg-raised p-2">
        {/* Without rights: no scripts, no forms, no place of its own, nothing to lead away to. */}
        <iframe title="Preview of the email" sandbox="" referrerPolicy="no-referrer" srcDoc={view.html}
          className={clsx('mx-auto block h-[34rem] rounded border border-line bg-panel', narrow ? 'w-[375px] max-w-full' : 'w-full')} />
      </div>
      <p className="px-3 py-2 text-xs text-soft">
        {dark && !view.dark && 'It has no styles for the dark: many readers show it as it is, some turn its colours round. '}
        {view.images.length > 0 && 'Images are not fetched here, so that looking counts for no open: their alt texts stand for them. '}
        Links lead nowhere from here; point at one to see where they would.
      </p>
    </>
  )
}

function TextPart({ preview, draft }: { preview: Preview; draft: Draft }) {
  if (draft.textPart === 'none') return <p className="px-4 py-12 text-center text-sm text-soft">It has no text part. Many filters take that for a sign of spam.</p>
  return <pre tabIndex={0} aria-label="Text part" className="max-h-[34rem] overflow-auto p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{preview.text}</pre>
}

/** What a link is worth a second look for. */
function doubt(href: string): string | undefined {
  if (/^http:/i.test(href)) return 'without TLS'
  if (/^(https?:\/\/[^/]+|mailto:.+|tel:.+|sms:.+|#.+)/i.test(href)) return undefined
  return 'leads nowhere'
}

function Links({ view }: { view: View }) {
  const [links, images] = [view.links, view.images]
  return (
    <div className="flex max-h-[38rem] flex-col gap-4 overflow-auto p-3" tabIndex={0} role="region" aria-label="Links and images">
      <section>
        <h3 className="mb-1 text-xs font-medium text-soft">{count(links.length)} {links.length === 1 ? 'link' : 'links'}, as this contact would get them</h3>
        <ul className="flex flex-col">
          {links.map((l, i) => (
            <li key={i} className="border-b border-line py-1.5 text-sm last:border-b-0">
              <span className="wrap-anywhere">{l.text || <span className="text-soft">without text</span>}</span> {doubt(l.href) && <Badge tone="warn">{doubt(l.href)}</Badge>}
              <span className="block font-mono text-xs text-soft wrap-anywhere">{l.href || 'empty'}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3 className="mb-1 text-xs font-medium text-soft">{count(images.length)} {images.length === 1 ? 'image' : 'images'}</h3>
        <ul className="flex flex-col">
          {images.map((m, i) => (
            <li key={i} className="border-b border-line py-1.5 text-sm last:border-b-0">
              {m.alt === null ? <Badge tone="warn">no alt</Badge> : m.alt === '' ? <span className="text-soft">for the eye alone</span> : <span className="wrap-anywhere">{m.alt}</span>}
              <span className="block font-mono text-xs text-soft wrap-anywhere">{m.src.slice(0, 300) || 'empty'}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}

function SampleData({ samples, change, faults }: { samples: Samples; change: (to: Samples) => void; faults: { data?: string | undefined; event?: string | undefined } }) {
  return (
    <details className="text-sm" open={faults.data || faults.event ? true : undefined}>
      <summary className="cursor-pointer text-soft">Data that would come with the send</summary>
      <div className="mt-2 grid gap-3 sm:grid-cols-2">
        <Field label="Data" help="Goes before the contact’s attributes" problem={faults.data}>
          {(p) => <TextArea {...p} rows={3} className="font-mono text-xs!" spellCheck={false} value={samples.data} placeholder={'{"order": 17}'} onChange={(e) => change({ ...samples, data: e.target.value })} />}
        </Field>
        <Field label="Event" help="The event that would lead to it, as event.…" problem={faults.event}>
          {(p) => <TextArea {...p} rows={3} className="font-mono text-xs!" spellCheck={false} value={samples.event} placeholder={'{"subject": "Hi"}'} onChange={(e) => change({ ...samples, event: e.target.value })} />}
        </Field>
      </div>
    </details>
  )
}
