import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { after, test } from 'node:test'
import { buildBatch } from '#records'
import { boxBroker, createTopic, produceBatch, readExposition, readOnce, until } from '#testing'

const box = await boxBroker(['odradek.metrics.listener=127.0.0.1:0'])
after(() => box.remove())

const batch = (): Buffer =>
  buildBatch([{ timestampMs: Date.now(), key: null, value: Buffer.from('value') }])
const address = (): string => `http://127.0.0.1:${box.broker.metrics!.port}`
const scrape = async () => {
  const response = await fetch(`${address()}/metrics`)
  equal(response.status, 200)
  equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return readExposition(await response.text())
}

test('a scrape says how the process and its event loop are', async () => {
  const families = await scrape()
  const value = (name: string): number => families.get(name)!.samples[0]!.value
  equal(value('odradek_ready'), 1)
  ok(value('process_resident_memory_bytes') > 1e6)
  ok(value('process_cpu_seconds_total') > 0)
  ok(value('nodejs_eventloop_lag_p99_seconds') >= 0)
  for (const { name, help } of families.values())
    if (name.startsWith('odradek_')) match(help, /^[A-Z].*\.$/)
})

test('requests, connections and bytes are counted as clients make them', async () => {
  const before = await scrape()
  const client = await box.connect()
  const topic = await createTopic(client, 'counted')
  for (let count = 0; count < 5; count += 1) await produceBatch(client, topic, batch())
  const families = await scrape()
  const of = (from: typeof families, name: string, labels: Record<string, string> = {}): number =>
    from
      .get(name)!
      .samples.find(
        (sample) =>
          [name, `${name}_count`].includes(sample.name) &&
          Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
      )?.value ?? 0
  const rise = (name: string, labels?: Record<string, string>): number =>
    of(families, name, labels) - of(before, name, labels)
  equal(rise('odradek_requests_total', { api: 'Produce' }), 5)
  equal(rise('odradek_requests_total', { api: 'CreateTopics' }), 1)
  equal(of(families, 'odradek_requests_failed_total', { api: 'Produce' }), 0)
  equal(rise('odradek_request_duration_seconds', { api: 'Produce' }), 5)
  equal(of(families, 'odradek_connections'), 1)
  equal(rise('odradek_connections_accepted_total'), 1)
  ok(rise('odradek_received_bytes_total') > 5 * 61)
  ok(rise('odradek_sent_bytes_total') > 5 * 20)
  const fetching = readOnce(client, topic, 0, { maxWaitMs: 20_000, offset: 5 })
  await until('the fetch is parked', async () => of(await scrape(), 'odradek_fetches_parked') === 1)
  const other = await box.connect()
  await produceBatch(other, topic, batch())
  await fetching
  client.close()
  other.close()
  await until('they are gone', async () => of(await scrape(), 'odradek_connections') === 0)
  const bad = await box.connect()
  bad.send([Buffer.alloc(4, 0xff)])
  await bad.closed
  equal(of(await scrape(), 'odradek_connections_refused_total'), 1)
})

test('what is not a scrape is answered with 404 or 405', async () => {
  const status = async (path: string, method: string): Promise<number> =>
    (await fetch(`${address()}${path}`, { method })).status
  equal(await status('/', 'GET'), 404)
  equal(await status('/metrics/more', 'GET'), 404)
  equal(await status('/metrics', 'POST'), 405)
  equal(await status('/metrics', 'DELETE'), 405)
  equal(await status('/metrics?name=x', 'GET'), 200)
  equal((await fetch(`${address()}/metrics`, { method: 'PUT' })).headers.get('allow'), 'GET')
})

test('many scrapes at once are all answered', async () => {
  const texts = await Promise.all(
    Array.from({ length: 10 }, async () => (await fetch(`${address()}/metrics`)).text()),
  )
  for (const text of texts) ok(readExposition(text).size > 10)
})

test('a connection beyond the bound is closed, and the others go on', async () => {
  const sockets = Array.from({ length: 16 }, () => connect(box.broker.metrics!.port, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // A connection is counted once the server has taken it, which the answer to its request shows.
  await until('one is too many', () =>
    fetch(`${address()}/metrics`).then(
      () => false,
      () => true,
    ),
  )
  for (const socket of sockets) socket.destroy()
  await until('there is room again', () =>
    fetch(`${address()}/metrics`).then(
      ({ ok: answered }) => answered,
      () => false,
    ),
  )
})

test('without the setting there is no port', async () => {
  const other = await boxBroker()
  equal(other.broker.metrics, undefined)
  await other.remove()
})

test('a port in use, an address of others and a text that is none keep the broker from starting', async () => {
  const taken = createServer()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  const { port } = taken.address() as { port: number }
  const starting = (listener: string) => boxBroker([`odradek.metrics.listener=${listener}`])
  await rejects(starting(`127.0.0.1:${port}`), {
    message: `Port ${port} of 127.0.0.1 is taken by another program: stop it, or choose another port with odradek.metrics.listener.`,
  })
  await rejects(starting('192.0.2.1:0'), /This machine has no address 192\.0\.2\.1: name one/)
  await rejects(starting('9404'), /odradek\.metrics\.listener must be an address and a port/)
  taken.close()
})

test('a stop closes the port', async () => {
  const other = await boxBroker(['odradek.metrics.listener=127.0.0.1:0'])
  const { port } = other.broker.metrics!
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => undefined)
  await once(idle, 'connect')
  const closed = once(idle, 'close')
  await other.remove()
  await closed
  await rejects(fetch(`http://127.0.0.1:${port}/metrics`))
  deepEqual(
    other.logLines.filter((line) => line.includes('error')),
    [],
  )
})
