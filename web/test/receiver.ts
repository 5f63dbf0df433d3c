import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A request that a receiver got. */
export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** A receiver of events. It takes everything but what is posted below /down, of which it says that it is down. */
export interface Receiver {
  url: string
  taken: Received[]
  /** Lets what is below /down be taken from now on */
  mend: () => void
  close: () => Promise<void>
}

/** Listens at another address of this machine than the server: events must not go to the server itself. What is down says so in these words. */
export async function receiver(down = '<b>down for repairs</b>'): Promise<Receiver> {
  const taken: Received[] = []
  let mended = false
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      if (path.startsWith('/down') && !mended) {
        response.writeHead(503, { 'Content-Type': 'text/html' }).end(down)
        return
      }
      taken.push({ path, headers: request.headers, body })
      response.end('thank you')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.2', done))
  const address = server.address()
  return {
    url: `http://127.0.0.2:${typeof address === 'object' ? address?.port : 0}`,
    taken,
    mend: () => void (mended = true),
    close: () => new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    }),
  }
}

/** The flags with which a server may call receivers of this machine. */
export async function calling(): Promise<{ flags: string[]; end: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'tidings-config-'))
  const config = join(dir, 'config.json')
  await writeFile(config, JSON.stringify({ netguard: { allow: ['127.0.0.0/8'] } }))
  return { flags: ['--endpoint-http', '--config', config], end: () => rm(dir, { recursive: true, force: true }) }
}
