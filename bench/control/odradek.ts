import { spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { answering, type RunningBroker, running } from './kafka.ts'

/** Starts this checkout's broker with fresh data in `folder`; `settings` are `key=value`. */
export const startOdradek = async (
  folder: string,
  port: number,
  settings: readonly string[] = [],
): Promise<RunningBroker> => {
  mkdirSync(folder, { recursive: true })
  const output = openSync(join(folder, 'server.log'), 'w')
  const program = new URL('../../bin/odradek.js', import.meta.url).pathname
  const sets = settings.flatMap((setting) => ['--set', setting])
  const args = [program, '--data', join(folder, 'data'), '--port', String(port), ...sets]
  const child = spawn(process.execPath, args, { stdio: ['ignore', output, output] })
  return running('odradek', child, port, await answering(child, port))
}
