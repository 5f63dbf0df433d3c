import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { door, type Schemas } from './client'

/** What a form asks for beside the address; it becomes an attribute. */
export interface FormField {
  name: string
  label: string
  required?: boolean
}

/** What a form may be made or changed to. */
export interface FormWish {
  name: string
  /** Nobody is subscribed before they confirmed it */
  doubleOptIn: boolean
  /** Slugs of the topics that people take with it */
  topics: string[]
  fields: FormField[]
  /** Where people go once they sent it; empty: a page of Tidings */
  redirectUrl: string
  /** Where people go once they confirmed it; empty: a page of Tidings */
  confirmedUrl: string
  /** Web sites whose pages may send it, beside its own page */
  origins: string[]
}

export interface Form extends Omit<FormWish, 'redirectUrl' | 'confirmedUrl'> {
  id: string
  /** Where its page is, and where it is sent to */
  url: string
  redirectUrl?: string
  confirmedUrl?: string
  createdAt: string
  updatedAt: string
}

/** All forms, newest first. */
export const forms = queryOptions({
  queryKey: ['forms'],
  queryFn: async () => (await door<{ forms: Form[] }>('GET', '/forms')).forms,
})

/** Makes a form, or changes the one with the id. */
export function useSaveForm(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (wish: FormWish) => (id ? door<Form>('PATCH', `/forms/${encodeURIComponent(id)}`, wish) : door<Form>('POST', '/forms', wish)),
    onSuccess: () => Promise.all([['forms'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

export function useDeleteForm() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => door<void>('DELETE', `/forms/${encodeURIComponent(id)}`),
    onSuccess: () => Promise.all([['forms'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

/** A contact's newest wish to be subscribed. */
export interface Confirmation {
  form: string
  requestedAt: string
  /** Absent: not yet */
  confirmedAt?: string
}

/** The wish of a contact that it has not confirmed, if there is one. */
export function unconfirmed(c: Schemas['Contact']): Confirmation | undefined {
  const wish = (c as Schemas['Contact'] & { confirmation?: Confirmation }).confirmation
  return wish && !wish.confirmedAt ? wish : undefined
}

/** Makes a link by which a contact confirms its wish. */
export const useConfirmationLink = (contact: string) =>
  useMutation({ mutationFn: () => door<{ confirmUrl: string; expiresAt: string }>('POST', `/contacts/${encodeURIComponent(contact)}/confirmation`) })
