import { queryOptions } from '@tanstack/react-query'
import { door, Refusal } from './client'

export interface SignedIn {
  id: string
  createdAt: string
  lastSeenAt: string
  userAgent: string
  network: string
  current: boolean
}

export const signedIn = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await door<{ sessions: SignedIn[] }>('GET', '/ui/sessions')).sessions,
})

export const endSession = (id: string) => door<void>('DELETE', `/ui/sessions/${encodeURIComponent(id)}`)

export const changePassword = (old: string, fresh: string) => door<void>('POST', '/ui/password', { old, new: fresh })

export interface ServerSetting {
  name: string
  value: string
  /** default, environment or flag */
  from: string
  variable?: string
  about: string
}

/** How the server was started. One that does not tell is no mistake. */
export const serverSettings = queryOptions({
  queryKey: ['server-settings'],
  queryFn: async (): Promise<ServerSetting[]> => {
    try {
      return (await door<{ settings: ServerSetting[] }>('GET', '/settings')).settings
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) return []
      throw error
    }
  },
  staleTime: 60_000,
})
