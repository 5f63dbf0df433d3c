import { useSyncExternalStore } from 'react'

// One clock for the whole page: "5 min ago" moves on without a timer in every cell.
let now = new Date()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(tell: () => void) {
  listeners.add(tell)
  timer ??= setInterval(() => {
    now = new Date()
    listeners.forEach((l) => l())
  }, 10_000)
  return () => {
    listeners.delete(tell)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

export const useNow = () => useSyncExternalStore(subscribe, () => now)
