// The composition root: real clock, disk, sockets and signals are made here and nowhere else.
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { StartError, startBroker } from '#broker'
import { loadSettings, parseArguments, type Settings, SettingsError, usage } from '#settings'
import {
  jsonLogger,
  realClock,
  realDatabases,
  realDisk,
  realHttp,
  realNetwork,
  realRandom,
  realThreads,
  textLogger,
  type World,
} from '#world'

const version = '0.1.0'

/** What a command's name begins with; anything else starts a broker. */
const commandWords: ReadonlySet<string> = new Set(['log', 'import', 'export'])

/** One Ctrl-C under npm arrives twice: from the terminal and from npm. */
const repeatedSignalMs = 500

/** Runs the broker with the arguments of the command line until a signal stops it. */
export const main = async (args: readonly string[]): Promise<void> => {
  try {
    if (commandWords.has(args[0] ?? '')) {
      process.exitCode = await command(args)
      return
    }
    const parsed = parseArguments(args)
    if (parsed.help) process.stdout.write(usage)
    else if (parsed.version) process.stdout.write(`odradek ${version}\n`)
    else await run(loadSettings({ ...parsed, file: readConfig(parsed.configFile) }))
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof StartError)) throw error
    process.stderr.write(`odradek: ${error.message}\n`)
    process.exitCode = 1
  }
}

/** Commands are loaded when they are asked for: a broker's start does not wait for them. */
const command = async (args: readonly string[]): Promise<number> => {
  const { runCommand } = await import('#cli')
  return runCommand(args, realWorld('text'), {
    say: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`odradek: ${line}\n`),
  })
}

const run = async (settings: Settings): Promise<void> => {
  const world = realWorld(settings.logFormat)
  for (const { level, sentence } of settings.notices) world.logger[level](sentence)
  const broker = await startBroker(world, settings, fail)
  stopOnSignals(broker.stop)
  const startedMs = Math.round(performance.now())
  const { host, port } = broker.address
  const folder = isAbsolute(broker.folder)
    ? broker.folder
    : `./${broker.folder.replace(/^\.\//, '')}`
  const print = (line: string): unknown => process.stdout.write(line)
  if (settings.logFormat === 'json')
    jsonLogger(realClock.nowMs, print).info('ready', { version, startedMs, host, port, folder })
  else
    print(
      `odradek ${version} ready in ${startedMs} ms: kafka on ${host}:${port}, data in ${folder}\n`,
    )
}

const realWorld = (format: 'text' | 'json'): World => {
  const logger = format === 'json' ? jsonLogger : textLogger
  return {
    clock: realClock,
    random: realRandom,
    disk: realDisk,
    network: realNetwork,
    http: realHttp,
    databases: realDatabases(),
    threads: realThreads,
    logger: logger(realClock.nowMs, (line) => process.stderr.write(line)),
  }
}

const readConfig = (path: string | undefined): { name: string; text: string } | undefined => {
  if (path === undefined) return undefined
  try {
    return { name: path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SettingsError(
      `The file ${path} of --config cannot be read (${code}): name one that can.`,
    )
  }
}

/** What was promised cannot be kept any longer: say so and end, losing nothing that was acknowledged. */
const fail = (sentence: string): void => {
  process.stderr.write(`odradek: ${sentence}\n`)
  process.exit(1)
}

const stopOnSignals = (stop: () => Promise<void>): void => {
  let stoppingSinceMs: number | undefined
  const onSignal = (): void => {
    const nowMs = performance.now()
    if (stoppingSinceMs === undefined) {
      stoppingSinceMs = nowMs
      stop().then(
        () => process.exit(0),
        (error: unknown) => fail(`The stop failed: ${String(error)}`),
      )
    } else if (nowMs - stoppingSinceMs > repeatedSignalMs) process.exit(1)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
