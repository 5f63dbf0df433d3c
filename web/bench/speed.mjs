// Measures pages in a real browser over a real server, for docs/benchmarks.md:
//
//   node web/bench/speed.mjs overview --db FILE     what the overview asks the API, and how long that takes
//   node web/bench/speed.mjs live [--seconds 120]   the live page at 200 events a second
//   node web/bench/speed.mjs rows --db FILE         a list of 100,000 rows that is scrolled through
//
// --binary PATH is the program, bin/tidings without it; --browser PATH is Chromium. FILE is a database that may be written to.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values: flags, positionals: [what] } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: 'string', default: 'bin/tidings' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    db: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '200' },
    rows: { type: 'string', default: '100000' },
  },
})

const sorted = (list) => [...list].sort((a, b) => a - b)
const quantile = (list, q) => sorted(list)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0
const round = (n) => Math.round(n * 10) / 10

/** Runs the program to its end and reads its JSON. */
function ask(...args) {
  return JSON.parse(execFileSync(resolve(flags.binary), [...args, '--json'], { env, encoding: 'utf8' }))
}

// Settings of a server must not be those of whoever measures.
const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('TIDINGS_')))

/** Starts a server and returns where it is when it serves. */
async function serve(db, dir, more) {
  const server = spawn(resolve(flags.binary), ['serve', '--db', db, '--listen', '127.0.0.1:0', '--retention-events', '0',
    '--log-format', 'json', ...more], { cwd: dir, env, stdio: ['ignore', 'ignore', 'pipe'] })
  process.once('exit', () => server.kill('SIGTERM')) // also where somebody stops the measurement
  let tail = ''
  const base = await new Promise((told, failed) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      tail = line
      const { msg, address } = JSON.parse(line)
      if (msg === 'serving') told(`http://${address}`)
    })
    server.once('exit', () => failed(new Error(`the server ended: ${tail}`)))
  })
  return { server, base }
}

