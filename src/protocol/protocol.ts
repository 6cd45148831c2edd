// The Kafka wire protocol: messages declared once, their types, and the way to bytes and back.
export {
  declares,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  messageCodec,
  type Side,
} from './codec.ts'
export { compiled } from './compile.ts'
export type { Exact } from './exact.ts'
export { encodeRequestFrame, encodeResponseFrame } from './framing.ts'
export {
  decodeRequestHeader,
  decodeResponseHeader,
  peekRequest,
  type RequestHeader,
  type RequestPrefix,
  type ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from './headers.ts'
export { type Codec, interpreted, type Structure } from './interpret.ts'
export * from './messages.ts'
export { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts'
export {
  type Api,
  type FieldFacts,
  type Fields,
  type RequestInput,
  type RequestOf,
  type ResponseInput,
  type ResponseOf,
  type UnknownTag,
  versionsOf,
} from './schema.ts'
