// Throws all kinds of attacks at a running broker, several at a time, while a witness sees that it is
// served. In the end the broker is still there, has not grown, has said nothing but log lines and no
// error of its own, stops when it is asked to, and has kept what the witness wrote.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BrokerProcess,
  createTopic,
  deleteTopic,
  SeededRandom,
  spawnBroker,
  type Topic,
  temporaryFolder,
} from '#testing'
import { type Attack, attacks, type Target } from './attacks.ts'
import { Witness } from './witness.ts'

/** What to do. */
export interface FuzzOptions {
  seconds: number
  seed: number
  /** Hears what is going on. */
  say?: (line: string) => void
}

/** What was done and seen. Memory in bytes. */
export interface FuzzReport {
  attacks: number
  slowestLookMs: number
  residentBytesAtStart: number
  residentBytesMax: number
}

const megabyte = 1024 * 1024
const frameSizeMax = 16 * megabyte
const queuedBytesMax = 64 * megabyte
const responseBytesMax = 64 * megabyte
/** Memory beyond what the bounds above allow: garbage not yet collected, code, and caches. */
const slackBytes = 350 * megabyte
const largeTopicSize = 8 * megabyte
const attackersCount = 16
const notesMax = 3000
/** An attack that takes longer is worth a line: something was slow to answer. */
const slowAttackMs = 5000
const lookIntervalMs = 100
const tidyIntervalMs = 3000
const poolTopics = 6

const settingsOf = (random: SeededRandom): string[] => [
  'socket.listen.backlog.size=1000',
  `socket.request.max.bytes=${frameSizeMax}`,
  `queued.max.request.bytes=${queuedBytesMax}`,
  `odradek.response.max.bytes=${responseBytesMax}`,
  `odradek.connection.response.max.bytes=${8 * megabyte}`,
  'odradek.request.timeout.ms=2000',
  'connections.max.idle.ms=8000',
  `odradek.validate.compressed=${random.chance(0.5)}`,
]

/** Runs it; rejects with what went wrong and says what was sent last. */
export const fuzz = async (options: FuzzOptions): Promise<FuzzReport> => {
  const folder = temporaryFolder()
  const run = new Fuzz(folder.path, options)
  try {
    return await run.run()
  } catch (error) {
    const file = join(tmpdir(), `odradek-fuzz-${process.pid}.txt`)
    writeFileSync(file, `${run.notes.join('\n')}\n`)
    options.say?.(`what was sent last is in ${file}`)
    throw error
  } finally {
    await run.remove()
    folder.remove()
  }
}

class Fuzz {
  readonly notes: string[] = []
  /** What each attacker did last. */
  readonly #last: string[] = []
  readonly #folder: string
  readonly #options: FuzzOptions
  readonly #random: SeededRandom
  readonly #witness: Witness
  #broker: BrokerProcess | undefined
  #topics: Topic[] = []
  #attacks = 0
  #residentBytesMax = 0
  #over = false

  constructor(folder: string, options: FuzzOptions) {
    this.#folder = folder
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#witness = new Witness(this.#random.fork())
  }

