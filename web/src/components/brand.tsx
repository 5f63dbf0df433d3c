import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import css from '../../../internal/form/page.css?raw'
import { type Brand, brand, useSaveBrand } from '../api/brand'
import { type Topic, topics } from '../api/contacts'
import { letters } from '../lib/layouts'
import { viewOf } from '../lib/email-view'
import { useDark } from '../lib/theme'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Button, Card, Field, Input, Loading, Problem } from './ui'

/** How the pages look that contacts see, beside one of them. */
export function BrandCard() {
  const stored = useQuery(brand)
  return (
    <Card title="What contacts see" action={<span className="text-xs text-soft">on the pages of links and forms</span>}>
      {stored.error ? <Problem error={stored.error} retry={() => void stored.refetch()} />
        : !stored.data ? <Loading lines={4} />
        : <BrandForm stored={stored.data} />}
    </Card>
  )
}

const hex = /^#[0-9a-f]{6}$/i

/** What stands where no colour is chosen. */
const ours = '#1f4fd8'

function BrandForm({ stored }: { stored: Brand }) {
  const [name, setName] = useState(stored.name)
  const [color, setColor] = useState(stored.color)
  const [logoUrl, setLogo] = useState(stored.logoUrl)
  const save = useSaveBrand()
  const dirty = name.trim() !== stored.name || color.trim().toLowerCase() !== stored.color || logoUrl.trim() !== stored.logoUrl
  const other = otherProblem(save.error, ['name', 'color', 'logoUrl'])
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
      <form className="flex max-w-md flex-col gap-4" noValidate onSubmit={async (e) => {
        e.preventDefault()
        try {
          const b = await save.mutateAsync({ name: name.trim(), color: color.trim(), logoUrl: logoUrl.trim() })
          setName(b.name)
          setColor(b.color)
          setLogo(b.logoUrl)
          tell('The brand is saved.')
        } catch {
          // Told at its field.
        }
      }}>
        <Field label="Name of whoever sends" problem={fieldProblem(save.error, 'name')}>
          {(p) => <Input {...p} maxLength={100} value={name} autoComplete="organization" placeholder="Acme" onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="Colour of what is pressed" help="Letters on it are black or white, whichever stands out." problem={fieldProblem(save.error, 'color')}>
          {(p) => (
            <span className="flex gap-2">
              <input type="color" aria-label="Choose the colour" className="h-8 w-10 cursor-pointer rounded-md border border-line bg-panel p-0.5" value={hex.test(color.trim()) ? color.trim().toLowerCase() : ours} onChange={(e) => setColor(e.target.value)} />
              <Input {...p} className="min-w-0 flex-1 font-mono text-xs!" maxLength={20} value={color} autoComplete="off" spellCheck={false} placeholder={ours} onChange={(e) => setColor(e.target.value)} />
            </span>
          )}
        </Field>
        <Field label="Address of the logo" help="By https. Browsers of contacts load it from there; these pages load nothing from elsewhere, so its place is shown." problem={fieldProblem(save.error, 'logoUrl')}>
          {(p) => <Input {...p} type="url" maxLength={1000} value={logoUrl} autoComplete="off" placeholder="https://acme.test/logo.png" onChange={(e) => setLogo(e.target.value)} />}
        </Field>
        {other !== undefined && <Problem error={other} />}
        <Button type="submit" kind="main" className="self-start" busy={save.isPending} disabled={!dirty}>Save the brand</Button>
      </form>
      <Page name={name.trim()} color={color.trim()} logo={logoUrl.trim() !== ''} />
    </div>
  )
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** The page of preferences with the server's own styles, as internal/form/page.html has it. */
function pageOf({ name, color, logo, topics }: { name: string; color: string; logo: boolean; topics: Topic[] }): string {
  const branded = hex.test(color) ? `:root { --button: ${color}; --on: ${letters(color)}; }` : ''
  const list = topics.map((t) => `<div class="check"><input type="checkbox"${t.subscribedByDefault ? ' checked' : ''}><div><label>${escaped(t.name)}</label>${t.description ? `<p class="about">${escaped(t.description)}</p>` : ''}</div></div>`).join('')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page of preferences</title><style>${css}${branded}</style></head><body><main>
${logo ? `<img class="logo" src="https://logo.invalid/" alt="${escaped(name || 'Logo')}">` : ''}
<p class="of">${escaped(name || 'Subscription')}</p><h1>What mail do you want?</h1>
${list ? `<div class="part"><h2>Topics</h2>${list}<button type="button">Save</button></div>` : ''}
<div class="part"><h2>Take a break</h2><div class="field"><label>For how long</label><select><option>Two weeks</option></select></div><button type="button"${list ? ' class="plain"' : ''}>Pause</button></div>
<div class="part"><h2>Enough?</h2><p>Mail that you need, such as receipts, still comes.</p><button type="button" class="plain">Unsubscribe from all</button></div>
</main></body></html>`
}

function Page({ name, color, logo }: { name: string; color: string; logo: boolean }) {
  const list = useQuery({ ...topics, retry: false }).data ?? []
  const dark = useDark()
  return (
    <div className="min-w-0">
      <p className="mb-1 text-xs text-soft">The page of preferences</p>
      <iframe title="Preview of the page of preferences" sandbox="" referrerPolicy="no-referrer" className="block h-[30rem] w-full rounded-md border border-line bg-panel"
        srcDoc={viewOf(pageOf({ name, color, logo, topics: list.slice(0, 4) }), dark).html} />
    </div>
  )
}
