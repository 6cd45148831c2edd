// The command line, from outside: how a broker starts, why it does not, and how it ends.
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Fetch, Metadata } from '#protocol'
import { buildBatch } from '#records'
import {
  createTopic,
  deleteTopic,
  fetchRequest,
  listTopics,
  produceBatch,
  readOnce,
  runBroker,
  spawnBroker,
  temporaryFolder,
  until,
  WireClient,
  within,
} from '#testing'

const root = fileURLToPath(new URL('..', import.meta.url))
const isRoot = process.getuid?.() === 0

const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})
const newFolder = (): string => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  return folder.path
}
const newBroker = async (options: Parameters<typeof spawnBroker>[0] = {}) => {
  const broker = await spawnBroker(options)
  cleanups.push(() => broker.remove())
  return broker
}
const oneRecord = (text: string): Buffer =>
  buildBatch([{ timestampMs: Date.now(), key: null, value: Buffer.from(text) }])

/** Runs a broker that cannot start: exit code 1, nothing on stdout, and last one sentence on stderr. */
const refusal = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runBroker(args)
  equal(code, 1, stderr)
  equal(stdout, '')
  match(stderr, /^(\S+ warn .*\n)?odradek: [^\n]*[.?]\n$/)
  return stderr.slice(stderr.lastIndexOf('odradek: ') + 'odradek: '.length).trim()
}

test('a broker says in one line that it is ready, where, and where its data is', async () => {
  const folder = join(newFolder(), 'not', 'there', 'yet')
  const broker = await newBroker({ folder })
  const { stdout, stderr } = broker.output
  match(
    stdout,
    new RegExp(
      `^odradek 0\\.1\\.0 ready in \\d+ ms: kafka on 127\\.0\\.0\\.1:\\d+, data in ${folder}\\n$`,
    ),
  )
  equal(stderr, '')
  const client = await broker.connect()
  const { brokers } = await client.request(Metadata, 12, { topics: [] })
  deepEqual(
    brokers.map(({ host, port }) => [host, port]),
    [['127.0.0.1', broker.port]],
  )
  client.close()
})

test('--help and --version answer and end', async () => {
  const help = await runBroker(['--help'])
  deepEqual([help.code, help.stderr], [0, ''])
  match(help.stdout, /--data/)
  const version = await runBroker(['--version'])
  deepEqual([version.code, version.stdout], [0, 'odradek 0.1.0\n'])
})

test('a port that is taken is named, with what to do', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const sentence = await refusal('--data', newFolder(), '--port', String(port))
  match(sentence, new RegExp(`^Port ${port} .*--port`))
  await new Promise((resolve) => taken.close(resolve))
})

test('an address that is not of this machine is named, with what to do', async () => {
  const sentence = await refusal('--data', newFolder(), '--port', '0', '--host', '192.0.2.1')
  match(sentence, /192\.0\.2\.1.*--host/)
})

test('a data folder in use by a broker is not given to a second one', async () => {
  const broker = await newBroker()
  const sentence = await refusal('--data', broker.folder, '--port', '0')
  match(sentence, new RegExp(`^The data folder ${broker.folder} is in use .*--data`))
  await broker.kill()
  const next = await newBroker({ folder: broker.folder })
  equal((await next.stop()).code, 0)
})

test('a data folder that is a file is named, with what to do', async () => {
  const file = join(newFolder(), 'file')
  writeFileSync(file, '')
  for (const folder of [file, join(file, 'below')]) {
    const sentence = await refusal('--data', folder, '--port', '0')
    match(sentence, new RegExp(`^The data folder ${folder} cannot be used .*--data`))
  }
})

test('a data folder that this user may not write is named, with what to do', {
  skip: isRoot && 'root may write everywhere',
}, async () => {
  const folder = newFolder()
  chmodSync(folder, 0o500)
  cleanups.push(() => chmodSync(folder, 0o700))
  const sentence = await refusal('--data', folder, '--port', '0')
  match(sentence, /cannot be used .*--data/)
})

/** Mounts a file system of so many megabytes; false where that is not allowed. */
const mountSmall = (folder: string, megabytes: number): boolean => {
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]
  if (!isRoot || process.platform !== 'linux') return false
  if (spawnSync('mount', options).status !== 0) return false
  cleanups.push(() => spawnSync('umount', ['-l', folder]))
  return true
}

/** Writes until nothing fits any more. */
const fillUp = (path: string): void => {
  const file = openSync(path, 'w')
  const size = 64 * 1024
  try {
    for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break
  } catch (error) {
    equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  } finally {
    closeSync(file)
  }
}

test('a full disk is named, with what to do', async (t) => {
  const folder = newFolder()
  if (!mountSmall(folder, 3)) return t.skip('no file system can be mounted here')
  const sentence = await refusal('--data', folder, '--port', '0')
  match(sentence, /^The disk of the data folder .* is full: .*--data/)
})

