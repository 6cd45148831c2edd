import { uuidFromRandomBytes } from '#model'
import type { Call } from '#server'
import type { Random } from '#world'

/** What of a client's own name goes into the ids that it is given; the rest would only take memory. */
const prefixLengthMax = 256

/** Who is at the other end, as groups know it, with an id that no member has. */
export const caller = ({ clientId, peer }: Call, instanceId: string | null, random: Random) => ({
  clientId: clientId ?? '',
  clientHost: `/${peer.remoteAddress}`,
  newMemberId: `${(instanceId ?? clientId ?? '').slice(0, prefixLengthMax)}-${uuidFromRandomBytes(random.bytes(16))}`,
})

/** Bytes of their own: those of a request are a view of its frame, which would be kept with them. */
export const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)
