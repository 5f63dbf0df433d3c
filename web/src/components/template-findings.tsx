import { AlertTriangle, CircleCheck, CircleX } from 'lucide-react'
import { useQuery } from '@tanstack/react-query'
import { api, body } from '../api/client'
import type { Finding, Verdict } from '../api/templates'
import { sentence } from '../lib/format'
import { Badge, Card, Problem, Skeleton } from './ui'

const parts: Record<string, string> = { subject: 'Subject', body: 'HTML', text: 'Text' }

/** Whether a warning says of a variable that nothing gives it a value. The server's words name it so. */
const lacks = (w: Finding, name: string) => w.message.startsWith(`Nothing is known of ${name},`)

/** What is wrong with the template and what is doubtful, each leading to its place. */
export function Findings({ verdict, error, retry, old, jump }: { verdict: Verdict | undefined; error: unknown; retry: () => void; old: boolean; jump: (f: Finding) => void }) {
  const list = verdict ? [...verdict.problems.map((f) => ({ ...f, bad: true })), ...verdict.warnings.map((f) => ({ ...f, bad: false }))] : []
  return (
    <Card title="What is to look at" flush
      action={verdict && (verdict.problems.length > 0 ? <Badge tone="bad">can’t be sent</Badge> : list.length > 0 ? <Badge tone="warn">{list.length} {list.length === 1 ? 'doubt' : 'doubts'}</Badge> : <Badge tone="good">all is well</Badge>)}>
      {error ? <div className="p-3"><Problem error={error} retry={retry} /></div>
        : !verdict ? <div className="p-3"><Skeleton className="h-10" /></div>
        : list.length === 0 ? (
          <p className="flex items-center gap-2 p-3 text-sm text-soft"><CircleCheck aria-hidden className="size-4 shrink-0 text-good" /> Every variable is known or has a default, links and images are as they should be.</p>
        ) : (
          <ul aria-label="Findings" aria-busy={old || undefined} className="max-h-80 overflow-y-auto" tabIndex={0}>
            {list.map((f, i) => {
              const Icon = f.bad ? CircleX : AlertTriangle
              const words = (
                <>
                  <Icon aria-label={f.bad ? 'Problem' : 'Doubt'} role="img" className={`mt-0.5 size-4 shrink-0 ${f.bad ? 'text-bad' : 'text-warn'}`} />
                  <span className="min-w-0">
                    <span className="wrap-anywhere">{sentence(f.message)}</span>
                    {f.part && <span className="block text-xs text-soft">{parts[f.part]}{f.line ? `, line ${f.line}, column ${f.column ?? 1}` : ''}</span>}
                  </span>
                </>
              )
              return (
                <li key={i} className="border-b border-line last:border-b-0">
                  {f.line ? <button type="button" title="Go there" className="flex w-full items-start gap-2 px-3 py-2 text-left text-sm hover:bg-raised focus-visible:-outline-offset-2" onClick={() => jump(f)}>{words}</button>
                    : <p className="flex items-start gap-2 px-3 py-2 text-sm">{words}</p>}
                </li>
              )
            })}
          </ul>
        )}
    </Card>
  )
}

/** The value under a path, where there is one. */
function valueAt(of: unknown, path: string[]): unknown {
  let v = of
  for (const name of path) {
    if (typeof v !== 'object' || v === null || !Object.hasOwn(v, name)) return undefined
    v = (v as Record<string, unknown>)[name]
  }
  return v
}

const shown = (v: unknown) => (typeof v === 'string' ? v : JSON.stringify(v))

/** What the template asks for, and what the chosen contact has there. */
export function Variables({ verdict, contact, data }: { verdict: Verdict | undefined; contact: string; data: Record<string, unknown> }) {
  const known = useQuery({
    queryKey: ['contact', contact],
    queryFn: ({ signal }) => body(api.GET('/contacts/{id}', { params: { path: { id: contact } }, signal })),
    enabled: contact !== '',
    retry: false,
  }).data
  if (!verdict || verdict.variables.length === 0) return null
  const world = { ...known?.data, ...data, data: { ...known?.data, ...data } }
  const always = ['email', 'contact', 'unsubscribeUrl', 'manageUrl', 'currentYear']
  return (
    <Card title="Variables" flush action={<span className="text-xs text-soft">{verdict.variables.length} asked for</span>}>
      <ul aria-label="Variables" className="max-h-72 overflow-y-auto" tabIndex={0}>
        {verdict.variables.map((name) => {
          const path = name.split('.')
          const value = always.includes(path[0] ?? '') ? undefined : valueAt(world, path)
          const lacking = verdict.warnings.some((w) => lacks(w, name))
          return (
            <li key={name} className="flex flex-wrap items-center justify-between gap-x-3 border-b border-line px-3 py-1.5 text-sm last:border-b-0">
              <code className="font-mono text-xs wrap-anywhere">{name}</code>
              <span className="flex min-w-0 items-center gap-2 text-soft">
                {lacking && <Badge tone="warn" title="No contact has it, and it has no default: it may be empty">no default</Badge>}
                {value !== undefined ? <span className="max-w-48 truncate" title={shown(value)}>{shown(value)}</span>
                  : always.includes(path[0] ?? '') ? 'always there'
                  : contact ? 'not there' : !lacking ? 'known, or with a default' : null}
              </span>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
