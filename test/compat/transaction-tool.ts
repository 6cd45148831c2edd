// `kafka-transactions` on a broker of ours: what it prints of open, ended and hanging transactions, and what it
// ends. A transaction hangs when a partition has it open and its coordinator does not know of it; no client
// can bring that about (KIP-890), and a start ends it where it can: the rows are taken out of a stopped broker's
// database, and its disk is full when it starts.
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  fullDisk,
  readCommitted,
  type Topic,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'
import { attempt } from './attempts.ts'
import { KafkaTools, rowsOf } from './kafka-tools.ts'

/** Tries every command of the tool. */
export const transactionTool = async (): Promise<void> => {
  let isFull = false
  const box = await boxBroker(
    [],
    fullDisk((path) => isFull && /tool-[23].*log$/.test(path)),
  )
  const tools = new KafkaTools()
  try {
    const client = await box.connect()
    const topic = await createTopic(client, 'tool', { partitions: 4 })
    const tool = new Tool(tools, box.port)
    await looks(tool, client, topic)
    client.close()
    await hangs(tool, box, topic, (value) => {
      isFull = value
    })
  } finally {
    await tools.stop()
    await box.remove()
  }
}

class Tool {
  readonly #tools: KafkaTools
  readonly #address: readonly string[]

  constructor(tools: KafkaTools, port: number) {
    this.#tools = tools
    this.#address = ['--bootstrap-server', `127.0.0.1:${port}`]
  }

  run(...args: readonly string[]): Promise<string> {
    return this.#tools.run('TransactionsCommand', ...this.#address, ...args)
  }

  /** Tries what the tool prints when it is called like this. */
  prints(what: string, args: readonly string[], check: (output: string) => void | Promise<void>) {
    const name = `kafka-transactions ${args.join(' ')} ${what}`
    return attempt(name, async () => check(await this.run(...args)))
  }
}

const looks = async (tool: Tool, client: WireClient, topic: Topic): Promise<void> => {
  const done = await begin(client, 'done', topic, 0)
  await done.end(true)
  const open = await begin(client, 'open', topic, 0)
  await open.produce(topic, 1, ['more'])
  const listed = (output: string): Record<string, string>[] =>
    rowsOf(output, 'TransactionalId').sort((a, b) =>
      a.TransactionalId!.localeCompare(b.TransactionalId!),
    )
  const row = ({ transactionalId, producerId }: TransactionalClient, state: string) => ({
    ...{ TransactionalId: transactionalId, Coordinator: '1' },
    ...{ ProducerId: String(producerId), TransactionState: state },
  })
  await tool.prints('names all', ['list'], (output) =>
    deepEqual(listed(output), [row(done, 'CompleteCommit'), row(open, 'Ongoing')]),
  )
  await tool.prints('leaves out what is young', ['list', '--duration-filter', '600000'], (output) =>
    deepEqual(listed(output), []),
  )
  await tool.prints(
    'names those that match',
    ['list', '--transactional-id-pattern', 'do.*'],
    (output) => deepEqual(listed(output), [row(done, 'CompleteCommit')]),
  )
  await tool.prints('says what it is in', ['describe', '--transactional-id', 'open'], (output) => {
    const [found] = rowsOf(output, 'CoordinatorId')
    deepEqual([found?.TransactionalId, found?.TransactionState], ['open', 'Ongoing'])
    deepEqual([found?.ProducerId, found?.ProducerEpoch], [`${open.producerId}`, `${open.epoch}`])
    equal(found?.TransactionTimeoutMs, '60000')
    match(found?.CurrentTransactionStartTimeMs ?? '', /^\d{13}$/)
    deepEqual(found?.TopicPartitions?.split(',').sort(), ['tool-0', 'tool-1'])
  })
  await tool.prints('finds no such id', ['describe', '--transactional-id', 'none'], (output) =>
    match(output, /TransactionalIdNotFound|not found|could not be found/),
  )
  const producers = ['describe-producers', '--topic', 'tool', '--partition', '0']
  await tool.prints('names those of a partition', producers, (output) => {
    const rows = rowsOf(output, 'ProducerId')
    const of = ({ producerId }: TransactionalClient) =>
      rows.find(({ ProducerId }) => ProducerId === String(producerId))
    equal(rows.length, 2)
    equal(of(done)?.CurrentTransactionStartOffset, 'None')
    // The record and the marker of the other come before it.
    equal(of(open)?.CurrentTransactionStartOffset, '2')
    deepEqual([of(open)?.LastSequence, of(open)?.ProducerEpoch], ['0', String(open.epoch)])
  })
  await tool.prints(
    'finds none',
    ['find-hanging', '--broker-id', '1', '--max-transaction-timeout', '0'],
    (output) => deepEqual(rowsOf(output, 'Topic'), []),
  )
  const force = ['forceTerminateTransaction', '--transactionalId', 'open']
  await tool.prints('ends it', force, async () => {
    await until('it is aborted', async () => {
      const { values, lastStable, highWatermark } = await readCommitted(client, topic, 0)
      return values.join() === 'done' && lastStable === highWatermark
    })
    match(await tool.run('describe', '--transactional-id', 'open'), /Empty/)
  })
}