  async run(): Promise<FuzzReport> {
    const sets = settingsOf(this.#random)
    const broker = await spawnBroker({ folder: this.#folder, sets })
    this.#broker = broker
    await this.#witness.begin(broker.port)
    const large = await this.#witness.fill('large', largeTopicSize)
    await this.#makeTopics()
    const residentBytesAtStart = broker.residentBytes
    await this.#attack(broker, large)
    await this.#witness.look(broker.port)
    await this.#checkEnd(broker)
    const again = await spawnBroker({ folder: this.#folder, sets })
    this.#broker = again
    await this.#witness.begin(again.port)
    await this.#witness.readAll()
    await this.#checkEnd(again)
    return {
      attacks: this.#attacks,
      slowestLookMs: this.#witness.slowestMs,
      residentBytesAtStart,
      residentBytesMax: this.#residentBytesMax,
    }
  }

  async remove(): Promise<void> {
    this.#witness.close()
    await this.#broker?.remove()
  }

  async #attack(broker: BrokerProcess, large: Topic): Promise<void> {
    const { seconds, say } = this.#options
    const endMs = performance.now() + seconds * 1000
    const working = (): boolean => !this.#over && broker.alive && performance.now() < endMs
    const attackers = Array.from({ length: attackersCount }, async (_, index) => {
      const random = this.#random.fork()
      const target: Target = {
        port: broker.port,
        known: { topics: [] },
        random,
        large,
        note: (what, bytes) => this.#note(index, what, bytes),
      }
      while (working()) {
        target.known = { topics: [...this.#topics, large] }
        const beganMs = performance.now()
        await chosen(random)(target)
        this.#attacks += 1
        const tookMs = Math.round(performance.now() - beganMs)
        if (tookMs > slowAttackMs) say?.(`${this.#last[index]} took ${tookMs} ms`)
      }
    })
    const watch = async (): Promise<void> => {
      let tidyMs = performance.now() + tidyIntervalMs
      let sayMs = performance.now()
      while (working()) {
        await this.#witness.look(broker.port)
        this.#checkMemory(broker)
        if (performance.now() >= tidyMs) {
          await this.#tidy()
          tidyMs = performance.now() + tidyIntervalMs
        }
        if (performance.now() >= sayMs) {
          const mb = Math.round(broker.residentBytes / megabyte)
          say?.(`${this.#attacks} attacks, ${mb} MB, slowest look ${this.#witness.slowestMs} ms`)
          sayMs += 10_000
        }
        await pause(lookIntervalMs)
      }
    }
    try {
      await Promise.all([watch(), ...attackers])
    } catch (error) {
      const end = await Promise.race([broker.exited, pause(1000)])
      if (!end) throw error
      const { code, signal } = end
      throw new Error(
        `the broker ended with ${code ?? signal}: ${broker.output.stderr.slice(-4000)}`,
      )
    } finally {
      this.#over = true
      await Promise.allSettled(attackers)
    }
  }

  #note(attacker: number, what: string, bytes?: Buffer): void {
    this.#last[attacker] = what
    const start = bytes ? ` ${bytes.subarray(0, 2000).toString('hex')}` : ''
    this.notes.push(`${new Date().toISOString()} attacker ${attacker}: ${what}${start}`)
    if (this.notes.length > notesMax) this.notes.shift()
  }

  #checkMemory(broker: BrokerProcess): void {
    this.#residentBytesMax = Math.max(this.#residentBytesMax, broker.residentBytes || 0)
    if (this.#residentBytesMax > queuedBytesMax + responseBytesMax + slackBytes)
      throw new Error(`the broker has grown to ${Math.round(this.#residentBytesMax / megabyte)} MB`)
  }

  /** Takes away the topics that attackers have made, and gives them new ones. */
  async #tidy(): Promise<void> {
    for (const topic of await this.#witness.others())
      if (topic.name !== 'large')
        await deleteTopic(this.#witness.client, topic).catch(() => undefined)
    await this.#makeTopics()
  }

  async #makeTopics(): Promise<void> {
    const made: Topic[] = []
    for (let count = 0; count < poolTopics; count += 1) {
      const name = `pool-${this.#random.below(1e9)}`
      const partitions = this.#random.between(1, 3)
      made.push(await createTopic(this.#witness.client, name, { partitions }))
    }
    this.#topics = made
  }

  /** It stops when it is asked to and has said nothing that it should not. */
  async #checkEnd(broker: BrokerProcess): Promise<void> {
    const { code, signal } = await broker.stop()
    if (code !== 0) throw new Error(`SIGTERM ended the broker with ${code ?? signal}`)
    const { stdout, stderr } = broker.output
    if (stdout.trim().split('\n').length !== 1) throw new Error(`it printed ${stdout}`)
    // The first line may have been cut in two.
    const lines = stderr.split('\n').slice(stderr.length >= 1_000_000 ? 1 : 0)
    const unexpected = lines.filter(
      (line) => line !== '' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z (info|warn) /.test(line),
    )
    if (unexpected.length > 0) throw new Error(`it logged\n${digest(unexpected)}`)
  }
}

/** One line of each kind, with how many there were. */
const digest = (lines: readonly string[]): string => {
  const kinds = new Map<string, { line: string; count: number }>()
  for (const line of lines) {
    const kind = line.replace(/\d+/g, '').slice(0, 300)
    const known = kinds.get(kind)
    if (known) known.count += 1
    else kinds.set(kind, { line, count: 1 })
  }
  return [...kinds.values()]
    .map(({ line, count }) => `${count} times: ${line.slice(0, 1500)}`)
    .join('\n')
}

const weights = attacks.reduce((sum, [weight]) => sum + weight, 0)

const chosen = (random: SeededRandom): Attack => {
  let rest = random.below(weights)
  for (const [weight, attack] of attacks) {
    if (rest < weight) return attack
    rest -= weight
  }
  throw new Error('the weights do not add up')
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
