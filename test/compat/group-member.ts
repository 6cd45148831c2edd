import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { within } from '#testing'
import type { Taken } from './clients/taking.ts'

/** The command line of a member, to which port, group and topics are added. */
export type MemberCommand = readonly [program: string, ...args: string[]]

const beside = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

export const kafkajsMember: MemberCommand = [process.execPath, beside('kafkajs-member.ts')]
export const platformaticMember: MemberCommand = [
  process.execPath,
  beside('platformatic-member.ts'),
]

/** What a member joins, and who hears of what it takes. */
export interface MemberOptions {
  port: number
  groupId: string
  topics: readonly string[]
  /** Called for each record, before the member may commit it. */
  onRecord: (record: Taken) => void
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A member of a consumer group, in a process of its own. */
export class GroupMember {
  /** How many records it has taken. */
  count = 0
  readonly #child: ChildProcess
  readonly #onRecord: MemberOptions['onRecord']
  readonly #exited: Promise<string>
  #errors = ''

  constructor([program, ...args]: MemberCommand, options: MemberOptions) {
    const { port, groupId, topics, onRecord } = options
    this.#onRecord = onRecord
    this.#child = spawn(program, [...args, String(port), groupId, ...topics], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    this.#child.stdin!.on('error', () => undefined)
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(line))
    this.#exited = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child)
        resolve(code === 0 ? '' : `a member ended with ${code ?? signal}: ${this.#errors}`)
      }),
    )
  }

  /** What it ended with, if it has ended otherwise than well. */
  get fault(): string | undefined {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) return undefined
    return exitCode === 0
      ? undefined
      : `a member ended with ${exitCode ?? signalCode}: ${this.#errors}`
  }

  /** Asks it to leave the group; rejects when it ends otherwise than well. */
  async stop(): Promise<void> {
    this.#child.stdin!.write('stop\n')
    const fault = await within('the member has left', this.#exited, 30_000)
    if (fault !== '') throw new Error(fault)
  }

  /** Ends it at once; does nothing when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #take(line: string): void {
    const records = JSON.parse(line) as Taken[]
    for (const record of records) this.#onRecord(record)
    this.count += records.length
    this.#child.stdin!.write('ok\n')
  }
}
