import { refusalOf, session, Unreachable } from '../api/client'

/** Hands the browser a file. */
export function save(parts: BlobPart[], type: string, name: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Today, as names of files have it. */
export const today = () => new Date().toISOString().slice(0, 10)

/** Fetches what the server answers and hands it to the browser as a file. A refusal is told, which a plain link could not. */
export async function download(path: string, name: string, tell: (bytes: number) => void = () => undefined, init: RequestInit = {}): Promise<void> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init })
  } catch {
    throw new Unreachable()
  }
  if (response.status === 401) session.ended()
  if (!response.ok) throw await refusalOf(response)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value)
    tell((size += part.value.byteLength))
  }
  save(parts, response.headers.get('Content-Type') ?? 'text/plain', name)
}
