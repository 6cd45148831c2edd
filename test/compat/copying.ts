// Programs that copy a topic into another in transactions, while they and the broker are killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { OffsetFetch } from '#protocol'
import { buildBatch } from '#records'
import {
  createTopic,
  produceBatch,
  readCommitted,
  spawnBroker,
  type Topic,
  until,
  type WireClient,
} from '#testing'

/** The command line of a copier, to which port, transactional id, group and topics are added. */
export type CopierCommand = readonly [program: string, ...args: string[]]

const beside = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

export const kafkajsCopier: CopierCommand = [process.execPath, beside('kafkajs-copier.ts')]
export const confluentCopier: CopierCommand = ['python3', beside('confluent_copier.py')]

const partitionCount = 4
const recordsPerPartition = 300
/** Brokers and copiers start, and groups find their members, within this. */
const patienceMs = 60_000

/**
 * Lets two copiers of one group copy a topic. One of them is killed and another takes its id over, then
 * the broker is killed. Returns what is wrong with the copy, or undefined.
 */
export const copyThroughKills = async (command: CopierCommand): Promise<string | undefined> => {
  const sets = ['group.initial.rebalance.delay.ms=0']
  let broker = await spawnBroker({ sets })
  const { folder, port } = broker
  const copiers = new Set<Copier>()
  const start = (id: string): Copier => {
    const copier = new Copier(command, [String(port), id, 'copiers', 'original', 'copy'])
    copiers.add(copier)
    return copier
  }
  try {
    const topics = await fill(await broker.connect())
    const one = start('one')
    const two = start('two')
    const copied = () => [...copiers].reduce((sum, { count }) => sum + count, 0)
    await until('something is copied', () => copied() > 100, patienceMs)
    one.kill()
    start('one')
    await until('more is copied', () => copied() > 300, patienceMs)
    await broker.kill()
    broker = await spawnBroker({ folder, port, sets })
    two.kill()
    start('two')
    const client = await broker.connect()
    try {
      const isDone = async () => (await readTo(client)) === partitionCount * recordsPerPartition
      await until('everything is copied', isDone, patienceMs)
      return await faultOf(client, topics.copy)
    } finally {
      client.close()
    }
  } catch (error) {
    const said = [...copiers].map(({ said }) => said)
    throw new Error(`${error}: ${said.join(' | ')}`)
  } finally {
    for (const copier of copiers) copier.kill()
    await broker.remove()
  }
}

/** A copier as a process of its own. */
class Copier {
  /** How many records it has said to have copied. */
  count = 0
  /** What it complained of last. */
  said = ''
  readonly #child: ChildProcess

  constructor([program, ...args]: CopierCommand, more: readonly string[]) {
    this.#child = spawn(program, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) this.count += Number(line)
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-2000)
    })
    const end = (): void => this.kill()
    process.once('exit', end)
    this.#child.once('close', () => process.off('exit', end))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

const textOf = (partition: number, index: number): string => `${partition}-${index}`

const fill = async (client: WireClient): Promise<{ original: Topic; copy: Topic }> => {
  const original = await createTopic(client, 'original', { partitions: partitionCount })
  const copy = await createTopic(client, 'copy', { partitions: partitionCount })
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const records = Array.from({ length: recordsPerPartition }, (_, index) => ({
      ...{ timestampMs: 1000, key: null },
      value: Buffer.from(textOf(partition, index)),
    }))
    await produceBatch(client, original, buildBatch(records), { partition })
  }
  client.close()
  return { original, copy }
}

/** The sum of the offsets that the group has committed. */
const readTo = async (client: WireClient): Promise<number> => {
  const partitionIndexes = Array.from({ length: partitionCount }, (_, partition) => partition)
  const { groups } = await client.request(OffsetFetch, 9, {
    requireStable: true,
    groups: [{ groupId: 'copiers', topics: [{ name: 'original', partitionIndexes }] }],
  })
  const { partitions } = groups[0]!.topics[0]!
  return partitions.reduce((sum, { committedOffset }) => sum + Math.max(0, committedOffset), 0)
}

const faultOf = async (client: WireClient, copy: Topic): Promise<string | undefined> => {
  for (let partition = 0; partition < partitionCount; partition += 1) {
    let values: readonly string[] = []
    await until(
      'all transactions are decided',
      async () => {
        const part = await readCommitted(client, copy, partition)
        values = part.values
        return part.lastStable === part.highWatermark
      },
      patienceMs,
    )
    const expected = Array.from({ length: recordsPerPartition }, (_, index) =>
      textOf(partition, index),
    )
    if (values.join() !== expected.join())
      return `partition ${partition} of the copy holds ${values.length} records: ${values.join()}`
  }
  return undefined
}
