// `npm test [-- file…]`: first the unit tests, all in one process, then those that start servers and
// processes, each file in its own.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const named = process.argv.slice(2)
const files = named.length > 0 ? named : globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).sort()
const isSystem = (file: string): boolean =>
  file.startsWith('test/') || /\.system\.test\.ts$/.test(file)
const untested = ['test/tidy.test.ts'] // `npm run check` runs it.

const run = (title: string, args: readonly string[], chosen: readonly string[]): boolean => {
  if (chosen.length === 0) return true
  console.log(`${title}: ${chosen.length} files`)
  const reporter = process.env.CI ? 'spec' : 'dot'
  const options = ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout']
  const { status } = spawnSync(process.execPath, [...options, ...args, ...chosen], {
    stdio: 'inherit',
  })
  return status === 0
}

const units = files.filter((file) => !isSystem(file))
const systems = files.filter(
  (file) => isSystem(file) && (named.length > 0 || !untested.includes(file)),
)
const unitsPass = run('unit tests', ['--test-isolation=none'], units)
const systemsPass = run('system tests', ['--test-concurrency=2', '--test-timeout=180000'], systems)
process.exitCode = unitsPass && systemsPass ? 0 : 1
