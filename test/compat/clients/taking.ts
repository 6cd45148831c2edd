// How a member of a group speaks with the test that started it: over its standard streams, a line each
// way. It says what it has taken, as [topic, partition, offset, value] each, and may commit once it has
// heard "ok"; on "stop", or when nobody speaks any more, it leaves.
import { createInterface } from 'node:readline'

/** A record as a member took it. */
export type Taken = readonly [topic: string, partition: number, offset: number, value: string]

const waiting: (() => void)[] = []
let isLeft = (): void => undefined

/** Resolves when the member is to leave. */
export const stopped = new Promise<void>((resolve) => {
  isLeft = resolve
})

/** Hands records over; resolves when they have arrived. */
export const take = (records: readonly Taken[]): Promise<void> => {
  process.stdout.write(`${JSON.stringify(records)}\n`)
  return new Promise((resolve) => waiting.push(resolve))
}

/** What the program was told to join: `[--newer] PORT GROUP TOPIC…`. */
export const memberArguments = () => {
  const told = process.argv.slice(2)
  const [port, groupId, ...topics] = told.filter((each) => each !== '--newer')
  return {
    broker: `127.0.0.1:${port}`,
    groupId: groupId!,
    topics,
    newer: told.includes('--newer'),
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => (line === 'ok' ? waiting.shift()?.() : isLeft()))
  .on('close', () => isLeft())
