import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { door, Refusal, session } from '../api/client'
import type { Event } from './events'
import type { Filters } from './filters'

/** How many events are kept: the newest ones. */
export const kept = 1000

/** Milliseconds between two drawings: more often than that nobody can read. */
const pace = 250

export type Connection = 'connecting' | 'open' | 'away'

export interface Feed {
  events: Event[]
  connection: Connection
  /** Why there is a gap, where the server could not go on at the last event */
  lost: string | undefined
  /** Events of each of the last 60 seconds, the newest last */
  seconds: number[]
  total: number
  /** Those that came since it was paused; at most kept of them are there to be shown */
  held: number
  paused: boolean
  pause: (on: boolean) => void
  clear: () => void
}

/** The address of the feed with its filters. The feed has no past, so days mean nothing to it. */
export function feedURL(filters: Filters): string {
  const q = new URLSearchParams()
  for (const [key, value] of Object.entries(filters)) {
    if (key === 'from' || key === 'to') continue
    for (const v of Array.isArray(value) ? value : [value]) if (v) q.append(key, v)
  }
  const text = q.toString()
  return text ? `/feed?${text}` : '/feed'
}

const parse = (data: unknown): Event | undefined => {
  try {
    return JSON.parse(String(data)) as Event
  } catch {
    return undefined
  }
}

/**
 * Events as they come. However many come, they are drawn together and some times a second, and the browser resumes by the last event's id after
 * a break. Paused, they are collected and shown when it goes on.
 */
export function useFeed(filters: Filters): Feed {
  const url = useMemo(() => feedURL(filters), [filters])
  const [events, setEvents] = useState<Event[]>([])
  const [connection, setConnection] = useState<Connection>('connecting')
  const [lost, setLost] = useState<string>()
  const [seconds, setSeconds] = useState<number[]>(() => new Array<number>(60).fill(0))
  const [total, setTotal] = useState(0)
  const [held, setHeld] = useState(0)
  const [paused, setPaused] = useState(false)
  // What came and is not drawn yet, oldest first.
  const waiting = useRef<Event[]>([])
  const came = useRef({ second: 0, total: 0, held: 0 })
  const holding = useRef(false)
  const frame = useRef(0)
  const drawn = useRef(0)
  const later = useRef<ReturnType<typeof setTimeout>>(undefined)

  const draw = useCallback(() => {
    frame.current = 0
    drawn.current = performance.now()
    setTotal(came.current.total)
    if (holding.current) {
      setHeld(came.current.held)
      return
    }
    const fresh = waiting.current.reverse()
    waiting.current = []
    if (fresh.length > 0) setEvents((now) => [...fresh, ...now].slice(0, kept))
  }, [])

  const soon = useCallback(() => {
    if (frame.current !== 0 || later.current !== undefined) return
    later.current = setTimeout(() => {
      later.current = undefined
      frame.current = requestAnimationFrame(draw)
    }, Math.max(0, drawn.current + pace - performance.now()))
  }, [draw])

  useEffect(() => {
    let stream: EventSource
    let timer: ReturnType<typeof setTimeout> | undefined
    let tries = 0
    let place = ''
    const seen = new Set<string>()
    const open = () => {
      // A stream that is made anew can't name the last event in a header, as the browser does when it resumes by itself.
      stream = new EventSource(place ? `${url}${url.includes('?') ? '&' : '?'}after=${encodeURIComponent(place)}` : url, { withCredentials: true })
      stream.onopen = () => {
        tries = 0
        setConnection('open')
      }
      stream.onerror = () => {
        setConnection('away')
        // After a break the browser tries again by itself. It gives up where the server answered and refused: then it is tried anew.
        if (stream.readyState !== EventSource.CLOSED) return
        // The reason is kept from the page, so it asks whether somebody is signed in still.
        door('GET', '/ui/session').catch((e: unknown) => e instanceof Refusal && e.status === 401 && session.ended())
        timer = setTimeout(open, Math.min(30_000, 1000 * 2 ** tries++))
      }
      stream.addEventListener('event', (message) => {
        place = message.lastEventId
        const event = parse(message.data)
        // The newest ids are remembered, so that what comes again after a break is not shown twice.
        if (!event || seen.has(event.id)) return
        seen.add(event.id)
        if (seen.size > 2 * kept) for (const id of seen) {
          if (seen.size <= kept) break
          seen.delete(id)
        }
        came.current.second++
        came.current.total++
        if (holding.current) came.current.held++
        waiting.current.push(event)
        if (waiting.current.length > kept) waiting.current.splice(0, waiting.current.length - kept)
        soon()
      })
      stream.addEventListener('lost', (message) => {
        const reason = (parse(message.data) as { reason?: string } | undefined)?.reason ?? ''
        setLost(reason || 'it could not go on where it was')
      })
    }
    setConnection('connecting')
    open()
    const clock = setInterval(() => {
      const n = came.current.second
      came.current.second = 0
      setSeconds((now) => [...now.slice(1), n])
    }, 1000)
    return () => {
      stream.close()
      clearTimeout(timer)
      clearInterval(clock)
      clearTimeout(later.current)
      later.current = undefined
      cancelAnimationFrame(frame.current)
      frame.current = 0
    }
  }, [url, soon])

  const clear = useCallback(() => {
    setLost(undefined)
    waiting.current = []
    came.current = { second: 0, total: 0, held: 0 }
    setEvents([])
    setHeld(0)
    setTotal(0)
  }, [])

  // Other filters are another stream.
  useEffect(() => clear, [url, clear])

  const pause = useCallback((on: boolean) => {
    holding.current = on
    came.current.held = 0
    setPaused(on)
    setHeld(0)
    if (!on) soon()
  }, [soon])

  return { events, connection, lost, seconds, total, held, paused, pause, clear }
}
