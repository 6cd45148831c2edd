// Bytes and numbers: what the wire protocol, the record batches and the files on disk are made of.
export { BytesError, type BytesErrorCode } from './bytes-error.ts'
export { crc32c } from './crc32c.ts'
export { murmur2 } from './murmur2.ts'
export { Reader } from './reader.ts'
export { type SipHash, sipHash } from './siphash.ts'
export {
  unsignedVarintSize,
  varintSize,
  varlongSize,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts'
export { Writer } from './writer.ts'
