// Compacting one log of many records over fewer keys: ours on its thread, Kafka's cleaner on copies of the
// same segment files. Afterwards both have to hold the same number of records.
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTopics } from '#protocol'
import { WireClient } from '#testing'
import { type RunningBroker, startKafka } from '../control/kafka.ts'
import { countRecords, logNames, makeLog, segmentBytes, topic } from './compaction-log.ts'
import { freePort } from './free-port.ts'
import type { Figure, Question } from './question.ts'

/** A record for each of so many draws among the keys. */
export interface CompactionSize {
  recordCount: number
  keyCount: number
}

/** Seconds, bytes and memory of compacting a log once. */
export const compactionQuestion = (size: CompactionSize): Question => {
  let seed: Promise<string> | undefined
  const made = (): Promise<string> => {
    seed ??= makeLog(mkdtempSync(join(tmpdir(), 'odradek-compaction-seed-')), size)
    return seed
  }
  let left: number | undefined
  return {
    name: 'compaction',
    title: `one log of ${size.recordCount} records of 100 B over ${size.keyCount} keys, compacted once`,
    ask: async (broker) => {
      const from = await made()
      const folder = mkdtempSync(join(tmpdir(), 'odradek-compaction-'))
      try {
        const before = bytesOf(join(from, `${topic}-0`))
        const ask = broker === 'kafka' ? askKafka : askOdradek
        const { partition, figure } = await ask(from, folder)
        const records = await countRecords(partition)
        left ??= records
        if (records !== left) throw new Error(`${broker} left ${records} records, not ${left}`)
        return { ...figure, mbBefore: before / 1e6, mbAfter: bytesOf(partition) / 1e6, records }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    end: async () => {
      if (seed) rmSync(await seed, { recursive: true, force: true })
    },
  }
}

interface Asked {
  /** The partition's folder afterwards. */
  partition: string
  figure: Figure
}

const bytesOf = (folder: string): number =>
  logNames(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

/** What was written for the measurement is not to be written back during it. */
const settleDisk = (): void => {
  spawnSync('sync')
}

/** In a process of its own, so that its memory is that of the compaction. */
const askOdradek = async (from: string, folder: string): Promise<Asked> => {
  cpSync(from, folder, { recursive: true })
  settleDisk()
  const program = new URL('./compaction-run.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`the compaction ended with ${code}`)
  return { partition: join(folder, `${topic}-0`), figure: JSON.parse(output) as Figure }
}

/** Kafka makes the topic, is stopped, finds our segments in its folder, and is watched. */
const askKafka = async (from: string, folder: string): Promise<Asked> => {
  const port = await freePort()
  const settings = ['log.cleaner.threads=1', 'log.cleaner.backoff.ms=100']
  const first = await startKafka(folder, port, [...settings, 'log.cleaner.enable=false'])
  await createTopic(first)
  await first.stop()
  const data = join(folder, 'data')
  const partition = join(data, `${topic}-0`)
  for (const name of readdirSync(partition))
    if (name !== 'partition.metadata') rmSync(join(partition, name))
  for (const name of readdirSync(join(from, `${topic}-0`)))
    if (/\.(log|index|timeindex|snapshot)$|^leader-epoch/.test(name))
      cpSync(join(from, `${topic}-0`, name), join(partition, name))
  const end = readFileSync(join(from, 'recovery-point-offset-checkpoint'), 'utf8').split('\n')[2]!
  for (const name of ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint'])
    replaceLine(join(data, name), end)
  rmSync(join(data, 'cleaner-offset-checkpoint'), { force: true })
  settleDisk()
  const broker = await startKafka(folder, port, settings)
  try {
    const figure = await watchCleaner(broker.pid, data)
    return { partition, figure }
  } finally {
    await broker.stop()
  }
}

const replaceLine = (path: string, line: string): void => {
  const old = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(2) : []
  const lines = old.filter((each) => each !== '' && !each.startsWith(`${topic} 0 `))
  writeFileSync(path, ['0', String(lines.length + 1), ...lines, line, ''].join('\n'))
}

const createTopic = async (broker: RunningBroker): Promise<void> => {
  const client = await WireClient.connect(broker.port)
  const spec = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [] }
  const configs = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'segment.bytes', value: String(segmentBytes) },
  ]
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [{ ...spec, configs }],
    timeoutMs: 30_000,
  })
  client.close()
  if (topics[0]?.errorCode !== 0)
    throw new Error(`the topic was not made: ${topics[0]?.errorMessage}`)
}

/** From when the cleaner's thread begins to use the processor until its checkpoint names the log. */
const watchCleaner = async (pid: number, data: string): Promise<Figure> => {
  const checkpoint = join(data, 'cleaner-offset-checkpoint')
  let beganMs: number | undefined
  const deadlineMs = performance.now() + 300_000
  while (performance.now() < deadlineMs) {
    const { ticks } = cleanerThread(pid)
    if (ticks > 20) beganMs ??= performance.now() - ticks * 10
    if (existsSync(checkpoint) && readFileSync(checkpoint, 'utf8').includes(`${topic} 0 `)) {
      const seconds = (performance.now() - (beganMs ?? performance.now())) / 1000
      const cpuSeconds = cleanerThread(pid).ticks / 100
      return { seconds, cleanerCpuSeconds: cpuSeconds, rssMbMost: peakMb(pid) }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Kafka did not clean the log within five minutes')
}

/** Hundredths of a second that Kafka's cleaner thread has had. */
const cleanerThread = (pid: number): { ticks: number } => {
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
    if (!stat.includes('(kafka-log-clean')) continue
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { ticks: Number(fields[11]) + Number(fields[12]) }
  }
  return { ticks: 0 }
}

const peakMb = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
