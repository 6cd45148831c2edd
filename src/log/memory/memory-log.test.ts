import { realClock } from '#world'
import { engineSuite } from '../engine.suite.ts'
import { MemoryLog } from './memory-log.ts'

engineSuite('memory', async () => {
  const engine = new MemoryLog(realClock, { producersMax: 100, retentionCheckMs: 300_000 })
  return { engine, close: () => engine.close() }
})
