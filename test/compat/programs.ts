// Running programs that are not ours.
import { spawn, spawnSync } from 'node:child_process'
import { temporaryFolder, until } from '#testing'
import { javaArguments } from '../../bench/control/kafka.ts'

/** What the programs need on disk. */
export const scratch = temporaryFolder()
/** Removes it. */
export const cleanUp = (): void => scratch.remove()

/** What a program prints; rejects with its complaints when it fails. */
export const run = (command: string, args: readonly string[], input?: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let errors = ''
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-2000)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output))
      else reject(new Error(`${command} ${args[0]} ended with ${code}: ${errors}`))
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })

/** Whether a program can be run at all. */
export const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args).status === 0

/** The arguments that run a class of Kafka's jars. */
export const java = (...args: string[]): string[] => javaArguments(scratch.path, ...args)

/** A program that runs until it is told to stop. */
export interface RunningProgram {
  /** All that it has printed. */
  output(): string
  /** Hands it a line; resolves to the line that it answers. */
  ask(line: string): Promise<string>
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>
}

/** Starts a program that ends by a signal. */
export const startProgram = (command: string, args: readonly string[]): RunningProgram => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.off('exit', end)
      resolve()
    })
  })
  return {
    output: () => output,
    ask: async (line) => {
      const start = output.length
      child.stdin.write(`${line}\n`)
      const isAnswered = (): boolean => output.endsWith('\n') && output.length > start
      await until(`an answer to ${line}`, () => isAnswered() || child.exitCode !== null, 60_000)
      return output.slice(start)
    },
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}
