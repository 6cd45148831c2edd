// The reference codec: walks the schema field by field. The compiled one must agree with it.
import type { Reader, Writer } from '#bytes'
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
import { ProtocolError } from './protocol-error.ts'
import type { FieldFacts, Fields, UnknownTag } from './schema.ts'
import * as values from './values.ts'

/** A structure in one version: from bytes and to bytes. */
export interface Codec {
  read(reader: Reader): Structure
  write(writer: Writer, value: Structure): void
}

/** A decoded structure, or one to be encoded, whose schema is known only at run time. */
export type Structure = Record<string, unknown> & { unknownTags?: UnknownTag[] }

/** Returns a codec that walks the schema at each call. */
export function interpreted(fields: Fields, form: Form): Codec {
  return {
    read: (reader) => readStruct(reader, fields, form),
    write: (writer, value) => writeStruct(writer, fields, form, value),
  }
}

function readStruct(reader: Reader, fields: Fields, form: Form): Structure {
  const value: Structure = {}
  for (const [name, { facts }] of Object.entries(fields)) {
    const here = facts.tag === undefined && isIn(facts, form)
    value[name] = here ? readField(reader, facts, form) : defaultOf(facts)
  }
  if (form.flexible) readTags(reader, fields, form, value)
  return value
}

function readTags(reader: Reader, fields: Fields, form: Form, value: Structure): void {
  const known = taggedFields(fields, form)
  let kept: UnknownTag[] | undefined
  for (let left = reader.unsignedVarint(); left > 0; left -= 1) {
    const tag = reader.unsignedVarint()
    const end = values.readTagEnd(reader)
    const match = known.find(([, facts]) => facts.tag === tag)
    if (match) {
      const [name, facts] = match
      value[name] = readField(reader, facts, form)
    } else kept = values.keepTag(kept, tag, reader, end)
    values.endTag(reader, end)
  }
  if (kept) value.unknownTags = kept
}

function readField(reader: Reader, facts: FieldFacts, form: Form): unknown {
  const nullable = isNullable(facts, form)
  switch (facts.kind) {
    case 'string':
      if (form.flexible)
        return nullable
          ? values.readCompactNullableString(reader)
          : values.readCompactString(reader)
      return nullable ? values.readNullableString(reader) : values.readString(reader)
    case 'bytes':
    case 'records':
      if (form.flexible)
        return nullable ? values.readCompactNullableBytes(reader) : values.readCompactBytes(reader)
      return nullable ? values.readNullableBytes(reader) : values.readBytes(reader)
    case 'array':
      return readArray(reader, facts, form)
    case 'struct':
      if (nullable && !values.readPresence(reader)) return null
      return readStruct(reader, facts.fields!, form)
    default:
      return reader[facts.kind]()
  }
}

function readArray(reader: Reader, facts: FieldFacts, form: Form): unknown[] | null {
  const element = facts.element!
  const read = isNullable(facts, form)
    ? form.flexible
      ? values.readCompactNullableCount
      : values.readNullableCount
    : form.flexible
      ? values.readCompactCount
      : values.readCount
  const count = read(reader, sizeMinOf(element.facts, form), costOf(element))
  if (count < 0) return null
  const list: unknown[] = new Array(count)
  for (let index = 0; index < count; index += 1)
    list[index] = readField(reader, element.facts, form)
  return list
}

function writeStruct(writer: Writer, fields: Fields, form: Form, value: Structure): void {
  for (const [name, { facts }] of Object.entries(fields)) {
    const given = value[name]
    if (!isIn(facts, form)) {
      if (!facts.ignorable && !isDefault(facts, given)) throw lost(name, form.version)
    } else if (facts.tag === undefined)
      writeField(writer, name, facts, form, given === undefined ? defaultOf(facts) : given)
  }
  if (form.flexible) writeTags(writer, fields, form, value)
}

function writeTags(writer: Writer, fields: Fields, form: Form, value: Structure): void {
  const due = taggedFields(fields, form).filter(([name, facts]) => !isDefault(facts, value[name]))
  const known = due.map(([name, facts]) => ({
    tag: facts.tag!,
    value: value[name],
    write: (nested: Writer, inner: unknown) => writeField(nested, name, facts, form, inner),
  }))
  values.writeTags(writer, known, value.unknownTags)
}

function writeField(
  writer: Writer,
  name: string,
  facts: FieldFacts,
  form: Form,
  value: unknown,
): void {
  const nullable = isNullable(facts, form)
  if (value === null && !nullable) throw nullRefused(name, form.version)
  switch (facts.kind) {
    case 'string':
      if (form.flexible) values.writeCompactNullableString(writer, value as string | null)
      else values.writeNullableString(writer, value as string | null)
      break
    case 'bytes':
      if (form.flexible) values.writeCompactNullableBytes(writer, value as Buffer | null)
      else values.writeNullableBytes(writer, value as Buffer | null)
      break
    case 'records':
      if (form.flexible) values.writeCompactNullableRecords(writer, value as Buffer | null)
      else values.writeNullableRecords(writer, value as Buffer | null)
      break
    case 'array':
      writeArray(writer, name, facts, form, value as unknown[] | null)
      break
    case 'struct':
      if (nullable) writer.int8(value === null ? -1 : 1)
      if (value !== null) writeStruct(writer, facts.fields!, form, value as Structure)
      break
    default:
      writer[facts.kind](value as never)
  }
}

function writeArray(
  writer: Writer,
  name: string,
  facts: FieldFacts,
  form: Form,
  list: unknown[] | null,
): void {
  values.writeCount(writer, list === null ? -1 : list.length, form.flexible)
  for (const value of list ?? []) writeField(writer, name, facts.element!.facts, form, value)
}

/** The error of a value that the version has no place for. */
export function lost(name: string, version: number): ProtocolError {
  return new ProtocolError('PROTOCOL_UNENCODABLE', `version ${version} has no field ${name}`)
}

/** The error of a null where the version allows none. */
export function nullRefused(name: string, version: number): ProtocolError {
  return new ProtocolError('PROTOCOL_UNENCODABLE', `${name} may not be null in version ${version}`)
}
