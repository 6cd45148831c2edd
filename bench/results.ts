// What was measured, as it lies in bench/results/.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import type { Condition, Figure } from './questions/question.ts'

/** All runs in one condition, those of a round at the same place. */
export interface Measured {
  condition: Condition
  odradek: readonly Figure[]
  /** None where only ours was measured. */
  kafka: readonly Figure[]
}

/** A question that was asked. */
export interface Asked {
  question: string
  title: string
  /** What asks it again. */
  command: string
  measured: readonly Measured[]
}

/** One file. */
export interface Results {
  /** When, as ISO 8601 has it. */
  stamp: string
  node: string
  machine: { cpus: readonly string[]; memory: number; kernel: string }
  asked: readonly Asked[]
}

const folder = new URL('./results/', import.meta.url)

/** Writes what was measured; returns the file's name. */
export const writeResults = (asked: readonly Asked[]): string => {
  mkdirSync(folder, { recursive: true })
  const machine = { cpus: cpus().map(({ model }) => model), memory: totalmem(), kernel: release() }
  const stamp = new Date().toISOString()
  const name = `${stamp.slice(0, 19).replaceAll(':', '')}.json`
  const results: Results = { stamp, node: process.version, machine, asked }
  writeFileSync(new URL(name, folder), `${JSON.stringify(results, null, 1)}\n`)
  return `bench/results/${name}`
}

/** What was measured last of each question, by its name. */
export const latestResults = (): Map<string, Asked & { file: string; results: Results }> => {
  const found = new Map<string, Asked & { file: string; results: Results }>()
  for (const name of readdirSync(folder).sort()) {
    const results = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Partial<Results>
    // Files of before have another form; the page names them where it uses them.
    for (const asked of results.asked ?? [])
      found.set(asked.question, { ...asked, file: name, results: results as Results })
  }
  return found
}
