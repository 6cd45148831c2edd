// What stands before each message (KIP-482): who asks for what, and which request an answer is for.
//
// A request has header version 1, or 2 where its version is flexible: then tagged fields follow.
// The client id keeps its int16 length even there. A response has header version 0, or 1 where
// flexible, but ApiVersions always has 0: a client must read that answer before it knows what the
// broker speaks.
import { Reader, type Writer } from '#bytes'
import { asProtocolError, ProtocolError } from './protocol-error.ts'
import type { Api, UnknownTag } from './schema.ts'
import * as values from './values.ts'

const apiVersionsKey = 18

/** What every request begins with, whatever its header version. */
export interface RequestPrefix {
  apiKey: number
  apiVersion: number
  correlationId: number
}

/** The header of a request. */
export interface RequestHeader extends RequestPrefix {
  clientId: string | null
  unknownTags?: UnknownTag[]
}

/** The header of a response. */
export interface ResponseHeader {
  correlationId: number
  unknownTags?: UnknownTag[]
}

/** Returns the version of the header before a request in a version of an API. */
export function requestHeaderVersion(api: Api, version: number): 1 | 2 {
  return version >= api.flexible ? 2 : 1
}

/** Returns the version of the header before a response in a version of an API. */
export function responseHeaderVersion(api: Api, version: number): 0 | 1 {
  return version >= api.flexible && api.key !== apiVersionsKey ? 1 : 0
}

/**
 * Reads what a frame (without its length) begins with in every header version: enough to refuse an
 * unknown API, or to answer an ApiVersions request of an unknown version. Throws a `ProtocolError`.
 */
export function peekRequest(frame: Buffer): RequestPrefix {
  if (frame.length < 8)
    throw new ProtocolError('PROTOCOL_MALFORMED', `a request has only ${frame.length} bytes`)
  return {
    apiKey: frame.readInt16BE(0),
    apiVersion: frame.readInt16BE(2),
    correlationId: frame.readInt32BE(4),
  }
}

/** Reads a request's header and tells where the body begins. Throws a `ProtocolError`. */
export function decodeRequestHeader(
  frame: Buffer,
  headerVersion: 1 | 2,
): { header: RequestHeader; position: number } {
  try {
    const reader = new Reader(frame)
    const header: RequestHeader = {
      apiKey: reader.int16(),
      apiVersion: reader.int16(),
      correlationId: reader.int32(),
      clientId: values.readNullableString(reader),
    }
    if (headerVersion === 2) keepTags(reader, header)
    return { header, position: reader.position }
  } catch (error) {
    throw asProtocolError(error, 'PROTOCOL_MALFORMED', 'request header')
  }
}

/** Reads a response's header and tells where the body begins. Throws a `ProtocolError`. */
export function decodeResponseHeader(
  frame: Buffer,
  headerVersion: 0 | 1,
): { header: ResponseHeader; position: number } {
  try {
    const reader = new Reader(frame)
    const header: ResponseHeader = { correlationId: reader.int32() }
    if (headerVersion === 1) keepTags(reader, header)
    return { header, position: reader.position }
  } catch (error) {
    throw asProtocolError(error, 'PROTOCOL_MALFORMED', 'response header')
  }
}

/** Writes a request's header. */
export function writeRequestHeader(
  writer: Writer,
  headerVersion: 1 | 2,
  header: RequestHeader,
): void {
  writer.int16(header.apiKey)
  writer.int16(header.apiVersion)
  writer.int32(header.correlationId)
  values.writeNullableString(writer, header.clientId)
  if (headerVersion === 2) values.writeTags(writer, undefined, header.unknownTags)
}

/** Writes a response's header. */
export function writeResponseHeader(
  writer: Writer,
  headerVersion: 0 | 1,
  header: ResponseHeader,
): void {
  writer.int32(header.correlationId)
  if (headerVersion === 1) values.writeTags(writer, undefined, header.unknownTags)
}

function keepTags(reader: Reader, header: { unknownTags?: UnknownTag[] }): void {
  let kept: UnknownTag[] | undefined
  for (let left = reader.unsignedVarint(); left > 0; left -= 1) {
    const tag = reader.unsignedVarint()
    kept = values.keepTag(kept, tag, reader, values.readTagEnd(reader))
  }
  if (kept) header.unknownTags = kept
}
