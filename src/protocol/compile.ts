// The fast codec: from a schema and a version, JavaScript is written and compiled once.
//
// What comes out is what one would write by hand for that version: a function per structure, a line
// per field, no look-ups. A Metadata topic in version 1 reads so:
//
//   function read2(r) {
//     const errorCode_ = r.int16()
//     const name_ = readString(r)
//     const isInternal_ = r.boolean()
//     const partitions_ = readArray3(r)
//     return { errorCode: errorCode_, name: name_, topicId: "AAAA…", isInternal: isInternal_, … }
//   }
//
// Nothing from outside gets into the text: names come from schemas, which allow letters and digits
// only, and values go by reference or as JSON of numbers, booleans and constant strings.
import {
  costOf,
  defaultOf,
  type Form,
  isDefault,
  isIn,
  isNullable,
  sizeMinOf,
  taggedFields,
} from './forms.ts'
import { type Codec, lost, nullRefused } from './interpret.ts'
import type { AnyField, FieldFacts, Fields } from './schema.ts'
import * as values from './values.ts'

/** What the generated code may call; `facts` are the fields whose defaults are no constants. */
const kit = { ...values, isDefault, defaultOf, lost, nullRefused }

/** Compiles the codec of a structure in one version. */
export function compiled(fields: Fields, form: Form): Codec {
  const text = new ProgramText(form)
  const read = text.structReader(fields)
  const write = text.structWriter(fields)
  const program = [
    "'use strict'",
    `const { ${Object.keys(kit).join(', ')} } = kit`,
    ...text.functions,
    `return { read: ${read}, write: ${write} }`,
  ].join('\n')
  return new Function('kit', 'facts', program)(kit, text.facts) as Codec
}

/** The functions written so far, and the facts that they refer to by number. */
class ProgramText {
  readonly functions: string[] = []
  readonly facts: FieldFacts[] = []
  readonly #form: Form
  /** A structure that is used twice is written once. */
  readonly #readers = new Map<Fields, string>()
  readonly #writers = new Map<Fields, string>()

  constructor(form: Form) {
    this.#form = form
  }

