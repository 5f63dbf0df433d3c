import { clsx } from 'clsx'
import { Monitor, Smartphone } from 'lucide-react'
import { useMemo, useState } from 'react'
import { count } from '../lib/format'
import { type MailLink, shownMail } from '../lib/mail-html'
import { Address } from './bits'

/**
 * The HTML of an email in a frame that may do nothing: no script, no form, no link, nothing from the network. Where its
 * links lead stands below, as text.
 */
export function MailFrame({ html, title, inline, height = 'h-[60vh]' }: { html: string; title: string; inline?: (id: string) => string | undefined; height?: string }) {
  const [narrow, setNarrow] = useState(false)
  const shown = useMemo(() => shownMail(html, inline), [html, inline])
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-xs text-soft">
          {shown.remote > 0 ? `${count(shown.remote)} ${shown.remote === 1 ? 'picture is' : 'pictures are'} not fetched: to look at an email here tells nobody.` : 'To look at it here tells nobody.'}
        </p>
        <div role="group" aria-label="Width" className="flex gap-0.5 rounded-md border border-line p-0.5 max-sm:hidden">
          {([[false, 'As on a desk', Monitor], [true, 'As on a phone', Smartphone]] as const).map(([value, label, Icon]) => (
            <button key={label} title={label} aria-label={label} aria-pressed={narrow === value} onClick={() => setNarrow(value)}
              className={clsx('flex h-6 w-8 items-center justify-center rounded', narrow === value ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}>
              <Icon aria-hidden className="size-3.5" />
            </button>
          ))}
        </div>
      </div>
      {/* Mail is written for white paper, whatever the colours of these pages. */}
      <iframe title={title} sandbox="" srcDoc={shown.html} tabIndex={0}
        className={clsx('w-full resize-y rounded-md border border-line bg-white [color-scheme:light]', height, narrow && 'mx-auto max-w-[375px]')} />
      {shown.links.length > 0 && <Links links={shown.links} />}
    </div>
  )
}

function Links({ links }: { links: MailLink[] }) {
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">{count(links.length)} {links.length === 1 ? 'link' : 'links'}, and where {links.length === 1 ? 'it leads' : 'they lead'}</p>
      <ul className="flex flex-col gap-1.5 text-sm">
        {links.map((l, i) => (
          <li key={i} className="flex min-w-0 flex-wrap gap-x-3">
            <span className="max-w-64 truncate" title={l.words}>{l.words}</span>
            <span className="min-w-0 flex-1 basis-60 text-soft"><Address url={l.href} /></span>
          </li>
        ))}
      </ul>
    </div>
  )
}
