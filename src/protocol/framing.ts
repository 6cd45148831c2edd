// Frames: an int32 with the size of what follows, a header, and a message.
import { Writer } from '#bytes'
import { writeMessage } from './codec.ts'
import {
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
} from './headers.ts'
import { asProtocolError } from './protocol-error.ts'
import type { Api, RequestInput, ResponseInput } from './schema.ts'

/**
 * Encodes a whole response, its length before it, into chunks to be sent one after the other. Large
 * byte arrays are not copied and must not change until then. Throws a `ProtocolError`.
 */
export function encodeResponseFrame<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  value: ResponseInput<A>,
): Buffer[] {
  return frame(`${api.name} response frame`, (writer) => {
    writeResponseHeader(writer, responseHeaderVersion(api, version), { correlationId })
    writeMessage(writer, api, 'response', version, value)
  })
}

/** Encodes a whole request, as `encodeResponseFrame` does a response. */
export function encodeRequestFrame<A extends Api>(
  api: A,
  version: number,
  sender: { correlationId: number; clientId: string | null },
  value: RequestInput<A>,
): Buffer[] {
  return frame(`${api.name} request frame`, (writer) => {
    const header = { apiKey: api.key, apiVersion: version, ...sender }
    writeRequestHeader(writer, requestHeaderVersion(api, version), header)
    writeMessage(writer, api, 'request', version, value)
  })
}

function frame(subject: string, write: (writer: Writer) => void): Buffer[] {
  const writer = new Writer()
  try {
    const mark = writer.openSize()
    write(writer)
    writer.closeSize(mark)
  } catch (error) {
    throw asProtocolError(error, 'PROTOCOL_UNENCODABLE', subject)
  }
  return writer.finish()
}
