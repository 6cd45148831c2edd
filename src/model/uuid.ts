import { assert } from './assert.ts'

/** A 128-bit id in the text form that Kafka prints: 22 characters of URL-safe base64, no padding. */
export type Uuid = string

const uuidSize = 16

/** The id that stands for "none" (KIP-516). */
export const zeroUuid: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The id of Kafka's own metadata log; no topic may have it (KIP-516). */
export const metadataTopicUuid: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Says whether an id has a meaning of its own, so that no topic may be given it. */
export const isReservedUuid = (id: Uuid): boolean => id === zeroUuid || id === metadataTopicUuid

/** Returns the text form of 16 bytes. */
export const uuidFromBytes = (bytes: Uint8Array): Uuid => {
  assert(bytes.length === uuidSize, `A uuid has ${uuidSize} bytes, not ${bytes.length}.`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, uuidSize).toString('base64url')
}

/** Returns the text form of 16 random bytes made a version 4 uuid (RFC 9562), as Kafka's ids are. */
export const uuidFromRandomBytes = (random: Uint8Array): Uuid => {
  const bytes = Uint8Array.from(random)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return uuidFromBytes(bytes)
}

/** Returns the 16 bytes of an id, which must be a valid one (see `isUuid`). */
export const uuidToBytes = (id: Uuid): Buffer => {
  assert(isUuid(id), `'${id}' is not a uuid.`)
  return Buffer.from(id, 'base64url')
}

/** Says whether a text is an id in its one text form: the bits beyond the 128 are zero. */
export const isUuid = (text: string): boolean => /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text)
