// The little language in which messages are declared: once per API, with version tags on the
// fields.
//
// A field holds in the versions from `since` to `until`. A field that a version does not have
// decodes to its default; encoding it there is silent when it is `ignorable` or has its default,
// else an error. From the `flexible` version on lengths are compact and every structure ends in
// tagged fields (KIP-482). From one declaration come the types of a decoded message and of one to
// be encoded, the reference codec (`interpret.ts`) and the generated one (`compile.ts`).

/** The kinds of value on the wire; `array` and `struct` hold others. */
export type Kind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'id64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct'

/** A tagged field that no schema knows: kept when read, written back when sent on. */
export interface UnknownTag {
  tag: number
  bytes: Uint8Array
}

/** What a field is; `until` and `nullableFrom` are infinite where nothing ends or starts. */
export interface FieldFacts {
  readonly kind: Kind
  readonly since: number
  readonly until: number
  readonly nullableFrom: number
  readonly tag: number | undefined
  readonly ignorable: boolean
  /** Undefined stands for the kind's own: zero, empty, or a structure of defaults. */
  readonly default: unknown
  /** What an array holds. */
  readonly element: AnyField | undefined
  /** What a structure holds. */
  readonly fields: Fields | undefined
}

/** Whether whoever encodes must name the field. */
type Presence = 'required' | 'optional'

/** A field of any type. */
// biome-ignore lint/suspicious/noExplicitAny: a field is invariant, only any stands for all.
export type AnyField = Field<any, any, Presence>

/** The fields of a structure, in the order of the wire. */
export type Fields = Readonly<Record<string, AnyField>>

/**
 * One field, never changed: each modifier returns another. `Out` is its type when decoded, `In`
 * what may be encoded, `Needed` whether it must be there to be encoded.
 */
export class Field<Out, In, Needed extends Presence = 'required'> {
  declare readonly out: Out
  declare readonly in: In
  declare readonly needed: Needed
  readonly facts: FieldFacts

  constructor(facts: FieldFacts) {
    this.facts = facts
  }

  /** The first version that has the field. */
  since(version: number): Field<Out, In, 'optional'> {
    return new Field({ ...this.facts, since: version })
  }

  /** The last version that has the field. */
  until(version: number): Field<Out, In, 'optional'> {
    return new Field({ ...this.facts, until: version })
  }

  /** Null is allowed, from a version on. */
  nullable(from = 0): Field<Out | null, In | null, Needed> {
    return new Field({ ...this.facts, nullableFrom: from })
  }

  /** The value that stands where none is given. */
  or(value: In): Field<Out, In, 'optional'> {
    return new Field({ ...this.facts, default: value })
  }

  /** The field travels among the tagged ones and is left out when it has its default. */
  tag(tag: number): Field<Out, In, 'optional'> {
    return new Field({ ...this.facts, tag })
  }

  /** A version without the field drops its value in silence. */
  ignorable(): Field<Out, In, Needed> {
    return new Field({ ...this.facts, ignorable: true })
  }
}

/** The type of a field once decoded. */
export type DecodedField<F> = F extends Field<infer Out, infer _In, infer _Needed> ? Out : never

/** The type of a structure once decoded: every field is there, whatever the version had. */
export type Decoded<F extends Fields> = {
  -readonly [Name in keyof F]: F[Name]['out']
} & { unknownTags?: UnknownTag[] }

/**
 * The type of a structure to be encoded: what has a default or is not in all versions may be left
 * out.
 */
export type Encodable<F extends Fields> = {
  readonly [Name in keyof F as F[Name]['needed'] extends 'required' ? Name : never]: F[Name]['in']
} & {
  readonly [Name in keyof F as F[Name]['needed'] extends 'required' ? never : Name]?:
    | F[Name]['in']
    | undefined
} & { readonly unknownTags?: readonly UnknownTag[] }

/** One API: a request, its response, and the versions in which both are known. */
export interface Api<
  Name extends string = string,
  Request extends Fields = Fields,
  Response extends Fields = Fields,
