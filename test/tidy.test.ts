// The rules of STYLE.md that a machine can hold. Each failure names the file and what to do instead.
import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))
const sources = tracked.filter((path) => /\.(ts|js|mjs)$/.test(path))
const text = new Map(sources.map((path) => [path, readFileSync(path, 'utf8')]))

const isTest = (path: string): boolean =>
  /\.(test|suite|fuzz|types)\.ts$/.test(path) || path.startsWith('test/')
const isProduction = (path: string): boolean => path.startsWith('src/') && !isTest(path)
const moduleOf = (path: string): string => path.split('/')[1] ?? ''
const importsOf = (path: string): string[] =>
  [...text.get(path)!.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)

const base = ['bytes', 'model', 'world']
const brokerHalf = [
  ...base,
  ...['settings', 'protocol', 'records', 'log', 'coordinators', 'metadata', 'server'],
]
/** Who may import whom; nothing else decides. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  model: [],
  world: [],
  settings: ['model'],
  protocol: ['bytes', 'model'],
  records: ['bytes', 'model'],
  log: [...base, 'records'],
  'kafka-files': [...base, 'records'],
  metadata: ['model', 'log', 'world', 'settings', 'coordinators'],
  coordinators: ['model'],
  server: [...base, 'settings', 'protocol'],
  metrics: ['model', 'world', 'log', 'server'],
  handlers: [...brokerHalf],
  broker: [...brokerHalf, 'handlers', 'metrics'],
  cli: ['model', 'records', 'world'],
  // The only application code that sees a data folder: commands on a stopped broker.
  'cli/offline': ['model', 'records', 'world', 'log', 'metadata', 'settings', 'kafka-files'],
}
const free = (path: string): boolean => path === 'src/main.ts' || moduleOf(path) === 'testing'

const outsideModules =
  'fs|fs/promises|net|tls|http|https|http2|dns|dgram|timers|timers/promises|worker_threads|sqlite|child_process|cluster|os|process'
/** What only `src/world` may touch, and what to use instead. */
const outside: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`'node:(${outsideModules})'`), 'the interfaces of #world'],
  [/\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/, 'Clock of #world'],
  [/\b(setTimeout|setInterval|setImmediate)\b/, 'Clock of #world'],
  [/\bMath\.random\b|\brandom(Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/, 'Random of #world'],
  [/\bconsole\.|(?<!')\bprocess\./, 'Logger of #world'],
]

const violations = (paths: readonly string[], find: (path: string) => string[]): string[] =>
  paths.flatMap((path) => find(path).map((what) => `${path}: ${what}`))

test('a module imports only what the table allows, by the front door', () => {
  deepEqual(
    violations(sources.filter(isProduction), (path) =>
      importsOf(path).flatMap((target) => {
        if (!target.startsWith('#')) return []
        const other = target.slice(1)
        if (free(path)) return []
        if (other === moduleOf(path)) return [`imports its own front door ${target}`]
        const place = path.startsWith('src/cli/offline/') ? 'cli/offline' : moduleOf(path)
        const allowed = mayImport[place] ?? []
        return allowed.includes(other) ? [] : [`may not import ${target}`]
      }),
    ),
    [],
  )
})

test('a relative import stays inside its module and names an existing .ts file', () => {
  deepEqual(
    violations(sources.filter(isProduction), (path) =>
      importsOf(path).flatMap((target) => {
        if (!target.startsWith('.')) return []
        const resolved = normalize(join(dirname(path), target))
        if (!existsSync(resolved)) return [`imports ${target}, which does not exist`]
        if (path !== 'src/main.ts' && moduleOf(resolved) !== moduleOf(path))
          return [`imports ${target} past the front door #${moduleOf(resolved)}`]
        if (resolved === `src/${moduleOf(path)}/${moduleOf(path)}.ts`)
          return ['imports the front door of its own module']
        return []
      }),
    ),
    [],
  )
})

test('a front door only re-exports', () => {
  const doors = sources.filter(
    (path) => isProduction(path) && path === `src/${moduleOf(path)}/${moduleOf(path)}.ts`,
  )
  const declares = /^\s*(?:export\s+)?(?:const|let|function|class|async|default)\b/m
  deepEqual(
    violations(doors, (path) =>
      declares.test(text.get(path)!) ? ['declares something itself'] : [],
    ),
    [],
  )
})

test('no file imports itself through others', () => {
  const edges = new Map(
    sources.filter(isProduction).map((path) => [
      path,
      importsOf(path)
        .map((target) =>
          target.startsWith('#')
            ? `src/${target.slice(1)}/${target.slice(1)}.ts`
            : normalize(join(dirname(path), target)),
        )
        .filter((target) => text.has(target)),
    ]),
  )
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' → ')
    if (done.has(path)) return undefined
    for (const next of edges.get(path) ?? []) {
      const cycle = walk(next, [...trail, path])
      if (cycle) return cycle
    }
    done.add(path)
    return undefined
  }
  deepEqual([...edges.keys()].map((path) => walk(path, [])).filter(Boolean), [])
})

