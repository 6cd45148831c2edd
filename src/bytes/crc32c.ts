import { crc32c as native } from '@node-rs/crc32'

/**
 * Returns the CRC-32C (Castagnoli) of bytes as an unsigned number, continued from an earlier one.
 */
export function crc32c(bytes: Uint8Array, earlier = 0): number {
  return native(bytes, earlier)
}
