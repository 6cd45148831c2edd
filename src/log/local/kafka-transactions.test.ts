// A partition folder as Kafka 4.3 left it: six transactions of producer 0, every second one aborted, an open
// one of producer 1 at 24, and a last one of 0 that was aborted while that was open.
import { deepEqual, equal } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { type Logger, realClock, realDisk, realRandom } from '#world'
import { partitionOf, read } from '../engine.suite.ts'
import { LocalLog } from './local-log.ts'

/** Deflated, in base64. */
const kafkaLog =
  'eNpjYIADfxDBFOfZd4dBAMRiYGBcxGE59yOCRgPMQkCCkc1A14AByGICsQxBLBYQywiuCoidwEZXpTj+ZzCAiIKM' +
  'nDcHQcPAfyAASSsACQ4QgwfVTha4Qzszs84iO3ReKoJGdiTCoYZwhxrCHWqIcCg73KHc56ctQ3HoGQSNy6EMaA7l' +
  'gDt0f65YA4pDTyJoJMCGcKgR3KFGcIcaIRzKDXeo+FGnOSgOfY2giQ1RHrhDWS+ce4Hi0BdQ+iWKBk6EQ43BDmVi' +
  'ArFADmViAbHgDuWHO/TSzYcMyA6dz42giQ1RAbhD12lVrkV26HwuBI3mM6hDTeAhagIPUROEQ4XhDuVNTvJFcag0' +
  'giY2REXgDv10+7ouikMlETQS4Ec41BTuUFO4Q00RDhWHO/TpebFPKA61R9DEhqgEENuATWsRj1oOdijMtEYEDRGE' +
  'a2IEeY+RI78gNQ8mJAk3x+j860YUc/oQNBIQQpiTk1gCz7BScN995vsaj+K7WQiaoO8AopWQrQ=='

const kafkaTransactionIndex =
  'AAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAcAAAAAAAAACAAAAAAAAAAAAAAAAAAAAAAADAAAAAAAAAAPAAAAAAAA' +
  'ABAAAAAAAAAAAAAAAAAAAAAAABQAAAAAAAAAFwAAAAAAAAAYAAAAAAAAAAAAAAAAAAAAAAAZAAAAAAAAABoAAAAA' +
  'AAAAGA=='

const kafkaSnapshot =
  'AAHnWhqqAAAAAgAAAAAAAAAAAAAAAAASAAAAAAAAABkAAAAAAAABogg5n5oAAAAA//////////8AAAAAAAAAAQAA' +
  'AAAAAAAAAAAAAAAYAAAAAAAAAaIIOZ+B/////wAAAAAAAAAY'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }
const id = partitionOf(0, {}, 1)
const stem = '00000000000000000000'
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64')

/** Runs a story with an engine on Kafka's files; `aids` are those besides the log. */
const inFolder = async (
  aids: Readonly<Record<string, string>>,
  story: (engine: LocalLog, folder: string) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-kafka-'))
  const inside = join(folder, 'tested-0')
  mkdirSync(inside)
  writeFileSync(join(folder, 'recovery-point-offset-checkpoint'), '0\n1\ntested 0 27\n')
  writeFileSync(join(inside, 'partition.metadata'), `version: 0\ntopic_id: ${id.topicId}`)
  writeFileSync(join(inside, `${stem}.log`), inflateSync(bytesOf(kafkaLog)))
  for (const [name, text] of Object.entries(aids)) writeFileSync(join(inside, name), bytesOf(text))
  const engine = new LocalLog(realDisk, realClock, realRandom, quiet, {
    folder,
    openFilesMax: 10,
    producersMax: 100,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs: 1e9,
    producerExpirationMs: 1e9,
    producerExpirationCheckMs: 1e9,
  })
  try {
    await engine.open([id])
    await story(engine, inside)
  } finally {
    await engine.close()
    rmSync(folder, { recursive: true })
  }
}

const isAsKafkaHasIt = async (engine: LocalLog): Promise<void> => {
  equal(engine.bounds(id)?.end, 27)
  equal(engine.bounds(id)?.lastStable, 24)
  const [open] = engine.openTransactions(id)
  deepEqual([open?.producerId, open?.firstOffset], [1, 24])
  const aborted = [4, 12, 20].map((firstOffset) => ({ producerId: 0, firstOffset }))
  deepEqual((await read(engine, id, 0, { committedOnly: true })).aborted, aborted)
  const states = engine.producers(id).toSorted((a, b) => a.producerId - b.producerId)
  deepEqual(
    states.map((each) => [each.lastSequence, each.coordinatorEpoch, each.currentTransactionStart]),
    [
      [18, 0, -1],
      [0, -1, 24],
    ],
  )
}

test("Kafka's files of transactions are read", () =>
  inFolder(
    { [`${stem}.txnindex`]: kafkaTransactionIndex, '00000000000000000027.snapshot': kafkaSnapshot },
    isAsKafkaHasIt,
  ))

test("what is made anew from Kafka's log is what Kafka wrote", () =>
  inFolder({}, async (engine, folder) => {
    await isAsKafkaHasIt(engine)
    await engine.close()
    deepEqual(readFileSync(join(folder, `${stem}.txnindex`)), bytesOf(kafkaTransactionIndex))
    const snapshot = readFileSync(join(folder, '00000000000000000027.snapshot'))
    equal(snapshot.length, bytesOf(kafkaSnapshot).length)
  }))
