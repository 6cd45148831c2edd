// `npm run check`: format, lint, types and tidiness. Prints what each found; exit 1 if any failed.
import { spawnSync } from 'node:child_process'

const node = process.execPath
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  [
    'format and lint',
    node,
    'node_modules/@biomejs/biome/bin/biome',
    'ci',
    '--error-on-warnings',
    '.',
  ],
  ['docs/protocol.md is up to date', node, 'tools/docs.ts', '--check'],
  ['types', node, 'node_modules/typescript/bin/tsc', '--project', '.'],
  ['tidy', node, '--test', '--test-reporter=dot', 'test/tidy.test.ts'],
]

let failed = false
for (const [name, command, ...args] of steps) {
  const started = performance.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds} s)`)
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