test('every production file is used', () => {
  const used = new Set(
    sources
      .filter((path) => !isTest(path))
      .flatMap((path) =>
        importsOf(path).map((target) =>
          target.startsWith('#')
            ? `src/${target.slice(1)}/${target.slice(1)}.ts`
            : normalize(join(dirname(path), target)),
        ),
      ),
  )
  const started = /^src\/(main|world\/.*-worker|testing\/.*|\w+\/.*\.worker)\.ts$/
  deepEqual(
    sources.filter((path) => isProduction(path) && !used.has(path) && !started.test(path)),
    [],
  )
})

test('the outside world is reached through #world alone', () => {
  const paths = sources.filter(
    (path) => isProduction(path) && moduleOf(path) !== 'world' && !free(path),
  )
  deepEqual(
    violations(paths, (path) =>
      outside.flatMap(([pattern, instead]) => {
        const code = text.get(path)!.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        const found = code.match(pattern)
        return found ? [`uses ${found[0]}; use ${instead}`] : []
      }),
    ),
    [],
  )
})

test('code is made from strings in one file only', () => {
  const pattern = /\bnew Function\b|\beval\(/
  deepEqual(
    sources.filter((path) => isProduction(path) && pattern.test(text.get(path)!)),
    ['src/protocol/compile.ts'],
  )
})

test('names say what a thing is', () => {
  const banned = 'Manager|Helper|Helpers|Util|Utils|Impl|Base|Service'
  const declared = new RegExp(`\\b(?:class|interface|type)\\s+(\\w*(?:${banned}))\\b`, 'g')
  const file = new RegExp(`(?:^|[-/])(?:${banned})\\.\\w+$|(?:^|/)index\\.\\w+$`, 'i')
  deepEqual(
    violations(sources, (path) => [
      ...(file.test(path) ? ['is named by a word that says nothing'] : []),
      ...[...text.get(path)!.matchAll(declared)].map((match) => `declares ${match[1]}`),
      ...(/^[a-z0-9.\-/]+$|^test\/golden\/\w+\.java$/.test(path) ? [] : ['is not in kebab-case']),
    ]),
    [],
  )
})

test('files have at most 500 lines, and lines at most 100 columns in code', () => {
  const isTable = (path: string): boolean => /\.table\.ts$/.test(path)
  deepEqual(
    violations(sources, (path) => {
      const lines = text.get(path)!.split('\n')
      const tooLong = lines.length > 501 && !isTest(path) && !isTable(path)
      return tooLong ? [`has ${lines.length - 1} lines`] : []
    }),
    [],
  )
})

test('nothing is left to be done without an issue', () => {
  const pattern = new RegExp('\\b(TO' + 'DO|FIX' + 'ME|XX' + 'X|HA' + 'CK)\\b')
  deepEqual(
    violations(sources, (path) => (pattern.test(text.get(path)!) ? ['leaves a note to do'] : [])),
    [],
  )
})

test('dependencies are pinned exactly and the lock file names no registry', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
    for (const [name, version] of Object.entries((manifest[kind] ?? {}) as Record<string, string>))
      equal(/^\d+\.\d+\.\d+$/.test(version), true, `${name}@${version} is not exact`)
  equal(readFileSync('package-lock.json', 'utf8').includes('"resolved"'), false)
})

test('the changelog has a heading for each version, newest first', () => {
  const headings = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? []
  equal(headings.length > 0, true)
  for (const heading of headings)
    equal(/^## (Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\))$/.test(heading), true, heading)
})

test('no file is larger than a megabyte', () => {
  deepEqual(
    tracked.filter(
      (path) => readFileSync(path).byteLength > 1024 * 1024 && !path.startsWith('test/golden/'),
    ),
    [],
  )
})