test('a disk that fills up refuses records, serves readers, and takes records again', async (t) => {
  const folder = newFolder()
  if (!mountSmall(folder, 64)) return t.skip('no file system can be mounted here')
  const broker = await newBroker({ folder })
  const client = await broker.connect()
  const topic = await createTopic(client, 'kept')
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(24 * 1024 * 1024))
  const value = Buffer.alloc(500_000, 'x')
  const large = () => buildBatch([{ timestampMs: Date.now(), key: null, value }])
  let written = 0
  await rejects(async () => {
    for (; written < 100; written += 1) await produceBatch(client, topic, large())
  }, /KAFKA_STORAGE_ERROR/)
  equal((await readOnce(client, topic)).highWatermark, written)
  fillUp(join(folder, 'rest'))
  const extra = await createTopic(client, 'extra')
  await deleteTopic(client, extra)
  deepEqual(
    (await listTopics(client)).map(({ name }) => name),
    ['kept'],
  )
  rmSync(join(folder, 'rest'))
  rmSync(join(folder, 'ballast'))
  await until('records are taken again', () =>
    produceBatch(client, topic, large()).then(
      () => true,
      () => false,
    ),
  )
  equal((await readOnce(client, topic)).highWatermark, written + 1)
  client.close()
  equal((await broker.stop()).code, 0)
})

test('a data folder that has lost its metadata is not taken for a new one', async () => {
  const broker = await newBroker()
  const client = await broker.connect()
  await produceBatch(client, await createTopic(client, 'kept'), oneRecord('one'))
  client.close()
  await broker.kill()
  const { folder } = broker
  for (const name of readdirSync(folder)) if (/^metadata\.db/.test(name)) rmSync(join(folder, name))
  for (let attempt = 0; attempt < 2; attempt += 1)
    match(await refusal('--data', folder, '--port', '0'), /holds partitions, such as kept-0, but/)
  equal(readdirSync(folder).includes('kept-0'), true)
})

test('a value that makes no sense is refused with what would be right', async () => {
  const args = ['--data', newFolder(), '--port', '0']
  match(
    await refusal(...args, '--set', 'num.partitions=many'),
    /^num\.partitions .* must be .*, not 'many'\.$/,
  )
  match(await refusal(...args, '--set', 'odradek.flush=never'), /disk.*os.*never/)
  match(await refusal('--port', 'ninety'), /--port .*0 to 65535/)
  match(await refusal('--prot', '1'), /--port/)
  match(await refusal('--config', '/no/such/file'), /\/no\/such\/file/)
})

test('an unknown key is a warning that names the nearest one, and a meaningless one is noted', async () => {
  const folder = newFolder()
  const file = join(folder, 'server.properties')
  writeFileSync(
    file,
    'num.partitons=3\n# a comment\nzookeeper.connect=localhost\nnum.io.threads=8\n',
  )
  const broker = await newBroker({ args: ['--config', file] })
  const lines = broker.output.stderr.trim().split('\n')
  match(lines[0]!, / warn .*num\.partitons.*num\.partitions/)
  match(lines[1]!, / warn .*zookeeper\.connect/)
  match(lines[2]!, / info .*num\.io\.threads/)
  equal(lines.length, 3)
})

