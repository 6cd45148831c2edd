// Apache Kafka 4.3 as the control: one KRaft broker and its command-line tools, as jars from Maven
// Central. Needs Java 17 and Maven; says so where they are missing.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ApiVersions } from '#protocol'
import { WireClient } from '#testing'
import { cacheFolder } from './folders.ts'

/** A broker that was started for a measurement or a test. */
export interface RunningBroker {
  name: string
  pid: number
  port: number
  /** From the start of the process to its first answer. */
  startMs: number
  stop(): Promise<void>
  /** Ends it on the spot. */
  kill(): Promise<void>
}

/** Why Kafka cannot be had on this machine, or undefined when it can. */
export const kafkaMissing = (): string | undefined => {
  if (spawnSync('java', ['-version']).status !== 0) return 'java is not installed'
  if (existsSync(join(cacheFolder('kafka'), 'libs', '.done'))) return undefined
  return spawnSync('mvn', ['-version']).status === 0 ? undefined : 'mvn is not installed'
}

/** The folder with Kafka's jars, downloaded at first use. */
export const kafkaJars = (): string => {
  const libs = join(cacheFolder('kafka'), 'libs')
  if (existsSync(join(libs, '.done'))) return libs
  const pom = new URL('./pom.xml', import.meta.url).pathname
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${libs}`]
  const { status, stderr } = spawnSync('mvn', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Kafka's jars could not be downloaded: ${stderr}`)
  writeFileSync(join(libs, '.done'), '')
  return libs
}

/**
 * The jar of an older release's clients, downloaded at first use. Put before Kafka's other jars it is what a program
 * finds: producers before 4.0 know transactions of version 1 only.
 */
export const olderClientsJar = (release: string): string => {
  const folder = cacheFolder('kafka-clients')
  const jar = join(folder, `kafka-clients-${release}.jar`)
  if (existsSync(jar)) return jar
  const artifact = `-Dartifact=org.apache.kafka:kafka-clients:${release}`
  const args = ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${folder}`]
  const { status, stdout } = spawnSync('mvn', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the clients of Kafka ${release} could not be had: ${stdout}`)
  return jar
}

const log4j = `<Configuration status="ERROR"><Appenders><Console name="c" target="SYSTEM_ERR">
<PatternLayout pattern="%d %p %m%n"/></Console></Appenders>
<Loggers><Root level="ERROR"><AppenderRef ref="c"/></Root></Loggers></Configuration>
`

/** The arguments that run a class of Kafka's jars quietly. */
export const javaArguments = (folder: string, ...rest: string[]): string[] => {
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'log4j2.xml')
  writeFileSync(config, log4j)
  return [`-Dlog4j2.configurationFile=${config}`, '-cp', `${kafkaJars()}/*`, ...rest]
}

/** Starts a broker with the data in `folder`, fresh if there are none, with Kafka's own heap flags; `settings` are `key=value`. */
export const startKafka = async (
  folder: string,
  port: number,
  settings: readonly string[] = [],
): Promise<RunningBroker> => {
  mkdirSync(folder, { recursive: true })
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, [...ownSettings(folder, port), ...settings, ''].join('\n'))
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk']
  const formatted = spawnSync(
    'java',
    javaArguments(folder, ...format, '-c', properties, '--standalone', '--ignore-formatted'),
    { encoding: 'utf8' },
  )
  if (formatted.status !== 0)
    throw new Error(`Kafka's storage was not formatted: ${formatted.stderr}`)
  const heap = ['-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20']
  const output = openSync(join(folder, 'server.log'), 'w')
  const child = spawn('java', [...heap, ...javaArguments(folder, 'kafka.Kafka', properties)], {
    stdio: ['ignore', output, output],
  })
  return running('kafka', child, port, await answering(child, port))
}

const ownSettings = (folder: string, port: number): string[] => [
  'process.roles=broker,controller',
  'node.id=1',
  `controller.quorum.bootstrap.servers=127.0.0.1:${port + 1}`,
  `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
  `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names=CONTROLLER',
  `log.dirs=${join(folder, 'data')}`,
  'num.partitions=4',
  'offsets.topic.replication.factor=1',
  'transaction.state.log.replication.factor=1',
  'transaction.state.log.min.isr=1',
  'share.coordinator.state.topic.replication.factor=1',
  'share.coordinator.state.topic.min.isr=1',
  'group.initial.rebalance.delay.ms=0',
]

/** Resolves once a request is answered on the port, to the ms that took; rejects when the process has ended. */
export const answering = async (child: ChildProcess, port: number): Promise<number> => {
  const startedMs = performance.now()
  while (performance.now() - startedMs < 60_000) {
    if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}`)
    if (await answers(port)) return performance.now() - startedMs
    await delay(5)
  }
  throw new Error(`nothing answered on port ${port} within a minute`)
}

/** It may accept connections long before it serves them. */
const answers = async (port: number): Promise<boolean> => {
  try {
    const client = await WireClient.connect(port)
    await client.request(ApiVersions, 0, {})
    client.close()
    return true
  } catch {
    return false
  }
}

/** A process that we started, as a broker that answers on a port. */
export const running = (
  name: string,
  child: ChildProcess,
  port: number,
  startMs: number,
): RunningBroker => ({
  name,
  pid: child.pid!,
  port,
  startMs,
  stop: () => ended(child, 'SIGTERM'),
  kill: () => ended(child, 'SIGKILL'),
})

const ended = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
