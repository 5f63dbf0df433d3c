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
