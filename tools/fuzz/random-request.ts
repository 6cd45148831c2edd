// Requests with random values, of any API and version, made from the schema. A third of the fields
// have values that let a request get far (a topic that exists, a batch that is right), the rest what
// nobody expects.
import { zeroUuid } from '#model'
import type { Api, FieldFacts, Fields } from '#protocol'
import type { SeededRandom, Topic } from '#testing'
import { randomRecords } from './random-batch.ts'

/** What an attacker knows of the broker. */
export interface Known {
  topics: readonly Topic[]
}

interface Draft {
  version: number
  flexible: boolean
  known: Known
  random: SeededRandom
  /** Structures and strings that may still be made. */
  budget: number
}

type Numeric = 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64'

const bounds: Record<Numeric, readonly [low: number, high: number]> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}
const elementsMax = 5000
/** Fields in which large numbers would only make us wait, or fill the disk, and what they get. */
const tame: Readonly<Record<string, readonly number[]>> = {
  maxWaitMs: [-1, 0, 0, 1, 50, 200],
  timeoutMs: [-1, 0, 1, 1000],
  numPartitions: [-1, -1, 0, 1, 3, -2, 100_000, 0x7fffffff],
  replicationFactor: [-1, -1, 1, 1, 0, 3],
  acks: [-1, -1, 0, 1, 1, 2],
}

/** Returns a request that can be encoded in the version. */
export const randomRequest = (
  api: Api,
  version: number,
  known: Known,
  random: SeededRandom,
): object => {
  const draft = { version, flexible: version >= api.flexible, known, random, budget: elementsMax }
  return structure(api.request.facts.fields!, draft)
}

const structure = (fields: Fields, draft: Draft): object => {
  const value: Record<string, unknown> = {}
  for (const [name, { facts }] of Object.entries(fields)) {
    if (draft.version < facts.since || draft.version > facts.until) continue
    if (facts.tag !== undefined && draft.random.chance(0.5)) continue
    value[name] = field(name, facts, draft)
  }
  if (draft.flexible && draft.random.chance(0.1))
    value.unknownTags = [
      { tag: draft.random.between(50, 70_000), bytes: draft.random.bytes(draft.random.below(20)) },
    ]
  return value
}

const field = (name: string, facts: FieldFacts, draft: Draft): unknown => {
  const { random, version } = draft
  if (version >= facts.nullableFrom && random.chance(0.1)) return null
  draft.budget -= 1
  switch (facts.kind) {
    case 'boolean':
      return random.chance(0.5)
    case 'string':
      return text(name, draft)
    case 'uuid':
      return random.chance(0.8) ? idOf(draft) : random.bytes(16).toString('base64url')
    case 'bytes':
      return random.bytes(random.below(100))
    case 'records':
      return randomRecords(random)
    case 'array':
      return list(name, facts, draft)
    case 'struct':
      return structure(facts.fields!, draft)
    case 'id64':
      return random.bytes(8).readBigInt64BE()
    case 'float64':
      return random.pick([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324])
    default:
      return number(name, facts.kind, random)
  }
}

const list = (name: string, facts: FieldFacts, draft: Draft): unknown[] => {
  const { random } = draft
  const wanted = random.chance(0.01) ? 1000 : random.chance(0.1) ? 20 : random.below(4)
  const count = Math.max(0, Math.min(wanted, draft.budget))
  return Array.from({ length: count }, () => field(name, facts.element!.facts, draft))
}

const text = (name: string, { known, random }: Draft): string => {
  if (/topic|name/i.test(name) && random.chance(0.8) && known.topics.length > 0)
    return random.pick(known.topics).name
  return random.pick([
    '',
    'x',
    '../../etc/passwd',
    'é\u0000',
    '"; DROP TABLE topics',
    'y'.repeat(300),
  ])
}

const idOf = ({ known, random }: Draft): string =>
  known.topics.length > 0 && random.chance(0.9) ? random.pick(known.topics).topicId : zeroUuid

const number = (name: string, kind: Numeric, random: SeededRandom): number => {
  const [low, high] = bounds[kind]
  const choices = tame[name]
  if (choices) return random.pick(choices)
  const drawn = random.pick([
    0,
    0,
    0,
    1,
    -1,
    2,
    random.below(10),
    random.below(1000),
    low,
    high,
    high - 1,
    1_000_000,
  ])
  return Math.min(high, Math.max(low, drawn))
}
