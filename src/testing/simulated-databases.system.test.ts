import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDatabases } from './simulated-databases.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { Simulation } from './simulation.ts'

const path = '/data/numbers.db'
const insert = 'INSERT INTO numbers VALUES (?, zeroblob(3000))'
const createTable = 'CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY, b BLOB) STRICT'

/** Inserts 0, 1, … until the power goes at an operation; what the next start finds, what was acknowledged. */
const insertUntilCut = async (seed: number, pragmas: string[]) => {
  const random = new SeededRandom(seed)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork())
  const options = { pragmas: [`wal_autocheckpoint=${random.between(3, 30)}`, ...pragmas] }
  const databases = new SimulatedDatabases(disk, random.fork(), options)
  disk.cutAt = random.between(10, 120)
  let acknowledged = 0
  const live = async (): Promise<void> => {
    const database = await databases.open(path)
    await database.write([{ sql: createTable }])
    for (let n = 0; n < 30; n += 1) {
      await database.write([{ sql: insert, values: [n] }])
      acknowledged = n + 1
    }
    await database.close()
  }
  let isOver = false
  void live().then(() => {
    isOver = true
  })
  while (!disk.isCut && !isOver) await simulation.pass(1)
  const next = new Simulation(random.fork())
  const left = databases.cut(disk.cut(next), { pragmas: [] })
  try {
    const database = await next.until(left.open(path))
    const [, rows] = await next.until(
      database.write([{ sql: createTable }, { sql: 'SELECT n FROM numbers ORDER BY n' }]),
    )
    return { acknowledged, found: rows!.map(({ n }) => Number(n)) }
  } finally {
    left.dispose()
  }
}

test('what was committed survives a cut at any operation, and what follows is there or not', async () => {
  let unacknowledged = 0
  for (let seed = 0; seed < 300; seed += 1) {
    const { acknowledged, found } = await insertUntilCut(seed, [])
    ok(found.length >= acknowledged, `seed ${seed}: ${found.length} of ${acknowledged}`)
    ok(found.length <= acknowledged + 1)
    deepEqual(found, [...found.keys()])
    unacknowledged += found.length - acknowledged
  }
  ok(unacknowledged > 0)
})

test('a file whose commits are not synced loses some of them', async () => {
  let lost = 0
  for (let seed = 0; seed < 100; seed += 1) {
    const { acknowledged, found } = await insertUntilCut(seed, ['synchronous=NORMAL'])
    deepEqual(found, [...found.keys()])
    lost += Math.max(0, acknowledged - found.length)
  }
  equal(lost > 10, true)
})
