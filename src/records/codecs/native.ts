// The native codecs, loaded when a batch first needs them: a start takes some 25 ms less that way.
import { createRequire } from 'node:module'
import type * as Lz4 from 'lz4-napi'
import type * as Snappy from 'snappy'

const require = createRequire(import.meta.url)
let lz4: typeof Lz4 | undefined
let snappy: typeof Snappy | undefined

/** Returns the functions of LZ4. */
export const nativeLz4 = (): typeof Lz4 => {
  lz4 ??= require('lz4-napi') as typeof Lz4
  return lz4
}

/** Returns the functions of Snappy. */
export const nativeSnappy = (): typeof Snappy => {
  snappy ??= require('snappy') as typeof Snappy
  return snappy
}
