// The anomalies that Jepsen's workload for Kafka names, found in what clients could know. An operation whose
// outcome is unknown counts as committed as soon as one of its records is seen. Two things are allowed that
// databases would be blamed for: transactions whose writes lie across each other (G0), since a log has no order
// of transactions, and a reader that goes back when it is assigned a log anew.
import type { Observation, Operation, Reading, SeenRecord } from './observation.ts'

/** By Jepsen's names, as far as it has one. */
export type AnomalyName =
  | 'aborted-read'
  | 'duplicate'
  | 'fractured-read'
  | 'G1c'
  | 'inconsistent-offsets'
  | 'int-nonmonotonic-poll'
  | 'int-nonmonotonic-send'
  | 'int-poll-skip'
  | 'lost-write'
  | 'nonmonotonic-poll'
  | 'nonmonotonic-send'
  | 'poll-skip'
  | 'precommitted-read'
  | 'unseen'

/** What was found, and a sentence that says where. */
export interface Anomaly {
  name: AnomalyName
  sentence: string
}

/** All anomalies of a history; none where every promise was kept. */
export const anomaliesIn = (observation: Observation): Anomaly[] => {
  const known = new Known(observation)
  return [
    ...placesFaults(known),
    ...known.operations.flatMap((operation) => operationFaults(operation, known)),
    ...sendFaults(known.operations),
    ...known.readings.flatMap((reading) => readingFaults(reading, known)),
    ...unseen(known),
    ...cycles(known),
  ]
}

/** A history with ways to look things up in it. */
class Known {
  readonly operations: readonly Operation[]
  readonly readings: readonly Reading[]
  readonly final: Observation['final']
  /** The operation that sent a value. */
  readonly senders = new Map<string, Operation>()
  /** Where a value lies in the end. */
  readonly kept = new Map<string, SeenRecord>()
  /** Every record that any reader, operation or the final look has seen. */
  readonly seen: readonly SeenRecord[]
  readonly seenValues: ReadonlySet<string>

  constructor({ operations, readings, final }: Observation) {
    this.operations = operations
    this.readings = readings
    this.final = final
    for (const operation of operations)
      for (const { value } of operation.sent) this.senders.set(value, operation)
    for (const records of final.values())
      for (const record of records) this.kept.set(record.value, record)
    this.seen = [
      ...[...final.values()].flat(),
      ...readings.flatMap(({ polls }) => polls.flatMap(({ records }) => records)),
      ...operations.flatMap(({ read }) => read),
    ]
    this.seenValues = new Set(this.seen.map(({ value }) => value))
  }

  /** Whether it is known to have been committed: one that is seen in part is to be there as a whole. */
  isCommitted({ outcome, sent }: Operation): boolean {
    if (outcome !== 'unknown') return outcome === 'committed'
    return sent.some(({ value }) => this.seenValues.has(value))
  }
}

/** One value at several places, and several values at one. */
const placesFaults = ({ seen }: Known): Anomaly[] => {
  const found: Anomaly[] = []
  const places = new Map<string, string>()
  const values = new Map<string, string>()
  for (const record of seen) {
    const place = placeOf(record)
    const { value } = record
    const before = places.get(value)
    if (before !== undefined && before !== place)
      found.push({ name: 'duplicate', sentence: `${value} lies at ${before} and at ${place}` })
    const other = values.get(place)
    if (other !== undefined && other !== value)
      found.push({ name: 'inconsistent-offsets', sentence: `${place} holds ${other} and ${value}` })
    places.set(value, place)
    values.set(place, value)
  }
  return found
}

const operationFaults = (operation: Operation, known: Known): Anomaly[] => {
  const found: Anomaly[] = []
  for (const { value, log, offset } of operation.sent) {
    if (operation.outcome === 'aborted' && known.seenValues.has(value))
      found.push({ name: 'aborted-read', sentence: `${value} was aborted, and is seen` })
    const kept = known.kept.get(value)
    if (known.isCommitted(operation) && !kept)
      found.push({ name: 'lost-write', sentence: `${value} was committed to ${log}, and is gone` })
    if (kept && offset !== undefined && (kept.offset !== offset || kept.log !== log))
      found.push({
        name: 'inconsistent-offsets',
        sentence: `${value} was acknowledged at ${log}/${offset}, and lies at ${placeOf(kept)}`,
      })
  }
  return found
}