test('flags win over --set, that over the file, and log lines can be JSON', async () => {
  const folder = newFolder()
  const file = join(folder, 'server.properties')
  writeFileSync(file, 'num.partitions=2\nlog.dirs=/nowhere\n')
  const broker = await newBroker({
    sets: ['num.partitions=5', 'log.dirs=/nowhere/else', 'unknown.key=1'],
    args: ['--config', file, '--log-format', 'json'],
  })
  const warning = JSON.parse(broker.output.stderr.trim().split('\n').at(-1)!)
  deepEqual([warning.level, /unknown\.key/.test(warning.message)], ['warn', true])
  const ready = JSON.parse(broker.output.stdout)
  deepEqual([ready.message, ready.port, ready.folder], ['ready', broker.port, broker.folder])
  const client = await broker.connect()
  await client.request(Metadata, 12, { topics: [{ name: 'made' }] })
  const { topics } = await client.request(Metadata, 12, { topics: [{ name: 'made' }] })
  equal(topics[0]?.partitions.length, 5)
  client.close()
})

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} answers waiting fetches empty, ends with 0, and keeps what was written`, async () => {
    const broker = await newBroker()
    const client = await broker.connect()
    const topic = await createTopic(client, 'kept')
    await produceBatch(client, topic, oneRecord('kept'))
    const waiting = (await broker.connect()).request(
      Fetch,
      18,
      fetchRequest(topic, 0, { offset: 1, maxWaitMs: 60_000 }),
    )
    await client.request(Metadata, 12, { topics: [] })
    await client.request(Metadata, 12, { topics: [] })
    broker.signal(signal)
    const { responses } = await within('the fetch is answered', waiting, 3000)
    const answer = responses[0]!.partitions[0]!
    deepEqual([answer.errorCode, answer.highWatermark, answer.records?.length], [0, 1, 0])
    deepEqual(await within('the broker ends', broker.exited, 4000), { code: 0, signal: null })
    equal(broker.output.stderr, '')
    const next = await newBroker({ folder: broker.folder })
    const reader = await next.connect()
    const { batches } = await readOnce(reader, topic)
    equal(batches[0]?.records[0]?.value?.toString(), 'kept')
    reader.close()
    equal((await next.stop()).code, 0)
  })

/** A connection with more answers waiting than its socket takes: a stop waits for it. */
const slowReader = async (port: number): Promise<WireClient> => {
  const client = await WireClient.connect(port)
  const topic = await createTopic(client, 'large')
  const value = Buffer.alloc(900_000, 'x')
  for (let count = 0; count < 8; count += 1)
    await produceBatch(client, topic, buildBatch([{ timestampMs: 0, key: null, value }]))
  client.stall()
  for (let count = 0; count < 6; count += 1)
    client.request(Fetch, 18, fetchRequest(topic, 0)).catch(() => undefined)
  const other = await WireClient.connect(port)
  for (let count = 0; count < 3; count += 1) await other.request(Metadata, 12, { topics: [] })
  other.close()
  return client
}

test('a second signal ends the broker at once, but not the one that a Ctrl-C under npm repeats', async () => {
  const broker = await newBroker()
  const client = await slowReader(broker.port)
  broker.signal('SIGINT')
  broker.signal('SIGTERM')
  const beganMs = performance.now()
  await until('the port is closed', () =>
    WireClient.connect(broker.port).then(
      (late) => {
        late.close()
        return false
      },
      () => true,
    ),
  )
  await new Promise((resolve) => setTimeout(resolve, 600))
  equal(broker.alive, true, 'it still waits for its slow reader')
  broker.signal('SIGTERM')
  const { code } = await broker.exited
  equal(code, 1)
  equal(performance.now() - beganMs < 4500, true, 'it did not wait for five seconds')
  client.close()
})

test('a client that never reads holds a stop up for five seconds and no longer', async () => {
  const broker = await newBroker()
  const client = await slowReader(broker.port)
  broker.signal('SIGTERM')
  const { code } = await within('the broker ends', broker.exited, 9000)
  equal(code, 0)
  client.close()
})

/** As a user's shell has it: without what npm adds while tests run. */
const shellPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter)
const npmEnvironment = { ...process.env, PATH: shellPath }
const hasNpm = spawnSync('npm', ['--version'], { env: npmEnvironment }).status === 0
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0

/** Process ids whose command line names a folder. */
const processesOf = (folder: string): string[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && line.includes('odradek.js'))

const npmStart = async (
  command: string,
  args: readonly string[],
  folder: string,
): Promise<{ child: ChildProcess; port: number; text(): string; exited: Promise<unknown> }> => {
  const child = spawn(command, [...args, '--', '--data', folder, '--port', '0'], {
    cwd: root,
    env: npmEnvironment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  cleanups.push(() => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
  const exited = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  await until('npm start is ready', () => /ready in/.test(text) || child.exitCode !== null, 30_000)
  const port = Number(/kafka on 127\.0\.0\.1:(\d+)/.exec(text)?.[1])
  equal(port > 0, true, text)
  return { child, port, text: () => text, exited }
}

const writeThrough = async (port: number): Promise<void> => {
  const client = await WireClient.connect(port)
  await produceBatch(client, await createTopic(client, 'kept'), oneRecord('kept'))
  client.close()
}

/** Nobody is left, the port is free, and the data is whole. */
const checkGone = async (folder: string, port: number): Promise<void> => {
  await until('the broker is gone', () => processesOf(folder).length === 0)
  await rejects(WireClient.connect(port), /ECONNREFUSED/)
  const next = await newBroker({ folder, port })
  const client = await next.connect()
  const { topics } = await client.request(Metadata, 12, { topics: [{ name: 'kept' }] })
  const topic = { name: 'kept', topicId: topics[0]!.topicId }
  equal((await readOnce(client, topic)).highWatermark, 1)
  client.close()
  equal((await next.stop()).code, 0)
}

test('stopping npm by SIGTERM stops the broker', {
  skip: !hasNpm && 'npm is not here',
}, async () => {
  const folder = newFolder()
  const { child, port, exited } = await npmStart('npm', ['start'], folder)
  await writeThrough(port)
  equal(processesOf(folder).length > 0, true)
  child.kill('SIGTERM')
  await within('npm ends', exited)
  await checkGone(folder, port)
})

/** Runs a command on a terminal of its own, and sends it what comes on stdin. */
const onTerminal = `
import os, pty, sys
pty.spawn(sys.argv[1:])
`

test('Ctrl-C on the terminal of npm stops the broker', {
  skip: !(hasNpm && hasPython) && 'npm or python3 is not here',
}, async () => {
  const folder = newFolder()
  const args = ['-c', onTerminal, 'npm', 'start']
  const { child, port, exited, text } = await npmStart('python3', args, folder)
  await writeThrough(port)
  child.stdin!.write('\x03')
  await within('npm ends', exited)
  await checkGone(folder, port)
  equal(/Error|at file/.test(text()), false, text())
})

test('a start leaves only its own files in the data folder', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'data'))
  const broker = await newBroker({ folder: join(folder, 'data') })
  await broker.stop()
  deepEqual(
    readdirSync(folder).filter((name) => name !== 'data'),
    [],
  )
})
