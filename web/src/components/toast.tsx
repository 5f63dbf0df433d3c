import { CheckCircle2, X } from 'lucide-react'
import { useSyncExternalStore } from 'react'

interface Note {
  id: number
  text: string
}

let notes: Note[] = []
let next = 1
const listeners = new Set<() => void>()
const change = (to: Note[]) => {
  notes = to
  listeners.forEach((tell) => tell())
}

/** Says that something was done, for some seconds. What went wrong stays where it went wrong. */
export function tell(text: string) {
  const note = { id: next++, text }
  change([...notes.slice(-2), note])
  setTimeout(() => change(notes.filter((n) => n.id !== note.id)), 6000)
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => notes,
  )
  return (
    <div role="status" aria-live="polite" className="fixed right-4 bottom-4 z-50 flex flex-col gap-2">
      {shown.map((n) => (
        <div key={n.id} className="flex max-w-sm items-start gap-2 rounded-lg border border-line bg-panel px-3 py-2 text-sm shadow-lg">
          <CheckCircle2 aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
          <span className="flex-1">{n.text}</span>
          <button aria-label="Close" className="text-soft hover:text-ink" onClick={() => change(notes.filter((m) => m.id !== n.id))}>
            <X aria-hidden className="size-3.5" />
          </button>
        </div>
      ))}
    </div>
  )
}
