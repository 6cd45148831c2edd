// What a field means in one version: questions that the interpreter and the compiler both ask.
import type { AnyField, FieldFacts, Fields } from './schema.ts'
import { recordsSize } from './values.ts'

/** One version of a message, and whether it is flexible (KIP-482). */
export interface Form {
  version: number
  flexible: boolean
}

/** What an element of a list counts against the elements a message may hold. */
const structCost = 1
const scalarCost = 1 / 8

export function isIn(facts: FieldFacts, { version }: Form): boolean {
  return version >= facts.since && version <= facts.until
}

export function isNullable(facts: FieldFacts, { version }: Form): boolean {
  return version >= facts.nullableFrom
}

/** Returns a field's default; lists and structures are fresh ones each time. */
export function defaultOf(facts: FieldFacts): unknown {
  if (facts.default !== undefined) return facts.default
  switch (facts.kind) {
    case 'boolean':
      return false
    case 'id64':
      return 0n
    case 'string':
      return ''
    case 'uuid':
      return 'A'.repeat(22)
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'array':
      return []
    case 'struct':
      return Object.fromEntries(
        Object.entries(facts.fields!).map(([name, field]) => [name, defaultOf(field.facts)]),
      )
    default:
      return 0
  }
}

/**
 * Tells whether a value says no more than its absence would; absent ones within it do not either.
 */
export function isDefault(facts: FieldFacts, value: unknown): boolean {
  if (value === undefined) return true
  if (value === null || facts.default === null) return value === facts.default
  switch (facts.kind) {
    case 'bytes':
    case 'records':
      return recordsSize(value as Uint8Array) === 0
    case 'array':
      return (value as unknown[]).length === 0
    case 'struct':
      return isDefaultStruct(facts.fields!, value as Record<string, unknown>)
    default:
      return value === defaultOf(facts)
  }
}

/** Returns the fewest bytes that a value of the field takes. */
export function sizeMinOf(facts: FieldFacts, form: Form): number {
  switch (facts.kind) {
    case 'boolean':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
    case 'uint32':
      return 4
    case 'int64':
    case 'id64':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return form.flexible ? 1 : 2
    case 'bytes':
    case 'records':
    case 'array':
      return form.flexible ? 1 : 4
    case 'struct':
      return isNullable(facts, form) ? 1 : structSizeMin(facts.fields!, form)
  }
}

/** Returns what each element of a list counts: strings count themselves when they are read. */
export function costOf(element: AnyField): number {
  const { kind } = element.facts
  return kind === 'struct' || kind === 'array' ? structCost : scalarCost
}

/** The tagged fields of a structure in a version, in the order of their numbers. */
export function taggedFields(fields: Fields, form: Form): [name: string, facts: FieldFacts][] {
  return Object.entries(fields)
    .map(([name, { facts }]): [string, FieldFacts] => [name, facts])
    .filter(([, facts]) => facts.tag !== undefined && isIn(facts, form))
    .sort(([, one], [, other]) => one.tag! - other.tag!)
}

function structSizeMin(fields: Fields, form: Form): number {
  let size = form.flexible ? 1 : 0
  for (const { facts } of Object.values(fields))
    if (facts.tag === undefined && isIn(facts, form)) size += sizeMinOf(facts, form)
  return Math.max(1, size)
}

function isDefaultStruct(fields: Fields, value: Record<string, unknown>): boolean {
  const { unknownTags } = value as { unknownTags?: unknown[] }
  if (unknownTags && unknownTags.length > 0) return false
  return Object.entries(fields).every(([name, { facts }]) => isDefault(facts, value[name]))
}
