import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, type Logger, realClock, realDisk, realRandom } from '#world'
import { transactionSuite } from '../transactions.suite.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

const engineOn = (folder: string, disk: Disk = realDisk): LocalLog =>
  new LocalLog(disk, realClock, realRandom, quiet, {
    folder,
    openFilesMax: 100,
    producersMax: 1000,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })

const temporary = () => mkdtempSync(join(tmpdir(), 'odradek-transactions-'))

const startIn = (segmentBytes?: number) => async () => {
  const folder = temporary()
  const engine = engineOn(folder)
  const open = engine.open.bind(engine)
  if (segmentBytes !== undefined)
    engine.open = (partitions) =>
      open(partitions.map((each) => ({ ...each, config: { ...each.config, segmentBytes } })))
  return {
    engine,
    close: async () => {
      await engine.close()
      rmSync(folder, { recursive: true })
    },
  }
}

transactionSuite('local', startIn())
transactionSuite('local, every batch a segment', startIn(1))
