import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** What the server says is wrong, as RFC 9457 has it. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  readonly fields: { field: string; message: string; hint?: string | undefined }[]
  readonly request: string | undefined
  readonly retryAfter: number | undefined

  constructor(status: number, problem: Partial<Schemas['Problem']>, headers?: Headers) {
    super(problem.detail || problem.title || `The server answered ${status}.`)
    this.status = status
    this.code = (problem.type ?? '').split(':').pop() ?? ''
    this.hint = problem.hint || undefined
    this.fields = (problem.errors ?? []).map((f) => ({ field: f.field, message: f.message, hint: f.hint }))
    this.request = headers?.get('X-Request-Id') ?? undefined
    const after = Number(headers?.get('Retry-After'))
    this.retryAfter = after > 0 ? after : undefined
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer. It may be restarting, or the network is down.')
  }
}

export async function refusalOf(response: Response): Promise<Refusal> {
  let problem: Partial<Schemas['Problem']> = {}
  try {
    problem = (await response.json()) as Partial<Schemas['Problem']>
  } catch {
    // A proxy on the way answers in its own words: the status has to do.
  }
  return new Refusal(response.status, problem, response.headers)
}

/** Called when the session is over; main.tsx sets it. */
export const session = { ended: () => {} }

export const api = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  headers: { Accept: 'application/json' },
  fetch: async (request: Request) => {
    let response: Response
    try {
      response = await fetch(request)
    } catch (error) {
      if (request.signal.aborted) throw error
      throw new Unreachable()
    }
    if (response.status === 401) session.ended()
    if (!response.ok && response.status !== 304) throw await refusalOf(response)
    return response
  },
})

/** The body of an answer. Refusals are thrown by fetch, so there always is one. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}

/** Asks a path of the page's own door, which the API's document does not have. */
export async function door<T>(method: string, path: string, sent?: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: sent === undefined ? {} : { 'Content-Type': 'application/json' },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    })
  } catch {
    throw new Unreachable()
  }
  if (!response.ok) throw await refusalOf(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}
