// What scripts/parquet.sh asks DuckDB of the files in a folder, and of the server that TIDINGS_URL and TIDINGS_KEY name: node parquet.mjs FOLDER
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'

const [folder] = process.argv.slice(2)
const { TIDINGS_URL: server, TIDINGS_KEY: key } = process.env
const failures = []
const same = (what, got, want) => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) failures.push(`${what}: ${a}, not ${b}`)
}

const db = await (await DuckDBInstance.create()).connect()
const rows = async (sql) => (await db.runAndReadAll(sql)).getRowsJson()

async function api(method, path) {
  const answer = await fetch(server + path, { method, headers: { authorization: `Bearer ${key}` } })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

// The lines of JSON are what the API says: what the columns have to agree with.
const events = readFileSync(`${folder}/all.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const by = (list) => Object.entries(list.reduce((sums, name) => ({ ...sums, [name]: (sums[name] ?? 0) + 1 }), {})).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => [name, `${n}`])
const names = by(events.map((e) => e.name))

async function check(what, files) {
  const from = `read_parquet(${files})`
  same(`${what}: counts by name`, await rows(`SELECT name, count(*) FROM ${from} GROUP BY name ORDER BY name`), names)
  same(`${what}: distinct ids`, await rows(`SELECT count(DISTINCT id) FROM ${from}`), [[`${events.length}`]])
  const bounced = by(events.filter((e) => e.bounce).map((e) => e.bounce.class))
  same(`${what}: classes of bounces`, await rows(`SELECT bounceClass, count(*) FROM ${from} WHERE bounceClass IS NOT NULL GROUP BY bounceClass ORDER BY bounceClass`), bounced)
  const first = await rows(`SELECT id, epoch_ms(occurredAt), recipient, final, smtpCode, url, tags::VARCHAR, data FROM ${from} ORDER BY id LIMIT 500`)
  const sorted = [...events].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, first.length)
  for (const [i, [id, at, recipient, final, code, url, tags, data]] of first.entries()) {
    const e = sorted[i]
    same(`${what}: event ${id}`, [id, at, recipient, final, code, url, tags],
      [e.id, `${Date.parse(e.occurredAt)}`, e.recipient ?? null, e.bounce?.final ?? null, (e.bounce ?? e.delay)?.smtpCode?.toString() ?? null, e.click?.url || null, `[${(e.message?.tags ?? []).join(', ')}]`])
    JSON.parse(data)
  }
}

await check('the file of tidings export', `'${folder}/all.parquet'`)
const kinds = Object.fromEntries(await rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${folder}/all.parquet')`))
for (const [column, kind] of Object.entries({
  occurredAt: 'TIMESTAMP WITH TIME ZONE', sentAt: 'TIMESTAMP WITH TIME ZONE', tags: 'VARCHAR[]', final: 'BOOLEAN', count: 'BIGINT', name: 'VARCHAR',
})) same(`the type of ${column}`, kinds[column], kind)

await api('POST', '/exports/lake/run')
const lake = `${folder}/exports/lake`
for (let tries = 0; ; tries++) {
  const { lastRun, problem } = await api('GET', '/exports/lake')
  if (lastRun?.done) break
  if (tries > 300) throw new Error(`the export does not end: ${problem}`)
  await pause(100)
}
const manifests = readdirSync(`${lake}/manifests`).map((name) => JSON.parse(readFileSync(`${lake}/manifests/${name}`, 'utf8')))
const files = manifests.flatMap((m) => m.files)
same('the manifests count', manifests.reduce((sum, m) => sum + m.events, 0), events.length)
await check('the files that manifests name', `[${files.map((f) => `'${lake}/${f.name}'`).join(', ')}]`)
// As the page has it.
same('partitions by day', await rows(`SELECT day::VARCHAR, count(*) FROM read_parquet('${lake}/day=*/*.parquet', hive_partitioning = true) GROUP BY day ORDER BY day`),
  by(events.map((e) => e.occurredAt.slice(0, 10))))
const text = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8').match(/```sql\n([\s\S]*?)```/)[1]
for (const sql of text.replaceAll('warehouse/mail', lake).split(';').filter((part) => part.trim())) await rows(sql)

if (failures.length > 0) {
  console.error(failures.slice(0, 20).join('\n'))
  process.exit(1)
}
console.log(`DuckDB reads ${events.length} events of ${names.length} names from a file and from ${files.length} files of ${manifests.length} manifests`)
