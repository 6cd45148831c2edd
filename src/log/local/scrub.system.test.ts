import { equal, match } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectingLogger, temporaryFolder, until } from '#testing'
import { realClock, realDisk, realRandom, realThreads } from '#world'
import { append, batchOf, partitionOf } from '../engine.suite.ts'
import { LocalLog } from './local-log.ts'

test('a scrub finds a changed byte of a file beside the event loop', async () => {
  const folder = temporaryFolder()
  const logger = collectingLogger()
  const settings = {
    folder: folder.path,
    openFilesMax: 10,
    producersMax: 100,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
    scrub: { bytesPerSecondMax: 1e9, intervalMs: 20 },
  }
  const log = new LocalLog(realDisk, realClock, realRandom, logger, settings, realThreads)
  const id = partitionOf(0, { segmentBytes: 1 })
  await log.open([id])
  for (let count = 0; count < 4; count += 1) await append(log, id, batchOf(3))
  const file = join(folder.path, 'tested-0', `${'3'.padStart(20, '0')}.log`)
  const bytes = readFileSync(file)
  bytes[70]! ^= 1
  writeFileSync(file, bytes)
  await until('the damage is found', () => log.bounds(id)?.damaged === true)
  equal(log.bounds(id)!.highWatermark, 3)
  match(logger.lines.join('\n'), /0003\.log/)
  await log.close()
  folder.remove()
})
