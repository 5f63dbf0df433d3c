import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type Template, templateVersion, templateVersions, useRestoreTemplate } from '../api/templates'
import { draftOf } from '../lib/template-draft'
import { count } from '../lib/format'
import { Mono, Time } from './bits'
import { Changed, Lines } from './changes'
import { Confirm } from './overlay'
import { tell } from './toast'
import { Badge, Button, Card, Loading, Problem } from './ui'
import { VersionPair } from './version-pair'

/** What a template was: who changed it when, what changed from one version to another, and the way back. */
export function TemplateVersions({ template: t, version, against, choose, restored, dirty }: {
  template: Template
  version: number
  against: number
  choose: (version: number, against: number) => void
  restored: (t: Template) => void
  dirty: boolean
}) {
  const list = useInfiniteQuery(templateVersions(t.id))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.versions) ?? [], [list.data])
  const [back, bring] = useState<Template>()
  const restore = useRestoreTemplate(t.id)
  if (list.error && rows.length === 0) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Card><Loading lines={4} /></Card>
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[20rem_minmax(0,1fr)]">
      <Card title="Versions" flush action={<span className="numbers text-xs text-soft">{count(t.version)} in all</span>}>
        <ol aria-label="Versions" className="max-h-[60dvh] overflow-y-auto" tabIndex={0}>
          {rows.map((v) => (
            <li key={v.version} className={clsx('flex items-start gap-2 border-b border-line px-3 py-2 last:border-b-0', v.version === version && 'bg-raised')}>
              <button type="button" aria-pressed={v.version === version} className="min-w-0 flex-1 text-left text-sm" onClick={() => choose(v.version, Math.max(v.version - 1, 1))}>
                <span className="flex flex-wrap items-center gap-2 font-medium">Version {v.version} {v.version === t.version && <Badge tone="good">now</Badge>}</span>
                {v.note && <span className="block text-xs text-soft">{v.note}</span>}
              </button>
              <span className="text-right text-xs text-soft">
                <Time at={v.updatedAt} form="short" />
                <span className="block max-w-32 truncate" title={v.by}>{v.by ? <Mono>{v.by}</Mono> : 'the server'}</span>
              </span>
            </li>
          ))}
        </ol>
        {list.hasNextPage && <div className="border-t border-line p-2"><Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show older ones</Button></div>}
      </Card>
      <Between id={t.id} now={t.version} version={version} against={against} choose={choose} {...(t.origin === 'api' ? { restore: bring } : {})} />
      <Confirm open={back !== undefined} close={() => bring(undefined)} title={`Bring version ${back?.version ?? ''} back?`} verb="Bring it back"
        act={async () => {
          if (!back) return
          const made = await restore.mutateAsync(back.version)
          tell(`${made.name} is as it was in version ${back.version}.`)
          restored(made)
        }}>
        <p>What it was in version {back?.version} becomes version {t.version + 1}, and what is sent from now on. Nothing is lost: version {t.version} stays in this list.</p>
        {dirty && <p className="text-warn">What you changed here and did not save is lost.</p>}
      </Confirm>
    </div>
  )
}

const fields: [keyof ReturnType<typeof draftOf>, string][] = [
  ['name', 'Name'], ['description', 'What it is for'], ['subject', 'Subject'], ['type', 'Who gets it'], ['from', 'From'], ['fromName', 'Name beside it'], ['replyTo', 'Answers go to'],
  ['opens', 'Opens'], ['clicks', 'Clicks'], ['displayNames', 'Display names'],
]

const textWords = { auto: 'made of the HTML', own: 'written', none: 'none' }

/** What changed from one version to another. */
function Between({ id, now, version, against, choose, restore }: {
  id: string
  now: number
  version: number
  against: number
  choose: (version: number, against: number) => void
  restore?: (t: Template) => void
}) {
  const [one, other] = [useQuery(templateVersion(id, version)), useQuery(templateVersion(id, against))]
  const versions = Array.from({ length: Math.min(now, 500) }, (_, i) => now - i)
  const failed = one.error ?? other.error
  return (
    <Card flush
      title={<VersionPair versions={versions} now={now} version={version} against={against} choose={choose} />}
      action={restore && version !== now && one.data && <Button small onClick={() => restore(one.data)}><RotateCcw aria-hidden className="size-3.5" /> Bring version {version} back</Button>}>
      {failed ? <div className="p-3"><Problem error={failed} /></div>
        : !one.data || !other.data ? <Loading lines={6} />
        : <Changes before={other.data} after={one.data} />}
    </Card>
  )
}

function Changes({ before, after }: { before: Template; after: Template }) {
  const [a, b] = [draftOf(before), draftOf(after)]
  const facts = fields.filter(([key]) => a[key] !== b[key])
  const texts = ([['HTML', a.body, b.body], ['Text', a.text, b.text]] as const).filter(([, x, y]) => x !== y)
  const part = a.textPart !== b.textPart
  if (before.version === after.version) return <p className="px-4 py-10 text-center text-sm text-soft">Choose two versions to see what changed between them.</p>
  if (facts.length === 0 && texts.length === 0 && !part) return <p className="px-4 py-10 text-center text-sm text-soft">They are the same.</p>
  return (
    <div className="flex flex-col">
      {(facts.length > 0 || part) && (
        <dl className="flex flex-col gap-2 border-b border-line p-4 text-sm last:border-b-0">
          {facts.map(([key, label]) => <Changed key={key} label={label} before={a[key]} after={b[key]} />)}
          {part && <Changed label="Text part" before={textWords[a.textPart]} after={textWords[b.textPart]} />}
        </dl>
      )}
      {texts.map(([label, x, y]) => <Lines key={label} label={label} before={x} after={y} />)}
    </div>
  )
}
