import { useSyncExternalStore } from 'react'

// One clock for the whole page: "5 min ago" moves on without a timer in every cell.
let now = new Date()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(tell: () => void) {
  listeners.add(tell)
  if (timer === undefined) {
    // Nobody looked for a while: the time stood still.
    now = new Date()
    timer = setInterval(() => {
      now = new Date()
      listeners.forEach((l) => l())
    }, 10_000)
  }
  return () => {
    listeners.delete(tell)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

export const useNow = () => useSyncExternalStore(subscribe, () => now)
