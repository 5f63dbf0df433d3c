import { AlertTriangle } from 'lucide-react'
import { useId } from 'react'
import type { Condition } from '../lib/condition'
import { type Fault, readCondition } from '../lib/condition-json'
import { Copy } from './bits'
import { TextArea } from './ui'

/** A text that somebody writes, and the condition that stood when it was written: once that is another, the text is old. */
export interface Written {
  text: string
  of: Condition
}

const pretty = (c: Condition) => JSON.stringify(c, null, 2)

/** What is wrong with the text that was written last, unless the condition was changed since in another way. */
export function faultOf(written: Written | undefined, condition: Condition): Fault | undefined {
  if (!written || written.of !== condition) return undefined
  const read = readCondition(written.text)
  return 'fault' in read ? read.fault : undefined
}

/** A condition as the API takes it. What can be read stands in the builder at once. */
export function ConditionJSON({ condition, change, written, write, problems }: {
  condition: Condition
  change: (to: Condition) => void
  written: Written | undefined
  write: (to: Written) => void
  problems: { at: string; says: string }[]
}) {
  const told = useId()
  const text = written?.of === condition ? written.text : pretty(condition)
  const fault = faultOf(written, condition)
  return (
    <div className="flex flex-col gap-2">
      <div className="relative">
        <TextArea aria-label="The condition as JSON" aria-invalid={fault ? true : undefined} aria-describedby={told} spellCheck={false} rows={Math.min(40, Math.max(12, text.split('\n').length + 1))}
          className="w-full pr-10 font-mono text-xs!" value={text}
          onChange={(e) => {
            const read = readCondition(e.target.value)
            const of = 'condition' in read ? read.condition : condition
            write({ text: e.target.value, of })
            if ('condition' in read) change(read.condition)
          }} />
        <div className="absolute top-1 right-3"><Copy text={text} /></div>
      </div>
      <div id={told}>
        {fault ? (
          <p role="alert" className="flex items-start gap-2 text-sm text-bad">
            <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0" />
            <span>Line {fault.line}, column {fault.column}: {fault.says}</span>
          </p>
        ) : problems.length > 0 ? (
          <ul role="alert" className="text-sm text-bad">{problems.map((p) => <li key={`${p.at} ${p.says}`} className="wrap-anywhere"><code className="font-mono text-xs">{p.at || 'condition'}</code>: {p.says}</li>)}</ul>
        ) : <p className="text-xs text-soft">This is what POST /segments takes. What is changed here is changed in the builder, too.</p>}
      </div>
    </div>
  )
}
