import { Download } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { bytes } from '../lib/format'
import { Dialog } from './overlay'
import { Button, Problem } from './ui'

/** A list as a file, in two forms. How much has come shows while it comes. */
export function Export({ title, about, fetch }: { title: string; about: ReactNode; fetch: (format: 'csv' | 'jsonl', tell: (bytes: number) => void) => Promise<void> }) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState<'csv' | 'jsonl'>()
  const [size, setSize] = useState(0)
  const [problem, setProblem] = useState<unknown>()
  const go = async (format: 'csv' | 'jsonl') => {
    setBusy(format)
    setSize(0)
    setProblem(undefined)
    try {
      await fetch(format, setSize)
      setOpen(false)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(undefined)
    }
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}><Download aria-hidden className="size-3.5" /> Export</Button>
      <Dialog open={open} close={() => setOpen(false)} title={title} about={about}>
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap gap-2">
            <Button kind="main" busy={busy === 'csv'} disabled={busy !== undefined} onClick={() => void go('csv')}>Download CSV</Button>
            <Button busy={busy === 'jsonl'} disabled={busy !== undefined} onClick={() => void go('jsonl')}>Download JSON lines</Button>
          </div>
          {busy && <p role="status" className="numbers text-xs text-soft">{bytes(size)} so far…</p>}
          {problem !== undefined && <Problem error={problem} />}
        </div>
      </Dialog>
    </>
  )
}
