import { useCallback, useRef, useState } from 'react'

interface Past<T> {
  past: T[]
  now: T
  future: T[]
}

/** How many changes can be taken back. */
const most = 100

/** Changes that come as fast as this are those of one who types: they are taken back together. */
const quick = 900

/** What is alike but for its texts and numbers. */
const shape = (v: unknown) => JSON.stringify(v, (_, x: unknown) => (typeof x === 'string' || typeof x === 'number' ? 0 : x))

/** A value whose last changes can be taken back, and made again. */
export function useHistory<T>(first: T) {
  const [h, set] = useState<Past<T>>({ past: [], now: first, future: [] })
  const last = useRef(0)
  const change = useCallback((next: T) => {
    const at = Date.now()
    const typing = at - last.current < quick
    last.current = at
    set((h) => (typing && h.past.length > 0 && shape(next) === shape(h.now) ? { ...h, now: next, future: [] } : { past: [...h.past, h.now].slice(-most), now: next, future: [] }))
  }, [])
  const step = useCallback((back: boolean) => {
    last.current = 0
    set((h) => {
      const to = back ? h.past.at(-1) : h.future[0]
      if (to === undefined) return h
      return back ? { past: h.past.slice(0, -1), now: to, future: [h.now, ...h.future] } : { past: [...h.past, h.now], now: to, future: h.future.slice(1) }
    })
  }, [])
  return { now: h.now, change, undo: h.past.length > 0 ? () => step(true) : undefined, redo: h.future.length > 0 ? () => step(false) : undefined }
}