> {
  readonly key: number
  readonly name: Name
  /** The first and the last version declared. */
  readonly versions: readonly [first: number, last: number]
  /** The first flexible version (KIP-482); infinite when there is none. */
  readonly flexible: number
  /** The last version may still change in Kafka and is not offered there unless asked for. */
  readonly unstable: boolean
  readonly request: Struct<Request>
  readonly response: Struct<Response>
}

/** A structure as a field. */
export type Struct<F extends Fields> = Field<Decoded<F>, Encodable<F>>

/** A decoded request of an API. */
export type RequestOf<A extends Api> = A['request']['out']
/** A decoded response of an API. */
export type ResponseOf<A extends Api> = A['response']['out']
/** A request of an API that can be encoded. */
export type RequestInput<A extends Api> = A['request']['in']
/** A response of an API that can be encoded. */
export type ResponseInput<A extends Api> = A['response']['in']

/** Either a field, or the fields of a structure. */
type Shape = AnyField | Fields
type OutOf<S extends Shape> = S extends AnyField ? S['out'] : S extends Fields ? Decoded<S> : never
type InOf<S extends Shape> = S extends AnyField ? S['in'] : S extends Fields ? Encodable<S> : never

export const boolean = scalar<boolean>('boolean')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const uint16 = scalar<number>('uint16')
export const int32 = scalar<number>('int32')
export const uint32 = scalar<number>('uint32')
/** Offsets, times and sizes: a number; what lies beyond ±(2^53 - 1) decodes as that. */
export const int64 = scalar<number>('int64')
/** 64-bit ids that the other side makes up: exact over the whole range. */
export const id64 = scalar<bigint>('id64')
export const float64 = scalar<number>('float64')
export const string = scalar<string>('string')
/** 16 bytes in Kafka's text form: 22 characters of URL-safe base64. */
export const uuid = scalar<string>('uuid')
/** Bytes with a length; decoding gives a view of the frame. */
export const bytes = scalar<Buffer, Uint8Array>('bytes')
/** Record batches: as bytes, but they can also be encoded from pieces, none of which is copied. */
export const records = scalar<Buffer, Uint8Array | readonly Uint8Array[]>('records')

/** The code of an answer's error; 0, and so not to be named, where all is well. */
export const errorCode = int16.or(0)
/** What a client should know about the error beyond its code. */
export const errorMessage = string.nullable().or(null)
/** How long a client is to wait before its next request, because it is over its quota (KIP-219). */
export const throttleTimeMs = int32.or(0)

/** A list of fields, or of structures. */
export function array<S extends Shape>(shape: S): Field<OutOf<S>[], readonly InOf<S>[]> {
  const element = shape instanceof Field ? shape : struct(shape as Fields)
  return new Field({ ...plain('array'), element })
}

/** A structure within another. */
export function struct<F extends Fields>(fields: F): Struct<F> {
  for (const name of Object.keys(fields))
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw new Error(`${name} is no name for a field`)
  return new Field({ ...plain('struct'), fields })
}

/** Declares an API. */
export function api<const Name extends string, Request extends Fields, Response extends Fields>(
  key: number,
  name: Name,
  declaration: {
    versions: readonly [first: number, last: number]
    flexible: number | 'never'
    unstable?: boolean
    request: Request
    response: Response
  },
): Api<Name, Request, Response> {
  const { versions, flexible, request, response } = declaration
  return {
    key,
    name,
    versions,
    flexible: flexible === 'never' ? Number.POSITIVE_INFINITY : flexible,
    unstable: declaration.unstable ?? false,
    request: struct(request),
    response: struct(response),
  }
}

/** The versions of an API from the first to the last. */
export function versionsOf(declared: Api): number[] {
  const [first, last] = declared.versions
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function scalar<Out, In = Out>(kind: Kind): Field<Out, In> {
  return new Field(plain(kind))
}

function plain(kind: Kind): FieldFacts {
  return {
    kind,
    since: 0,
    until: Number.POSITIVE_INFINITY,
    nullableFrom: Number.POSITIVE_INFINITY,
    tag: undefined,
    ignorable: false,
    default: undefined,
    element: undefined,
    fields: undefined,
  }
}
