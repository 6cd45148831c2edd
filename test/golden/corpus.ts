import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Api, apiOf, type FieldFacts, type Fields } from '#protocol'

/** One line of the corpus; README.md tells what each part is. */
export interface GoldenCase {
  key: number
  side: 'request' | 'response'
  version: number
  header: number
  case: 'full' | 'nulls' | 'defaults' | 'tags'
  bytes: Buffer
  value: Json
}

type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json }

/** The tags that every structure of a case `tags` ends with. */
export const unknownTagNumbers = [9, 300, 70_000]

/** Reads the corpus; a whole number that a double cannot hold comes as a bigint. */
export function readCorpus(): GoldenCase[] {
  const text = gunzipSync(readFileSync(new URL('messages.jsonl.gz', import.meta.url))).toString()
  const lines = text.trimEnd().split('\n')
  return lines.map((line) => {
    const parsed = JSON.parse(line, exactNumber) as Omit<GoldenCase, 'bytes'> & { bytes: string }
    return { ...parsed, bytes: Buffer.from(parsed.bytes, 'base64') }
  })
}

/** Names a case in a message. */
export function nameOf({ key, side, version, case: kind }: GoldenCase): string {
  return `${apiOf(key)?.name ?? 'header'} ${side} v${version} ${kind}`
}

/** Returns the decoded form that a case's JSON stands for, without unknown tags. */
export function expectedOf(golden: GoldenCase, api: Api): object {
  return expectedStruct(api[golden.side].facts.fields!, golden.value)
}

/** Returns a decoded value with the unknown tags of all its structures taken out into `tags`. */
export function withoutTags(value: unknown, tags: number[][]): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutTags(element, tags))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  const { unknownTags, ...rest } = value as { unknownTags?: { tag: number }[] }
  tags.push((unknownTags ?? []).map(({ tag }) => tag))
  return Object.fromEntries(
    Object.entries(rest).map(([name, member]) => [name, withoutTags(member, tags)]),
  )
}

/** Stands for record batches of that size. */
export function sizeOnly(size: number): string {
  return `${size} bytes of records`
}

function exactNumber(_name: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

function expectedStruct(fields: Fields, json: Json): object {
  const object = json as { [name: string]: Json }
  const members = Object.entries(fields).map(([name, { facts }]) => {
    // Of records the corpus has the size only: their bytes are held by writing them back.
    const member = name in object ? object[name] : object[`${name}SizeInBytes`]
    return [name, member === undefined ? absent(facts) : expectedField(facts, member)]
  })
  return Object.fromEntries(members)
}

function expectedField(facts: FieldFacts, json: Json): unknown {
  if (json === null) return null
  switch (facts.kind) {
    case 'array':
      return (json as Json[]).map((element) => expectedField(facts.element!.facts, element))
    case 'struct':
      return expectedStruct(facts.fields!, json)
    case 'bytes':
      return Buffer.from(json as string, 'base64')
    case 'records':
      return sizeOnly(json as number)
    case 'id64':
      return BigInt(json as number)
    default:
      return json
  }
}

/** What stands for a field that the version lacks, or a tagged one that has its default. */
function absent(facts: FieldFacts): unknown {
  if (facts.default !== undefined) return facts.default
  switch (facts.kind) {
    case 'array':
      return []
    case 'struct':
      return expectedStruct(facts.fields!, {})
    case 'string':
      return ''
    case 'uuid':
      return 'AAAAAAAAAAAAAAAAAAAAAA'
    case 'boolean':
      return false
    case 'id64':
      return 0n
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    default:
      return 0
  }
}