const hangs = async (
  tool: Tool,
  box: BoxedBroker,
  topic: Topic,
  makeFull: (isFull: boolean) => void,
): Promise<void> => {
  const before = await box.connect()
  await begin(before, 'lost', topic, 2)
  await begin(before, 'lost too', topic, 3)
  before.close()
  makeFull(true)
  await box.restart(() => forget(box.folder))
  makeFull(false)
  const client = await box.connect()
  const hanging = ['find-hanging', '--broker-id', '1', '--max-transaction-timeout', '0']
  const found = async (): Promise<string[]> =>
    rowsOf(await tool.run(...hanging), 'Topic').map(({ Partition }) => Partition!)
  await until('there is room again', async () => (await found()).length === 2)
  await tool.prints('finds those that no coordinator knows', hanging, (output) => {
    const rows = rowsOf(output, 'Topic').sort((a, b) => Number(a.Partition) - Number(b.Partition))
    deepEqual(
      rows.map((row) => [row.Topic, row.Partition, row.StartOffset]),
      [
        ['tool', '2', '0'],
        ['tool', '3', '0'],
      ],
    )
  })
  const abort = ['abort', '--topic', 'tool', '--partition']
  const byOffset = [...abort, '2', '--start-offset', '0']
  await tool.prints('ends the one that begins there', byOffset, async (output) => {
    equal(output.trim(), '')
    deepEqual(await found(), ['3'])
  })
  const [row] = rowsOf(await tool.run(...hanging), 'Topic')
  const producer = ['--producer-id', row!.ProducerId!, '--producer-epoch', row!.ProducerEpoch!]
  const byProducer = [...abort, '3', ...producer, '--coordinator-epoch', '0']
  await tool.prints('ends the one of a producer', byProducer, async (output) => {
    equal(output.trim(), '')
    deepEqual(await found(), [])
  })
  await attempt('readers of committed records go on behind both', async () => {
    for (const partition of [2, 3]) {
      const { values, lastStable, highWatermark } = await readCommitted(client, topic, partition)
      deepEqual([values, lastStable, highWatermark], [[], 2, 2])
    }
  })
  client.close()
}

/** Takes the transactions from their coordinator. */
const forget = (folder: string): void => {
  const database = new DatabaseSync(join(folder, 'metadata.db'))
  for (const table of ['transactions', 'transaction_partitions'])
    database.exec(`DELETE FROM ${table} WHERE transactional_id LIKE 'lost%'`)
  database.close()
}

const begin = async (
  client: WireClient,
  id: string,
  topic: Topic,
  partition: number,
): Promise<TransactionalClient> => {
  const producer = new TransactionalClient(client, id, 2)
  await producer.init()
  await producer.produce(topic, partition, [id])
  return producer
}
