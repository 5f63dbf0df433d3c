import { Refusal, type Schemas, session, Unreachable } from './client'

/** Posts a list. How much of it is sent can only be told by XMLHttpRequest; 1 is all of it. */
export function upload<T>(path: string, query: URLSearchParams, list: Blob, tell: (share: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${path}?${query}`)
    request.setRequestHeader('Content-Type', 'text/csv')
    request.setRequestHeader('Accept', 'application/json')
    request.upload.onprogress = (e) => e.lengthComputable && tell(e.loaded / e.total)
    request.upload.onload = () => tell(1)
    request.onload = () => {
      let answer: unknown
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        answer = {}
      }
      if (request.status === 401) session.ended()
      if (request.status === 200) done(answer as T)
      else fail(new Refusal(request.status, answer as Partial<Schemas['Problem']>))
    }
    request.onerror = () => fail(new Unreachable())
    request.onabort = () => fail(new Error('The import was stopped. What was taken by then stays; it is known the next time.'))
    signal.addEventListener('abort', () => request.abort())
    request.send(list)
  })
}
