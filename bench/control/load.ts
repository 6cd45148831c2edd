// The load generators on librdkafka, built at first use from load.c and transact.c.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './folders.ts'

/** What load.c prints; times in the units that its top names. */
export interface LoadResult {
  messages: number
  failed: number
  seconds: number
  messagesPerSecond: number
  brokerCpuSeconds?: number
  brokerCpuSecondsPerGb?: number
  brokerRssMb?: number
  /** From when a message was due until it was acknowledged, and until it was read. */
  ackMs?: Percentiles
  endToEndMs?: Percentiles
}

/** Of times in ms. */
export interface Percentiles {
  p50: number
  p95: number
  p99: number
  p999: number
  max: number
}

/** What transact.c tells. */
export interface TransactResult {
  /** Those that were measured, in so many seconds. */
  transactions: number
  seconds: number
  /** Those of all its time. */
  all: number
}

/** A program's path; throws a sentence that says what is missing. */
const build = (name: 'load' | 'transact'): string => {
  const source = new URL(`./${name}.c`, import.meta.url).pathname
  const binary = join(cacheFolder('load'), name)
  if (existsSync(binary) && statSync(binary).mtimeMs >= statSync(source).mtimeMs) return binary
  const args = ['-O2', '-o', binary, source, '-lrdkafka', '-lpthread']
  const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' })
  if (error || status !== 0)
    throw new Error(
      `${name}.c does not build; it needs cc and librdkafka-dev: ${error?.message ?? stderr}`,
    )
  return binary
}

/** Runs load.c to its end; rejects when a message was lost or failed. */
export const runLoad = async (args: readonly string[]): Promise<LoadResult> =>
  JSON.parse(await run('load', args, () => undefined)) as LoadResult

/** Runs transact.c to its end, and calls when the measured seconds begin and when they are over. */
export const runTransact = async (
  args: readonly string[],
  begins: () => void,
  ends: () => void,
): Promise<TransactResult> => {
  const output = await run('transact', args, (soFar) => {
    if (soFar === 'measuring\n') begins()
    else if (!soFar.endsWith('}\n')) ends()
  })
  return JSON.parse(output.slice(output.indexOf('{'))) as TransactResult
}

const run = (
  name: 'load' | 'transact',
  args: readonly string[],
  heard: (soFar: string) => void,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(build(name), args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      heard(output)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${name} ${args.join(' ')} ended with ${code}: ${output}`))
    })
  })
