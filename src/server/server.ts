// The Kafka wire protocol on a port: connections, the order of answers, bounds, and which handler gets what.
export { Dispatcher } from './dispatcher.ts'
export { RequestError } from './exchange.ts'
export type { ApiFigures, ServerFigures } from './figures.ts'
export {
  answerOf,
  type Call,
  type Handler,
  handlerKit,
  inSlices,
  noResponse,
  perItem,
  perItemWithMessage,
  type ServedApi,
} from './handler.ts'
export { KafkaServer, type ServerSettings } from './kafka-server.ts'
export type { Peer } from './peer.ts'
