import { useState } from 'react'
import { Code } from './bits'
import { Select } from './ui'

type Data = Record<string, unknown>

const ways: Record<string, (origin: string, name: string, data: Data) => string> = {
  curl: (origin, name, data) => {
    // What the shell would take for the end of the text is written in another way.
    const sent = JSON.stringify({ email: 'ann@acme.test', event: name, data }).replaceAll("'", '\\u0027')
    return `curl -s ${origin}/v1/track -H 'Authorization: Bearer pk_…' -H 'Content-Type: application/json' \\\n  -d '${sent}'`
  },
  JavaScript: (origin, name, data) =>
    `await fetch('${origin}/v1/track', {\n  method: 'POST',\n  headers: { Authorization: 'Bearer pk_…', 'Content-Type': 'application/json' },\n  body: JSON.stringify(${JSON.stringify({ email: 'ann@acme.test', event: name, data })}),\n})`,
}

/** What tracks an event, to copy. */
export function TrackSnippet({ name, data }: { name: string; data: Data }) {
  const [way, choose] = useState('curl')
  return (
    <div className="flex flex-col gap-2 text-left">
      <Select aria-label="Language" className="field-sizing-content self-start" value={way} onChange={(e) => choose(e.target.value)}>
        {Object.keys(ways).map((w) => <option key={w}>{w}</option>)}
      </Select>
      <Code text={ways[way]?.(location.origin, name, data) ?? ''} />
    </div>
  )
}