  /** Writes the function which reads a structure and returns its name. */
  structReader(fields: Fields): string {
    const known = this.#readers.get(fields)
    if (known) return known
    const name = `read${this.#readers.size}`
    this.#readers.set(fields, name)
    const lines: string[] = []
    const members: string[] = []
    for (const [field, { facts }] of Object.entries(fields)) {
      members.push(`${field}: ${field}_`)
      const here = facts.tag === undefined && isIn(facts, this.#form)
      if (here) lines.push(`const ${field}_ = ${this.#readExpression(field, facts)}`)
      else lines.push(`let ${field}_ = ${this.#defaultExpression(facts)}`)
    }
    const literal = `{ ${members.join(', ')} }`
    if (this.#form.flexible) lines.push(...this.#tagReader(fields, literal))
    else lines.push(`return ${literal}`)
    this.functions.push(`function ${name}(r) {\n  ${lines.join('\n  ')}\n}`)
    return name
  }

  /** Writes the function which writes a structure and returns its name. */
  structWriter(fields: Fields): string {
    const known = this.#writers.get(fields)
    if (known) return known
    const name = `write${this.#writers.size}`
    this.#writers.set(fields, name)
    const lines: string[] = []
    for (const [field, { facts }] of Object.entries(fields)) {
      if (!isIn(facts, this.#form)) lines.push(...this.#absenceCheck(field, facts))
      else if (facts.tag === undefined) lines.push(...this.#fieldWriter(field, facts))
    }
    if (this.#form.flexible) lines.push(...this.#tagWriter(fields))
    this.functions.push(`function ${name}(w, o) {\n  ${lines.join('\n  ')}\n}`)
    return name
  }

  #tagReader(fields: Fields, literal: string): string[] {
    const cases = taggedFields(fields, this.#form).map(
      ([field, facts]) =>
        `    case ${facts.tag}: ${field}_ = ${this.#readExpression(field, facts)}; break`,
    )
    return [
      'let left = r.unsignedVarint()',
      `if (left === 0) return ${literal}`,
      'let kept',
      'for (; left > 0; left--) {',
      '  const tag = r.unsignedVarint()',
      '  const end = readTagEnd(r)',
      '  switch (tag) {',
      ...cases,
      '    default: kept = keepTag(kept, tag, r, end)',
      '  }',
      '  endTag(r, end)',
      '}',
      `const value = ${literal}`,
      'if (kept !== undefined) value.unknownTags = kept',
      'return value',
    ]
  }

  /** The expression that reads one value; an array gets a function of its own. */
  #readExpression(field: string, facts: FieldFacts): string {
    const nullable = isNullable(facts, this.#form)
    switch (facts.kind) {
      case 'string':
        return `${this.#shape('read', nullable, 'String')}(r)`
      case 'bytes':
      case 'records':
        return `${this.#shape('read', nullable, 'Bytes')}(r)`
      case 'array':
        return `${this.#arrayReader(field, facts, nullable)}(r)`
      case 'struct': {
        const read = `${this.structReader(facts.fields!)}(r)`
        return nullable ? `(readPresence(r) ? ${read} : null)` : read
      }
      default:
        return `r.${facts.kind}()`
    }
  }

  #arrayReader(field: string, facts: FieldFacts, nullable: boolean): string {
    const element = facts.element!
    const name = `readArray${this.functions.length}`
    const slot = this.functions.push('') - 1
    const sizeMin = sizeMinOf(element.facts, this.#form)
    const count = `${this.#shape('read', nullable, 'Count')}(r, ${sizeMin}, ${costOf(element)})`
    const read = this.#readExpression(field, element.facts)
    this.functions[slot] = `function ${name}(r) {
  const count = ${count}
  if (count < 0) return null
  const list = new Array(count)
  for (let index = 0; index < count; index++) list[index] = ${read}
  return list
}`
    return name
  }

  #defaultExpression(facts: FieldFacts): string {
    const value = facts.kind === 'struct' ? facts.default : defaultOf(facts)
    if (value === null || typeof value === 'number' || typeof value === 'boolean')
      return String(value)
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'bigint') return `${value}n`
    if (Array.isArray(value) && value.length === 0) return '[]'
    return `defaultOf(facts[${this.#factsIndex(facts)}])`
  }

  #absenceCheck(field: string, facts: FieldFacts): string[] {
    if (facts.ignorable) return []
    const index = this.#factsIndex(facts)
    return [
      `if (o.${field} !== undefined && !isDefault(facts[${index}], o.${field})) ` +
        `throw lost('${field}', ${this.#form.version})`,
    ]
  }

  #fieldWriter(field: string, facts: FieldFacts): string[] {
    return [
      `let ${field}_ = o.${field}`,
      `if (${field}_ === undefined) ${field}_ = ${this.#defaultExpression(facts)}`,
      ...this.#valueWriter(field, facts, `${field}_`),
    ]
  }

  #valueWriter(field: string, facts: FieldFacts, value: string): string[] {
    const nullable = isNullable(facts, this.#form)
    const refusal = `if (${value} === null) throw nullRefused('${field}', ${this.#form.version})`
    const check = nullable ? [] : [refusal]
    switch (facts.kind) {
      case 'string': {
        if (nullable) return [`${this.#shape('write', true, 'String')}(w, ${value})`]
        return [...check, `w.${this.#form.flexible ? 'compactString' : 'string'}(${value})`]
      }
      case 'bytes':
        return [...check, `${this.#shape('write', nullable, 'Bytes')}(w, ${value})`]
      case 'records':
        return [...check, `${this.#shape('write', nullable, 'Records')}(w, ${value})`]
      case 'array':
        return [...check, ...this.#arrayWriter(field, facts.element!, value, nullable)]
      case 'struct': {
        const write = `${this.structWriter(facts.fields!)}(w, ${value})`
        if (!nullable) return [...check, write]
        return [`if (${value} === null) w.int8(-1)`, `else { w.int8(1); ${write} }`]
      }
      default:
        return [`w.${facts.kind}(${value})`]
    }
  }

  #arrayWriter(field: string, element: AnyField, value: string, nullable: boolean): string[] {
    const count = nullable ? `${value} === null ? -1 : ${value}.length` : `${value}.length`
    const unlessNull = nullable ? `if (${value} !== null) ` : ''
    return [
      this.#form.flexible ? `w.unsignedVarint((${count}) + 1)` : `w.int32(${count})`,
      `${unlessNull}for (let index = 0; index < ${value}.length; index++) {`,
      `  const element = ${value}[index]`,
      ...this.#valueWriter(field, element.facts, 'element').map((line) => `  ${line}`),
      '}',
    ]
  }

  #tagWriter(fields: Fields): string[] {
    const tagged = taggedFields(fields, this.#form)
    if (tagged.length === 0) return ['writeTags(w, undefined, o.unknownTags)']
    const lines = ['let known']
    for (const [field, facts] of tagged) {
      const write = `writeTag${this.functions.length}`
      const slot = this.functions.push('') - 1
      const body = this.#valueWriter(field, facts, 'value').join('\n  ')
      this.functions[slot] = `function ${write}(w, value) {\n  ${body}\n}`
      const index = this.#factsIndex(facts)
      lines.push(
        `if (o.${field} !== undefined && !isDefault(facts[${index}], o.${field})) ` +
          `(known ??= []).push({ tag: ${facts.tag}, write: ${write}, value: o.${field} })`,
      )
    }
    return [...lines, 'writeTags(w, known, o.unknownTags)']
  }

  /** The name of one of the four forms of a value: compact or not, nullable or not. */
  #shape(verb: 'read' | 'write', nullable: boolean, what: string): string {
    return `${verb}${this.#form.flexible ? 'Compact' : ''}${nullable ? 'Nullable' : ''}${what}`
  }

  #factsIndex(facts: FieldFacts): number {
    const known = this.facts.indexOf(facts)
    return known >= 0 ? known : this.facts.push(facts) - 1
  }
}
