import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRequest, decodeResponse } from './codec.ts'
import { encodeRequestFrame, encodeResponseFrame } from './framing.ts'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  peekRequest,
  requestHeaderVersion,
  responseHeaderVersion,
} from './headers.ts'
import { ApiVersions, apiOf, apis, Metadata, Produce } from './messages.ts'
import { versionsOf } from './schema.ts'

const sender = { correlationId: 77, clientId: 'tester' }

test('a framed request is told apart by its first bytes and read to what was sent', () => {
  for (const version of versionsOf(Metadata)) {
    const frame = unframed(encodeRequestFrame(Metadata, version, sender, { topics: [] }))
    deepEqual(peekRequest(frame), { apiKey: 3, apiVersion: version, correlationId: 77 })
    const headerVersion = requestHeaderVersion(Metadata, version)
    const { header, position } = decodeRequestHeader(frame, headerVersion)
    deepEqual(header, { apiKey: 3, apiVersion: version, ...sender })
    deepEqual(decodeRequest(Metadata, version, frame, position).topics, [])
  }
})

test('a framed response begins with the correlation id of its request', () => {
  for (const version of versionsOf(Produce)) {
    const frame = unframed(encodeResponseFrame(Produce, version, 77, { responses: [] }))
    const { header, position } = decodeResponseHeader(
      frame,
      responseHeaderVersion(Produce, version),
    )
    deepEqual(header, { correlationId: 77 })
    deepEqual(decodeResponse(Produce, version, frame, position).responses, [])
  }
})

test('the answer to ApiVersions has the plain header, whatever its version', () => {
  for (const version of versionsOf(ApiVersions)) {
    equal(responseHeaderVersion(ApiVersions, version), 0)
    equal(requestHeaderVersion(ApiVersions, version), version < 3 ? 1 : 2)
  }
})

test('tagged fields of a header are kept', () => {
  const frame = Buffer.from('0003000c0000004dffff0109026869', 'hex')
  const { header, position } = decodeRequestHeader(frame, 2)
  deepEqual(header.unknownTags, [{ tag: 9, bytes: Buffer.from('hi') }])
  equal(header.clientId, null)
  equal(position, frame.length)
})

test('a frame too short for its header is a ProtocolError', () => {
  const frame = unframed(encodeRequestFrame(Metadata, 12, sender, { topics: [] }))
  const malformed = { name: 'ProtocolError', code: 'PROTOCOL_MALFORMED' }
  for (let size = 0; size < 8; size += 1)
    throws(() => peekRequest(frame.subarray(0, size)), malformed)
  for (let size = 0; size < 17; size += 1)
    throws(() => decodeRequestHeader(frame.subarray(0, size), 2), malformed)
  for (let size = 0; size < 5; size += 1)
    throws(() => decodeResponseHeader(frame.subarray(0, size), 1), malformed)
})

test('APIs are found by key, in the order of keys', () => {
  deepEqual(
    apis.map(({ key }) => key),
    apis.map(({ key }) => key).sort((one, other) => one - other),
  )
  equal(apiOf(3), Metadata)
  equal(apiOf(4), undefined)
})

/** The bytes of a frame behind its length, which must be theirs. */
function unframed(chunks: Buffer[]): Buffer {
  const frame = Buffer.concat(chunks)
  equal(frame.readInt32BE(0), frame.length - 4)
  return frame.subarray(4)
}
