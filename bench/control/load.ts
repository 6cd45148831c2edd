// The load generator on librdkafka, built at first use from load.c.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './folders.ts'

const source = new URL('./load.c', import.meta.url).pathname

/** What load.c prints; times in the units that its top names. */
export interface LoadResult {
  messages: number
  failed: number
  seconds: number
  messagesPerSecond: number
  brokerCpuSeconds?: number
  brokerCpuSecondsPerGb?: number
  brokerRssMb?: number
}

/** The program's path; throws a sentence that says what is missing. */
export const buildLoad = (): string => {
  const binary = join(cacheFolder('load'), 'load')
  if (existsSync(binary) && statSync(binary).mtimeMs >= statSync(source).mtimeMs) return binary
  const args = ['-O2', '-o', binary, source, '-lrdkafka', '-lpthread']
  const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' })
  if (error || status !== 0)
    throw new Error(
      `load.c does not build; it needs cc and librdkafka-dev: ${error?.message ?? stderr}`,
    )
  return binary
}

/** Runs it to its end; rejects when a message was lost or failed. */
export const runLoad = (binary: string, args: readonly string[]): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(output) as LoadResult)
      else reject(new Error(`load ${args.join(' ')} ended with ${code}: ${output}`))
    })
  })
