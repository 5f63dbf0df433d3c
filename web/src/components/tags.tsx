import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useId, useState } from 'react'
import { tags as known } from '../api/contacts'
import { count } from '../lib/format'
import { Badge, Button, Field, Input } from './ui'

/** Tags with those that other contacts have as suggestions. Enter or a comma adds what was typed. */
export function TagField({ tags, set, problem }: { tags: string[]; set: (tags: string[]) => void; problem?: string | undefined }) {
  const [text, setText] = useState('')
  const id = useId()
  const others = (useQuery(known).data ?? []).filter((t) => !tags.includes(t.tag))
  const add = (typed: string) => {
    const more = typed.split(',').map((t) => t.trim()).filter((t) => t !== '' && !tags.includes(t))
    if (more.length > 0) set([...tags, ...new Set(more)])
    setText('')
  }
  return (
    <div className="flex flex-col gap-2">
      <Field label="Tags" help="Enter adds one." problem={problem}>
        {(p) => (
          <div className="flex gap-2">
            <Input {...p} className="flex-1" list={`${id}-tags`} autoComplete="off" value={text} maxLength={100} placeholder="vip"
              onChange={(e) => (e.target.value.endsWith(',') ? add(e.target.value) : setText(e.target.value))}
              onBlur={() => add(text)}
              onKeyDown={(e) => {
                if (e.key !== 'Enter' || text.trim() === '') return
                e.preventDefault()
                add(text)
              }} />
            <Button onClick={() => add(text)} disabled={text.trim() === ''}>Add</Button>
          </div>
        )}
      </Field>
      <datalist id={`${id}-tags`}>{others.slice(0, 200).map((t) => <option key={t.tag} value={t.tag}>{count(t.contacts)} {t.contacts === 1 ? 'contact' : 'contacts'}</option>)}</datalist>
      {tags.length > 0 && (
        <ul className="flex flex-wrap gap-1.5" aria-label="Tags of this contact">
          {tags.map((t) => (
            <li key={t} className="min-w-0">
              <Badge tone="accent">
                <span className="max-w-60 truncate" title={t}>{t}</span>
                <button type="button" aria-label={`Remove the tag ${t}`} onClick={() => set(tags.filter((x) => x !== t))}><X aria-hidden className="size-3" /></button>
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