/** Runs a measurement with the page of somebody new who has signed in. */
async function withPage(more, measure) {
  const dir = mkdtempSync(join(tmpdir(), 'tidings-speed-'))
  const db = flags.db ? resolve(flags.db) : join(dir, 'tidings.db')
  const { server, base } = await serve(db, dir, more)
  const { link } = ask('person', 'create', `speed-${Date.now()}`, '--db', db, '--public-url', base)
  const browser = await chromium.launch({ executablePath: flags.browser, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await (await browser.newContext({ viewport: { width: 1360, height: 900 } })).newPage()
    await page.goto(link)
    await page.getByLabel('Password').fill('a long enough sentence')
    await page.getByRole('button', { name: 'Begin' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    return await measure(page, base)
  } finally {
    await browser.close()
    const ended = new Promise((done) => server.once('exit', done))
    server.kill('SIGTERM')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What the overview asks: 21 loads, of which the first warms up; then the same questions one at a time, without a page to draw. */
async function overview(page, base) {
  const loads = []
  for (let i = 0; i <= 20; i++) {
    const calls = []
    const note = (r) => {
      const path = new URL(r.url()).pathname
      if (r.resourceType() === 'fetch' || r.resourceType() === 'xhr') calls.push({ path, request: r, url: r.url() })
    }
    page.on('requestfinished', note)
    await page.goto(`${base}/ui/`, { waitUntil: 'networkidle' })
    page.off('requestfinished', note)
    const times = calls.map(({ path, request, url }) => {
      const t = request.timing()
      return { path, url, begin: t.startTime + t.requestStart, end: t.startTime + t.responseEnd, took: t.responseEnd - t.requestStart }
    })
    if (i > 0) loads.push(times)
  }
  const alone = {}
  for (const { url } of loads.at(-1)) {
    const took = []
    for (let i = 0; i < 20; i++) {
      const began = performance.now()
      await (await page.request.get(url)).body()
      took.push(performance.now() - began)
    }
    alone[new URL(url).pathname + new URL(url).search] = round(quantile(took, 0.5))
  }
  const paths = [...new Set(loads.flat().map((c) => c.path))]
  const median = (of) => round(quantile(loads.map(of), 0.5))
  return {
    calls: Object.fromEntries(paths.map((p) => [p, median((l) => l.filter((c) => c.path === p).reduce((n, c) => n + c.took, 0))])),
    sum: median((l) => l.reduce((n, c) => n + c.took, 0)),
    longest: median((l) => Math.max(...l.map((c) => c.took))),
    alone, sumAlone: round(Object.values(alone).reduce((a, b) => a + b, 0)),
    firstAskedToLastAnswered: median((l) => Math.max(...l.map((c) => c.end)) - Math.min(...l.map((c) => c.begin))),
  }
}

/** Notes the length of every frame, and every task of more than 50 ms, from now on. */
const watchFrames = (page) => page.evaluate(() => {
  window.frames60 = []
  window.longTasks = []
  new PerformanceObserver((list) => list.getEntries().forEach((e) => window.longTasks.push(e.duration))).observe({ type: 'longtask' })
  let last = performance.now()
  const frame = (now) => {
    window.frames60.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})

/** What the page holds after its garbage was collected, and its frames since the last look. */
async function look(page, devtools) {
  const [frames, long] = await page.evaluate(() => {
    const seen = [window.frames60, window.longTasks]
    window.frames60 = []
    window.longTasks = []
    return seen
  })
  await devtools.send('HeapProfiler.collectGarbage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  const metric = (n) => metrics.find((m) => m.name === n)?.value ?? 0
  return {
    heapMB: round(metric('JSHeapUsedSize') / 2 ** 20), nodes: metric('Nodes'), listeners: metric('JSEventListeners'),
    busy: metric('TaskDuration'),
    frameP50: round(quantile(frames, 0.5)), frameP95: round(quantile(frames, 0.95)), frameP99: round(quantile(frames, 0.99)),
    longTasks: long.length, longestTask: round(Math.max(0, ...long)),
  }
}

async function tools(page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  await devtools.send('HeapProfiler.enable')
  return devtools
}

/** The live page: a look every ten seconds. */
async function live(page, base) {
  await page.goto(`${base}/ui/live`)
  await page.locator('[role="table"]').waitFor()
  const devtools = await tools(page)
  await watchFrames(page)
  await look(page, devtools)
  const looks = []
  let before = 0
  for (let at = 10; at <= Number(flags.seconds); at += 10) {
    await page.waitForTimeout(10_000)
    const { busy, ...now } = await look(page, devtools)
    const told = await page.getByText('since you came').innerText()
    looks.push({ at, ...now, busyShare: round((busy - before) / 10), told })
    before = busy
    console.error(JSON.stringify(looks.at(-1)))
  }
  return looks
}

/** A list that is scrolled to its end again and again until it has so many rows, then through all of it. */
async function rows(page, base) {
  await page.goto(`${base}/ui/events`)
  const table = page.locator('[role="table"]')
  await table.waitFor()
  const devtools = await tools(page)
  await watchFrames(page)
  const looks = [{ rows: 0, ...(await look(page, devtools)) }]
  const want = Number(flags.rows)
  for (let next = want / 10; next <= want; next += want / 10) {
    const began = Date.now()
    await page.evaluate((upTo) => new Promise((done) => {
      const list = document.querySelector('[role="table"]')
      const step = () => {
        if (Number(list.getAttribute('aria-rowcount')) >= upTo) return done()
        list.scrollTop = list.scrollHeight
        requestAnimationFrame(step)
      }
      step()
    }), next)
    looks.push({ rows: next, seconds: round((Date.now() - began) / 1000), ...(await look(page, devtools)) })
    console.error(JSON.stringify(looks.at(-1)))
  }
  const most = await page.evaluate(() => new Promise((done) => {
    const list = document.querySelector('[role="table"]')
    let nodes = 0
    let left = 600
    const step = () => {
      nodes = Math.max(nodes, list.querySelectorAll('[role="row"]').length)
      if (left-- === 0) return done(nodes)
      list.scrollTop = (list.scrollHeight * left) / 600
      requestAnimationFrame(step)
    }
    step()
  }))
  looks.push({ scrolledThrough: want, mostRowsInTheDocument: most, ...(await look(page, devtools)) })
  return looks
}

const measurements = {
  overview: () => withPage([], overview),
  live: () => withPage(['--demo-rate', flags.rate], live),
  rows: () => withPage([], rows),
}
if (!measurements[what]) throw new Error(`say what: ${Object.keys(measurements).join(', ')}`)
console.log(JSON.stringify(await measurements[what](), null, 1))
