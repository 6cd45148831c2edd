// Kafka's DumpLogSegments over the files that a stopped broker of ours leaves.
import { deepEqual, doesNotMatch } from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { boxBroker, until } from '#testing'
import { attempt, skip } from './attempts.ts'
import { describe, fill, leaveOpen, makeTopics } from './file-load.ts'
import { javaMissing } from './java-programs.ts'
import { KafkaTools } from './kafka-tools.ts'

const what = "Kafka's DumpLogSegments reads our files"

/** Reads files of every kind of producer and of a cleaned log, where Java is. */
export const compareDumps = async (): Promise<void> => {
  if (javaMissing) return skip(what, javaMissing)
  const box = await boxBroker(['log.cleaner.backoff.ms=200'])
  const tools = new KafkaTools()
  try {
    const client = await box.connect()
    const topics = await makeTopics(client)
    await fill(client, topics)
    await leaveOpen(client, topics.get('transactional')!)
    const recordsOf = async (partition: string): Promise<string[]> =>
      (await describe(client)).get(partition)!.filter((line) => line.startsWith('{'))
    await until('the compacted topic is cleaned', async () => {
      return (await recordsOf('compacted-0')).length < 800
    })
    const there = await describe(client)
    client.close()
    await box.broker.stop()
    for (const [partition, lines] of there) {
      const records = lines.filter((line) => line.startsWith('{')).map(placeOf)
      // A partition without records has no folder.
      if (records.length === 0) continue
      const folder = join(box.folder, partition)
      await attempt(`${what} of ${partition}`, () => dumped(tools, folder, records))
    }
    const transactional = join(box.folder, 'transactional-0')
    await attempt(`${what} of transactions`, () => dumpedTransactions(tools, transactional))
  } finally {
    await tools.stop()
    await box.remove()
  }
}

const placeOf = (line: string): string => {
  const { offset, timestampMs } = JSON.parse(line)
  return `${offset} at ${timestampMs}`
}

/** What the tool says when something does not fit; its exit code says nothing. */
const complaint = /mismatch|misindexed|invalid|exception|error|corrupt|not found|isvalid: false/i

const dump = async (tools: KafkaTools, files: readonly string[], ...flags: string[]) => {
  const output = await tools.run('DumpLogSegments', ...flags, '--files', files.join())
  doesNotMatch(output, complaint)
  return output
}

const filesOf = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder)
    .filter((name) => ending.test(name))
    .sort()
    .map((name) => join(folder, name))

const dumped = async (
  tools: KafkaTools,
  folder: string,
  records: readonly string[],
): Promise<void> => {
  const output = await dump(tools, filesOf(folder, /\.log$/), '--deep-iteration')
  const found = [...output.matchAll(/^\| offset: (\d+) CreateTime: (\d+) /gm)]
  deepEqual(
    found.map(([, offset, time]) => `${offset} at ${time}`),
    records,
  )
  const indexes = filesOf(folder, /\.(index|timeindex)$/)
  if (indexes.length > 0) {
    await dump(tools, indexes)
    await dump(tools, indexes, '--index-sanity-check')
  }
  const others = filesOf(folder, /\.(txnindex|snapshot)$/)
  if (others.length > 0) await dump(tools, others)
}

const dumpedTransactions = async (tools: KafkaTools, folder: string): Promise<void> => {
  const output = await dump(tools, filesOf(folder, /\.log$/), '--deep-iteration')
  deepEqual(
    [...output.matchAll(/endTxnMarker: (\w+)/g)].map(([, type]) => type),
    ['COMMIT', 'ABORT', 'COMMIT'],
  )
  const aborted = await dump(tools, filesOf(folder, /\.txnindex$/))
  const spans = [...aborted.matchAll(/firstOffset: (\d+).*?lastOffset: (\d+)/g)]
  // Two records of the first transaction and its marker, two of the aborted one and its own.
  deepEqual(
    spans.map(([, first, last]) => [first, last]),
    [['3', '5']],
  )
}
