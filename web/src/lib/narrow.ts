import { useSyncExternalStore } from 'react'

const query = '(max-width: 767px)'

function subscribe(tell: () => void) {
  const m = matchMedia(query)
  m.addEventListener('change', tell)
  return () => m.removeEventListener('change', tell)
}

/** Whether the window is too narrow for what is wide. */
export const useNarrow = () => useSyncExternalStore(subscribe, () => matchMedia(query).matches)
