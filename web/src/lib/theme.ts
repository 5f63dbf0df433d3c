import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark' | 'system'

const listeners = new Set<() => void>()

function chosen(): Theme {
  try {
    const t = localStorage.getItem('theme')
    return t === 'light' || t === 'dark' ? t : 'system'
  } catch {
    return 'system'
  }
}

const system = matchMedia('(prefers-color-scheme: dark)')

function apply() {
  const t = chosen()
  document.documentElement.classList.toggle('dark', t === 'dark' || (t === 'system' && system.matches))
  listeners.forEach((tell) => tell())
}

system.addEventListener('change', apply)

export function setTheme(t: Theme) {
  try {
    if (t === 'system') localStorage.removeItem('theme')
    else localStorage.setItem('theme', t)
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
  apply()
}

const subscribe = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export const useTheme = () => useSyncExternalStore(subscribe, chosen)

export const useDark = () =>
  useSyncExternalStore(subscribe, () => document.documentElement.classList.contains('dark'))
