import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { useCreateSender } from '../api/senders'
import { SenderFields, shownFields } from '../components/sender-form'
import { otherProblem } from '../components/source-settings'
import { tell } from '../components/toast'
import { Button, Card, Heading, Problem } from '../components/ui'
import { draftOf, type Way, ways, wishOf } from '../lib/senders'

const route = getRouteApi('/inside/senders/new')

/** First the way out, which stands in the address, then its settings. Trying it is on the sender's own page. */
export function NewSender() {
  const { way: slug } = route.useSearch()
  const way = ways.find((w) => w.slug === slug)
  return (
    <>
      <Heading title={way ? `Add a sender: ${way.title}` : 'Add a sender'} about={way ? way.about : 'By which way is mail to leave?'} />
      {way ? <Settings key={way.slug} way={way} /> : <Choose wrong={slug} />}
    </>
  )
}

function Choose({ wrong }: { wrong: string | undefined }) {
  return (
    <>
      {wrong && <p className="text-sm text-warn [overflow-wrap:anywhere]">There is no way “{wrong}”. These are there:</p>}
      <ul className="grid grid-cols-1 gap-3 sm:grid-cols-2 xl:grid-cols-3">
        {ways.map((w) => (
          <li key={w.slug} className="relative rounded-lg border border-line bg-panel p-4 hover:bg-raised">
            <h2 className="font-semibold">
              <Link to="/senders/new" search={{ way: w.slug }} className="after:absolute after:inset-0 after:rounded-lg">{w.title}</Link>
            </h2>
            <p className="mt-0.5 text-sm text-soft">{w.about}</p>
          </li>
        ))}
      </ul>
      <p className="text-sm text-soft">Another service takes mail by SMTP, too: choose <Link to="/senders/new" search={{ way: 'smtp' }} className="text-accent underline">SMTP server</Link>. What became of its mail comes by a <Link to="/sources/new" className="text-accent underline">source</Link>.</p>
    </>
  )
}

function Settings({ way }: { way: Way }) {
  const navigate = route.useNavigate()
  const [draft, setDraft] = useState(() => draftOf(undefined))
  const [isDefault, setDefault] = useState(false)
  const create = useCreateSender()
  const other = otherProblem(create.error, shownFields(way))
  const go = () => {
    const wish = wishOf(way, draftOf(undefined), draft)
    const settings = { ...wish.settings, ...(way.preset ? { preset: way.preset } : {}) }
    create.mutate(
      { ...wish, name: draft.name.trim(), kind: way.kind, ...(Object.keys(settings).length > 0 ? { settings } : {}), ...(isDefault ? { default: true } : {}) },
      {
        onSuccess: (made) => {
          tell(`${made.name} is made. Try it before mail depends on it.`)
          void navigate({ to: '/senders/$id', params: { id: made.id } })
        },
      },
    )
  }
  return (
    <Card className="max-w-3xl">
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); go() }}>
        {way.note && <p className="rounded-md bg-raised px-3 py-2 text-sm text-soft">{way.note}</p>}
        <SenderFields way={way} draft={draft} set={setDraft} error={create.error} kept={{ password: false, secretAccessKey: false }} />
        <label className="flex items-start gap-2 text-sm">
          <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={isDefault} onChange={(e) => setDefault(e.target.checked)} />
          <span>Make it the default<span className="block text-xs text-soft">Mail that names no sender goes out by it from now on. The first sender is the default by itself.</span></span>
        </label>
        {other !== undefined && <Problem error={other} />}
        <div className="flex justify-between gap-2">
          <Link to="/senders/new" search={{}} className="inline-flex h-8 items-center gap-1.5 rounded-md px-3 text-sm text-soft hover:bg-raised hover:text-ink">
            <ArrowLeft aria-hidden className="size-3.5" /> Another way
          </Link>
          <Button type="submit" kind="main" busy={create.isPending}>Make the sender</Button>
        </div>
      </form>
    </Card>
  )
}
