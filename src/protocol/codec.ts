// Whole messages from bytes and to bytes, by code that is compiled when a version is first met.
import { Reader, Writer } from '#bytes'
import { compiled } from './compile.ts'
import type { Codec, interpreted, Structure } from './interpret.ts'
import { asProtocolError, ProtocolError } from './protocol-error.ts'
import type { Api, RequestInput, RequestOf, ResponseInput, ResponseOf } from './schema.ts'

/** Which of an API's two messages. */
export type Side = 'request' | 'response'

/** The codecs of one API by version, empty where it was not needed yet. */
interface Codecs {
  request: (Codec | undefined)[]
  response: (Codec | undefined)[]
}

const codecs = new WeakMap<Api, Codecs>()

/**
 * Decodes the body of a request that begins at `position`. Every field is there: one that the
 * version lacks has its default. Byte arrays are views of `bytes`; what follows the message is not
 * looked at, as in Kafka. Throws a `ProtocolError`.
 */
export function decodeRequest<A extends Api>(
  api: A,
  version: number,
  bytes: Buffer,
  position = 0,
): RequestOf<A> {
  return decode(api, 'request', version, bytes, position) as RequestOf<A>
}

/** Decodes the body of a response, as `decodeRequest` does that of a request. */
export function decodeResponse<A extends Api>(
  api: A,
  version: number,
  bytes: Buffer,
  position = 0,
): ResponseOf<A> {
  return decode(api, 'response', version, bytes, position) as ResponseOf<A>
}

/**
 * Encodes the body of a request into chunks to be sent one after the other. Large byte arrays are
 * not copied and must not change until then. Throws a `ProtocolError` for a value that does not
 * fit, or that says something for which the version has no field.
 */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  value: RequestInput<A>,
): Buffer[] {
  const writer = new Writer()
  writeMessage(writer, api, 'request', version, value)
  return writer.finish()
}

/** Encodes the body of a response, as `encodeRequest` does that of a request. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  value: ResponseInput<A>,
): Buffer[] {
  const writer = new Writer()
  writeMessage(writer, api, 'response', version, value)
  return writer.finish()
}

/** Writes a message after what the writer holds already. */
export function writeMessage(
  writer: Writer,
  api: Api,
  side: Side,
  version: number,
  value: object,
): void {
  const codec = codecOf(api, side, version)
  try {
    codec.write(writer, value as Structure)
  } catch (error) {
    throw asProtocolError(error, 'PROTOCOL_UNENCODABLE', subject(api, side, version))
  }
}

/**
 * Makes a codec of one message: `interpreted`, the reference, or `compiled`, which all other
 * functions here use and keep. Made for those who hold one against the other.
 */
export function messageCodec(
  api: Api,
  side: Side,
  version: number,
  make: typeof compiled | typeof interpreted,
): Codec {
  if (!declares(api, version))
    throw new ProtocolError('PROTOCOL_UNDECLARED', `${api.name} has no version ${version}`)
  return make(api[side].facts.fields!, { version, flexible: version >= api.flexible })
}

/** Tells whether an API declares a version. */
export function declares(api: Api, version: number): boolean {
  return Number.isInteger(version) && version >= api.versions[0] && version <= api.versions[1]
}

function decode(api: Api, side: Side, version: number, bytes: Buffer, position: number): object {
  const codec = codecOf(api, side, version)
  try {
    return codec.read(new Reader(bytes, position))
  } catch (error) {
    throw asProtocolError(error, 'PROTOCOL_MALFORMED', subject(api, side, version))
  }
}

function codecOf(api: Api, side: Side, version: number): Codec {
  return codecs.get(api)?.[side][version] ?? newCodec(api, side, version)
}

function newCodec(api: Api, side: Side, version: number): Codec {
  const codec = messageCodec(api, side, version, compiled)
  const known = codecs.get(api) ?? { request: [], response: [] }
  codecs.set(api, known)
  known[side][version] = codec
  return codec
}

function subject(api: Api, side: Side, version: number): string {
  return `${api.name} ${side} version ${version}`
}
