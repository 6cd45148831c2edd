import { codeOf, KafkaError } from '#model'
import {
  ApiVersions,
  declares,
  decodeRequest,
  decodeRequestHeader,
  encodeResponseFrame,
  ProtocolError,
  peekRequest,
  type RequestPrefix,
  requestHeaderVersion,
} from '#protocol'
import type { Logger } from '#world'
import { type Exchange, RequestError } from './exchange.ts'
import { ApiFigures } from './figures.ts'
import { type Call, type Handler, noResponse, type ServedApi } from './handler.ts'
import type { Peer } from './peer.ts'

/** A handler with its broker's context filled in. */
interface Bound {
  handler: Handler<never>
  figures: ApiFigures
  serve(request: unknown, call: Call): unknown
}

/** Takes a request frame apart, gives it to its handler, and makes a response frame of the answer. */
export class Dispatcher {
  readonly #bound: (Bound | undefined)[] = []
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Serves the handlers' APIs with this context. */
  serve<Context>(handlers: readonly Handler<Context>[], context: Context): void {
    for (const handler of handlers)
      this.#bound[handler.api.key] = {
        handler,
        figures: new ApiFigures(handler.api.name),
        serve: (request, call) => handler.serve(request, context, call),
      }
  }

  /** What ApiVersions names, by key. */
  get served(): ServedApi[] {
    return this.#bound.flatMap((bound) => {
      if (!bound) return []
      const { api, advertised } = bound.handler
      return [{ key: api.key, name: api.name, versions: advertised }]
    })
  }

  /** What became of requests, by API. */
  get figures(): readonly ApiFigures[] {
    return this.#bound.flatMap((bound) => (bound ? [bound.figures] : []))
  }

  /**
   * Begins a request. Throws a `RequestError` for a frame that is broken, or that asks for an API or
   * version which is not served: no answer could be understood, so its connection is to be closed.
   */
  begin(frame: Buffer, peer: Peer): Exchange {
    try {
      return this.#begin(frame, peer)
    } catch (error) {
      if (error instanceof ProtocolError) throw new RequestError(error.message)
      throw error
    }
  }

  #begin(frame: Buffer, peer: Peer): Exchange {
    const prefix = peekRequest(frame)
    const bound = this.#bound[prefix.apiKey]
    if (!bound) throw new RequestError(`it asked for API key ${prefix.apiKey}, which is not served`)
    const { figures } = bound
    const { api, twoStage, keepsFrame } = bound.handler
    const { apiVersion: version, correlationId } = prefix
    const [first, last] = bound.handler.advertised
    if (version < first || version > last || !declares(api, version)) {
      if (api === ApiVersions && version > last)
        return unknownApiVersions(prefix, first, last, figures)
      throw new RequestError(
        `it asked for version ${version} of ${api.name}, and ${api.versions.join(' to ')} are served`,
      )
    }
    const { header, position } = decodeRequestHeader(frame, requestHeaderVersion(api, version))
    const request = decodeRequest(api, version, frame, position)
    const call = { version, clientId: header.clientId, peer }
    const reply = this.#serve(bound, request, call)
    const encode = (value: unknown): readonly Uint8Array[] =>
      value === noResponse ? [] : encodeResponseFrame(api, version, correlationId, value as object)
    const answer =
      reply instanceof Promise
        ? reply.catch((error: unknown) => this.#failure(bound, call, error)).then(encode)
        : encode(reply)
    return { answer, twoStage, keepsFrame, figures }
  }

  #serve(bound: Bound, request: unknown, call: Call): unknown {
    try {
      return bound.serve(request, call)
    } catch (error) {
      return this.#failure(bound, call, error)
    }
  }

  /** An error that concerns the whole request goes into the response's own error code, if it has one. */
  #failure({ handler: { api }, figures }: Bound, { version, peer }: Call, error: unknown): unknown {
    if (error instanceof RequestError) throw error
    const known = error instanceof KafkaError
    if (!known) {
      figures.failed += 1
      this.#logger.error(`a ${api.name} request failed for a reason of ours`, {
        version,
        client: `${peer.remoteAddress}:${peer.remotePort}`,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
    const { errorCode: code, errorMessage: text } = api.response.facts.fields ?? {}
    if (!code || version < code.facts.since)
      throw new RequestError(`${api.name} failed: ${known ? error.message : 'an error of ours'}`)
    if (!known) return { errorCode: codeOf('UNKNOWN_SERVER_ERROR') }
    const hasText = text !== undefined && version >= text.facts.since
    return { errorCode: error.code, ...(hasText && { errorMessage: error.message }) }
  }
}

/**
 * An ApiVersions request in a version above ours: its body cannot be read, so the answer is in version
 * 0, which everyone understands, and says what we speak (KIP-511).
 */
const unknownApiVersions = (
  { correlationId }: RequestPrefix,
  minVersion: number,
  maxVersion: number,
  figures: ApiFigures,
): Exchange => {
  const value = {
    errorCode: codeOf('UNSUPPORTED_VERSION'),
    apiKeys: [{ apiKey: ApiVersions.key, minVersion, maxVersion }],
  }
  const answer = encodeResponseFrame(ApiVersions, 0, correlationId, value)
  return { answer, twoStage: false, keepsFrame: false, figures }
}
