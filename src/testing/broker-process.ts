import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './temporary-folder.ts'
import { until, within } from './until.ts'
import { WireClient } from './wire-client.ts'

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** What a process said; each text is cut to its last megabyte. */
export interface Output {
  stdout: string
  stderr: string
}

/** A command line of the broker that was run to its end. */
export interface Run extends Exit, Output {}

/** Where a broker is to run and with what settings. */
export interface SpawnOptions {
  /** The data folder; a temporary one, gone after `remove`, where none is named. */
  folder?: string
  port?: number
  /** Settings as `key=value`. */
  sets?: readonly string[]
  /** Further arguments. */
  args?: readonly string[]
  /** Ends the process when it is not ready by then. */
  readyMs?: number
}

const program = fileURLToPath(new URL('../../bin/odradek.js', import.meta.url))
const outputSizeMax = 1024 * 1024
/** As text and as JSON. */
const readyPattern =
  /^(?:odradek \S+ ready in \d+ ms: kafka on \S+:|\{.*"message":"ready".*"port":)(\d+).*$/m

/** Brokers that are still running: none of them outlives the process that started it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs the broker's command line until it ends by itself, or kills it after `timeoutMs`. */
export const runBroker = async (args: readonly string[], timeoutMs = 20_000): Promise<Run> => {
  const started = start(args)
  const timer = setTimeout(() => started.child.kill('SIGKILL'), timeoutMs)
  const exit = await started.exited
  clearTimeout(timer)
  return { ...exit, ...started.output }
}

/** Starts a broker of this checkout in a process of its own; resolves when it says that it is ready. */
export const spawnBroker = async (options: SpawnOptions = {}): Promise<BrokerProcess> => {
  const broker = beginBroker(options)
  try {
    await broker.ready()
  } catch (error) {
    await broker.remove()
    throw error
  }
  return broker
}

/** As `spawnBroker`, without waiting for it to be ready. */
export const beginBroker = (options: SpawnOptions = {}): BrokerProcess => {
  const { port = 0, sets = [], args = [] } = options
  const own = options.folder === undefined ? temporaryFolder() : undefined
  const folder = options.folder ?? own!.path
  const started = start([
    ...['--data', folder, '--port', String(port)],
    ...sets.flatMap((setting) => ['--set', setting]),
    ...args,
  ])
  return new BrokerProcess(started, folder, options.readyMs ?? 30_000, () => own?.remove())
}

interface Started {
  child: ChildProcess
  output: Output
  exited: Promise<Exit>
}

const start = (args: readonly string[]): Started => {
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const child = spawn(process.execPath, [program, ...args], { stdio: [...stdio] })
  running.add(child)
  const output = { stdout: '', stderr: '' }
  const collect = (name: keyof Output): void => {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-outputSizeMax)
    })
  }
  collect('stdout')
  collect('stderr')
  const exited = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    }),
  )
  return { child, output, exited }
}

/** A broker in a process of its own. */
export class BrokerProcess {
  readonly folder: string
  readonly output: Output
  /** Settles when the process is gone and all it said has been read. */
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #readyMs: number
  readonly #removeFolder: () => void

  constructor(started: Started, folder: string, readyMs: number, removeFolder: () => void) {
    this.#child = started.child
    this.output = started.output
    this.exited = started.exited
    this.folder = folder
    this.#readyMs = readyMs
    this.#removeFolder = removeFolder
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Where it listens, once it is ready. */
  get port(): number {
    return Number(readyPattern.exec(this.output.stdout)?.[1])
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Bytes of memory that it holds (Linux; NaN elsewhere). */
  get residentBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    } catch {
      return Number.NaN
    }
  }

  /** Resolves when it answers; rejects with what it said when it ended instead. */
  async ready(): Promise<void> {
    const isReady = (): boolean => readyPattern.test(this.output.stdout)
    await until('ready', () => isReady() || !this.alive, this.#readyMs)
    if (isReady()) return
    const { code, signal } = await this.exited
    throw new Error(`the broker ended with ${code ?? signal}: ${this.output.stderr.trim()}`)
  }

  connect(): Promise<WireClient> {
    return WireClient.connect(this.port)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it at once, as `kill -9`. */
  kill(): Promise<Exit> {
    this.#child.kill('SIGKILL')
    return this.exited
  }

  /** Asks it to stop and waits for its end. */
  stop(): Promise<Exit> {
    this.#child.kill('SIGTERM')
    return within('the broker has stopped', this.exited)
  }

  /** Ends it in any case, and removes the folder that was made for it. */
  async remove(): Promise<void> {
    if (this.alive) await this.kill()
    this.#removeFolder()
  }
}
