// One handler per API, and what they share. ApiVersions is derived from this list.
export { twoPhaseInitProducerId } from './22-init-producer-id.ts'
export { allHandlers } from './all-handlers.ts'
export { FetchSessions } from './fetch/sessions.ts'
export { FetchWaits } from './fetch/waits.ts'
export type { BrokerContext } from './kit.ts'
