import { uuidFromRandomBytes } from '#model'
import type { Call } from '#server'
import type { Random } from '#world'

/** What of a client's own name goes into the ids that it is given; the rest would only take memory. */
const prefixLengthMax = 256

/** Who is at the other end, as groups know it. */
export const caller = ({ clientId, peer }: Call) => ({
  clientId: clientId ?? '',
  clientHost: `/${peer.remoteAddress}`,
})

/** An id that no member has. */
export const newMemberId = (
  { clientId }: Call,
  instanceId: string | null,
  random: Random,
): string => {
  const prefix = (instanceId ?? clientId ?? '').slice(0, prefixLengthMax)
  return `${prefix}-${uuidFromRandomBytes(random.bytes(16))}`
}

/** Bytes of their own: those of a request are a view of its frame, which would be kept with them. */
export const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)
