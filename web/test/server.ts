import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

const binary = resolve(process.env['TIDINGS_TEST_BINARY'] ?? join(import.meta.dirname, '../../bin/tidings'))

/** A server of the built program with a database of its own, as plain facts: they go from one process to another. */
export interface Server {
  url: string
  dir: string
  db: string
  /** The one-time link that its log showed */
  link: string
}

/** Who is signed in, and a key for what is asked beside the browser. */
export interface Person {
  name: string
  password: string
  /** The session's cookie as name=value */
  cookie: string
  key: string
}

export type World = Server & Person

const children = new Map<string, ChildProcess>()

// No server outlives the tests, however they end.
process.once('exit', () => children.forEach((child) => child.kill()))

/** Starts the program on an empty database and waits until its log says where it listens and what the first link is. */
export async function start(...flags: string[]): Promise<Server> {
  const dir = await mkdtemp(join(tmpdir(), 'tidings-pages-'))
  const db = join(dir, 'tidings.db')
  await mkdir(join(dir, 'exports'))
  const child = spawn(binary, ['serve', '--db', 'tidings.db', '--listen', '127.0.0.1:0', '--export-folder', 'exports', ...flags], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: string[] = []
  const server = await new Promise<Server>((done, fail) => {
    let url = ''
    child.once('error', fail)
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}:\n${lines.join('\n')}`)))
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line)
      url ||= /msg=serving address=(\S+)/.exec(line)?.[1]?.replace(/^/, 'http://') ?? ''
      const link = /link=(\S+)/.exec(line)?.[1]
      if (link) done({ url, dir, db, link })
    })
  })
  child.removeAllListeners('exit')
  children.set(server.url, child)
  return server
}

/** Ends a server that this process started, and removes its files. */
export async function stop(server: Server): Promise<void> {
  const child = children.get(server.url)
  children.delete(server.url)
  if (child && child.exitCode === null) {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill()
    await ended
  }
  await rm(server.dir, { recursive: true, force: true })
}

/** Runs a command of the program on the server's database and returns what it prints. */
export async function tidings(server: Server, ...args: string[]): Promise<string> {
  const { stdout } = await run(binary, args, { cwd: server.dir, env: { ...process.env, TIDINGS_DB: server.db }, maxBuffer: 1 << 26 })
  return stdout
}

/** Posts fields as JSON and fails where the answer is no success. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}, method = 'POST'): Promise<Response> {
  const answer = await fetch(url, { method, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Uses the link of the log, as the first person would, and makes a key. */
export async function signIn(server: Server, name = 'lea'): Promise<World> {
  const password = 'a harbour at six in the morning'
  const token = new URL(server.link).hash.slice(1)
  const answer = await post(`${server.url}/ui/invitation/accept`, { token, name, password }, { 'User-Agent': firefox })
  const cookie = answer.headers.get('Set-Cookie')?.split(';')[0] ?? ''
  const { key } = JSON.parse(await tidings(server, 'key', 'create', '--kind', 'secret', '--name', 'reports', '--json')) as { key: string }
  return { ...server, name, password, cookie, key }
}

/** Asks the API with the key. */
export async function ask<T>(world: World, path: string): Promise<T> {
  const answer = await fetch(world.url + path, { headers: { Authorization: `Bearer ${world.key}` } })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Changes something through the API with the key. */
export const tell = async <T>(world: World, path: string, body: unknown): Promise<T> =>
  (await (await post(world.url + path, body, { Authorization: `Bearer ${world.key}` })).json()) as T

/** Changes a part of something through the API with the key. */
export const change = async <T>(world: World, path: string, body: unknown): Promise<T> =>
  (await (await post(world.url + path, body, { Authorization: `Bearer ${world.key}` }, 'PATCH')).json()) as T

export interface Made {
  id: string
  url: string
}

/** Makes a source. Its URL is the server's own, whatever name the world has for it. */
export async function source(world: World, body: { name: string; provider: string; settings?: Record<string, unknown>; path?: string }): Promise<Made> {
  const made = await tell<Made>(world, '/sources', body)
  return { id: made.id, url: world.url + new URL(made.url).pathname }
}
