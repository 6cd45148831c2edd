const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/**
 * Returns the 32-bit Murmur2 hash, signed, that Kafka's producers choose a partition with: a record
 * with a key goes to partition `(murmur2(key) & 0x7fffffff) % partitionCount`.
 */
export function murmur2(bytes: Uint8Array): number {
  const size = bytes.length
  const wordsEnd = size & ~3
  let hash = seed ^ size
  for (let position = 0; position < wordsEnd; position += 4) {
    const word =
      bytes[position]! |
      (bytes[position + 1]! << 8) |
      (bytes[position + 2]! << 16) |
      (bytes[position + 3]! << 24)
    const mixed = Math.imul(word, multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> 24), multiplier)
  }
  const rest = size & 3
  if (rest === 3) hash ^= bytes[wordsEnd + 2]! << 16
  if (rest >= 2) hash ^= bytes[wordsEnd + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[wordsEnd]!, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
