// `npm run build`: compiles what is published into dist/, a package of its own. Node refuses to strip
// types under node_modules, so JavaScript is what users of the package get; and they bring Node 26
// themselves, so the platform packages are left out.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const compiler = ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json']
const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' })
if (status !== 0) process.exit(1)

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>
for (const key of ['private', 'scripts', 'devDependencies', 'optionalDependencies'])
  delete manifest[key]
manifest.engines = { node: '>=26' }
manifest.imports = { '#*': './*/*.js' }
writeFileSync('dist/package.json', `${JSON.stringify(manifest, null, 2)}\n`)
cpSync('bin/odradek.js', 'dist/bin/odradek.js')
cpSync('bin/node-version.js', 'dist/bin/node-version.js')
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) cpSync(file, `dist/${file}`)
