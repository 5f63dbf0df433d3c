import type { Schemas } from '../api/client'
import type { Tone } from '../components/ui'

export type State = Schemas['SourceHealth']['state']

/** A source's state in a word or two, what it means, and its colour. */
export const states: Record<State, { word: string; tone: Tone; about: string }> = {
  healthy: { word: 'Healthy', tone: 'good', about: 'Requests come and are accepted.' },
  new: { word: 'Waits for the first event', tone: 'info', about: 'Nothing has come yet.' },
  pending: { word: 'Waits for you to confirm', tone: 'warn', about: 'A subscription asked to be confirmed.' },
  silent: { word: 'Silent', tone: 'bad', about: 'Nothing has come for longer than is usual for it.' },
  failing: { word: 'Refuses requests', tone: 'bad', about: 'A good part of what comes is not accepted: events are being lost, or come late.' },
  disabled: { word: 'Switched off', tone: 'plain', about: 'It refuses everything that comes.' },
}

export const severities: Record<Schemas['Finding']['severity'], Tone> = { critical: 'bad', warning: 'warn', info: 'info' }

interface Shown {
  url: string
  secret: string | undefined
  basic: string | undefined
}

// The token of a source is told once, when it is made. It lives in this page's memory until that is reloaded, so that
// going back and forth does not lose it; it is written down nowhere.
const once = new Map<string, Shown>()

export const keepURL = (id: string, shown: Shown) => void once.set(id, shown)
export const shownURL = (id: string): Shown | undefined => once.get(id)
