import { queryOptions } from '@tanstack/react-query'
import { door, Refusal } from '../api/client'

export interface Person {
  id: string
  name: string
}

/** Who is signed in; null: nobody. */
export const person = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Person | null> => {
    try {
      return (await door<{ person: Person }>('GET', '/ui/session')).person
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return null
      throw error
    }
  },
})

/** A path of these pages, to go on to after signing in. Whatever else an address has there leads nowhere. */
export const within = (next: unknown): string | undefined => (typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined)
