import type { SeededRandom } from '#testing'

/** A length that no frame should have, or that is a little off. */
const oddLengths = [-1, -0x80000000, 0x7fffffff, 0, 1, 3, 7, 200_000_000, 0x47455420]

/** Returns a damaged copy of a frame; its declared length is mostly made right again. */
export const mutated = (frame: Buffer, random: SeededRandom): Buffer => {
  let body: Buffer = Buffer.from(frame.subarray(4))
  for (let count = random.between(1, 4); count > 0; count -= 1) body = once(body, random)
  const result = Buffer.concat([Buffer.alloc(4), body])
  result.writeInt32BE(body.length)
  if (random.chance(0.15))
    result.writeInt32BE(
      random.chance(0.5) ? random.pick(oddLengths) : body.length + random.between(-8, 8),
    )
  return result
}

/** Positions of the header are hit more often than their share: api, version, correlation, client. */
const position = (body: Buffer, random: SeededRandom): number =>
  random.below(random.chance(0.2) ? Math.min(body.length, 24) : body.length)

const once = (body: Buffer, random: SeededRandom): Buffer => {
  if (body.length === 0) return random.bytes(4)
  const at = position(body, random)
  const size = Math.min(random.between(1, 16), body.length - at)
  switch (random.below(8)) {
    case 0:
    case 1: {
      for (let count = random.between(1, 8); count > 0; count -= 1)
        body[position(body, random)]! ^= 1 << random.below(8)
      return body
    }
    case 2:
      body[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0xfe])
      return body
    case 3:
      if (body.length - at >= 4)
        body.writeInt32BE(random.pick([0, 1, -1, 0x7fffffff, -0x80000000, 1_000_000, 65_536]), at)
      return body
    case 4:
      return body.subarray(0, at)
    case 5:
      return Buffer.concat([body.subarray(0, at), body.subarray(at + size)])
    case 6:
      return Buffer.concat([body.subarray(0, at + size), body.subarray(at)])
    default:
      return Buffer.concat([body.subarray(0, at), random.bytes(size), body.subarray(at)])
  }
}