/** What one process sent later lies before what it sent earlier. */
const sendFaults = (operations: readonly Operation[]): Anomaly[] => {
  const found: Anomaly[] = []
  const last = new Map<string, { offset: number; operation: Operation }>()
  for (const operation of operations)
    for (const { log, offset, value } of operation.sent) {
      if (offset === undefined) continue
      const key = `${operation.process} ${log}`
      const before = last.get(key)
      if (before && offset <= before.offset)
        found.push({
          name: before.operation === operation ? 'int-nonmonotonic-send' : 'nonmonotonic-send',
          sentence: `${value} of ${operation.process} lies at ${log}/${offset}, and what it sent before at ${before.offset}`,
        })
      last.set(key, { offset, operation })
    }
  return found
}

const readingFaults = (reading: Reading, known: Known): Anomaly[] => [
  ...orderFaults(reading, known),
  ...earlyReads(reading, known),
  ...fractures(reading, known),
]

const orderFaults = ({ name, polls }: Reading, { final }: Known): Anomaly[] => {
  const found: Anomaly[] = []
  const last = new Map<string, { offset: number; poll: object }>()
  for (const poll of polls) {
    for (const log of poll.assigned) last.delete(log)
    for (const { log, offset } of poll.records) {
      const before = last.get(log)
      const prefix = before?.poll === poll ? 'int-' : ''
      if (before && offset <= before.offset)
        found.push({
          name: `${prefix}nonmonotonic-poll`,
          sentence: `${name} read ${log}/${offset} after ${log}/${before.offset}`,
        })
      const skipped = (final.get(log) ?? []).find(
        (record) => before && record.offset > before.offset && record.offset < offset,
      )
      if (skipped)
        found.push({
          name: `${prefix}poll-skip`,
          sentence: `${name} read ${log}/${offset} without ${skipped.value} before it`,
        })
      last.set(log, { offset, poll })
    }
  }
  return found
}

/** Read before anybody had asked for its commit. */
const earlyReads = ({ name, polls }: Reading, { senders }: Known): Anomaly[] =>
  polls.flatMap(({ at, records }) =>
    records.flatMap(({ value }): Anomaly[] => {
      const sender = senders.get(value)
      if (!sender || (sender.askedAt !== undefined && sender.askedAt <= at)) return []
      const sentence = `${name} read ${value} before its commit was asked for`
      return [{ name: 'precommitted-read', sentence }]
    }),
  )

/** A part of a transaction was read, and the rest not, although the reader has passed all of it. */
const fractures = ({ name, polls, positions }: Reading, known: Known): Anomaly[] => {
  const read = new Set(polls.flatMap(({ records }) => records.map(({ value }) => value)))
  return known.operations.flatMap((operation): Anomaly[] => {
    const reached = operation.sent.filter(({ log }) => positions.has(log))
    const missing = reached.find(({ value }) => !read.has(value))
    if (!missing || reached.every(({ value }) => !read.has(value))) return []
    const place = known.kept.get(missing.value)
    // Not yet there is no fault, and one that is gone is a lost write.
    if (!place || place.offset >= positions.get(missing.log)!) return []
    const sentence = `${name} has passed ${missing.value} without reading it, and read what is with it`
    return [{ name: 'fractured-read', sentence }]
  })
}

/** Committed, passed by somebody, and read by nobody. */
const unseen = ({ final, readings }: Known): Anomaly[] => {
  const read = new Set(
    readings.flatMap(({ polls }) =>
      polls.flatMap(({ records }) => records.map(({ value }) => value)),
    ),
  )
  return [...final.values()].flat().flatMap(({ log, offset, value }): Anomaly[] => {
    const isPassed = readings.some(({ positions }) => (positions.get(log) ?? 0) > offset)
    if (!isPassed || read.has(value)) return []
    return [{ name: 'unseen', sentence: `${value} at ${log}/${offset} was passed and never read` }]
  })
}

/** Transactions that each read what the next one wrote: information flows in a circle. */
const cycles = ({ operations, senders }: Known): Anomaly[] => {
  const found: Anomaly[] = []
  const state = new Map<Operation, 'open' | 'done'>()
  const visit = (operation: Operation, path: readonly Operation[]): void => {
    if (state.get(operation) === 'done') return
    if (state.get(operation) === 'open') {
      const circle = [...path.slice(path.indexOf(operation)), operation]
      const sentence = circle.map((each) => nameOf(each)).join(' read from ')
      found.push({ name: 'G1c', sentence })
      return
    }
    state.set(operation, 'open')
    for (const { value } of operation.read) {
      const sender = senders.get(value)
      if (sender && sender !== operation) visit(sender, [...path, operation])
    }
    state.set(operation, 'done')
  }
  for (const operation of operations) visit(operation, [])
  return found
}

const placeOf = ({ log, offset }: Pick<SeenRecord, 'log' | 'offset'>): string => `${log}/${offset}`

const nameOf = ({ process, sent }: Operation): string =>
  `${process} (${sent[0]?.value ?? 'nothing'})`
