import { deepEqual, equal, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { realDatabases } from './real-database.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'odradek-database-'))
})
after(() => rmSync(folder, { recursive: true }))

const code = (expected: string) => (error: unknown) => (error as { code: string }).code === expected

test('steps take effect in order, and each gets the rows of its statements', async () => {
  const database = await realDatabases().open(join(folder, 'order.db'))
  const steps = [
    database.write([{ sql: 'CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT) STRICT' }]),
    database.write([
      { sql: 'INSERT INTO t VALUES (?, ?)', values: [1, 'a'] },
      { sql: 'INSERT INTO t VALUES (?, ?) RETURNING n', values: [2, null] },
    ]),
    database.write([{ sql: 'SELECT * FROM t ORDER BY n' }]),
  ]
  const results = await Promise.all(steps)
  deepEqual(structuredClone(results[1]), [[], [{ n: 2 }]])
  deepEqual(structuredClone(results[2]), [
    [
      { n: 1, text: 'a' },
      { n: 2, text: null },
    ],
  ])
  await database.close()
})

test('a step that breaks a rule has no effect, and those beside it have theirs', async () => {
  const database = await realDatabases().open(join(folder, 'rules.db'))
  await database.write([{ sql: 'CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT' }])
  const insert = (n: number) => ({ sql: 'INSERT INTO t VALUES (?)', values: [n] })
  const steps = [
    database.write([insert(1)]),
    database.write([insert(2), insert(1)]),
    database.write([insert(3)]),
  ]
  await steps[0]
  await rejects(steps[1]!, code('DATABASE_CONSTRAINT'))
  await steps[2]
  const [rows] = await database.write([{ sql: 'SELECT n FROM t ORDER BY n' }])
  deepEqual(structuredClone(rows), [{ n: 1 }, { n: 3 }])
  await database.close()
})

test('a run that changes nothing runs the other statement instead', async () => {
  const database = await realDatabases().open(join(folder, 'otherwise.db'))
  await database.write([
    { sql: 'CREATE TABLE t (text TEXT, n INTEGER PRIMARY KEY) STRICT' },
    { sql: "INSERT INTO t VALUES ('a', 1)" },
    {
      sql: 'UPDATE t SET text = ? WHERE n = ?',
      otherwise: "INSERT INTO t VALUES ('new ' || ?, ?)",
      runs: [
        ['b', 1],
        ['c', 2],
        ['d', 2],
        ['e', 3],
      ],
    },
  ])
  const [rows] = await database.write([{ sql: 'SELECT text FROM t ORDER BY n' }])
  deepEqual(structuredClone(rows), [{ text: 'b' }, { text: 'd' }, { text: 'new e' }])
  await database.close()
})

test('what was written is there when the file is opened again', async () => {
  const path = join(folder, 'again.db')
  const first = await realDatabases().open(path)
  await first.write([{ sql: 'CREATE TABLE t (n INTEGER) STRICT' }])
  await first.write([{ sql: 'INSERT INTO t VALUES (7)' }])
  await first.close()
  const second = await realDatabases().open(path)
  const [rows] = await second.write([{ sql: 'SELECT n FROM t' }])
  deepEqual(structuredClone(rows), [{ n: 7 }])
  await second.close()
})

test('a file that is no database is refused', async () => {
  const path = join(folder, 'text.db')
  writeFileSync(path, 'this is not a database, however long one looks at it'.repeat(100))
  await rejects(realDatabases().open(path), code('DATABASE_REFUSED'))
})

test('a lock is held against other processes until it is released', async () => {
  const path = join(folder, 'lock.db')
  const lock = await realDatabases().lock(path)
  const script = `import { realDatabases } from ${JSON.stringify(import.meta.resolve('./real-database.ts'))}
    await realDatabases().lock(${JSON.stringify(path)}).then((lock) => lock.release(), (error) => {
      console.log(error.code)
    })`
  const attempt = () =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  equal(attempt().stdout.trim(), 'DATABASE_LOCKED')
  await lock.release()
  const freed = attempt()
  equal(freed.stdout.trim(), '', freed.stderr)
})

test('a lock is held against this process too', async () => {
  const path = join(folder, 'own.db')
  const databases = realDatabases()
  const lock = await databases.lock(path)
  await rejects(databases.lock(path), code('DATABASE_LOCKED'))
  await lock.release()
})
