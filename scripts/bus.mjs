// What scripts/bus.sh asks of a running server with the AWS SDK for JavaScript. The environment alone says where it is.
import { createServer, request } from 'node:http'
import { EventBridgeClient, ListEventBusesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge'

const { TIDINGS_URL: server, TIDINGS_KEY: key, EVENT: fromThePage, BUS_URL: bus } = process.env
const failures = []
const check = (ok, what) => ok || failures.push(what)

const entry = (DetailType, detail, more) =>
  ({ Source: 'com.acme.shop', DetailType, Detail: typeof detail === 'string' ? detail : JSON.stringify(detail), ...more })
const put = (client, ...Entries) => client.send(new PutEventsCommand({ Entries }))
const refused = async (call) => { try { await call(); return 'nothing' } catch (e) { return e.name } }
const events = async (query) => {
  const res = await fetch(`${server}/events?${new URLSearchParams(query)}`, { headers: { authorization: `Bearer ${key}` } })
  return (await res.json()).events
}

const client = new EventBridgeClient({})
const [first] = await events({ bus: 'orders' })
check(first?.id === fromThePage && first.recipient === 'lea@acme.test' && first.data.amount === 49, 'the program of docs/bus.md put its event')

const Time = new Date(Date.now() - 3600_000)
const two = await put(client, entry('trial.started', { email: 'tom@acme.test', 'näme': '✓ "quoted" \n' }, { Time, Resources: ['arn:aws:s3:::a'] }),
  entry('bad', '{'))
check(two.FailedEntryCount === 1 && two.Entries[1].ErrorCode === 'MalformedDetail', 'a bad entry costs only itself')
const [trial] = await events({ app: 'com.acme.shop', bus: 'default' })
check(trial?.id === two.Entries[0].EventId && Date.parse(trial.occurredAt) === Time.getTime() && trial.data['näme'] === '✓ "quoted" \n' &&
  trial.bus.resources[0] === 'arn:aws:s3:::a', 'an entry is an event as it was put')

check(await refused(() => put(client, ...Array(11).fill(entry('a', {})))) === 'ValidationException', 'eleven entries are refused')
check(await refused(() => put(client, entry('a', { text: 'x'.repeat(257 << 10) }))) === 'ValidationException', '257 KiB are refused')
check(await refused(() => client.send(new ListEventBusesCommand({}))) === 'UnknownOperationException', 'other operations are not known')
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: 'wrong' }
check(await refused(() => put(new EventBridgeClient({ credentials, maxAttempts: 1 }), entry('a', {}))) === 'InvalidSignatureException',
  'another secret is refused')
check(await refused(() => put(new EventBridgeClient({ credentials: { ...credentials, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } }), entry('a', {}))) ===
  'UnrecognizedClientException', 'an unknown access key is refused')

const Right = Date
globalThis.Date = class extends Right {
  constructor(...args) { super(...(args.length > 0 ? args : [Date.now()])) }
  static now() { return Right.now() + 600_000 }
}
const late = await put(new EventBridgeClient({}), entry('late', { email: 'kim@acme.test' }))
check(late.FailedEntryCount === 0 && late.$metadata.attempts === 2, 'a clock that is wrong is set by the answer')
globalThis.Date = Right

// A door beside the server that loses the first answer: the SDK sends the same again.
let lost = 0
const deaf = createServer((asked, answer) => {
  const on = request(server + asked.url, { method: 'POST', headers: asked.headers }, (got) => {
    got.on('end', () => lost++ === 0 && answer.destroy())
    if (lost === 0) return got.resume()
    answer.writeHead(got.statusCode, got.headers)
    got.pipe(answer)
  })
  asked.pipe(on)
})
await new Promise((done) => deaf.listen(0, '127.0.0.1', done))
// The signed Host is the door's, which the server sees too: the door passes it on.
const again = await put(new EventBridgeClient({ endpoint: `http://127.0.0.1:${deaf.address().port}/aws/` }), entry('once', { email: 'kim@acme.test' }))
const kept = await events({ name: 'once' })
check(lost === 2 && kept.length === 1 && kept[0].id === again.Entries[0].EventId, 'a repeated request makes no second event')
deaf.close()
deaf.closeAllConnections()

if (failures.length > 0) {
  console.error(`not so: ${failures.join('\nnot so: ')}`)
  process.exit(1)
}
console.log(`the AWS SDK for JavaScript publishes to ${bus}`)
