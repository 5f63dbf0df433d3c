import type { UseMutationResult } from '@tanstack/react-query'
import { FileUp } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import type { Schemas } from '../api/client'
import { bytes, count } from '../lib/format'
import { type Column, VirtualTable } from './table'
import { Button, Field, TextArea } from './ui'

/** A list to import: a file, or what was pasted. */
export interface List {
  name: string
  blob: Blob
}

/** One sending of a list, to try it or to take it. */
interface Sent {
  list: Blob
  dryRun: boolean
  tell: (share: number) => void
  signal: AbortSignal
}

type Post<R> = UseMutationResult<R, Error, Sent>

/** The steps of an import: a list is chosen, tried, and taken. A new list, or another way to read it, begins anew. */
export function useSteps<R>(check: Post<R>, take: Post<R>) {
  const [list, setList] = useState<List>()
  const [share, setShare] = useState(0)
  const stop = useRef<AbortController>(undefined)
  const restart = () => {
    check.reset()
    take.reset()
  }
  const send = (by: Post<R>, dryRun: boolean, done?: (report: R) => void) => {
    if (!list) return
    stop.current = new AbortController()
    setShare(0)
    // What goes wrong is told where the mutation is shown.
    by.mutate({ list: list.blob, dryRun, tell: setShare, signal: stop.current.signal }, done ? { onSuccess: done } : {})
  }
  return {
    list, share, restart,
    choose: (next: List | undefined) => {
      restart()
      setList(next)
    },
    busy: check.isPending || take.isPending,
    what: take.isPending ? 'import' : 'check',
    stop: () => stop.current?.abort(),
    check: () => {
      restart()
      send(check, true)
    },
    take: (done: (report: R) => void) => send(take, false, done),
  }
}

/** Where a list is dropped, chosen or pasted. */
export function ListSource({ list, choose, busy, about, help, example }: {
  list: List | undefined
  choose: (list: List | undefined) => void
  busy: boolean
  about: string
  help: ReactNode
  example: string
}) {
  const [pasted, setPasted] = useState('')
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const file = (f: File) => {
    setPasted('')
    choose({ name: f.name, blob: f })
  }
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <div
        className={`flex flex-col items-center justify-center gap-2 rounded-lg border border-dashed p-6 text-center ${over ? 'border-accent bg-accent/5' : 'border-line'}`}
        onDragOver={(e) => {
          e.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault()
          setOver(false)
          const f = e.dataTransfer.files[0]
          if (f && !busy) file(f)
        }}
      >
        <FileUp aria-hidden className="size-6 text-soft" />
        <p className="text-sm">{list ? <><span className="font-medium [overflow-wrap:anywhere]">{list.name}</span>, {bytes(list.blob.size)}</> : 'Drop a CSV file here'}</p>
        <input ref={input} type="file" accept=".csv,.txt,text/csv,text/plain" className="sr-only" tabIndex={-1} aria-label="A file with the list"
          onChange={(e) => {
            const f = e.target.files?.[0]
            if (f) file(f)
            e.target.value = ''
          }} />
        <Button onClick={() => input.current?.click()} disabled={busy}>{list ? 'Choose another' : 'Choose a file'}</Button>
        <p className="text-xs text-soft">{about}</p>
      </div>
      <Field label="Or paste it" help={help}>
        {(p) => (
          <TextArea {...p} rows={5} spellCheck={false} className="font-mono text-xs!" placeholder={example} value={pasted} disabled={busy}
            onChange={(e) => {
              setPasted(e.target.value)
              choose(e.target.value.trim() ? { name: 'what was pasted', blob: new Blob([e.target.value], { type: 'text/csv' }) } : undefined)
            }} />
        )}
      </Field>
    </div>
  )
}

/** How much of a list is sent; then that the server works on it. */
export function Sending({ share, what, stop }: { share: number; what: string; stop: () => void }) {
  const sent = Math.floor(share * 100)
  return (
    <div className="mt-4 flex items-center gap-3" role="status">
      <div role="progressbar" aria-label={`Sending the list to ${what} it`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={sent} className="h-2 flex-1 overflow-hidden rounded bg-raised">
        <div className={`h-full rounded bg-accent transition-[width] ${share >= 1 ? 'animate-pulse' : ''}`} style={{ width: `${Math.max(sent, 2)}%` }} />
      </div>
      <span className="numbers text-xs text-soft">{share < 1 ? `${sent}% sent` : what === 'import' ? 'Taking the lines…' : 'Checking the lines…'}</span>
      <Button small onClick={stop}>Stop</Button>
    </div>
  )
}

/** What an import came to, in numbers. */
export function Sums({ of: facts }: { of: [name: string, n: number, tone: string, about?: string][] }) {
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-5">
      {facts.map(([name, n, tone, about]) => (
        <div key={name} title={about}>
          <dt className="text-xs text-soft">{name}</dt>
          <dd className={`numbers text-xl font-semibold ${tone}`}>{count(n)}</dd>
        </div>
      ))}
    </dl>
  )
}

type BadLine = Schemas['BadLine']

const columns: Column<BadLine>[] = [
  { id: 'line', head: 'Line', width: 65, end: true, cell: (b) => count(b.line) },
  { id: 'field', head: 'Field', width: 120, cell: (b) => <span title={b.field}>{b.field ?? 'the line'}</span> },
  { id: 'message', head: 'What is wrong', width: 420, grow: true, cell: (b) => <span title={b.message}>{b.message}</span> },
]

/** The bad lines that an answer tells of, each with its number and why. */
export function BadLines({ lines, all }: { lines: BadLine[]; all: number }) {
  if (lines.length === 0) return null
  return (
    <div className="mt-4 overflow-hidden rounded-lg border border-line">
      <VirtualTable label="Bad lines" rows={lines} columns={columns} rowKey={(b) => `${b.line} ${b.field ?? ''} ${b.message}`} height="20rem" />
      {all > lines.length && <p className="border-t border-line px-3 py-2 text-xs text-soft">The first {count(lines.length)} of {count(all)} bad lines</p>}
    </div>
  )
}
